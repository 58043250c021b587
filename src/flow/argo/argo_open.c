#include "flow/argo/argo_open.h"

#include "base/buf.h"
#include "base/err.h"
#include "core/turn.h"
#include "data/condition.h"
#include "data/json.h"
#include "flow/argo/argo.h"
#include "flow/argo/argo_child.h"
#include "flow/argo/argo_input.h"
#include "flow/argo/argo_loop.h"
#include "flow/argo/argo_memo.h"
#include "flow/argo/argo_podless.h"
#include "flow/argo/argo_retry.h"
#include "flow/argo/argo_scope.h"
#include "flow/argo/argo_suspend.h"
#include "flow/argo/argo_time.h"

enum { MAX_DEPTH = 100 }; /* of templates within templates, as upstream */

/* A workflow's fault ends the node; a store's failure goes up. */
static int
blame(struct flow_opening *o, const struct err *why, struct err *e)
{
    if (why->code == ERR_IO || why->code == ERR_FULL) {
        *e = *why;
        return e->code;
    }
    return argo_refuse(o, "%s", why->msg);
}

static int
skip(struct flow_opening *o, enum flow_phase phase, char *message)
{
    o->kind = FLOW_NOTHING;
    o->type = "Skipped";
    o->result.phase = phase;
    o->result.message = message;
    return 0;
}

static int
number_of(struct argo_scope *s, const struct json *v, int64_t *ret, struct err *e)
{
    cleanup_free char *text = NULL;

    *ret = 0;
    if (json_is_null(v))
        return 0;
    if (argo_scope_text(s, json_scalar_text(v), &text, e) < 0)
        return e->code;
    if (!str_to_int(str_trim(str_of(text)), ret))
        return err_set(e, ERR_INVALID, "'%s' is not a number", text);
    return 0;
}

/* The names of a template's own text: its inputs, on top of the workflow's. */
static void
enter_template(struct argo_scope *s, struct turn *t, struct flow_node *n,
               const struct json_doc *inputs)
{
    argo_scope_init(s, t, n->run, NULL);
    argo_scope_add_inputs(s, json_root(inputs));
    expr_vars_set(&s->vars, STR("node.name"), str_of(n->name));
}

/* Bodies. */

static int
open_leaf(struct argo_scope *s, const struct json *tmpl, struct flow_opening *o, struct err *e)
{
    int64_t limit;

    if (argo_time_field(s, json_get(tmpl, "timeout"), &limit, e) < 0)
        return err_wrap(e, "timeout");
    o->kind = FLOW_LEAF;
    o->counts = true;
    if (json_bool_or(json_get(tmpl, "daemon"), false))
        o->flags |= FLOW_DAEMON;
    if (limit != 0)
        o->wake_us = turn_now_us(s->turn) + limit;
    return 0;
}

/* It looks at its time itself, whenever it looks at what it waits for. */
static int
open_podless(struct flow_opening *o)
{
    o->kind = FLOW_LEAF;
    o->counts = true;
    return 0;
}

static bool
any_task_has_hooks(const struct json *tasks)
{
    JSON_EACH (task, tasks) {
        if (json_count(json_get(task.value, "hooks")) != 0)
            return true;
    }
    return false;
}

static int
open_group(struct argo_scope *s, const struct json *tmpl, struct flow_opening *o, struct err *e)
{
    const struct json *steps = json_get(tmpl, "steps");

    o->kind = FLOW_GROUP;
    o->boundary = o->counts = true;
    o->total =
        (int64_t)(steps != NULL ? json_count(steps) : json_count(json_at_path(tmpl, "dag.tasks")));
    if (any_task_has_hooks(json_at_path(tmpl, "dag.tasks")))
        o->flags |= FLOW_HEARS;
    JSON_EACH (group, steps) {
        if (any_task_has_hooks(group.value))
            o->flags |= FLOW_HEARS;
    }
    return number_of(s, json_get(tmpl, "parallelism"), &o->limit, e);
}

static int
open_body(struct turn *t, struct flow_node *n, const struct json *tmpl, struct flow_opening *o,
          struct err *e)
{
    cleanup_argo_scope struct argo_scope s = ARGO_SCOPE_INIT;
    const char *type = argo_template_type(tmpl);
    struct err why = ERR_INIT;
    int rc;

    enter_template(&s, t, n, o->inputs);
    o->type = type;
    if (json_get(tmpl, "suspend") != NULL)
        rc = argo_suspend_open(&s, tmpl, o, &why);
    else if (json_get(tmpl, "dag") != NULL || json_get(tmpl, "steps") != NULL)
        rc = open_group(&s, tmpl, o, &why);
    else if (json_get(tmpl, "container") != NULL || json_get(tmpl, "script") != NULL ||
             json_get(tmpl, "containerSet") != NULL)
        rc = open_leaf(&s, tmpl, o, &why);
    else if (argo_podless_is(tmpl))
        rc = open_podless(o);
    else
        rc = err_set(&why, ERR_UNSUPPORTED, "template %.*s: this type of template cannot be run",
                     STR_ARG(json_str(json_get(tmpl, "name"))));
    return rc < 0 ? blame(o, &why, e) : 0;
}

/* Calls. */

static bool
has_hooks(const struct json *call)
{
    return json_count(json_get(call, "hooks")) != 0 || !json_is_null(json_get(call, "onExit"));
}

/* How many templates are open around this node: a template that calls itself for ever must end. */
static int
depth_of(const struct flow_node *n)
{
    int depth = 0;

    for (const struct flow_node *up = n->boundary; up != NULL; up = up->boundary)
        depth++;
    return depth;
}

/* A template may name its nodes for people: kept in the node's spec. */
static int
add_display(struct argo_scope *s, struct flow_node *n, const struct json *tmpl,
            struct flow_opening *o, struct err *e)
{
    const struct json *written =
        json_get(json_get(tmpl, "annotations"), "workflows.argoproj.io/display-name");
    cleanup_argo_scope struct argo_scope own = ARGO_SCOPE_INIT;
    cleanup_free char *text = NULL;
    struct json_build b = JSON_BUILD_INIT;

    if (json_str(written).n == 0)
        return 0;
    enter_template(&own, s->turn, n, o->inputs);
    if (argo_scope_text_lax(&own, json_str(written), &text, e) < 0)
        return e->code;
    json_add_object(&b, NULL);
    json_add_fields(&b, json_root(n->spec), NULL);
    json_add_cstr(&b, "display", text);
    json_end(&b);
    o->spec = json_build_done(&b);
    return 0;
}

/* 1: a cache has the outputs of this template with these inputs. */
static int
look_up(struct argo_scope *s, struct flow_node *n, const struct json *tmpl, struct flow_opening *o,
        struct err *e)
{
    cleanup_argo_scope struct argo_scope own = ARGO_SCOPE_INIT;

    enter_template(&own, s->turn, n, o->inputs);
    return argo_memo_look(&own, n, tmpl, o, e);
}

/* The template with its inputs: retried as a whole, or its body. */
static int
open_template(struct argo_scope *s, struct flow_node *n, const struct json *call,
              struct flow_opening *o, struct err *e)
{
    struct str from = s->boundary != NULL ? str_of(s->boundary->template_of) : STR("local/");
    const struct json *tmpl = NULL, *strategy;
    struct err why = ERR_INIT;
    int looked;

    if (depth_of(n) >= MAX_DEPTH)
        return argo_refuse(
            o, "Maximum recursion depth exceeded. Templates may call each other %d deep",
            MAX_DEPTH);
    if (argo_template_of_call(s->turn, s->run, from, call, &o->template_of, &tmpl, &why) < 0 ||
        argo_input_fill(s, tmpl, json_get(call, "arguments"), &o->inputs, &why) < 0)
        return blame(o, &why, e);
    if (argo_template_type(tmpl) == NULL)
        return argo_refuse(o, "template %.*s: template type unspecified",
                           STR_ARG(json_str(json_get(tmpl, "name"))));
    if (add_display(s, n, tmpl, o, &why) < 0)
        return blame(o, &why, e);
    if (has_hooks(call))
        o->flags |= FLOW_HAS_HOOKS;
    looked = look_up(s, n, tmpl, o, &why);
    if (looked < 0)
        return blame(o, &why, e);
    if (looked > 0)
        return 0;
    if (!json_is_null(json_get(tmpl, "synchronization")) && (n->flags & FLOW_LOCKED) == 0) {
        o->kind = FLOW_QUEUED;
        o->type = argo_template_type(tmpl);
        return 0;
    }
    strategy = argo_retry_strategy(argo_of(s->run), tmpl);
    if (strategy == NULL)
        return open_body(s->turn, n, tmpl, o, e);
    o->kind = FLOW_RETRY;
    o->type = "Retry";
    return 0;
}

/* The `when` of a call in this scope.  1: go on, 0: skipped (o is filled). */
static int
check_when(struct argo_scope *s, const struct json *call, struct flow_opening *o, struct err *e)
{
    struct str when = json_str(json_get(call, "when"));
    cleanup_free char *text = NULL;
    bool holds;

    if (when.n == 0)
        return 1;
    if (argo_scope_text(s, when, &text, e) < 0 || condition_eval(str_of(text), &holds, e) < 0)
        return e->code;
    if (holds)
        return 1;
    return skip(o, FLOW_SKIPPED, xasprintf("when '%s' evaluated false", text));
}

static int
open_once(struct argo_scope *s, struct flow_node *n, const struct json *call,
          struct flow_opening *o, struct err *e)
{
    struct err why = ERR_INIT;
    int go = check_when(s, call, o, &why);

    if (go < 0)
        return blame(o, &why, e);
    return go == 0 ? 0 : open_template(s, n, call, o, e);
}

/* The loop keeps its items and its call, in which everything but the item is filled in. */
static int
keep_loop(struct argo_scope *s, struct flow_node *n, const struct json *call,
          struct json_doc *items, struct flow_opening *o, struct err *e)
{
    static const char *const loops[] = {"withItems", "withParam", "withSequence", "hooks", NULL};
    cleanup_json_build struct json_build b = JSON_BUILD_INIT;
    cleanup_json struct json_doc *plain = NULL, *filled = NULL;

    json_add_object(&b, NULL);
    json_add_fields(&b, call, loops);
    json_end(&b);
    plain = json_build_done(&b);
    if (argo_scope_json_lax(s, json_root(plain), &filled, e) < 0)
        return e->code;
    json_add_object(&b, NULL);
    json_add_fields(&b, json_root(n->spec), NULL);
    json_add_object(&b, "task");
    json_add_fields(&b, json_root(filled), NULL);
    json_add_value(&b, "hooks", json_get(call, "hooks"));
    json_end(&b);
    json_add_value(&b, "items", json_root(items));
    json_end(&b);
    o->spec = json_build_done(&b);
    o->kind = FLOW_LOOP;
    o->type = s->prefix != NULL && str_is(str_of(s->prefix), "tasks") ? "TaskGroup" : NULL;
    o->total = (int64_t)json_count(json_root(items));
    return 0;
}

static int
open_loop(struct argo_scope *s, struct flow_node *n, const struct json *call,
          struct flow_opening *o, struct err *e)
{
    cleanup_json struct json_doc *items = NULL;
    cleanup_free char *key = NULL;
    const struct json *tmpl;
    struct err why = ERR_INIT;
    int go;

    if (argo_loop_items(s, call, &items, &why) < 0) {
        /* A list that cannot be read is no fault of a step that would not run anyway. */
        struct err ignored = ERR_INIT;

        go = check_when(s, call, o, &ignored);
        return go == 0 ? 0 : blame(o, &why, e);
    }
    if (json_count(json_root(items)) == 0)
        return skip(o, FLOW_SKIPPED, xstrdup("Skipped, empty params"));
    if (argo_template_of_call(s->turn, s->run, str_of(s->boundary->template_of), call, &key, &tmpl,
                              &why) < 0 ||
        keep_loop(s, n, call, items, o, &why) < 0)
        return blame(o, &why, e);
    o->template_of = TAKE(key);
    return 0;
}

/* The call in the scope of the template that it stands in. */
static int
open_call(struct turn *t, struct flow_node *n, struct flow_opening *o, struct err *e)
{
    cleanup_argo_scope struct argo_scope s = ARGO_SCOPE_INIT;
    const struct json *call = argo_call_of(n);

    argo_scope_init(&s, t, n->run, argo_boundary(n));
    if (argo_role_of(n) == ARGO_ITEM)
        argo_scope_add_item(&s, json_get(json_root(n->spec), "item"));
    if (argo_role_of(n) == ARGO_HOOK) {
        s.lax = true;
        argo_child_add_hook_names(&s, n);
    }
    return argo_role_of(n) == ARGO_TASK && argo_loop_is(call) ? open_loop(&s, n, call, o, e)
                                                              : open_once(&s, n, call, o, e);
}

/* What was left out shows which template it would have run, if that one can be had. */
static void
name_template(struct turn *t, struct flow_node *n, struct flow_opening *o)
{
    const struct flow_node *boundary = argo_boundary(n);
    struct str from = boundary != NULL ? str_of(boundary->template_of) : STR("local/");
    const struct json *ignored;
    struct err why = ERR_INIT;

    if (o->template_of == NULL && argo_template_of_call(t, n->run, from, argo_call_of(n),
                                                        &o->template_of, &ignored, &why) < 0) {
        free(o->template_of);
        o->template_of = NULL;
    }
}

static int
open_task(struct turn *t, struct flow_node *n, struct flow_opening *o, struct err *e)
{
    bool runs = true;
    int rc;

    if (argo_role_of(n) == ARGO_TASK && argo_role_of(n->parent) != ARGO_GROUP &&
        argo_child_depends(t, n, argo_call_of(n), &runs, e) < 0)
        return e->code;
    rc = runs ? open_call(t, n, o, e)
              : skip(o, FLOW_OMITTED, xstrdup("omitted: depends condition not met"));
    if (rc >= 0 && o->kind == FLOW_NOTHING && !flow_phase_is_bad(o->result.phase))
        name_template(t, n, o);
    return rc;
}

static int
open_attempt(struct turn *t, struct flow_node *n, struct flow_opening *o, struct err *e)
{
    const struct flow_node *retry = n->parent;
    const struct json *tmpl = argo_template(argo_of(n->run), str_of(retry->template_of));

    o->template_of = xstrdup(retry->template_of);
    o->inputs = retry->inputs != NULL ? json_doc_ref(retry->inputs) : NULL;
    return open_body(t, n, tmpl, o, e);
}

static int
open_step_group(struct flow_node *n, struct flow_opening *o)
{
    o->kind = FLOW_GROUP;
    o->type = "StepGroup";
    o->template_of = NULL;
    o->total = (int64_t)json_count(argo_tasks_of(n));
    return 0;
}

int
argo_open(struct turn *t, struct flow_node *n, struct flow_opening *o, struct err *e)
{
    switch (argo_role_of(n)) {
    case ARGO_GROUP:
        return open_step_group(n, o);
    case ARGO_ATTEMPT:
        return open_attempt(t, n, o, e);
    default:
        return open_task(t, n, o, e);
    }
}
