/*
 * Objects one by one: create, get, update, delete, and the two verbs of CronWorkflows.
 *
 * What is stored must be what the engine can run: creations and updates are checked first, then
 * handed to the object API.
 */
#include <string.h>

#include "api/apiserver.h"
#include "api/objects.h"
#include "base/arena.h"
#include "base/err.h"
#include "data/json.h"
#include "edge/call.h"
#include "flow/argorest/argorest_int.h"

static bool
is_workflow(const struct argorest_call *c)
{
    return c->op->kind == &argorest_workflow;
}

/* create and update. */

static int
prepare_write(struct argorest_call *c, struct err *e)
{
    const struct json *object;
    struct str ns;

    if (argorest_object_of(c, &object, e) < 0)
        return e->code;
    ns = json_str(json_at_path(object, "metadata.namespace"));
    if (ns.n > 0 && c->op->kind->kind->namespaced && !str_eq(ns, c->ns))
        return err_set(e, ERR_BADREQUEST,
                       "%s.metadata.namespace: expected \"%.*s\" as in the path, found \"%.*s\"",
                       c->op->kind->field, STR_ARG(c->ns), STR_ARG(ns));
    return 0;
}

static bool
has_items(const struct json *body, const char *dotted)
{
    return json_count(json_at_path(body, dotted)) > 0;
}

static int
run_create(struct argorest_call *c, struct turn *t, struct err *e)
{
    const struct json *body = json_root(c->body);
    const struct json *object;

    if (argorest_object_of(c, &object, e) < 0 ||
        argorest_check(c, t, c->op->kind->kind, object,
                       is_workflow(c) ? ARGOREST_SUBMIT : ARGOREST_STORE, e) < 0)
        return e->code;
    if (has_items(body, "createOptions.dryRun")) {
        c->doc = json_copy(object);
        return 0;
    }
    argorest_ask(c, "POST", c->op->kind->kind, STR_NULL, object);
    if (json_bool_or(json_get(body, "serverDryRun"), false))
        argorest_ask_with(c, "dryRun", STR("All"));
    return 0;
}

/* Clients give the name in the object, the path, or both. */
static int
run_update(struct argorest_call *c, struct turn *t, struct err *e)
{
    const struct json *object;
    struct str named;

    if (argorest_object_of(c, &object, e) < 0)
        return e->code;
    named = json_str(json_at_path(object, "metadata.name"));
    if (!str_eq(named, c->name))
        return err_set(e, ERR_BADREQUEST,
                       "%s.metadata.name: expected \"%.*s\" as in the path, found \"%.*s\"",
                       c->op->kind->field, STR_ARG(c->name), STR_ARG(named));
    if (argorest_check(c, t, c->op->kind->kind, object, ARGOREST_STORE, e) < 0)
        return e->code;
    argorest_ask(c, "PUT", c->op->kind->kind, c->name, object);
    return 0;
}

/* get. */

static int
run_get(struct argorest_call *c, struct turn *t, struct err *e)
{
    struct str name = c->name, uid = argorest_param(c, "uid");

    if (is_workflow(c) && (argorest_resolve(c, t, &name, e) < 0 || c->again))
        return e->code;
    if (objects_get(argorest_config(c)->objects, t, c->op->kind->kind, c->ns, name, &c->object, e) <
        0)
        return e->code;
    if (uid.n == 0 || str_eq(uid, object_uid(c->object)))
        return 0;
    return err_set(e, ERR_NOTFOUND, "%s \"%.*s\" with uid \"%.*s\" not found",
                   c->op->kind->kind->resource, STR_ARG(name), STR_ARG(uid));
}

/* delete. */

static bool
is_true(struct str value)
{
    return str_is(value, "true") || str_is(value, "1");
}

static int
read_delete(const struct argorest_call *c, struct objects_delete *how, struct err *e)
{
    struct str policy = argorest_param(c, "deleteOptions.propagationPolicy");
    struct str grace = argorest_param(c, "deleteOptions.gracePeriodSeconds");

    *how = (struct objects_delete){
        .uid = argorest_param(c, "deleteOptions.preconditions.uid"),
        .grace_seconds = -1,
        .orphan = str_is(policy, "Orphan") ||
                  is_true(argorest_param(c, "deleteOptions.orphanDependents")),
        .foreground = str_is(policy, "Foreground"),
    };
    if (policy.n > 0 && !how->orphan && !how->foreground && !str_is(policy, "Background"))
        return err_set(e, ERR_BADREQUEST,
                       "deleteOptions.propagationPolicy: \"%.*s\" is none of Orphan, Background "
                       "and Foreground",
                       STR_ARG(policy));
    if (grace.n > 0 && (!str_to_int(grace, &how->grace_seconds) || how->grace_seconds < 0))
        return err_set(e, ERR_BADREQUEST,
                       "deleteOptions.gracePeriodSeconds: expected a number of seconds, found "
                       "\"%.*s\"",
                       STR_ARG(grace));
    return 0;
}

static bool
drops_finalizers(const struct argorest_call *c)
{
    return is_workflow(c) && is_true(argorest_param(c, "force"));
}

static int
prepare_delete(struct argorest_call *c, struct err *e)
{
    struct objects_delete *how = ARENA_NEW(call_arena(c->call), struct objects_delete);

    c->plan = how;
    c->dry_run = argorest_param(c, "deleteOptions.dryRun").n > 0;
    if (drops_finalizers(c) &&
        argorest_authorize(c, "patch", c->op->kind->kind, NULL, c->ns, c->name, e) < 0)
        return e->code;
    return read_delete(c, how, e);
}

/* Whoever is to look at it before it goes is not asked: Argo's server patches the object for that,
 * in the name of the caller. */
static int
drop_finalizers(struct argorest_call *c, struct turn *t, struct str name, struct err *e)
{
    struct objects *os = argorest_config(c)->objects;
    cleanup_object struct object *o = NULL;
    cleanup_json struct json_doc *next = NULL;
    struct json_build b = JSON_BUILD_INIT;

    if (objects_get(os, t, c->op->kind->kind, c->ns, name, &o, e) < 0)
        return e->code;
    if (json_count(object_at(o, "metadata.finalizers")) == 0)
        return 0;
    json_add_object(&b, NULL);
    json_add_fields(&b, object_root(o), (const char *const[]){"metadata", NULL});
    json_add_object(&b, "metadata");
    json_add_fields(&b, object_at(o, "metadata"), (const char *const[]){"finalizers", NULL});
    json_end(&b);
    json_end(&b);
    next = json_build_done(&b);
    return objects_update(os, t, c->op->kind->kind, c->ns, json_root(next), OBJECTS_SPEC, NULL, e);
}

static int
run_delete(struct argorest_call *c, struct turn *t, struct err *e)
{
    struct json_build b = JSON_BUILD_INIT;
    struct str name = c->name;

    if (is_workflow(c) && (argorest_resolve(c, t, &name, e) < 0 || c->again))
        return e->code;
    if (drops_finalizers(c) && drop_finalizers(c, t, name, e) < 0)
        return e->code;
    if (objects_delete(argorest_config(c)->objects, t, c->op->kind->kind, c->ns, name, c->plan,
                       NULL, e) < 0)
        return e->code;
    json_add_object(&b, NULL);
    json_end(&b);
    c->doc = json_build_done(&b);
    return 0;
}

/* suspend and resume of a CronWorkflow. */

static int
run_cron_verb(struct argorest_call *c, struct turn *t, struct err *e)
{
    struct objects *os = argorest_config(c)->objects;
    cleanup_object struct object *o = NULL;
    cleanup_json struct json_doc *next = NULL;
    struct json_build b = JSON_BUILD_INIT;

    if (objects_get(os, t, &kind_cron_workflow, c->ns, c->name, &o, e) < 0)
        return e->code;
    json_add_object(&b, NULL);
    json_add_fields(&b, object_root(o), (const char *const[]){"spec", NULL});
    json_add_object(&b, "spec");
    json_add_fields(&b, object_at(o, "spec"), (const char *const[]){"suspend", NULL});
    json_add_bool(&b, "suspend", strcmp(c->op->verb, "suspend") == 0);
    json_end(&b);
    json_end(&b);
    next = json_build_done(&b);
    return objects_update(os, t, &kind_cron_workflow, c->ns, json_root(next), OBJECTS_SPEC,
                          &c->object, e);
}

/* The object API asks itself whether the caller may create or update; but nothing is checked, and
 * so told of other objects, for one who may not. */
#define CREATE(path, k) \
    { \
        .method = "POST", .pattern = path, .kind = &(k), .right = "create", \
        .prepare = prepare_write, .run = run_create \
    }
#define ONE(path, k) \
    {.method = "GET", .pattern = path, .kind = &(k), .right = "get", .run = run_get}, \
    { \
        .method = "DELETE", .pattern = path, .kind = &(k), .right = "delete", \
        .prepare = prepare_delete, .run = run_delete \
    }
#define UPDATE(path, k) \
    { \
        .method = "PUT", .pattern = path, .kind = &(k), .right = "update", \
        .prepare = prepare_write, .run = run_update \
    }
#define CRON_VERB(name) \
    { \
        .method = "PUT", .pattern = "/api/v1/cron-workflows/{namespace}/{name}/" name, \
        .kind = &argorest_cron, .right = "update", .run = run_cron_verb, .verb = name \
    }

const struct argorest_op argorest_object_ops[] = {
    CREATE("/api/v1/workflows/{namespace}", argorest_workflow),
    ONE("/api/v1/workflows/{namespace}/{name}", argorest_workflow),

    CREATE("/api/v1/workflow-templates/{namespace}", argorest_template),
    ONE("/api/v1/workflow-templates/{namespace}/{name}", argorest_template),
    UPDATE("/api/v1/workflow-templates/{namespace}/{name}", argorest_template),

    CREATE("/api/v1/cluster-workflow-templates", argorest_cluster_template),
    ONE("/api/v1/cluster-workflow-templates/{name}", argorest_cluster_template),
    UPDATE("/api/v1/cluster-workflow-templates/{name}", argorest_cluster_template),

    CREATE("/api/v1/cron-workflows/{namespace}", argorest_cron),
    ONE("/api/v1/cron-workflows/{namespace}/{name}", argorest_cron),
    UPDATE("/api/v1/cron-workflows/{namespace}/{name}", argorest_cron),
    CRON_VERB("suspend"),
    CRON_VERB("resume"),
    {.method = NULL},
};
