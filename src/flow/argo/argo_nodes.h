/*
 * argo_nodes - status.nodes, composed from rows when somebody asks.
 *
 * The object itself never holds nodes, so a run has no size limit; what upstream
 * keeps in them is all in the rows, except for the edges that clients draw.
 * Those follow from containment and from the template: the last nodes of a task
 * lead to the first ones of those that depend on it.
 *
 * Reads the store as of the last commit.  Core thread.
 */
#ifndef FLOW_ARGO_ARGO_NODES_H
#define FLOW_ARGO_ARGO_NODES_H

#include "base/str.h"

struct buf;
struct db;
struct err;
struct json_doc;
struct object;

/* The whole Workflow object with its nodes.  An object without a run comes back as it is.  The
 * caller unrefs. */
int argo_nodes_compose(struct db *db, const struct object *workflow, struct json_doc **ret,
                       struct err *e);

/* The same as text, in pieces that are each a small part of a turn: what came between two of them
 * may be missing. */
void *argo_nodes_begin(const struct object *workflow);
/* Appends to the text.  1: there is more; 0: it is whole. */
int argo_nodes_step(void *nodes, struct db *db, struct buf *to, struct err *e);
void argo_nodes_end(void *nodes); /* any thread */

#endif
