#include "flow/argo/argo_global.h"

#include <inttypes.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "core/turn.h"
#include "data/json.h"
#include "data/timestamp.h"
#include "flow/argo/argo.h"
#include "flow/argo/argo_failures.h"
#include "flow/argo/argo_input.h"
#include "flow/argo/argo_scope.h"
#include "flow/argo/argo_time.h"

static void
set(struct argo *a, const char *name, struct str value)
{
    expr_vars_set(&a->globals, str_of(name), value);
}

static void
set_named(struct argo *a, const char *group, struct str name, struct str value)
{
    cleanup_free char *full = xasprintf("workflow.%s.%.*s", group, STR_ARG(name));

    expr_vars_set(&a->globals, str_of(full), value);
}

/* workflow.labels.KEY for each, and workflow.labels and workflow.labels.json for all. */
static void
set_map(struct argo *a, const char *group, const struct json *map)
{
    cleanup_free char *all = xasprintf("workflow.%s", group);
    cleanup_free char *as_json = xasprintf("%s.json", all);
    cleanup_buf struct buf text = BUF_INIT;

    JSON_EACH (it, map) {
        set_named(a, group, it.key, json_str(it.value));
    }
    if (map != NULL)
        json_write(&text, map);
    else
        buf_cstr(&text, "{}");
    set(a, all, buf_view(&text));
    set(a, as_json, buf_view(&text));
}

static void
set_creation(struct argo *a)
{
    static const char letters[] = "AaBbCcDdeFHIjklMmnpRrSTtUuVvwWXxYyZzLf";
    struct str text = json_str(json_get(a->meta, "creationTimestamp"));
    cleanup_buf struct buf out = BUF_INIT;
    struct err ignored = ERR_INIT;
    int64_t us;

    if (timestamp_parse(text, &us, &ignored) < 0)
        return;
    set(a, "workflow.creationTimestamp", text);
    set(a, "workflow.creationTimestamp.RFC3339", text);
    for (size_t i = 0; letters[i] != '\0'; i++) {
        char name[] = "workflow.creationTimestamp.?";

        name[sizeof name - 2] = letters[i];
        buf_clear(&out);
        if (timestamp_write_letter(&out, us, letters[i]))
            set(a, name, buf_view(&out));
    }
    buf_clear(&out);
    buf_printf(&out, "%" PRId64, us / 1000000);
    set(a, "workflow.creationTimestamp.s", buf_view(&out));
}

static void
set_metadata(struct flow_run *run)
{
    struct argo *a = argo_of(run);
    const struct json *annotations = json_get(a->meta, "annotations");
    struct str account = json_str(json_get(a->spec, "serviceAccountName"));
    struct str scheduled = json_str(json_get(annotations, "workflows.argoproj.io/scheduled-time"));

    set(a, "workflow.name", str_of(run->name));
    set(a, "workflow.namespace", str_of(run->namespace));
    set(a, "workflow.uid", str_of(run->uid));
    set(a, "workflow.status", str_of(flow_phase_name(FLOW_RUNNING))); /* until its end */
    set(a, "workflow.mainEntrypoint", json_str(json_get(a->spec, "entrypoint")));
    set(a, "workflow.serviceAccountName", account.n != 0 ? account : STR("default"));
    if (json_get(a->spec, "priority") != NULL)
        set(a, "workflow.priority", json_scalar_text(json_get(a->spec, "priority")));
    else
        set(a, "workflow.priority", STR("0"));
    if (scheduled.n != 0)
        set(a, "workflow.scheduledTime", scheduled);
    set_map(a, "labels", json_get(a->meta, "labels"));
    set_map(a, "annotations", annotations);
    set_creation(a);
}

/* Both names of the list of all parameters. */
static void
set_parameters(struct argo *a)
{
    struct json_build b = JSON_BUILD_INIT;
    cleanup_json struct json_doc *all = NULL;
    cleanup_buf struct buf text = BUF_INIT;
    size_t i = 0;

    json_add_array(&b, NULL);
    JSON_EACH (p, json_at_path(a->spec, "arguments.parameters")) {
        struct str name = json_str(json_get(p.value, "name"));

        if (i == a->parameters.n)
            break;
        set_named(a, "parameters", name, str_of(a->parameters.at[i]));
        json_add_object(&b, NULL);
        json_add_str(&b, "name", name);
        json_add_cstr(&b, "value", a->parameters.at[i++]);
        json_end(&b);
    }
    json_end(&b);
    all = json_build_done(&b);
    json_write(&text, json_root(all));
    set(a, "workflow.parameters", buf_view(&text));
    set(a, "workflow.parameters.json", buf_view(&text));
}

static int
parameter_value(struct argo_scope *s, const struct json *p, char **ret, struct err *e)
{
    struct str name = json_str(json_get(p, "name"));
    const struct json *value = json_get(p, "value");
    const struct json *from = json_get(p, "valueFrom");

    if (value == NULL && !json_is_null(json_get(from, "configMapKeyRef")) &&
        argo_input_config(s, json_get(from, "configMapKeyRef"), ret, e) < 0)
        return e->code;
    if (*ret != NULL)
        return 0;
    if (value == NULL)
        value = json_get(p, "default");
    if (value == NULL)
        value = json_get(from, "default");
    if (value == NULL)
        return err_set(e, ERR_INVALID,
                       "spec.arguments.%.*s.value or spec.arguments.%.*s.valueFrom is required",
                       STR_ARG(name), STR_ARG(name));
    return argo_scope_text_lax(s, json_scalar_text(value), ret, e);
}

int
argo_global_fill(struct turn *t, struct flow_run *run, struct err *e)
{
    struct argo *a = argo_of(run);
    cleanup_argo_scope struct argo_scope s = ARGO_SCOPE_INIT;

    set_metadata(run);
    argo_scope_init(&s, t, run, NULL);
    JSON_EACH (p, json_at_path(a->spec, "arguments.parameters")) {
        char *value = NULL;

        if (parameter_value(&s, p.value, &value, e) < 0)
            return e->code;
        vec_push(&a->parameters, value);
        /* Later parameters may name earlier ones. */
        set_named(a, "parameters", json_str(json_get(p.value, "name")), str_of(value));
    }
    set_parameters(a);
    return 0;
}

static void
set_outputs(struct argo *a)
{
    JSON_EACH (p, json_get(json_root(a->outputs), "parameters")) {
        set_named(a, "outputs.parameters", json_str(json_get(p.value, "name")),
                  json_scalar_text(json_get(p.value, "value")));
    }
    JSON_EACH (art, json_get(json_root(a->outputs), "artifacts")) {
        struct str name = json_str(json_get(art.value, "name"));
        cleanup_free char *full = xasprintf("workflow.outputs.artifacts.%.*s", STR_ARG(name));

        set(a, full, str_of(full));
    }
}

void
argo_global_refill(struct turn *t, struct flow_run *run, const struct json *values)
{
    struct argo *a = argo_of(run);

    set_metadata(run);
    JSON_EACH (value, values) {
        vec_push(&a->parameters, str_dup(json_str(value.value)));
    }
    set_parameters(a);
    set_outputs(a);
    if (run->state != FLOW_RUN_BEGUN)
        argo_global_add_result(t, run);
}

void
argo_global_add_result(struct turn *t, struct flow_run *run)
{
    struct argo *a = argo_of(run);
    cleanup_buf struct buf failures = BUF_INIT;
    struct err why = ERR_INIT;
    char duration[64];

    set(a, "workflow.status", str_of(flow_phase_name(run->result.phase)));
    argo_time_seconds(run->started_us, turn_now_us(t), duration, sizeof duration);
    set(a, ARGO_DURATION, str_of(duration));
    if (argo_failures_text(t, run, &failures, &why) < 0)
        log_error(run->name, "list what failed: %s", why.msg);
    set(a, "workflow.failures", buf_view(&failures));
}
