/*
 * argo_write - whole Workflows that clients write back, with their nodes: what they ask for by it.
 *
 * Argo's clients in Kubernetes mode have no verbs: they read a Workflow, change its nodes, and
 * write it.  The engine owns the nodes, so what differs becomes what the verbs do:
 *
 *     a suspended node that has ended, with outputs or a message  --> as `argo node set`, `resume`
 *     the workflow was over and is Running; nodes are gone        --> as `argo retry`
 *     anything else                                               --> a problem that names the node
 *
 * Fields that follow from others (times, children, progress) are not compared, nor are those that
 * the client left out: it may know fewer of them than we show.
 *
 * Source: argo-workflows workflow/util (ResumeWorkflow, updateSuspendedNode,
 * FormulateRetryWorkflow).
 *
 * Core thread; argo_write_plan() of a new object any.
 */
#ifndef FLOW_ARGO_ARGO_WRITE_H
#define FLOW_ARGO_ARGO_WRITE_H

struct err;
struct flow;
struct json;
struct object;
struct problems;
struct turn;

/* struct flow_language's plan_write and act. */
int argo_write_plan(struct flow *f, struct turn *t, const struct object *live,
                    const struct json *sent, void **ret, struct problems *ps, struct err *e);
int argo_write_act(struct flow *f, struct turn *t, const struct object *now, void *plan,
                   struct err *e);

#endif
