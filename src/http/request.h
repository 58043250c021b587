/*
 * request - what a client asked for, as its head said it.
 *
 * Everything is borrowed from the exchange (http/exchange.h) or call (edge/call.h) that the
 * request belongs to, and immutable; so any thread may read it while that lives.
 */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "http/fields.h"

struct arena;
struct buf;
struct err;
struct head;

struct request {
    struct str method; /* "GET"; any token */
    struct str target; /* as it was sent */
    struct str path;   /* "/api/v1/pods": begins with '/', escapes as sent and known to be sound;
                        * has no "." or ".." segment.  "*" for OPTIONS *  */
    struct str query;  /* behind the '?', as sent; STR_NULL if there is no '?' */
    struct str host;   /* of the target or the Host field, in lower case, without the port and the
                        * brackets of an IPv6 address */
    int port;          /* of the same; 0 if it was not given */
    int minor;         /* of the version: 1 for HTTP/1.1, 0 for HTTP/1.0 */
    int64_t length;    /* of the body: 0 for none, REQUEST_LENGTH_UNKNOWN when it is chunked */
    bool secure;       /* over TLS */
    struct fields fields;
};

enum { REQUEST_LENGTH_UNKNOWN = -1 };

/* What a complete head asks for; texts are those of the head, or in the arena.  `length` is left to
 * the framing.  ERR_BADREQUEST says what is wrong with target or Host. */
int request_of_head(struct arena *a, const struct head *h, bool secure, struct request *ret,
                    struct err *e);

/* Percent-decoding of a segment or of a value of a query ('+' is a space there, as in forms).
 * STR_NULL for an escape that is none, or one of NUL. */
struct str request_decode(struct arena *a, struct str s, bool form);

/* The reverse: everything but letters, digits and -._~ is escaped, so that the text is one segment
 * or one value. */
void request_encode(struct buf *to, struct str s);

/* Next parameter of a query, decoded: false at the end, or (with *e filled, ERR_BADREQUEST) where
 * it is malformed.  Begin with the query in *rest. */
bool request_next_parameter(struct arena *a, struct str *rest, struct str *ret_name,
                            struct str *ret_value, struct err *e);

#endif
