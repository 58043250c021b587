/*
 * argo_node - one entry of status.nodes, written from its row and its place in the graph.
 *
 * The fields are upstream's NodeStatus, and besides: `reason`, why it is not running yet, and
 * `stages`, when a leaf passed each stage.  Core thread.
 */
#ifndef FLOW_ARGO_ARGO_NODE_H
#define FLOW_ARGO_ARGO_NODE_H

struct err;
struct node_row;

/* For rows: adds "<id>":{...} to the builder of a struct argo_composing.  A row that came after the
 * graph was made, or is not shown, is passed over. */
int argo_node_add(void *composing, const struct node_row *row, struct err *e);

#endif
