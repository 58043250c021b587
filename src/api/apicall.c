/*
 * The frame around the verbs: which one a request asks for, whether the caller may, and how it is
 * answered.
 */
#include "api/apicall_int.h"

#include <string.h>

#include "api/apiaccount.h"
#include "api/discovery.h"
#include "base/clock.h"
#include "base/err.h"
#include "core/core.h"
#include "core/turn.h"
#include "data/json.h"
#include "edge/caller.h"

const struct apiserver_config *
apicall_config(const struct apicall *c)
{
    return apiserver_config(c->server);
}

/* How things go wrong. */

int
apicall_fail_about(struct apicall *c, const struct err *e, struct str name)
{
    failure_from_err(&c->failure, e, c->kind, name);
    return e->code;
}

int
apicall_fail(struct apicall *c, const struct err *e)
{
    return apicall_fail_about(c, e, c->name);
}

int
apicall_invalid(struct apicall *c, struct str name, const struct problems *ps)
{
    failure_invalid(&c->failure, c->kind->group, c->kind->kind, name, ps);
    return ERR_INVALID;
}

static void
not_found(struct apicall *c)
{
    failure_status(&c->failure, 404, "NotFound", true,
                   "the server could not find the requested resource");
}

static void
not_allowed(struct apicall *c)
{
    failure_status(&c->failure, 405, "MethodNotAllowed", true,
                   "the server does not allow this method on the requested resource");
}

static void
page_not_found(struct apicall *c)
{
    c->status = 404;
    c->content_type = "text/plain; charset=utf-8";
    buf_cstr(&c->text, "404 page not found\n");
}

/* How they go well. */

void
apicall_answer_built(struct apicall *c, struct json_build *b)
{
    cleanup_json struct json_doc *doc = json_build_done(b);
    cleanup_buf struct buf json = BUF_INIT;

    json_write(&json, json_root(doc));
    buf_char(&json, '\n');
    render_body(&c->accept, buf_view(&json), &c->text);
}

void
apicall_success(struct apicall *c, const char *name, const char *uid, int status)
{
    struct json_build b = JSON_BUILD_INIT;

    json_add_object(&b, NULL);
    json_add_cstr(&b, "kind", "Status");
    json_add_cstr(&b, "apiVersion", "v1");
    json_add_object(&b, "metadata");
    json_end(&b);
    json_add_cstr(&b, "status", "Success");
    if (name != NULL) {
        json_add_object(&b, "details");
        json_add_cstr(&b, "name", name);
        if (c->kind->group[0] != '\0')
            json_add_cstr(&b, "group", c->kind->group);
        json_add_cstr(&b, "kind", c->kind->plural);
        if (uid != NULL)
            json_add_cstr(&b, "uid", uid);
        json_end(&b);
    }
    if (status != 0)
        json_add_int(&b, "code", status);
    json_end(&b);
    c->status = status;
    apicall_answer_built(c, &b);
}

/* FNV-1a, 64 bits: clients compare it with what they have, nobody relies on it. */
const char *
apicall_etag(struct apicall *c)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < c->text.n; i++)
        hash = (hash ^ (unsigned char)c->text.p[i]) * UINT64_C(0x100000001b3);
    return arena_printf(&c->arena, "\"%016llX\"", (unsigned long long)hash);
}

struct render
apicall_render(const struct apicall *c)
{
    struct render r = {
        .accept = c->accept, .kind = c->kind, .now_us = clock_wall_us(apicall_config(c)->clock)};

    (void)render_include_parse(apiparam_text(&c->param, "includeObject"), &r.include);
    return r;
}

/* Which verb. */

static const struct apicall_verb *
verb_of_item(const struct apicall *c)
{
    struct str m = c->rq.method;

    if (str_is(m, "GET") || str_is(m, "HEAD"))
        return c->path.watch ? &apicall_watch : &apicall_get;
    if (str_is(m, "PUT"))
        return &apicall_update;
    if (str_is(m, "PATCH"))
        return &apicall_patch;
    if (str_is(m, "DELETE"))
        return &apicall_delete;
    return NULL;
}

static const struct apicall_verb *
verb_of_collection(const struct apicall *c)
{
    struct str m = c->rq.method;

    if (str_is(m, "GET") || str_is(m, "HEAD"))
        return c->path.watch || apiparam_bool(&c->param, "watch") ? &apicall_watch : &apicall_list;
    if (str_is(m, "POST"))
        return c->kind->virtual ? &apicall_review : &apicall_create;
    return str_is(m, "DELETE") ? &apicall_deletecollection : NULL;
}

static const struct apicall_verb *
verb_of_subresource(const struct apicall *c)
{
    static const struct {
        const char *name, *method;
        const struct apicall_verb *verb;
    } rows[] = {
        {"binding", "POST", &apicall_binding},  {"eviction", "POST", &apicall_eviction},
        {"token", "POST", &apicall_token},      {"log", "GET", &apicall_log},
        {"exec", "GET", &apicall_exec},         {"exec", "POST", &apicall_exec},
        {"finalize", "PUT", &apicall_finalize},
    };

    if (strcmp(c->subresource->name, "status") == 0)
        return str_is(c->rq.method, "DELETE") ? NULL : verb_of_item(c);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (strcmp(rows[i].name, c->subresource->name) == 0 && str_is(c->rq.method, rows[i].method))
            return rows[i].verb;
    }
    return NULL;
}

static const struct apicall_verb *
verb_of(const struct apicall *c)
{
    const struct apicall_verb *v;
    unsigned served = c->subresource != NULL ? c->subresource->verbs : c->kind->verbs;

    if (c->subresource != NULL)
        v = verb_of_subresource(c);
    else
        v = c->name.p != NULL ? verb_of_item(c) : verb_of_collection(c);
    for (unsigned bit = KIND_CREATE; v != NULL && bit <= KIND_WATCH; bit <<= 1) {
        if (strcmp(kind_verb_name(bit), v->name) == 0 && (served & bit) == 0)
            return NULL;
    }
    return v;
}

/* Who may. */

static int
forbidden(struct apicall *c, const struct apiright *right)
{
    struct str who = c->rq.caller != NULL && c->rq.caller->name.p != NULL ? c->rq.caller->name
                                                                          : STR("system:anonymous");
    const char *sub = right->subresource.p != NULL ? right->subresource.p : "";
    const char *slash = sub[0] != '\0' ? "/" : "";
    cleanup_buf struct buf where = BUF_INIT;
    cleanup_buf struct buf what = BUF_INIT;

    if (right->ns.n > 0)
        buf_printf(&where, " in the namespace \"%.*s\"", STR_ARG(right->ns));
    else
        buf_cstr(&where, " at the cluster scope");
    buf_cstr(&what, c->kind->resource);
    if (right->name.n > 0)
        buf_printf(&what, " \"%.*s\"", STR_ARG(right->name));
    failure_set(&c->failure, ERR_FORBIDDEN,
                "%s is forbidden: User \"%.*s\" cannot %.*s resource \"%s%s%s\" in API group "
                "\"%s\"%s",
                buf_cstring(&what), STR_ARG(who), STR_ARG(right->verb), c->kind->plural, slash, sub,
                c->kind->group, buf_cstring(&where));
    failure_about(&c->failure, c->kind, right->name);
    return ERR_FORBIDDEN;
}

static int
authorize(struct apicall *c)
{
    const struct apiserver_config *config = apicall_config(c);
    struct apiright right = {
        .verb = str_of(c->verb->name),
        .group = str_of(c->kind->group),
        .version = str_of(c->kind->version),
        .resource = str_of(c->kind->plural),
        .subresource = c->subresource != NULL ? str_of(c->subresource->name) : STR_NULL,
        .ns = c->ns,
        .name = c->name,
    };

    if (config->authorize == NULL || config->authorize(config->auth_arg, c->rq.caller, &right))
        return 0;
    return forbidden(c, &right);
}

/* The core's part. */

static int
run(struct message *m, struct turn *t, struct err *e)
{
    struct apicall *c = CONTAINER_OF(m, struct apicall, message);
    int rc;

    c->again = false;
    if (!c->composing && apiaccount_check(apicall_config(c)->objects, t, c->rq.caller, e) < 0)
        return failure_set(&c->failure, e->code, "%s", e->msg);
    rc = c->composing ? 0 : c->verb->run(c, t, e);
    if (rc >= 0 && c->verb->composes)
        rc = apicall_compose(c, t, e);
    if (rc < 0 && e->code >= 0)
        (void)err_set(e, rc, "%s", c->failure.message != NULL ? c->failure.message : "refused");
    if (rc >= 0 && c->dry_run) {
        c->rolled_back = true;
        return err_set(e, ERR_CONFLICT, "a dry run is taken back");
    }
    return rc;
}

static bool post(struct apicall *c);

static void
done(struct message *m, const struct err *why)
{
    struct apicall *c = CONTAINER_OF(m, struct apicall, message);

    if (c->again && (why == NULL || c->rolled_back)) {
        if (post(c))
            return;
        if (c->composing) /* it is done: it is answered as it is stored */
            failure_done(&c->failure);
    }
    /* What the turn itself says (no commit) goes before what the verb said. */
    if (why != NULL && !c->rolled_back && c->failure.code == 0)
        apicall_fail(c, why);
    c->on_answer(c->on_answer_arg);
}

static bool
post(struct apicall *c)
{
    struct err e = ERR_INIT;

    c->message =
        (struct message){.class = MESSAGE_REQUEST, .run = run, .done = done, .name = c->verb->name};
    if (core_post(apicall_config(c)->core, &c->message, &e) >= 0)
        return true;
    apicall_fail(c, &e);
    return false;
}

/* Finding out what is asked. */

static int
find_target(struct apicall *c)
{
    const struct apiserver_config *config = apicall_config(c);

    c->kind = kind_of_path(config->kinds, c->path.group, c->path.version, c->path.plural);
    if (c->kind == NULL) {
        if (discovery_has_version(config->kinds, c->path.group, c->path.version))
            not_found(c);
        else
            page_not_found(c);
        return ERR_NOTFOUND;
    }
    c->name = c->path.name;
    c->ns = c->kind->namespaced ? c->path.ns : STR("");
    if (c->path.subresource.p != NULL)
        c->subresource = kind_subresource(c->kind, c->path.subresource);
    /* A namespaced kind without a namespace can be listed and watched, nothing else. */
    if ((c->path.subresource.p != NULL && c->subresource == NULL) ||
        (!c->kind->namespaced && c->path.ns.p != NULL) ||
        (c->kind->namespaced && c->path.ns.p == NULL && c->name.p != NULL)) {
        not_found(c);
        return ERR_NOTFOUND;
    }
    c->verb = verb_of(c);
    if (c->verb == NULL || (c->kind->namespaced && c->path.ns.p == NULL &&
                            c->verb != &apicall_list && c->verb != &apicall_watch)) {
        not_allowed(c);
        return ERR_BADREQUEST;
    }
    return 0;
}

static int
read_accept(struct apicall *c)
{
    if (accept_parse(c->rq.accept, &c->accept))
        return 0;
    failure_status(&c->failure, 406, "NotAcceptable", true,
                   "406: Not Acceptable\n\nAvailable representations: application/json, "
                   "application/yaml, application/vnd.kubernetes.protobuf");
    c->failure.pretty = true;
    return ERR_BADREQUEST;
}

static bool
needs_core(struct apicall *c)
{
    struct err e = ERR_INIT;

    apipath_parse(&c->arena, c->rq.path, &c->path);
    if (apiparam_parse(&c->arena, c->rq.query, &c->param, &e) < 0) {
        failure_set(&c->failure, e.code, "%s", e.msg);
        return false;
    }
    if (c->path.what == APIPATH_BROKEN) {
        page_not_found(c);
        return false;
    }
    if (c->path.what == APIPATH_OTHER) {
        /* What is no API resource has one form, whatever is asked for (an OpenAPI document in
         * protobuf, a text): clients of all ages get what there is. */
        (void)accept_parse(STR_NULL, &c->accept);
        if (!discovery_answer(c))
            page_not_found(c);
        return false;
    }
    if (c->path.what != APIPATH_OBJECTS) {
        if (read_accept(c) >= 0 && !discovery_answer(c))
            page_not_found(c);
        return false;
    }
    if (find_target(c) < 0 || read_accept(c) < 0 || authorize(c) < 0 || c->verb->prepare(c) < 0)
        return false;
    return c->verb->run != NULL && c->failure.code == 0;
}

struct apicall *
apicall_new(struct apiserver *s, const struct apirequest *rq, void (*on_answer)(void *arg),
            void *arg)
{
    struct apicall *c = NEW(struct apicall);

    c->server = s;
    c->rq = *rq;
    c->on_answer = on_answer;
    c->on_answer_arg = arg;
    return c;
}

void
apicall_start(struct apicall *c)
{
    if (!needs_core(c) || !post(c))
        c->on_answer(c->on_answer_arg);
}

void
apicall_free(struct apicall *c)
{
    if (c == NULL)
        return;
    if (c->verb != NULL && c->verb->release != NULL && c->plan != NULL)
        c->verb->release(c->plan);
    failure_done(&c->failure);
    problems_done(&c->warnings);
    json_doc_unref(c->body);
    objects_composing_free(c->pieces);
    object_unref(c->object);
    apistream_free(c->stream);
    apipod_exec_free(c->exec);
    buf_done(&c->text);
    arena_done(&c->arena);
    free(c);
}

/* The answer. */

static void
add_field(struct apianswer *to, const char *name, struct str value)
{
    if (to->fields_n < APICALL_MAX_FIELDS)
        to->fields[to->fields_n++] = (struct apifield){.name = name, .value = value};
}

/* RFC 9111, section 5.5, as Kubernetes fills it in. */
static void
add_warnings(struct apicall *c, struct apianswer *to)
{
    for (size_t i = 0; i < c->warnings.n && to->fields_n < APICALL_MAX_FIELDS - 2; i++) {
        cleanup_buf struct buf quoted = BUF_INIT;

        buf_cstr(&quoted, "299 - ");
        json_write_string(&quoted, str_of(c->warnings.at[i].text));
        add_field(to, "Warning", str_of(arena_strdup(&c->arena, buf_cstring(&quoted))));
    }
}

static void
answer_failure(struct apicall *c, struct apianswer *ret)
{
    cleanup_buf struct buf json = BUF_INIT;

    buf_clear(&c->text);
    failure_write(&c->failure, &json);
    render_body(&c->accept, buf_view(&json), &c->text);
    ret->status = c->failure.code;
    ret->content_type = render_content_type(&c->accept);
    ret->body = buf_view(&c->text);
    if (c->failure.retry_after_s > 0)
        add_field(ret, "Retry-After",
                  str_of(arena_printf(&c->arena, "%d", c->failure.retry_after_s)));
}

/* Whether the query asks for lines that people can read (pretty=true), and there are not so many
 * that laying them out would keep others waiting. */
static bool
is_to_be_pretty(const struct apicall *c)
{
    return apiparam_bool(&c->param, "pretty") && c->text.n <= APICALL_MAX_PRETTY;
}

static void
lay_out(struct apicall *c)
{
    cleanup_json struct json_doc *doc = NULL;
    struct err e = ERR_INIT;

    if (json_parse(buf_view(&c->text), &json_limits_default, &doc, &e) < 0)
        return;
    buf_clear(&c->text);
    json_write_pretty(&c->text, json_root(doc));
    buf_char(&c->text, '\n');
}

void
apicall_answer(struct apicall *c, struct apianswer *ret)
{
    *ret = (struct apianswer){.status = c->status != 0 ? c->status : 200};
    add_field(ret, "Cache-Control", STR("no-cache, private"));
    add_warnings(c, ret);
    if (c->failure.code != 0) {
        c->failure.pretty |= apiparam_bool(&c->param, "pretty");
        answer_failure(c, ret);
        return;
    }
    if (c->object != NULL) {
        struct render r = apicall_render(c);

        render_one(&r, c->object, c->fresh, &c->text);
    }
    if (c->etag != NULL) {
        add_field(ret, "ETag", str_of(c->etag));
        add_field(ret, "Vary", STR("Accept"));
    }
    ret->content_type = c->content_type != NULL ? c->content_type : render_content_type(&c->accept);
    if (!c->accept.yaml && c->content_type == NULL && c->etag == NULL && is_to_be_pretty(c))
        lay_out(c);
    ret->body = buf_view(&c->text);
    ret->stream = TAKE(c->stream);
    ret->exec = TAKE(c->exec);
    if (c->no_body)
        ret->content_type = NULL;
}
