/*
 * watchlog - the latest changes of each kind, for those who watch.
 *
 * What a commit changed is appended to the ring of its kind: the object before and after.  A
 * watcher is a cursor into a ring, never a queue of its own, so a slow one costs nothing.
 *
 *     ring:   floor | event event event event ...           events of all cursors share the objects
 *                         ^ cursor
 *
 * A ring holds at most WATCHLOG_MAX_BYTES of objects; a cursor that falls off its end is lost, and
 * its watch ends with 410.  Events that no cursor still needs are kept up to WATCHLOG_IDLE_BYTES,
 * and none when the core has nothing to do, for watches that come back soon: older ones are read
 * from the versions table, which is the log across restarts too.
 *
 * Threads: watchlog_open() and appending from the core's; everything else from any, one cursor
 * from one thread at a time.
 */
#ifndef API_WATCHLOG_H
#define API_WATCHLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"

struct core;
struct kind;
struct object;
struct objects;
struct watchlog;
struct watchring;

enum {
    WATCHLOG_MAX_BYTES = 16 * 1024 * 1024,
    WATCHLOG_IDLE_BYTES = 256 * 1024,
    WATCHLOG_TAKEN_BYTES = 256 * 1024, /* beyond that watchlog_take() gives no further event */
};

struct watchevent {
    struct object *before, *now; /* before: NULL for a creation */
    bool gone;
};
void watchevent_done(struct watchevent *e);

struct watchcursor {
    struct list link;
    struct watchring *ring;
    uint64_t next;    /* number of the event to take */
    int64_t after_rv; /* events up to this version are skipped */
    bool told, lost;
    void (*on_event)(void *arg); /* any thread; must not call the watchlog */
    void *arg;
};

/* Hears of changes; adds itself to the core.  After objects_new(), before core_start(). */
struct watchlog *watchlog_new(struct core *c, struct objects *os);
/* After the core; no cursor may be open.  NULL is fine. */
void watchlog_free(struct watchlog *w);

/* Places the cursor behind version rv and true; or, if the ring does not reach back that far, at
 * its end and false: what lies between is in the versions table, up to *ret_rv.  `on_event` and
 * `arg` of the cursor are set before. */
bool watchlog_open(struct watchlog *w, const struct kind *k, int64_t rv, struct watchcursor *cursor,
                   int64_t *ret_rv);
/* The next events, which are the caller's: at most `max`, and few if they are large, so that one
 * who reads slowly holds little.  0 and !cursor->lost: none now, on_event will be called. */
size_t watchlog_take(struct watchcursor *cursor, struct watchevent *to, size_t max);
/* No on_event comes afterwards.  Harmless for one that was never opened (all zero). */
void watchlog_close(struct watchcursor *cursor);

/* All changes up to this version are in the rings. */
int64_t watchlog_rv(const struct watchlog *w);

#endif
