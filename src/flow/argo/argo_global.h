/*
 * argo_global - the names that every text of a workflow may use: workflow.*.
 */
#ifndef FLOW_ARGO_ARGO_GLOBAL_H
#define FLOW_ARGO_ARGO_GLOBAL_H

struct err;
struct flow_run;
struct json;
struct turn;

/* At the start: fixes the values of the workflow's parameters.  ERR_INVALID: one has none. */
int argo_global_fill(struct turn *t, struct flow_run *run, struct err *e);
/* After a restart, with the values fixed then. */
void argo_global_refill(struct turn *t, struct flow_run *run, const struct json *values);
/* For exit handlers: workflow.status, workflow.duration, workflow.failures. */
void argo_global_add_result(struct turn *t, struct flow_run *run);

#endif
