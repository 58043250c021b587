/*
 * client_int - a client's connections, for the files of http/ only.
 *
 *     fetch --- client_take() --> a connection that idles, or a new one
 *     fetch --- client_give() --> it idles, until the next fetch, CLIENT_IDLE_US, or its end
 */
#ifndef HTTP_CLIENT_INT_H
#define HTTP_CLIENT_INT_H

#include <stdbool.h>

#include "base/list.h"
#include "io/address.h"
#include "io/timer.h"

struct err;
struct stream;
struct stream_handler;
struct tls;

struct client {
    struct loop *loop;
    struct list idle; /* the longest first */
    size_t idle_n;
};

struct client_link {
    struct list list; /* of the client, while it idles */
    struct client *client;
    struct address to;
    const struct tls *tls;
    struct stream *stream;
    struct timer timer;
};

/* Where a connection leads: two of the same place may be used for one another. */
struct client_place {
    const struct address *to;
    const struct tls *tls; /* NULL: plain */
    const char *tls_host;
};

/* An idle connection to the place, unless `fresh`, or one that begins to connect (*ret_used says
 * which).  Its stream's handler is the caller's.  NULL with *e filled if none can be made. */
struct client_link *client_take(struct client *c, const struct client_place *place, bool fresh,
                                const struct stream_handler *handler, void *arg, bool *ret_used,
                                struct err *e);
/* It may be used again. */
void client_give(struct client_link *l);
/* Closes. */
void client_drop(struct client_link *l);

#endif
