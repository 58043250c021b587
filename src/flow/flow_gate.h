/*
 * flow_gate - a limit on how many nodes are active, and the line of those who wait.
 *
 * A boundary's template may allow so many active children, a run so many pods.
 * A node that wants to open a child and finds the gate shut joins its line; a
 * place that becomes free wakes one of them, so that the cost of an event does
 * not depend on how many wait.
 */
#ifndef FLOW_FLOW_GATE_H
#define FLOW_FLOW_GATE_H

#include <stdbool.h>
#include <stdint.h>

struct flow_gate;
struct flow_node;

void flow_gate_init(struct flow_gate *g, int64_t limit);
bool flow_gate_is_open(const struct flow_gate *g);
void flow_gate_enter(struct flow_gate *g);
/* Frees a place and wakes the first in line. */
void flow_gate_leave(struct flow_gate *g);
/* Puts a node, taken off the work list, at the end of the line. */
void flow_gate_wait(struct flow_gate *g, struct flow_node *n);
/* Wakes the first in line if there is a free place: for a node that was woken and did not take it.
 */
void flow_gate_pass(struct flow_gate *g);

#endif
