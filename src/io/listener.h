/*
 * listener - accepts connections at an address.
 *
 * When the process has no descriptor left, accepting pauses for a moment (LISTENER_PAUSE_US), so
 * that the waiting connection does not turn the loop into a busy one.  Loop thread only.
 */
#ifndef IO_LISTENER_H
#define IO_LISTENER_H

#include "io/loop.h"

struct address;
struct err;
struct listener;

enum { LISTENER_PAUSE_US = 100 * 1000, LISTENER_BACKLOG = 1024 };

/* Takes `fd`, which does not block and is close-on-exec.  May call listener_free(). */
typedef void listener_fn(void *arg, int fd, const struct address *peer);

/* Binds and listens, without a loop yet: ERR_CONFLICT if the address is in use, ERR_FORBIDDEN for a
 * port that needs privileges.  `at` gets the port that was chosen for 0.  A Unix socket has mode
 * 0600; one that nobody listens at any more is replaced. */
struct listener *listener_new(struct address *at, struct err *e);
/* Begins to accept on a loop, which must be run by the calling thread. */
int listener_start(struct listener *n, struct loop *l, listener_fn *fn, void *arg, struct err *e);
/* Stops accepting and closes; the file of a Unix socket is removed.  NULL is fine. */
void listener_free(struct listener *n);
MEM_DEFINE_CLEANUP(struct listener *, listener_free)

#endif
