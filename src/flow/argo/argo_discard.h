/*
 * argo_discard - artifacts of a deleted workflow.
 *
 * Its own are those whose key names it, as those do that get their key from the setting
 * artifact_key: "<workflow>/<pod>/model.tgz".  A key that a template chose without the workflow's
 * name is a place that others may know ("models/latest.tgz"): it stays.  So does what was stored
 * under the same key after the workflow's end.
 */
#ifndef FLOW_ARGO_ARGO_DISCARD_H
#define FLOW_ARGO_ARGO_DISCARD_H

struct err;
struct flow_gone;
struct node_row;
struct turn;

/* struct flow_language's discard. */
int argo_discard(struct turn *t, const struct flow_gone *run, const struct node_row *node,
                 struct err *e);

#endif
