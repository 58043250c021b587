/*
 * argo_meta - what spec.workflowMetadata adds to a workflow's own labels and annotations.
 *
 * Applied once, when the run begins: values may have tags, labelsFrom has expressions over the
 * workflow's names.  What comes out is part of what is frozen, so that workflow.labels.KEY knows it
 * from then on, and is published with the first status.
 */
#ifndef FLOW_ARGO_ARGO_META_H
#define FLOW_ARGO_ARGO_META_H

struct err;
struct flow_run;
struct json_doc;
struct turn;

/* The run's frozen document with such metadata added; *ret stays NULL if the spec adds none.
 * ERR_INVALID: a value is no label, an expression gives no text. */
int argo_meta_apply(struct turn *t, struct flow_run *run, struct json_doc **ret, struct err *e);

#endif
