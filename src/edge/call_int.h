/*
 * call_int - the inside of calls and edge threads; for the files of edge/ only.
 */
#ifndef EDGE_CALL_INT_H
#define EDGE_CALL_INT_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/buf.h"
#include "base/err.h"
#include "edge/call.h"
#include "edge/edge.h"
#include "edge/feed.h"
#include "edge/routes_int.h"
#include "io/mailbox.h"

struct client;
struct exchange;
struct server;
struct share;

struct edge_thread {
    struct edge *edge;
    int index;
    pthread_t thread;
    bool running;
    struct loop *loop;
    struct mailbox *mailbox;
    struct server *server;
    struct client *client; /* for proxying */
    struct routes *routes; /* the newest that this thread has seen */
    uint64_t routes_version;
    size_t open;            /* calls that are not over; for whoever runs the loop */
    struct buf piece;       /* what a feed has given, until it is written */
    atomic_size_t arriving; /* connections on their way here */
    atomic_bool stopped;
};

struct edge_counts {
    _Atomic uint64_t refused, throttled, unauthorized, answered, gone, feeds;
    atomic_size_t calls; /* handed out and not answered */
};

struct edge {
    struct edge_options options;
    struct edge_thread *threads;
    int threads_n;
    struct share *share; /* of connections */
    struct edge_counts counts;
    pthread_mutex_t lock;
    struct routes *routes; /* under the lock */
    _Atomic uint64_t routes_version;
    struct list listeners; /* the first thread's, once started */
    bool started;
};

struct call {
    struct letter letter; /* the reply, or a body's failure, on its way to the edge thread */
    struct edge_thread *thread;
    struct exchange *x; /* held for its request and arena until the end */
    bool gone;          /* the connection; edge thread */
    bool answered;      /* the reply has been taken up; edge thread */
    struct caller caller;
    struct routes *routes;
    struct routes_match match;

    call_body_fn *on_body; /* while the body is collected */
    call_piece_fn *on_piece;
    void *on_body_arg;
    size_t body_limit;
    struct buf body;
    struct err *why; /* of the letter that tells a failure */
    void (*on_gone)(void *arg);
    void *on_gone_arg;

    struct reply reply;
    bool waiting; /* the client has room and the feed has nothing */
};

/* The handler of the servers: finds out who and where, and hands a call out. */
void call_begin(struct edge_thread *t, struct exchange *x);
/* call_body.c: the client has gone; whoever reads the body is told. */
void call_body_gone(struct call *c);
/* The edge's own error writer. */
void call_write_error(const struct edge *g, const struct request *rq, int status,
                      const struct err *why, struct buf *body, const char **content_type);
/* The thread that runs now, or NULL if it is no edge thread. */
struct edge_thread *edge_current(void);
/* The newest table, borrowed until the thread's next look. */
struct routes *edge_routes(struct edge_thread *t);

#endif
