/*
 * timer - a function at a moment, or after a pause.
 *
 * Deadlines are wall time: they come from stored time stamps, and when somebody sets the clock or
 * the machine resumes from sleep they are looked at again.  Pauses are boot time, which runs
 * through suspend and never jumps.  A timer is one or the other, from its last arming.
 *
 *     IDLE  -- timer_after, timer_at --> ARMED
 *     ARMED -- due (then the function runs), timer_stop --> IDLE
 *
 * Embedded in its owner, so neither can outlive the other; timer_stop() works at once.  Timers that
 * become due together run in the order of their times, equal ones in the order of arming.  The
 * function may arm its timer again, or free the owner.  Loop thread only; nothing fails.
 */
#ifndef IO_TIMER_H
#define IO_TIMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/loop.h"

struct timer {
    struct loop *loop;
    loop_fn *fn;
    void *arg;
    int64_t due_us; /* by the clock of its heap */
    uint64_t order; /* of arming, among equal times */
    size_t at;      /* position in the heap, 1-based; 0 when idle */
    bool wall;      /* which heap */
};

void timer_init(struct timer *t, struct loop *l, loop_fn *fn, void *arg);
/* A pause from now, in microseconds; 0 or less: at the next pass. */
void timer_after(struct timer *t, int64_t pause_us);
/* A moment of wall time, in microseconds since 1970; one that has passed: at the next pass. */
void timer_at(struct timer *t, int64_t wall_us);
/* Harmless when idle. */
void timer_stop(struct timer *t);
bool timer_is_armed(const struct timer *t);

#endif
