/* How children make the result of the node that holds them. */
#include "flow/argo/argo_output.h"

#include <inttypes.h>

#include "base/err.h"
#include "data/json.h"
#include "flow/argo/argo.h"
#include "flow/argo/argo_name.h"
#include "flow/argo/argo_scope.h"
#include "flow/argo/depends.h"

static const char fail_fast_text[] = "template has failed or errored children and failFast enabled";

static bool
tolerated(const struct json *call, enum flow_phase phase)
{
    const struct json *on = json_get(call, "continueOn");

    return json_bool_or(json_get(on, phase == FLOW_ERROR ? "error" : "failed"), false);
}

static char *
child_failed(const struct flow_run *run, const char *name)
{
    char id[512];

    argo_name_id(run->name, str_of(name), id, sizeof id);
    return xasprintf("child '%s' failed", id);
}

/* Step groups and loops: one look at each child. */

struct sum {
    struct flow_node *node;
    struct flow_result *r;
    bool bad_group; /* a child could not even be set up */
};

static void
take_bad(struct sum *sum, const struct flow_look *l, enum flow_phase phase)
{
    if (sum->r->message == NULL)
        sum->r->message = l->kind == FLOW_LOOP && l->message != NULL
                              ? xstrdup(l->message)
                              : child_failed(sum->node->run, l->name);
    sum->r->phase = phase;
}

static int
sum_step(void *arg, const struct flow_look *l, struct err *e)
{
    struct sum *sum = arg;

    (void)e;
    if ((l->flags & FLOW_HOOK) != 0 || !flow_phase_is_bad(l->phase) ||
        tolerated(argo_task_at(sum->node, l->index), l->phase))
        return 0;
    if (l->phase == FLOW_ERROR && str_is(str_of(l->type), "Skipped"))
        sum->bad_group = true;
    take_bad(sum, l, sum->bad_group ? FLOW_ERROR : FLOW_FAILED);
    return 0;
}

static int
sum_item(void *arg, const struct flow_look *l, struct err *e)
{
    struct sum *sum = arg;

    (void)e;
    if ((l->flags & FLOW_HOOK) == 0 && flow_phase_is_bad(l->phase))
        take_bad(sum, l, l->phase);
    return 0;
}

static int
fold_loop(struct turn *t, struct flow_node *n, struct flow_result *r, struct err *e)
{
    struct sum sum = {n, r, false};

    r->phase = FLOW_SUCCEEDED;
    if (n->counts[FLOW_FAILED] + n->counts[FLOW_ERROR] != 0 &&
        flow_look_children(t, n->run, n->id, sum_item, &sum, e) < 0)
        return e->code;
    /* A task group in a DAG shows no message. */
    if (n->type[0] != '\0') {
        free(r->message);
        r->message = NULL;
    }
    return argo_output_of_loop(t, n, &r->outputs, e);
}

static int
fold_step_group(struct turn *t, struct flow_node *n, struct flow_result *r, struct err *e)
{
    struct sum sum = {n, r, false};

    r->phase = FLOW_SUCCEEDED;
    if (n->counts[FLOW_FAILED] + n->counts[FLOW_ERROR] == 0)
        return 0;
    return flow_look_children(t, n->run, n->id, sum_step, &sum, e);
}

static int
last_message(void *arg, const struct flow_look *l, struct err *e)
{
    struct flow_result *r = arg;

    (void)e;
    if (flow_phase_is_bad(l->phase) && l->message != NULL) {
        free(r->message);
        r->message = xstrdup(l->message);
    }
    return 0;
}

static int
judge_steps(struct turn *t, struct flow_node *n, const struct json *tmpl, struct flow_result *r,
            struct err *e)
{
    r->phase = FLOW_SUCCEEDED;
    if (n->counts[FLOW_FAILED] + n->counts[FLOW_ERROR] == 0)
        return 0;
    r->phase = FLOW_FAILED;
    if (n->gate.limit != 0 && json_bool_or(json_get(tmpl, "failFast"), false)) {
        r->message = xstrdup(fail_fast_text);
        return 0;
    }
    return flow_look_children(t, n->run, n->id, last_message, r, e);
}

/* DAGs: the targets decide; a task that did not run passes on what came before it. */

struct assess {
    struct flow_node *dag;
    const struct json *tmpl;
    int *phases;   /* by task: the phase, or -1 for a task that was never opened */
    int *branches; /* by task: what it passes on */
};

static int
note_phase(void *arg, const struct flow_look *l, struct err *e)
{
    struct assess *a = arg;

    (void)e;
    if ((l->flags & FLOW_HOOK) == 0)
        a->phases[l->index] = (int)l->phase;
    return 0;
}

/* What the tasks that it waited for pass on; they are known. */
static int
worst_before(const struct assess *a, int64_t task)
{
    cleanup_depends struct depends *d = NULL;
    struct err ignored = ERR_INIT;
    int worst = FLOW_SUCCEEDED;

    if (depends_of_task(argo_task_at(a->dag, task), &d, &ignored) < 0)
        return worst;
    for (size_t i = 0; i < depends_task_count(d); i++) {
        int64_t on = argo_task_index(a->dag, depends_task_at(d, i));
        int phase = on >= 0 ? a->branches[on] : FLOW_SUCCEEDED;

        if (phase == FLOW_FAILED || phase == FLOW_ERROR)
            worst = phase;
    }
    return worst;
}

static void
settle_branch(struct assess *a, int64_t task)
{
    int phase = a->phases[task];

    if (phase == FLOW_OMITTED || phase == FLOW_SKIPPED || phase < 0)
        phase = worst_before(a, task);
    a->branches[task] = phase;
}

/* Each task after all that it waited for, however long the chain. */
static void
settle_branches(struct assess *a)
{
    const struct flow_plan *plan = a->dag->plan;
    size_t total = (size_t)a->dag->total, n = 0;
    cleanup_free uint32_t *unmet = NEW_ARRAY(uint32_t, total);
    cleanup_free uint32_t *order = NEW_ARRAY(uint32_t, total);

    for (size_t i = 0; i < plan->first[total]; i++)
        unmet[plan->dependants[i]]++;
    for (size_t i = 0; i < total; i++)
        if (unmet[i] == 0)
            order[n++] = (uint32_t)i;
    for (size_t at = 0; at < n; at++) {
        uint32_t task = order[at];

        settle_branch(a, task);
        for (uint32_t i = plan->first[task]; i < plan->first[task + 1]; i++)
            if (--unmet[plan->dependants[i]] == 0)
                order[n++] = plan->dependants[i];
    }
}

/* Tasks that nobody depends on, or those that dag.target names. */
static void
mark_targets(struct assess *a, struct argo_scope *s, bool *is_target)
{
    cleanup_free char *target = NULL;
    struct err ignored = ERR_INIT;
    struct str words;

    for (int64_t i = 0; i < a->dag->total; i++)
        is_target[i] = a->dag->plan->first[i] == a->dag->plan->first[i + 1];
    if (argo_scope_text(s, json_str(json_at_path(a->tmpl, "dag.target")), &target, &ignored) < 0 ||
        str_trim(str_of(target)).n == 0)
        return;
    memset(is_target, 0, (size_t)a->dag->total);
    words = str_of(target);
    while (words.p != NULL) {
        int64_t at = argo_task_index(a->dag, str_cut(&words, ' '));

        if (at >= 0)
            is_target[at] = true;
    }
}

static int
judge_dag(struct turn *t, struct flow_node *n, const struct json *tmpl, struct argo_scope *s,
          struct flow_result *r, struct err *e)
{
    cleanup_free int *phases = NEW_ARRAY(int, (size_t)n->total);
    cleanup_free int *branches = NEW_ARRAY(int, (size_t)n->total);
    cleanup_free bool *is_target = NEW_ARRAY(bool, (size_t)n->total);
    struct assess a = {n, tmpl, phases, branches};

    r->phase = FLOW_SUCCEEDED;
    if (n->counts[FLOW_FAILED] + n->counts[FLOW_ERROR] == 0)
        return 0;
    for (int64_t i = 0; i < n->total; i++)
        phases[i] = -1;
    if (flow_look_children(t, n->run, n->id, note_phase, &a, e) < 0)
        return e->code;
    settle_branches(&a);
    mark_targets(&a, s, is_target);
    for (int64_t i = 0; i < n->total; i++) {
        int phase = is_target[i] ? branches[i] : FLOW_SUCCEEDED;

        if ((phase == FLOW_FAILED || phase == FLOW_ERROR) &&
            !(phase == phases[i] && tolerated(argo_task_at(n, i), (enum flow_phase)phase))) {
            r->phase = (enum flow_phase)phase;
            if ((n->flags & FLOW_CLOSED) != 0 && n->gate.limit != 0)
                r->message = xstrdup(fail_fast_text);
            return 0;
        }
    }
    return 0;
}

static int
fold_template(struct turn *t, struct flow_node *n, struct flow_result *r, struct err *e)
{
    const struct json *tmpl = argo_template(argo_of(n->run), str_of(n->template_of));
    cleanup_argo_scope struct argo_scope s = ARGO_SCOPE_INIT;
    struct err why = ERR_INIT;
    int rc;

    argo_scope_init(&s, t, n->run, n);
    rc = json_get(tmpl, "steps") != NULL ? judge_steps(t, n, tmpl, r, e)
                                         : judge_dag(t, n, tmpl, &s, r, e);
    if (rc < 0)
        return rc;
    if ((n->flags & FLOW_STOPPED) != 0) {
        r->phase = FLOW_FAILED;
        free(r->message);
        r->message = n->message != NULL ? xstrdup(n->message) : NULL;
    }
    if (r->phase != FLOW_SUCCEEDED)
        return 0;
    if (argo_output_of_group(&s, n, &r->outputs, &why) < 0) {
        r->phase = FLOW_ERROR;
        r->message = xstrdup(why.msg);
        return 0;
    }
    argo_output_publish(n->run, json_root(r->outputs));
    return 0;
}

int
argo_fold(struct turn *t, struct flow_node *n, struct flow_result *r, struct err *e)
{
    if (n->kind == FLOW_LOOP)
        return fold_loop(t, n, r, e);
    if (argo_role_of(n) == ARGO_GROUP)
        return fold_step_group(t, n, r, e);
    if (n->kind == FLOW_RETRY) {
        r->phase = FLOW_FAILED;
        r->message = n->message != NULL ? xstrdup(n->message) : NULL;
        return 0;
    }
    return fold_template(t, n, r, e);
}
