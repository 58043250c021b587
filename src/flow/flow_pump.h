/*
 * flow_pump - opens children, a bounded number in each turn.
 *
 * A node with children to open is on its run's work list.  The pump takes them in
 * turns; one that meets a shut gate waits in that gate's line, and one that meets
 * a crowd (many pods created, none started yet) waits for the crowd to thin out.
 * So a loop of 100,000 items holds its list and a few hundred nodes, and two
 * loops advance side by side.
 */
#ifndef FLOW_FLOW_PUMP_H
#define FLOW_FLOW_PUMP_H

#include <stdint.h>

struct err;
struct flow_child;
struct flow_node;
struct flow_run;
struct turn;

/* The node may have children to open: look at it in this turn or the next. */
void flow_pump_add(struct flow_node *n);
/* Works until nothing is to be done or *budget nodes were opened; what it opens is subtracted. */
int flow_pump_run(struct turn *t, struct flow_run *run, int *budget, struct err *e);
/* Fewer pods wait: lets those who hold back go on. */
void flow_pump_uncrowd(struct flow_run *run);

/* Makes and opens one node.  Takes what is in *c.  `parent` NULL: contained in the run itself. */
int flow_pump_open(struct turn *t, struct flow_run *run, struct flow_node *parent, int64_t index,
                   struct flow_child *c, struct err *e);

#endif
