/*
 * routes_int - looking a request up in a route table; for the files of edge/ only.
 */
#ifndef EDGE_ROUTES_INT_H
#define EDGE_ROUTES_INT_H

#include "base/str.h"
#include "edge/routes.h"

struct arena;
struct buf;

enum { ROUTES_MAX_NAMES = 16 }; /* of one pattern */

struct routes_entry {
    struct route route; /* its texts are ours */
    char *names[ROUTES_MAX_NAMES];
    size_t names_n;
};

struct routes_match {
    const struct routes_entry *entry;
    struct str values[ROUTES_MAX_NAMES]; /* of the entry's names */
};

enum routes_result { ROUTES_FOUND, ROUTES_NO_PATH, ROUTES_NO_METHOD };

/* Values are of the path, or decoded in the arena.  With ROUTES_NO_METHOD, *allow lists the methods
 * that the path has. */
enum routes_result routes_find(const struct routes *r, struct arena *a, struct str method,
                               struct str path, struct routes_match *ret, struct buf *allow);

#endif
