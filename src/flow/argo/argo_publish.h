/*
 * argo_publish - a run as clients see it on the Workflow object.
 *
 * Phase, message, times, progress, conditions, global outputs, and the labels and
 * annotations that clients select by.  Nodes are not part of the object: see
 * argo_nodes.
 */
#ifndef FLOW_ARGO_ARGO_PUBLISH_H
#define FLOW_ARGO_ARGO_PUBLISH_H

#include "flow/language.h"

/* struct flow_language's publish and refuse. */
int argo_publish(struct turn *t, struct flow_run *run, const struct object *now,
                 struct json_doc **ret, struct err *e);
int argo_publish_refusal(struct turn *t, const struct object *now, const struct err *why,
                         struct json_doc **ret, struct err *e);

#endif
