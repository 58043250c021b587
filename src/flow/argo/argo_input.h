/*
 * argo_input - what a template gets: its declared inputs, filled from a call's arguments.
 *
 * A parameter takes the argument's value, else the declared value, else the
 * declared source, else the default.  An artifact takes what the argument points
 * to, else the declared location.  Arguments that the template does not declare
 * are ignored.
 */
#ifndef FLOW_ARGO_ARGO_INPUT_H
#define FLOW_ARGO_ARGO_INPUT_H

struct argo_scope;
struct err;
struct json;
struct json_doc;

/* {"parameters":[{"name","value"}],"artifacts":[...]}; NULL if the template declares nothing.
 * Texts of `arguments` are read in the scope.  ERR_INVALID: a workflow's fault. */
int argo_input_fill(struct argo_scope *s, const struct json *tmpl, const struct json *arguments,
                    struct json_doc **ret, struct err *e);

/* The value of a key in a ConfigMap that is labelled as holding parameters; the caller frees.
 * NULL without error: optional and absent. */
int argo_input_config(struct argo_scope *s, const struct json *ref, char **ret, struct err *e);

/* Adds the fields of an artifact that say where its content is. */
struct json_build;
void argo_input_add_location(struct json_build *b, const struct json *artifact);

#endif
