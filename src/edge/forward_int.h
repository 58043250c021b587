/* forward_int - shared by the files of forward.  Its thread only. */
#ifndef EDGE_FORWARD_INT_H
#define EDGE_FORWARD_INT_H

#include <pthread.h>

#include "base/list.h"
#include "base/map.h"
#include "edge/forward.h"

struct loop;
struct mailbox;

/* Whom a route leads to, counted: a connection keeps the list with which it began. */
struct forward_backends {
    unsigned refs;
    size_t n;
    struct {
        struct address to;
        bool here; /* on this machine, so that the source can be chosen */
    } at[];
};

struct forward {
    struct forward_options options;
    pthread_t thread;
    struct loop *loop;
    struct mailbox *mailbox;
    struct map routes; /* by key */
    struct list links; /* connections: struct forward_link */
    struct map peers;  /* how many connections each client's address has */
    size_t limit;
    size_t connections;
};

void forward_backends_unref(struct forward_backends *b);

/* What tells one client from another: the bytes of its address, without the port.  Borrowed. */
struct str forward_client_key(const struct address *a);

/* Takes fd, a connection of a client.  `first` is the one behind that is tried first. */
void forward_link_start(struct forward *f, int fd, const struct address *peer,
                        const struct address *source, struct forward_backends *b, size_t first);
void forward_link_cut_all(struct forward *f);

#endif
