/*
 * argo_podless - leaves that need no pod: resource, http and data templates.
 *
 * Upstream runs a pod (or an agent) for each; here their work is done by the core, in the turn that
 * stores the node.  This file is what they share: which templates they are, the template with its
 * names filled in, and how they end.
 */
#ifndef FLOW_ARGO_ARGO_PODLESS_H
#define FLOW_ARGO_ARGO_PODLESS_H

#include <stdbool.h>
#include <stdint.h>

#include "flow/flow.h"

struct err;
struct flow_node;
struct flow_result;
struct json;
struct turn;

bool argo_podless_is(const struct json *tmpl);

/* struct flow_language's tend. */
int argo_podless_tend(struct turn *t, struct flow_node *leaf, struct flow_result *r,
                      int64_t *again_us, struct err *e);

/* Ends it badly, with the text "<before><text>".  Returns 0. */
int argo_podless_fail(struct flow_result *r, enum flow_phase phase, const char *before,
                      const char *text);
/* As a pod of upstream's executor would have ended; what the store refuses goes up. */
int argo_podless_blame(struct flow_result *r, const struct err *why, struct err *e);
/* Ends it well with this result, and with the output parameters that the template gives a value. */
void argo_podless_succeed(struct flow_node *leaf, const struct json *tmpl, struct str result,
                          struct flow_result *r);

#endif
