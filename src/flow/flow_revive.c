/*
 * After a restart: runs and nodes come back from their rows.
 *
 * Order matters: a run, then its open nodes (ids grow, so parents come first), then each group's
 * plan, then the counts of children, taken from their rows, then timers and the first look at
 * everything that may have happened meanwhile.
 */

#include "base/err.h"
#include "core/turn.h"
#include "data/json.h"
#include "flow/flow_gate.h"
#include "flow/flow_int.h"
#include "flow/flow_leaf.h"
#include "flow/flow_plan.h"
#include "flow/flow_pump.h"
#include "flow/flow_run.h"
#include "store/node_rows.h"

static int64_t
number(const struct json *state, const char *field)
{
    int64_t n = 0;

    return json_int(json_get(state, field), &n) ? n : 0;
}

struct flow_run *
flow_run_revive(struct flow *f, int64_t number_of, struct str uid, struct str language,
                const struct json *state)
{
    const struct flow_language *const *l = f->options.languages;
    struct flow_run *run;

    while (*l != NULL && !str_is(language, (*l)->name))
        l++;
    if (*l == NULL)
        return NULL;
    run = flow_run_new(f, *l, uid, json_str(json_get(state, "namespace")),
                       json_str(json_get(state, "name")));
    run->number = number_of;
    run->state = (enum flow_run_state)number(state, "state");
    run->locked = json_bool_or(json_get(state, "locked"), false);
    run->shutdown = (enum flow_shutdown)number(state, "shutdown");
    run->suspended = json_bool_or(json_get(state, "suspended"), false);
    run->result.phase = (enum flow_phase)number(state, "phase");
    if (json_get(state, "message") != NULL)
        run->result.message = str_dup(json_str(json_get(state, "message")));
    run->started_us = number(state, "started_us");
    run->ended_us = number(state, "ended_us");
    run->deadline_us = number(state, "deadline_us");
    run->pods.limit = number(state, "parallelism");
    return run;
}

void
flow_run_adopt_node(struct flow_run *run, struct flow_node *n)
{
    if (n->parent == NULL) {
        run->open++;
    } else {
        n->parent->open++;
        n->parent->hooks += flow_node_is_hook(n);
        n->parent->daemons += (n->flags & FLOW_PASSED) != 0;
    }
    if (n->state != FLOW_OPEN)
        return;
    if ((n->flags & FLOW_COUNTS) != 0)
        flow_gate_enter(&n->boundary->gate);
    if (n->kind == FLOW_LEAF)
        flow_leaf_adopt(n);
    if (n->wake_us != 0)
        flow_set_timer(run->flow, &n->timer, n->wake_us);
}

int
flow_run_plan_again(struct turn *t, struct flow_node *n, struct err *e)
{
    if (n->kind != FLOW_GROUP || n->state != FLOW_OPEN)
        return 0;
    n->left = n->total;
    return flow_plan_make(t, n, e);
}

void
flow_run_count_child(struct flow_node *parent, const struct node_row *child)
{
    bool hook = (child->flags & FLOW_HOOK) != 0;

    if (hook)
        return;
    if (parent->next <= child->index)
        parent->next = child->index + 1;
    if (parent->plan != NULL)
        flow_plan_mark_opened(parent->plan, child->index);
    if (child->state != FLOW_RELEASED && (child->flags & FLOW_PASSED) == 0)
        return;
    if (child->state == FLOW_RELEASED)
        parent->counts[child->phase]++;
    if (parent->plan != NULL) {
        parent->left--;
        flow_plan_release(parent->plan, child->index);
    }
}

/* A retry that is between two attempts has its pause as a timer; one without is due. */
static void
wake_retry(struct flow_node *n)
{
    n->total = n->next;
    if (n->open == n->hooks && n->wake_us == 0)
        n->total++;
}

int
flow_run_go_on(struct turn *t, struct flow_run *run, struct err *e)
{
    if (run->deadline_us != 0)
        flow_set_timer(run->flow, &run->deadline, run->deadline_us);
    for (int64_t id = 1; id <= run->last_id; id++) {
        struct flow_node *n = map_get_u64(&run->nodes, (uint64_t)id);

        if (n == NULL || n->state != FLOW_OPEN)
            continue;
        if (n->kind == FLOW_RETRY)
            wake_retry(n);
        if (flow_node_has_more(n))
            flow_pump_add(n);
    }
    flow_run_changed(run);
    (void)t;
    (void)e;
    return 0;
}
