/*
 * fetch - one request to another server and its reply.
 *
 *     CONNECTING -- connected, head written --> SENDING   on_room() asks for the request's body
 *     SENDING -- head of the reply is there (on_head runs) --> REPLY
 *     REPLY -- fetch_read() --> on_piece() with the next bytes, until `last` --> ENDED
 *     CONNECTING, SENDING, REPLY -- broken, malformed, too slow (on_fail runs) --> FAILED
 *     any -- fetch_free() --> gone, without a callback
 *
 * Both bodies are pulled, so a proxy between a fast and a slow side holds nothing but the piece at
 * hand.  A kept connection that turns out to be closed is replaced by a new one, once, if the
 * request cannot have had an effect.
 *
 * Loop thread only; callbacks never run from inside of a call.
 */
#ifndef HTTP_FETCH_H
#define HTTP_FETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"
#include "http/fields.h"

struct address;
struct client;
struct err;
struct fetch;
struct stream;
struct tls;

enum { FETCH_LENGTH_UNKNOWN = -1 };

struct fetch_request {
    const struct address *to;
    const struct tls *tls; /* NULL: plain.  Must outlive the client */
    const char *tls_host;  /* what the certificate must name */
    struct str method, target, host;
    const struct field *fields; /* without Host, Content-Length and Transfer-Encoding */
    size_t fields_n;
    int64_t length; /* of the body; 0: none */
    int64_t
        head_us; /* for the head of the reply from when the request is sent; 0: LIMIT_UPSTREAM_US */
};

struct fetch_handler {
    /* There is room for the next piece of the request's body: owes one fetch_send(). */
    void (*on_room)(void *arg);
    /* fetch_status() and its kin have the head. */
    void (*on_head)(void *arg);
    /* Answers fetch_read(). */
    void (*on_piece)(void *arg, struct str bytes, bool last);
    /* ERR_UNAVAILABLE: no connection or a broken one; ERR_TIMEOUT; ERR_BADREQUEST: what it says is
     * no HTTP. */
    void (*on_fail)(void *arg, const struct err *why);
};

/* Nothing of *rq is kept.  NULL with *e filled if no connection can be tried. */
struct fetch *fetch_new(struct client *c, const struct fetch_request *rq,
                        const struct fetch_handler *handler, void *arg, struct err *e);
void fetch_send(struct fetch *f, struct str bytes, bool last);
void fetch_read(struct fetch *f);

/* Of the reply, once on_head has run; borrowed from the fetch. */
int fetch_status(const struct fetch *f);
const struct fields *fetch_fields(const struct fetch *f);
/* Of its body; FETCH_LENGTH_UNKNOWN if it does not say. */
int64_t fetch_length(const struct fetch *f);
/* The connection of a reply with status 101, whose handler the caller sets; the fetch is over. */
struct stream *fetch_upgrade(struct fetch *f);

/* Gives up what is not over yet.  NULL is fine. */
void fetch_free(struct fetch *f);
MEM_DEFINE_CLEANUP(struct fetch *, fetch_free)

#endif
