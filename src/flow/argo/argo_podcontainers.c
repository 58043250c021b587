#include "flow/argo/argo_podcontainers.h"

#include "base/buf.h"
#include "data/json.h"
#include "flow/argo/argo_pod.h"
#include "flow/flow_run.h"

enum { LONGEST_ENVIRONMENT_TEXT = 120 * 1024 }; /* Linux takes 128 KiB for one string */

static void
add_variable(struct json_build *b, const char *name, const char *value)
{
    json_add_object(b, NULL);
    json_add_cstr(b, "name", name);
    json_add_cstr(b, "value", value);
    json_end(b);
}

static void
add_reference(struct json_build *b, const char *name, const char *path)
{
    json_add_object(b, NULL);
    json_add_cstr(b, "name", name);
    json_add_object(b, "valueFrom");
    json_add_object(b, "fieldRef");
    json_add_cstr(b, "fieldPath", path);
    json_end(b);
    json_end(b);
    json_end(b);
}

/* The variables that upstream gives to every container of a step. */
static void
add_environment(struct argo_podcontainers *m, const struct json *container, const char *name)
{
    cleanup_buf struct buf text = BUF_INIT;
    struct json_build *b = m->b;

    json_add_array(b, "env");
    JSON_EACH (it, json_get(container, "env")) {
        json_add_value(b, NULL, it.value);
    }
    json_write(&text, m->tmpl);
    add_variable(b, "ARGO_CONTAINER_NAME", name);
    if (text.n < LONGEST_ENVIRONMENT_TEXT)
        add_variable(b, "ARGO_TEMPLATE", buf_cstring(&text));
    add_variable(b, "ARGO_NODE_ID", m->id);
    add_variable(b, "ARGO_POD_NAME", m->pod);
    add_reference(b, "ARGO_POD_UID", "metadata.uid");
    add_variable(b, "ARGO_WORKFLOW_NAME", m->run->name);
    add_variable(b, "ARGO_WORKFLOW_UID", m->run->uid);
    add_variable(b, "ARGO_INCLUDE_SCRIPT_OUTPUT", "true");
    add_variable(b, "ARGO_DEADLINE", "0001-01-01T00:00:00Z");
    add_variable(b, "ARGO_PROGRESS_FILE", ARGO_PROGRESS_FILE);
    json_end(b);
}

static void
add_main(struct argo_podcontainers *m)
{
    const struct json *script = json_get(m->tmpl, "script");
    const struct json *container = script != NULL ? script : json_get(m->tmpl, "container");
    struct json_build *b = m->b;

    json_add_object(b, NULL);
    json_add_cstr(b, "name", "main");
    json_add_fields(b, container, (const char *const[]){"name", "env", "args", "source", NULL});
    if (json_count(json_get(container, "args")) != 0 ||
        json_str(json_get(script, "source")).n != 0) {
        json_add_array(b, "args");
        JSON_EACH (arg, json_get(container, "args")) {
            json_add_value(b, NULL, arg.value);
        }
        if (json_str(json_get(script, "source")).n != 0)
            json_add_cstr(b, NULL, ARGO_SCRIPT_PATH);
        json_end(b);
    }
    add_environment(m, container, "main");
    json_end(b);
}

/* One container of a set, with the mounts that all of them have. */
static void
add_member(struct argo_podcontainers *m, const struct json *set, const struct json *container)
{
    struct json_build *b = m->b;

    json_add_object(b, NULL);
    json_add_fields(b, container,
                    (const char *const[]){"env", "dependencies", "volumeMounts", NULL});
    json_add_array(b, "volumeMounts");
    JSON_EACH (it, json_get(set, "volumeMounts")) {
        json_add_value(b, NULL, it.value);
    }
    JSON_EACH (it, json_get(container, "volumeMounts")) {
        json_add_value(b, NULL, it.value);
    }
    json_end(b);
    add_environment(m, container, json_cstr_or(json_get(container, "name"), ""));
    json_end(b);
}

/* The first of a pod's containers has its inputs and outputs: in a set the one named main. */
static void
add_set(struct argo_podcontainers *m, const struct json *set)
{
    for (int main = 1; main >= 0; main--) {
        JSON_EACH (it, json_get(set, "containers")) {
            if (str_is(json_str(json_get(it.value, "name")), "main") == (main != 0))
                add_member(m, set, it.value);
        }
    }
}

/* A sidecar or init container, with main's mounts if it mirrors them. */
static void
add_helper(struct argo_podcontainers *m, const struct json *helper)
{
    const struct json *script = json_get(m->tmpl, "script");
    const struct json *main = script != NULL ? script : json_get(m->tmpl, "container");
    struct json_build *b = m->b;

    json_add_object(b, NULL);
    json_add_fields(b, helper,
                    (const char *const[]){"env", "mirrorVolumeMounts", "volumeMounts", NULL});
    json_add_array(b, "volumeMounts");
    JSON_EACH (it, json_get(helper, "volumeMounts")) {
        json_add_value(b, NULL, it.value);
    }
    if (json_bool_or(json_get(helper, "mirrorVolumeMounts"), false)) {
        JSON_EACH (it, json_get(main, "volumeMounts")) {
            json_add_value(b, NULL, it.value);
        }
    }
    json_end(b);
    add_environment(m, helper, json_cstr_or(json_get(helper, "name"), ""));
    json_end(b);
}

void
argo_podcontainers_add(struct argo_podcontainers *m)
{
    if (json_count(json_get(m->tmpl, "initContainers")) != 0) {
        json_add_array(m->b, "initContainers");
        JSON_EACH (it, json_get(m->tmpl, "initContainers")) {
            add_helper(m, it.value);
        }
        json_end(m->b);
    }
    json_add_array(m->b, "containers");
    if (!json_is_null(json_get(m->tmpl, "containerSet")))
        add_set(m, json_get(m->tmpl, "containerSet"));
    else
        add_main(m);
    JSON_EACH (it, json_get(m->tmpl, "sidecars")) {
        add_helper(m, it.value);
    }
    json_end(m->b);
}
