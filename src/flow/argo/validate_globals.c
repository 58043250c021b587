/*
 * validate_globals - the names that every template of a workflow may use.
 */
#include "base/mem.h"
#include "data/json.h"
#include "flow/argo/validate_int.h"

/* Keys of labels or annotations, each a variable of its own. */
static void
add_keys(struct validate *v, const struct json *object, const char *what)
{
    JSON_EACH (it, object)
        scope_add(&v->globals, "workflow.%s.%.*s", what, STR_ARG(it.key));
}

/* Outputs that templates give to the whole run.  Which run first is not asked. */
static void
add_global_outputs(struct validate *v, const struct json *spec)
{
    static const struct {
        const char *field;
        enum scope_any any;
    } kinds[] = {{"parameters", SCOPE_ANY_OUTPUT_PARAMETER},
                 {"artifacts", SCOPE_ANY_OUTPUT_ARTIFACT}};

    JSON_EACH (template, json_get(spec, "templates"))
        for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
            JSON_EACH (it, json_get(json_get(template.value, "outputs"), kinds[i].field)) {
                struct str name = json_str(json_get(it.value, "globalName"));

                if (scope_is_tag(name))
                    v->globals.any |= kinds[i].any;
                else if (name.n > 0)
                    scope_add(&v->globals, "workflow.outputs.%s.%.*s", kinds[i].field,
                              STR_ARG(name));
            }
}

void
validate_add_parameters(struct validate *v, const struct json *parameters)
{
    JSON_EACH (it, parameters) {
        scope_add(&v->globals, "workflow.parameters");
        scope_add(&v->globals, "workflow.parameters.json");
        scope_add(&v->globals, "workflow.parameters.%.*s",
                  STR_ARG(json_str(json_get(it.value, "name"))));
    }
}

void
validate_add_spec(struct validate *v, const struct json *spec)
{
    const struct json *metadata = json_get(spec, "workflowMetadata");

    add_keys(v, json_get(metadata, "labels"), "labels");
    add_keys(v, json_get(metadata, "labelsFrom"), "labels");
    add_keys(v, json_get(metadata, "annotations"), "annotations");
    validate_add_parameters(v, json_at_path(spec, "arguments.parameters"));
    if (!json_is_null(json_get(spec, "priority")))
        scope_add(&v->globals, "workflow.priority");
    add_global_outputs(v, spec);
}

void
validate_add_globals(struct validate *v, const struct json *metadata)
{
    static const char *const names[] = {"workflow.name",        "workflow.namespace",
                                        "workflow.uid",         "workflow.mainEntrypoint",
                                        "workflow.status",      "workflow.serviceAccountName",
                                        "workflow.labels",      "workflow.labels.json",
                                        "workflow.annotations", "workflow.annotations.json"};

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        scope_add(&v->globals, "%s", names[i]);
    add_keys(v, json_get(metadata, "labels"), "labels");
    add_keys(v, json_get(metadata, "annotations"), "annotations");
}
