/*
 * flow_int - the engine's own: what its files share and nobody outside of flow/ sees.
 *
 * The engine's memory cannot be taken back message by message: a change climbs
 * through many nodes.  So its messages never fail alone.  A store that refuses
 * breaks the engine for this turn (flow_break): the turn fails as a whole, the core
 * rebuilds, and flow's restore() reads everything again.
 */
#ifndef FLOW_FLOW_INT_H
#define FLOW_FLOW_INT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/list.h"
#include "base/map.h"
#include "base/vec.h"
#include "core/core_timer.h"
#include "flow/flow.h"

struct controllers;
struct core;
struct flow_node;
struct flow_run;
struct objects;
struct turn;

/* A Pod that goes at a wall time. */
struct flow_leaving {
    char *pod; /* its uid */
    int64_t at_us;
};

struct flow {
    struct core *core;
    struct controllers *controllers;
    struct objects *objects;
    struct flow_options options;
    struct list runs;     /* flow_run.link: all that are not over */
    struct map by_uid;    /* uid of the object -> run */
    struct map by_pod;    /* uid of a Pod -> node */
    struct list unplaced; /* leaves, by wait_link: no room for their Pods */
    struct list locks;    /* flow_lock.link */
    struct map lock_by_name;
    struct core_timer room;   /* armed while there are any: try again */
    struct core_timer expiry; /* armed while objects of runs that are over will go */
    struct core_timer sweep;  /* armed while Pods are leaving */
    VEC(struct flow_leaving) leaving;
    struct core_timer discard; /* armed while runs may be there whose object is gone */
    struct err broken;         /* code 0: not */
};

/* The turn fails as a whole; *e says why. */
void flow_break(struct flow *f, struct turn *t, const struct err *e);
void flow_set_timer(struct flow *f, struct core_timer *timer, int64_t at_us);
/* The flush hook writes rows at the end of this turn. */
void flow_flush_later(struct flow *f);
/* Wakes the run's controller for another pass. */
void flow_wake(struct flow_run *run);

#endif
