/*
 * argo_after - what goes when a workflow, or a pod of it, is over: podGC and ttlStrategy.
 *
 *   OnPodCompletion, OnPodSuccess            each pod deleteDelayDuration (5 s) after its end; the
 *                                            timers are memory, so what a restart has forgotten
 *                                            goes with the workflow's end
 *   OnWorkflowCompletion, OnWorkflowSuccess  all pods so long after the workflow's end, a page in
 *                                            each turn
 *   ttlStrategy                              then the object itself
 *
 * podGC's labelSelector chooses among the pods.  Nodes, outputs and artifacts stay; logs go with
 * their pods, unless archiveLogs keeps them.  Core thread.
 */
#ifndef FLOW_ARGO_ARGO_AFTER_H
#define FLOW_ARGO_ARGO_AFTER_H

#include "flow/language.h"

/* A leaf ended: its Pod goes, if the strategy says so. */
void argo_after_leaf(struct turn *t, struct flow_node *leaf);
/* The run ended: sets run->expires_us. */
void argo_after_run(struct flow_run *run);
/* struct flow_language's expired. */
int argo_after_expired(struct flow *f, struct turn *t, const struct object *o,
                       const struct json *frozen, struct flow_expired *x, struct err *e);

#endif
