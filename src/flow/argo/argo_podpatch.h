/*
 * argo_podpatch - podSpecPatch: a strategic merge patch of a Pod's spec, as JSON or YAML text that
 * may have tags.
 */
#ifndef FLOW_ARGO_ARGO_PODPATCH_H
#define FLOW_ARGO_ARGO_PODPATCH_H

struct argo_scope;
struct err;
struct json;
struct json_doc;

/* Lays the workflow's patch, then the template's, over the spec of *pod, which is replaced.
 * ERR_INVALID in upstream's words. */
int argo_podpatch(struct argo_scope *s, const struct json *of_workflow, const struct json *own,
                  struct json_doc **pod, struct err *e);

#endif
