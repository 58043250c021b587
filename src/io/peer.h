/*
 * peer - which user is at the other end of a connection on this machine.
 *
 * A Unix socket says so by itself.  For TCP over loopback the kernel's socket table is asked for
 * exactly the peer's socket (sock_diag(7)), whose owner is the user that made it.  A socket whose
 * process has closed it belongs to nobody, and the table then shows user 0; it is told from root's
 * by its inode, which is 0 too.  Any thread; does not block.
 */
#ifndef IO_PEER_H
#define IO_PEER_H

#include <sys/types.h>

struct err;

/* The user id behind a connected socket of ours, as seen in our user namespace.  ERR_NOTFOUND when
 * the peer is on another machine or has gone. */
int peer_uid(int fd, uid_t *ret, struct err *e);

#endif
