/*
 * fieldmerge - putting one value over another and taking fields out, as ownership sees values.
 *
 * Shapes are those of schema/typeshape.h.  Pure; any thread.
 */
#ifndef SCHEMA_FIELDMERGE_H
#define SCHEMA_FIELDMERGE_H

#include "schema/typeshape.h"

struct arena;
struct err;
struct fieldset;
struct json;
struct json_doc;

/* Whether `applied` can be merged: every field declared, types right, keys there and no item twice.
 * ERR_IO with what is wrong, in upstream's words (which it answers with status 500). */
int fieldmerge_check(struct arena *a, struct typeshape shape, const struct json *applied,
                     struct err *e);
/* `over` laid over `base`: maps and lists with keys merge, the rest is replaced. */
struct json_doc *fieldmerge_over(struct arena *a, struct typeshape shape, const struct json *base,
                                 const struct json *over);
/* The value without the members of a set and what is below them.  A field that becomes empty
 * without being a member is gone, or with `keep_null` null, by which it still counts as a field. */
struct json_doc *fieldmerge_remove(struct arena *a, struct typeshape shape, const struct json *v,
                                   const struct fieldset *remove, bool keep_null);

#endif
