/*
 * core_timer - deadlines as wall time.
 *
 * A core_timer is embedded in its owner and fires once, as a message of its own in a turn, when the
 * wall clock has reached its deadline.  Deadlines are absolute, so a clock step or a suspend needs
 * nothing but another look at the heap.  Equal deadlines fire in the order in which they were set.
 *
 * Setting or stopping a timer inside a message is taken back if the message fails.
 *
 *     IDLE -- core_timer_set() --> ARMED -- deadline reached --> FIRING -- fire() --> IDLE
 *     ARMED -- core_timer_stop() --> IDLE
 *     FIRING -- fire() failed --> ARMED, one second later
 *
 * Core thread only.
 */
#ifndef CORE_CORE_TIMER_H
#define CORE_CORE_TIMER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"

struct core;
struct core_timer;
struct err;
struct turn;

typedef int core_timer_fn(struct core_timer *timer, struct turn *t, struct err *e);

struct core_timer {
    core_timer_fn *fire;
    int64_t at_us; /* wall; meaningful while armed */
    /* The core's own. */
    uint64_t seq_;
    struct core *core_;
    int heap_at_; /* place in the heap plus one; 0: not in it */
};

void core_timer_init(struct core_timer *timer, core_timer_fn *fire);
/* Arms it, or moves its deadline. */
void core_timer_set(struct core *c, struct core_timer *timer, int64_t at_us);
/* After this it does not fire.  Harmless if it is not armed. */
void core_timer_stop(struct core_timer *timer);
bool core_timer_armed(const struct core_timer *timer);

#endif
