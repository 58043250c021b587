/*
 * apiselect - the objects of a kind that a label selector and a field selector choose.
 *
 * What lists, watches and deletions of collections have in common: the two texts of a query, the
 * fields that a kind lets itself be selected by, and which of it an index serves.
 *
 * Immutable once it is read; any thread.
 */
#ifndef API_APISELECT_H
#define API_APISELECT_H

#include <stdbool.h>

#include "base/str.h"

struct err;
struct kind;
struct object;
struct objects_query;
struct selector;

struct apiselect {
    struct selector *labels, *fields; /* NULL: all */
    const struct kind *kind;
};

/* Empty texts choose everything.  ERR_BADREQUEST in the API's words. */
int apiselect_read(const struct kind *k, struct str labels, struct str fields,
                   struct apiselect *ret, struct err *e);
bool apiselect_matches(const struct apiselect *s, const struct object *o);
/* The part of it that an index serves, for a query. */
void apiselect_index(const struct apiselect *s, struct objects_query *q);
/* metadata.name=X, or STR_NULL. */
struct str apiselect_name(const struct apiselect *s);
void apiselect_done(struct apiselect *s);

#endif
