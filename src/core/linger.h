/*
 * linger - whether a turn that could commit waits a moment for more requests.
 *
 * A commit costs much the same for one row as for eight.  Clients that ask again as soon as they
 * have their answer fall into two groups: one is answered by a commit while the other arrives, so
 * that each commit serves half of them.  Waiting some hundred microseconds makes one group of them;
 * where nobody else comes it would only be late.  So it is learned: now and then a turn waits to
 * see whether those whom the turn before answered come back in time, and as long as they do,
 * further turns wait for as many.
 *
 *     want = linger_want(&l, before, now);   requests: answered by the turn before, in this one
 *     ... until there are `want`, or linger_patience_us() have passed ...
 *     linger_learn(&l, requests);            how many it were in the end
 *
 * Pure; core thread.
 */
#ifndef CORE_LINGER_H
#define CORE_LINGER_H

#include <stddef.h>
#include <stdint.h>

enum {
    LINGER_LOOK = 16,    /* every so many commits one waits to see */
    LINGER_MAX_US = 200, /* and never more than half of what a commit takes */
};

/* All zero at first: nobody is expected. */
struct linger {
    size_t expected; /* requests of a turn */
    unsigned turns;
    int64_t commit_us; /* what a commit takes, averaged */
};

/* How many requests to wait for; no more than there are means not at all.  Once a turn. */
size_t linger_want(struct linger *l, size_t before, size_t now);
/* For how long at most. */
int64_t linger_patience_us(const struct linger *l);
/* A turn with so many requests was stored. */
void linger_learn(struct linger *l, size_t requests);
/* A commit took so long, whoever asked for it. */
void linger_committed(struct linger *l, int64_t took_us);

#endif
