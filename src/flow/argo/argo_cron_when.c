/* The names cronworkflow.*, and what is said with them. */
#include <inttypes.h>

#include "api/object.h"
#include "base/buf.h"
#include "base/err.h"
#include "core/core.h"
#include "core/turn.h"
#include "data/condition.h"
#include "data/expr.h"
#include "data/expr_vars.h"
#include "data/json.h"
#include "data/tag.h"
#include "data/timestamp.h"
#include "flow/argo/argo_cron_int.h"

struct names {
    struct expr_vars vars; /* what is text */
    const struct object *cron;
    const struct argo_cron_children *children;
};

static void
set_map(struct names *n, const char *group, const struct json *map)
{
    JSON_EACH (it, map) {
        cleanup_free char *name = xasprintf("cronworkflow.%s.%.*s", group, STR_ARG(it.key));

        expr_vars_set(&n->vars, str_of(name), json_str(it.value));
    }
}

static void
fill(struct names *n)
{
    expr_vars_init(&n->vars, NULL);
    expr_vars_set(&n->vars, STR("cronworkflow.name"), object_name(n->cron));
    expr_vars_set(&n->vars, STR("cronworkflow.namespace"), object_namespace(n->cron));
    set_map(n, "labels", object_at(n->cron, "metadata.labels"));
    set_map(n, "annotations", object_at(n->cron, "metadata.annotations"));
    /* So that cronworkflow.failed and its kin are known to be names. */
    expr_vars_set(&n->vars, STR("cronworkflow.failed"), STR(""));
    expr_vars_set(&n->vars, STR("cronworkflow.succeeded"), STR(""));
    expr_vars_set(&n->vars, STR("cronworkflow.lastScheduledTime"), STR(""));
}

/* A time, or nothing where it never ran. */
static struct expr_value
last_time(const struct object *cron)
{
    struct str text = json_str(object_at(cron, "status.lastScheduledTime"));
    struct err ignored = ERR_INIT;
    int64_t us;

    if (text.n == 0 || timestamp_parse(text, &us, &ignored) < 0)
        return EXPR_NIL_VALUE;
    return (struct expr_value){.type = EXPR_TIME,
                               .time = {.at = {.seconds = us / TIMESTAMP_SECOND}, .zone = "UTC"}};
}

static struct expr_binding
look_up(void *arg, struct str name)
{
    const struct names *n = arg;
    struct expr_env own = expr_vars_env(&n->vars);

    if (str_is(name, "cronworkflow.failed"))
        return (struct expr_binding){.found = true, .value = expr_int(n->children->failed)};
    if (str_is(name, "cronworkflow.succeeded"))
        return (struct expr_binding){.found = true, .value = expr_int(n->children->succeeded)};
    if (str_is(name, "cronworkflow.lastScheduledTime"))
        return (struct expr_binding){.found = true, .value = last_time(n->cron)};
    return own.lookup(own.arg, name);
}

static void
each(void *arg, struct str prefix, void (*fn)(void *to, struct str name, struct expr_value value),
     void *to)
{
    const struct names *n = arg;
    struct expr_env own = expr_vars_env(&n->vars);

    own.each(own.arg, prefix, fn, to);
}

static struct expr_env
env_of(struct names *n, const struct turn *t)
{
    return (struct expr_env){
        .lookup = look_up, .each = each, .arg = n, .clock = core_clock(turn_core(t))};
}

int
argo_cron_when(struct turn *t, const struct object *cron, const struct argo_cron_children *c,
               bool *ret, struct err *e)
{
    struct str when = json_str(object_at(cron, "spec.when"));
    struct names n = {.cron = cron, .children = c};
    struct expr_env env = env_of(&n, t);
    struct tag_options o = {.env = &env, .strict_all = true};
    cleanup_buf struct buf text = BUF_INIT;
    int rc;

    *ret = true;
    if (when.n == 0)
        return 0;
    fill(&n);
    rc = tag_settle(when, &o, &text, e);
    if (rc >= 0)
        rc = condition_eval(buf_view(&text), ret, e);
    expr_vars_done(&n.vars);
    return rc < 0 ? err_wrap(e, "spec.when") : 0;
}

int
argo_cron_is_enough(struct turn *t, const struct object *cron, const struct argo_cron_children *c,
                    bool *ret, struct err *e)
{
    struct str expression = json_str(object_at(cron, "spec.stopStrategy.expression"));
    struct names n = {.cron = cron, .children = c};
    struct expr_env env = env_of(&n, t);
    cleanup_expr struct expr_program *p = NULL;
    int rc;

    *ret = false;
    if (expression.n == 0) /* its older name */
        expression = json_str(object_at(cron, "spec.stopStrategy.condition"));
    if (expression.n == 0)
        return 0;
    fill(&n);
    rc = expr_compile(expression, &p, e);
    if (rc >= 0)
        rc = expr_eval_bool(p, &env, ret, e);
    expr_vars_done(&n.vars);
    return rc < 0 ? err_wrap(e, "spec.stopStrategy.expression") : 0;
}
