/*
 * packet - Unix sockets that keep message boundaries (SOCK_SEQPACKET) and carry descriptors.
 *
 * The way to the spawner and to each pod's init.  Sends queue while the socket is full; nothing is
 * dropped.  An end or an error closes the socket and is told once.
 *
 *     OPEN -- peer closes, error, message too long --> CLOSED (on_close ran)
 *
 * Loop thread only.
 */
#ifndef IO_PACKET_H
#define IO_PACKET_H

#include <stddef.h>

#include "base/str.h"
#include "io/loop.h"

struct err;
struct packet;

enum { PACKET_MAX_BYTES = 256 * 1024, PACKET_MAX_FDS = 16 };

struct packet_handler {
    /* One message, borrowed.  fds are the receiver's: set those that are kept to -1, the rest is
     * closed afterwards.  May call packet_free(). */
    void (*on_message)(void *arg, struct str message, int *fds, size_t fds_n);
    /* The last callback.  `why` is a sentence fragment ("connection closed"). */
    void (*on_close)(void *arg, const char *why);
};

/* Takes fd, a connected SOCK_SEQPACKET socket. */
struct packet *packet_new(struct loop *l, int fd, const struct packet_handler *handler, void *arg,
                          struct err *e);
/* Sends or queues a copy; descriptors are duplicated, so the caller's stay the caller's.  Error
 * when the socket is closed, or a limit is passed. */
int packet_send(struct packet *p, struct str message, const int *fds, size_t fds_n, struct err *e);
/* Drops what is queued.  No callback afterwards.  NULL is fine. */
void packet_free(struct packet *p);

/* A connected pair, close-on-exec. */
int packet_pair(int ret[2], struct err *e);
/* Connects to the socket `name` inside the directory `dirfd` (reached through the descriptor's
 * path, since socket paths are short).  The descriptor, or an error: ERR_NOTFOUND if there is no
 * such file, ERR_UNAVAILABLE if nobody listens. */
int packet_connect(int dirfd, const char *name, struct err *e);

#endif
