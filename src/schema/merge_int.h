/*
 * merge_int - what merge.c and merge_list.c know of each other.
 */
#ifndef SCHEMA_MERGE_INT_H
#define SCHEMA_MERGE_INT_H

#include "base/str.h"

struct err;
struct json;
struct json_build;
struct schema;
struct schema_field;

/* Beginnings of keys that are instructions for the list named behind them. */
#define MERGE_DELETE_PREFIX STR("$deleteFromPrimitiveList/")
#define MERGE_ORDER_PREFIX STR("$setElementOrder/")

/* Adds the merged value.  A NULL schema is unknown, a NULL base absent. */
int merge_value(struct json_build *b, const struct schema *s, const struct json *base,
                const struct json *patch, struct err *e);

/* Adds the merged list of a field that has a merge key or is a set.  `whole` is the object around
 * `patch`, whose instructions count; base and patch may be NULL. */
int merge_list(struct json_build *b, const struct schema_field *field, const struct json *base,
               const struct json *patch, const struct json *whole, struct err *e);

#endif
