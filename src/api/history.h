/*
 * history - of the finished objects of a kind, the latest ones are kept.
 *
 * Finished objects cost disk, not work, so most may stay for a long time; but a machine that runs
 * for a year must not fill up.  When there are more of a kind than the limit, the oldest are
 * deleted: not at once, but HISTORY_PAUSE_US later (a controller that reads what a Pod left has
 * done so by then, and a thousand ends cost one look), and HISTORY_BATCH at a time.  So are those
 * whose status.finishedAt (creationTimestamp where there is none) is longer ago than an age, and,
 * where the whole takes more bytes than it may, as many of the oldest as their share of them.  What
 * they own follows them, as after any deletion.
 *
 *   (object finishes) --> KEPT, the newest --> beyond a limit: deleted, if it has no finalizers
 *
 * The oldest is the one that changed least recently.  Memory holds a count, not the objects: after
 * a start it is made from the rows, HISTORY_PAGE in a turn, while the server serves.
 *
 *   COUNTING -- the last page --> COUNTED     (until then only what was counted is
 *                                                beyond the limit)
 *
 * Core thread.
 */
#ifndef API_HISTORY_H
#define API_HISTORY_H

#include <stddef.h>
#include <stdint.h>

struct core;
struct history;
struct kind;
struct objects;
struct turn;

#define HISTORY_ALL SIZE_MAX
#define HISTORY_PAUSE_US CLOCK_SECOND
/* From a change of what is kept to the next look at the bytes: what was deleted goes piecemeal. */
#define HISTORY_MEASURE_US (10 * CLOCK_SECOND)
enum { HISTORY_BATCH = 50, HISTORY_PAGE = 1000 };

/* Keeps `limit` finished objects of the kind, and none longer than `age_us` (0: any time).  After
 * objects_new(), before core_start(). */
struct history *history_new(struct core *c, struct objects *os, const struct kind *k, size_t limit,
                            int64_t age_us);
/* Keeps no more than `bytes`.  measure() is called when it is worth knowing how many there are, and
 * leads to history_measured() some time later.  Before core_start(). */
void history_limit_bytes(struct history *h, int64_t bytes, void (*measure)(void *arg), void *arg);
void history_measured(struct history *h, struct turn *t, int64_t bytes);
/* After the core.  NULL is fine. */
void history_free(struct history *h);

#endif
