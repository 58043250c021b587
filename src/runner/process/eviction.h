/*
 * eviction - a disk that runs full costs one pod, not all.
 *
 * Where a quota cannot bound what a step writes, free space is looked at every EVICTION_PAUSE_US
 * while there are pods: often enough that what one writes in between stays below a usual reserve.
 * Below the reserve the pod with the largest folder (layers, volumes, logs) is stopped, with
 * kubelet's words, and until there is room again no pod starts beside another.  The server and the
 * other pods carry on.
 *
 *   IDLE      -- a pod comes --------------------> WATCHING
 *   WATCHING  -- too little is free -------------> MEASURING  (a job)
 *   MEASURING -- the largest is known -----------> WATCHING   (it is stopped)
 *   WATCHING  -- no pods are left ---------------> IDLE
 *
 * One that takes next to nothing is left alone: its end would give no room, since somebody else has
 * filled the disk.  A pod that was stopped takes room until it is over: as long as it is not, no
 * other is stopped for what this one took.
 *
 * Loop thread.
 */
#ifndef RUNNER_EVICTION_H
#define RUNNER_EVICTION_H

#include <stdbool.h>
#include <stdint.h>

#include "io/timer.h"

#define EVICTION_PAUSE_US (CLOCK_SECOND / 5)

struct admission;
struct map;
struct runtime;

/* What it looks at and acts on; borrowed. */
struct eviction_config {
    struct loop *loop;
    const char *data_dir;
    int64_t reserve_bytes;  /* 0: off */
    const struct map *pods; /* those that are not over, by uid */
    struct admission *admission;
    struct runtime *runtime;
};

struct eviction {
    struct eviction_config config;
    struct timer timer;
    bool measuring, stopped;
    unsigned rest; /* looks before it measures again: there was nobody to stop */
    char *evicted; /* uid of the last one; NULL: none */
};

void eviction_init(struct eviction *v, const struct eviction_config *config);
/* There is a pod. */
void eviction_watch(struct eviction *v);
/* No more stops; a job that measures ends by itself. */
void eviction_stop(struct eviction *v);

#endif
