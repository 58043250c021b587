/*
 * flow_hooks - asks the language what else is to run now that something happened.
 *
 * Hooks are nodes beside the graph, contained in the node they belong to (or in
 * the run): the node is not released before they have ended.
 */
#ifndef FLOW_FLOW_HOOKS_H
#define FLOW_FLOW_HOOKS_H

#include "flow/language.h"

struct err;
struct flow_node;
struct flow_run;
struct turn;

/* Hooks of this node, and of those around it that asked to hear of changes (FLOW_HAS_HOOKS). */
int flow_hooks_ask(struct turn *t, struct flow_node *n, enum flow_moment when, struct err *e);
/* Hooks of the run itself. */
int flow_hooks_ask_run(struct turn *t, struct flow_run *run, enum flow_moment when, struct err *e);

#endif
