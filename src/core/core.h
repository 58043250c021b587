/*
 * core - the thread that owns all state, without the thread.
 *
 * Messages in, effects out: core_run_turn() takes messages from its queues, runs each in a
 * savepoint, commits once, and only then lets effects leave.  What is posted before a commit is
 * taken along with it.  What drives it (an event loop, a
 * test) waits for the wake callback or for core_next_deadline() and calls it again.
 *
 * If a commit fails, no effect leaves; every message of the turn is told 503 or 507; and the core
 * rebuilds itself: all modules forget(), then restore(), as at start.
 *
 *     NEW -- core_start() --> READY
 *     READY -- a commit fails --> REBUILDING       (again at once, or after a pause if they follow
 *                                                  one another)
 *     REBUILDING -- restored --> READY
 *     REBUILDING -- restore fails --> REBUILDING   (tried again each second)
 *     any -- the probe says so --> DEAD            (simulation only: as if killed)
 *
 * Thread: core_post() and core_stats() from any, everything else from the one that runs turns.
 */
#ifndef CORE_CORE_H
#define CORE_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "core/message.h"

struct buf;
struct clock;
struct core;
struct err;
struct store;
struct turn;

enum {
    CORE_TURN_US = 5000,
    CORE_TURN_MESSAGES = 256,
    CORE_MAX_REQUESTS = 1024, /* in the core at once; more are refused */
};

/* A part of the program that holds state in memory.  Modules are restored in the order in which
 * they were added and forget in the reverse. */
struct core_module {
    const char *name;
    /* Fills the memory from the store; it is empty when this is called.  Runs in a turn, may
     * write. */
    int (*restore)(void *self, struct turn *t, struct err *e);
    /* Empties the memory, timers included.  NULL if there is none. */
    void (*forget)(void *self);
    /* Nothing was stored or asked for a while: frees what is kept only to be quick.  Neither reads
     * nor writes.  May be NULL. */
    void (*shrink)(void *self);
    /* Lines of text about itself, for debugging.  May be NULL. */
    void (*dump)(void *self, struct buf *to);
};

struct core_options {
    struct store *store;       /* borrowed */
    const struct clock *clock; /* borrowed; NULL: the machine's */
    void (*wake)(void *arg);   /* any thread: there is something to run now.  May be NULL */
    void *wake_arg;
    size_t max_requests;                           /* 0: CORE_MAX_REQUESTS */
    bool lingers;                                  /* see core/linger.h; sleeps in a turn */
    void (*random)(void *arg, void *to, size_t n); /* NULL: the system's */
    void *random_arg;
    /* Simulation: called before and after each commit and before each effect with the name of
     * the place.  True: die here, as if killed. */
    bool (*probe)(void *arg, const char *where);
    void *probe_arg;
};

struct core *core_new(const struct core_options *o);
/* Modules forget; queued messages are told ERR_UNAVAILABLE.  NULL is fine; always returns NULL. */
struct core *core_free(struct core *c);
MEM_DEFINE_CLEANUP(struct core *, core_free)

/* `m` is borrowed and must outlive the core, like `self`.  Before core_start(). */
void core_add_module(struct core *c, const struct core_module *m, void *self);
/* Restores all modules. */
int core_start(struct core *c, struct err *e);

/* Takes the message until its done().  Any thread.  ERR_TOOMANY for a request over the limit: then
 * the message stays the caller's and done() is not called. */
int core_post(struct core *c, struct message *m, struct err *e);

/* One turn.  True if there is more to do right now. */
bool core_run_turn(struct core *c);
/* Turns until there is nothing to do right now; at most `max` turns.  Returns how many ran. */
int core_run(struct core *c, int max);
/* Wall time in microseconds at which core_run_turn() must be called again at the latest, though
 * nobody posts; INT64_MAX if never. */
int64_t core_next_deadline(const struct core *c);

/* What the turns' time stamps are read from. */
const struct clock *core_clock(const struct core *c);
/* Up to 256 random bytes, for uids and names; secrets ask the system.  A simulation draws them from
 * its seed. */
void core_random(struct core *c, void *to, size_t n);
/* The running turn, or NULL. */
struct turn *core_turn(struct core *c);
bool core_is_dead(const struct core *c);
/* Why changes are not stored at present: the last commit failed.  NULL: they are. */
const struct err *core_failure(const struct core *c);

/* Runs in every turn that is about to commit, after the turn's own flush hooks: for what is written
 * only along with something else (events).  Never makes a turn commit. */
void core_add_rider(struct core *c, int (*fn)(void *arg, struct turn *t, struct err *e), void *arg);

/* Counters since the start; queued is now.  Any thread; the values need not fit one another. */
struct core_stats {
    uint64_t turns, commits, failed_commits, messages, failed_messages, rebuilds, refused;
    uint64_t queued[MESSAGE_CLASS_COUNT];
    uint64_t requests;  /* in the core: queued, or waiting for their commit */
    uint64_t commit_us; /* sum, boot clock */
    uint64_t longest_turn_us;
};
void core_stats(const struct core *c, struct core_stats *ret);
/* What the core, the store and every module say of themselves: lines of text, each part's behind a
 * line "[name]". */
void core_dump(const struct core *c, struct buf *to);

#endif
