/*
 * flow_expiry - what becomes of runs that are over, at the times that the language says: their Pods
 * go, then their objects.
 *
 * The times stand in the runs' rows, with an index, so that nothing is kept in memory for runs that
 * are over.  Only where flow_options.expires says so: a server's business.  Core thread; files of
 * flow/ only.
 */
#ifndef FLOW_FLOW_EXPIRY_H
#define FLOW_FLOW_EXPIRY_H

struct core_timer;
struct err;
struct flow;
struct flow_run;
struct turn;

/* The run has ended, with an expires_us. */
void flow_expiry_note(struct flow_run *run);
/* After a restart. */
int flow_expiry_restore(struct turn *t, struct flow *f, struct err *e);
/* core_timer_fn of flow->expiry. */
int flow_expiry_due(struct core_timer *timer, struct turn *t, struct err *e);

#endif
