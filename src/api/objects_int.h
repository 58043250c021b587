/*
 * objects_int - what the files of the object layer share.  Included from objects*.c only.
 *
 * An entry stands for one identity (one uid) in memory:
 *
 *     CLEAN   object is what the store has
 *     DIRTY   changed in this turn: `stored` is what the store had before it, `written` what this
 *             turn has put there so far (NULL: nothing)
 *     GONE    DIRTY and removed; `object` is its last version
 *
 *     CLEAN -- objects_change() --> DIRTY -- end of turn: commit --> CLEAN, or freed if GONE
 *     DIRTY -- the message's undo --> what it was before
 *
 * An entry whose object is finished and clean is on the list `idle`, newest last, and is dropped
 * from its front when the cache is over its limit.
 */
#ifndef API_OBJECTS_INT_H
#define API_OBJECTS_INT_H

#include "api/objects.h"
#include "base/list.h"
#include "base/map.h"
#include "core/controller.h"
#include "core/core.h"
#include "core/turn.h"

struct entry {
    struct object *object, *stored, *written;
    char *key; /* "resource/namespace/name" */
    bool dirty, gone;
    struct list idle;
    size_t bytes; /* counted while idle */
};

struct subscriber {
    objects_published_fn *fn;
    void *arg;
};

struct objects {
    struct core *core;
    struct controllers *controllers;
    const struct kind *const *kinds;
    struct map by_key, by_uid;
    VEC(struct entry *) dirty; /* in the order of their first change */
    struct list idle;
    size_t idle_bytes, limit;
    bool publishing; /* this turn's publication is planned */
    VEC(struct subscriber) subscribers;
    VEC(struct objects_composer) composers;
    int64_t pruned_rv, prune_at_rv;
    struct map gc_cursors; /* owner uid -> text of the last dependant looked at */
};

/* objects_cache.c */

/* The entry of a key or uid, loaded if need be; NULL with e->code 0 if there is no such object.  A
 * gone one is given by key (so that a new one can take its place), never by uid. */
struct entry *objects_entry(struct objects *os, struct turn *t, const struct kind *k, struct str ns,
                            struct str name, struct err *e);
struct entry *objects_entry_uid(struct objects *os, struct turn *t, struct str uid, struct err *e);
/* Adds an entry for an object (takes it); a gone entry of the same key is hidden by it. */
struct entry *objects_entry_add(struct objects *os, struct object *o);
/* Takes it out of the maps and frees it. */
void objects_entry_drop(struct objects *os, struct entry *en);
/* On or off the idle list, as its state asks. */
void objects_entry_settle(struct objects *os, struct entry *en);
void objects_entry_wakes_up(struct objects *os, struct entry *en);
/* Drops idle entries until the limit is kept.  Not inside of messages. */
void objects_shrink(struct objects *os, size_t limit);
void objects_clear(struct objects *os);
char *objects_key(const struct kind *k, struct str ns, struct str name);

/* objects_change.c */

/* A new state in this turn: with `gone`, the last one.  Takes `next`.  Records the undo, wakes the
 * controllers. */
void objects_change(struct objects *os, struct turn *t, struct entry *en, struct object *next,
                    bool gone);
/* The same for an object that is new altogether. */
struct entry *objects_change_new(struct objects *os, struct turn *t, struct object *o);

/* objects_write.c */

/* Writes what is dirty; may be called at any time in a turn, and again. */
int objects_flush(struct objects *os, struct turn *t, struct err *e);
/* The hook: flush, then plan the publication. */
int objects_flush_last(void *arg, struct turn *t, struct err *e);
/* A rider: throws superseded versions away, a few at a time. */
int objects_prune(void *arg, struct turn *t, struct err *e);

/* objects_gc.c */

#define ORPHAN_FINALIZER "orphan"
#define FOREGROUND_FINALIZER "foregroundDeletion"
#define OBJECTS_ORPHANS "(orphans)" /* the resource under which owners that went are queued */
extern const struct controller_row objects_gc;

#endif
