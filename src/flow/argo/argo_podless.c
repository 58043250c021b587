#include "flow/argo/argo_podless.h"

#include "base/err.h"
#include "core/turn.h"
#include "data/json.h"
#include "flow/argo/argo.h"
#include "flow/argo/argo_data.h"
#include "flow/argo/argo_http.h"
#include "flow/argo/argo_name.h"
#include "flow/argo/argo_output.h"
#include "flow/argo/argo_resource.h"
#include "flow/argo/argo_retry.h"
#include "flow/argo/argo_scope.h"
#include "flow/argo/argo_time.h"

static const struct {
    const char *body;
    int (*tend)(struct turn *t, struct flow_node *leaf, const struct json *tmpl,
                struct flow_result *r, int64_t *again_us, struct err *e);
} bodies[] = {
    {"resource", argo_resource_tend},
    {"http", argo_http_tend},
    {"data", argo_data_tend},
};

bool
argo_podless_is(const struct json *tmpl)
{
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++)
        if (!json_is_null(json_get(tmpl, bodies[i].body)))
            return true;
    return false;
}

static bool
is_own_fault(int code)
{
    return code != ERR_IO && code != ERR_FULL;
}

int
argo_podless_fail(struct flow_result *r, enum flow_phase phase, const char *before,
                  const char *text)
{
    struct json_build b = JSON_BUILD_INIT;

    r->phase = phase;
    r->message = xasprintf("%s%s", before, text);
    json_add_object(&b, NULL);
    json_add_cstr(&b, "exitCode", "64");
    json_end(&b);
    json_doc_unref(r->outputs);
    r->outputs = json_build_done(&b);
    return 0;
}

int
argo_podless_blame(struct flow_result *r, const struct err *why, struct err *e)
{
    if (is_own_fault(why->code))
        return argo_podless_fail(r, FLOW_FAILED, "main: Error (exit code 64): ", why->msg);
    *e = *why;
    return e->code;
}

void
argo_podless_succeed(struct flow_node *leaf, const struct json *tmpl, struct str result,
                     struct flow_result *r)
{
    struct json_build b = JSON_BUILD_INIT;

    r->phase = FLOW_SUCCEEDED;
    json_add_object(&b, NULL);
    json_add_array(&b, "parameters");
    JSON_EACH (p, json_at_path(tmpl, "outputs.parameters")) {
        if (json_get(p.value, "value") != NULL)
            json_add_value(&b, NULL, p.value);
    }
    json_end(&b);
    json_add_str(&b, "result", result);
    json_end(&b);
    json_doc_unref(r->outputs);
    r->outputs = json_build_done(&b);
    argo_output_publish(leaf->run, json_root(r->outputs));
}

/* The template with its names filled in. */
static int
fill(struct turn *t, struct flow_node *leaf, const struct json *tmpl, struct json_doc **ret,
     struct err *e)
{
    cleanup_argo_scope struct argo_scope s = ARGO_SCOPE_INIT;
    cleanup_free char *pod = argo_name_pod(leaf->run->name, str_of(leaf->name),
                                           argo_name_template(str_of(leaf->template_of)));

    argo_scope_init(&s, t, leaf->run, NULL);
    argo_scope_add_inputs(&s, json_root(leaf->inputs));
    expr_vars_set(&s.vars, STR("node.name"), str_of(leaf->name));
    expr_vars_set(&s.vars, STR("pod.name"), str_of(pod)); /* as clients compute it */
    if (argo_retry_add_names(&s, leaf, e) < 0)
        return e->code;
    return argo_scope_json_lax(&s, tmpl, ret, e);
}

/* When the leaf may not go on, or 0. */
static int
deadline_of(const struct flow_node *leaf, const struct json *tmpl, int64_t *ret, struct err *e)
{
    static const char *const fields[] = {"timeout", "activeDeadlineSeconds"};

    *ret = 0;
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        struct str text = json_scalar_text(json_get(tmpl, fields[i]));
        int64_t limit;

        if (text.n == 0)
            continue;
        if (argo_time_duration(text, &limit, e) < 0)
            return err_wrap(e, "%s", fields[i]);
        if (*ret == 0 || leaf->started_us + limit < *ret)
            *ret = leaf->started_us + limit;
    }
    return 0;
}

/* It goes on, unless its time is over. */
static int
heed_deadline(struct turn *t, const struct flow_node *leaf, const struct json *tmpl,
              struct flow_result *r, int64_t *again_us, struct err *e)
{
    struct err why = ERR_INIT;
    int64_t deadline;

    if (deadline_of(leaf, tmpl, &deadline, &why) < 0)
        return argo_podless_blame(r, &why, e);
    if (deadline != 0 && turn_now_us(t) >= deadline) {
        free(TAKE(r->message));
        return argo_podless_fail(r, FLOW_FAILED, "",
                                 "Pod was active on the node longer than the specified deadline");
    }
    if (deadline != 0 && deadline < *again_us)
        *again_us = deadline;
    return 0;
}

int
argo_podless_tend(struct turn *t, struct flow_node *leaf, struct flow_result *r, int64_t *again_us,
                  struct err *e)
{
    const struct json *tmpl = argo_template(argo_of(leaf->run), str_of(leaf->template_of));
    cleanup_json struct json_doc *filled = NULL;
    struct err why = ERR_INIT;

    if (fill(t, leaf, tmpl, &filled, &why) < 0) {
        if (is_own_fault(why.code))
            return argo_podless_fail(r, FLOW_ERROR, "", why.msg);
        *e = why;
        return e->code;
    }
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++)
        if (!json_is_null(json_get(tmpl, bodies[i].body)) &&
            bodies[i].tend(t, leaf, json_root(filled), r, again_us, e) < 0)
            return e->code;
    return flow_phase_is_final(r->phase)
               ? 0
               : heed_deadline(t, leaf, json_root(filled), r, again_us, e);
}
