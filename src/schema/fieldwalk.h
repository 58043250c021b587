/*
 * fieldwalk - from values to sets of fields: what an object holds, and how two differ.
 *
 * Values walk beside their shapes (schema/typeshape.h); sets are those of schema/fieldset.h and
 * live in the caller's arena.  Items without a path element, which typed objects do not have, are
 * passed over.  Depth is that of the documents.
 *
 * Pure; any thread.
 */
#ifndef SCHEMA_FIELDWALK_H
#define SCHEMA_FIELDWALK_H

#include <stddef.h>

#include "base/str.h"
#include "schema/typeshape.h"

struct arena;
struct fieldset;
struct json;

/* The fields that a value holds, as they count for whoever applied it. */
struct fieldset *fieldwalk_set(struct arena *a, struct typeshape shape, const struct json *v);

struct fieldwalk_change {
    struct fieldset *added, *removed, *modified;
};

/* NULL stands for absent. */
struct fieldwalk_change fieldwalk_compare(struct arena *a, struct typeshape shape,
                                          const struct json *before, const struct json *after);

/* The set with those declared fields that lie above its members. */
struct fieldset *fieldwalk_with_fields(struct arena *a, struct typeshape shape,
                                       const struct fieldset *s);

/* The items of a list with their path elements, sorted by element; those of one element in the
 * order of the list. */
struct fieldwalk_item {
    struct str element;
    const struct json *value;
    size_t index;
};
struct fieldwalk_item *fieldwalk_items(struct arena *a, struct typeshape shape,
                                       const struct json *v, size_t *ret_n);

#endif
