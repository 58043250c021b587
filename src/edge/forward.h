/*
 * forward - listeners that pass TCP connections on to whoever stands behind them: Services.
 *
 * A route is an address to listen at, and the addresses behind it.  Connections go to them in turn,
 * or, for a sticky route, each client's to the same one while it is there.  One that cannot be
 * connected to is passed over for the next.  A route without addresses does not listen: whoever
 * connects is refused by the kernel, as where Kubernetes rejects.
 *
 * Bytes go both ways with back-pressure, and each direction ends by itself.  A change of a route
 * concerns new connections; those that are there go on.  On this machine the next peer sees the
 * client's address where `keeps_source` says so, and the route's own address otherwise, never the
 * server's: so nobody is taken for the server's user by way of a route.
 *
 *     CLOSED -- forward_set() with addresses, listens --> OPEN
 *     CLOSED -- the same, cannot listen (on_failure runs) --> FAILED, tried again FORWARD_RETRY_US
 *     FAILED -- listens at last --> OPEN
 *     any -- forward_set() without addresses --> CLOSED
 *
 * A thread of its own does all of it, so that neither API calls nor these wait for the others.
 * Connections are bounded: in all, and those of one client, so that one that opens them without end
 * is refused while the others are served.
 *
 * Any thread may call forward_set(); the rest is for the one that made it.
 */
#ifndef EDGE_FORWARD_H
#define EDGE_FORWARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "base/str.h"
#include "io/address.h"

struct err;
struct forward;

enum {
    FORWARD_MAX_CONNECTIONS = 8192, /* or as many as io/descriptors.h leaves */
    FORWARD_PEER_SHARE = 4,         /* one client has at most that part of them */
    FORWARD_TRIES = 4,              /* addresses that one connection tries */
};
#define FORWARD_CONNECT_US (10 * INT64_C(1000000))
#define FORWARD_RETRY_US (10 * INT64_C(1000000))

struct forward_route {
    struct address at;     /* where to listen */
    struct address source; /* from where to connect on this machine */
    const struct address *to;
    size_t to_n; /* 0: nobody is there */
    bool sticky;
};

struct forward_options {
    bool (*keeps_source)(const struct address *client);
    /* A route cannot listen: once for each time that it begins to fail.  On the forward's thread;
     * `key` is borrowed. */
    void (*on_failure)(void *arg, struct str key, const struct err *why);
    void *arg;
};

/* Starts the thread. */
struct forward *forward_new(const struct forward_options *o, struct err *e);
/* Sets the route of this key; NULL: there is none any more.  Everything is copied. */
void forward_set(struct forward *f, struct str key, const struct forward_route *r);
/* Cuts all connections, ends the thread.  NULL is fine. */
void forward_free(struct forward *f);

#endif
