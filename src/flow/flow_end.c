#include "flow/flow_end.h"

#include "base/err.h"
#include "base/log.h"
#include "core/turn.h"
#include "data/json.h"
#include "flow/flow_daemon.h"
#include "flow/flow_gate.h"
#include "flow/flow_hooks.h"
#include "flow/flow_int.h"
#include "flow/flow_leaf.h"
#include "flow/flow_lock.h"
#include "flow/flow_plan.h"
#include "flow/flow_pump.h"
#include "flow/flow_run.h"

/* The only writer of n->state, so that the log shows every transition once. */
static void
enter(struct flow_node *n, enum flow_state next)
{
    static const char *const names[] = {"open", "ended", "released"};

    log_debug(n->run->name, "node %s: %s -> %s, %s", n->name, names[n->state], names[next],
              flow_phase_name(n->phase));
    n->state = next;
    flow_node_touch(n);
}

/* Takes the result: phase, message, outputs, time. */
static int
settle(struct turn *t, struct flow_node *n, struct flow_result *r, struct err *e)
{
    CHECK(n->state == FLOW_OPEN && flow_phase_is_final(r->phase));
    n->phase = r->phase;
    free(n->message);
    n->message = TAKE(r->message);
    if (r->outputs != NULL) {
        json_doc_unref(n->outputs);
        n->outputs = TAKE(r->outputs);
    } else if (n->kind == FLOW_LEAF && n->pod == NULL) {
        json_doc_unref(TAKE(n->outputs)); /* what it remembered while it waited */
    }
    if (n->ended_us == 0)
        n->ended_us = turn_now_us(t);
    flow_node_explain(n, NULL);
    n->wake_us = 0;
    core_timer_stop(&n->timer);
    flow_leaf_left(n);
    list_remove(&n->work_link);
    list_remove(&n->wait_link);
    if ((n->flags & FLOW_COUNTS) != 0)
        flow_gate_leave(&n->boundary->gate);
    flow_lock_release(t, n->run, n);
    enter(n, FLOW_ENDED);
    return n->run->language->ended(t, n, e);
}

/* After an attempt: another one, now or later, or the end. */
static int
try_again(struct turn *t, struct flow_node *retry, const struct flow_node *last,
          struct flow_result *r, bool *ended, struct err *e)
{
    struct flow_again again = {.again = false};

    if (retry->run->language->again(t, retry, last, &again, e) < 0)
        return e->code;
    *ended = !again.again;
    if (!again.again) {
        *r = again.result;
        if (r->message == NULL)
            r->message = TAKE(again.message);
        free(again.message);
        return 0;
    }
    flow_node_say(retry, again.message);
    flow_node_explain(retry, again.message);
    free(again.message);
    if (again.at_us > turn_now_us(t)) {
        retry->wake_us = again.at_us;
        flow_set_timer(retry->run->flow, &retry->timer, again.at_us);
    } else {
        retry->total = retry->next + 1;
        flow_pump_add(retry);
    }
    return 0;
}

/* Counts a released child at its parent; dependants of it may become ready. */
static void
count(struct flow_node *parent, const struct flow_node *child)
{
    parent->open--;
    if (flow_node_is_hook(child)) {
        parent->hooks--;
        parent->run->language->hook_ended(parent->run, child);
        return;
    }
    parent->counts[child->phase]++;
    if ((child->flags & FLOW_PASSED) != 0) {
        parent->daemons--;
    } else if (parent->kind == FLOW_GROUP) {
        parent->left--;
        flow_plan_release(parent->plan, child->index);
    }
    if (parent->state == FLOW_OPEN && parent->kind != FLOW_RETRY &&
        parent->run->language->closes(parent, child))
        parent->flags |= FLOW_CLOSED;
    if (flow_node_has_more(parent))
        flow_pump_add(parent);
}

/* Whether `parent` ends now that `child` (NULL: nobody new) is released, and with what. */
static int
verdict(struct turn *t, struct flow_node *parent, const struct flow_node *child,
        struct flow_result *r, bool *ended, struct err *e)
{
    *ended = false;
    if (parent->state != FLOW_OPEN)
        return 0;
    if (parent->kind == FLOW_RETRY && child != NULL && !flow_node_is_hook(child))
        return try_again(t, parent, child, r, ended, e);
    if (!flow_node_is_complete(parent) ||
        (parent->kind != FLOW_GROUP && parent->kind != FLOW_LOOP && parent->kind != FLOW_RETRY))
        return 0;
    *ended = true;
    return parent->run->language->fold(t, parent, r, e);
}

/* Releases n if its hooks are done, then climbs: each step either stops or goes on with the
 * parent, which has just been released as well. */
static int
climb(struct turn *t, struct flow_node *n, struct err *e)
{
    while (n != NULL && n->state == FLOW_ENDED && n->open == 0) {
        struct flow_node *parent = n->parent;
        struct flow_result r = {.phase = FLOW_PENDING};
        bool ended = false;
        int rc = 0;

        enter(n, FLOW_RELEASED);
        if (parent == NULL)
            return flow_run_released(t, n->run, n, e);
        count(parent, n);
        rc = verdict(t, parent, n, &r, &ended, e);
        if (rc >= 0 && ended) {
            rc = settle(t, parent, &r, e);
            if (rc >= 0)
                rc = flow_hooks_ask(t, parent, FLOW_AT_END, e);
        } else if (rc >= 0) {
            rc = flow_daemon_check(t, parent, e);
        }
        flow_result_done(&r);
        if (rc < 0)
            return rc;
        n = parent;
    }
    return 0;
}

int
flow_end(struct turn *t, struct flow_node *n, struct flow_result *r, struct err *e)
{
    if (settle(t, n, r, e) < 0 || flow_hooks_ask(t, n, FLOW_AT_END, e) < 0)
        return e->code;
    return climb(t, n, e);
}

int
flow_end_fold(struct turn *t, struct flow_node *n, struct err *e)
{
    struct flow_result r = {.phase = FLOW_PENDING};
    int rc = n->run->language->fold(t, n, &r, e);

    if (rc >= 0)
        rc = settle(t, n, &r, e);
    flow_result_done(&r);
    return rc < 0 ? rc : flow_hooks_ask(t, n, FLOW_AT_END, e);
}

int
flow_end_check(struct turn *t, struct flow_node *n, struct err *e)
{
    struct flow_result r = {.phase = FLOW_PENDING};
    bool ended;
    int rc = verdict(t, n, NULL, &r, &ended, e);

    if (rc >= 0 && ended)
        rc = flow_end(t, n, &r, e);
    flow_result_done(&r);
    return rc;
}

static int
timer_due(struct turn *t, struct flow_node *n, struct err *e)
{
    struct flow_result r = {.phase = FLOW_PENDING};
    int rc;

    if (n->kind == FLOW_LEAF && n->pod == NULL)
        return flow_leaf_tend(t, n, e);
    n->wake_us = 0;
    flow_node_touch(n);
    if (n->kind == FLOW_RETRY && n->next == n->total && n->open == n->hooks) {
        n->total++;
        flow_node_say(n, NULL);
        flow_pump_add(n);
        return 0;
    }
    rc = n->run->language->elapsed(t, n, &r, e);
    if (rc >= 0 && flow_phase_is_final(r.phase) && n->kind == FLOW_WAIT)
        rc = flow_end(t, n, &r, e);
    else if (rc >= 0 && r.message != NULL)
        rc = flow_end_stop(t, n, r.message, e);
    flow_result_done(&r);
    return rc;
}

int
flow_end_timer_fired(struct core_timer *timer, struct turn *t, struct err *e)
{
    struct flow_node *n = CONTAINER_OF(timer, struct flow_node, timer);

    if (n->state == FLOW_OPEN && timer_due(t, n, e) < 0)
        flow_break(n->run->flow, t, e);
    return 0;
}

/* Everything open at or below n, deepest last; a snapshot, since ending changes the map. */
static void
collect_below(struct flow_node *n, struct flow_run *run, struct flow_node **ret, size_t *count_of)
{
    *count_of = 0;
    MAP_EACH (&run->nodes, it) {
        struct flow_node *other = it.value;

        for (struct flow_node *up = other; up != NULL; up = up->parent) {
            if (up == n) {
                ret[(*count_of)++] = other;
                break;
            }
        }
    }
}

static int
stop_one(struct turn *t, struct flow_node *n, const char *message, struct err *e)
{
    struct flow_result r = {.phase = FLOW_FAILED};
    int rc = 0;

    if (n->state != FLOW_OPEN)
        return 0;
    n->flags |= FLOW_STOPPED | FLOW_CLOSED;
    flow_node_say(n, message);
    if (n->kind == FLOW_LEAF)
        return flow_leaf_stop(t, n, e);
    if (n->kind == FLOW_WAIT || n->kind == FLOW_QUEUED ||
        (n->kind == FLOW_RETRY && n->open == n->hooks)) {
        r.message = xstrdup(message);
        rc = flow_end(t, n, &r, e);
    } else {
        rc = flow_end_check(t, n, e);
    }
    flow_result_done(&r);
    return rc;
}

int
flow_end_stop(struct turn *t, struct flow_node *n, const char *message, struct err *e)
{
    cleanup_free struct flow_node **below = NEW_ARRAY(struct flow_node *, n->run->nodes.n);
    size_t count_of;

    collect_below(n, n->run, below, &count_of);
    for (size_t i = 0; i < count_of; i++) {
        if (stop_one(t, below[i], message, e) < 0)
            return e->code;
    }
    return 0;
}
