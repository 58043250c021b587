/*
 * argo_suspend - nodes that wait for a time, or for somebody's word.
 *
 * A suspend template may have outputs that whoever resumes it supplies:
 *   outputs.parameters: [{"name","valueFrom":{"supplied":{},"default":...}}]
 * They are kept with the open node as they are declared; one that was supplied has a value and no
 * valueFrom.  Its end gives the others their defaults.
 */
#ifndef FLOW_ARGO_ARGO_SUSPEND_H
#define FLOW_ARGO_ARGO_SUSPEND_H

#include "flow/language.h"

struct argo_scope;
struct json;

/* The opening of a template with a `suspend` body. */
int argo_suspend_open(struct argo_scope *s, const struct json *tmpl, struct flow_opening *o,
                      struct err *e);
/* The outputs of a suspended node (NULL: none) with defaults for what was not supplied.
 * ERR_INVALID: one has neither.  *ret may be NULL. */
int argo_suspend_finish(const struct json_doc *outputs, struct json_doc **ret, struct err *e);
/* The outputs with values for some, as a map name -> value.  ERR_INVALID: one is not expected, or
 * has its value already. */
int argo_suspend_supply(const struct json_doc *outputs, const struct json *values,
                        struct json_doc **ret, struct err *e);
/* struct flow_language's elapsed. */
int argo_elapsed(struct turn *t, struct flow_node *n, struct flow_result *r, struct err *e);

#endif
