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
    if (h->by_uid.n > h->limit && !core_timer_armed(&h->due))
        core_timer_set(h->core, &h->due, turn_now_us(core_turn(h->core)) + HISTORY_PAUSE_US);
}

static int
remove_one(struct history *h, struct turn *t, const char *uid, struct err *e)
{
    cleanup_object struct object *o = objects_find_uid(h->objects, t, str_of(uid));
    struct objects_delete how = {.uid = str_of(uid), .grace_seconds = 0};
    int rc;

    if (o == NULL)
        return 0;
    rc = objects_delete(h->objects, t, h->kind, object_namespace(o), object_name(o), &how, NULL, e);
    return rc == ERR_IO || rc == ERR_FULL ? rc : 0;
}

/* Those that are deleted leave the order for good: one with finalizers is in others' hands now. */
static int
fire(struct core_timer *timer, struct turn *t, struct err *e)
{
    struct history *h = CONTAINER_OF(timer, struct history, due);
    size_t over = h->by_uid.n > h->limit ? h->by_uid.n - h->limit : 0;
    size_t n = over < HISTORY_BATCH ? over : HISTORY_BATCH, done = 0;
    struct kept *k;

    LIST_EACH (k, &h->order, struct kept, link) {
        if (done++ == n)
            break;
        if (remove_one(h, t, k->uid, e) < 0)
            return e->code;
    }
    for (done = 0; done < n; done++)
        drop(h, str_of(LIST_ITEM(h->order.next, struct kept, link)->uid));
    if (over > n)
        core_timer_set(h->core, &h->due, turn_now_us(t) + 1);
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
    if (h->by_uid.n > h->limit)
        core_timer_set(h->core, &h->due, turn_now_us(t) + HISTORY_PAUSE_US);
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
history_new(struct core *c, struct objects *os, const struct kind *k, size_t limit)
{
    struct history *h = NEW(struct history);

    *h = (struct history){.core = c, .objects = os, .kind = k, .limit = limit};
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
