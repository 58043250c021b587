/*
 * server - the HTTP/1.1 connections of one loop.
 *
 * Connections are adopted as sockets; the handler gets exchanges (http/exchange.h).  What of a
 * client is malformed, too long or too slow is answered here, in the shape that write_error gives.
 *
 *     SERVING -- server_drain() --> DRAINING    idle connections close, each other one after its
 *                                               reply; endless replies end
 *     DRAINING -- the last one has gone (on_empty runs) --> EMPTY
 *
 * Loop thread only, except server_counts().
 */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"

struct buf;
struct err;
struct exchange;
struct loop;
struct request;
struct server;
struct tls;

struct server_options {
    void (*handle)(void *arg, struct exchange *x);
    /* The body of an error; `content_type` is static.  The request is NULL when it was not
     * understood. */
    void (*write_error)(void *arg, const struct request *rq, int status, const struct err *why,
                        struct buf *body, const char **content_type);
    void (*on_empty)(void *arg); /* may be NULL */
    void *arg;
};

struct server *server_new(struct loop *l, const struct server_options *o);
struct server_arrival {
    int fd;                /* an accepted socket that does not block */
    const struct tls *tls; /* with which the connection begins; NULL: plain */
    /* Once it is closed, also if it became something else by an Upgrade; NULL: nobody asks. */
    void (*closed)(void *arg);
    void *arg;
};
/* Takes the socket, also if it fails. */
int server_adopt(struct server *s, const struct server_arrival *a, struct err *e);
void server_drain(struct server *s);
/* Cuts every connection. */
void server_cut(struct server *s);
/* Cuts and frees.  NULL is fine. */
void server_free(struct server *s);

/* What took a connection over by an Upgrade and goes on living on the loop.  It counts as a
 * connection of the server, until it is removed. */
struct server_guest {
    struct list link;
    void (*leave)(struct server_guest *g); /* the server drains: say good-bye */
    void (*cut)(struct server_guest *g);   /* go at once */
};
void server_add_guest(struct server *s, struct server_guest *g);
void server_remove_guest(struct server *s, struct server_guest *g);

/* Since the start, and what is now.  Any thread; the values need not fit one another. */
struct server_counts {
    uint64_t accepted, requests, malformed;
    uint64_t status[6]; /* replies by their first digit */
    uint64_t bytes_in, bytes_out;
    uint64_t connections; /* now, guests among them */
};
void server_counts(const struct server *s, struct server_counts *ret);
/* A line for each connection: state, age, request. */
void server_dump(const struct server *s, struct buf *to);

#endif
