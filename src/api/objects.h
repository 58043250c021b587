/*
 * objects - the verbs on objects, inside a turn.
 *
 * Every change makes a new version with a new resourceVersion; what is stored at the end of the
 * turn is the last version of each object that changed, so several changes of one object in one
 * turn are one row and one watch event.  A change that changes nothing makes no version.
 *
 * Objects that are not finished stay in memory; others pass through a cache with a byte limit.
 * Controllers keep uids, never pointers or trees.
 *
 * Returned objects are new references unless said otherwise: the caller unrefs.
 *
 * Errors carry the texts that Kubernetes uses:
 *     ERR_NOTFOUND   pods "x" not found
 *     ERR_EXISTS     pods "x" already exists
 *     ERR_CONFLICT   Operation cannot be fulfilled on pods "x": the object has been modified; ...
 *     ERR_INVALID    Pod "x" is invalid: metadata.name: Invalid value: "X": ...
 *     ERR_FULL       the disk is full (only for what adds)
 *
 * Core thread, with a turn in hand.
 */
#ifndef API_OBJECTS_H
#define API_OBJECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/object.h"
#include "base/vec.h"

struct buf;
struct controllers;
struct core;
struct err;
struct json;
struct json_doc;
struct objects;
struct objects_composing;
struct problems;
struct turn;

typedef VEC(struct object *) object_vec;
/* Unrefs all and frees. */
void object_vec_done(object_vec *v);
#define cleanup_objects __attribute__((cleanup(object_vec_done)))

/* Adds itself to the core as a module and sets the controllers' lookup; call it before the first
 * controllers_add().  `kinds` is NULL-terminated and borrowed. */
struct objects *objects_new(struct core *c, struct controllers *cs,
                            const struct kind *const *kinds);
/* After the core.  NULL is fine; always returns NULL. */
struct objects *objects_free(struct objects *os);
/* What objects_new() was given. */
const struct kind *const *objects_kinds(const struct objects *os);

/* The limit of the cache of finished objects, in bytes; default 8 MB. */
void objects_set_cache_limit(struct objects *os, size_t bytes);

/* Creating.  `root` is a whole manifest (metadata, spec, ...); kind and apiVersion are set from
 * `k`, as are uid, creationTimestamp and generation.  metadata.name is used, else generateName.
 * `ns` is "" for cluster-scoped kinds; a namespace in the manifest that differs is ERR_BADREQUEST.
 * Pass ret NULL if the object is not wanted. */
int objects_create(struct objects *os, struct turn *t, const struct kind *k, struct str ns,
                   const struct json *root, struct object **ret, struct err *e);

/* A check of what is going to be stored, with the server's metadata set, in place of the object
 * layer's own (which is what internal writers get).  `old` is NULL for a creation. */
struct objects_check {
    int (*fn)(void *arg, const struct json *old, const struct json *next, struct err *e);
    void *arg;
};
int objects_create_checked(struct objects *os, struct turn *t, const struct kind *k, struct str ns,
                           const struct json *root, const struct objects_check *check,
                           struct object **ret, struct err *e);

/* Reading. */
int objects_get(struct objects *os, struct turn *t, const struct kind *k, struct str ns,
                struct str name, struct object **ret, struct err *e);
/* ERR_NOTFOUND: `no object with uid ...`. */
int objects_get_uid(struct objects *os, struct turn *t, struct str uid, struct object **ret,
                    struct err *e);
/* The same for where absence is normal: NULL if there is none, or on an error (logged). */
struct object *objects_find(struct objects *os, struct turn *t, const struct kind *k, struct str ns,
                            struct str name);
struct object *objects_find_uid(struct objects *os, struct turn *t, struct str uid);

enum objects_part {
    OBJECTS_SPEC,   /* everything but status: what a client writes to the main endpoint */
    OBJECTS_STATUS, /* status alone; spec and metadata are kept */
    OBJECTS_ALL,    /* both: for internal writers */
};

/* Replacing.  metadata that belongs to the server (uid, creationTimestamp, deletionTimestamp,
 * generation) is kept whatever the manifest says.  A non-empty metadata.resourceVersion in the
 * manifest must be the current one.  Removing the last finalizer of an object that is being deleted
 * removes the object (then *ret is its last version). */
int objects_update(struct objects *os, struct turn *t, const struct kind *k, struct str ns,
                   const struct json *root, enum objects_part part, struct object **ret,
                   struct err *e);
int objects_update_checked(struct objects *os, struct turn *t, const struct kind *k, struct str ns,
                           const struct json *root, enum objects_part part,
                           const struct objects_check *check, struct object **ret, struct err *e);
/* Sets the whole status of an object, whatever its version: for controllers. */
int objects_set_status(struct objects *os, struct turn *t, const struct object *o,
                       const struct json *status, struct object **ret, struct err *e);

/* Sets spec.nodeName of a Pod, which is no change of its spec: a scheduler's part.  `o` may be any
 * version of it. */
int objects_set_node(struct objects *os, struct turn *t, const struct object *o, struct str node,
                     struct err *e);

struct objects_delete {
    struct str uid;        /* precondition, or STR_NULL */
    int64_t rv;            /* precondition, or 0 */
    int64_t grace_seconds; /* for graceful kinds; < 0: the object's own or 30; 0: at once */
    bool orphan;           /* keep what it owns, without the owner reference */
    bool foreground;       /* go only after what it owns and what blocks it is gone */
};

/* Deleting: sets deletionTimestamp where finalizers or a graceful kind ask for it, else removes.
 * What it owned is deleted afterwards, in the background, when no other owner is left.
 * `how` may be NULL: no preconditions, grace < 0.  *ret is the last version. */
int objects_delete(struct objects *os, struct turn *t, const struct kind *k, struct str ns,
                   struct str name, const struct objects_delete *how, struct object **ret,
                   struct err *e);
/* Whether an object that a deletion gave back was removed in this turn. */
bool objects_is_gone(const struct objects *os, const struct object *last);
/* Removes at once, finalizers or not: for the controller of a graceful kind.  Absent: 0. */
int objects_remove(struct objects *os, struct turn *t, struct str uid, struct err *e);

/* Lists, by namespace and name. */
struct objects_query {
    const struct kind *kind;
    struct str ns;         /* STR_NULL: all */
    const char *label_key; /* NULL: any; with label_value NULL: the key exists */
    const char *label_value;
    const char *field_path; /* one of the kind's indexed paths, or NULL */
    const char *field_value;
    struct str owner_uid;            /* STR_NULL: any */
    struct str after_ns, after_name; /* continue behind this one; STR_NULL: from the first */
    size_t limit;                    /* 0: 500 */
    size_t bytes;                    /* of text, beyond which no further object is taken; 0: any */
};
/* Appends to *ret.  *more (may be NULL) says that a limit cut it. */
int objects_list(struct objects *os, struct turn *t, const struct objects_query *q, object_vec *ret,
                 bool *more, struct err *e);

/* How many there are behind (after_ns, after_name), by kind and namespace alone; -1: more than
 * `max`.
 */
int objects_count(struct objects *os, struct turn *t, const struct objects_query *q, size_t max,
                  int64_t *ret, struct err *e);
/* What was read in this turn is what its commit makes of it, at store_rv(): nothing else changes in
 * it.  For whoever goes on from there with a watch, which tells one version of a turn only. */
void objects_hold_still(struct objects *os, struct turn *t);
/* What is older than this version may have been thrown away. */
int64_t objects_oldest_rv(const struct objects *os);
/* All objects of a kind as they were at a version that is not older than that, by namespace and
 * name.  ERR_TOOLARGE if they are very many. */
int objects_list_at(struct objects *os, struct turn *t, const struct kind *k, struct str ns,
                    int64_t rv, object_vec *ret, struct err *e);
/* The changes of a kind's objects with a version in (after, last], in their order, at most `limit`:
 * what objects_on_published() told when they were made.  `before` and `now` are borrowed.  fn
 * returns 0 to go on.  Returns how many there were. */
typedef int objects_change_fn(void *arg, const struct object *before, const struct object *now,
                              bool gone);
int objects_changes(struct objects *os, struct turn *t, const struct kind *k, int64_t after,
                    int64_t last, size_t limit, objects_change_fn *fn, void *arg, struct err *e);

/* What objects of a kind have only while somebody looks at one of them, because it is too large or
 * changes too often to be stored with them (the nodes of a Workflow).  Lists and Tables never ask
 * for it.  The status of such a kind is its controller's: what clients write there is a wish. */
struct objects_composer {
    const struct kind *kind;
    /* The whole document of one as it is stored, and of rows, as of the last commit. */
    int (*compose)(void *arg, struct turn *t, const struct object *o, struct json_doc **ret,
                   struct err *e);
    /* The same as text, in pieces that are each a small part of a turn.  begin() makes what step()
     * fills `to` with (1: there is more; 0: it is whole), and end() frees.  All metadata are in one
     * piece, the first that is not empty.  NULL: in one piece. */
    void *(*begin)(void *arg, const struct object *o);
    int (*step)(void *arg, void *composing, struct turn *t, struct buf *to, struct err *e);
    void (*end)(void *arg, void *composing);
    /* What a client asks for by writing the whole object `sent` over `live` (NULL: a new one, and
     * then t is NULL too; any thread), besides what objects_own_status() leaves of it: *ret, which
     * lives as long as the turn, as `sent` does then; NULL for nothing.  Changes nothing.  What
     * cannot be done is a problem for each field; ERR_CONFLICT: the client has not seen what there
     * is now.  NULL: its status is stored like the rest. */
    int (*plan_write)(void *arg, struct turn *t, const struct kind *k, const struct object *live,
                      const struct json *sent, void **ret, struct problems *ps, struct err *e);
    /* Does it, in the same turn, when `now` is what is stored.  Last in its message: it cannot be
     * taken back alone.  What is refused (ERR_INVALID, ERR_BADREQUEST) has changed nothing. */
    int (*act)(void *arg, struct turn *t, const struct object *now, void *plan, struct err *e);
    void *arg;
};
/* Before core_start(); a kind has at most one. */
void objects_set_composer(struct objects *os, const struct objects_composer *c);
/* The composer of a kind, or NULL.  Any thread. */
const struct objects_composer *objects_composer(const struct objects *os, const struct kind *k);
/* `sent` with the status of `live`, or (NULL) without one: what is stored of a client's document.
 */
struct json_doc *objects_own_status(const struct object *live, const struct json *sent);
/* Any thread. */
bool objects_is_composed(const struct objects *os, const struct kind *k);
/* Replaces *o by the composed object of the same version; without a composer it stays.  Rows are
 * not older than *o if that was committed before this turn. */
int objects_compose(struct objects *os, struct turn *t, struct object **o, struct err *e);
/* The same as text, as clients see it (object_write()), in pieces.  NULL: the kind has no composer.
 */
struct objects_composing *objects_composing_new(struct objects *os, const struct object *o);
/* Appends the next piece, which may be nothing.  1: there is more, 0: that was the last. */
int objects_composing_step(struct objects_composing *c, struct turn *t, struct buf *to,
                           struct err *e);
void objects_composing_free(struct objects_composing *c); /* NULL is fine; any thread */
/* A new version that is stored as the one before: what is composed has changed.  Absent: 0. */
int objects_touch(struct objects *os, struct turn *t, struct str uid, struct err *e);

/* What left the core: called once per changed object after the commit, in the order of versions.
 * `before` is NULL for a creation; `now` is the last version, and `gone` says that it was removed.
 * Both are borrowed.  For those who publish watch streams. */
typedef void objects_published_fn(void *arg, const struct object *before, const struct object *now,
                                  bool gone);
void objects_on_published(struct objects *os, objects_published_fn *fn, void *arg);

#endif
