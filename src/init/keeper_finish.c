#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "init/keeper.h"
#include "init/keeper_save.h"
#include "sandbox/boxlink.h"
#include "sandbox/boxrecord.h"

enum { MESSAGE_MAX = 4096, PROGRESS_MAX = 256 };

static void
save_outputs(struct keeper *k, struct arena *a, struct box_exit *x)
{
    const struct boxspec *s = k->spec;
    struct keeper_save save = {
        .outbox = k->outbox,
        .uid = s->uid,
        .gid = s->gid,
        .switch_ids = k->other_ids,
        .left = s->outputs_max_bytes != 0 ? s->outputs_max_bytes : UINT64_MAX,
        .arena = a,
    };

    x->outputs = ARENA_ARRAY(a, struct box_saved, s->outputs_n);
    x->outputs_n = s->outputs_n;
    for (size_t i = 0; i < s->outputs_n; i++)
        x->outputs[i] = keeper_save(&save, &s->outputs[i]);
}

/* The last bytes of a file that the command wrote, as text: what is not is made so.  NULL: there is
 * none. */
static const char *
read_tail(const char *path, ssize_t most, struct arena *a)
{
    cleanup_close int fd = -1;
    struct stat st;
    char *text;
    ssize_t n;

    if (path == NULL)
        return NULL;
    fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
        return NULL;
    text = arena_alloc(a, (size_t)most + 1);
    n = pread(fd, text, (size_t)most, st.st_size > most ? st.st_size - most : 0);
    for (ssize_t i = 0; i < n; i++) {
        if (text[i] == '\0')
            text[i] = ' ';
    }
    return n > 0 ? text : NULL;
}

static void
measure(struct keeper *k, struct box_exit *x)
{
    struct rusage u;

    getrusage(RUSAGE_CHILDREN, &u);
    x->cpu_us = (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000 +
                (uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
    x->memory_peak = boxgroup_peak(&k->group);
    if (x->memory_peak == 0)
        x->memory_peak = (uint64_t)u.ru_maxrss * 1024; /* of the largest process */
    x->oom = boxgroup_oom_kills(&k->group) > k->group.oom_before;
}

static void
describe_end(struct keeper *k, struct box_exit *x)
{
    x->id = k->spec->id;
    x->executed = k->executed;
    x->code = k->executed ? keeper_exit_code(k->status) : k->start_code;
    x->signal = k->executed && WIFSIGNALED(k->status) ? WTERMSIG(k->status) : 0;
    x->text = k->executed || k->spec->kind == BOX_HOLDER ? NULL : k->start_error;
    x->deadline = k->deadline_hit;
    x->stopped = k->stopped;
    x->started_us = k->started_us;
    x->ended_us = k->ended_us != 0 ? k->ended_us : clock_wall_us(&clock_machine);
}

void
keeper_finish(struct keeper *k)
{
    cleanup_arena struct arena a = ARENA_INIT;
    struct box_exit x = {.id = NULL};
    struct err e = ERR_INIT;

    keeper_log_finish(&k->log);
    describe_end(k, &x);
    measure(k, &x);
    if (x.executed)
        save_outputs(k, &a, &x);
    x.message = read_tail(k->spec->message_path, MESSAGE_MAX, &a);
    x.progress = read_tail(k->spec->progress_path, PROGRESS_MAX, &a);
    x.log_bytes = k->log.seen;
    x.log_lost = k->log.lost;
    x.result_bytes = k->log.result_bytes;
    x.saved_us = clock_wall_us(&clock_machine);
    if (k->linked)
        boxlink_remove(k->spec->links, k->spec->links_n);
    /* Without a record the attempt counts as lost, which is what a full disk makes of it.  The
     * socket is closed after it, by the exit: whoever finds nobody listening must find the record.
     */
    if (boxrecord_write_exit(k->dir, k->record, &x, &e) < 0)
        log_error(k->spec->id, "%s", e.msg);
}
