/*
 * feed_int - the edge's side of a feed; for the files of edge/ only.  Edge thread.
 */
#ifndef EDGE_FEED_INT_H
#define EDGE_FEED_INT_H

#include "base/str.h"
#include "edge/feed.h"

struct mailbox;

bool feed_is_endless(const struct feed *f);
/* From now on wakes reach the mailbox's thread, which runs on_wake(arg).  By call_reply(), which
 * may be on another thread; the reply must go through the same mailbox afterwards. */
void feed_attach(struct feed *f, struct mailbox *m, void (*on_wake)(void *arg), void *arg);
enum feed_state feed_pull(struct feed *f, struct buf *to, size_t room);
/* Runs close(); on_wake does not run any more. */
void feed_close(struct feed *f);

#endif
