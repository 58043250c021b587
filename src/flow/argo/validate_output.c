#include <stdio.h>

#include "data/json.h"
#include "flow/argo/validate_int.h"

/* The ways to say where an output comes from, as fields of valueFrom. */
static const char *const sources[] = {"path", "jqFilter", "jsonPath", "parameter", "expression"};

static bool
has_text(const struct json *v, const char *field)
{
    return json_str(json_get(v, field)).n > 0;
}

/* Does the source fit the template's body? */
static void
check_source(struct validate *v, const struct visit *at, const struct json *from, const char *where)
{
    const char *type = validate_body_name(at->body);

    switch (at->body) {
    case BODY_CONTAINER:
    case BODY_CONTAINER_SET:
    case BODY_SCRIPT:
        if (!has_text(from, "path"))
            validate_say(v, at->origin, from, "%s.path must be specified for %s templates", where,
                         type);
        break;
    case BODY_RESOURCE:
        if (!has_text(from, "jqFilter") && !has_text(from, "jsonPath"))
            validate_say(v, at->origin, from,
                         "%s .jqFilter or jsonPath must be specified for %s templates", where,
                         type);
        break;
    case BODY_DAG:
    case BODY_STEPS:
        if (!has_text(from, "parameter") && !has_text(from, "expression"))
            validate_say(v, at->origin, from,
                         "%s.parameter or expression must be specified for %s templates", where,
                         type);
        break;
    default:
        break;
    }
}

static void
check_parameter(struct validate *v, const struct visit *at, const struct json *parameter,
                const char *where)
{
    const struct json *from = json_get(parameter, "valueFrom");
    const struct json *value = json_get(parameter, "value");
    int ways = !json_is_null(json_get(from, "supplied"));

    if (!json_is_null(from) && !json_is_null(value))
        validate_say(v, at->origin, parameter,
                     "%s has both valueFrom and value specified. Choose one.", where);
    if (json_is_null(from) && json_is_null(value))
        validate_say(v, at->origin, parameter, "%s does not have valueFrom or value specified",
                     where);
    if (json_is_null(from) || !json_is_null(value))
        return;
    for (size_t i = 0; i < ARRAY_LEN(sources); i++)
        ways += has_text(from, sources[i]);
    if (ways == 0)
        validate_say(v, at->origin, from,
                     "%s valueFrom type unspecified. choose one of: path, jqFilter, jsonPath, "
                     "parameter, supplied, expression",
                     where);
    else if (ways > 1)
        validate_say(v, at->origin, from,
                     "%s multiple valueFrom types specified. choose one of: path, jqFilter, "
                     "jsonPath, parameter, supplied, expression",
                     where);
    else
        check_source(v, at, from, where);
    scope_check_expression(v, at->origin, json_get(from, "expression"),
                           validate_text(v, "%s.valueFrom.", where));
}

static void
check_global_name(struct validate *v, const struct visit *at, const struct json *output,
                  const char *where)
{
    const struct json *name = json_get(output, "globalName");
    const char *wrong =
        scope_is_tag(json_str(name)) ? NULL : validate_parameter_name(json_str(name));

    if (wrong != NULL)
        validate_say(v, at->origin, name, "%s.globalName: %s", where, wrong);
}

void
validate_outputs(struct validate *v, const struct visit *at, const struct scope *scope)
{
    const struct json *outputs = json_get(at->template, "outputs");
    const char *where = validate_text(v, "templates.%.*s.outputs", STR_ARG(at->name));

    validate_names(v, at->origin, json_get(outputs, "parameters"), true,
                   validate_text(v, "%s.parameters", where));
    validate_names(v, at->origin, json_get(outputs, "artifacts"), true,
                   validate_text(v, "%s.artifacts", where));
    scope_check(v, at->origin, scope, outputs, NULL, validate_text(v, "%s ", where));
    JSON_EACH (it, json_get(outputs, "parameters")) {
        const char *here = validate_text(v, "%s.parameters.%.*s", where,
                                         STR_ARG(json_str(json_get(it.value, "name"))));

        check_parameter(v, at, it.value, here);
        check_global_name(v, at, it.value, here);
    }
    JSON_EACH (it, json_get(outputs, "artifacts")) {
        const char *here = validate_text(v, "%s.artifacts.%.*s", where,
                                         STR_ARG(json_str(json_get(it.value, "name"))));

        check_global_name(v, at, it.value, here);
        scope_check_expression(v, at->origin, json_get(it.value, "fromExpression"),
                               validate_text(v, "%s.from", here));
    }
}

static bool
gives_result(const struct json *template, enum body body)
{
    switch (body) {
    case BODY_CONTAINER:
    case BODY_SCRIPT:
    case BODY_DATA:
    case BODY_HTTP:
    case BODY_PLUGIN:
        return true;
    case BODY_CONTAINER_SET:
        return validate_find(json_at_path(template, "containerSet.containers"), STR("main")) !=
               NULL;
    default:
        return false;
    }
}

void
validate_add_outputs(struct scope *s, const struct json *template, const char *prefix,
                     bool aggregate)
{
    static const char *const facts[] = {"id", "startedAt", "finishedAt", "hostNodeName"};
    const struct json *outputs = json_get(template, "outputs");
    enum body body = validate_body(template, NULL);

    for (size_t i = 0; i < ARRAY_LEN(facts); i++)
        scope_add(s, "%s.%s", prefix, facts[i]);
    if (template == NULL) {
        scope_add(s, "%s.*", prefix);
        return;
    }
    if (json_bool_or(json_get(template, "daemon"), false))
        scope_add(s, "%s.ip", prefix);
    if (gives_result(template, body) ||
        (aggregate && (body == BODY_SCRIPT || body == BODY_CONTAINER_SET))) {
        scope_add(s, "%s.outputs.result", prefix);
        scope_add(s, "%s.exitCode", prefix);
    }
    if (aggregate)
        scope_add(s, "%s.outputs.parameters", prefix);
    JSON_EACH (it, json_get(outputs, "parameters"))
        scope_add(s, "%s.outputs.parameters.%.*s", prefix,
                  STR_ARG(json_str(json_get(it.value, "name"))));
    JSON_EACH (it, json_get(outputs, "artifacts"))
        scope_add(s, "%s.outputs.artifacts.%.*s", prefix,
                  STR_ARG(json_str(json_get(it.value, "name"))));
}
