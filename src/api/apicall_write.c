/*
 * What every write of an object from outside goes through.
 *
 *   body -> typed_decode, defaults_apply -> managed_update -> prepare_*        (schema/)
 *        -> admission -> rules_* -> the object layer                           (in a turn)
 *
 * A creation's first line needs no stored object, so it runs on the caller's thread.
 */
#include "api/apicall_int.h"

#include "api/apiadmit.h"
#include "api/kindface.h"
#include "base/err.h"
#include "core/turn.h"
#include "data/json.h"
#include "schema/defaults.h"
#include "schema/managed.h"
#include "schema/prepare.h"
#include "schema/rules.h"
#include "schema/schema.h"
#include "schema/typed.h"

const struct schema *
apicall_schema(const struct apicall *c)
{
    char version[128];

    kind_api_version(c->kind, version, sizeof version);
    return schema_lookup(str_of(version), str_of(c->kind->kind));
}

struct managed_write
apicall_managed(struct apicall *c, int64_t now_us)
{
    char *version = arena_alloc(&c->arena, 128);

    kind_api_version(c->kind, version, 128);
    return (struct managed_write){
        .type = apicall_schema(c),
        .api_version = str_of(version),
        .kind = str_of(c->kind->kind),
        .manager = c->manager,
        .subresource = apicall_is_status(c) ? STR("status") : STR_NULL,
        .now_us = now_us,
        .force = apiparam_bool(&c->param, "force"),
    };
}

bool
apicall_is_status(const struct apicall *c)
{
    return c->subresource != NULL && str_is(str_of(c->subresource->name), "status");
}

int
apicall_decode(struct apicall *c, const struct json_doc *doc, struct json_doc **ret)
{
    cleanup_problems struct problems ps = PROBLEMS_INIT;
    cleanup_json struct json_doc *typed = NULL;
    const struct schema *s = apicall_schema(c);
    char version[128];
    struct err e = ERR_INIT;

    kind_api_version(c->kind, version, sizeof version);
    if (typed_decode(s, doc, &typed, &ps, &e) < 0)
        return failure_set(&c->failure, e.code,
                           "%s in version \"%s\" cannot be handled as a %s: %s", c->kind->kind,
                           version, c->kind->kind, e.msg);
    if (apicall_take_problems(c, &ps, version, c->kind->kind) < 0)
        return ERR_BADREQUEST;
    *ret = defaults_apply(s, typed);
    return 0;
}

/* The namespace that takes a new object. */
static int
check_namespace(struct apicall *c, struct turn *t, struct str name)
{
    struct object *ns;
    struct err e = ERR_INIT;
    bool terminating;

    if (!c->kind->namespaced)
        return 0;
    if (objects_get(apicall_config(c)->objects, t, &kind_namespace, STR(""), c->ns, &ns, &e) < 0) {
        failure_from_err(&c->failure, &e, &kind_namespace, c->ns);
        return e.code;
    }
    terminating = object_is_deleting(ns);
    object_unref(ns);
    if (!terminating)
        return 0;
    failure_set(&c->failure, ERR_FORBIDDEN,
                "%s \"%.*s\" is forbidden: unable to create new content in namespace %.*s because "
                "it is being terminated",
                c->kind->resource, STR_ARG(name), STR_ARG(c->ns));
    failure_about(&c->failure, c->kind, name);
    failure_cause(&c->failure, "NamespaceTerminating", "metadata.namespace",
                  "namespace %.*s is being terminated", STR_ARG(c->ns));
    return ERR_FORBIDDEN;
}

/* The rules, as the object layer asks for them. */

struct checking {
    struct apicall *c;
    struct problems problems; /* what admission has found */
};

static int
check(void *arg, const struct json *old, const struct json *next, struct err *e)
{
    struct checking *k = arg;
    char version[128];
    struct rules_kind rules = {.kind = str_of(k->c->stored->kind),
                               .namespaced = k->c->stored->namespaced,
                               .by_face = k->c->kind != k->c->stored};

    kind_api_version(k->c->stored, version, sizeof version);
    rules.api_version = str_of(version);
    if (old == NULL)
        rules_create(&rules, next, &k->problems);
    else if (apicall_is_status(k->c))
        rules_update_status(&rules, old, next, &k->problems);
    else
        rules_update(&rules, old, next, &k->problems);
    if (k->problems.n == 0)
        return 0;
    (void)apicall_invalid(k->c, json_str(json_at_path(next, "metadata.name")), &k->problems);
    return err_set(e, ERR_INVALID, "invalid");
}

static int
admit(struct apicall *c, struct turn *t, const struct json *old, const struct json *next,
      struct json_doc **ret, struct problems *ps)
{
    struct apiadmit a = {
        .objects = apicall_config(c)->objects, .kind = c->stored, .caller = c->rq.caller};
    struct err e = ERR_INIT;

    if (apiadmit_run(&a, t, old, next, ret, ps, &e) < 0)
        return apicall_fail_about(c, &e, json_str(json_at_path(next, "metadata.name")));
    return 0;
}

int
apicall_live(struct apicall *c, struct turn *t, struct object **ret, struct err *e)
{
    CLEANUP(object_unref) struct object *o = NULL;

    if (objects_get(apicall_config(c)->objects, t, c->stored, c->ns, c->name, &o, e) < 0)
        return e->code;
    *ret = kindface_object(c->kind, o);
    return 0;
}

static int
store_new(struct apicall *c, struct turn *t, const struct json *root, struct err *e)
{
    struct str name = json_str(json_at_path(root, "metadata.name"));
    struct str rv = json_str(json_at_path(root, "metadata.resourceVersion"));
    struct checking k = {.c = c};
    struct objects_check rules = {.fn = check, .arg = &k};
    cleanup_json struct json_doc *admitted = NULL;
    int rc;

    if (check_namespace(c, t, name) < 0)
        return ERR_FORBIDDEN;
    if (rv.n > 0 && !str_is(rv, "0")) {
        failure_status(&c->failure, 500, NULL, false,
                       "resourceVersion should not be set on objects to be created");
        return ERR_IO;
    }
    rc = admit(c, t, NULL, root, &admitted, &k.problems);
    if (rc >= 0) {
        rc = objects_create_checked(apicall_config(c)->objects, t, c->stored, c->ns,
                                    admitted != NULL ? json_root(admitted) : root, &rules,
                                    &c->object, e);
        if (rc < 0 && c->failure.code == 0)
            apicall_fail_about(c, e, name);
    }
    problems_done(&k.problems);
    c->fresh = c->dry_run;
    c->status = 201;
    return rc;
}

int
apicall_store_new(struct apicall *c, struct turn *t, const struct json *root, struct err *e)
{
    cleanup_json struct json_doc *stored = NULL;

    if (c->kind == c->stored)
        return store_new(c, t, root, e);
    stored = kindface_stored(c->kind, root);
    return store_new(c, t, json_root(stored), e);
}

/* A version or uid that the client expects, where nothing would change. */
static int
check_versions(struct apicall *c, const struct object *live, const struct json *next)
{
    struct str rv = json_str(json_at_path(next, "metadata.resourceVersion"));
    int64_t n = 0;

    if (rv.n == 0 || str_is(rv, "0") || (str_to_int(rv, &n) && n == object_rv(live)))
        return 0;
    failure_set(
        &c->failure, ERR_CONFLICT,
        "Operation cannot be fulfilled on %s \"%.*s\": the object has been modified; please "
        "apply your changes to the latest version and try again",
        c->kind->resource, STR_ARG(c->name));
    failure_about(&c->failure, c->kind, c->name);
    return ERR_CONFLICT;
}

static void
let_go(void *doc)
{
    json_doc_unref(doc);
}

int
apicall_plan_write(struct apicall *c, struct turn *t, const struct object *live,
                   struct json_doc **doc, void **plan)
{
    const struct objects_composer *by = objects_composer(apicall_config(c)->objects, c->stored);
    cleanup_problems struct problems ps = PROBLEMS_INIT;
    const struct json *sent = json_root(*doc);
    struct json_doc *next;
    struct err e = ERR_INIT;

    *plan = NULL;
    if (by == NULL || by->plan_write == NULL)
        return 0;
    if (live != NULL && check_versions(c, live, sent) < 0)
        return ERR_CONFLICT;
    if (by->plan_write(by->arg, t, c->kind, live, sent, plan, &ps, &e) < 0)
        return apicall_fail(c, &e);
    if (ps.n > 0)
        return apicall_invalid(c, json_str(json_at_path(sent, "metadata.name")), &ps);
    next = objects_own_status(live, sent);
    if (*plan != NULL)
        turn_finally(t, let_go, *doc); /* the plan points into what was sent */
    else
        json_doc_unref(*doc);
    *doc = next;
    return 0;
}

int
apicall_act(struct apicall *c, struct turn *t, void *plan, struct err *e)
{
    struct objects *os = apicall_config(c)->objects;
    const struct objects_composer *by = objects_composer(os, c->stored);
    struct object *now = c->object;

    if (plan == NULL || c->dry_run)
        return 0;
    if (by->act(by->arg, t, now, plan, e) < 0 ||
        objects_get_uid(os, t, object_uid(now), &c->object, e) < 0)
        return apicall_fail(c, e);
    object_unref(now);
    c->acted = true;
    return 0;
}

static int
store_update(struct apicall *c, struct turn *t, const struct object *live, const struct json *next,
             struct err *e)
{
    struct checking k = {.c = c};
    struct objects_check rules = {.fn = check, .arg = &k};
    cleanup_json struct json_doc *prepared = NULL, *admitted = NULL;
    char version[128];
    int rc;

    kind_api_version(c->stored, version, sizeof version);
    prepared = prepare_update(str_of(version), str_of(c->stored->kind), object_root(live), next,
                              apicall_is_status(c));
    if (managed_is_noop(object_root(live), json_root(prepared)) &&
        check_versions(c, live, next) >= 0) {
        c->object = object_ref(live);
        return 0;
    }
    if (c->failure.code != 0)
        return ERR_CONFLICT;
    rc = admit(c, t, object_root(live), json_root(prepared), &admitted, &k.problems);
    if (rc >= 0) {
        rc = objects_update_checked(apicall_config(c)->objects, t, c->stored, c->ns,
                                    json_root(admitted != NULL ? admitted : prepared), OBJECTS_ALL,
                                    &rules, &c->object, e);
        if (rc < 0 && c->failure.code == 0)
            apicall_fail(c, e);
    }
    problems_done(&k.problems);
    return rc;
}

int
apicall_store_update(struct apicall *c, struct turn *t, const struct object *live,
                     const struct json *next, struct err *e)
{
    CLEANUP(object_unref) struct object *o = NULL;
    cleanup_json struct json_doc *stored = NULL;

    if (c->kind == c->stored)
        return store_update(c, t, live, next, e);
    o = object_new(c->stored, kindface_stored(c->kind, object_root(live)), object_rv(live));
    stored = kindface_stored(c->kind, next);
    return store_update(c, t, o, json_root(stored), e);
}

int
apicall_check_name(struct apicall *c, const struct json *root)
{
    struct str name = json_str(json_at_path(root, "metadata.name"));
    struct str ns = json_str(json_at_path(root, "metadata.namespace"));

    if (name.n == 0)
        return failure_set(&c->failure, ERR_BADREQUEST,
                           "the name of the object (%.*s based on URL) was undeterminable: name "
                           "must be provided",
                           STR_ARG(c->name));
    if (!str_eq(name, c->name))
        return failure_set(&c->failure, ERR_BADREQUEST,
                           "the name of the object (%.*s) does not match the name on the URL "
                           "(%.*s)",
                           STR_ARG(name), STR_ARG(c->name));
    return apicall_check_place(c, ns);
}

int
apicall_check_place(struct apicall *c, struct str ns)
{
    if (!c->kind->namespaced || ns.n == 0 || str_eq(ns, c->ns))
        return 0;
    return failure_set(&c->failure, ERR_BADREQUEST,
                       "the namespace of the provided object does not match the namespace sent on "
                       "the request");
}
