/*
 * feed - a body that comes piece by piece, produced by another part of the program.
 *
 * The edge asks for the next bytes when the client has room, so nothing is ever queued for a slow
 * client: a watcher is a cursor into its owner's ring, a followed log an offset in its file.
 *
 *     MADE -- call_reply() --> PULLED       pull() is asked whenever the client has room
 *     PULLED -- FEED_WAIT --> WAITING -- feed_wake() (any thread) --> PULLED
 *     PULLED, WAITING -- FEED_END, FEED_BREAK, client gone, server stops --> CLOSED (close() runs)
 *
 * One that is never given to a call is never pulled and never closed.
 */
#ifndef EDGE_FEED_H
#define EDGE_FEED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"

struct buf;
struct feed;

enum feed_state {
    FEED_MORE,  /* there were some, ask again */
    FEED_WAIT,  /* there are no more now: feed_wake() will be called */
    FEED_END,   /* these were the last (there may be none) */
    FEED_BREAK, /* something is wrong: the connection is cut, so that nobody takes it for the end */
};

struct feed_ops {
    /* Appends up to `room` bytes.  Edge thread.  May be called again after FEED_WAIT without a
     * wake. */
    enum feed_state (*pull)(void *arg, struct buf *to, size_t room);
    /* No pull comes after this.  Edge thread, exactly once. */
    void (*close)(void *arg);
};

/* `endless`: it has no end of its own (a watch, a followed log), so it ends when the client closes
 * its half of the connection and when the server stops; others are sent to their end.  The first
 * reference is the caller's. */
struct feed *feed_new(const struct feed_ops *ops, void *arg, bool endless);
struct feed *feed_ref(struct feed *f);
void feed_unref(struct feed *f); /* NULL is fine */
MEM_DEFINE_CLEANUP(struct feed *, feed_unref)
/* There may be bytes.  Any thread that holds a reference, while the edge lives; many wakes are one.
 * Does nothing before call_reply() and after the close. */
void feed_wake(struct feed *f);

#endif
