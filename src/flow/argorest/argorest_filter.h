/*
 * argorest_filter - which objects a list of this API is of.
 *
 * The selectors are the object API's; what is here comes on top of them:
 *
 *     listOptions.fieldSelector   metadata.name and metadata.namespace; of archived workflows also
 *                                 spec.startedAt>TIME and spec.startedAt<TIME
 *     nameFilter                  how metadata.name= is meant: Exact (default), Contains, Prefix
 *     namePrefix, namePattern     of the name: how it begins; what it contains
 *     createdAfter, finishedBefore, namespace
 *
 * Owns its texts.  One thread at a time.
 */
#ifndef FLOW_ARGOREST_ARGOREST_FILTER_H
#define FLOW_ARGOREST_ARGOREST_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "api/apiselect.h"
#include "base/arena.h"
#include "base/str.h"

struct apiparam;
struct err;
struct object;

struct argorest_filter {
    struct arena arena;
    struct apiselect select;
    struct str ns;                     /* STR_NULL: all */
    struct str name_prefix, name_part; /* STR_NULL: any */
    int64_t created_after_us, finished_before_us, started_after_us, started_before_us; /* 0: any */
    bool finished; /* only what is over */
};

/* `ns` is the path's: "" for all.  ERR_BADREQUEST: a selector, a time or a filter cannot be read.
 * argorest_filter_done() in every case. */
int argorest_filter_read(struct argorest_filter *f, const struct kind *k, struct str ns,
                         const struct apiparam *query, struct err *e);
bool argorest_filter_matches(const struct argorest_filter *f, const struct object *o);
void argorest_filter_done(struct argorest_filter *f);

#endif
