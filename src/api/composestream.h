/*
 * composestream - an object with what is composed (objects.h), as a body that is made while it is
 * sent.
 *
 * A piece is asked of the core when the one before it has left, so however large the whole is, only
 * a piece of it is in memory.  What came between two pieces may be missing.  An error in the middle
 * breaks the connection.
 *
 * One thread at a time, but for the pieces, which are made in turns.
 */
#ifndef API_COMPOSESTREAM_H
#define API_COMPOSESTREAM_H

struct apistream;
struct buf;
struct core;
struct objects_composing;

/* Takes what is under way.  `begun` (may be NULL) is the text that it has made so far, and is empty
 * afterwards. */
struct apistream *composestream_new(struct core *core, struct objects_composing *pieces,
                                    struct buf *begun);

#endif
