/*
 * apidebug - GET /debug/state: what every part of the server says of itself.
 *
 * Text in sections: a line "[name]", then that part's lines.  The core's modules are asked in a
 * turn (core_dump), then each edge thread on itself (edge_dump), and the log gives its last
 * warnings and errors.  Who may get the path is the authorizer's to say: members of system:masters.
 *
 * It is asked past the limit of requests in the core, since it is for when there are too many.
 */
#ifndef API_APIDEBUG_H
#define API_APIDEBUG_H

#define APIDEBUG_PATH "/debug/state"

struct apiserver;
struct edge;
struct err;
struct routes;

struct apidebug {
    struct apiserver *server;
    struct edge *edge;
};

/* `d` is borrowed until the last table with the route is gone. */
int apidebug_add_route(struct routes *r, struct apidebug *d, struct err *e);

#endif
