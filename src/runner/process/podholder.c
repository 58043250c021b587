#include "runner/process/podholder.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "io/file.h"
#include "io/loop.h"
#include "runner/process/attempt.h"
#include "runner/process/process_runtime.h"
#include "sandbox/boxrecord.h"
#include "sandbox/boxspec.h"

enum podholder_state { ABSENT, STARTING, ADOPTING, HELD, ENDING, OVER };

struct podholder {
    struct loop *loop;
    char *dir, *uid; /* of its attempts; the pod's */
    const struct podholder_handler *handler;
    void *arg;
    enum podholder_state state;
    unsigned number;         /* of the next one */
    struct attempt *attempt; /* the current one's, or the last one's */
    struct task over;
    struct task fail;
    struct err why; /* it could not be started */
};

static void
enter(struct podholder *h, enum podholder_state next)
{
    static const char *const names[] = {"absent", "starting", "adopting", "held", "ending", "over"};

    log_debug(h->uid, "holder: %s -> %s", names[h->state], names[next]);
    h->state = next;
}

/* It is gone, or never was. */
static void
gone(struct podholder *h)
{
    enum podholder_state before = h->state;

    enter(h, before == ENDING ? OVER : ABSENT);
    if (before == ENDING)
        h->handler->on_over(h->arg);
    else if (before == HELD)
        h->handler->on_lost(h->arg);
    else
        h->handler->on_known(h->arg);
}

static void
on_started(void *arg, int64_t at_us)
{
    struct podholder *h = arg;

    (void)at_us;
    if (h->state == ENDING) /* the attempt has been told to stop, and ends */
        return;
    enter(h, HELD);
    h->handler->on_known(h->arg);
}

static void
on_end(void *arg, const struct box_exit *exit)
{
    (void)exit;
    gone(arg);
}

/* One that is being started and was fenced off (the spawner died) leaves its waiters to ask for
 * another. */
static void
on_fenced(void *arg)
{
    gone(arg);
}

static void
on_failed(void *arg, int code, const char *text)
{
    struct podholder *h = arg;

    if (h->state == ENDING) {
        gone(h);
        return;
    }
    enter(h, ABSENT);
    h->handler->on_failed(h->arg, code, text);
}

static const struct attempt_handler attempt_handler = {on_started, on_end, on_fenced, on_failed};

static void
on_over(void *arg)
{
    gone(arg);
}

static void
on_fail(void *arg)
{
    struct podholder *h = arg;

    on_failed(h, h->why.code, h->why.msg);
}

/* One more than the last recorded number; 0: none is recorded. */
static unsigned
count_recorded(const struct podholder *h)
{
    DIR *d = opendir(h->dir);
    unsigned n = 0;

    for (struct dirent *entry; d != NULL && (entry = readdir(d)) != NULL;) {
        char *end;
        unsigned long number = strtoul(entry->d_name, &end, 10);

        if (*end == '\0' && end != entry->d_name && number < UINT32_MAX && number + 1 > n)
            n = (unsigned)number + 1;
    }
    if (d != NULL)
        closedir(d);
    return n;
}

static int
open_attempt(struct podholder *h, unsigned number, struct err *e)
{
    cleanup_free char *path = xasprintf("%s/%u", h->dir, number);
    cleanup_free char *id = process_attempt_id(h->uid, BOX_HOLDERS, number);
    int fd;

    attempt_free(TAKE(h->attempt));
    if (file_mkdirs(AT_FDCWD, path, 0700, e) < 0)
        return e->code;
    fd = file_open_dir(AT_FDCWD, path, e);
    if (fd < 0)
        return fd;
    h->attempt = attempt_new(h->loop, fd, id, &attempt_handler, h);
    return 0;
}

static int
spawn(struct podholder *h, struct spawner *s, const struct podholder_spec *spec, struct err *e)
{
    cleanup_free char *id = process_attempt_id(h->uid, BOX_HOLDERS, h->number);
    cleanup_close int fd = -1;
    struct boxspec box;

    if (open_attempt(h, h->number++, e) < 0)
        return e->code;
    boxspec_init(&box);
    box.kind = BOX_HOLDER;
    box.id = id;
    box.level = (int)spec->level;
    box.id_base = spec->id_base;
    box.hostname = spec->hostname;
    box.die_with_server = spec->die_with_server;
    box.shm_bytes = spec->shm_bytes;
    fd = boxspec_memfd(&box, e);
    if (fd < 0)
        return fd;
    attempt_spawn(h->attempt, s, fd, -1);
    return 0;
}

void
podholder_start(struct podholder *h, struct spawner *s, const struct podholder_spec *spec)
{
    if (h->state != ABSENT)
        return;
    enter(h, STARTING);
    h->why = ERR_INIT;
    if (spawn(h, s, spec, &h->why) < 0)
        task_post(&h->fail);
}

bool
podholder_adopt(struct podholder *h, bool same_boot)
{
    struct err e = ERR_INIT;

    h->number = count_recorded(h);
    if (h->number == 0)
        return false;
    if (open_attempt(h, h->number - 1, &e) < 0) {
        log_warn(h->uid, "holder: %s", e.msg);
        return false;
    }
    enter(h, ADOPTING);
    attempt_adopt(h->attempt, same_boot);
    return true;
}

void
podholder_stop(struct podholder *h)
{
    bool there =
        h->state == ADOPTING || h->state == HELD || (h->state == STARTING && h->why.code == 0);

    if (h->state == ENDING || h->state == OVER)
        return;
    task_cancel(&h->fail);
    enter(h, ENDING);
    if (there)
        attempt_stop(h->attempt, 0);
    else
        task_post(&h->over);
}

int
podholder_dir(const struct podholder *h)
{
    return h->state == HELD ? attempt_dir(h->attempt) : -1;
}

struct podholder *
podholder_new(struct loop *l, const char *data_dir, const char *uid,
              const struct podholder_handler *handler, void *arg)
{
    struct podholder *h = NEW(struct podholder);

    *h = (struct podholder){.loop = l,
                            .dir = xasprintf("%s/" BOX_HOLDERS "/%s", data_dir, uid),
                            .uid = xstrdup(uid),
                            .handler = handler,
                            .arg = arg};
    task_init(&h->over, l, on_over, h);
    task_init(&h->fail, l, on_fail, h);
    return h;
}

void
podholder_free(struct podholder *h)
{
    if (h == NULL)
        return;
    task_cancel(&h->over);
    task_cancel(&h->fail);
    attempt_free(h->attempt);
    free(h->dir);
    free(h->uid);
    free(h);
}
