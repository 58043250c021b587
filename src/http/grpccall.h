/*
 * grpccall - one unary call of a gRPC service over a cleartext connection of its own.
 *
 *     CONNECTING -- connected, the server's SETTINGS are here --> READY: the request goes out
 *     READY -- the stream has ended (on_end runs: a status, a message) --> ENDED
 *     CONNECTING -- no connection, or no HTTP/2 on it (on_end runs: GRPCCALL_UNREACHED) --> ENDED
 *     READY -- the connection is lost, or speaks nonsense (on_end runs: a status) --> ENDED
 *     any -- grpccall_free() --> gone, without an answer
 *
 * The framing is libnghttp2's, which HTTP/2 needs for more than it seems (HPACK and its Huffman
 * code for as little as the status behind an answer) and which gets security updates.  What this
 * file adds is what gRPC says with it, and a ceiling: GRPCCALL_TAKEN_BYTES of whatever the server
 * sends, be it answers, pings or settings.  Where the other end breaks the rules, the status and
 * its text are those that a Go client would report, since users know them from there.
 *
 * No time limit: the owner has a timer.  Loop thread only; real loops only.
 * Source: "gRPC over HTTP2" of the gRPC project; RFC 9113.
 */
#ifndef HTTP_GRPCCALL_H
#define HTTP_GRPCCALL_H

#include <stdbool.h>

#include "base/str.h"

struct address;
struct buf;
struct err;
struct grpccall;
struct loop;

enum {
    GRPCCALL_TAKEN_BYTES = 64 * 1024,
    GRPCCALL_UNREACHED = -1, /* in place of a status */
};

/* Numbers of the protocol that somebody here tells apart. */
enum {
    GRPCCALL_OK = 0,
    GRPCCALL_UNKNOWN = 2,
    GRPCCALL_RESOURCE_EXHAUSTED = 8,
    GRPCCALL_UNIMPLEMENTED = 12,
    GRPCCALL_INTERNAL = 13,
    GRPCCALL_UNAVAILABLE = 14,
};

struct grpccall_request {
    const struct address *to;
    struct str authority; /* "host:port" */
    struct str path;      /* "/package.Service/Method" */
    struct str agent;     /* the user agent */
    struct str message;   /* encoded; any bytes */
    int64_t timeout_us;   /* what the server is told of it; 0: nothing */
};

/* The answer, once, from the loop: a status and its text (valid UTF-8), or with GRPCCALL_OK the
 * message.  May free the call. */
typedef void grpccall_fn(void *arg, int status, struct str text_or_message);

/* NULL with *e filled if no connection can be tried.  Everything is copied. */
struct grpccall *grpccall_new(struct loop *l, const struct grpccall_request *rq, grpccall_fn *fn,
                              void *arg, struct err *e);
/* The server has said that it speaks HTTP/2. */
bool grpccall_is_ready(const struct grpccall *c);
/* NULL is fine. */
void grpccall_free(struct grpccall *c);

/* "NotFound"; appends "Code(99)" for numbers without a name. */
void grpccall_write_status(int status, struct buf *to);

#endif
