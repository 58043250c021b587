/*
 * flow_plan - the dependencies between the children of a group.
 *
 * Made once when the group opens, and again after a restart, from what the
 * language says (flow_depend).  A child is a number; it costs a few words until
 * it opens, so a graph of many thousand tasks is cheap while it waits.
 */
#ifndef FLOW_FLOW_PLAN_H
#define FLOW_FLOW_PLAN_H

#include <stdbool.h>
#include <stdint.h>

struct err;
struct flow_node;
struct flow_plan;
struct turn;

/* Makes group->plan by asking the language.  Children without dependencies are ready. */
int flow_plan_make(struct turn *t, struct flow_node *group, struct err *e);
void flow_plan_free(struct flow_plan *p);

/* The next child that may open, or -1; flow_plan_take() marks it opened. */
int64_t flow_plan_peek(const struct flow_plan *p);
void flow_plan_take(struct flow_plan *p);
/* After a restart: this child has a row already. */
void flow_plan_mark_opened(struct flow_plan *p, int64_t child);
/* A child is released: its dependants may become ready. */
void flow_plan_release(struct flow_plan *p, int64_t child);

#endif
