/*
 * flow_daemon - leaves that serve those behind them.
 *
 *   leaf with FLOW_DAEMON -- its Pod is ready ----------------> FLOW_PASSED: counts as done for
 *                                                              those that wait for it
 *   step group, loop      -- nothing but daemons is left ------> folded, ENDED and FLOW_PASSED
 *   retry                 -- its attempt has passed -----------> FLOW_PASSED
 *   boundary              -- nothing but daemons is left ------> they are dismissed: told to end
 *   dismissed leaf        -- its Pod has ended ---------------> Succeeded
 *
 * So a daemon lives as long as the node in whose template it was called; that node ends when its
 * daemons have.  A daemon that ends by itself has failed.
 *
 * Core thread; files of flow/ only.
 */
#ifndef FLOW_FLOW_DAEMON_H
#define FLOW_FLOW_DAEMON_H

struct err;
struct flow_node;
struct object;
struct turn;

/* The leaf's Pod runs: if it is a daemon that is ready, those that wait for it go on. */
int flow_daemon_look(struct turn *t, struct flow_node *leaf, const struct object *pod,
                     struct err *e);
/* A child of the node ended: what is left of it may be daemons only. */
int flow_daemon_check(struct turn *t, struct flow_node *n, struct err *e);

#endif
