/* The pod as a whole: which container's turn it is, and how all of them end. */
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "data/json.h"
#include "runner/life_int.h"
#include "runner/podio.h"

static void
enter_pod(struct life *l, enum pod_state next)
{
    static const char *const names[] = {"waiting", "running", "finishing", "stopping", "over"};

    log_debug(l->plan->name, "pod: %s -> %s", names[l->state], names[next]);
    l->state = next;
}

static bool
is_stopping(const struct life *l)
{
    return l->state == POD_STOPPING || l->state == POD_FINISHING;
}

static void
set_reason(struct life *l, const char *reason, const char *message)
{
    if (l->reason != NULL || reason == NULL)
        return;
    l->reason = xstrdup(reason);
    l->message = message != NULL ? xstrdup(message) : NULL;
    l->failed = true;
}

/* Containers that have not begun never will. */
static void
end_idle(struct life_container *c)
{
    timer_stop(&c->pause);
    if (c->state == BLOCKED || c->state == WANTED || c->state == PAUSED)
        life_enter(c, ENDED);
}

static void
stop_all(struct life *l)
{
    for (size_t i = l->n; i-- > 0;) {
        end_idle(&l->containers[i]);
        life_terminate(&l->containers[i], l->grace_us);
    }
}

/* Sidecars go when those that they served are gone. */
static void
finish_sidecars(struct life *l)
{
    enter_pod(l, POD_FINISHING);
    for (size_t i = l->n; i-- > 0;) {
        struct life_container *c = &l->containers[i];

        end_idle(c);
        life_terminate(c, c->spec->role == CONTAINER_SIDECAR ? LIFE_SIDECAR_GRACE_US
                                                             : l->spec->grace_us);
    }
}

/* Moves on through the init containers; true when all others may run. */
static bool
init_done(struct life *l)
{
    for (size_t i = 0; i < l->spec->init_n; i++) {
        struct life_container *c = &l->containers[i];

        life_begin(c);
        if (c->spec->role == CONTAINER_SIDECAR_INIT) {
            if (c->state == RUNNING && c->probed_started)
                continue;
            if (c->ran && c->state != STARTING && c->state != RUNNING)
                continue; /* it crashed later on; the others do not wait for it */
            return false;
        }
        if (c->state != ENDED)
            return false;
        if (c->exit.code != 0 || !c->ran) {
            l->failed = true;
            l->grace_us = l->spec->grace_us;
            enter_pod(l, POD_STOPPING);
            stop_all(l);
            return false;
        }
    }
    return true;
}

static const struct life_container *
container_named(const struct life *l, struct str name)
{
    for (size_t i = 0; i < l->n; i++) {
        if (str_eq(l->containers[i].spec->name, name))
            return &l->containers[i];
    }
    return NULL;
}

/* Begins when those that it comes after have ended well; never if one of them has not. */
static void
begin_in_turn(struct life_container *c)
{
    struct life *l = c->life;

    if (c->state != BLOCKED)
        return;
    JSON_EACH (it, json_get_str(l->spec->io->after, c->spec->name)) {
        const struct life_container *before = container_named(l, json_str(it.value));

        if (before == NULL)
            continue;
        if (before->state != ENDED)
            return;
        if (!before->ran || before->exit.code != 0) {
            end_idle(c);
            task_post(&l->advance); /* others may have waited for this one */
            return;
        }
    }
    life_begin(c);
}

static bool
all_ended(const struct life *l, bool main_only)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->containers[i].state != ENDED &&
            (!main_only || l->containers[i].spec->role == CONTAINER_MAIN))
            return false;
    return true;
}

/* Level-triggered: looks at all containers and does what is due. */
void
life_advance(void *arg)
{
    struct life *l = arg;

    if (l->state == POD_RUNNING && init_done(l)) {
        for (size_t i = l->spec->init_n; i < l->n; i++)
            begin_in_turn(&l->containers[i]);
        if (all_ended(l, true))
            finish_sidecars(l);
    }
    if (is_stopping(l) && all_ended(l, false)) {
        timer_stop(&l->deadline);
        enter_pod(l, POD_OVER);
        l->driver->over(l->arg);
    }
}

void
life_on_deadline(void *arg)
{
    struct life *l = arg;

    life_stop(l, l->spec->grace_us, "DeadlineExceeded",
              "Pod was active on the node longer than the specified deadline");
}

void
life_go(struct life *l)
{
    if (l->state != POD_WAITING)
        return;
    enter_pod(l, POD_RUNNING);
    task_post(&l->advance);
}

void
life_stop(struct life *l, int64_t grace_us, const char *reason, const char *message)
{
    if (l->state == POD_OVER)
        return;
    set_reason(l, reason, message);
    if (l->state == POD_STOPPING && grace_us >= l->grace_us)
        return;
    l->grace_us = grace_us;
    if (l->state != POD_STOPPING)
        enter_pod(l, POD_STOPPING);
    stop_all(l);
    task_post(&l->advance);
}
