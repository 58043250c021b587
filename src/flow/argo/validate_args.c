#include <stdio.h>

#include "data/json.h"
#include "flow/argo/validate_int.h"

enum { NAME_MAX_CHARS = 128 };

static bool
is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

const char *
validate_parameter_name(struct str name)
{
    for (size_t i = 0; i < name.n; i++)
        if (!is_alnum(name.p[i]) && name.p[i] != '-' && name.p[i] != '_')
            return "Parameter/Artifact name must consist of alpha-numeric characters, '_' or '-' "
                   "e.g. my_param_1, MY-PARAM-1";
    return NULL;
}

const char *
validate_field_name(struct str name)
{
    bool good = name.n > 0 && is_alnum(name.p[0]);

    if (name.n > NAME_MAX_CHARS)
        return "must be no more than 128 characters";
    for (size_t i = 1; i < name.n; i++)
        good = good && (is_alnum(name.p[i]) || name.p[i] == '-');
    return good ? NULL
                : "name must consist of alpha-numeric characters or '-', and must start with an "
                  "alpha-numeric character (e.g. My-name1-2, 123-NAME)";
}

void
validate_names(struct validate *v, const struct origin *o, const struct json *list, bool parameters,
               const char *where)
{
    struct map seen = MAP_INIT;

    JSON_EACH (it, list) {
        struct str name = json_str(json_get(it.value, "name"));
        const char *wrong = parameters ? validate_parameter_name(name) : validate_field_name(name);

        if (name.n == 0)
            validate_say(v, o, it.value, "%s[%zu].name is required", where, it.index);
        else if (wrong != NULL)
            validate_say(v, o, json_get(it.value, "name"), "%s[%zu].name: '%.*s' is invalid: %s",
                         where, it.index, STR_ARG(name), wrong);
        else if (map_put(&seen, name, v) != NULL)
            validate_say(v, o, json_get(it.value, "name"), "%s[%zu].name '%.*s' is not unique",
                         where, it.index, STR_ARG(name));
    }
    map_done(&seen);
}

const struct json *
validate_find(const struct json *list, struct str name)
{
    JSON_EACH (it, list)
        if (str_eq(json_str(json_get(it.value, "name")), name))
            return it.value;
    return NULL;
}

bool
validate_has_location(const struct json *artifact)
{
    static const char *const locations[] = {"artifactory", "azure", "gcs", "git",    "hdfs",
                                            "http",        "oss",   "raw", "plugin", "s3"};

    for (size_t i = 0; i < ARRAY_LEN(locations); i++)
        if (json_count(json_get(artifact, locations[i])) > 0)
            return true;
    return false;
}

void
validate_location(struct validate *v, const struct origin *o, const struct json *location,
                  const char *where)
{
    const struct json *git = json_get(location, "git"), *hdfs = json_get(location, "hdfs");

    if (!json_is_null(git) && json_str(json_get(git, "repo")).n == 0)
        validate_say(v, o, git, "%s.git.repo is required", where);
    if (!json_is_null(hdfs) && json_count(json_get(hdfs, "addresses")) == 0)
        validate_say(v, o, hdfs, "%s.hdfs.addresses is required", where);
}

static bool
in_enum(const struct json *list, const struct json *value)
{
    JSON_EACH (it, list)
        if (str_eq(json_scalar_text(it.value), json_scalar_text(value)))
            return true;
    return false;
}

static void
check_enum(struct validate *v, const struct origin *o, const struct json *parameter,
           const struct json *value, bool allow_empty, const char *where)
{
    const struct json *choices = json_get(parameter, "enum");
    struct str name = json_str(json_get(parameter, "name"));

    if (json_is_null(choices))
        return;
    if (json_count(choices) == 0)
        validate_say(v, o, choices, "%s.%.*s.enum should contain at least one value", where,
                     STR_ARG(name));
    else if (json_is_null(value) && !allow_empty)
        validate_say(v, o, parameter, "%s.%.*s.value is required", where, STR_ARG(name));
    else if (!json_is_null(value) && !in_enum(choices, value))
        validate_say(v, o, json_get(parameter, "value") == value ? value : parameter,
                     "%s.%.*s.value should be present in %s.%.*s.enum list", where, STR_ARG(name),
                     where, STR_ARG(name));
}

static bool
has_text(const struct json *v, const char *field)
{
    return json_str(json_get(v, field)).n > 0;
}

static void
check_parameter(struct validate *v, const struct origin *o, const struct json *parameter,
                bool allow_empty, const char *where)
{
    const struct json *value = json_get(parameter, "value");
    const struct json *from = json_get(parameter, "valueFrom");
    struct str name = json_str(json_get(parameter, "name"));

    const struct json *given = validate_find(json_get(v->given, "parameters"), name);

    if (given != NULL) {
        check_enum(v, o, parameter, json_get(given, "value"), allow_empty, where);
        return;
    }
    if (json_is_null(value) && json_is_null(from) && !allow_empty)
        validate_say(v, o, parameter, "%s.%.*s.value or %s.%.*s.valueFrom is required", where,
                     STR_ARG(name), where, STR_ARG(name));
    if (!json_is_null(from) &&
        ((json_is_null(json_get(from, "configMapKeyRef")) && !has_text(from, "event") &&
          json_is_null(json_get(from, "supplied"))) ||
         has_text(from, "path") || has_text(from, "jsonPath") || has_text(from, "parameter") ||
         has_text(from, "expression")))
        validate_say(v, o, from,
                     "%s.%.*s.valueFrom only allows: default, configMapKeyRef and supplied", where,
                     STR_ARG(name));
    check_enum(v, o, parameter, value, allow_empty, where);
}

void
validate_arguments(struct validate *v, const struct origin *o, const struct json *arguments,
                   bool allow_empty, const char *where)
{
    const struct json *parameters = json_get(arguments, "parameters");
    const struct json *artifacts = json_get(arguments, "artifacts");

    validate_names(v, o, parameters, true, validate_text(v, "%s.parameters", where));
    validate_names(v, o, artifacts, true, validate_text(v, "%s.artifacts", where));
    JSON_EACH (it, parameters)
        check_parameter(v, o, it.value, allow_empty, where);
    JSON_EACH (it, artifacts) {
        struct str name = json_str(json_get(it.value, "name"));
        bool from = has_text(it.value, "from"), expression = has_text(it.value, "fromExpression");

        if (!from && !expression && !validate_has_location(it.value))
            validate_say(v, o, it.value, "%s.%.*s.from, artifact location, or key is required",
                         where, STR_ARG(name));
        if (from && expression)
            validate_say(v, o, it.value,
                         "%s.%.*s shouldn't have both `from` and `fromExpression` in Artifact",
                         where, STR_ARG(name));
    }
}
