/*
 * flow_end - how nodes end, and what that does to those around them.
 *
 * A node that ends tells its hooks; when they are done it is released: its place
 * in a gate is freed before, its dependants' counts fall, its parent may be
 * complete and is folded, and so on upwards.  The climb is a loop, not a
 * recursion: a workflow may nest as deep as it likes.
 */
#ifndef FLOW_FLOW_END_H
#define FLOW_FLOW_END_H

struct core_timer;
struct err;
struct flow_node;
struct flow_result;
struct flow_run;
struct turn;

/* Ends an open node with this result, which is taken. */
int flow_end(struct turn *t, struct flow_node *n, struct flow_result *r, struct err *e);
/* Folds and ends the node although daemons in it go on: it is released when they have ended. */
int flow_end_fold(struct turn *t, struct flow_node *n, struct err *e);
/* Folds and ends the node if all of its children ended. */
int flow_end_check(struct turn *t, struct flow_node *n, struct err *e);
/* A node's timer: a pause is over, or its time. */
int flow_end_timer_fired(struct core_timer *timer, struct turn *t, struct err *e);
/* Stops an open node and all below it: leaves are told to stop, the rest ends when they have. */
int flow_end_stop(struct turn *t, struct flow_node *n, const char *message, struct err *e);

#endif
