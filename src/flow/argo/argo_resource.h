/*
 * argo_resource - templates that work on objects instead of running a pod.
 *
 *   (nothing remembered) -- the action is done in this turn --> no conditions: ended
 *                                                           --> remembered {"object":{...}}
 *   remembered           -- a failure condition holds       --> Failed
 *                        -- all success conditions hold     --> Succeeded
 *                        -- the object is gone              --> Failed
 *                        -- else                            --> looked at again in a second
 *
 * Upstream runs kubectl in a pod; here the verbs are called directly, in the turn that stores the
 * node, so that an action is done exactly once, whatever dies in between.  Errors have the texts of
 * such a pod: "main: Error (exit code 64): pods "x" already exists".
 *
 * `flags` name the object where kubectl would need them to (JSON patches, deletion by label); flags
 * that only concern kubectl's own checks are passed over, others are refused.
 */
#ifndef FLOW_ARGO_ARGO_RESOURCE_H
#define FLOW_ARGO_ARGO_RESOURCE_H

#include <stdint.h>

struct err;
struct flow_node;
struct flow_result;
struct json;
struct object;
struct turn;

/* `tmpl` is filled in.  See struct flow_language's tend. */
int argo_resource_tend(struct turn *t, struct flow_node *leaf, const struct json *tmpl,
                       struct flow_result *r, int64_t *again_us, struct err *e);

/* Does what a filled-in `resource` body says (argo_resource_act.c).  *ret is the object as it is
 * afterwards, NULL after a deletion; the caller unrefs.  The workflow's fault is any error but
 * ERR_IO and ERR_FULL. */
int argo_resource_act(struct turn *t, struct flow_node *leaf, const struct json *resource,
                      struct object **ret, struct err *e);

/* Whether the object meets the conditions: 1 yes, 0 not yet, or ERR_INVALID: one cannot be read, or
 * a failure condition holds (argo_resource_wait.c). */
int argo_resource_met(const struct json *resource, const struct object *o, struct err *e);

#endif
