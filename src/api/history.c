#include "api/history.h"

#include <stdlib.h>

#include "api/objects.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/vec.h"
#include "core/core.h"
#include "core/core_timer.h"
#include "core/turn.h"
#include "data/json.h"
#include "data/timestamp.h"
#include "store/finished.h"

struct history {
    struct core *core;
    struct objects *objects;
    const struct kind *kind;
    size_t limit;
    int64_t age_us;

    size_t count; /* of those that are finished, as far as they were counted */
    bool counted;
    char *counted_ns, *counted_name; /* the last object that was counted, while !counted */
    int64_t first_rv;                /* none that is kept has an older version */
    struct core_timer counting, due;

    int64_t bytes_limit; /* 0: none */
    void (*measure)(void *arg);
    void *measure_arg;
    size_t excess; /* how many are to go for the bytes' sake */
    struct core_timer measuring;
};

/* A look that is due later than that is moved; where nothing is beyond a limit, only what has an
 * age needs one. */
static void
look_within(struct history *h, struct turn *t, int64_t us)
{
    int64_t at_us = turn_now_us(t) + us;

    if (h->count > h->limit || h->excess > 0 || (h->age_us > 0 && h->count > 0)) {
        if (!core_timer_armed(&h->due) || h->due.at_us > at_us)
            core_timer_set(h->core, &h->due, at_us);
    }
}

static void
measure_later(struct history *h, struct turn *t)
{
    if (h->measure != NULL && !core_timer_armed(&h->measuring))
        core_timer_set(h->core, &h->measuring, turn_now_us(t) + HISTORY_MEASURE_US);
}

/* Counting. */

static bool
is_counted(const struct history *h, const struct object *o)
{
    int order;

    if (h->counted)
        return true;
    if (h->counted_ns == NULL)
        return false;
    order = str_cmp(object_namespace(o), str_of(h->counted_ns));
    return order < 0 || (order == 0 && str_cmp(object_name(o), str_of(h->counted_name)) <= 0);
}

static bool
is_kept(const struct object *o)
{
    return o != NULL && object_is_finished(o) && !object_is_deleting(o);
}

/* After each commit, so that nothing here is ever taken back. */
static void
on_published(void *arg, const struct object *before, const struct object *now, bool gone)
{
    struct history *h = arg;
    struct turn *t = core_turn(h->core);
    bool was = is_kept(before), is = !gone && is_kept(now);

    if (object_kind(now) != h->kind || was == is)
        return;
    measure_later(h, t);
    if (!is_counted(h, now))
        return;
    if (is)
        h->count++;
    else
        h->count--;
    look_within(h, t, HISTORY_PAUSE_US);
}

static int
count_row(void *arg, const struct finished_row *row, struct err *e)
{
    struct history *h = arg;

    (void)e;
    h->count += row->finished;
    free(h->counted_ns);
    free(h->counted_name);
    h->counted_ns = str_dup(row->ns);
    h->counted_name = str_dup(row->name);
    return 0;
}

static int
count_page(struct core_timer *timer, struct turn *t, struct err *e)
{
    struct history *h = CONTAINER_OF(timer, struct history, counting);
    cleanup_free char *ns = xstrdup(h->counted_ns != NULL ? h->counted_ns : "");
    cleanup_free char *name = xstrdup(h->counted_name != NULL ? h->counted_name : "");
    int rows = finished_page(turn_db(t), str_of(h->kind->resource), str_of(ns), str_of(name),
                             HISTORY_PAGE, count_row, h, e);

    if (rows < 0)
        return rows;
    if (rows == HISTORY_PAGE) {
        core_timer_set(h->core, &h->counting, turn_now_us(t) + 1);
        return 0;
    }
    h->counted = true;
    measure_later(h, t);
    look_within(h, t, 0);
    return 0;
}

/* Deleting. */

static int
remove_one(struct history *h, struct turn *t, const struct object *o, struct err *e)
{
    struct objects_delete how = {.uid = object_uid(o), .grace_seconds = 0};
    int rc;

    rc = objects_delete(h->objects, t, h->kind, object_namespace(o), object_name(o), &how, NULL, e);
    return rc == ERR_IO || rc == ERR_FULL ? rc : 0;
}

/* Wall time at which its age is over.  An object that says no time stays. */
static int64_t
over_at_us(const struct history *h, const struct object *o)
{
    struct str when = json_str(object_at(o, "status.finishedAt"));
    struct err ignored = ERR_INIT;
    int64_t us;

    if (when.n == 0)
        when = json_str(object_at(o, "metadata.creationTimestamp"));
    return timestamp_parse(when, &us, &ignored) < 0 ? INT64_MAX : us + h->age_us;
}

/* One look: the oldest versions, of which some are what is kept. */
struct look {
    struct history *h;
    struct turn *turn;
    VEC(char *) uids;
    VEC(int64_t) rvs;
    int64_t seen_rv;  /* what is not newer is behind us */
    int64_t again_us; /* when the next look is due */
    size_t removed;
};

static int
add_row(void *arg, const struct finished_row *row, struct err *e)
{
    struct look *l = arg;

    (void)e;
    if (row->finished) {
        vec_push(&l->uids, str_dup(row->uid));
        vec_push(&l->rvs, row->rv);
        return l->uids.n == HISTORY_BATCH + 1;
    }
    l->seen_rv = row->rv;
    return 0;
}

/* Whether the oldest is beyond a limit; else l->again_us says when it will be. */
static bool
is_over(struct look *l, const struct object *o)
{
    const struct history *h = l->h;

    if (h->count - l->removed > h->limit || l->removed < h->excess)
        return true;
    l->again_us = h->age_us > 0 ? over_at_us(h, o) : INT64_MAX;
    return l->again_us <= turn_now_us(l->turn);
}

/* Those that are deleted are behind us for good: one with finalizers is in others' hands now. */
static int
remove_old(struct look *l, struct err *e)
{
    l->seen_rv = l->h->first_rv;
    for (size_t i = 0; i < l->uids.n; i++) {
        cleanup_object struct object *o =
            objects_find_uid(l->h->objects, l->turn, str_of(l->uids.at[i]));

        if (l->removed == HISTORY_BATCH)
            break;
        if (is_kept(o) && object_rv(o) == l->rvs.at[i]) {
            if (!is_over(l, o))
                return 0;
            if (remove_one(l->h, l->turn, o, e) < 0)
                return e->code;
            l->removed++;
        }
        l->seen_rv = l->rvs.at[i];
    }
    l->again_us = turn_now_us(l->turn) + 1;
    return 0;
}

static int
look(struct look *l, struct err *e)
{
    struct history *h = l->h;
    int rows = finished_after(turn_db(l->turn), str_of(h->kind->resource), h->first_rv,
                              HISTORY_PAGE, add_row, l, e);

    if (rows < 0)
        return rows;
    if (l->uids.n > 0)
        return remove_old(l, e);
    if (rows == HISTORY_PAGE)
        l->again_us = turn_now_us(l->turn) + 1;
    return 0;
}

static int
fire(struct core_timer *timer, struct turn *t, struct err *e)
{
    struct history *h = CONTAINER_OF(timer, struct history, due);
    struct look l = {.h = h, .turn = t, .seen_rv = h->first_rv, .again_us = INT64_MAX};
    int rc = look(&l, e);

    for (size_t i = 0; i < l.uids.n; i++)
        free(l.uids.at[i]);
    vec_done(&l.uids);
    vec_done(&l.rvs);
    if (rc < 0)
        return rc;
    h->first_rv = l.seen_rv;
    h->excess -= l.removed < h->excess ? l.removed : h->excess;
    if (l.again_us != INT64_MAX)
        core_timer_set(h->core, &h->due, l.again_us);
    return 0;
}

/* Bytes. */

static int
ask_for_bytes(struct core_timer *timer, struct turn *t, struct err *e)
{
    struct history *h = CONTAINER_OF(timer, struct history, measuring);

    (void)t;
    (void)e;
    h->measure(h->measure_arg);
    return 0;
}

void
history_limit_bytes(struct history *h, int64_t bytes, void (*measure)(void *arg), void *arg)
{
    h->bytes_limit = bytes;
    h->measure = measure;
    h->measure_arg = arg;
}

/* As if all had the same share, and at least one: what that frees is seen at the next look. */
void
history_measured(struct history *h, struct turn *t, int64_t bytes)
{
    double share;

    if (bytes <= h->bytes_limit || h->count == 0)
        return;
    share = (double)(bytes - h->bytes_limit) / (double)bytes * (double)h->count;
    h->excess = share < 1 ? 1 : share > HISTORY_BATCH ? HISTORY_BATCH : (size_t)share;
    log_info("history", "%s: %lld bytes are more than the %lld that are kept: the oldest %zu go",
             h->kind->plural, (long long)bytes, (long long)h->bytes_limit, h->excess);
    look_within(h, t, 0);
}

/* Life. */

static int
restore(void *self, struct turn *t, struct err *e)
{
    struct history *h = self;

    (void)e;
    core_timer_set(h->core, &h->counting, turn_now_us(t) + HISTORY_PAUSE_US);
    return 0;
}

static void
forget(void *self)
{
    struct history *h = self;

    core_timer_stop(&h->counting);
    core_timer_stop(&h->due);
    core_timer_stop(&h->measuring);
    free(TAKE(h->counted_ns));
    free(TAKE(h->counted_name));
    h->count = h->excess = 0;
    h->first_rv = 0;
    h->counted = false;
}

static const struct core_module module = {.name = "history", .restore = restore, .forget = forget};

struct history *
history_new(struct core *c, struct objects *os, const struct kind *k, size_t limit, int64_t age_us)
{
    struct history *h = NEW(struct history);

    *h = (struct history){.core = c, .objects = os, .kind = k, .limit = limit, .age_us = age_us};
    core_timer_init(&h->counting, count_page);
    core_timer_init(&h->due, fire);
    core_timer_init(&h->measuring, ask_for_bytes);
    core_add_module(c, &module, h);
    objects_on_published(os, on_published, h);
    return h;
}

void
history_free(struct history *h)
{
    if (h == NULL)
        return;
    forget(h);
    free(h);
}
