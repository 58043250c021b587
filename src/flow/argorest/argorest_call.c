/* The frame around the operations: reading what was asked, and turns. */
#include <stdlib.h>

#include "api/apiaccount.h"
#include "api/apiserver.h"
#include "api/objects.h"
#include "base/arena.h"
#include "base/err.h"
#include "core/core.h"
#include "data/json.h"
#include "edge/call.h"
#include "edge/caller.h"
#include "flow/argorest/argorest_int.h"

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
        argorest_ask_now(c);
    else
        argorest_answer(c);
}

static void
done(struct message *m, const struct err *why)
{
    struct argorest_call *c = CONTAINER_OF(m, struct argorest_call, message);

    if (why != NULL && !c->taken_back)
        argorest_refuse(c, why);
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
        argorest_refuse(c, &e);
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
        argorest_refuse(c, why);
    else if (begin(c, &e) < 0)
        argorest_refuse(c, &e);
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
