#include "flow/argo/argo_hook.h"

#include "base/err.h"
#include "base/log.h"
#include "data/json.h"
#include "flow/argo/argo.h"
#include "flow/argo/argo_child.h"
#include "flow/argo/argo_scope.h"

/* One hook to run now: <owner>.onExit or <owner>.hooks.<name>. */
static void
add(struct flow_hooks *h, const char *owner, struct str name, const struct json *call)
{
    struct json_build b = JSON_BUILD_INIT;
    struct flow_child *c;

    h->at = xrealloc(h->at, h->n + 1, sizeof *h->at);
    c = &h->at[h->n++];
    *c = (struct flow_child){.flags = FLOW_HOOK};
    c->key = str_is(name, "exit") ? xstrdup(".onExit") : xasprintf(".hooks.%.*s", STR_ARG(name));
    c->name = xasprintf("%s%s", owner, c->key);
    json_add_object(&b, NULL);
    json_add_cstr(&b, "role", argo_role_name(ARGO_HOOK));
    json_add_str(&b, "name", name);
    json_add_value(&b, "call", call);
    json_end(&b);
    c->spec = json_build_done(&b);
}

/* The older `onExit: template` as a call. */
static void
add_old(struct flow_hooks *h, const char *owner, const struct json *template_name)
{
    struct json_build b = JSON_BUILD_INIT;
    cleanup_json struct json_doc *call = NULL;

    json_add_object(&b, NULL);
    json_add_value(&b, "template", template_name);
    json_end(&b);
    call = json_build_done(&b);
    add(h, owner, STR("exit"), json_root(call));
}

static bool
was_started(struct flow_run *run, const struct flow_node *n, struct str name, struct turn *t)
{
    cleanup_free char *key = xasprintf(".hooks.%.*s", STR_ARG(name));
    struct flow_look l = {.id = 0};
    struct err ignored = ERR_INIT;
    bool found = flow_look_child(t, run, n != NULL ? n->id : 0, str_of(key), &l, &ignored) >= 0;

    flow_look_done(&l);
    return found;
}

/* A hook's expression may use the names of where it stands. */
static bool
holds(struct turn *t, struct flow_run *run, const struct flow_node *n, struct str expression)
{
    cleanup_argo_scope struct argo_scope s = ARGO_SCOPE_INIT;
    struct expr_env env;
    struct expr_program *p = NULL;
    struct err why = ERR_INIT;
    bool result = false;

    argo_scope_init(&s, t, run, n != NULL ? argo_boundary(n) : NULL);
    (void)argo_scope_options(&s, &env);
    if (expr_compile(expression, &p, &why) < 0 || expr_eval_bool(p, &env, &result, &why) < 0)
        log_debug(run->name, "hook expression: %s", why.msg);
    expr_free(p);
    return result;
}

static void
add_due(struct turn *t, struct flow_run *run, const struct flow_node *n, const char *owner,
        const struct json *hooks, struct flow_hooks *h)
{
    JSON_EACH (hook, hooks) {
        struct str expression = json_str(json_get(hook.value, "expression"));

        if (str_is(hook.key, "exit") || expression.n == 0 || was_started(run, n, hook.key, t))
            continue;
        if (holds(t, run, n, expression))
            add(h, owner, hook.key, hook.value);
    }
}

static void
add_exit(struct flow_hooks *h, const char *owner, const struct json *hooks, const struct json *old)
{
    const struct json *exit = json_get(hooks, "exit");

    if (!json_is_null(exit))
        add(h, owner, STR("exit"), exit);
    else if (json_str(old).n != 0)
        add_old(h, owner, old);
}

static int
run_hooks(struct turn *t, struct flow_run *run, enum flow_moment when, struct flow_hooks *h)
{
    const struct argo *a = argo_of(run);
    const struct json *hooks = json_get(a->spec, "hooks");

    add_due(t, run, NULL, run->name, hooks, h);
    if (when == FLOW_AT_END)
        add_exit(h, run->name, hooks, json_get(a->spec, "onExit"));
    return 0;
}

int
argo_hooks(struct turn *t, struct flow_run *run, struct flow_node *n, enum flow_moment when,
           struct flow_hooks *h, struct err *e)
{
    const struct json *call;

    (void)e;
    if (n == NULL)
        return run_hooks(t, run, when, h);
    call = argo_call_of(n);
    add_due(t, run, n, n->name, json_get(call, "hooks"), h);
    if (when == FLOW_AT_END && run->shutdown != FLOW_TERMINATE &&
        (n->phase == FLOW_SUCCEEDED || flow_phase_is_bad(n->phase)))
        add_exit(h, n->name, json_get(call, "hooks"), json_get(call, "onExit"));
    return 0;
}
