/*
 * edge - the threads that own connections.
 *
 * This folder is between HTTP (http/) and whoever answers.  Each edge thread runs a loop of its own
 * with its share of the connections; the first one accepts and hands new connections to the one
 * with the fewest.  Handlers (edge/call.h) run there and may pass work to other threads; replies
 * come back through the thread's mailbox.  What handlers there are says a route table
 * (edge/routes.h) that may be replaced at any time; what the edge needs to know of users comes as a
 * callback (edge/caller.h).  Nothing here knows the core.
 *
 * Requests of one connection are served one after the other, so one has at most one call in flight;
 * what a pipelining client sends ahead waits in its socket.  Ceilings are named below, and in
 * http/limits.h for a connection.  A ceiling costs the one that reaches it an answer (429, 431,
 * 413, 408, 504) or its connection, and the others nothing.
 *
 * Thread: edge_new(), edge_listen(), edge_start(), edge_stop() and edge_free() from the one that
 * made it; edge_publish(), edge_stats() and edge_dump() from any.
 */
#ifndef EDGE_EDGE_H
#define EDGE_EDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"
#include "base/str.h"
#include "edge/caller.h"

struct address;
struct buf;
struct edge;
struct err;
struct request;
struct routes;
struct tls;

enum {
    EDGE_MAX_CALLS = 1024,        /* handed out and not yet answered; more get 429 */
    EDGE_MAX_CONNECTIONS = 65536, /* of all threads, or as many as io/descriptors.h leaves; more
                                   * are closed at once, and those beyond a client's share
                                   * (edge/share.h) */
    EDGE_MAX_THREADS = 16,
    EDGE_RETRY_AFTER_S = 1, /* what 429 tells */
};

struct edge_options {
    int threads;                          /* 0: one for each processor but one, at least one */
    size_t max_calls;                     /* 0: EDGE_MAX_CALLS */
    size_t max_connections;               /* 0: EDGE_MAX_CONNECTIONS */
    caller_authenticate_fn *authenticate; /* NULL: no token is known, so every one is wrong */
    void *authenticate_arg;
    /* The caller that the server's own user and root are on plain loopback; NULL: nobody is
     * known without a token there either.  Borrowed. */
    const struct caller *local;
    /* Whether a peer may be taken for local by its user id: not if it is a pod.  NULL: every one.
     * Any edge thread. */
    bool (*may_be_local)(void *arg, const struct address *peer);
    void *may_be_local_arg;
    /* Hosts by which a browser may know this server besides "localhost" and loopback addresses, in
     * lower case; one that begins with a dot fits all below it.  A request to another one, or from
     * a page of another one (Origin), needs a token.  NULL-terminated; NULL: none. */
    const char *const *hosts;
    /* Writes the body of an error and sets its type, a static text; NULL: a Kubernetes Status. `rq`
     * is NULL for a request that was not understood.  Any thread. */
    void (*write_error)(void *arg, const struct request *rq, int status, const struct err *why,
                        struct buf *body, const char **content_type);
    void *write_error_arg;
};

struct edge *edge_new(const struct edge_options *o, struct err *e);

struct edge_listen {
    const struct address *address; /* port 0: a free one */
    const struct tls *tls;         /* borrowed until edge_free(); NULL: plain */
};
/* Binds and listens; connections are accepted after edge_start().  `ret` (may be NULL) is where.
 * ERR_FORBIDDEN for an address beyond loopback when there is no authenticator, ERR_CONFLICT for a
 * port in use. */
int edge_listen(struct edge *g, const struct edge_listen *l, struct address *ret, struct err *e);

/* Starts the threads.  Routes must have been published. */
int edge_start(struct edge *g, struct err *e);
/* The table for requests that come from now on.  Takes a reference of its own. */
void edge_publish(struct edge *g, struct routes *r);
/* Accepts nothing any more, closes idle connections, ends endless feeds, lets calls and replies go
 * on for at most `grace_us`, then cuts what is left.  Blocks until all threads have ended; every
 * call that is handed out must still be answered, also after this. */
void edge_stop(struct edge *g, int64_t grace_us);
/* After edge_stop(); waits for calls that are still handed out.  NULL is fine. */
void edge_free(struct edge *g);
MEM_DEFINE_CLEANUP(struct edge *, edge_free)
#define cleanup_edge CLEANUP(edge_free)

/* Counters since the start, and what is now.  The values need not fit one another. */
struct edge_stats {
    uint64_t accepted, refused;       /* connections */
    uint64_t requests, malformed;     /* heads that were read; answered 400 by the parser */
    uint64_t throttled, unauthorized; /* 429; 401 */
    uint64_t answered, gone;          /* calls, by what became of the reply */
    uint64_t status[6];               /* replies by their first digit */
    uint64_t bytes_in, bytes_out;
    uint64_t connections, calls, feeds; /* now */
};
void edge_stats(const struct edge *g, struct edge_stats *ret);
/* Of each thread a line "[edge thread N]", its loop, and its connections by state and age: for
 * `sluice debug`.  The question goes from thread
 * to thread; done(arg, text) runs on the last one, with borrowed text. */
void edge_dump(struct edge *g, void (*done)(void *arg, struct str text), void *arg);

#endif
