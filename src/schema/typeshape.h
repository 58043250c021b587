/*
 * typeshape - how a value can be owned: as a whole, by fields, by keys, or by items.
 *
 *     scalars, and what is marked atomic      one owner
 *     objects and maps                        an owner for each field or key
 *     lists with keys, sets                   an owner for each item, found by its keys or value
 *     other lists                             one owner
 *
 * Where nothing is known of a type (custom resources but for metadata), the value tells: objects
 * are owned by keys, and lists as a whole.
 *
 * Pure; any thread.
 */
#ifndef SCHEMA_TYPESHAPE_H
#define SCHEMA_TYPESHAPE_H

#include <stdbool.h>

#include "base/str.h"

struct arena;
struct err;
struct json;
struct schema;

enum typeshape_kind {
    TYPESHAPE_WHOLE,  /* a scalar, or atomic */
    TYPESHAPE_OBJECT, /* has declared fields */
    TYPESHAPE_MAP,
    TYPESHAPE_KEYED, /* a list */
    TYPESHAPE_SET,   /* a list */
    TYPESHAPE_OPEN,  /* the value tells */
};

struct typeshape {
    enum typeshape_kind kind;
    const struct schema *type; /* NULL where nothing is known */
    const char *keys;          /* of a keyed list, comma-separated */
    bool custom;               /* the root of a custom resource: only metadata is known */
};

/* Of the objects of a kind. */
struct typeshape typeshape_root(const struct schema *kind);
/* Open ones become a map or a whole, as the value is; a null value keeps its shape open. */
struct typeshape typeshape_of_value(struct typeshape shape, const struct json *v);
/* What is below: of an object's field or map's key (*declared: the type names the field; false,
 * with an open shape, also if an object has no such field), of a list's items. */
struct typeshape typeshape_field(struct typeshape shape, struct str name, bool *declared);
struct typeshape typeshape_item(struct typeshape shape);

/* The path element of a list's item, in the arena (schema/fieldset.h).  ERR_BADREQUEST if the item
 * has none of the keys, or is no scalar in a set. */
int typeshape_element(struct arena *a, struct typeshape list, const struct json *item,
                      struct str *ret, struct err *e);
/* "f:NAME" */
struct str typeshape_field_element(struct arena *a, struct str name);

#endif
