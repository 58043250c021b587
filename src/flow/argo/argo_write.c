#include "flow/argo/argo_write.h"

#include "api/objects.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/vec.h"
#include "core/turn.h"
#include "data/json.h"
#include "flow/argo/argo_command.h"
#include "flow/argo/argo_nodes.h"
#include "flow/argo/argo_rerun.h"
#include "flow/argo/argo_scope.h"
#include "flow/flow_int.h"
#include "flow/flow_run.h"
#include "schema/fielderror.h"
#include "schema/problem.h"

/* What is asked for; lives until the end of its turn. */
struct plan {
    bool retry;
    struct map redo;             /* names of nodes that the retry does again */
    struct json_doc *parameters; /* a map of those that the retry replaces */
    VEC(struct argo_set_one) sets;
    VEC(struct json_doc *) held; /* what the above points into */
};

static void
plan_free(void *arg)
{
    struct plan *p = arg;

    map_done(&p->redo);
    json_doc_unref(p->parameters);
    vec_done(&p->sets);
    for (size_t i = 0; i < p->held.n; i++)
        json_doc_unref(p->held.at[i]);
    vec_done(&p->held);
    free(p);
}

/* One comparison of what is with what was sent. */
struct comparing {
    const struct object *live;
    const struct flow_run *run; /* NULL: it is over */
    struct plan *plan;
    struct problems *problems;
    bool differs; /* in what nobody may write, or in what the engine has changed meanwhile */
};

/* Comparing values. */

/* What a client that knows the field as optional leaves out. */
static bool
is_empty(const struct json *v)
{
    struct str text = json_scalar_text(v);

    return json_is_null(v) ||
           (text.p == NULL ? json_count(v) == 0
                           : text.n == 0 || str_is(text, "false") || str_is(text, "0"));
}

/* Whether all that the client sent is as it is. */
static bool
says_no_more(const struct json *sent, const struct json *is)
{
    size_t i = 0;

    if (is_empty(sent))
        return true;
    switch (json_type(sent)) {
    case JSON_OBJECT:
        JSON_EACH (it, sent) {
            if (!says_no_more(it.value, json_get_str(is, it.key)))
                return false;
        }
        return true;
    case JSON_ARRAY:
        if (json_count(sent) != json_count(is))
            return false;
        JSON_EACH (it, sent) {
            if (!says_no_more(it.value, json_item(is, i++)))
                return false;
        }
        return true;
    default:
        return json_scalar_text(is).p != NULL &&
               str_eq(json_scalar_text(sent), json_scalar_text(is));
    }
}

static struct str
text_at(const struct json *node, const char *field)
{
    return json_str(json_get(node, field));
}

static void
refuse(struct comparing *c, struct str id, const char *field, const char *why)
{
    cleanup_free char *path =
        xasprintf("status.nodes[%.*s]%s%s", STR_ARG(id), field[0] != '\0' ? "." : "", field);

    c->differs = true;
    fielderror_forbidden(c->problems, path, why);
}

/* Suspended nodes. */

static const struct json *
parameter_of(const struct json *node, struct str name)
{
    return argo_artifact_named(json_at_path(node, "outputs.parameters"), name);
}

/* Values for outputs that wait for them; a default needs nobody to say it. */
static struct json_doc *
supplied(const struct json *node, const struct json *sent)
{
    struct json_build b = JSON_BUILD_INIT;
    size_t n = 0;

    json_add_object(&b, NULL);
    JSON_EACH (p, json_at_path(sent, "outputs.parameters")) {
        struct str name = text_at(p.value, "name");
        const struct json *own = parameter_of(node, name), *value = json_get(p.value, "value");

        if (own == NULL || json_is_null(value) || json_get(own, "value") != NULL)
            continue;
        if (json_at_path(own, "valueFrom.default") != NULL &&
            says_no_more(value, json_at_path(own, "valueFrom.default")))
            continue;
        json_add_key(&b, name);
        json_add_str(&b, NULL, json_scalar_text(value));
        n++;
    }
    json_end(&b);
    if (n > 0)
        return json_build_done(&b);
    json_build_cancel(&b);
    return NULL;
}

/* What has a value keeps it, and nothing is made up. */
static void
check_outputs(struct comparing *c, struct str id, const struct json *node, const struct json *sent)
{
    JSON_EACH (p, json_at_path(sent, "outputs.parameters")) {
        const struct json *own = parameter_of(node, text_at(p.value, "name"));
        const struct json *value = json_get(own, "value");

        if (own == NULL)
            refuse(c, id, "outputs", "the template declares no such output parameter");
        else if (value != NULL && !says_no_more(json_get(p.value, "value"), value))
            refuse(c, id, "outputs", "a parameter that has its value cannot be set again");
    }
}

static void
plan_set(struct comparing *c, struct str id, const struct json *node, const struct json *sent)
{
    struct str phase = text_at(sent, "phase"), message = text_at(sent, "message");
    struct json_doc *outputs = supplied(node, sent);
    struct argo_set_one one = {.node = text_at(node, "name")};

    check_outputs(c, id, node, sent);
    if (phase.n > 0 && !str_eq(phase, text_at(node, "phase")))
        one.set.phase = phase;
    if (message.n > 0 && !str_eq(message, text_at(node, "message")))
        one.set.message = message;
    if (outputs != NULL) {
        one.set.outputs = json_root(outputs);
        vec_push(&c->plan->held, outputs);
    }
    if (one.set.phase.n > 0 || one.set.message.n > 0 || outputs != NULL)
        vec_push(&c->plan->sets, one);
}

/* Nodes. */

static bool
is_one_of(struct str s, const char *const *names)
{
    for (; *names != NULL; names++) {
        if (str_is(s, *names))
            return true;
    }
    return false;
}

/* One that contains others is opened again where one of them is. */
static bool
is_group(const struct json *node)
{
    static const char *const types[] = {"DAG", "Steps", "StepGroup", "TaskGroup", "Retry", NULL};

    return is_one_of(text_at(node, "type"), types);
}

static bool
is_suspended(const struct json *node)
{
    return str_is(text_at(node, "type"), "Suspend") && str_is(text_at(node, "phase"), "Running");
}

/* What the client may have changed, or what is made from it. */
static bool
is_free(struct str field, bool own_end)
{
    static const char *const derived[] = {"startedAt",
                                          "finishedAt",
                                          "children",
                                          "outboundNodes",
                                          "progress",
                                          "resourcesDuration",
                                          "estimatedDuration",
                                          "taskResultSynced",
                                          "stages",
                                          "reason",
                                          NULL};
    static const char *const end[] = {"phase", "message", "outputs", NULL};

    return is_one_of(field, derived) || (own_end && is_one_of(field, end));
}

static void
compare_node(struct comparing *c, struct str id, const struct json *node, const struct json *sent)
{
    bool waits = !c->plan->retry && is_suspended(node);
    bool opened = c->plan->retry && is_group(node) && str_is(text_at(sent, "phase"), "Running");

    if (waits)
        plan_set(c, id, node, sent);
    JSON_EACH (it, sent) {
        cleanup_free char *field = NULL;

        if (is_free(it.key, waits || opened) || says_no_more(it.value, json_get_str(node, it.key)))
            continue;
        field = str_dup(it.key);
        refuse(c, id, field,
               "only nodes that are suspended can be set; a workflow that is over can be retried");
    }
}

static void
compare_gone(struct comparing *c, struct str id, const struct json *node)
{
    if (!c->plan->retry)
        refuse(c, id, "", "nodes can be taken out only to retry a workflow that is over");
    else if (str_is(text_at(node, "phase"), "Succeeded") &&
             !json_bool_or(json_at_path(node, "nodeFlag.hooked"), false))
        map_put(&c->plan->redo, text_at(node, "name"), c->plan);
}

static void
compare(struct comparing *c, const struct json *nodes, const struct json *sent)
{
    struct map by_id = MAP_INIT;

    JSON_EACH (it, sent) {
        map_put(&by_id, it.key, (void *)(uintptr_t)it.value);
    }
    JSON_EACH (it, nodes) {
        const struct json *theirs = map_remove(&by_id, it.key);

        if (theirs == NULL)
            compare_gone(c, it.key, it.value);
        else
            compare_node(c, it.key, it.value, theirs);
    }
    MAP_EACH (&by_id, it) {
        refuse(c, it.key, "", "there is no such node, and none can be added");
    }
    map_done(&by_id);
}

/* The workflow. */

/* The values of arguments that a retry gives anew. */
static struct json_doc *
new_values(const struct json *is, const struct json *sent)
{
    struct json_build b = JSON_BUILD_INIT;

    json_add_object(&b, NULL);
    JSON_EACH (p, json_at_path(sent, "spec.arguments.parameters")) {
        const struct json *own = argo_artifact_named(json_at_path(is, "spec.arguments.parameters"),
                                                     text_at(p.value, "name"));
        const struct json *value = json_get(p.value, "value");

        if (json_is_null(value) || (own != NULL && json_equal(value, json_get(own, "value"))))
            continue;
        json_add_key(&b, text_at(p.value, "name"));
        json_add_str(&b, NULL, json_scalar_text(value));
    }
    json_end(&b);
    return json_build_done(&b);
}

static int
conflict(const struct object *live, struct err *e)
{
    return err_set(e, ERR_CONFLICT,
                   "Operation cannot be fulfilled on %s \"%.*s\": its nodes have changed; please "
                   "apply your changes to the latest version and try again",
                   object_kind(live)->resource, STR_ARG(object_name(live)));
}

static int
plan_nodes(struct comparing *c, struct turn *t, const struct json *sent, struct err *e)
{
    struct json_doc *composed = NULL;

    if (argo_nodes_compose(turn_db(t), c->live, &composed, e) < 0)
        return e->code;
    vec_push(&c->plan->held, composed);
    compare(c, json_at_path(json_root(composed), "status.nodes"),
            json_at_path(sent, "status.nodes"));
    /* Changes of nodes alone make a version now and then: until then, nobody knows who it was. */
    if (c->differs && c->run != NULL && c->run->renewed)
        return conflict(c->live, e);
    return 0;
}

static bool
asks_for_retry(const struct object *live, const struct json *sent)
{
    return object_is_finished(live) &&
           str_is(json_str(json_at_path(sent, "status.phase")), "Running");
}

int
argo_write_plan(struct flow *f, struct turn *t, const struct object *live, const struct json *sent,
                void **ret, struct problems *ps, struct err *e)
{
    bool has_nodes = json_count(json_at_path(sent, "status.nodes")) > 0;
    struct comparing c = {.live = live, .problems = ps};

    *ret = NULL;
    if (json_str(json_at_path(sent, "status.compressedNodes")).n > 0)
        fielderror_forbidden(ps, "status.compressedNodes",
                             "nodes are not read where they are compressed: ask by the verbs of "
                             "the workflow API (resume, set, retry)");
    else if (live == NULL && has_nodes)
        fielderror_forbidden(ps, "status.nodes", "a new workflow has no nodes: leave status out");
    if (ps->n > 0 || live == NULL || !(has_nodes || asks_for_retry(live, sent)))
        return 0;
    c.plan = NEW(struct plan);
    turn_finally(t, plan_free, c.plan);
    c.run = flow_run_of(f, object_uid(live));
    c.plan->retry = asks_for_retry(live, sent);
    if (c.plan->retry)
        c.plan->parameters = new_values(object_root(live), sent);
    if (plan_nodes(&c, t, sent, e) < 0)
        return e->code;
    if (c.plan->retry || c.plan->sets.n > 0)
        *ret = c.plan;
    return 0;
}

int
argo_write_act(struct flow *f, struct turn *t, const struct object *now, void *plan, struct err *e)
{
    const struct plan *p = plan;
    struct argo_rerun how = {.redo = &p->redo, .parameters = json_root(p->parameters)};

    return p->retry ? argo_rerun_retry(f, t, now, &how, e)
                    : argo_command_set_each(f, t, now, p->sets.at, p->sets.n, e);
}
