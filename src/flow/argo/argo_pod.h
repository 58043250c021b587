/*
 * argo_pod - the Pod that runs a container or script template.
 *
 * The template, with every tag filled in, becomes container `main`; sidecars and
 * init containers stand beside it.  What is to be placed before main starts and
 * taken after it ended goes into the annotation sluice.dev/io (control/pod.h).
 * podSpecPatch, the workflow's and then the template's, is laid over the result.
 */
#ifndef FLOW_ARGO_ARGO_POD_H
#define FLOW_ARGO_ARGO_POD_H

#include "flow/language.h"

struct argo_scope;
struct json_build;

/* The label of a pod that is "false", and "true" when it is over. */
#define ARGO_POD_COMPLETED "workflows.argoproj.io/completed"
/* Where upstream has a step say how far it is: lines "N/M". */
#define ARGO_PROGRESS_FILE "/var/run/argo/progress"

/* struct flow_language's pod. */
int argo_pod(struct turn *t, struct flow_node *leaf, struct json_doc **ret, struct err *e);

/* The value of the annotation for a template whose tags are filled in (argo_podio.c).  The scope
 * has the pod's name, for default keys.  ERR_INVALID: an artifact cannot be had here. */
int argo_podio_add(struct json_build *b, struct argo_scope *s, const struct flow_node *leaf,
                   const struct json *tmpl, const struct json *inputs, struct err *e);
/* Whether the logs of this template's pods become an artifact, main.log beside the others. */
bool argo_podio_archives_logs(const struct flow_node *leaf, const struct json *tmpl);

#endif
