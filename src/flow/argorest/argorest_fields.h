/*
 * argorest_fields - the "fields" of a query: which parts of an answer a client wants.
 *
 *     metadata.name,status.phase      these, and nothing else
 *     -status.nodes,spec              all but these
 *
 * Paths are of plain keys; they go through the items of arrays as if those were not there.  Pure;
 * any thread.
 */
#ifndef FLOW_ARGOREST_ARGOREST_FIELDS_H
#define FLOW_ARGOREST_ARGOREST_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct arena;
struct buf;
struct err;

struct argorest_fields {
    struct str *paths;
    size_t n; /* 0: everything */
    bool exclude;
};

/* The text must live as long as *ret. */
void argorest_fields_read(struct arena *a, struct str text, struct argorest_fields *ret);
/* Whether anything at `path` or below it is wanted. */
bool argorest_fields_want(const struct argorest_fields *f, struct str path);
/* The parts of an object, JSON text, that are wanted; `prefix` is its path within the answer: "",
 * or "items".  metadata and spec are there in any case, if only as {}.  Times that have not come
 * (startedAt and finishedAt of null) are left out: to the Python client null is a mistake there.
 * `object` must be an object. */
int argorest_fields_pass(const struct argorest_fields *f, struct str prefix, struct str object,
                         struct buf *to, struct err *e);

#endif
