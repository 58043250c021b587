/*
 * Garbage collection: what is left when an owner goes.
 *
 * The uid of an owner that went while objects refer to it stands in a table, in the same commit as
 * its removal, and is a key of this controller.  A pass looks at a page of those objects.  One that
 * has another owner, or is to be kept, loses its reference; any other is deleted.  An object that
 * waits for its finalizers keeps its row, so pages go on behind the last uid looked at; the cursor
 * is in memory only, and after a crash the walk begins anew, which is harmless.
 *
 * An owner that is deleted in the foreground has not gone yet: its dependants are deleted while it
 * waits behind a finalizer, which is taken away when none is left that blocks it.
 */
#include <string.h>

#include "api/meta.h"
#include "api/objects_int.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "data/json.h"
#include "store/store.h"
#include "store/versions.h"

enum { GC_PAGE = 100 };

#define GC_FOREGROUND_PAUSE_US (CLOCK_SECOND / 4) /* between two looks at what blocks an owner */

struct page {
    struct arena *arena;
    struct str uids[GC_PAGE];
    size_t n;
    enum versions_fate fate;
    bool blocked; /* something is left that holds the owner */
};

static int
add_uid(void *arg, const struct version *v, struct err *e)
{
    struct page *p = arg;

    (void)e;
    p->uids[p->n++] = str_make(str_dup_arena(p->arena, v->uid), v->uid.n);
    return 0;
}

static bool
is_alive(struct objects *os, struct turn *t, struct str uid)
{
    const struct entry *en = map_get(&os->by_uid, uid);

    return en != NULL ? !en->gone : versions_uid_exists(turn_db(t), uid);
}

static bool
has_another_owner(struct objects *os, struct turn *t, const struct object *o, struct str owner)
{
    JSON_EACH (it, object_at(o, "metadata.ownerReferences")) {
        struct str uid = json_str(json_get(it.value, "uid"));

        if (!str_eq(uid, owner) && is_alive(os, t, uid))
            return true;
    }
    return false;
}

static bool
blocks(const struct object *o, struct str owner)
{
    JSON_EACH (it, object_at(o, "metadata.ownerReferences")) {
        if (str_eq(json_str(json_get(it.value, "uid")), owner))
            return json_bool_or(json_get(it.value, "blockOwnerDeletion"), false);
    }
    return false;
}

static int
collect(struct objects *os, struct turn *t, struct str uid, struct str owner, struct page *p,
        struct err *e)
{
    struct objects_delete how = {.uid = uid, .grace_seconds = -1};
    struct entry *en = objects_entry_uid(os, t, uid, e);
    const struct object *o;

    if (en == NULL)
        return e->code;
    o = en->object;
    if (p->fate == VERSIONS_KEEP || has_another_owner(os, t, o, owner)) {
        objects_change(os, t, en,
                       object_new(object_kind(o),
                                  meta_without_owner(object_kind(o), object_root(o), owner),
                                  store_next_rv(turn_store(t))),
                       false);
        return 0;
    }
    p->blocked = p->blocked || blocks(o, owner);
    if (object_is_deleting(o))
        return 0;
    return objects_delete(os, t, object_kind(o), object_namespace(o), object_name(o), &how, NULL,
                          e);
}

/* An owner that was deleted with "orphan" or in the foreground waits for this. */
static int
release_owner(struct objects *os, struct turn *t, struct str owner, struct str finalizer,
              struct err *e)
{
    struct entry *en = objects_entry_uid(os, t, owner, e);
    cleanup_json struct json_doc *doc = NULL;
    struct meta m;

    if (en == NULL)
        return e->code;
    meta_of(object_root(en->object), &m);
    doc = meta_with_finalizers(object_kind(en->object), &m, object_root(en->object), finalizer,
                               STR_NULL);
    return objects_update(os, t, object_kind(en->object), object_namespace(en->object),
                          json_root(doc), OBJECTS_ALL, NULL, e);
}

static int
read_fate(void *arg, const struct version *v, struct err *e)
{
    struct page *p = arg;

    (void)e;
    p->fate = (enum versions_fate)v->rv;
    return 1;
}

static void
set_cursor(struct objects *os, struct str owner, struct str last)
{
    if (last.p != NULL)
        free(map_put(&os->gc_cursors, owner, str_dup(last)));
    else
        free(map_remove(&os->gc_cursors, owner));
}

static int
finish(struct objects *os, struct turn *t, struct str owner, enum versions_fate fate, struct err *e)
{
    set_cursor(os, owner, STR_NULL);
    if (versions_orphan_remove(turn_db(t), owner, e) < 0)
        return e->code;
    if (fate == VERSIONS_COLLECT)
        return 0;
    return release_owner(
        os, t, owner, fate == VERSIONS_KEEP ? STR(ORPHAN_FINALIZER) : STR(FOREGROUND_FINALIZER), e);
}

static int
gc_pass(void *self, struct turn *t, struct controller_pass *pass, struct err *e)
{
    struct objects *os = self;
    struct page p = {.arena = turn_arena(t)};
    const char *cursor = map_get(&os->gc_cursors, pass->uid);

    if (objects_flush(os, t, e) < 0 ||
        versions_orphan_get(turn_db(t), pass->uid, read_fate, &p, e) < 0 ||
        versions_dependants(turn_db(t), pass->uid, str_of(cursor), GC_PAGE, add_uid, &p, e) < 0)
        return e->code;
    for (size_t i = 0; i < p.n; i++) {
        e->code = 0;
        if (collect(os, t, p.uids[i], pass->uid, &p, e) < 0)
            return e->code;
    }
    /* Whether all has gone shows when nothing is found: a foreground deletion looks from the
     * beginning until then. */
    if (p.fate == VERSIONS_FOREGROUND && (p.blocked || p.n == GC_PAGE)) {
        pass->again_at_us = turn_now_us(t) + (p.n == GC_PAGE ? 0 : GC_FOREGROUND_PAUSE_US);
        set_cursor(os, pass->uid, p.n == GC_PAGE ? p.uids[p.n - 1] : STR_NULL);
        return 0;
    }
    if (p.fate == VERSIONS_FOREGROUND && cursor != NULL) {
        set_cursor(os, pass->uid, STR_NULL);
        pass->again_at_us = turn_now_us(t);
        return 0;
    }
    if (p.n < GC_PAGE)
        return finish(os, t, pass->uid, p.fate, e);
    set_cursor(os, pass->uid, p.uids[p.n - 1]);
    pass->again_at_us = turn_now_us(t);
    return 0;
}

static int
wake_orphan(void *arg, const struct version *v, struct err *e)
{
    (void)e;
    controllers_wake(((struct objects *)arg)->controllers, OBJECTS_ORPHANS, v->uid);
    return 0;
}

static int
gc_restore(void *self, struct turn *t, struct err *e)
{
    return versions_orphans(turn_db(t), wake_orphan, self, e) < 0 ? e->code : 0;
}

const struct controller_row objects_gc = {
    .name = "garbage", .resource = OBJECTS_ORPHANS, .restore = gc_restore, .reconcile = gc_pass};
