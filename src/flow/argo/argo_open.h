/*
 * argo_open - what a node becomes when its turn comes.
 *
 * A task or step is peeled layer by layer, each a node of its own: first its
 * condition (depends, when), then its loop, then its retry, then the template's
 * body:
 *
 *   B (loop) --> B(0:x) (retry) --> B(0:x)(0) (dag) --> ...
 */
#ifndef FLOW_ARGO_ARGO_OPEN_H
#define FLOW_ARGO_ARGO_OPEN_H

#include "flow/language.h"

/* struct flow_language's open. */
int argo_open(struct turn *t, struct flow_node *n, struct flow_opening *o, struct err *e);

#endif
