/*
 * boxpacket - one message with descriptors over a SOCK_SEQPACKET socket.
 *
 * For spawner and init; the server's way is io/packet.  One thread.
 */
#ifndef INIT_BOXPACKET_H
#define INIT_BOXPACKET_H

#include <stddef.h>

#include "sandbox/boxmsg.h"

struct buf;
struct err;

struct boxpacket_fds {
    int at[BOXMSG_MAX_FDS];
    size_t n;
};
#define BOXPACKET_FDS_NONE ((struct boxpacket_fds){.n = 0})

int boxpacket_put(int socket, const struct boxmsg *m, const int *fds, size_t fds_n, struct err *e);
/* The next message's bytes: 1; 0 with e->code ERR_UNAVAILABLE: nothing is there yet; 0 with
 * e->code 0: the other end is closed; negative: an error.  Descriptors are the caller's. */
int boxpacket_get(int socket, struct buf *bytes, struct boxpacket_fds *fds, struct err *e);
void boxpacket_close_fds(struct boxpacket_fds *fds);

#endif
