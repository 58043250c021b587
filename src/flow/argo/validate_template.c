#include <stdio.h>

#include "data/json.h"
#include "flow/argo/validate_int.h"

static const struct {
    const char *field, *name;
    bool leaf; /* becomes a pod or a request, nothing else */
    bool pod;
} bodies[BODY_COUNT] = {
    [BODY_NONE] = {"", "Unknown", false, false},
    [BODY_CONTAINER] = {"container", "Container", true, true},
    [BODY_CONTAINER_SET] = {"containerSet", "ContainerSet", true, true},
    [BODY_STEPS] = {"steps", "Steps", false, false},
    [BODY_SCRIPT] = {"script", "Script", true, true},
    [BODY_RESOURCE] = {"resource", "Resource", true, true},
    [BODY_DAG] = {"dag", "DAG", false, false},
    [BODY_SUSPEND] = {"suspend", "Suspend", false, false},
    [BODY_DATA] = {"data", "Data", true, true},
    [BODY_HTTP] = {"http", "HTTP", true, false},
    [BODY_PLUGIN] = {"plugin", "Plugin", true, false},
};

enum body
validate_body(const struct json *template, unsigned *ret_count)
{
    enum body found = BODY_NONE;
    unsigned count = 0;

    for (unsigned i = BODY_NONE + 1; i < BODY_COUNT; i++)
        if (!json_is_null(json_get(template, bodies[i].field))) {
            if (count++ == 0)
                found = (enum body)i;
        }
    if (ret_count != NULL)
        *ret_count = count;
    return found;
}

const char *
validate_body_name(enum body body)
{
    return bodies[body].name;
}

static bool
is_leaf(enum body body)
{
    return bodies[body].leaf;
}

/* False if the template has no body or several. */
static bool
check_body(struct validate *v, const struct visit *at)
{
    unsigned count;

    validate_body(at->template, &count);
    if (count != 1)
        validate_say(v, at->origin, at->template,
                     "templates.%.*s %s. choose one of: container, containerSet, steps, script, "
                     "resource, dag, suspend, data, http, plugin",
                     STR_ARG(at->name),
                     count == 0 ? "template type unspecified"
                                : "multiple template types specified");
    return count == 1;
}

/* A path in a container: there, and without a way up. */
static void
check_path(struct validate *v, const struct visit *at, const struct json *artifact,
           const char *where)
{
    struct str path = json_str(json_get(artifact, "path")), rest = path;
    struct str name = json_str(json_get(artifact, "name"));
    bool leaf = is_leaf(at->body);

    if (!leaf && path.n > 0)
        validate_say(v, at->origin, json_get(artifact, "path"),
                     "%s.path only valid in container/script templates", where);
    if (!leaf)
        return;
    if (path.n == 0)
        validate_say(v, at->origin, artifact, "error in %s: Artifact '%.*s' did not specify a path",
                     where, STR_ARG(name));
    while (rest.p != NULL && rest.n > 0)
        if (str_is(str_cut(&rest, '/'), "..")) {
            validate_say(v, at->origin, json_get(artifact, "path"),
                         "error in %s: Artifact '%.*s' attempted to use a path containing '..'. "
                         "Directory traversal is not permitted",
                         where, STR_ARG(name));
            break;
        }
}

static void
add_inputs(struct validate *v, const struct visit *at, struct scope *scope)
{
    const struct json *inputs = json_get(at->template, "inputs");
    const char *where = validate_text(v, "templates.%.*s.inputs", STR_ARG(at->name));
    bool leaf = is_leaf(at->body);

    validate_names(v, at->origin, json_get(inputs, "parameters"), true,
                   validate_text(v, "%s.parameters", where));
    validate_names(v, at->origin, json_get(inputs, "artifacts"), true,
                   validate_text(v, "%s.artifacts", where));
    JSON_EACH (it, json_get(inputs, "parameters")) {
        scope_add(scope, "inputs.parameters");
        scope_add(scope, "inputs.parameters.%.*s", STR_ARG(json_str(json_get(it.value, "name"))));
    }
    JSON_EACH (it, json_get(inputs, "artifacts")) {
        struct str name = json_str(json_get(it.value, "name"));
        const char *here = validate_text(v, "%s.artifacts.%.*s", where, STR_ARG(name));

        scope_add(scope, "inputs.artifacts.%.*s", STR_ARG(name));
        if (leaf)
            scope_add(scope, "inputs.artifacts.%.*s.path", STR_ARG(name));
        check_path(v, at, it.value, here);
        if (json_str(json_get(it.value, "from")).n > 0)
            validate_say(v, at->origin, json_get(it.value, "from"), "%s.from not valid in inputs",
                         here);
        validate_location(v, at->origin, it.value, here);
    }
}

/* What the engine itself gives to a node of this template. */
static void
add_own(const struct visit *at, struct scope *scope)
{
    static const char *const of_retries[] = {"retries", "lastRetry.exitCode", "lastRetry.status",
                                             "lastRetry.duration", "lastRetry.message"};
    const struct json *outputs = json_get(at->template, "outputs");

    if (bodies[at->body].pod)
        scope_add(scope, "pod.name");
    if (!json_is_null(json_get(at->template, "retryStrategy")))
        for (size_t i = 0; i < ARRAY_LEN(of_retries); i++)
            scope_add(scope, "%s", of_retries[i]);
    if (!is_leaf(at->body))
        return;
    JSON_EACH (it, json_get(outputs, "artifacts"))
        scope_add(scope, "outputs.artifacts.%.*s.path",
                  STR_ARG(json_str(json_get(it.value, "name"))));
    JSON_EACH (it, json_get(outputs, "parameters"))
        scope_add(scope, "outputs.parameters.%.*s.path",
                  STR_ARG(json_str(json_get(it.value, "name"))));
}

static void
check_retry(struct validate *v, const struct visit *at)
{
    static const char *const policies[] = {"", "Always", "OnError", "OnFailure",
                                           "OnTransientError"};
    const struct json *retry = json_get(at->template, "retryStrategy");
    const struct json *policy = json_get(retry, "retryPolicy");
    bool known = json_is_null(policy);

    for (size_t i = 0; i < ARRAY_LEN(policies); i++)
        known |= str_is(json_str(policy), policies[i]);
    if (!known)
        validate_say(v, at->origin, policy, "%.*s is not a valid RetryPolicy",
                     STR_ARG(json_str(policy)));
    scope_check_expression(
        v, at->origin, json_get(retry, "expression"),
        validate_text(v, "templates.%.*s.retryStrategy.expression ", STR_ARG(at->name)));
}

static void
check_common(struct validate *v, const struct visit *at)
{
    const struct json *timeout = json_get(at->template, "timeout");
    const struct json *deadline = json_get(at->template, "activeDeadlineSeconds");
    bool composed = at->body == BODY_STEPS || at->body == BODY_DAG;

    JSON_EACH (it, json_get(at->template, "initContainers"))
        if (json_str(json_get(it.value, "name")).n == 0)
            validate_say(v, at->origin, it.value, "initContainers must all have container name");
    if (json_str(timeout).n > 0 && !is_leaf(at->body))
        validate_say(v, at->origin, timeout, "%s template doesn't support timeout field.",
                     bodies[at->body].name);
    if (composed && !json_is_null(deadline))
        validate_say(v, at->origin, deadline,
                     "templates.%.*s.activeDeadlineSeconds is only valid for leaf templates",
                     STR_ARG(at->name));
    if (!json_is_null(json_get(at->template, "archiveLocation")))
        validate_location(v, at->origin, json_get(at->template, "archiveLocation"),
                          validate_text(v, "templates.%.*s.archiveLocation", STR_ARG(at->name)));
}

static bool
is_metric_name(struct str name)
{
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
            c != '_')
            return false;
    }
    return name.n > 0;
}

static void
check_metrics(struct validate *v, const struct visit *at)
{
    static const char *const kinds[] = {"counter", "gauge", "histogram"};

    JSON_EACH (it, json_at_path(at->template, "metrics.prometheus")) {
        struct str name = json_str(json_get(it.value, "name"));

        if (!is_metric_name(name))
            validate_say(v, at->origin, it.value,
                         "templates.%.*s metric name '%.*s' is invalid. Metric names must contain "
                         "alphanumeric characters or '_'",
                         STR_ARG(at->name), STR_ARG(name));
        if (json_str(json_get(it.value, "help")).n == 0)
            validate_say(v, at->origin, it.value,
                         "templates.%.*s metric '%.*s' must contain a help string under 'help: ' "
                         "field",
                         STR_ARG(at->name), STR_ARG(name));
        for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
            const struct json *kind = json_get(it.value, kinds[i]);

            if (!json_is_null(kind) && json_scalar_text(json_get(kind, "value")).n == 0)
                validate_say(v, at->origin, kind,
                             "templates.%.*s metric '%.*s' error: missing %s.value",
                             STR_ARG(at->name), STR_ARG(name), kinds[i]);
        }
    }
}

void
validate_template(struct validate *v, const struct visit *at)
{
    cleanup_scope struct scope scope = {.parent = &v->globals};

    check_retry(v, at);
    if (!check_body(v, at))
        return;
    add_inputs(v, at, &scope);
    add_own(at, &scope);
    check_common(v, at);
    if (at->body == BODY_STEPS)
        validate_steps(v, at, &scope);
    else if (at->body == BODY_DAG)
        validate_dag(v, at, &scope);
    else
        validate_leaf(v, at, &scope);
    validate_outputs(v, at, &scope);
    JSON_EACH (it, json_at_path(at->template, "outputs.artifacts"))
        check_path(v, at, it.value,
                   validate_text(v, "templates.%.*s.outputs.artifacts.%.*s", STR_ARG(at->name),
                                 STR_ARG(json_str(json_get(it.value, "name")))));
    check_metrics(v, at);
}
