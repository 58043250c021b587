/*
 * argo_data - data templates: the keys of an artifact store, and what expressions make of them.
 *
 * source.artifactPaths names a place; its keys, in order, are `data`, a list of texts.  Each
 * transformation's expression sees what the one before made as `data`.  The JSON of the last is the
 * node's result.  Done within a turn.
 */
#ifndef FLOW_ARGO_ARGO_DATA_H
#define FLOW_ARGO_ARGO_DATA_H

#include <stdint.h>

struct err;
struct flow_node;
struct flow_result;
struct json;
struct turn;

enum { ARGO_DATA_KEYS = 10000 }; /* at one place; more are an error */

/* `tmpl` is filled in.  See struct flow_language's tend. */
int argo_data_tend(struct turn *t, struct flow_node *leaf, const struct json *tmpl,
                   struct flow_result *r, int64_t *again_us, struct err *e);

#endif
