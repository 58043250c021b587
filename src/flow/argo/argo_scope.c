#include "flow/argo/argo_scope.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "core/core.h"
#include "core/turn.h"
#include "data/json.h"
#include "data/tag_cache.h"
#include "flow/argo/argo.h"
#include "flow/argo/argo_sibling.h"
#include "flow/argo/argo_time.h"

static const char *const strict_names[] = {"inputs", "steps", "tasks", "item", NULL};

static bool
is_absent_map(struct argo_scope *s, struct str name)
{
    const struct argo_sibling *sibling = argo_sibling_of(s, name);

    return sibling != NULL && sibling->absent &&
           (str_ends(name, STR(".outputs")) || str_ends(name, STR(".outputs.parameters")) ||
            str_ends(name, STR(".outputs.artifacts")));
}

/* workflow.duration, of a workflow that goes on: how long it has been.  At its end the globals say
 * it. */
static void
set_duration(struct argo_scope *s)
{
    char text[64];

    if (s->run->state != FLOW_RUN_BEGUN)
        return;
    argo_time_seconds(s->run->started_us, turn_now_us(s->turn), text, sizeof text);
    expr_vars_set_cstr(&s->vars, ARGO_DURATION, text);
}

static struct expr_binding
look_up(void *arg, struct str name)
{
    struct argo_scope *s = arg;
    struct expr_env own;
    struct expr_binding b;

    (void)argo_sibling_of(s, name);
    if (str_is(name, ARGO_DURATION))
        set_duration(s);
    own = expr_vars_env(&s->vars);
    b = own.lookup(own.arg, name);
    if (!b.found && s->prefix != NULL && str_is(name, s->prefix))
        b.scope = true;
    if (!b.found && !b.scope)
        b.scope = is_absent_map(s, name);
    /* What a skipped step did not give is known to be nothing, which an expression may ask for. */
    if (!b.found && !b.scope && s->strict && argo_scope_is_absent(s, name))
        b = (struct expr_binding){.found = true, .value = EXPR_NIL_VALUE};
    return b;
}

static void
each(void *arg, struct str prefix, void (*fn)(void *to, struct str name, struct expr_value value),
     void *to)
{
    struct argo_scope *s = arg;
    struct expr_env own;

    (void)argo_sibling_of(s, prefix);
    if (str_starts(STR(ARGO_DURATION), prefix))
        set_duration(s);
    own = expr_vars_env(&s->vars);
    own.each(own.arg, prefix, fn, to);
}

void
argo_scope_init(struct argo_scope *s, struct turn *t, struct flow_run *run,
                struct flow_node *boundary)
{
    struct argo *a = argo_of(run);
    const struct json *tmpl;

    *s = (struct argo_scope){.turn = t, .run = run, .boundary = boundary, .error = ERR_INIT};
    expr_vars_init(&s->vars, &a->globals);
    if (boundary == NULL)
        return;
    tmpl = argo_template(a, str_of(boundary->template_of));
    s->prefix = json_get(tmpl, "dag") != NULL ? "tasks" : "steps";
    argo_scope_add_inputs(s, json_root(boundary->inputs));
    expr_vars_set(&s->vars, STR("node.name"), str_of(boundary->name));
    if (json_get(tmpl, "steps") != NULL)
        expr_vars_set(&s->vars, STR("steps.name"), str_of(boundary->name));
    else
        expr_vars_set(&s->vars, STR("tasks.name"), str_of(boundary->name));
}

void
argo_scope_done(struct argo_scope *s)
{
    for (size_t i = 0; i < s->siblings.n; i++) {
        free(s->siblings.at[i].name);
        json_doc_unref(s->siblings.at[i].outputs);
    }
    vec_done(&s->siblings);
    expr_vars_done(&s->vars);
}

void
argo_scope_add_inputs(struct argo_scope *s, const struct json *inputs)
{
    struct json_build b = JSON_BUILD_INIT;
    cleanup_json struct json_doc *all = NULL;
    cleanup_buf struct buf text = BUF_INIT;

    json_add_array(&b, NULL);
    JSON_EACH (p, json_get(inputs, "parameters")) {
        cleanup_free char *name =
            xasprintf("inputs.parameters.%.*s", STR_ARG(json_str(json_get(p.value, "name"))));

        if (json_get(p.value, "value") != NULL)
            expr_vars_set(&s->vars, str_of(name), json_scalar_text(json_get(p.value, "value")));
        json_add_value(&b, NULL, p.value);
    }
    json_end(&b);
    all = json_build_done(&b);
    json_write(&text, json_root(all));
    expr_vars_set(&s->vars, STR("inputs.parameters"), buf_view(&text));
    JSON_EACH (art, json_get(inputs, "artifacts")) {
        cleanup_free char *name =
            xasprintf("inputs.artifacts.%.*s", STR_ARG(json_str(json_get(art.value, "name"))));
        cleanup_free char *path = xasprintf("%s.path", name);

        expr_vars_set(&s->vars, str_of(name), str_of(name));
        expr_vars_set(&s->vars, str_of(path), json_str(json_get(art.value, "path")));
    }
}

/* Containers as JSON text, scalars as their text. */
static void
set_item_text(struct argo_scope *s, struct str name, const struct json *v)
{
    cleanup_buf struct buf text = BUF_INIT;

    if (json_type(v) == JSON_ARRAY || json_type(v) == JSON_OBJECT) {
        json_write(&text, v);
        expr_vars_set(&s->vars, name, buf_view(&text));
    } else {
        expr_vars_set(&s->vars, name, json_scalar_text(v));
    }
}

void
argo_scope_add_item(struct argo_scope *s, const struct json *item)
{
    set_item_text(s, STR("item"), item);
    if (json_type(item) != JSON_OBJECT)
        return;
    JSON_EACH (f, item) {
        cleanup_free char *name = xasprintf("item.%.*s", STR_ARG(f.key));

        set_item_text(s, str_of(name), f.value);
    }
}

struct tag_options
argo_scope_options(struct argo_scope *s, struct expr_env *env)
{
    *env = (struct expr_env){
        .lookup = look_up, .each = each, .arg = s, .clock = core_clock(turn_core(s->turn))};
    return (struct tag_options){.env = env,
                                .strict = strict_names,
                                .spare_artifacts = true,
                                .cache = argo_of(s->run)->cache};
}

static int
store_failed(const struct argo_scope *s, struct err *e)
{
    if (s->error.code == 0 || s->error.code == ERR_NOTFOUND)
        return 0;
    *e = s->error;
    return e->code;
}

/* A plain tag cannot stand for nothing. */
static int
refuse_absent(struct argo_scope *s, struct str in, struct err *e)
{
    struct tag_each it = {.text = in};

    while (tag_next(&it)) {
        if (!it.expression && argo_scope_is_absent(s, it.name))
            return err_set(
                e, ERR_INVALID,
                "{{%.*s}} is an absent optional: its step was skipped and has no default",
                STR_ARG(it.name));
    }
    return 0;
}

static int
text(struct argo_scope *s, struct str in, bool strict, char **ret, struct err *e)
{
    struct expr_env env;
    struct tag_options o = argo_scope_options(s, &env);
    cleanup_buf struct buf out = BUF_INIT;
    int rc;

    if (!strict || s->lax)
        o.strict = NULL;
    if (!tag_present(in)) {
        *ret = str_dup(in);
        return 0;
    }
    if (strict && refuse_absent(s, in, e) < 0)
        return e->code;
    s->strict = strict;
    rc = tag_settle(in, &o, &out, e);
    s->strict = false;
    if (rc < 0)
        return rc;
    *ret = buf_take(&out);
    return store_failed(s, e);
}

int
argo_scope_text(struct argo_scope *s, struct str in, char **ret, struct err *e)
{
    return text(s, in, true, ret, e);
}

int
argo_scope_text_lax(struct argo_scope *s, struct str in, char **ret, struct err *e)
{
    return text(s, in, false, ret, e);
}

int
argo_scope_expression(struct argo_scope *s, struct str expression, char **ret, struct err *e)
{
    cleanup_expr struct expr_program *own = NULL;
    cleanup_arena struct arena a = ARENA_INIT;
    cleanup_free char *filled = NULL;
    cleanup_buf struct buf out = BUF_INIT;
    const struct expr_program *program = NULL;
    struct expr_value v = EXPR_NIL_VALUE;
    struct expr_env env;
    struct tag_options o = argo_scope_options(s, &env);

    if (text(s, expression, false, &filled, e) < 0 ||
        tag_cache_get(o.cache, str_of(filled), &program, &own, e) < 0 ||
        expr_eval(program, &env, &a, &v, e) < 0)
        return err_wrap(e, "failed to evaluate expression");
    if (v.type == EXPR_NIL)
        return err_set(e, ERR_INVALID, "failed to evaluate expression \"%.*s\": it has no value",
                       STR_ARG(str_slice(str_of(filled), 0, 200)));
    if (v.type == EXPR_STRING)
        buf_str(&out, v.text);
    else
        expr_write_result(&out, v);
    *ret = buf_take(&out);
    return store_failed(s, e);
}

/* Two passes: the second is for {{workflow.parameters.{{inputs.parameters.k}}}}. */
static int
tree(struct argo_scope *s, const struct json *in, bool strict, struct json_doc **ret, struct err *e)
{
    struct expr_env env;
    struct tag_options o = argo_scope_options(s, &env);
    cleanup_json struct json_doc *once = NULL;
    int rc;

    if (!strict || s->lax)
        o.strict = NULL;
    rc = tag_substitute_json(in, &o, &once, e);
    if (rc > 0)
        rc = tag_substitute_json(json_root(once), &o, ret, e);
    else if (rc == 0)
        *ret = TAKE(once);
    return rc < 0 ? rc : store_failed(s, e);
}

int
argo_scope_json(struct argo_scope *s, const struct json *in, struct json_doc **ret, struct err *e)
{
    return tree(s, in, true, ret, e);
}

int
argo_scope_json_lax(struct argo_scope *s, const struct json *in, struct json_doc **ret,
                    struct err *e)
{
    return tree(s, in, false, ret, e);
}

bool
argo_scope_is_absent(struct argo_scope *s, struct str name)
{
    const struct argo_sibling *sibling = argo_sibling_of(s, name);
    struct expr_env own = expr_vars_env(&s->vars);

    return sibling != NULL && sibling->absent && str_find(name, STR(".outputs."), 0) >= 0 &&
           !own.lookup(own.arg, name).found;
}

const struct json *
argo_artifact_named(const struct json *artifacts, struct str name)
{
    JSON_EACH (art, artifacts) {
        if (str_eq(json_str(json_get(art.value, "name")), name))
            return art.value;
    }
    return NULL;
}

const struct json *
argo_scope_artifact(struct argo_scope *s, struct str name)
{
    static const struct str inputs = STR("inputs.artifacts.");
    static const struct str global = STR("workflow.outputs.artifacts.");
    const struct argo_sibling *sibling;
    ptrdiff_t at;

    if (str_starts(name, inputs) && s->boundary != NULL)
        return argo_artifact_named(json_get(json_root(s->boundary->inputs), "artifacts"),
                                   str_slice(name, inputs.n, name.n));
    if (str_starts(name, global))
        return argo_artifact_named(json_get(json_root(argo_of(s->run)->outputs), "artifacts"),
                                   str_slice(name, global.n, name.n));
    sibling = argo_sibling_of(s, name);
    at = str_find(name, STR(".outputs.artifacts."), 0);
    if (sibling == NULL || at < 0)
        return NULL;
    return argo_artifact_named(json_get(json_root(sibling->outputs), "artifacts"),
                               str_slice(name, (size_t)at + 19, name.n));
}
