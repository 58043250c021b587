/*
 * argo_retry - another attempt, or the end?
 *
 * The order of questions is upstream's: is the run ending, is the maximum duration
 * over, does the policy cover how the last attempt ended, is there a retry left,
 * does the expression hold; then the pause.
 */
#ifndef FLOW_ARGO_ARGO_RETRY_H
#define FLOW_ARGO_ARGO_RETRY_H

#include "flow/language.h"

struct argo;
struct argo_scope;
struct json;

/* The template's retryStrategy, or the workflow's for templates without one; NULL: none. */
const struct json *argo_retry_strategy(const struct argo *a, const struct json *tmpl);
/* struct flow_language's again. */
int argo_again(struct turn *t, struct flow_node *retry, const struct flow_node *last,
               struct flow_again *a, struct err *e);
/* retries, lastRetry.* for attempt `n` of a retry node. */
int argo_retry_add_names(struct argo_scope *s, const struct flow_node *n, struct err *e);

#endif
