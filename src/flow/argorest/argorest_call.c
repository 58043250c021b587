/*
 * The frame around the operations: reading what was asked, turns, questions to the object API, and
 * answers.
 */
#include <stdlib.h>

#include "api/apiaccount.h"
#include "api/apifeed.h"
#include "api/apiserver.h"
#include "api/apistream.h"
#include "api/objects.h"
#include "base/arena.h"
#include "base/err.h"
#include "core/core.h"
#include "core/turn.h"
#include "data/json.h"
#include "edge/call.h"
#include "edge/caller.h"
#include "flow/argo/argo_nodes.h"
#include "flow/argorest/argorest_fields.h"
#include "flow/argorest/argorest_int.h"
#include "store/store.h"

const struct apiserver_config *
argorest_config(const struct argorest_call *c)
{
    return apiserver_config(c->rest->api);
}

struct str
argorest_param(const struct argorest_call *c, const char *name)
{
    struct str value = apiparam_text(&c->query, name);

    return value.n > 0 ? value : STR_NULL;
}

struct str
argorest_text(const struct argorest_call *c, const char *field)
{
    struct str s = json_str(json_get(json_root(c->body), field));

    return s.n > 0 ? s : STR_NULL;
}

static const struct argorest_fields *
fields_of(const struct argorest_call *c)
{
    struct argorest_fields *f = ARENA_NEW(call_arena(c->call), struct argorest_fields);

    argorest_fields_read(call_arena(c->call), argorest_param(c, "fields"), f);
    return f;
}

int
argorest_object_of(const struct argorest_call *c, const struct json **ret, struct err *e)
{
    const char *field = c->op->kind->field;

    *ret = json_get(json_root(c->body), field);
    if (json_is_null(*ret))
        return err_set(e, ERR_BADREQUEST, "%s: expected a %s, found nothing", field,
                       c->op->kind->kind->kind);
    if (json_type(*ret) != JSON_OBJECT)
        return err_set(e, ERR_BADREQUEST, "%s: expected a %s, found a JSON %s", field,
                       c->op->kind->kind->kind, json_type_name(json_type(*ret)));
    return 0;
}

/* Who may. */

int
argorest_authorize(const struct argorest_call *c, const char *verb, const struct kind *k,
                   const char *subresource, struct str ns, struct str name, struct err *e)
{
    const struct apiserver_config *config = argorest_config(c);
    const struct caller *who = call_caller(c->call);
    struct apiright right = {.verb = str_of(verb),
                             .group = str_of(k->group),
                             .version = str_of(k->version),
                             .resource = str_of(k->plural),
                             .subresource = str_of(subresource),
                             .ns = ns,
                             .name = name};

    if (config->authorize == NULL || config->authorize(config->auth_arg, who, &right))
        return 0;
    return err_set(e, ERR_FORBIDDEN, "%.*s may not %s %s%s%s in namespace \"%.*s\"",
                   STR_ARG(who->name.p != NULL ? who->name : STR("system:anonymous")), verb,
                   k->plural, subresource != NULL ? "/" : "",
                   subresource != NULL ? subresource : "", STR_ARG(ns));
}

/* Answers. */

static void
call_free(struct argorest_call *c)
{
    if (c->release != NULL && c->plan != NULL)
        c->release(c->plan);
    json_doc_unref(c->body);
    json_doc_unref(c->doc);
    object_unref(c->object);
    apistream_free(c->stream);
    apicall_free(c->apicall);
    buf_done(&c->ask_path);
    buf_done(&c->ask_query);
    buf_done(&c->ask_body);
    argorest_latest_free(c->latest);
    free(c->file_name);
    free(c);
}

static void
reply_text(struct argorest_call *c, int status, struct str text)
{
    struct reply r = {.status = status, .content_type = "application/json", .body = text};

    call_reply(c->call, &r);
    call_free(c);
}

void
argorest_error_write(const struct err *why, struct buf *to, int *ret_status)
{
    /* The numbers are gRPC's; each has its HTTP status. */
    static const struct {
        int code, status, grpc;
    } meanings[] = {
        {ERR_BADREQUEST, 400, 3}, {ERR_INVALID, 400, 3},      {ERR_UNAUTHORIZED, 401, 16},
        {ERR_NOTFOUND, 404, 5},   {ERR_EXISTS, 409, 6},       {ERR_CONFLICT, 409, 10},
        {ERR_FORBIDDEN, 403, 7},  {ERR_GONE, 400, 9},         {ERR_TOOMANY, 429, 8},
        {ERR_TOOLARGE, 413, 8},   {ERR_UNSUPPORTED, 501, 12}, {ERR_UNAVAILABLE, 503, 14},
        {ERR_TIMEOUT, 504, 4},    {ERR_FULL, 507, 8},
    };
    int grpc = 13;

    *ret_status = 500;
    for (size_t i = 0; i < ARRAY_LEN(meanings); i++) {
        if (meanings[i].code == why->code) {
            *ret_status = meanings[i].status;
            grpc = meanings[i].grpc;
        }
    }
    buf_printf(to, "{\"code\":%d,\"message\":", grpc);
    json_write_string(to, str_of(why->msg));
    buf_char(to, '}');
}

static void
refuse(struct argorest_call *c, const struct err *why)
{
    cleanup_buf struct buf text = BUF_INIT;
    int status;

    argorest_error_write(why, &text, &status);
    reply_text(c, status, buf_view(&text));
}

/* A file is what a step has made: a browser that shows it must let it do nothing. */
static void
reply_file(struct argorest_call *c)
{
    cleanup_free char *disposition = xasprintf("filename=\"%s\"", c->file_name);
    struct field fields[] = {
        {.name = STR("X-Content-Type-Options"), .value = STR("nosniff")},
        {.name = STR("Content-Security-Policy"), .value = STR("sandbox; default-src 'none'")},
        {.name = STR("Content-Disposition"), .value = str_of(disposition)},
    };
    struct reply r = {.status = 200,
                      .content_type = c->content_type,
                      .fields = fields,
                      .fields_n = ARRAY_LEN(fields),
                      .length = c->length};

    apifeed_reply(c->call, c->loop, &r, TAKE(c->stream));
    call_free(c);
}

static void
reply_stream(struct argorest_call *c)
{
    struct field fields[] = {{.name = STR("X-Content-Type-Options"), .value = STR("nosniff")}};
    struct reply r = {.status = 200, .fields = fields, .fields_n = ARRAY_LEN(fields)};

    r.content_type = c->accepts_events ? "text/event-stream" : "application/json";
    apifeed_reply(c->call, c->loop, &r, TAKE(c->stream));
    call_free(c);
}

/* A Workflow gets its nodes, unless the client wants none. */
static int
compose(struct argorest_call *c, struct err *e)
{
    struct json_doc *doc = NULL;
    struct object *composed;

    if (object_kind(c->object) != &kind_workflow ||
        !argorest_fields_want(fields_of(c), STR("status.nodes")))
        return 0;
    if (argo_nodes_compose(store_db(c->rest->store), c->object, &doc, e) < 0)
        return e->code;
    composed = object_new(object_kind(c->object), doc, object_rv(c->object));
    object_unref(c->object);
    c->object = composed;
    return 0;
}

static int
write_object(struct argorest_call *c, struct buf *to, struct err *e)
{
    cleanup_buf struct buf text = BUF_INIT;

    if (compose(c, e) < 0)
        return e->code;
    object_write(&text, c->object);
    return argorest_fields_pass(fields_of(c), STR(""), buf_view(&text), to, e);
}

static void
answer(struct argorest_call *c)
{
    cleanup_buf struct buf text = BUF_INIT;
    struct err e = ERR_INIT;

    if (c->stream != NULL && c->content_type != NULL) {
        reply_file(c);
        return;
    }
    if (c->stream != NULL) {
        reply_stream(c);
        return;
    }
    if (c->object == NULL)
        json_write(&text, json_root(c->doc));
    else if (write_object(c, &text, &e) < 0) {
        refuse(c, &e);
        return;
    }
    reply_text(c, 200, buf_view(&text));
}

/* Questions to the object API. */

void
argorest_ask(struct argorest_call *c, const char *method, const struct kind *k, struct str name,
             const struct json *body)
{
    buf_printf(&c->ask_path, k->group[0] != '\0' ? "/apis/%s/%s/" : "/api%s/%s/", k->group,
               k->version);
    if (k->namespaced && c->ns.n > 0) {
        buf_cstr(&c->ask_path, "namespaces/");
        request_encode(&c->ask_path, c->ns);
        buf_char(&c->ask_path, '/');
    }
    buf_cstr(&c->ask_path, k->plural);
    if (name.p != NULL) {
        buf_char(&c->ask_path, '/');
        request_encode(&c->ask_path, name);
    }
    if (body != NULL) {
        json_write(&c->ask_body, body);
        argorest_ask_with(c, "fieldManager", STR("argo"));
        argorest_ask_with(c, "fieldValidation", STR("Ignore"));
    }
    c->ask.method = str_of(method);
}

void
argorest_ask_with(struct argorest_call *c, const char *name, struct str value)
{
    if (value.n == 0)
        return;
    buf_printf(&c->ask_query, "%s%s=", c->ask_query.n > 0 ? "&" : "", name);
    request_encode(&c->ask_query, value);
}

void
argorest_ask_with_options(struct argorest_call *c, const char *const *names)
{
    for (size_t i = 0; names[i] != NULL; i++) {
        cleanup_free char *given = xasprintf("listOptions.%s", names[i]);

        argorest_ask_with(c, names[i], argorest_param(c, given));
    }
}

/* The codes that tell apart what HTTP has one status for. */
static int
code_of(int status, struct str reason)
{
    if (str_is(reason, "AlreadyExists"))
        return ERR_EXISTS;
    for (int i = 0; i < ERR_COUNT; i++) {
        if (err_status(-1 - i) == status && (status != 409 || str_is(reason, err_reason(-1 - i))))
            return -1 - i;
    }
    return status == 415 || status == 405 ? ERR_BADREQUEST : ERR_IO;
}

static void
refuse_as_api_did(struct argorest_call *c, const struct apianswer *a)
{
    cleanup_json struct json_doc *said = NULL;
    struct err e = ERR_INIT, ignored = ERR_INIT;
    struct str message;

    (void)json_parse(a->body, NULL, &said, &ignored);
    message = json_str(json_get(json_root(said), "message"));
    err_set(&e, code_of(a->status, json_str(json_get(json_root(said), "reason"))), "%.*s",
            STR_ARG(message.n > 0 ? message : a->body));
    refuse(c, &e);
}

static void
on_api_answer(void *arg)
{
    struct argorest_call *c = arg;
    cleanup_buf struct buf text = BUF_INIT;
    struct apianswer a;
    struct err e = ERR_INIT;

    apicall_answer(c->apicall, &a);
    if (a.status >= 400) {
        refuse_as_api_did(c, &a);
    } else if (a.stream != NULL && c->wrap != NULL) {
        c->stream = c->wrap(c, a.stream);
        reply_stream(c);
    } else if (a.stream != NULL) {
        apistream_free(a.stream);
        err_set(&e, ERR_IO, "the answer is a stream");
        refuse(c, &e);
    } else if (argorest_fields_pass(fields_of(c), STR(""), a.body, &text, &e) < 0) {
        refuse(c, &e);
    } else {
        reply_text(c, 200, buf_view(&text));
    }
}

static void
ask(struct argorest_call *c)
{
    c->ask.path = buf_view(&c->ask_path);
    c->ask.query = buf_view(&c->ask_query);
    c->ask.body = buf_view(&c->ask_body);
    c->ask.content_type = STR("application/json");
    c->ask.user_agent = STR("argo");
    c->ask.caller = call_caller(c->call);
    c->apicall = apicall_new(c->rest->api, &c->ask, on_api_answer, c);
    apicall_start(c->apicall);
}

/* In the core. */

static int
run(struct message *m, struct turn *t, struct err *e)
{
    struct argorest_call *c = CONTAINER_OF(m, struct argorest_call, message);

    c->again = false;
    if (apiaccount_check(argorest_config(c)->objects, t, call_caller(c->call), e) < 0 ||
        c->op->run(c, t, e) < 0)
        return e->code;
    c->taken_back = c->dry_run && !c->again;
    return c->taken_back ? err_set(e, ERR_CONFLICT, "a dry run is taken back") : 0;
}

static void post(struct argorest_call *c);

static void
finish(struct argorest_call *c)
{
    if (c->ask.method.p != NULL)
        ask(c);
    else
        answer(c);
}

static void
done(struct message *m, const struct err *why)
{
    struct argorest_call *c = CONTAINER_OF(m, struct argorest_call, message);

    if (why != NULL && !c->taken_back)
        refuse(c, why);
    else if (c->again)
        post(c);
    else
        finish(c);
}

static void
post(struct argorest_call *c)
{
    struct err e = ERR_INIT;

    c->message = (struct message){
        .class = MESSAGE_REQUEST, .run = run, .done = done, .name = c->op->pattern};
    if (core_post(argorest_config(c)->core, &c->message, &e) < 0)
        refuse(c, &e);
}

/* On an edge. */

static int
read_body(struct argorest_call *c, struct err *e)
{
    struct json_limits limits = {.bytes = APICALL_MAX_BODY, .depth = JSON_MAX_DEPTH};
    struct str text = str_trim(call_body(c->call));

    if (json_parse(text.n > 0 ? text : STR("{}"), &limits, &c->body, e) < 0)
        return err_wrap(e, "the body");
    if (json_type(json_root(c->body)) != JSON_OBJECT)
        return err_set(e, ERR_BADREQUEST, "the body: expected a JSON object, found a JSON %s",
                       json_type_name(json_type(json_root(c->body))));
    return 0;
}

static int
begin(struct argorest_call *c, struct err *e)
{
    const struct request *rq = call_request(c->call);
    struct str ns = call_param(c->call, "namespace"), name = call_param(c->call, "name");
    struct str accept = fields_get(&rq->fields, "Accept");

    c->ns = ns.p != NULL ? ns : STR("");
    c->name = name.p != NULL ? name : STR("");
    c->accepts_events = accept.p != NULL && str_find(accept, STR("text/event-stream"), 0) >= 0;
    if (apiparam_parse(call_arena(c->call), rq->query, &c->query, e) < 0)
        return e->code;
    if (c->op->right != NULL &&
        argorest_authorize(c, c->op->right, c->op->kind->kind, NULL, c->ns, c->name, e) < 0)
        return e->code;
    if (read_body(c, e) < 0)
        return e->code;
    return c->op->prepare != NULL ? c->op->prepare(c, e) : 0;
}

static void
on_body(void *arg, struct call *call, const struct err *why)
{
    struct argorest_call *c = arg;
    struct err e = ERR_INIT;

    (void)call;
    if (why != NULL)
        refuse(c, why);
    else if (begin(c, &e) < 0)
        refuse(c, &e);
    else if (c->op->run != NULL)
        post(c);
    else
        finish(c);
}

void
argorest_on_call(void *arg, struct call *call)
{
    const struct argorest_route *r = arg;
    struct argorest_call *c = NEW(struct argorest_call);

    c->rest = r->rest;
    c->op = r->op;
    c->call = call;
    c->loop = call_loop(call);
    call_collect(call, APICALL_MAX_BODY, on_body, c);
}
