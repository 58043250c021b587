/*
 * attempts - rows of container attempts: what was ordered to start, and what became of it.
 *
 * The row with its attempt id and boot id is committed before the spawn (exactly-once start).  The
 * columns are what queries need; everything else of an attempt is its owner's JSON.
 *
 * Core thread, in a turn.
 */
#ifndef STORE_ATTEMPTS_H
#define STORE_ATTEMPTS_H

#include <stdint.h>

#include "base/str.h"

struct arena;
struct db;
struct err;

struct attempt_row {
    struct str id; /* unique for ever; begins with the pod's uid */
    struct str pod_uid;
    struct str container;
    int64_t n;          /* 0 for the first attempt of this container */
    struct str boot_id; /* of the machine when it was ordered */
    struct str state;   /* the owner's word: "intended", "running", "exited", "lost" */
    int64_t created_us; /* wall */
    struct str json;    /* the owner's own */
};

int attempts_insert(struct db *d, const struct attempt_row *row, struct err *e);
/* Sets state and json.  ERR_NOTFOUND. */
int attempts_update(struct db *d, struct str id, struct str state, struct str json, struct err *e);
/* ERR_NOTFOUND. */
int attempts_get(struct db *d, struct str id, struct arena *a, struct attempt_row *ret,
                 struct err *e);
/* All of a pod, by container and number; or, with pod_uid STR_NULL, all whose state is none of
 * "exited" and "lost", oldest first, for which every row is looked at. */
int attempts_list(struct db *d, struct str pod_uid, struct arena *a, struct attempt_row **ret,
                  size_t *count, struct err *e);
int attempts_delete_pod(struct db *d, struct str pod_uid, struct err *e);

#endif
