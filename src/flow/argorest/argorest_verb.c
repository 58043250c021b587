/*
 * The verbs on workflows:
 *
 *     PUT /api/v1/workflows/NAMESPACE/NAME/VERB      VERB: suspend, resume, stop, terminate, set,
 *                                                    retry, resubmit
 *
 * The body is JSON (or nothing): nodeFieldSelector, message, phase, outputParameters (JSON text),
 * restartSuccessful, memoized, parameters ("NAME=VALUE" each), resubmit's priority (a number, which
 * upstream's command takes and drops).  The answer is the workflow after it
 * (resubmit: the new one), with its nodes.
 */
#include <string.h>

#include "api/apiserver.h"
#include "api/objects.h"
#include "base/err.h"
#include "data/json.h"
#include "edge/call.h"
#include "flow/argo/argo_command.h"
#include "flow/argo/argo_rerun.h"
#include "flow/argorest/argorest_int.h"

struct verb {
    const char *name;
    const char *right; /* the API's verb that it needs */
    /* May set c->object; otherwise it is what the workflow is then. */
    int (*run)(struct argorest_call *c, struct turn *t, const struct object *o, struct err *e);
};

static int
run_suspend(struct argorest_call *c, struct turn *t, const struct object *o, struct err *e)
{
    return argo_command_suspend(c->rest->flow, t, o, e);
}

static int
run_resume(struct argorest_call *c, struct turn *t, const struct object *o, struct err *e)
{
    return argo_command_resume(c->rest->flow, t, o, argorest_text(c, "nodeFieldSelector"), e);
}

static int
run_stop(struct argorest_call *c, struct turn *t, const struct object *o, struct err *e)
{
    return argo_command_stop(c->rest->flow, t, o, argorest_text(c, "nodeFieldSelector"),
                             argorest_text(c, "message"), e);
}

static int
run_terminate(struct argorest_call *c, struct turn *t, const struct object *o, struct err *e)
{
    return argo_command_terminate(c->rest->flow, t, o, e);
}

static int
run_set(struct argorest_call *c, struct turn *t, const struct object *o, struct err *e)
{
    struct str outputs = argorest_text(c, "outputParameters");
    cleanup_json struct json_doc *parsed = NULL;
    struct argo_set set = {.selector = argorest_text(c, "nodeFieldSelector"),
                           .phase = argorest_text(c, "phase"),
                           .message = argorest_text(c, "message")};

    if (outputs.n > 0) {
        if (json_parse(outputs, &json_limits_default, &parsed, e) < 0)
            return err_wrap(e, "outputParameters");
        set.outputs = json_root(parsed);
    }
    return argo_command_set(c->rest->flow, t, o, &set, e);
}

int
argorest_read_parameters(const struct json *list, struct json_doc **ret, struct err *e)
{
    struct json_build b = JSON_BUILD_INIT;

    *ret = NULL;
    if (json_count(list) == 0)
        return 0;
    json_add_object(&b, NULL);
    JSON_EACH (it, list) {
        struct str value = json_str(it.value), name = str_cut(&value, '=');

        if (name.n == 0 || value.p == NULL) {
            json_build_cancel(&b);
            return err_set(e, ERR_BADREQUEST, "parameters: expected texts of the form NAME=VALUE");
        }
        json_add_key(&b, name);
        json_add_str(&b, NULL, value);
    }
    json_end(&b);
    *ret = json_build_done(&b);
    return 0;
}

static int
run_retry(struct argorest_call *c, struct turn *t, const struct object *o, struct err *e)
{
    const struct json *body = json_root(c->body);
    cleanup_json struct json_doc *parameters = NULL;
    struct argo_rerun how = {.restart_successful =
                                 json_bool_or(json_get(body, "restartSuccessful"), false),
                             .selector = argorest_text(c, "nodeFieldSelector")};

    if (argorest_read_parameters(json_get(json_root(c->body), "parameters"), &parameters, e) < 0)
        return e->code;
    how.parameters = json_root(parameters);
    return argo_rerun_retry(c->rest->flow, t, o, &how, e);
}

static int
run_resubmit(struct argorest_call *c, struct turn *t, const struct object *o, struct err *e)
{
    cleanup_json struct json_doc *parameters = NULL;
    struct argo_rerun how = {.priority = json_get(json_root(c->body), "priority")};

    if (json_bool_or(json_get(json_root(c->body), "memoized"), false))
        return err_set(
            e, ERR_UNSUPPORTED,
            "memoized resubmission is not supported: use retry, which keeps the steps that "
            "succeeded, or memoize in the templates");
    if (argorest_read_parameters(json_get(json_root(c->body), "parameters"), &parameters, e) < 0)
        return e->code;
    how.parameters = json_root(parameters);
    return argo_rerun_resubmit(c->rest->flow, t, o, &how, &c->object, e);
}

static const struct verb verbs[] = {
    {"suspend", "update", run_suspend},   {"resume", "update", run_resume},
    {"stop", "update", run_stop},         {"terminate", "update", run_terminate},
    {"set", "update", run_set},           {"retry", "update", run_retry},
    {"resubmit", "create", run_resubmit},
};

int
argorest_rerun(struct argorest_call *c, struct turn *t, const struct object *o, struct err *e)
{
    struct objects *os = argorest_config(c)->objects;

    if (strcmp(c->op->verb, "resubmit") == 0)
        return run_resubmit(c, t, o, e);
    if (run_retry(c, t, o, e) < 0)
        return e->code;
    return objects_get(os, t, &kind_workflow, object_namespace(o), object_name(o), &c->object, e);
}

static int
prepare(struct argorest_call *c, struct err *e)
{
    struct str name = call_param(c->call, "verb");

    for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
        if (!str_is(name, verbs[i].name))
            continue;
        c->plan = (void *)(uintptr_t)&verbs[i];
        return argorest_authorize(c, verbs[i].right, &kind_workflow, NULL, c->ns, c->name, e);
    }
    return err_set(e, ERR_NOTFOUND, "workflows have no verb '%.*s'", STR_ARG(name));
}

static int
run(struct argorest_call *c, struct turn *t, struct err *e)
{
    struct objects *os = argorest_config(c)->objects;
    const struct verb *verb = c->plan;
    cleanup_object struct object *o = NULL;
    struct str name;

    if (argorest_resolve(c, t, &name, e) < 0 || c->again ||
        objects_get(os, t, &kind_workflow, c->ns, name, &o, e) < 0 || verb->run(c, t, o, e) < 0)
        return e->code;
    return c->object != NULL ? 0 : objects_get(os, t, &kind_workflow, c->ns, name, &c->object, e);
}

const struct argorest_op argorest_verb_ops[] = {
    {.method = "PUT",
     .pattern = "/api/v1/workflows/{namespace}/{name}/{verb}",
     .kind = &argorest_workflow,
     .prepare = prepare,
     .run = run},
    {.method = NULL},
};
