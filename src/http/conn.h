/*
 * conn - one HTTP/1.1 connection of a server, for the files of http/ only.
 *
 *     IDLE -- first byte --> HEAD
 *     HEAD -- the head is complete --> EXCHANGE         (the handler runs)
 *     HEAD -- malformed, too long, too slow --> LINGER  (answered 400, 414, 431, 408 ...)
 *     EXCHANGE -- reply out, all of the body read --> IDLE
 *     EXCHANGE -- reply out, little of the body left --> DISCARD -- read --> IDLE
 *     EXCHANGE -- reply out, to be closed --> LINGER
 *     LINGER -- the client has closed, or time is up --> freed
 *     any -- error, cut, too slow --> freed
 *
 * Lingering: closing a socket while the client still sends makes the kernel reset the connection,
 * and the client may lose the reply that it has not read yet.  So only our half is closed at first.
 *
 * Requests of one connection are served one after the other: what a pipelining client sends ahead
 * waits in the stream, which reads on only so far (STREAM_KEEP_BYTES) and so notices a client that
 * goes away.
 *
 * Every event ends in conn_settle(), which makes the moves; nothing else frees a connection.
 */
#ifndef HTTP_CONN_H
#define HTTP_CONN_H

#include <stdatomic.h>

#include "base/arena.h"
#include "base/buf.h"
#include "http/exchange.h"
#include "http/framing.h"
#include "http/head.h"
#include "http/server.h"
#include "io/address.h"
#include "io/loop.h"
#include "io/timer.h"

struct exchange {
    struct conn *conn;
    int holds; /* beside the connection's */
    struct arena arena;
    struct head head;
    struct framing framing;
    struct request request;
    const struct exchange_ops *ops;
    void *arg;

    exchange_body_fn *on_body; /* while a piece is asked for */
    void *on_body_arg;
    bool owes_continue;

    struct buf out;   /* head of the reply until it is written */
    struct str rest;  /* of exchange_answer(), what is not written yet */
    int status;       /* of the reply; 0 until it has begun */
    int64_t left;     /* of a reply with a length; else EXCHANGE_LENGTH_UNKNOWN */
    bool chunked;     /* the reply is */
    bool bare;        /* the reply has no body, whatever its fields say */
    bool asked;       /* proceed was called and not answered yet */
    bool last;        /* the last piece was given */
    bool endless;     /* see exchange_set_endless() */
    bool close_after; /* the connection is not to be used again */
};

enum conn_state { CONN_IDLE, CONN_HEAD, CONN_EXCHANGE, CONN_DISCARD, CONN_LINGER };

struct conn {
    struct list link; /* of the server */
    struct server *server;
    struct stream *stream; /* NULL when it was given away */
    enum conn_state state;
    int64_t since_us; /* in the state */
    struct timer timer;
    struct task settle;     /* for what happened outside of our own events */
    struct exchange *x;     /* in HEAD and EXCHANGE */
    struct framing discard; /* in DISCARD */
    uint64_t requests;
    uint64_t lingered;   /* bytes dropped */
    struct address peer; /* n is 0 until somebody asks */
    uid_t uid;
    enum { UID_UNKNOWN, UID_KNOWN, UID_REFUSED } uid_state;
    bool secure;     /* over TLS */
    bool peer_ended; /* the client sends nothing any more */
    bool reading;    /* what the stream was told last */
    bool progress;   /* the client has moved since the timer was armed */
    bool inside;     /* of one of our events */
    bool cut, dead;  /* to be cut; to be freed at the end of the event */
};

struct server {
    struct loop *loop;
    struct server_options options;
    struct list conns, guests;
    size_t conns_n; /* with guests */
    bool draining;
    int64_t date_s; /* of the text below */
    char date[40];
    struct {
        _Atomic uint64_t accepted, requests, malformed, bytes_in, bytes_out, connections, status[6];
    } counts;
};

/* Counters have one writer, the loop's thread. */
static inline void
server_count(_Atomic uint64_t *counter, uint64_t n)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
                          memory_order_relaxed);
}

struct conn *conn_new(struct server *s, const struct server_arrival *a, struct err *e);
/* To be called when something has changed: at once inside of an event, else at the next pass. */
void conn_changed(struct conn *c);
/* Closes it if it has nothing to do. */
void conn_drain(struct conn *c);
void conn_cut(struct conn *c);
const char *conn_state_name(const struct conn *c);

/* "Sun, 06 Nov 1994 08:49:37 GMT" of now, made once a second. */
const char *server_date(struct server *s);

/* Writes the head of a reply into x->out. */
void exchange_write_head(struct exchange *x, int status, const struct field *fields, size_t n,
                         int64_t length);
/* Ends a reply that has no end of its own. */
void exchange_end_early(struct exchange *x);
/* Writes what can be written now.  True when something was. */
bool exchange_pump(struct exchange *x);

#endif
