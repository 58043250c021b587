/*
 * argo_select - nodes chosen by a field selector, as `argo resume --node-field-selector` names
 * them.
 *
 * Fields: displayName, templateName (or template), templateRef.name, templateRef.template, phase,
 * name, id, inputs.parameters.NAME.value.
 */
#ifndef FLOW_ARGO_ARGO_SELECT_H
#define FLOW_ARGO_ARGO_SELECT_H

#include <stdbool.h>

#include "base/str.h"
#include "flow/flow.h"

struct json;
struct selector;

/* What is known of a node. */
struct argo_facts {
    const char *workflow;      /* its name */
    struct str name;           /* of the node */
    struct str boundary;       /* name of the node around it; STR_NULL: none */
    struct str template_of;    /* the template's key; STR_NULL: none */
    const struct json *inputs; /* or NULL */
    enum flow_phase phase;
};

bool argo_select(const struct selector *s, const struct argo_facts *facts);

#endif
