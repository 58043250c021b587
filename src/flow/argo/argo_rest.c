#include "flow/argo/argo_rest.h"

#include <stdlib.h>
#include <string.h>

#include "api/apiserver.h"
#include "api/objects.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "core/core.h"
#include "core/turn.h"
#include "data/json.h"
#include "edge/call.h"
#include "edge/caller.h"
#include "edge/routes.h"
#include "flow/argo/argo_command.h"
#include "flow/argo/argo_nodes.h"
#include "flow/argo/argo_rerun.h"
#include "store/store.h"

enum { MAX_BODY = 3 * 1024 * 1024 };

/* One request, until it is answered. */
struct asked {
    struct message m;
    struct argo_rest *rest;
    struct call *call;
    const struct verb *verb;
    struct str ns, name;      /* the call's */
    struct json_doc *body;    /* an object */
    struct json_doc *outputs; /* of `set` */
    struct object *result;
};

typedef int verb_fn(struct asked *a, struct turn *t, const struct object *o, struct err *e);

struct verb {
    const char *name;
    verb_fn *run;      /* may set a->result; otherwise it is what the object is then */
    const char *right; /* the API's verb that it needs */
};

static struct str
text_of(const struct asked *a, const char *field)
{
    struct str s = json_str(json_get(json_root(a->body), field));

    return s.n > 0 ? s : STR_NULL;
}

/* Verbs. */

static int
run_suspend(struct asked *a, struct turn *t, const struct object *o, struct err *e)
{
    return argo_command_suspend(a->rest->flow, t, o, e);
}

static int
run_resume(struct asked *a, struct turn *t, const struct object *o, struct err *e)
{
    return argo_command_resume(a->rest->flow, t, o, text_of(a, "nodeFieldSelector"), e);
}

static int
run_stop(struct asked *a, struct turn *t, const struct object *o, struct err *e)
{
    return argo_command_stop(a->rest->flow, t, o, text_of(a, "nodeFieldSelector"),
                             text_of(a, "message"), e);
}

static int
run_terminate(struct asked *a, struct turn *t, const struct object *o, struct err *e)
{
    return argo_command_terminate(a->rest->flow, t, o, e);
}

static int
run_set(struct asked *a, struct turn *t, const struct object *o, struct err *e)
{
    struct str outputs = text_of(a, "outputParameters");
    struct argo_set set = {.selector = text_of(a, "nodeFieldSelector"),
                           .phase = text_of(a, "phase"),
                           .message = text_of(a, "message")};

    if (outputs.n > 0) {
        if (json_parse(outputs, &json_limits_default, &a->outputs, e) < 0)
            return err_wrap(e, "outputParameters");
        set.outputs = json_root(a->outputs);
    }
    return argo_command_set(a->rest->flow, t, o, &set, e);
}

/* ["a=1", "b=2"] as {"a":"1","b":"2"}; NULL for none. */
static int
read_parameters(const struct asked *a, struct json_doc **ret, struct err *e)
{
    const struct json *list = json_get(json_root(a->body), "parameters");
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
run_retry(struct asked *a, struct turn *t, const struct object *o, struct err *e)
{
    const struct json *body = json_root(a->body);
    cleanup_json struct json_doc *parameters = NULL;
    struct argo_rerun how = {.restart_successful =
                                 json_bool_or(json_get(body, "restartSuccessful"), false),
                             .selector = text_of(a, "nodeFieldSelector")};

    if (read_parameters(a, &parameters, e) < 0)
        return e->code;
    how.parameters = json_root(parameters);
    return argo_rerun_retry(a->rest->flow, t, o, &how, e);
}

static int
run_resubmit(struct asked *a, struct turn *t, const struct object *o, struct err *e)
{
    cleanup_json struct json_doc *parameters = NULL;
    struct argo_rerun how = {.selector = STR_NULL};

    if (json_bool_or(json_get(json_root(a->body), "memoized"), false))
        return err_set(
            e, ERR_UNSUPPORTED,
            "memoized resubmission is not supported: use retry, which keeps the steps that "
            "succeeded, or memoize in the templates");
    if (read_parameters(a, &parameters, e) < 0)
        return e->code;
    how.parameters = json_root(parameters);
    return argo_rerun_resubmit(a->rest->flow, t, o, &how, &a->result, e);
}

static const struct verb verbs[] = {
    {"suspend", run_suspend, "update"},   {"resume", run_resume, "update"},
    {"stop", run_stop, "update"},         {"terminate", run_terminate, "update"},
    {"set", run_set, "update"},           {"retry", run_retry, "update"},
    {"resubmit", run_resubmit, "create"},
};

/* Answers. */

static void
asked_free(struct asked *a)
{
    json_doc_unref(a->body);
    json_doc_unref(a->outputs);
    object_unref(a->result);
    free(a);
}

static void
refuse(struct asked *a, const struct err *why)
{
    static const struct {
        int code, status, grpc;
    } meanings[] = {
        {ERR_BADREQUEST, 400, 3}, {ERR_INVALID, 400, 3},      {ERR_NOTFOUND, 404, 5},
        {ERR_EXISTS, 409, 6},     {ERR_CONFLICT, 409, 10},    {ERR_FORBIDDEN, 403, 7},
        {ERR_TOOMANY, 429, 8},    {ERR_UNSUPPORTED, 501, 12}, {ERR_UNAVAILABLE, 503, 14},
        {ERR_FULL, 507, 8},       {ERR_TOOLARGE, 413, 8},
    };
    cleanup_buf struct buf text = BUF_INIT;
    struct reply r = {.status = 500, .content_type = "application/json"};
    int grpc = 13;

    for (size_t i = 0; i < ARRAY_LEN(meanings); i++)
        if (meanings[i].code == why->code) {
            r.status = meanings[i].status;
            grpc = meanings[i].grpc;
        }
    buf_printf(&text, "{\"code\":%d,\"message\":", grpc);
    json_write_string(&text, str_of(why->msg));
    buf_char(&text, '}');
    r.body = buf_view(&text);
    call_reply(a->call, &r);
    asked_free(a);
}

/* What the object is now, with its nodes. */
static void
answer(struct asked *a)
{
    struct db *db = store_db(a->rest->store);
    cleanup_json struct json_doc *doc = NULL;
    cleanup_buf struct buf text = BUF_INIT;
    struct reply r = {.status = 200, .content_type = "application/json"};
    struct err e = ERR_INIT;

    if (argo_nodes_compose(db, a->result, &doc, &e) < 0) {
        refuse(a, &e);
        return;
    }
    json_write(&text, json_root(doc));
    r.body = buf_view(&text);
    call_reply(a->call, &r);
    asked_free(a);
}

/* In the core. */

static int
on_turn(struct message *m, struct turn *t, struct err *e)
{
    struct asked *a = CONTAINER_OF(m, struct asked, m);
    cleanup_object struct object *o = NULL;

    if (objects_get(a->rest->objects, t, &kind_workflow, a->ns, a->name, &o, e) < 0 ||
        a->verb->run(a, t, o, e) < 0)
        return e->code;
    if (a->result != NULL)
        return 0;
    return objects_get(a->rest->objects, t, &kind_workflow, a->ns, a->name, &a->result, e);
}

static void
on_done(struct message *m, const struct err *why)
{
    struct asked *a = CONTAINER_OF(m, struct asked, m);

    if (why != NULL)
        refuse(a, why);
    else
        answer(a);
}

/* On an edge. */

static bool
may(const struct asked *a)
{
    struct apiright right = {.verb = str_of(a->verb->right),
                             .group = STR("argoproj.io"),
                             .version = STR("v1alpha1"),
                             .resource = STR("workflows"),
                             .ns = a->ns,
                             .name = a->name};

    return a->rest->authorize == NULL ||
           a->rest->authorize(a->rest->auth_arg, call_caller(a->call), &right);
}

static int
read_body(struct asked *a, struct err *e)
{
    struct str text = str_trim(call_body(a->call));

    if (json_parse(text.n > 0 ? text : STR("{}"), &json_limits_default, &a->body, e) < 0)
        return err_wrap(e, "the body");
    if (json_type(json_root(a->body)) != JSON_OBJECT)
        return err_set(e, ERR_BADREQUEST, "the body: expected a JSON object, found %s",
                       json_type_name(json_type(json_root(a->body))));
    return 0;
}

static int
begin(struct asked *a, struct err *e)
{
    struct str verb = call_param(a->call, "verb");

    for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
        if (str_is(verb, verbs[i].name))
            a->verb = &verbs[i];
    if (a->verb == NULL)
        return err_set(e, ERR_NOTFOUND, "workflows have no verb '%.*s'", STR_ARG(verb));
    a->ns = call_param(a->call, "namespace");
    a->name = call_param(a->call, "name");
    if (!may(a))
        return err_set(e, ERR_FORBIDDEN, "%.*s may not %s workflow '%.*s' in namespace '%.*s'",
                       STR_ARG(call_caller(a->call)->name), a->verb->name, STR_ARG(a->name),
                       STR_ARG(a->ns));
    if (read_body(a, e) < 0)
        return e->code;
    a->m = (struct message){
        .class = MESSAGE_REQUEST, .run = on_turn, .done = on_done, .name = "workflow verb"};
    return core_post(a->rest->core, &a->m, e);
}

static void
on_body(void *arg, struct call *c, const struct err *why)
{
    struct asked *a = arg;
    struct err e = ERR_INIT;

    (void)c;
    if (why != NULL)
        refuse(a, why);
    else if (begin(a, &e) < 0)
        refuse(a, &e);
}

static void
on_call(void *arg, struct call *c)
{
    struct asked *a = NEW(struct asked);

    a->rest = arg;
    a->call = c;
    call_collect(c, MAX_BODY, on_body, a);
}

int
argo_rest_add_routes(struct argo_rest *rest, struct routes *r, struct err *e)
{
    const struct route route = {.method = "PUT",
                                .pattern = "/api/v1/workflows/{namespace}/{name}/{verb}",
                                .handler = on_call,
                                .arg = rest};

    return routes_add(r, &route, e);
}
