#include "flow/argo/argo_suspend.h"

#include "base/err.h"
#include "core/turn.h"
#include "data/json.h"
#include "flow/argo/argo.h"
#include "flow/argo/argo_output.h"
#include "flow/argo/argo_scope.h"
#include "flow/argo/argo_time.h"

/* The outputs as the template declares them, with the names of its inputs filled in. */
static int
declared(struct argo_scope *s, const struct json *tmpl, struct json_doc **ret, struct err *e)
{
    const struct json *parameters = json_at_path(tmpl, "outputs.parameters");
    cleanup_json struct json_doc *filled = NULL;
    struct json_build b = JSON_BUILD_INIT;

    if (json_count(parameters) == 0)
        return 0;
    if (argo_scope_json_lax(s, parameters, &filled, e) < 0)
        return err_wrap(e, "outputs.parameters");
    json_add_object(&b, NULL);
    json_add_value(&b, "parameters", json_root(filled));
    json_end(&b);
    *ret = json_build_done(&b);
    return 0;
}

int
argo_suspend_open(struct argo_scope *s, const struct json *tmpl, struct flow_opening *o,
                  struct err *e)
{
    int64_t pause;

    if (argo_time_field(s, json_at_path(tmpl, "suspend.duration"), &pause, e) < 0 ||
        declared(s, tmpl, &o->outputs, e) < 0)
        return e->code;
    o->kind = FLOW_WAIT;
    if (pause != 0)
        o->wake_us = turn_now_us(s->turn) + pause;
    o->reason = pause != 0 ? "suspended for its duration" : "suspended until it is resumed";
    return 0;
}

static void
add_valued(struct json_build *b, const struct json *p, const struct json *value)
{
    json_add_object(b, NULL);
    json_add_fields(b, p, (const char *const[]){"value", "valueFrom", NULL});
    json_add_str(b, "value", json_scalar_text(value));
    json_end(b);
}

static int
add_finished(struct json_build *b, const struct json *p, struct err *e)
{
    const struct json *otherwise = json_at_path(p, "valueFrom.default");

    if (json_get(p, "value") != NULL) {
        json_add_value(b, NULL, p);
        return 0;
    }
    if (otherwise == NULL)
        return err_set(e, ERR_INVALID,
                       "raw output parameter '%.*s' has not been set and does not have a default "
                       "value",
                       STR_ARG(json_str(json_get(p, "name"))));
    add_valued(b, p, otherwise);
    return 0;
}

int
argo_suspend_finish(const struct json_doc *outputs, struct json_doc **ret, struct err *e)
{
    cleanup_json_build struct json_build b = JSON_BUILD_INIT;

    *ret = NULL;
    if (outputs == NULL)
        return 0;
    json_add_object(&b, NULL);
    json_add_array(&b, "parameters");
    JSON_EACH (p, json_get(json_root(outputs), "parameters")) {
        if (add_finished(&b, p.value, e) < 0)
            return e->code;
    }
    json_end(&b);
    json_end(&b);
    *ret = json_build_done(&b);
    return 0;
}

static const struct json *
parameter_named(const struct json_doc *outputs, struct str name)
{
    return argo_artifact_named(json_get(json_root(outputs), "parameters"), name);
}

/* Every value must have a place. */
static int
check_supply(const struct json_doc *outputs, const struct json *values, struct err *e)
{
    if (outputs == NULL && json_count(values) != 0)
        return err_set(e, ERR_INVALID,
                       "cannot set output parameters because node is not expecting any raw "
                       "parameters");
    JSON_EACH (value, values) {
        const struct json *p = parameter_named(outputs, value.key);

        if (p == NULL)
            return err_set(e, ERR_INVALID, "node is not expecting output parameter '%.*s'",
                           STR_ARG(value.key));
        if (json_at_path(p, "valueFrom.supplied") == NULL)
            return err_set(e, ERR_INVALID,
                           "cannot set output parameter '%.*s' because it does not use "
                           "valueFrom.raw or it was already set",
                           STR_ARG(value.key));
    }
    return 0;
}

int
argo_suspend_supply(const struct json_doc *outputs, const struct json *values,
                    struct json_doc **ret, struct err *e)
{
    struct json_build b = JSON_BUILD_INIT;

    *ret = NULL;
    if (check_supply(outputs, values, e) < 0)
        return e->code;
    if (outputs == NULL)
        return 0;
    json_add_object(&b, NULL);
    json_add_array(&b, "parameters");
    JSON_EACH (p, json_get(json_root(outputs), "parameters")) {
        const struct json *value = json_get_str(values, json_str(json_get(p.value, "name")));

        if (value != NULL)
            add_valued(&b, p.value, value);
        else
            json_add_value(&b, NULL, p.value);
    }
    json_end(&b);
    json_end(&b);
    *ret = json_build_done(&b);
    return 0;
}

int
argo_elapsed(struct turn *t, struct flow_node *n, struct flow_result *r, struct err *e)
{
    struct err why = ERR_INIT;

    (void)t;
    (void)e;
    if (n->kind != FLOW_WAIT) {
        r->message = xstrdup("Pod was active on the node longer than the specified deadline");
        return 0;
    }
    r->phase = FLOW_SUCCEEDED;
    if (argo_suspend_finish(n->outputs, &r->outputs, &why) < 0) {
        r->phase = FLOW_ERROR;
        r->message = xstrdup(why.msg);
        return 0;
    }
    argo_output_publish(n->run, json_root(r->outputs));
    return 0;
}
