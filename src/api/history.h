/*
 * history - of the finished objects of a kind, the latest ones are kept.
 *
 * Finished objects cost disk, not work, so most may stay for a long time; but a machine that runs
 * for a year must not fill up.  A history knows the finished objects of one kind in the order in
 * which they finished.  When there are more than the limit, the oldest are deleted: not at once,
 * but HISTORY_PAUSE_US later (a controller that reads what a Pod left has done so by then, and a
 * thousand ends cost one look), and HISTORY_BATCH at a time.  So are those whose status.finishedAt
 * (creationTimestamp where there is none) is longer ago than an age.  What they own follows them,
 * as after any deletion.
 *
 *   (object finishes) --> KEPT, the newest --> beyond a limit: deleted, if it has no finalizers
 *
 * The order is in memory; after a restart it is that of the objects' last versions.  Core thread.
 */
#ifndef API_HISTORY_H
#define API_HISTORY_H

#include <stddef.h>
#include <stdint.h>

struct core;
struct history;
struct kind;
struct objects;

#define HISTORY_ALL SIZE_MAX
#define HISTORY_PAUSE_US CLOCK_SECOND
enum { HISTORY_BATCH = 50 };

/* Keeps `limit` finished objects of the kind, and none longer than `age_us` (0: any time).  After
 * objects_new(), before core_start(). */
struct history *history_new(struct core *c, struct objects *os, const struct kind *k, size_t limit,
                            int64_t age_us);
/* After the core.  NULL is fine. */
void history_free(struct history *h);

#endif
