#include "flow/argo/argo.h"

#include "api/objects.h"
#include "base/err.h"
#include "core/turn.h"
#include "data/json.h"
#include "flow/flow_int.h"

/* Bodies of a template and the type of the node that runs it.  The first four words are status
 * types that clients know. */
static const struct {
    const char *body, *type;
} bodies[] = {
    {"container", "Pod"}, {"script", "Pod"},    {"containerSet", "Pod"}, {"resource", "Pod"},
    {"data", "Pod"},      {"steps", "Steps"},   {"dag", "DAG"},          {"suspend", "Suspend"},
    {"http", "HTTP"},     {"plugin", "Plugin"},
};

const char *
argo_template_type(const struct json *tmpl)
{
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        if (!json_is_null(json_get(tmpl, bodies[i].body)))
            return bodies[i].type;
    }
    return NULL;
}

static const struct json *
frozen_template(const struct argo *a, struct str key)
{
    for (size_t i = 0; i < a->others.n; i++) {
        if (str_is(key, a->others.at[i].key))
            return json_root(a->others.at[i].doc);
    }
    return NULL;
}

/* The call named `task` in a DAG or steps template. */
static const struct json *
find_task(const struct json *tmpl, struct str task)
{
    JSON_EACH (t, json_at_path(tmpl, "dag.tasks")) {
        if (str_eq(json_str(json_get(t.value, "name")), task))
            return t.value;
    }
    JSON_EACH (group, json_get(tmpl, "steps")) {
        JSON_EACH (step, group.value) {
            if (str_eq(json_str(json_get(step.value, "name")), task))
                return step.value;
        }
    }
    return NULL;
}

static ptrdiff_t
last_hash(struct str key)
{
    for (ptrdiff_t i = (ptrdiff_t)key.n - 1; i >= 0; i--) {
        if (key.p[i] == '#')
            return i;
    }
    return -1;
}

const struct json *
argo_template(struct argo *a, struct str key)
{
    ptrdiff_t hash = last_hash(key);
    const struct json *parent;

    if (hash < 0)
        return str_starts(key, STR("local/")) ? map_get(&a->templates, str_slice(key, 6, key.n))
                                              : frozen_template(a, key);
    parent = argo_template(a, str_slice(key, 0, (size_t)hash));
    return json_get(find_task(parent, str_slice(key, (size_t)hash + 1, key.n)), "inline");
}

/* "namespaced/NAME/" of "namespaced/NAME/template", "local/" of "local/template": where bare names
 * in that template are looked up. */
static struct str
scope_of(struct str key)
{
    ptrdiff_t hash = str_find_char(key, '#', 0);
    struct str plain = hash < 0 ? key : str_slice(key, 0, (size_t)hash);
    ptrdiff_t first = str_find_char(plain, '/', 0);
    ptrdiff_t second;

    if (str_starts(plain, STR("local/")) || first < 0)
        return STR("local/");
    second = str_find_char(plain, '/', (size_t)first + 1);
    return second < 0 ? STR("local/") : str_slice(plain, 0, (size_t)second + 1);
}

/* Fetches the template `name` of another object and keeps it under `key`. */
static int
freeze(struct turn *t, struct flow_run *run, bool cluster, struct str owner, struct str name,
       const char *key, struct err *e)
{
    struct argo *a = argo_of(run);
    cleanup_object struct object *o = objects_find(
        run->flow->objects, t, cluster ? &kind_cluster_workflow_template : &kind_workflow_template,
        cluster ? STR("") : str_of(run->namespace), owner);
    struct argo_frozen *f;

    if (o == NULL)
        return err_set(e, ERR_INVALID, "%s %.*s not found",
                       cluster ? "cluster workflow template" : "workflow template", STR_ARG(owner));
    JSON_EACH (tmpl, object_at(o, "spec.templates")) {
        if (!str_eq(json_str(json_get(tmpl.value, "name")), name))
            continue;
        f = vec_grow(&a->others);
        f->key = xstrdup(key);
        f->doc = json_copy(tmpl.value);
        flow_run_touch(run);
        return 0;
    }
    return err_set(e, ERR_INVALID, "template %.*s not found in %s %.*s", STR_ARG(name),
                   cluster ? "cluster workflow template" : "workflow template", STR_ARG(owner));
}

static int
template_by_key(struct turn *t, struct flow_run *run, char **key, const struct json **ret,
                struct err *e)
{
    struct argo *a = argo_of(run);
    struct str rest = str_of(*key), scope, owner;

    *ret = argo_template(a, rest);
    if (*ret != NULL)
        return 0;
    scope = str_cut(&rest, '/');
    if (str_is(scope, "local"))
        return err_set(e, ERR_INVALID, "template name '%.*s' undefined", STR_ARG(rest));
    owner = str_cut(&rest, '/');
    if (freeze(t, run, str_is(scope, "cluster"), owner, rest, *key, e) < 0)
        return e->code;
    *ret = argo_template(a, str_of(*key));
    return 0;
}

int
argo_template_of_call(struct turn *t, struct flow_run *run, struct str from,
                      const struct json *call, char **key, const struct json **ret, struct err *e)
{
    const struct json *ref = json_get(call, "templateRef");
    struct str name = json_str(json_get(call, "template"));

    if (!json_is_null(json_get(call, "inline"))) {
        *key = xasprintf("%.*s#%.*s", STR_ARG(from), STR_ARG(json_str(json_get(call, "name"))));
        *ret = json_get(call, "inline");
        return 0;
    }
    if (!json_is_null(ref))
        *key = xasprintf(
            "%s/%.*s/%.*s",
            json_bool_or(json_get(ref, "clusterScope"), false) ? "cluster" : "namespaced",
            STR_ARG(json_str(json_get(ref, "name"))), STR_ARG(json_str(json_get(ref, "template"))));
    else
        *key = xasprintf("%.*s%.*s", STR_ARG(scope_of(from)), STR_ARG(name));
    return template_by_key(t, run, key, ret, e);
}
