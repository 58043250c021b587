/*
 * From memory to rows, and from committed turns to those who listen.
 *
 * A flush may come in the middle of a turn (before a list is read from the indexes) and again at
 * its end.  The row that an earlier flush of the same turn wrote is replaced: nobody has seen it.
 * If a message that flushed is taken back, its rows go with the savepoint and the undo here makes
 * the entry remember what had been written before.
 */
#include <stdlib.h>
#include <string.h>

#include "api/objects_int.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "data/json.h"
#include "store/db.h"
#include "store/store.h"
#include "store/versions.h"

enum {
    KEPT_VERSIONS = 20000, /* of the watch log, before superseded ones are thrown away */
    PRUNE_STEP = 256,      /* versions between two looks */
    PRUNE_ROWS = 1024,     /* looked at each time */
};

struct index {
    struct objects *os;
    struct db *db;
    struct version_index of;
};

/* Index rows of what only `a` has (remove), seen from both sides by calling it twice. */

static int
diff_labels(const struct index *ix, const struct json *a, const struct json *b, bool add,
            struct err *e)
{
    JSON_EACH (it, a) {
        struct str value = json_str(it.value), other = json_str(json_get_str(b, it.key));

        if (value.p == NULL || (other.p != NULL && str_eq(value, other)))
            continue;
        if (versions_label(ix->db, &ix->of, it.key, value, add, e) < 0)
            return e->code;
    }
    return 0;
}

static int
diff_fields(const struct index *ix, const struct kind *k, const struct json *a,
            const struct json *b, bool add, struct err *e)
{
    for (const char *const *path = k->indexed; path != NULL && *path != NULL; path++) {
        struct str value = json_scalar_text(json_at_path(a, *path));
        struct str other = json_scalar_text(json_at_path(b, *path));

        if (value.p == NULL || (other.p != NULL && str_eq(value, other)))
            continue;
        if (versions_field(ix->db, &ix->of, str_of(*path), value, add, e) < 0)
            return e->code;
    }
    return 0;
}

static bool
has_owner(const struct json *owners, struct str uid)
{
    JSON_EACH (it, owners) {
        if (str_eq(json_str(json_get(it.value, "uid")), uid))
            return true;
    }
    return false;
}

/* An owner that does not exist makes its object collectable, as one that has just gone does. */
static int
check_owner(const struct index *ix, struct str uid, struct err *e)
{
    const struct entry *en = map_get(&ix->os->by_uid, uid);

    if ((en != NULL && !en->gone) || (en == NULL && versions_uid_exists(ix->db, uid)))
        return 0;
    if (versions_orphan_add(ix->db, uid, VERSIONS_COLLECT, e) < 0)
        return e->code;
    controllers_wake(ix->os->controllers, OBJECTS_ORPHANS, uid);
    return 0;
}

static int
diff_owners(const struct index *ix, const struct json *a, const struct json *b, bool add,
            struct err *e)
{
    JSON_EACH (it, a) {
        struct str uid = json_str(json_get(it.value, "uid"));

        if (uid.p == NULL || has_owner(b, uid))
            continue;
        if (versions_owner(ix->db, uid, ix->of.uid, add, e) < 0 ||
            (add && check_owner(ix, uid, e) < 0))
            return e->code;
    }
    return 0;
}

static int
diff_one_way(const struct index *ix, const struct kind *k, const struct json *a,
             const struct json *b, bool add, struct err *e)
{
    const struct json *ma = json_get(a, "metadata"), *mb = json_get(b, "metadata");

    if (diff_labels(ix, json_get(ma, "labels"), json_get(mb, "labels"), add, e) < 0 ||
        diff_fields(ix, k, a, b, add, e) < 0 ||
        diff_owners(ix, json_get(ma, "ownerReferences"), json_get(mb, "ownerReferences"), add, e) <
            0)
        return e->code;
    return 0;
}

static int
reindex(struct objects *os, struct turn *t, const struct object *before, const struct object *now,
        struct err *e)
{
    const struct object *any = now != NULL ? now : before;
    const struct kind *k = object_kind(any);
    const struct json *old = before != NULL ? object_root(before) : NULL;
    const struct json *new = now != NULL ? object_root(now) : NULL;
    struct index ix = {.os = os,
                       .db = turn_db(t),
                       .of = {.resource = str_of(k->resource),
                              .ns = object_namespace(any),
                              .name = object_name(any),
                              .uid = object_uid(any)}};

    if (diff_one_way(&ix, k, old, new, false, e) < 0)
        return e->code;
    return diff_one_way(&ix, k, new, old, true, e);
}

/* Flushing. */

struct wrote {
    struct entry *en;
    struct object *before;
};

static void
unwrite(void *arg)
{
    struct wrote *w = arg;
    struct object *now = w->en->written;

    w->en->written = w->before;
    w->before = now;
}

static void
let_go(void *arg)
{
    object_unref(((struct wrote *)arg)->before);
}

static void
remember(struct turn *t, struct entry *en)
{
    struct wrote *w = ARENA_NEW(turn_arena(t), struct wrote);

    *w = (struct wrote){.en = en, .before = en->written};
    en->written = object_ref(en->object);
    turn_undo(t, unwrite, w);
    turn_finally(t, let_go, w);
}

static int
write_version(struct turn *t, const struct entry *en, struct err *e)
{
    const struct object *o = en->object;
    struct version v = {
        .rv = object_rv(o),
        .prev_rv = en->stored != NULL ? object_rv(en->stored) : 0,
        .op = en->gone             ? 'D'
              : en->stored != NULL ? 'M'
                                   : 'A',
        .finished = object_is_finished(o) && !object_is_deleting(o),
        .resource = str_of(object_kind(o)->resource),
        .ns = object_namespace(o),
        .name = object_name(o),
        .uid = object_uid(o),
        .json = object_text(o),
    };

    if (en->written != NULL && versions_drop(turn_db(t), object_rv(en->written), e) < 0)
        return e->code;
    if (versions_put(turn_db(t), &v, e) < 0)
        return e->code;
    if (v.op == 'D' && en->stored == NULL) /* it came and went within the turn: it never was */
        return versions_drop(turn_db(t), v.rv, e);
    store_rv_written(turn_store(t), v.rv);
    return 0;
}

static int
see_one(void *arg, const struct version *v, struct err *e)
{
    (void)arg, (void)v, (void)e;
    return 1;
}

/* What it owned is looked after in the background; the row says so across a crash. */
static int
leave_orphans(struct objects *os, struct turn *t, const struct object *gone, struct err *e)
{
    struct str uid = object_uid(gone);
    int n = versions_dependants(turn_db(t), uid, STR_NULL, 1, see_one, NULL, e);

    if (n <= 0)
        return n;
    if (versions_orphan_add(turn_db(t), uid, VERSIONS_COLLECT, e) < 0)
        return e->code;
    controllers_wake(os->controllers, OBJECTS_ORPHANS, uid);
    return 0;
}

static int
write_entry(struct objects *os, struct turn *t, struct entry *en, struct err *e)
{
    const struct object *base = en->written != NULL ? en->written : en->stored;

    if (en->written == en->object || (en->gone && base == NULL))
        return 0;
    if (write_version(t, en, e) < 0 || reindex(os, t, base, en->gone ? NULL : en->object, e) < 0)
        return e->code;
    if (en->gone && leave_orphans(os, t, en->object, e) < 0)
        return e->code;
    remember(t, en);
    return 0;
}

/* Removals go last: by then the rows of what they owned are there to be found; and first of all
 * those whose name a new object has taken. */
int
objects_flush(struct objects *os, struct turn *t, struct err *e)
{
    for (size_t i = 0; i < os->dirty.n; i++) {
        struct entry *en = os->dirty.at[i];

        if (en->gone && map_get(&os->by_key, str_of(en->key)) != en &&
            write_entry(os, t, en, e) < 0)
            return e->code;
    }
    for (int gone = 0; gone <= 1; gone++) {
        for (size_t i = 0; i < os->dirty.n; i++) {
            if (os->dirty.at[i]->gone == (gone != 0) && write_entry(os, t, os->dirty.at[i], e) < 0)
                return e->code;
        }
    }
    return 0;
}

/* Publishing. */

static int
by_rv(const void *a, const void *b)
{
    int64_t x = object_rv((*(struct entry *const *)a)->object);
    int64_t y = object_rv((*(struct entry *const *)b)->object);

    return x < y ? -1 : x > y;
}

static void
publish(struct objects *os, const struct entry *en)
{
    if (en->gone && en->stored == NULL)
        return;
    for (size_t i = 0; i < os->subscribers.n; i++)
        os->subscribers.at[i].fn(os->subscribers.at[i].arg, en->stored, en->object, en->gone);
}

/* An effect: the turn is stored. */
static void
committed(void *arg)
{
    struct objects *os = arg;

    qsort(os->dirty.at, os->dirty.n, sizeof *os->dirty.at, by_rv);
    for (size_t i = 0; i < os->dirty.n; i++)
        publish(os, os->dirty.at[i]);
}

/* At the end of the turn.  After an undo nothing is dirty; after a death everything still is, and
 * is let go all the same. */
static void
end_turn(void *arg)
{
    struct objects *os = arg;

    os->publishing = false;
    for (size_t i = 0; i < os->dirty.n; i++) {
        struct entry *en = os->dirty.at[i];

        object_unref(TAKE(en->stored));
        object_unref(TAKE(en->written));
        en->dirty = false;
        if (en->gone)
            objects_entry_drop(os, en);
        else
            objects_entry_settle(os, en);
    }
    vec_clear(&os->dirty);
    objects_shrink(os, os->limit);
}

int
objects_flush_last(void *arg, struct turn *t, struct err *e)
{
    struct objects *os = arg;

    if (objects_flush(os, t, e) < 0)
        return err_wrap(e, "objects");
    if (os->dirty.n > 0 && !os->publishing) {
        os->publishing = true;
        turn_effect(t, committed, os);
        turn_finally(t, end_turn, os);
    }
    return 0;
}

int
objects_prune(void *arg, struct turn *t, struct err *e)
{
    struct objects *os = arg;
    int64_t rv = store_rv(turn_store(t)), from = os->pruned_rv;
    char text[32];

    if (rv < os->prune_at_rv || rv - from <= KEPT_VERSIONS)
        return 0;
    if (versions_prune(turn_db(t), &from, rv - KEPT_VERSIONS, PRUNE_ROWS, e) < 0)
        return err_wrap(e, "throw old versions away");
    snprintf(text, sizeof text, "%lld", (long long)from);
    if (store_meta_set(turn_store(t), "pruned", text, e) < 0)
        return e->code;
    /* Should the commit fail, the range is looked at once more after the restore. */
    os->pruned_rv = from;
    os->prune_at_rv = rv + PRUNE_STEP;
    return 0;
}
