/*
 * argo_output - what nodes give to those behind them.
 *
 * Outputs are kept with the node:
 *   {"parameters":[{"name","value",...}],"artifacts":[{"name","path","s3":{"key"}}],"result","exitCode"}
 * and for a loop, whose children's outputs are gathered once, when it ends:
 *   {"parameters":[{"name","value":"[...]"}],"result":"[...]","all":"[{...}]"}
 */
#ifndef FLOW_ARGO_ARGO_OUTPUT_H
#define FLOW_ARGO_ARGO_OUTPUT_H

#include "flow/language.h"

struct argo_scope;
struct json;

/* Among the outputs of a leaf as they are stored: "N/M" as its command last said. */
#define ARGO_PROGRESS "progress"

/* Of a daemon while it serves: {"ip":"..."}. */
#define ARGO_IP "ip"

/* Of a set of containers: their statuses as the pod had them. */
#define ARGO_CONTAINERS "containers"

/* struct flow_language's serves, collect and fold. */
int argo_serves(struct turn *t, struct flow_node *leaf, const struct object *pod,
                struct json_doc **ret, struct err *e);
int argo_collect(struct turn *t, struct flow_node *leaf, const struct object *pod,
                 struct flow_result *r, struct err *e);
int argo_fold(struct turn *t, struct flow_node *n, struct flow_result *r, struct err *e);

/* The outputs of a DAG or steps node from those of its children.  ERR_INVALID: a source is missing
 * and has no default. */
int argo_output_of_group(struct argo_scope *s, struct flow_node *n, struct json_doc **ret,
                         struct err *e);
/* The gathered outputs of a loop's children. */
int argo_output_of_loop(struct turn *t, struct flow_node *n, struct json_doc **ret, struct err *e);
/* Outputs with a globalName become names of the workflow. */
void argo_output_publish(struct flow_run *run, const struct json *outputs);

#endif
