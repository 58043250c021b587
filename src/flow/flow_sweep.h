/*
 * flow_sweep - Pods whose nodes ended, and which go a while later.
 *
 *   (node ends) -- flow_sweep_later() --> LEAVING -- its time, with others --> deleted
 *
 * Memory only: a restart forgets them.  Core thread; files of flow/ only.
 */
#ifndef FLOW_FLOW_SWEEP_H
#define FLOW_FLOW_SWEEP_H

#include <stdint.h>

#include "base/str.h"

struct core_timer;
struct err;
struct flow;
struct turn;

/* Those that are due within this time go together. */
#define FLOW_SWEEP_PAUSE_US (200 * 1000)

/* The Pod of that uid goes at that wall time, or a little later. */
void flow_sweep_later(struct flow *f, struct str uid, int64_t at_us);
void flow_sweep_forget(struct flow *f);
/* core_timer_fn of flow->sweep. */
int flow_sweep_due(struct core_timer *timer, struct turn *t, struct err *e);

#endif
