/*
 * argo_set - the containers of a containerSet, as nodes of their own below their pod's.
 *
 * They are no nodes of the engine: what is shown of them follows from the template and, when the
 * pod has ended, from its containers' statuses.  Pure.
 */
#ifndef FLOW_ARGO_ARGO_SET_H
#define FLOW_ARGO_ARGO_SET_H

#include "base/str.h"
#include "flow/flow.h"

struct json;
struct json_build;

/* A pod's node, and what is known of its containers. */
struct argo_set {
    const char *workflow;        /* its name */
    struct str node, id;         /* the pod's node */
    struct str template_name;    /* the template's */
    const struct json *set;      /* its containerSet */
    const struct json *statuses; /* status.containerStatuses of the pod; NULL: it has not ended */
    enum flow_phase phase;       /* of the pod's node */
};

/* Ids of those that wait for no other, into an open array. */
void argo_set_add_children(struct json_build *b, const struct argo_set *s);
/* A node for each, into an open object. */
void argo_set_add_nodes(struct json_build *b, const struct argo_set *s);

#endif
