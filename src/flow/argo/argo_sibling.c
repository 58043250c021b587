#include "flow/argo/argo_sibling.h"

#include "base/err.h"
#include "base/log.h"
#include "data/json.h"
#include "flow/argo/argo.h"
#include "flow/argo/argo_name.h"
#include "flow/argo/argo_output.h"
#include "flow/argo/argo_scope.h"
#include "flow/argo/argo_time.h"

static struct argo_sibling *
known_sibling(struct argo_scope *s, struct str name)
{
    for (size_t i = 0; i < s->siblings.n; i++) {
        if (str_is(name, s->siblings.at[i].name))
            return &s->siblings.at[i];
    }
    return NULL;
}

static void
set(struct argo_scope *s, const char *sibling, const char *field, struct str value)
{
    cleanup_free char *name = xasprintf("%s.%s.%s", s->prefix, sibling, field);

    expr_vars_set(&s->vars, str_of(name), value);
}

static void
set_parameters(struct argo_scope *s, const char *sibling, const struct json *outputs)
{
    JSON_EACH (p, json_get(outputs, "parameters")) {
        cleanup_free char *field =
            xasprintf("outputs.parameters.%.*s", STR_ARG(json_str(json_get(p.value, "name"))));

        if (json_get(p.value, "value") != NULL)
            set(s, sibling, field, json_scalar_text(json_get(p.value, "value")));
    }
    /* An artifact's value is its own name, by which argo_scope_artifact() finds it: enough for
     * `from` and for fromExpression. */
    JSON_EACH (art, json_get(outputs, "artifacts")) {
        cleanup_free char *field =
            xasprintf("outputs.artifacts.%.*s", STR_ARG(json_str(json_get(art.value, "name"))));
        cleanup_free char *name = xasprintf("%s.%s.%s", s->prefix, sibling, field);

        set(s, sibling, field, str_of(name));
    }
    if (json_get(outputs, "result") != NULL)
        set(s, sibling, "outputs.result", json_str(json_get(outputs, "result")));
    if (json_get(outputs, "all") != NULL)
        set(s, sibling, "outputs.parameters", json_str(json_get(outputs, "all")));
    if (json_get(outputs, ARGO_IP) != NULL)
        set(s, sibling, "ip", json_str(json_get(outputs, ARGO_IP)));
    if (json_get(outputs, "exitCode") != NULL)
        set(s, sibling, "exitCode", json_str(json_get(outputs, "exitCode")));
}

static void
set_time(struct argo_scope *s, const char *sibling, const char *field, int64_t us)
{
    cleanup_free char *text = NULL;

    if (us == 0)
        return;
    text = argo_time_text(us);
    set(s, sibling, field, str_of(text));
}

static void
set_facts(struct argo_scope *s, const char *sibling, const struct flow_look *l)
{
    char id[512];

    argo_name_id(s->run->name, str_of(l->name), id, sizeof id);
    set(s, sibling, "id", str_of(id));
    set(s, sibling, "status", str_of(flow_phase_name(l->phase)));
    set_time(s, sibling, "startedAt", l->started_us);
    set_time(s, sibling, "finishedAt", l->ended_us);
    set(s, sibling, "hostNodeName", STR("localhost"));
}

/* The step or task of that name as written, and its group for steps; NULL if there is none. */
static const struct json *
written(const struct argo_scope *s, struct str name, int64_t *group)
{
    const struct json *tmpl = argo_template(argo_of(s->run), str_of(s->boundary->template_of));

    *group = -1;
    JSON_EACH (task, json_at_path(tmpl, "dag.tasks")) {
        if (str_eq(json_str(json_get(task.value, "name")), name))
            return task.value;
    }
    JSON_EACH (g, json_get(tmpl, "steps")) {
        JSON_EACH (step, g.value) {
            *group = (int64_t)g.index;
            if (str_eq(json_str(json_get(step.value, "name")), name))
                return step.value;
        }
    }
    return NULL;
}

/* A skipped producer's outputs that have a default are there all the same. */
static void
set_defaults(struct argo_scope *s, const char *sibling, const struct json *call)
{
    cleanup_free char *key = NULL;
    const struct json *tmpl = NULL;
    struct err ignored = ERR_INIT;

    if (argo_template_of_call(s->turn, s->run, str_of(s->boundary->template_of), call, &key, &tmpl,
                              &ignored) < 0)
        return;
    JSON_EACH (p, json_at_path(tmpl, "outputs.parameters")) {
        const struct json *value = json_at_path(p.value, "valueFrom.default");

        if (value == NULL)
            value = json_get(p.value, "default");
        if (value != NULL) {
            cleanup_free char *field =
                xasprintf("outputs.parameters.%.*s", STR_ARG(json_str(json_get(p.value, "name"))));

            set(s, sibling, field, json_scalar_text(value));
        }
    }
}

static bool
is_loop(const struct json *call)
{
    return json_get(call, "withItems") != NULL || json_get(call, "withParam") != NULL ||
           json_get(call, "withSequence") != NULL;
}

static int
look(struct argo_scope *s, struct str name, int64_t group, struct flow_look *l)
{
    struct flow_look g = {.id = 0};
    char key[32];
    int rc;

    if (group < 0)
        return flow_look_child(s->turn, s->run, s->boundary->id, name, l, &s->error);
    snprintf(key, sizeof key, "[%lld]", (long long)group);
    rc = flow_look_child(s->turn, s->run, s->boundary->id, str_of(key), &g, &s->error);
    if (rc >= 0)
        rc = flow_look_child(s->turn, s->run, g.id, name, l, &s->error);
    flow_look_done(&g);
    return rc;
}

static void
load(struct argo_scope *s, struct str name)
{
    struct flow_look l = {.id = 0};
    struct argo_sibling *sibling;
    const struct json *call;
    int64_t group;
    int rc;

    call = written(s, name, &group);
    sibling = vec_grow(&s->siblings);
    sibling->name = str_dup(name);
    if (call == NULL)
        return;
    rc = look(s, name, group, &l);
    if (rc < 0 && rc != ERR_NOTFOUND)
        log_error(s->run->name, "%s", s->error.msg);
    if (rc >= 0) {
        sibling->known = l.state != FLOW_OPEN || l.phase == FLOW_RUNNING;
        sibling->absent = l.phase == FLOW_SKIPPED || l.phase == FLOW_OMITTED;
        sibling->outputs = l.outputs != NULL ? json_doc_ref(l.outputs) : NULL;
        set_facts(s, sibling->name, &l);
        set_parameters(s, sibling->name, json_root(l.outputs));
        if (sibling->absent)
            set_defaults(s, sibling->name, call);
        if (sibling->absent && is_loop(call)) {
            set(s, sibling->name, "outputs.result", STR("[]"));
            set(s, sibling->name, "outputs.parameters", STR("[]"));
        }
    }
    flow_look_done(&l);
}

/* "a" of "tasks.a.outputs.result"; STR_NULL if the name is none of a sibling. */
static struct str
sibling_in(const struct argo_scope *s, struct str name)
{
    struct str rest = name;

    if (s->prefix == NULL || !str_is(str_cut(&rest, '.'), s->prefix) || rest.p == NULL)
        return STR_NULL;
    return str_cut(&rest, '.');
}

struct argo_sibling *
argo_sibling_of(struct argo_scope *s, struct str name)
{
    struct str sibling = sibling_in(s, name);

    if (sibling.p == NULL)
        return NULL;
    if (known_sibling(s, sibling) == NULL)
        load(s, sibling);
    return known_sibling(s, sibling);
}

/* The maps that hold what a skipped step would have given. */
