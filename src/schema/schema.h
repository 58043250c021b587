/*
 * schema - what fields an object has: one table for everybody who must know.
 *
 * The files defs/NAME.schema say, for each group-version, which types there are and which fields
 * they have: the field's type, its protobuf number, the key by which a list of it merges, its
 * default, whether it may change, and help in our own words.  tools/gen-schema turns them into one
 * static table at build time; strict validation, merging, `explain`, defaults and the protobuf
 * decoder read it, and none of them has a field list of its own.
 *
 * A type is a `const struct schema *`, which lives for ever.  A list, a map and a leaf are types as
 * well, so whoever walks a value walks the types beside it:
 *
 *     schema_lookup(STR("v1"), STR("Pod")) -> field "spec" -> field "containers" -> schema_item()
 *
 * Pure functions over static data: any thread, nothing fails.
 */
#ifndef SCHEMA_SCHEMA_H
#define SCHEMA_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct schema;

enum schema_form {
    SCHEMA_OBJECT, /* named fields: schema_field_at() */
    SCHEMA_LIST,   /* schema_item() is the type of its items */
    SCHEMA_MAP,    /* text keys; schema_item() is the type of values */
    /* Leaves; tools/gen-schema knows their names in the definition files. */
    SCHEMA_STRING,
    SCHEMA_BOOL,
    SCHEMA_INT32,
    SCHEMA_INT64,
    SCHEMA_DOUBLE,
    SCHEMA_BYTES,         /* base64 text */
    SCHEMA_INT_OR_STRING, /* a number or a text */
    SCHEMA_ANY_STRING,    /* any scalar, which counts as its text */
    SCHEMA_QUANTITY,      /* 500m, 1Gi, 0.5: text or number */
    SCHEMA_TIME,          /* RFC 3339 */
    SCHEMA_MICROTIME,     /* RFC 3339 with a fraction */
    SCHEMA_DURATION,      /* 1h30m, as Go prints it */
    SCHEMA_ANY,           /* any value at all */
    SCHEMA_FREE_OBJECT,   /* an object with whatever fields */
};

enum schema_flag {
    SCHEMA_REQUIRED = 1 << 0,    /* must be there and not null */
    SCHEMA_IMMUTABLE = 1 << 1,   /* an update may not change it */
    SCHEMA_ATOMIC = 1 << 2,      /* an object, list or map that is replaced as a whole */
    SCHEMA_SET = 1 << 3,         /* a list of scalars that merges as a set */
    SCHEMA_RETAIN_KEYS = 1 << 4, /* an object of alternatives: a patch's $retainKeys counts */
    SCHEMA_OLD = 1 << 5,         /* an older spelling that is still accepted */
    SCHEMA_STATUS = 1 << 6,      /* belongs to the status subresource */
    SCHEMA_ALWAYS = 1 << 7,      /* printed even when empty: no omitempty in Go */
    SCHEMA_POINTER = 1 << 8,     /* a scalar whose zero differs from its absence */
};

struct schema_field {
    struct str name;
    const struct schema *type;
    const char *merge_key;    /* strategic merge key of a list of objects, or NULL */
    const char *list_keys;    /* comma-separated keys of a list that server-side apply merges, or
                                 NULL */
    const char *default_json; /* JSON text, or NULL */
    const char *help;         /* one sentence, or NULL */
    unsigned number;          /* protobuf field number, or 0 while unknown */
    unsigned outer;           /* number of the message field that `number` is part of, or 0: in JSON
                                 the fields of some messages stand among those of the one around */
    unsigned flags;           /* enum schema_flag */
};

/* The type of the objects of a kind: "v1" and "Pod".  NULL if there is none. */
const struct schema *schema_lookup(struct str api_version, struct str kind);
/* Any named type of a group-version: "v1" and "PodSpec".  NULL if there is none. */
const struct schema *schema_type(struct str api_version, struct str name);
/* Whether objects of a group-version are stored as they come, as custom resources are. */
bool schema_is_custom(struct str api_version);
/* All kinds, one after another from 0: false behind the last.  Texts are static. */
bool schema_kind_at(size_t i, const char **ret_api_version, const char **ret_kind,
                    const struct schema **ret);

enum schema_form schema_form(const struct schema *s);
/* "PodSpec" for an object; "[]Container", "map[string]string", "string" for the rest. */
const char *schema_name(const struct schema *s);
/* "v1" for an object type: the group-version whose file defines it; "" for the rest. */
const char *schema_version(const struct schema *s);
/* Whether it is an object type that has one owner and is replaced as a whole, wherever it is used.
 */
bool schema_is_atomic(const struct schema *s);
/* The type of items or values; NULL unless s is a list or map. */
const struct schema *schema_item(const struct schema *s);

/* Fields of an object type, sorted by name.  0 for others. */
size_t schema_field_count(const struct schema *s);
struct schema_field schema_field_at(const struct schema *s, size_t i);
/* Where the field is, or -1. */
ptrdiff_t schema_field_index(const struct schema *s, struct str name);
/* False, and *ret untouched, if the type has no such field. */
bool schema_field(const struct schema *s, struct str name, struct schema_field *ret);
/* The type at a path below s: "spec.containers[].env", where "[]" steps into a list's items and
 * "{}" into a map's values.  NULL if it leads nowhere. */
const struct schema *schema_at(const struct schema *s, const char *path);

#endif
