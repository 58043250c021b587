/*
 * watch - tells when a descriptor can be read or written.
 *
 * The descriptor stays the caller's and must be open until watch_free().  Level-triggered: what is
 * not taken is reported again.  Hang-up and errors count as readable, so that the next read says
 * which.  Real loops only.  Loop thread only.
 */
#ifndef IO_WATCH_H
#define IO_WATCH_H

#include "io/loop.h"

struct err;
struct watch;

enum { WATCH_READ = 1, WATCH_WRITE = 2 };

/* `ready`: the WATCH_ bits that hold now. */
typedef void watch_fn(void *arg, int ready);

/* Begins with `events` watched (0: none yet).  NULL with *e filled for a descriptor that cannot be
 * polled (a plain file). */
struct watch *watch_new(struct loop *l, int fd, int events, watch_fn *fn, void *arg, struct err *e);
/* Changes what is watched. */
void watch_set(struct watch *w, int events);
/* No callback afterwards, also from inside one.  NULL is fine. */
void watch_free(struct watch *w);

#endif
