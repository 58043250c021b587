#include "api/history.h"

#include <stdlib.h>

#include "api/objects.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/list.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "core/core.h"
#include "core/core_timer.h"
#include "core/turn.h"
#include "data/json.h"
#include "data/timestamp.h"
#include "store/versions.h"

struct kept {
    struct list link;
    char *uid;
};

struct history {
    struct core *core;
    struct objects *objects;
    const struct kind *kind;
    size_t limit;
    int64_t age_us;
    struct map by_uid;
    struct list order; /* the oldest first */
    struct core_timer due;
};

static void
add(struct history *h, struct str uid)
{
    struct kept *k = NEW(struct kept);

    k->uid = str_dup(uid);
    list_init(&k->link);
    list_append(&h->order, &k->link);
    map_put(&h->by_uid, uid, k);
}

static void
drop(struct history *h, struct str uid)
{
    struct kept *k = map_remove(&h->by_uid, uid);

    if (k == NULL)
        return;
    list_remove(&k->link);
    free(k->uid);
    free(k);
}

/* A look that is due later than that is moved; where nothing is beyond a limit, only what has an
 * age needs one. */
static void
look_within(struct history *h, struct turn *t, int64_t us)
{
    int64_t at_us = turn_now_us(t) + us;

    if (h->by_uid.n > h->limit || (h->age_us > 0 && h->by_uid.n > 0)) {
        if (!core_timer_armed(&h->due) || h->due.at_us > at_us)
            core_timer_set(h->core, &h->due, at_us);
    }
}

/* After each commit, so that nothing here is ever taken back. */
static void
on_published(void *arg, const struct object *before, const struct object *now, bool gone)
{
    struct history *h = arg;

    (void)before;
    if (object_kind(now) != h->kind)
        return;
    if (gone || object_is_deleting(now) || !object_is_finished(now)) {
        drop(h, object_uid(now));
        return;
    }
    if (map_get(&h->by_uid, object_uid(now)) != NULL)
        return;
    add(h, object_uid(now));
    look_within(h, core_turn(h->core), HISTORY_PAUSE_US);
}

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

/* Whether the oldest is beyond a limit; else *again_us says when it will be. */
static bool
is_over(const struct history *h, struct turn *t, const struct object *o, size_t left,
        int64_t *again_us)
{
    if (left > h->limit)
        return true;
    *again_us = h->age_us > 0 ? over_at_us(h, o) : INT64_MAX;
    return *again_us <= turn_now_us(t);
}

static void
look_at(struct history *h, int64_t at_us)
{
    if (at_us != INT64_MAX)
        core_timer_set(h->core, &h->due, at_us);
}

/* Those that are deleted leave the order for good: one with finalizers is in others' hands now. */
static int
fire(struct core_timer *timer, struct turn *t, struct err *e)
{
    struct history *h = CONTAINER_OF(timer, struct history, due);
    int64_t again_us = INT64_MAX;
    size_t n = 0;
    struct kept *k;

    LIST_EACH (k, &h->order, struct kept, link) {
        cleanup_object struct object *o = objects_find_uid(h->objects, t, str_of(k->uid));

        if (n == HISTORY_BATCH) {
            again_us = turn_now_us(t) + 1;
            break;
        }
        if (o != NULL && !is_over(h, t, o, h->by_uid.n - n, &again_us))
            break;
        if (o != NULL && remove_one(h, t, o, e) < 0)
            return e->code;
        n++;
    }
    for (; n > 0; n--)
        drop(h, str_of(LIST_ITEM(h->order.next, struct kept, link)->uid));
    look_at(h, again_us);
    return 0;
}

static int
read_uid(void *arg, const struct version *v, struct err *e)
{
    (void)e;
    add(arg, v->uid);
    return 0;
}

static int
restore(void *self, struct turn *t, struct err *e)
{
    struct history *h = self;

    if (versions_finished(turn_db(t), str_of(h->kind->resource), read_uid, h, e) < 0)
        return e->code;
    look_within(h, t, HISTORY_PAUSE_US);
    return 0;
}

static void
forget(void *self)
{
    struct history *h = self;

    core_timer_stop(&h->due);
    while (!list_empty(&h->order))
        drop(h, str_of(LIST_ITEM(h->order.next, struct kept, link)->uid));
}

static const struct core_module module = {.name = "history", .restore = restore, .forget = forget};

struct history *
history_new(struct core *c, struct objects *os, const struct kind *k, size_t limit, int64_t age_us)
{
    struct history *h = NEW(struct history);

    *h = (struct history){.core = c, .objects = os, .kind = k, .limit = limit, .age_us = age_us};
    list_init(&h->order);
    core_timer_init(&h->due, fire);
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
    map_done(&h->by_uid);
    free(h);
}
