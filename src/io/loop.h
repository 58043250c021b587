/*
 * loop - the event loop that every thread with something to wait for has one of.
 *
 * This folder (io/) is the only one that sees libuv.  It owns loops, timers, watched descriptors,
 * child processes, packet sockets, files, signals and worker jobs; above it nobody blocks and
 * nobody polls.  A loop belongs to the thread that runs it: every call here is for that thread
 * only, except wake_send() and loop_clock()'s readings.  Callbacks run from loop_run() and
 * loop_turn() only, never from inside the call that arms them; once a thing is stopped or freed,
 * its callback does not run any more.
 *
 * A fake loop has the same face, but no descriptors: time stands still until loop_advance() moves
 * it, timers and tasks run in order, jobs run at the next turn.  So that a test needs no waiting.
 */
#ifndef IO_LOOP_H
#define IO_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/list.h"
#include "base/mem.h"

struct buf;
struct err;
struct loop;
struct wake;

typedef void loop_fn(void *arg);

/* NULL with *e filled if the kernel refuses a descriptor. */
struct loop *loop_new(struct err *e);
/* Never fails.  Both clocks start at wall_us. */
struct loop *loop_new_fake(int64_t wall_us);
/* Everything on the loop must be stopped or freed before.  NULL is fine. */
void loop_free(struct loop *l);
MEM_DEFINE_CLEANUP(struct loop *, loop_free)
#define cleanup_loop CLEANUP(loop_free)

/* Runs until loop_stop(). */
void loop_run(struct loop *l);
/* loop_run() returns after the current pass. */
void loop_stop(struct loop *l);
/* One pass: waits for the next event if `wait` (a fake loop never waits), then runs what is due.
 * False when nothing ran. */
bool loop_turn(struct loop *l, bool wait);

/* The machine's clock, or the fake one.  Lives as long as the loop. */
const struct clock *loop_clock(const struct loop *l);
int64_t loop_wall_us(const struct loop *l);
int64_t loop_boot_us(const struct loop *l);

/* A line of text about itself. */
void loop_dump(const struct loop *l, struct buf *to);

/* Fake loops only: both clocks go on by `us`, stopping at each timer that becomes due on the way;
 * what is posted meanwhile runs too. */
void loop_advance(struct loop *l, int64_t us);
/* Fake loops only: somebody sets the wall clock; boot time stays. */
void loop_step_wall(struct loop *l, int64_t us);

/* task - a function to run at the next pass of the loop, before it waits.
 *
 * Embedded in its owner; posting one that is posted already does nothing, so a task is also the way
 * to say "look again, once". */
struct task {
    struct list link;
    struct loop *loop;
    loop_fn *fn;
    void *arg;
};
void task_init(struct task *t, struct loop *l, loop_fn *fn, void *arg);
void task_post(struct task *t);
void task_cancel(struct task *t);

/* wake - the only way into a loop from another thread.
 *
 * wake_send() may be called by any thread, also from a signal handler; several sends before the
 * loop gets to it are one call of the function. */
struct wake *wake_new(struct loop *l, loop_fn *fn, void *arg, struct err *e);
void wake_send(struct wake *w);
/* No thread may send any more, but for the send whose call of the function frees it.  NULL is fine.
 */
void wake_free(struct wake *w);

#endif
