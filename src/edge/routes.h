/*
 * routes - which handler a request goes to.
 *
 * A table is built once, then published (edge_publish) and never changed again; it is counted, so a
 * request that found its handler in one table is served by it although another has been published
 * since.  `arg` of a route must live as long as the table: `release` is run when the last reference
 * to the table goes, on whichever thread that is.
 *
 * Patterns are paths of segments: literal text, "{name}" for any one segment that is not empty, and
 * as the last one "{name...}" for the rest, which may be empty.  Where several fit, a literal goes
 * before a name and a name before a rest, from left to right.  A method of NULL takes every method
 * that has no route of its own; HEAD is served by GET's route.  A path without the method is 405
 * with Allow, one that nothing fits 404.
 */
#ifndef EDGE_ROUTES_H
#define EDGE_ROUTES_H

#include "base/mem.h"
#include "edge/call.h"

struct err;
struct routes;

enum route_access {
    ROUTE_CALLERS, /* whoever is known; others get 401 */
    ROUTE_ANYBODY, /* also CALLER_NONE; a wrong credential is 401 still */
};

struct route {
    const char *method;
    const char *pattern;
    enum route_access access;
    call_fn *handler;
    void *arg;
    void (*release)(void *arg); /* NULL: nothing to do */
};

struct routes *routes_new(void);
/* ERR_INVALID for a malformed pattern, ERR_EXISTS for the second of one method and pattern. */
int routes_add(struct routes *r, const struct route *route, struct err *e);
struct routes *routes_ref(struct routes *r);
void routes_unref(struct routes *r); /* NULL is fine */
MEM_DEFINE_CLEANUP(struct routes *, routes_unref)
#define cleanup_routes CLEANUP(routes_unref)

#endif
