#include "flow/argo/argo_retry.h"

#include <inttypes.h>
#include <math.h>

#include "base/clock.h"
#include "base/err.h"
#include "core/turn.h"
#include "data/json.h"
#include "flow/argo/argo.h"
#include "flow/argo/argo_scope.h"
#include "flow/argo/argo_time.h"

/* A factor may make any number of a duration. */
#define LONGEST_PAUSE_US (INT64_C(3650) * 24 * 3600 * CLOCK_SECOND)

const struct json *
argo_retry_strategy(const struct argo *a, const struct json *tmpl)
{
    const struct json *own = json_get(tmpl, "retryStrategy");

    return !json_is_null(own)                                  ? own
           : !json_is_null(json_get(a->spec, "retryStrategy")) ? json_get(a->spec, "retryStrategy")
                                                               : NULL;
}

/* What expressions and later attempts may know of an attempt that ended. */
static void
add_last(struct argo_scope *s, const struct flow_node *last)
{
    const struct json *code = json_get(json_root(last->outputs), "exitCode");
    char text[64];

    expr_vars_set(&s->vars, STR("lastRetry.exitCode"), code != NULL ? json_str(code) : STR("-1"));
    expr_vars_set(&s->vars, STR("lastRetry.status"), str_of(flow_phase_name(last->phase)));
    snprintf(text, sizeof text, "%" PRId64, (last->ended_us - last->started_us) / CLOCK_SECOND);
    expr_vars_set(&s->vars, STR("lastRetry.duration"), str_of(text));
    expr_vars_set(&s->vars, STR("lastRetry.message"),
                  str_of(last->message != NULL ? last->message : ""));
}

static void
set_count(struct argo_scope *s, int64_t retries)
{
    char text[32];

    snprintf(text, sizeof text, "%" PRId64, retries);
    expr_vars_set(&s->vars, STR("retries"), str_of(text));
}

int
argo_retry_add_names(struct argo_scope *s, const struct flow_node *n, struct err *e)
{
    struct flow_look l = {.id = 0};
    cleanup_free char *key = NULL;
    struct flow_node last;
    int rc;

    if (argo_role_of(n) != ARGO_ATTEMPT)
        return 0;
    set_count(s, n->index);
    if (n->index == 0) {
        expr_vars_set(&s->vars, STR("lastRetry.exitCode"), STR("0"));
        expr_vars_set(&s->vars, STR("lastRetry.status"), STR(""));
        expr_vars_set(&s->vars, STR("lastRetry.duration"), STR("0"));
        expr_vars_set(&s->vars, STR("lastRetry.message"), STR(""));
        return 0;
    }
    key = xasprintf("(%" PRId64 ")", n->index - 1);
    rc = flow_look_child(s->turn, n->run, n->parent->id, str_of(key), &l, e);
    if (rc >= 0) {
        last = (struct flow_node){.phase = l.phase,
                                  .message = l.message,
                                  .outputs = l.outputs,
                                  .started_us = l.started_us,
                                  .ended_us = l.ended_us};
        add_last(s, &last);
    }
    flow_look_done(&l);
    return rc;
}

/* OnFailure is the default; with an expression and no policy, everything. */
static bool
policy_covers(const struct json *strategy, enum flow_phase phase)
{
    bool expression = json_str(json_get(strategy, "expression")).n != 0;
    struct str policy = str_of(
        json_cstr_or(json_get(strategy, "retryPolicy"), expression ? "Always" : "OnFailure"));

    if (policy.n == 0)
        policy = expression ? STR("Always") : STR("OnFailure");
    if (str_is(policy, "Always"))
        return true;
    if (str_is(policy, "OnError"))
        return phase == FLOW_ERROR;
    if (str_is(policy, "OnTransientError"))
        return false; /* of the cluster's network and API: there is none of that here */
    return phase == FLOW_FAILED;
}

static int
expression_holds(struct argo_scope *s, const struct flow_node *retry, const struct flow_node *last,
                 struct str expression, bool *ret, struct err *e)
{
    struct expr_env env;
    struct expr_program *p = NULL;
    cleanup_free char *text = NULL;
    int rc;

    add_last(s, last);
    set_count(s, retry->next - 1);
    if (argo_scope_text_lax(s, expression, &text, e) < 0)
        return e->code;
    (void)argo_scope_options(s, &env);
    rc = expr_compile(str_of(text), &p, e);
    if (rc >= 0)
        rc = expr_eval_bool(p, &env, ret, e);
    expr_free(p);
    return rc < 0 ? err_wrap(e, "retryStrategy.expression") : 0;
}

static int
stop(struct flow_again *a, const struct flow_node *last, const char *message)
{
    a->result.phase = last->phase;
    a->result.message = xstrdup(message);
    a->result.outputs = last->outputs != NULL ? json_doc_ref(last->outputs) : NULL;
    return 0;
}

static int
duration_field(const struct json *backoff, const char *field, int64_t *ret, struct err *e)
{
    struct str text = json_scalar_text(json_get(backoff, field));

    *ret = 0;
    return text.n == 0 ? 0 : argo_time_duration(text, ret, e);
}

/* Before the next attempt; it grows by `factor` up to `cap`. */
static int
pause_of(const struct flow_node *retry, const struct json *backoff, int64_t *ret, struct err *e)
{
    int64_t first, longest, factor = 1;
    double pause;

    if (duration_field(backoff, "duration", &first, e) < 0 ||
        duration_field(backoff, "cap", &longest, e) < 0)
        return err_wrap(e, "retryStrategy.backoff");
    if (!json_is_null(json_get(backoff, "factor")) &&
        !json_int_or_string(json_get(backoff, "factor"), &factor))
        return err_set(e, ERR_INVALID, "retryStrategy.backoff.factor is not a number");
    pause = first == 0 ? 0 : (double)first * pow((double)factor, (double)(retry->next - 1));
    if (longest != 0 && pause > (double)longest)
        pause = (double)longest;
    *ret = pause < (double)LONGEST_PAUSE_US ? (int64_t)pause : LONGEST_PAUSE_US;
    return 0;
}

static int
try_again(const struct flow_node *last, int64_t pause_us, int64_t now, struct flow_again *a)
{
    int64_t seconds = pause_us / CLOCK_SECOND;

    a->again = true;
    a->at_us = last->ended_us + pause_us;
    if (a->at_us <= now)
        return 0;
    /* In people's words, as far as upstream goes: minutes and seconds. */
    a->message = seconds < 60 ? xasprintf("Backoff for %" PRId64 " seconds", seconds)
                              : xasprintf("Backoff for %" PRId64 " minutes %" PRId64 " seconds",
                                          seconds / 60, seconds % 60);
    return 0;
}

/* In upstream's order, which decides what a last attempt that fails in several ways says. */
static int
decide(struct argo_scope *s, struct flow_node *retry, const struct flow_node *last,
       const struct json *strategy, struct flow_again *a, struct err *e)
{
    const struct json *backoff = json_get(strategy, "backoff");
    struct str expression = json_str(json_get(strategy, "expression"));
    int64_t now = turn_now_us(s->turn), limit, most, pause = 0;
    bool holds = true;

    if (duration_field(backoff, "maxDuration", &most, e) < 0 ||
        pause_of(retry, backoff, &pause, e) < 0)
        return e->code;
    if (most != 0 && now > retry->started_us + most)
        return stop(a, last, "Max duration limit exceeded");
    if (most != 0 && last->ended_us + pause > retry->started_us + most)
        return stop(a, last, "Backoff would exceed max duration limit");
    if (!policy_covers(strategy, last->phase))
        return stop(a, last, last->message != NULL ? last->message : "");
    if (!json_is_null(json_get(strategy, "limit"))) {
        if (!json_int_or_string(json_get(strategy, "limit"), &limit))
            return err_set(e, ERR_INVALID, "retryStrategy.limit is not a number");
        if (retry->next > limit)
            return stop(a, last, "No more retries left");
    }
    if (expression.n != 0) {
        if (expression_holds(s, retry, last, expression, &holds, e) < 0)
            return e->code;
        if (!holds)
            return stop(a, last, "retryStrategy.expression evaluated to false");
    }
    return try_again(last, pause, now, a);
}

int
argo_again(struct turn *t, struct flow_node *retry, const struct flow_node *last,
           struct flow_again *a, struct err *e)
{
    const struct argo *mind = argo_of(retry->run);
    const struct json *strategy =
        argo_retry_strategy(mind, argo_template(argo_of(retry->run), str_of(retry->template_of)));
    cleanup_argo_scope struct argo_scope s = ARGO_SCOPE_INIT;
    cleanup_json struct json_doc *filled = NULL;
    struct err why = ERR_INIT;
    int rc;

    if (!flow_phase_is_bad(last->phase)) {
        a->result.phase = last->phase;
        a->result.outputs = last->outputs != NULL ? json_doc_ref(last->outputs) : NULL;
        return 0;
    }
    /* What runs although the run was told to end is its exit handler, with retries of its own. */
    if ((retry->flags & FLOW_STOPPED) != 0)
        return stop(a, last, last->message != NULL ? last->message : "");
    argo_scope_init(&s, t, retry->run, NULL);
    argo_scope_add_inputs(&s, json_root(retry->inputs));
    rc = argo_scope_json_lax(&s, strategy, &filled, &why);
    if (rc >= 0)
        rc = decide(&s, retry, last, json_root(filled), a, &why);
    if (rc < 0) {
        a->result.phase = FLOW_ERROR;
        a->result.message = xstrdup(why.msg);
    }
    (void)e;
    return 0;
}
