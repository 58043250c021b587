#include "flow/argo/argo_begin.h"

#include "api/objects.h"
#include "base/clock.h"
#include "base/err.h"
#include "core/core.h"
#include "core/turn.h"
#include "data/json.h"
#include "data/tag.h"
#include "flow/argo/argo.h"
#include "flow/argo/argo_claim.h"
#include "flow/argo/argo_condition.h"
#include "flow/argo/argo_global.h"
#include "flow/argo/argo_meta.h"
#include "flow/argo/argo_repository.h"
#include "flow/argo/validate.h"
#include "flow/flow_gate.h"
#include "flow/flow_int.h"
#include "schema/merge.h"
#include "schema/problem.h"
#include "schema/schema.h"

static const struct schema *
type_of(const char *name)
{
    return schema_type(STR("argoproj.io/v1alpha1"), str_of(name));
}

/* Bodies that the template does not have are no business of its defaults. */
static const char *const bodies[] = {"container", "script", "containerSet", "resource", "data",
                                     "steps",     "dag",    "suspend",      "http",     "plugin",
                                     NULL};

static struct json_doc *
defaults_for(const struct json *defaults, const struct json *tmpl)
{
    const char *except[ARRAY_LEN(bodies)];
    struct json_build b = JSON_BUILD_INIT;
    size_t n = 0;

    for (size_t i = 0; bodies[i] != NULL; i++) {
        if (json_get(tmpl, bodies[i]) == NULL)
            except[n++] = bodies[i];
    }
    except[n] = NULL;
    json_add_object(&b, NULL);
    json_add_fields(&b, defaults, except);
    json_end(&b);
    return json_build_done(&b);
}

static int
add_templates(struct json_build *b, const struct json *spec, struct err *e)
{
    const struct json *defaults = json_get(spec, "templateDefaults");

    json_add_array(b, "templates");
    JSON_EACH (tmpl, json_get(spec, "templates")) {
        cleanup_json struct json_doc *base = NULL, *merged = NULL;

        if (json_is_null(defaults)) {
            json_add_value(b, NULL, tmpl.value);
            continue;
        }
        base = defaults_for(defaults, tmpl.value);
        if (merge_strategic(type_of("Template"), json_root(base), tmpl.value, &merged, e) < 0)
            return err_wrap(e, "templateDefaults");
        json_add_value(b, NULL, json_root(merged));
    }
    json_end(b);
    return 0;
}

/* The spec of the template object that the workflow refers to; NULL: it refers to none. */
static int
referred(struct turn *t, struct flow_run *run, const struct json *ref, struct object **ret,
         struct err *e)
{
    bool cluster = json_bool_or(json_get(ref, "clusterScope"), false);
    struct str name = json_str(json_get(ref, "name"));

    if (json_is_null(ref))
        return 0;
    *ret = objects_find(run->flow->objects, t,
                        cluster ? &kind_cluster_workflow_template : &kind_workflow_template,
                        cluster ? STR("") : str_of(run->namespace), name);
    if (*ret == NULL)
        return err_set(e, ERR_INVALID, "%s %.*s not found",
                       cluster ? "cluster workflow template" : "workflow template", STR_ARG(name));
    return 0;
}

/* The object's own spec, over that of the template object that it refers to, over the defaults. */
static int
merge_specs(struct flow_run *run, const struct json *own, const struct object *base,
            struct json_doc **ret, struct err *e)
{
    const struct json *defaults = json_get(run->flow->options.workflow_defaults, "spec");
    const struct json *under = base != NULL ? object_at(base, "spec") : defaults;
    cleanup_json struct json_doc *merged = NULL;

    if (under != defaults && !json_is_null(under) && !json_is_null(defaults)) {
        if (merge_strategic(type_of("WorkflowSpec"), defaults, under, &merged, e) < 0)
            return err_wrap(e, "workflow_defaults");
        under = json_root(merged);
    }
    if (merge_strategic(type_of("WorkflowSpec"), under, own, ret, e) < 0)
        return err_wrap(e, "workflowTemplateRef");
    return 0;
}

static int
effective_spec(struct turn *t, struct flow_run *run, const struct object *o, struct json_doc **ret,
               struct err *e)
{
    const struct json *own = object_at(o, "spec");
    cleanup_object struct object *base = NULL;
    cleanup_json struct json_doc *merged = NULL;
    cleanup_json_build struct json_build b = JSON_BUILD_INIT;

    if (referred(t, run, json_get(own, "workflowTemplateRef"), &base, e) < 0 ||
        merge_specs(run, own, base, &merged, e) < 0)
        return e->code;
    json_add_object(&b, NULL);
    json_add_fields(&b, json_root(merged),
                    (const char *const[]){"templates", "templateDefaults", NULL});
    if (add_templates(&b, json_root(merged), e) < 0)
        return e->code;
    json_end(&b);
    *ret = json_build_done(&b);
    return 0;
}

static const struct json *
fetch(void *arg, bool cluster, struct str name)
{
    struct flow_run *run = arg;
    struct turn *t = core_turn(run->flow->core);
    struct object *o = objects_find(
        run->flow->objects, t, cluster ? &kind_cluster_workflow_template : &kind_workflow_template,
        cluster ? STR("") : str_of(run->namespace), name);

    if (o == NULL)
        return NULL;
    turn_finally(t, (void (*)(void *))object_unref, o);
    return object_root(o);
}

static const char *
first_error(const struct problems *ps)
{
    for (size_t i = 0; i < ps->n; i++) {
        if (ps->at[i].kind != PROBLEM_WARNING)
            return ps->at[i].text;
    }
    return "";
}

static int
validate(struct flow_run *run, const struct object *o, struct err *e)
{
    struct validate_options options = {
        .mode = VALIDATE_SUBMIT, .allow_unknown = true, .fetch = fetch, .fetch_arg = run};
    struct problems ps = PROBLEMS_INIT;
    int rc = 0;

    validate_object(object_doc(o), object_root(o), &options, &ps);
    if (problems_errors(&ps) != 0)
        rc = err_set(e, ERR_INVALID, "invalid spec: %s", first_error(&ps));
    problems_done(&ps);
    return rc;
}

static struct argo *
make_mind(struct flow_run *run, struct json_doc *frozen)
{
    struct argo *a = NEW(struct argo);

    run->mind = a;
    a->frozen = frozen;
    a->meta = json_get(json_root(frozen), "meta");
    a->spec = json_get(json_root(frozen), "spec");
    a->cache = tag_cache_new();
    expr_vars_init(&a->globals, NULL);
    JSON_EACH (tmpl, json_get(a->spec, "templates")) {
        struct str name = json_str(json_get(tmpl.value, "name"));

        if (map_get(&a->templates, name) == NULL)
            map_put(&a->templates, name, (void *)(uintptr_t)tmpl.value);
    }
    a->idle_fields = argo_condition_find_idle(a->spec);
    (void)json_int(json_get(a->spec, "priority"), &run->priority);
    run->needs_locks = !json_is_null(json_get(a->spec, "synchronization"));
    JSON_EACH (hook, json_get(a->spec, "hooks")) {
        if (!str_is(hook.key, "exit"))
            run->hears = true;
    }
    return a;
}

/* A map of the object's metadata, with what only the defaults have. */
static void
add_map(struct json_build *b, const char *key, const struct json *meta, const struct json *defaults)
{
    const struct json *own = json_get(meta, key), *others = json_get(defaults, key);

    if (json_is_null(own) && json_is_null(others))
        return;
    json_add_object(b, key);
    json_add_fields(b, own, (const char *const[]){NULL});
    JSON_EACH (it, others) {
        if (json_get_str(own, it.key) != NULL)
            continue;
        json_add_key(b, it.key);
        json_add_value(b, NULL, it.value);
    }
    json_end(b);
}

static struct json_doc *
freeze(const struct flow_run *run, const struct object *o, const struct json *spec,
       const struct json *repository)
{
    const struct json *defaults = json_get(run->flow->options.workflow_defaults, "metadata");
    const struct json *meta = object_at(o, "metadata");
    struct json_build b = JSON_BUILD_INIT;

    json_add_object(&b, NULL);
    json_add_object(&b, "meta");
    json_add_fields(
        &b, meta,
        (const char *const[]){"managedFields", "ownerReferences", "labels", "annotations", NULL});
    add_map(&b, "labels", meta, defaults);
    add_map(&b, "annotations", meta, defaults);
    json_end(&b);
    json_add_value(&b, "spec", spec);
    json_add_value(&b, "repository", repository);
    json_end(&b);
    return json_build_done(&b);
}

static void
set_limits(struct turn *t, struct flow_run *run)
{
    const struct json *spec = argo_of(run)->spec;
    int64_t seconds, parallelism;

    if (json_int(json_get(spec, "activeDeadlineSeconds"), &seconds))
        run->deadline_us = turn_now_us(t) + seconds * CLOCK_SECOND;
    if (json_int(json_get(spec, "parallelism"), &parallelism) && parallelism > 0)
        flow_gate_init(&run->pods, parallelism);
}

/* Metadata may ask for names, and adds to them: then everything is made again from what is frozen
 * with it. */
static int
add_metadata(struct turn *t, struct flow_run *run, struct err *e)
{
    struct json_doc *frozen = NULL;

    if (argo_meta_apply(t, run, &frozen, e) < 0)
        return err_wrap(e, "failed to set workflow metadata");
    if (frozen == NULL)
        return 0;
    argo_forget(run);
    (void)make_mind(run, frozen);
    if (argo_global_fill(t, run, e) < 0)
        return err_wrap(e, "failed to set global parameters");
    return 0;
}

int
argo_begin(struct turn *t, struct flow_run *run, const struct object *o, struct json_doc **frozen,
           struct err *e)
{
    cleanup_json struct json_doc *spec = NULL, *repository = NULL;

    if (validate(run, o, e) < 0 || effective_spec(t, run, o, &spec, e) < 0 ||
        argo_repository_find(t, run, json_root(spec), &repository, e) < 0)
        return e->code;
    (void)make_mind(run, freeze(run, o, json_root(spec), json_root(repository)));
    if (argo_global_fill(t, run, e) < 0)
        return err_wrap(e, "failed to set global parameters");
    if (add_metadata(t, run, e) < 0)
        return e->code;
    set_limits(t, run);
    if (argo_claim_make(t, run, e) < 0)
        return e->code;
    *frozen = json_doc_ref(argo_of(run)->frozen);
    return 0;
}

struct json_doc *
argo_save(struct flow_run *run)
{
    const struct argo *a = argo_of(run);
    struct json_build b = JSON_BUILD_INIT;

    json_add_object(&b, NULL);
    json_add_object(&b, "others");
    for (size_t i = 0; i < a->others.n; i++)
        json_add_value(&b, a->others.at[i].key, json_root(a->others.at[i].doc));
    json_end(&b);
    json_add_value(&b, "outputs", json_root(a->outputs));
    json_add_array(&b, "parameters");
    for (size_t i = 0; i < a->parameters.n; i++)
        json_add_cstr(&b, NULL, a->parameters.at[i]);
    json_end(&b);
    json_add_array(&b, "claims");
    for (size_t i = 0; i < a->claims.n; i++)
        json_add_cstr(&b, NULL, a->claims.at[i]);
    json_end(&b);
    json_add_int(&b, "progress", a->progress_more);
    argo_usage_write(&b, a->usage);
    json_end(&b);
    return json_build_done(&b);
}

int
argo_resume(struct turn *t, struct flow_run *run, struct json_doc *frozen, const struct json *state,
            struct err *e)
{
    struct argo *a = make_mind(run, frozen);

    (void)e;
    JSON_EACH (other, json_get(state, "others")) {
        struct argo_frozen *f = vec_grow(&a->others);

        f->key = str_dup(other.key);
        f->doc = json_copy(other.value);
    }
    JSON_EACH (claim, json_get(state, "claims")) {
        vec_push(&a->claims, str_dup(json_str(claim.value)));
    }
    (void)json_int(json_get(state, "progress"), &a->progress_more);
    (void)json_int(json_at_path(state, "resourcesDuration.cpu"), &a->usage.cpu);
    (void)json_int(json_at_path(state, "resourcesDuration.memory"), &a->usage.memory);
    if (json_get(state, "outputs") != NULL)
        a->outputs = json_copy(json_get(state, "outputs"));
    argo_global_refill(t, run, json_get(state, "parameters"));
    return 0;
}

void
argo_forget(struct flow_run *run)
{
    struct argo *a = argo_of(run);

    for (size_t i = 0; i < a->others.n; i++) {
        free(a->others.at[i].key);
        json_doc_unref(a->others.at[i].doc);
    }
    for (size_t i = 0; i < a->claims.n; i++)
        free(a->claims.at[i]);
    for (size_t i = 0; i < a->parameters.n; i++)
        free(a->parameters.at[i]);
    vec_done(&a->others);
    vec_done(&a->claims);
    vec_done(&a->parameters);
    map_done(&a->templates);
    map_done(&a->task_at);
    expr_vars_done(&a->globals);
    tag_cache_free(a->cache);
    free(a->idle_fields);
    json_doc_unref(a->outputs);
    json_doc_unref(a->frozen);
    free(a);
    run->mind = NULL;
}
