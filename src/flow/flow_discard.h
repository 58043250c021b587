/*
 * flow_discard - what a deleted workflow leaves behind: node rows, and the artifacts it made.
 *
 *   live (1) -- it ends ------------> over (0)
 *   live     -- its object goes ----> gone (2)   (the engine's word)
 *   over     -- its object goes ----> gone       (with the object's row, store/schema_gone.c)
 *   gone     -- FLOW_DISCARD_NODES at a time, the last with the run's row --> (no row)
 *
 * The pieces are pages of node rows in a turn each, so that a workflow of a hundred thousand nodes
 * holds nobody up; a restart goes on with what is left.  Core thread; files of flow/ only.
 */
#ifndef FLOW_FLOW_DISCARD_H
#define FLOW_FLOW_DISCARD_H

#include <stdint.h>

#include "base/str.h"

struct core_timer;
struct err;
struct flow;
struct turn;

enum { FLOW_DISCARD_NODES = 200 };

/* A run whose object is gone. */
struct flow_gone {
    struct str name;  /* of the object */
    int64_t ended_us; /* nothing that was made later is the run's; 0: not known */
};

/* There may be something to throw away. */
void flow_discard_later(struct turn *t, struct flow *f);
/* core_timer_fn of flow->discard. */
int flow_discard_due(struct core_timer *timer, struct turn *t, struct err *e);

#endif
