/*
 * The one way in which an object gets another state, and the way back.
 */
#include "api/objects_int.h"

#include "base/arena.h"
#include "base/log.h"
#include "data/json.h"

/* An entry as it was before one message touched it. */
struct change {
    struct objects *os;
    struct entry *en;
    struct object *held;  /* the old object; after the undo, the one that was taken back */
    struct entry *hidden; /* what had the key before a new entry took it */
    bool was_dirty, was_gone, is_new;
};

static void
no_longer_dirty(struct objects *os, struct entry *en)
{
    for (size_t i = os->dirty.n; i-- > 0;) {
        if (os->dirty.at[i] != en)
            continue;
        for (; i + 1 < os->dirty.n; i++)
            os->dirty.at[i] = os->dirty.at[i + 1];
        os->dirty.n--;
        break;
    }
    object_unref(TAKE(en->stored));
    CHECK(en->written == NULL);
    en->dirty = false;
}

static void
take_back(void *arg)
{
    struct change *c = arg;
    struct entry *en = c->en;
    struct object *undone = en->object;

    if (c->is_new) {
        no_longer_dirty(c->os, en);
        objects_entry_drop(c->os, en);
        if (c->hidden != NULL)
            map_put(&c->os->by_key, str_of(c->hidden->key), c->hidden);
        return;
    }
    en->object = c->held;
    c->held = undone;
    en->gone = c->was_gone;
    map_put(&c->os->by_uid, object_uid(en->object), en);
    if (!c->was_dirty)
        no_longer_dirty(c->os, en);
    objects_entry_settle(c->os, en);
}

static void
let_go(void *arg)
{
    object_unref(((struct change *)arg)->held);
}

static void
mark_dirty(struct objects *os, struct turn *t, struct entry *en)
{
    turn_before_commit(t, objects_flush_last, os);
    if (en->dirty)
        return;
    objects_entry_wakes_up(os, en);
    en->dirty = true;
    vec_push(&os->dirty, en);
}

enum { MANY_OWNERS = 16 };

/* Owners before and after the change are woken: one that lost its object must see that. */
static void
wake(struct objects *os, const struct object *before, const struct object *now)
{
    const struct object *both[] = {now, before};
    struct str owners[MANY_OWNERS];
    size_t n = 0;

    for (size_t i = 0; i < ARRAY_LEN(both); i++) {
        JSON_EACH (it, both[i] != NULL ? object_at(both[i], "metadata.ownerReferences") : NULL) {
            struct str uid = json_str(json_get(it.value, "uid"));
            bool known = uid.p == NULL;

            for (size_t at = 0; !known && at < n; at++)
                known = str_eq(owners[at], uid);
            if (!known && n < MANY_OWNERS)
                owners[n++] = uid;
        }
    }
    controllers_changed(os->controllers, object_kind(now)->resource, object_uid(now), owners, n);
}

void
objects_change(struct objects *os, struct turn *t, struct entry *en, struct object *next, bool gone)
{
    struct change *c = ARENA_NEW(turn_arena(t), struct change);

    CHECK(!en->gone);
    *c = (struct change){
        .os = os, .en = en, .held = en->object, .was_dirty = en->dirty, .was_gone = en->gone};
    turn_undo(t, take_back, c);
    turn_finally(t, let_go, c);
    if (!en->dirty)
        en->stored = object_ref(en->object);
    mark_dirty(os, t, en);
    wake(os, en->object, next);
    en->object = next;
    en->gone = gone;
    /* The key in the map is its own copy, the uid does not change: both stay. */
}

struct entry *
objects_change_new(struct objects *os, struct turn *t, struct object *o)
{
    cleanup_free char *key = objects_key(object_kind(o), object_namespace(o), object_name(o));
    struct change *c = ARENA_NEW(turn_arena(t), struct change);

    *c = (struct change){.os = os, .hidden = map_get(&os->by_key, str_of(key)), .is_new = true};
    CHECK(c->hidden == NULL || c->hidden->gone);
    c->en = objects_entry_add(os, o);
    turn_undo(t, take_back, c);
    mark_dirty(os, t, c->en);
    wake(os, NULL, o);
    return c->en;
}
