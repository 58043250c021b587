/*
 * PUT of an object, or of its status; and of a Namespace's finalizers.
 */
#include "api/apicall_int.h"

#include "base/err.h"
#include "core/turn.h"
#include "data/json.h"
#include "schema/defaults.h"
#include "schema/fielderror.h"
#include "schema/managed.h"
#include "schema/rules.h"

static int
prepare(struct apicall *c)
{
    struct json_doc *defaulted;

    if (apicall_read_options(c, "UpdateOptions") < 0 ||
        apicall_read_object(c, c->kind->group, c->kind->version, c->kind->kind) < 0 ||
        apicall_check_name(c, json_root(c->body)) < 0)
        return ERR_BADREQUEST;
    defaulted = defaults_apply(apicall_schema(c), c->body);
    json_doc_unref(c->body);
    c->body = defaulted;
    return 0;
}

/* Writers of custom resources must have seen what they replace. */
static int
check_version(struct apicall *c)
{
    cleanup_problems struct problems ps = PROBLEMS_INIT;

    if (!c->kind->custom ||
        json_str(json_at_path(json_root(c->body), "metadata.resourceVersion")).n > 0)
        return 0;
    fielderror_invalid_int(&ps, "metadata.resourceVersion", 0, "must be specified for an update");
    return apicall_invalid(c, c->name, &ps);
}

static int
run(struct apicall *c, struct turn *t, struct err *e)
{
    CLEANUP(object_unref) struct object *live = NULL;
    struct managed_write w = apicall_managed(c, turn_now_us(t));
    cleanup_json struct json_doc *managed = NULL;
    void *plan = NULL;

    if (apicall_live(c, t, &live, e) < 0)
        return apicall_fail(c, e);
    if (check_version(c) < 0)
        return ERR_INVALID;
    if (apicall_plan_write(c, t, live, &c->body, &plan) < 0)
        return ERR_INVALID;
    managed = managed_update(&w, object_root(live), json_root(c->body));
    if (apicall_store_update(c, t, live, json_root(managed), e) < 0)
        return ERR_INVALID;
    return apicall_act(c, t, plan, e);
}

const struct apicall_verb apicall_update = {
    .name = "update", .prepare = prepare, .run = run, .composes = true};

/* namespaces/NAME/finalize: spec.finalizers is all that it sets. */
static int
run_finalize(struct apicall *c, struct turn *t, struct err *e)
{
    static const char *const except[] = {"finalizers", NULL}, *const no_spec[] = {"spec", NULL};
    CLEANUP(object_unref) struct object *live = NULL;
    cleanup_json struct json_doc *next = NULL;
    cleanup_problems struct problems ps = PROBLEMS_INIT;
    struct json_build b = JSON_BUILD_INIT;

    if (objects_get(apicall_config(c)->objects, t, c->stored, c->ns, c->name, &live, e) < 0)
        return apicall_fail(c, e);
    rules_finalize(json_root(c->body), &ps);
    if (ps.n > 0)
        return apicall_invalid(c, c->name, &ps);
    json_add_object(&b, NULL);
    json_add_fields(&b, object_root(live), no_spec);
    json_add_object(&b, "spec");
    json_add_fields(&b, object_at(live, "spec"), except);
    json_add_value(&b, "finalizers", json_at_path(json_root(c->body), "spec.finalizers"));
    json_end(&b);
    json_end(&b);
    next = json_build_done(&b);
    if (objects_update(apicall_config(c)->objects, t, c->stored, c->ns, json_root(next),
                       OBJECTS_ALL, &c->object, e) < 0)
        return apicall_fail(c, e);
    return 0;
}

const struct apicall_verb apicall_finalize = {
    .name = "update", .prepare = prepare, .run = run_finalize};
