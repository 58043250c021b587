/*
 * fieldset - a set of field paths: who owns what.
 *
 * A path is a row of elements, each written as the API writes it in FieldsV1:
 *
 *     f:NAME       a field, or the key of a map
 *     k:{...}      the item of a list that has these keys, sorted by name
 *     v:VALUE      the item of a list of scalars that is this value
 *     i:N          the item at a place (no list here is owned so, but clients may send it)
 *
 * The set is a tree; a node is one element of paths that share what is before it, and is a member
 * if the path ends there.  {"f:data": {".": {}, "f:a": {}}} has the members .data and .data.a.
 *
 * Sets and their texts live in an arena.  After it is built a set does not change, and the results
 * of operations share parts with their operands.  One thread at a time.
 *
 * Source: Kubernetes' description of server-side apply.
 */
#ifndef SCHEMA_FIELDSET_H
#define SCHEMA_FIELDSET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct arena;
struct buf;
struct err;
struct json;
struct json_build;

struct fieldset {
    struct str element; /* "" for the root */
    bool member;
    struct fieldset **children; /* sorted by element */
    size_t n, cap;
};

/* An empty set. */
struct fieldset *fieldset_new(struct arena *a);
/* Adds one path; the elements' texts must live as long as the arena. */
void fieldset_insert(struct arena *a, struct fieldset *s, const struct str *path, size_t n);

/* What is below an element, or NULL. */
const struct fieldset *fieldset_child(const struct fieldset *s, struct str element);
bool fieldset_is_empty(const struct fieldset *s); /* NULL is */

/* Members of either, of both, of a and not b. */
struct fieldset *fieldset_union(struct arena *a, const struct fieldset *x,
                                const struct fieldset *y);
struct fieldset *fieldset_intersection(struct arena *a, const struct fieldset *x,
                                       const struct fieldset *y);
struct fieldset *fieldset_difference(struct arena *a, const struct fieldset *x,
                                     const struct fieldset *y);
/* Members of x that are not members of y nor below one. */
struct fieldset *fieldset_without(struct arena *a, const struct fieldset *x,
                                  const struct fieldset *y);

/* From FieldsV1, with elements in canonical form; texts are copied.  ERR_BADREQUEST for what is
 * none. */
int fieldset_read(struct arena *a, const struct json *fields, struct fieldset **ret, struct err *e);
/* As the value of `key`. */
void fieldset_write(const struct fieldset *s, struct json_build *b, const char *key);

/* ".spec.containers[name=\"main\"].image" */
void fieldset_path_text(const struct str *path, size_t n, struct buf *to);
/* Calls for every member, in order. */
typedef void fieldset_fn(void *arg, const struct str *path, size_t n);
void fieldset_each(const struct fieldset *s, fieldset_fn *fn, void *arg);

#endif
