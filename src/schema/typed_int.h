/*
 * typed_int - what typed.c and typed_value.c know of a body that is decoded.
 */
#ifndef SCHEMA_TYPED_INT_H
#define SCHEMA_TYPED_INT_H

#include "base/arena.h"
#include "base/buf.h"
#include "data/json.h"
#include "schema/schema.h"
#include "schema/typed.h"

struct err;
struct problems;

struct typed {
    struct json_build build;
    struct arena arena;
    struct buf path;   /* of the value, "spec.containers[0].image" */
    struct buf fields; /* as Go names it, "spec.containers.image" */
    const char *owner; /* the innermost object type, as Go names it */
    struct problems *problems;
    struct err *e; /* the first error */
};

/* Adds one value that is no object, list or map, nor null.  Negative for an error that ends
 * everything; other errors are kept, and null is added. */
int typed_put_leaf(struct typed *t, const struct schema *s, const struct json *v);
/* Keeps the error that a value is of another type; adds null. */
void typed_wrong_value(struct typed *t, const struct schema *s, const struct json *v,
                       bool with_number);

#endif
