#include "flow/flow_pump.h"

#include "base/err.h"
#include "base/log.h"
#include "core/turn.h"
#include "data/json.h"
#include "flow/flow_end.h"
#include "flow/flow_gate.h"
#include "flow/flow_hooks.h"
#include "flow/flow_int.h"
#include "flow/flow_leaf.h"
#include "flow/flow_lock.h"
#include "flow/flow_plan.h"
#include "flow/flow_run.h"

void
flow_pump_add(struct flow_node *n)
{
    if (!list_empty(&n->work_link) || !list_empty(&n->wait_link))
        return;
    list_append(&n->run->work, &n->work_link);
    flow_run_queue(n->run);
}

void
flow_pump_uncrowd(struct flow_run *run)
{
    struct list *first;

    while (run->pods_waiting < FLOW_PODS_WAITING / 2 && (first = list_shift(&run->crowd)) != NULL)
        flow_pump_add(LIST_ITEM(first, struct flow_node, wait_link));
}

/* What the language said becomes the node's own. */
static void
adopt_opening(struct flow_node *n, struct flow_opening *o)
{
    n->kind = o->kind;
    n->type = o->type != NULL ? o->type : "";
    free(n->template_of);
    n->template_of = TAKE(o->template_of);
    if (o->spec != NULL) {
        json_doc_unref(n->spec);
        n->spec = TAKE(o->spec);
    }
    json_doc_unref(n->inputs);
    n->inputs = TAKE(o->inputs);
    json_doc_unref(n->outputs);
    n->outputs = TAKE(o->outputs);
    n->total = o->total;
    n->flags |= o->flags;
    if (o->boundary) {
        n->flags |= FLOW_BOUNDARY;
        flow_gate_init(&n->gate, o->limit);
    }
    if (o->counts && n->boundary != NULL) {
        n->flags |= FLOW_COUNTS;
        flow_gate_enter(&n->boundary->gate);
    }
    if (o->reason != NULL)
        flow_node_explain(n, o->reason);
}

static int
start_children(struct turn *t, struct flow_node *n, struct err *e)
{
    if (n->kind == FLOW_GROUP) {
        n->left = n->total;
        if (flow_plan_make(t, n, e) < 0)
            return e->code;
    }
    if (n->kind == FLOW_RETRY)
        n->total = 1;
    flow_pump_add(n);
    return flow_end_check(t, n, e);
}

/* In line for its locks; whoever gets them at once goes on when its turn comes. */
static int
queue(struct turn *t, struct flow_node *n, struct err *e)
{
    struct flow_result r = {.phase = FLOW_ERROR};
    struct err why = ERR_INIT;
    int rc = flow_lock_ask(t, n->run, n, &why);

    if (rc == ERR_INVALID) {
        r.message = xstrdup(why.msg);
        rc = flow_end(t, n, &r, e);
        flow_result_done(&r);
        return rc;
    }
    if (rc < 0) {
        *e = why;
        return rc;
    }
    n->phase = FLOW_PENDING;
    if ((n->flags & FLOW_LOCKED) == 0) {
        cleanup_free char *text = flow_lock_message(t, n->claim);

        flow_node_say(n, text);
        flow_node_explain(n, text);
    }
    return 0;
}

/* The first steps of a node, by its kind. */
static int
start(struct turn *t, struct flow_node *n, struct flow_opening *o, struct err *e)
{
    int64_t now = turn_now_us(t);

    n->queued_us = n->started_us = now;
    n->phase = FLOW_RUNNING;
    n->wake_us = o->wake_us;
    if (n->wake_us != 0 && n->kind != FLOW_NOTHING)
        flow_set_timer(n->run->flow, &n->timer, n->wake_us);
    switch (n->kind) {
    case FLOW_NOTHING:
        return flow_end(t, n, &o->result, e);
    case FLOW_LEAF:
        n->phase = FLOW_PENDING;
        return flow_leaf_place(t, n, e);
    case FLOW_GROUP:
    case FLOW_LOOP:
    case FLOW_RETRY:
        return start_children(t, n, e);
    case FLOW_QUEUED:
        return queue(t, n, e);
    case FLOW_WAIT:
        return 0;
    }
    return 0;
}

static int
open_node(struct turn *t, struct flow_node *n, struct err *e)
{
    struct flow_opening o = {.kind = FLOW_NOTHING};
    int rc = n->run->language->open(t, n, &o, e);

    if (rc >= 0) {
        adopt_opening(n, &o);
        log_debug(n->run->name, "open %s: %s", n->name, n->type);
        rc = start(t, n, &o, e);
    }
    flow_opening_done(&o);
    if (rc >= 0 && n->state == FLOW_OPEN)
        rc = flow_hooks_ask(t, n, FLOW_AT_START, e);
    return rc;
}

int
flow_pump_open(struct turn *t, struct flow_run *run, struct flow_node *parent, int64_t index,
               struct flow_child *c, struct err *e)
{
    struct flow_node *n = flow_node_new(run, parent, ++run->last_id);

    n->index = index;
    flow_run_place(n, TAKE(c->key));
    n->name = TAKE(c->name);
    n->spec = TAKE(c->spec);
    n->flags = c->flags;
    if (parent != NULL) {
        parent->open++;
        parent->hooks += flow_node_is_hook(n);
    } else {
        run->open++;
    }
    flow_node_touch(n);
    return open_node(t, n, e);
}

static int
open_next(struct turn *t, struct flow_node *n, struct err *e)
{
    struct flow_child c = {.key = NULL};
    int64_t index;
    int rc;

    if (n->kind == FLOW_GROUP) {
        index = flow_plan_peek(n->plan);
        flow_plan_take(n->plan);
    } else if (n->holes.n > 0) {
        index = vec_pop(&n->holes);
    } else {
        index = n->next++;
    }
    rc = n->run->language->child(t, n, index, &c, e);
    if (rc >= 0)
        rc = flow_pump_open(t, n->run, n, index, &c, e);
    flow_child_done(&c);
    return rc;
}

static struct flow_gate *
boundary_gate(struct flow_node *n)
{
    struct flow_node *boundary = (n->flags & FLOW_BOUNDARY) != 0 ? n : n->boundary;

    return boundary != NULL ? &boundary->gate : NULL;
}

/* Takes the node off the work list if something holds it back.  True if so. */
static bool
held_back(struct flow_node *n)
{
    struct flow_run *run = n->run;
    struct flow_gate *gate = boundary_gate(n);

    if (!flow_gate_is_open(&run->pods)) {
        flow_gate_wait(&run->pods, n);
        flow_node_explain(n, "waiting for a place under the workflow's parallelism");
        return true;
    }
    if (gate != NULL && !flow_gate_is_open(gate)) {
        flow_gate_wait(gate, n);
        flow_node_explain(n, "waiting for a place under the template's parallelism");
        return true;
    }
    if (run->pods_waiting >= FLOW_PODS_WAITING) {
        list_remove(&n->work_link);
        list_append(&run->crowd, &n->wait_link);
        return true;
    }
    return false;
}

/* Whoever was woken for a free place and had no use for it hands it on. */
static void
pass_on(struct flow_node *n)
{
    struct flow_gate *gate = boundary_gate(n);

    flow_gate_pass(&n->run->pods);
    if (gate != NULL)
        flow_gate_pass(gate);
}

/* It holds its locks by now. */
static int
open_locked(struct turn *t, struct flow_node *n, struct err *e)
{
    list_remove(&n->work_link);
    flow_node_say(n, NULL);
    flow_node_explain(n, NULL);
    flow_run_changed(n->run);
    return open_node(t, n, e);
}

int
flow_pump_run(struct turn *t, struct flow_run *run, int *budget, struct err *e)
{
    while (*budget > 0 && !run->suspended && list_empty(&run->flow->unplaced)) {
        struct list *first = run->work.next;
        struct flow_node *n;
        int64_t id;

        if (first == &run->work)
            return 0;
        n = LIST_ITEM(first, struct flow_node, work_link);
        if (n->kind == FLOW_QUEUED && (n->flags & FLOW_LOCKED) != 0) {
            if (!held_back(n) && open_locked(t, n, e) < 0)
                return err_wrap(e, "open %s", n->name);
            continue;
        }
        if (!flow_node_has_more(n)) {
            list_remove(&n->work_link);
            pass_on(n);
            continue;
        }
        if (held_back(n))
            continue;
        id = n->id;
        if (open_next(t, n, e) < 0)
            return err_wrap(e, "open a child of %s", n->name);
        --*budget;
        /* To the end of the line, so that two loops advance side by side.  Nodes leave memory at
         * the end of the turn only, so n is still there. */
        CHECK(map_get_u64(&run->nodes, (uint64_t)id) == n);
        if (!list_empty(&n->work_link)) {
            list_remove(&n->work_link);
            list_append(&run->work, &n->work_link);
        }
    }
    return 0;
}
