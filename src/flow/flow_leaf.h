/*
 * flow_leaf - leaves and their Pods.
 *
 *   (opened)  -- the language makes a manifest, the object is created --> placed, phase Pending
 *   placed    -- the Pod's phase is Running                           --> Running
 *   any       -- the Pod's phase is Succeeded or Failed: collect      --> ended
 *   any       -- the Pod object is gone                               --> Error, "pod deleted"
 *                (Failed if the node was told to end)
 *
 * On a full disk no Pod can be made: the leaf stays unplaced and is tried again every second, and
 * nothing else opens meanwhile.
 *
 * A leaf knows its Pod by uid.  Level-triggered: a look at the Pod as it is now,
 * as often as somebody likes.
 */
#ifndef FLOW_FLOW_LEAF_H
#define FLOW_FLOW_LEAF_H

struct err;
struct flow;
struct flow_node;
struct object;
struct turn;

/* Creates the Pod, as soon as there is room for it.  A manifest that cannot be made ends the node
 * with Error. */
int flow_leaf_place(struct turn *t, struct flow_node *n, struct err *e);
/* The Pod changed, or (NULL) is gone. */
int flow_leaf_look(struct turn *t, struct flow_node *n, const struct object *pod, struct err *e);
/* Tells the Pod to end. */
int flow_leaf_stop(struct turn *t, struct flow_node *n, struct err *e);
/* The node ends: it no longer counts among the run's pods. */
void flow_leaf_left(struct flow_node *n);
/* It goes on without taking a place under the run's parallelism. */
void flow_leaf_passed(struct flow_node *n);
/* A leaf without a Pod: its language looks at it, now and whenever it said. */
int flow_leaf_tend(struct turn *t, struct flow_node *n, struct err *e);
/* Tries those again for which there was no room. */
int flow_leaf_retry(struct turn *t, struct flow *f, struct err *e);
/* After a restart: counts an open leaf and knows its Pod again. */
void flow_leaf_adopt(struct flow_node *n);

#endif
