/*
 * backoff - how long a container that ended waits before it runs again.
 *
 * Kubelet's: the first time at once, then 10 s, doubled up to 5 min; a run of 10 min is forgiven
 * everything.  Pure; the caller has the timer.
 */
#ifndef RUNNER_BACKOFF_H
#define RUNNER_BACKOFF_H

#include <stdint.h>

#define BACKOFF_FIRST_US (10 * INT64_C(1000000))
#define BACKOFF_MAX_US (300 * INT64_C(1000000))
#define BACKOFF_FORGIVEN_US (600 * INT64_C(1000000))

struct backoff {
    int64_t next_us; /* the pause after the next end; 0 at first */
};

/* The pause after a run of ran_us. */
static inline int64_t
backoff_pause(struct backoff *b, int64_t ran_us)
{
    int64_t pause = ran_us >= BACKOFF_FORGIVEN_US ? 0 : b->next_us;

    b->next_us = pause == 0 ? BACKOFF_FIRST_US : pause * 2;
    if (b->next_us > BACKOFF_MAX_US)
        b->next_us = BACKOFF_MAX_US;
    return pause;
}

#endif
