/*
 * exchange - one request on a connection and its reply, as the handler sees them.
 *
 *     handle(arg, x)            the head is there: exchange_own(), then answer now or later
 *     exchange_read()           asks for the next piece of the body; the client waits until then
 *     exchange_answer()         a whole reply, or
 *     exchange_begin()          its head, after which ...
 *     ops->proceed()            ... is called when the client has room, and answered with
 *     exchange_send()           ... the next piece of the body, at once or later, until the last
 *     ops->end()                exactly once: the reply is out, or the connection has gone
 *
 * So bodies are pulled in both directions, and neither a slow client nor a slow handler makes
 * anything grow.  Nothing here calls back from inside: what is done takes effect when the handler
 * has returned, or at the loop's next pass.  Loop thread only.
 */
#ifndef HTTP_EXCHANGE_H
#define HTTP_EXCHANGE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "http/request.h"

struct address;
struct arena;
struct err;
struct exchange;
struct loop;
struct server;
struct stream;

enum { EXCHANGE_MAX_PARTS = 8, EXCHANGE_LENGTH_UNKNOWN = -1 };

struct exchange_ops {
    /* The client has room: owes one exchange_send(). */
    void (*proceed)(void *arg, struct exchange *x);
    /* The exchange and its request are gone after this.  `sent`: the kernel has all of the reply.
     */
    void (*end)(void *arg, struct exchange *x, bool sent);
};

const struct request *exchange_request(const struct exchange *x);
struct arena *exchange_arena(struct exchange *x);
struct loop *exchange_loop(const struct exchange *x);
struct server *exchange_server(const struct exchange *x);
/* The other end; that of a Unix socket has no path. */
void exchange_peer(const struct exchange *x, struct address *ret);
/* The user at the other end of a plain connection on this machine (io/peer.h), looked up once for
 * the connection. */
int exchange_peer_uid(struct exchange *x, uid_t *ret, struct err *e);
/* Keeps the request and the arena in memory beyond the end; nothing else may be done with the
 * exchange then. */
void exchange_hold(struct exchange *x);
void exchange_release(struct exchange *x);

/* Must be called before the handler returns. */
void exchange_own(struct exchange *x, const struct exchange_ops *ops, void *arg);

/* Runs fn once with the next bytes of the body, borrowed; `last` (perhaps with no bytes) at its
 * end. With `why` the body is malformed (ERR_BADREQUEST) or has stopped coming (ERR_TIMEOUT): a
 * reply may still be given, the connection closes after it. */
typedef void exchange_body_fn(void *arg, struct exchange *x, struct str bytes, bool last,
                              const struct err *why);
void exchange_read(struct exchange *x, exchange_body_fn *fn, void *arg);

/* Status 200..599.  The fields are written at once; Date, Connection, Content-Length and
 * Transfer-Encoding are made here.  For HEAD, and for 204 and 304, proceed is never called. */
void exchange_begin(struct exchange *x, int status, const struct field *fields, size_t n,
                    int64_t length);
/* Answers a proceed.  The bytes are written or copied before it returns.  A body that does not have
 * the length it was said to have cuts the connection. */
void exchange_send(struct exchange *x, const struct str *parts, size_t n, bool last);
/* Head and body in one; the body is borrowed until the end. */
void exchange_answer(struct exchange *x, int status, const struct field *fields, size_t n,
                     struct str body);
/* The same with an error, in the shape that the server's write_error gives it. */
void exchange_fail(struct exchange *x, int status, const struct err *why);
/* The reply has no end of its own: it is over as soon as the client closes its half of the
 * connection, or the server drains (then proceed's next answer is taken for the last). */
void exchange_set_endless(struct exchange *x);
/* Cuts the connection, so that the client sees a reply that is not complete. */
void exchange_cut(struct exchange *x);
/* The words that go with a status; "" for one that has none here. */
const char *exchange_reason(int status);
/* Answers 101 with these fields and gives away the connection's stream, whose handler the caller
 * sets; the exchange ends as sent.  Only for a request without a body. */
struct stream *exchange_upgrade(struct exchange *x, const struct field *fields, size_t n);

#endif
