/*
 * versions - the rows of objects: their current state, their past, and their indexes.
 *
 * A version is one JSON under one rv.  An object's row points at its current version; superseded
 * ones stay as the watch log until versions_prune().  Labels, indexed fields and owners of the
 * *current* version have rows of their own, which the caller adds and removes as they change.
 *
 * `resource` is a kind's plural with its group.  Core thread, in a turn.
 */
#ifndef STORE_VERSIONS_H
#define STORE_VERSIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct db;
struct err;

struct version {
    int64_t rv;
    int64_t prev_rv; /* 0: the first */
    char op;         /* 'A', 'M' or 'D' */
    bool finished;
    struct str resource, ns, name, uid, json;
    struct str prev_json; /* versions_changes() only: of the version before, or STR_NULL */
};

/* Adds the version and makes it the object's current one; with op 'D' the object's row goes. */
int versions_put(struct db *d, const struct version *v, struct err *e);
/* Takes back a version of this turn that another one replaces before anybody could see it. */
int versions_drop(struct db *d, int64_t rv, struct err *e);

/* One row that is read: called with borrowed text.  Not 0 ends the walk, and is returned if
 * negative. */
typedef int versions_row_fn(void *arg, const struct version *v, struct err *e);

/* The current version by key or uid: 1 and one call, or 0. */
int versions_by_key(struct db *d, struct str resource, struct str ns, struct str name,
                    versions_row_fn *fn, void *arg, struct err *e);
int versions_by_uid(struct db *d, struct str uid, versions_row_fn *fn, void *arg, struct err *e);
/* Every object that is not finished, of all resources. */
int versions_unfinished(struct db *d, versions_row_fn *fn, void *arg, struct err *e);
bool versions_uid_exists(struct db *d, struct str uid);

/* A page of current versions, ordered by namespace and name, behind (after_ns, after_name). */
enum versions_by { VERSIONS_ALL, VERSIONS_LABEL, VERSIONS_FIELD, VERSIONS_OWNER };
struct versions_query {
    struct str resource;
    struct str ns; /* STR_NULL: all namespaces */
    enum versions_by by;
    struct str key, value; /* of the label or field; a label's value STR_NULL: any.  owner: value */
    struct str after_ns, after_name;
    size_t limit;
};
int versions_list(struct db *d, const struct versions_query *q, versions_row_fn *fn, void *arg,
                  struct err *e);

/* The first namespace behind `after` that has an object of the resource; *ret is the caller's to
 * free, NULL if there is none. */
int versions_next_namespace(struct db *d, struct str resource, struct str after, char **ret,
                            struct err *e);
/* The first label key of a resource's objects behind `after`, or with a key its first value behind
 * `after`; *ret is the caller's to free, NULL if there is none. */
int versions_next_label(struct db *d, struct str resource, struct str key, struct str after,
                        char **ret, struct err *e);
/* How many rows versions_list() would give for VERSIONS_ALL, at most `limit`. */
int versions_count(struct db *d, const struct versions_query *q, int64_t *ret, struct err *e);
/* Every object of a resource as it was at version rv, which must not be older than what was pruned:
 * calls fn with rv and json set, in no particular order. */
int versions_at(struct db *d, struct str resource, int64_t rv, versions_row_fn *fn, void *arg,
                struct err *e);
/* The versions of a resource in (after, last], in their order, at most `limit`: calls fn with rv,
 * prev_rv, op, json and prev_json set.  Returns how many there were. */
int versions_changes(struct db *d, struct str resource, int64_t after, int64_t last, size_t limit,
                     versions_row_fn *fn, void *arg, struct err *e);

/* Index rows. */
struct version_index {
    struct str resource, ns, name, uid;
};
int versions_label(struct db *d, const struct version_index *of, struct str key, struct str value,
                   bool add, struct err *e);
int versions_field(struct db *d, const struct version_index *of, struct str path, struct str value,
                   bool add, struct err *e);
int versions_owner(struct db *d, struct str owner_uid, struct str uid, bool add, struct err *e);

/* Owners that went, or are to go, while they had dependants; kept until these were looked at. */
enum versions_fate {
    VERSIONS_COLLECT,    /* the owner is gone: dependants go */
    VERSIONS_KEEP,       /* dependants stay, without it */
    VERSIONS_FOREGROUND, /* the owner waits until its dependants have gone */
};
int versions_orphan_add(struct db *d, struct str owner_uid, enum versions_fate fate, struct err *e);
int versions_orphan_remove(struct db *d, struct str owner_uid, struct err *e);
/* Calls fn with `uid` set and the fate as `rv`. */
int versions_orphans(struct db *d, versions_row_fn *fn, void *arg, struct err *e);
/* The same for one of them: 1 and one call, or 0. */
int versions_orphan_get(struct db *d, struct str owner_uid, versions_row_fn *fn, void *arg,
                        struct err *e);
/* Calls fn with `uid` set, at most `limit` times, in the order of uids behind `after` (or
 * STR_NULL). */
int versions_dependants(struct db *d, struct str owner_uid, struct str after, size_t limit,
                        versions_row_fn *fn, void *arg, struct err *e);

/* Removes the versions that were replaced in (*from, before), looking at `limit` rows at most, and
 * moves *from behind the last one looked at: what objects were at *from, and every change since,
 * can still be told.  Returns how many went. */
int versions_prune(struct db *d, int64_t *from, int64_t before, size_t limit, struct err *e);

#endif
