/*
 * meta - metadata: what the server sets, what it checks, and how a new version of an object is put
 * together.
 *
 * Every document made here has apiVersion, kind and metadata first (object_write() counts on it),
 * metadata without resourceVersion, and the server's own fields as the server knows them.
 *
 * Pure functions; any thread.
 */
#ifndef API_META_H
#define API_META_H

#include <stdbool.h>
#include <stdint.h>

#include "api/kind.h"

struct err;
struct json;
struct json_doc;

/* What the server says of an object.  Texts are borrowed; p == NULL or 0: the field is left out. */
struct meta {
    struct str ns, name, generate_name, uid, created, deleted;
    int64_t generation;
    int64_t grace_seconds; /* < 0: left out */
};

enum { META_TIME_SIZE = 24, META_UID_SIZE = 37 };
/* "2026-03-01T10:00:00Z" */
void meta_time(int64_t us, char to[META_TIME_SIZE]);

/* The server's part of a stored object. */
void meta_of(const struct json *root, struct meta *ret);

/* Checks the metadata of an object that the platform makes, or all of it (kind.checked), by the
 * rules that requests are held to, too (schema/rules.h).  All problems are reported together as
 * ERR_INVALID. */
int meta_check(const struct kind *k, const struct json *root, struct err *e);
/* The reason why a name breaks its kind's rule, in Kubernetes' words; NULL if it does not. */
const char *meta_name_problem(const struct kind *k, struct str name);

/* A document: m over the metadata of `meta_root`, all fields of `body_root` but status, and the
 * status value (NULL: none). */
struct json_doc *meta_compose(const struct kind *k, const struct meta *m,
                              const struct json *meta_root, const struct json *body_root,
                              const struct json *status);

/* The same object with other finalizers: without `drop` (STR_NULL: none), with `add` behind them.
 */
struct json_doc *meta_with_finalizers(const struct kind *k, const struct meta *m,
                                      const struct json *root, struct str drop, struct str add);
/* The same object without its reference to one owner. */
struct json_doc *meta_without_owner(const struct kind *k, const struct json *root,
                                    struct str owner_uid);

#endif
