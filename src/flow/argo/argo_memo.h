/*
 * argo_memo - memoization: a template that ran with the same key before gives its outputs again.
 *
 * A cache is a ConfigMap with the label workflows.argoproj.io/configmap-type: Cache.  Each key of
 * its data holds {"nodeID","outputs","creationTimestamp","lastHitTimestamp"} as text, as upstream
 * writes it, so that a cache may come from there and go back.
 *
 * What became of a node's look-up is kept in its spec: "memo": {"hit","key","cacheName"}.
 */
#ifndef FLOW_ARGO_ARGO_MEMO_H
#define FLOW_ARGO_ARGO_MEMO_H

#include "flow/language.h"

struct argo_scope;
struct json;

/* Looks the template's key up; `s` knows the names of the template's own text.  1: it was there,
 * and the opening is a node that has ended with those outputs; 0: it is to be run.  ERR_INVALID:
 * the key or the cache cannot be used. */
int argo_memo_look(struct argo_scope *s, struct flow_node *n, const struct json *tmpl,
                   struct flow_opening *o, struct err *e);
/* A node ended: keeps what a node that was looked up in vain made. */
int argo_memo_keep(struct turn *t, struct flow_node *n, struct err *e);

#endif
