/*
 * eviction - a disk that runs full costs one pod, not all.
 *
 * Where a quota cannot bound what a step writes, free space is looked at every EVICTION_PAUSE_US
 * while there are pods.  Below the reserve the pod with the largest folder is stopped, with
 * kubelet's words; the server and the other pods carry on.
 *
 *   IDLE     -- a pod comes -----------> WATCHING
 *   WATCHING -- too little is free ----> MEASURING  (a job)
 *   MEASURING -- the largest is known -> WATCHING   (it is stopped)
 *   WATCHING -- no pods are left ------> IDLE
 *
 * Loop thread.
 */
#ifndef RUNNER_EVICTION_H
#define RUNNER_EVICTION_H

#include <stdbool.h>
#include <stdint.h>

#include "io/timer.h"

#define EVICTION_PAUSE_US (2 * CLOCK_SECOND)

struct runtime;

struct eviction {
    struct loop *loop;
    const char *data_dir;
    int64_t reserve_bytes; /* 0: off */
    struct runtime *runtime;
    struct timer timer;
    bool measuring;
};

void eviction_init(struct eviction *v, struct loop *l, const char *data_dir, int64_t reserve_bytes,
                   struct runtime *r);
/* There is a pod. */
void eviction_watch(struct eviction *v);
/* No more stops; a job that measures ends by itself. */
void eviction_stop(struct eviction *v);

#endif
