#include "control/drive.h"

#include <stdint.h>
#include <stdlib.h>

#include "core/core.h"
#include "io/loop.h"
#include "io/timer.h"

struct drive {
    struct loop *loop;
    struct core *core; /* NULL until attached */
    struct wake *wake;
    struct task again;
    struct timer deadline;
};

static void
turn(void *arg)
{
    struct drive *d = arg;
    int64_t next;

    if (d->core == NULL)
        return;
    if (core_run_turn(d->core)) {
        task_post(&d->again);
        return;
    }
    next = core_next_deadline(d->core);
    if (next == INT64_MAX)
        timer_stop(&d->deadline);
    else
        timer_at(&d->deadline, next);
}

struct drive *
drive_new(struct loop *l, struct err *e)
{
    struct drive *d = NEW(struct drive);

    d->loop = l;
    task_init(&d->again, l, turn, d);
    timer_init(&d->deadline, l, turn, d);
    d->wake = wake_new(l, turn, d, e);
    if (d->wake == NULL) {
        drive_free(d);
        return NULL;
    }
    return d;
}

void
drive_wake(void *drive)
{
    struct drive *d = drive;

    wake_send(d->wake);
}

void
drive_attach(struct drive *d, struct core *core)
{
    d->core = core;
    task_post(&d->again);
}

void
drive_free(struct drive *d)
{
    if (d == NULL)
        return;
    task_cancel(&d->again);
    timer_stop(&d->deadline);
    wake_free(d->wake);
    free(d);
}
