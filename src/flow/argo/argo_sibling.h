/*
 * argo_sibling - what a scope knows of the steps or tasks beside a text.
 *
 * A name such as tasks.a.outputs.result makes the scope look at task a, once: its
 * id, status, times, and outputs become names of the scope, or, if it was skipped,
 * the defaults that its template gives.
 */
#ifndef FLOW_ARGO_ARGO_SIBLING_H
#define FLOW_ARGO_ARGO_SIBLING_H

#include "base/str.h"

struct argo_scope;
struct argo_sibling;

/* The sibling that a dotted name speaks of, loaded into the scope; NULL if it speaks of none.
 * Borrowed until the next call. */
struct argo_sibling *argo_sibling_of(struct argo_scope *s, struct str name);

#endif
