/*
 * controller - level-triggered loops over objects, and the queue that feeds them.
 *
 * A controller is a row: the resource it looks after, the resources whose owned objects wake it,
 * and its functions.  Its queue is keyed by object uid: waking a key that waits already changes
 * nothing; waking one that is being worked on runs it once more.  Each pass is a message of its
 * own, so it has a savepoint, and may run in the same turn as the change that woke it.
 *
 * A pass that fails is taken back and repeated after 10 ms, doubled each time up to 5 min; repeats
 * of one controller are at least 10 ms apart (200 at once may go before that counts).
 *
 *     (none) -- wake --> WAITING -- its message runs --> RUNNING -- 0 --> (none)
 *     RUNNING -- wake, or again_at_us <= now --> WAITING
 *     RUNNING -- fails --> BACKOFF -- pause over, or wake of a changed object --> WAITING
 *     RUNNING -- again_at_us > now --> LATER -- that time, or wake --> WAITING
 *
 * Who may know a uid's state is the object layer; it sets a lookup function.
 *
 * Core thread only.
 */
#ifndef CORE_CONTROLLER_H
#define CORE_CONTROLLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct controllers;
struct core;
struct err;
struct turn;

struct controller_pass {
    struct str uid;
    int64_t
        again_at_us; /* out: look again at this wall time (a past one: at once); 0: when woken */
};

struct controller_row {
    const char *name;     /* for logs and metrics: "workflow" */
    const char *resource; /* whose objects are its keys: "workflows.argoproj.io" */
    const char *const
        *watches; /* resources whose objects wake their owner; NULL-terminated, or NULL */
    /* Fill the memory from the store; afterwards wake what is to be looked at.  May be NULL: then
     * all unfinished objects of the resource are woken. */
    int (*restore)(void *self, struct turn *t, struct err *e);
    /* Empty the memory, before a rebuild.  May be NULL. */
    void (*forget)(void *self);
    /* One pass: observed to desired.  Safe to repeat at any time.  Bounded work: at most 500 new
     * things, then again_at_us = now. */
    int (*reconcile)(void *self, struct turn *t, struct controller_pass *p, struct err *e);
    /* The same for an object that is being deleted.  NULL: reconcile serves. */
    int (*finalize)(void *self, struct turn *t, struct controller_pass *p, struct err *e);
    /* The object is gone.  May be NULL. */
    int (*gone)(void *self, struct turn *t, struct str uid, struct err *e);
};

enum controller_state {
    CONTROLLER_GONE,
    CONTROLLER_ALIVE,
    CONTROLLER_DELETING,
    CONTROLLER_FOREIGN, /* an object of another resource: no pass */
};

struct controllers *controllers_new(struct core *c);
/* After the core.  NULL is fine; always returns NULL. */
struct controllers *controllers_free(struct controllers *cs);

/* `row` and `self` are borrowed.  Before core_start(). */
void controllers_add(struct controllers *cs, const struct controller_row *row, void *self);

/* The object layer's: what became of a uid that a controller of `resource` was woken for; and "wake
 * every unfinished object of a resource". */
typedef enum controller_state controllers_lookup_fn(void *arg, struct turn *t, const char *resource,
                                                    struct str uid);
typedef int controllers_wake_all_fn(void *arg, struct turn *t, const char *resource, struct err *e);
void controllers_set_lookup(struct controllers *cs, controllers_lookup_fn *lookup,
                            controllers_wake_all_fn *wake_all, void *arg);

/* Wake the controllers of `resource` for this uid.  In or outside of a turn; a wake by a message
 * that is taken back later is only one pass too many. */
void controllers_wake(struct controllers *cs, const char *resource, struct str uid);
/* All unfinished objects of the resource: for a restore() whose memory may not know each. */
int controllers_wake_all(struct controllers *cs, struct turn *t, const char *resource,
                         struct err *e);
/* An object changed: wakes the controllers of its resource for its uid, and those that watch it for
 * each of its owners. */
void controllers_changed(struct controllers *cs, const char *resource, struct str uid,
                         const struct str *owners, size_t owner_count);

/* Keys that wait, run later or pause. */
size_t controllers_busy(const struct controllers *cs);

#endif
