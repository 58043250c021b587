/*
 * core_int - what the files of core/ share.  Included from core/ only.
 */
#ifndef CORE_CORE_INT_H
#define CORE_CORE_INT_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/list.h"
#include "base/vec.h"
#include "core/core.h"
#include "core/core_timer.h"
#include "core/linger.h"
#include "core/message.h"
#include "core/turn.h"

typedef void turn_fn(void *arg);
typedef int turn_flush_fn(void *arg, struct turn *t, struct err *e);

struct turn_action {
    turn_fn *fn;
    void *arg;
    struct message *m; /* in place of fn: this message's done() */
    struct err *why;   /* of that message; in the arena, or NULL */
};

struct turn_hook {
    turn_flush_fn *fn;
    void *arg;
};

struct turn {
    struct core *core;
    struct store *store;
    struct db *db;
    int64_t now_us;
    struct arena arena;
    VEC(struct turn_action) undo;
    VEC(struct turn_action) effects;
    VEC(struct turn_action) finally;
    VEC(struct turn_hook) hooks;
    bool active;     /* between begin and end */
    bool in_message; /* changes are recorded for undo */
    bool flushing;
    bool closed; /* no further message */
    size_t requests;
    bool stored; /* a commit that wrote went through */
};

struct core_part {
    const struct core_module *module;
    void *self;
};

enum core_state { CORE_NEW, CORE_READY, CORE_REBUILDING, CORE_DEAD };

struct core {
    struct core_options o;
    enum core_state state;
    struct turn turn;
    struct list queues[MESSAGE_CLASS_COUNT];
    size_t queued[MESSAGE_CLASS_COUNT];
    unsigned credit[MESSAGE_CLASS_COUNT];
    VEC(struct core_part) parts;
    VEC(struct turn_hook) riders;
    VEC(struct core_timer *) heap;
    uint64_t timer_seq;
    struct core_timer tidy;
    uint64_t asked; /* requests that have run */
    /* Counts of work (core_run.c): when tidy was set, and when memory was last given back. */
    uint64_t tidy_from, shrunk_at;
    int64_t last_commit_us, rebuild_at_us; /* wall */
    unsigned failures;                     /* turns in a row whose commit failed */
    struct err failure;                    /* of the last of them */
    unsigned char random[256];             /* of the system, asked for seldom */
    size_t random_left;                    /* the first so many bytes are not given out yet */

    struct linger linger;
    size_t answered; /* requests of the last turn that committed */

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t came;  /* into the inbox, while the turn lingers */
    struct list inbox;
    bool awake; /* a turn runs, or will: it looks into the inbox once more before it rests */
    bool lingering;

    _Atomic uint64_t requests, turns, commits, failed_commits, messages, failed_messages, rebuilds,
        refused, commit_us, longest_turn_us;
    _Atomic uint64_t published[MESSAGE_CLASS_COUNT]; /* queued, as other threads see it */
};

/* Puts a message of the core's own at the end of its class, to run in this very turn if there is
 * room.  Core thread. */
void core_enqueue(struct core *c, struct message *m);
/* Takes a queued one back. */
void core_dequeue(struct core *c, struct message *m);

/* core.c */
enum { CORE_REBUILD_PAUSE_US = 1000 * 1000 };
extern const unsigned core_weights[];
extern const char *const core_class_names[];
void core_take_inbox(struct core *c);
/* Waits until something is in the inbox, at most until that moment of CLOCK_MONOTONIC.  False:
 * nothing came. */
bool core_linger(struct core *c, int64_t until_us);
/* Whether the inbox is empty.  If so, the next message wakes the core. */
bool core_rest(struct core *c);
/* After a commit that failed: memory may hold what the store does not. */
void core_rebuild(struct core *c);

/* core_run.c */
int core_tidy_fired(struct core_timer *timer, struct turn *t, struct err *e);

/* turn.c */
void turn_begin(struct turn *t, struct core *c);
/* Runs one handler in a mark of its own. */
int turn_run_message(struct turn *t, struct message *m, struct err *e);
int turn_run_timer(struct turn *t, struct core_timer *timer, struct err *e);
int turn_run_restore(struct turn *t, const struct core_part *part, struct err *e);
/* Whether it has something to commit, as far as can be said before its hooks run. */
bool turn_will_write(const struct turn *t);
/* Commits and lets the effects leave.  On an error everything has been taken back and everybody
 * was told; the caller rebuilds.  1: the probe said die. */
int turn_end(struct turn *t, struct err *e);
/* Takes everything back and tells `why` to every message of the turn. */
void turn_abandon(struct turn *t, const struct err *why);
void turn_done(struct turn *t);

/* core_timer.c: the earliest timer that is due, removed from the heap; or NULL. */
struct core_timer *core_timer_take_due(struct core *c, int64_t now_us);
bool core_timer_is_due(const struct core *c, int64_t now_us);

#endif
