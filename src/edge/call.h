/*
 * call - one request, from the moment a handler gets it until it is answered.
 *
 * The handler runs on an edge thread when the head of the request is there.  It may answer at once,
 * ask for the body, or pass the call to another thread, which answers when it can.
 *
 *     HANDED -- call_collect, call_read --> READING -- the body's function runs --> HANDED
 *     HANDED -- call_reply (any thread) --> ANSWERED           (the pointer is no longer valid)
 *     HANDED, READING -- the connection goes --> GONE          (on_gone and a body's function run)
 *     GONE -- call_reply (any thread) --> ANSWERED
 *
 * So every call is ended by exactly one call_reply(), whether or not somebody still listens; until
 * then the call and its request stay in memory and may be read by any thread.  Of what became of
 * the reply, its `done` is told, exactly once: answered (the last byte was given to the kernel) or
 * gone.
 *
 * Threads: call_reply(), call_request(), call_caller(), call_param() and call_arena() from whoever
 * holds the call, one thread at a time; everything else on its edge thread, which is where all
 * callbacks run.  Nothing here blocks.
 */
#ifndef EDGE_CALL_H
#define EDGE_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include "http/request.h"

struct address;
struct arena;
struct call;
struct caller;
struct err;
struct feed;
struct loop;
struct websocket;
struct websocket_handler;

/* A handler: call_reply() is owed. */
typedef void call_fn(void *arg, struct call *c);

const struct request *call_request(const struct call *c);
const struct caller *call_caller(const struct call *c);
/* A named segment of the route's pattern, decoded; STR_NULL if the pattern has none of that name.
 * The rest that "{name...}" stands for keeps its escapes. */
struct str call_param(const struct call *c, const char *name);
/* Lives until the call is answered. */
struct arena *call_arena(struct call *c);
/* Of the call's edge thread. */
struct loop *call_loop(const struct call *c);
/* Text for logs and audits: "127.0.0.1:41234", "unix:"; empty when it has gone. */
struct str call_peer(struct call *c);

/* The body.  Nothing is read before one of these asks, and a client that waits for "100 Continue"
 * gets it then; a call that is answered without asking never sees the body. */

/* Reads all of it, then runs fn(arg, c, NULL) once; call_body() is the text, which lives as long as
 * the call.  Or runs fn(arg, c, why) once: over `limit` bytes (ERR_TOOLARGE, naming the limit),
 * malformed (ERR_BADREQUEST), not coming any more (ERR_TIMEOUT), client gone (ERR_UNAVAILABLE). The
 * call is still to be answered then; call_fail(c, why) does, and is dropped for one that has gone.
 */
typedef void call_body_fn(void *arg, struct call *c, const struct err *why);
void call_collect(struct call *c, size_t limit, call_body_fn *fn, void *arg);
struct str call_body(const struct call *c);

/* Reads one piece, then runs fn(arg, c, bytes, last, NULL): `bytes` are borrowed for the call of fn
 * and may be none when `last`.  Ask again for the next one, from fn or later; the client is held
 * back until then.  Or runs fn with `why` as above, after which nothing more can be read. */
typedef void call_piece_fn(void *arg, struct call *c, struct str bytes, bool last,
                           const struct err *why);
void call_read(struct call *c, call_piece_fn *fn, void *arg);

/* fn(arg) runs at most once, on the edge thread, when the connection goes before the call is
 * answered: stop what is done for it.  It may run until the reply's `done` has. */
void call_on_gone(struct call *c, void (*fn)(void *arg), void *arg);

/* The answer. */

struct reply {
    int status;               /* 200..599 */
    const char *content_type; /* NULL: none */
    const struct field *fields;
    size_t fields_n; /* further fields; Content-Length, Transfer-Encoding, Connection and Date are
                      * the edge's */
    /* The body: either these bytes, which stay the sender's until release(release_arg) ... */
    struct str body;
    void (*release)(void *arg); /* NULL: copied by call_reply().  Edge thread, exactly once */
    void *release_arg;
    /* ... or a feed, of which call_reply() takes a reference of its own; with `length` it is sent
     * with Content-Length (and cut off if it gives fewer or more), at 0 chunked. */
    struct feed *feed; /* edge/feed.h */
    int64_t length;
    /* What became of it.  Edge thread, exactly once, after release() and the feed's close(). */
    void (*done)(void *arg, bool answered);
    void *done_arg;
};

/* Any thread.  Copies what *r points to, but for body with release, and feed. */
void call_reply(struct call *c, const struct reply *r);
/* The error in the shape that the edge's error writer gives it (edge/edge.h), with the status that
 * belongs to its code.  Any thread. */
void call_fail(struct call *c, const struct err *why);
/* The caller may not use the path: 403 in kube-apiserver's words.  Any thread. */
void call_forbid(struct call *c);

/* Answers with what the server at `to` answers (http/proxy.h), and ends the call.  The path is
 * `path` (STR_NULL: the request's own), with the request's query.  Edge thread. */
void call_proxy(struct call *c, const struct address *to, struct str path);

/* Turns the connection into a WebSocket (http/websocket.h), which is the caller's from then on, and
 * ends the call.  NULL with *e filled if the request is no sound handshake or offers none of the
 * protocols: then the call is still to be answered.  Edge thread. */
struct websocket *call_websocket(struct call *c, const char *const *protocols,
                                 const struct websocket_handler *handler, void *arg, struct err *e);

#endif
