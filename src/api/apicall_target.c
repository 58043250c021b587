/*
 * What a request is for: the kind and the object of its path, the verb that its method asks for
 * there, and whether the caller may.
 */
#include <string.h>

#include "api/apicall_int.h"
#include "api/discovery.h"
#include "base/err.h"
#include "edge/caller.h"

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

/* On what. */

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

int
apicall_find_target(struct apicall *c)
{
    const struct apiserver_config *config = apicall_config(c);

    c->kind = kind_of_path(config->kinds, c->path.group, c->path.version, c->path.plural);
    if (c->kind == NULL) {
        if (discovery_has_version(config->kinds, c->path.group, c->path.version))
            not_found(c);
        else
            apicall_page_not_found(c);
        return ERR_NOTFOUND;
    }
    c->stored = kind_stored(c->kind);
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

int
apicall_authorize(struct apicall *c)
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
