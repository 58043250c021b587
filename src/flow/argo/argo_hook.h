/*
 * argo_hook - exit handlers and life-cycle hooks.
 *
 * `hooks.exit` and the older `onExit` run when their node (or the workflow) has
 * ended; any other hook runs once, when its expression first holds.
 */
#ifndef FLOW_ARGO_ARGO_HOOK_H
#define FLOW_ARGO_ARGO_HOOK_H

#include "flow/language.h"

/* struct flow_language's hooks. */
int argo_hooks(struct turn *t, struct flow_run *run, struct flow_node *n, enum flow_moment when,
               struct flow_hooks *h, struct err *e);

#endif
