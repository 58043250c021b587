#include "runner/process/removals.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/vec.h"
#include "io/file.h"
#include "io/job.h"
#include "io/timer.h"
#include "runner/process/procpod.h"
#include "runner/process/reclaim.h"
#include "sandbox/boxrecord.h"

enum { LINGER_US = CLOCK_SECOND / 5 };

struct removal {
    char *uid;
    bool all;
};

/* A job's own, with copies of what it needs. */
struct batch {
    char *data_dir, *init_path;
    VEC(struct removal) pods;
};

struct removals {
    struct loop *loop;
    const char *data_dir, *init_path;
    bool temporary;
    struct batch *next; /* NULL: nothing is put off */
    struct timer begin;
};

static void
remove_pod(const struct batch *b, const struct removal *m)
{
    cleanup_free char *dir = xasprintf("%s/pods/%s", b->data_dir, m->uid);
    cleanup_free char *holder = xasprintf("%s/" BOX_HOLDERS "/%s", b->data_dir, m->uid);
    struct err e = ERR_INIT;

    volumes_remove_tmpfs(m->uid);
    if (file_remove_tree(AT_FDCWD, holder, &e) < 0)
        log_warn(m->uid, "%s", e.msg);
    e = ERR_INIT;
    if (m->all)
        (void)reclaim_and_remove(b->init_path, dir, &e);
    else
        procpod_remove_layers(dir, &e);
    if (e.code < 0 && !m->all && geteuid() != 0) {
        e = ERR_INIT;
        if (reclaim_directory(b->init_path, dir, &e) == 0)
            procpod_remove_layers(dir, &e);
    }
    if (e.code < 0)
        log_warn(m->uid, "%s", e.msg);
}

static void
batch_free(struct batch *b)
{
    for (size_t i = 0; i < b->pods.n; i++)
        free(b->pods.at[i].uid);
    vec_done(&b->pods);
    free(b->data_dir);
    free(b->init_path);
    free(b);
}

static void
work(void *arg)
{
    const struct batch *b = arg;

    for (size_t i = 0; i < b->pods.n; i++)
        remove_pod(b, &b->pods.at[i]);
}

static void
done(void *arg)
{
    batch_free(arg);
}

static void
on_begin(void *arg)
{
    struct removals *r = arg;

    if (r->next != NULL)
        job_run(r->loop, work, done, TAKE(r->next));
}

struct removals *
removals_new(struct loop *l, const char *data_dir, const char *init_path, bool temporary)
{
    struct removals *r = NEW(struct removals);

    *r = (struct removals){
        .loop = l, .data_dir = data_dir, .init_path = init_path, .temporary = temporary};
    timer_init(&r->begin, l, on_begin, r);
    return r;
}

void
removals_add(struct removals *r, const char *uid, bool all)
{
    if (!file_is_plain_path(str_of(uid)))
        return;
    if (r->next == NULL) {
        r->next = NEW(struct batch);
        *r->next =
            (struct batch){.data_dir = xstrdup(r->data_dir), .init_path = xstrdup(r->init_path)};
    }
    vec_push(&r->next->pods, ((struct removal){xstrdup(uid), all}));
    if (!timer_is_armed(&r->begin))
        timer_after(&r->begin, r->temporary ? LINGER_US : 0);
}

void
removals_leave(struct removals *r)
{
    timer_stop(&r->begin);
    if (r->next == NULL)
        return;
    for (size_t i = 0; i < r->next->pods.n; i++)
        volumes_remove_tmpfs(r->next->pods.at[i].uid);
    batch_free(TAKE(r->next));
}

void
removals_free(struct removals *r)
{
    if (r == NULL)
        return;
    timer_stop(&r->begin);
    on_begin(r);
    free(r);
}
