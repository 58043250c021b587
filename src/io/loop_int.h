/*
 * loop_int - the inside of a loop, for the files of io/ only.
 *
 * One pass: tasks that are posted, timers that are due, then what the kernel has for us.  Timers
 * live in two heaps of our own, because libuv knows one clock only and that one neither runs
 * through suspend nor notices that the wall clock was set.  Each heap has a timerfd, armed for its
 * first entry just before the loop waits.
 */
#ifndef IO_LOOP_INT_H
#define IO_LOOP_INT_H

#include <uv.h>

#include "base/vec.h"
#include "io/loop.h"

struct timer;

struct timer_heap {
    VEC(struct timer *) timers; /* binary heap, the earliest at 0 */
    int64_t armed_us;           /* what the timerfd is set to; 0: nothing */
    int fd;
    uv_poll_t *poll;
};

struct loop {
    bool fake, stopping;
    uv_loop_t uv;
    struct clock_manual manual; /* of a fake loop */
    struct list tasks;
    struct list fake_jobs;
    size_t jobs;
    uint64_t orders; /* timers armed so far */
    uint64_t passes;
    bool ran; /* a callback ran in this pass */
    struct timer_heap boot, wall;
    char *scratch; /* PACKET_MAX_BYTES to receive into; made on first use */
};

/* Callbacks of libuv's handles pass here, so that loop_turn() knows. */
static inline void
loop_ran(struct loop *l)
{
    l->ran = true;
}

/* Runs the timers that are due; whether there was one. */
bool timer_run_due(struct loop *l);
/* Sets both timerfds to their heaps' first entries. */
void timer_arm_descriptors(struct loop *l);
int timer_open_descriptors(struct loop *l, struct err *e);
void timer_close_descriptors(struct loop *l);
/* The earliest moment, in boot time of a fake loop, at which a timer is due; false: none. */
bool timer_next_due(const struct loop *l, int64_t *ret_boot_us);
/* Runs the fake loop's jobs; whether there was one. */
bool job_run_fake(struct loop *l);

/* Closes a handle and frees its memory once libuv lets go of it. */
void loop_close_handle(uv_handle_t *h);

#endif
