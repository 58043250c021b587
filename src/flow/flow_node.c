#include "flow/flow_node.h"

#include "base/log.h"
#include "base/mem.h"
#include "data/json.h"
#include "flow/flow_end.h"
#include "flow/flow_gate.h"
#include "flow/flow_int.h"
#include "flow/flow_lock.h"
#include "flow/flow_plan.h"
#include "flow/flow_run.h"

static const char *const phase_names[] = {
#define PHASE_NAME(id, name) name,
    FLOW_PHASES(PHASE_NAME)};

const char *
flow_phase_name(enum flow_phase phase)
{
    return phase_names[phase];
}

bool
flow_phase_is_final(enum flow_phase phase)
{
    return phase >= FLOW_SUCCEEDED;
}

bool
flow_phase_is_bad(enum flow_phase phase)
{
    return phase == FLOW_FAILED || phase == FLOW_ERROR;
}

struct flow_node *
flow_node_new(struct flow_run *run, struct flow_node *parent, int64_t id)
{
    struct flow_node *n = NEW(struct flow_node);

    n->run = run;
    n->parent = parent;
    n->parent_id = parent != NULL ? parent->id : 0;
    n->boundary = parent == NULL                    ? NULL
                  : (parent->flags & FLOW_BOUNDARY) ? parent
                                                    : parent->boundary;
    n->id = id;
    n->type = "";
    flow_gate_init(&n->gate, 0);
    list_init(&n->work_link);
    list_init(&n->wait_link);
    list_init(&n->dirty_link);
    core_timer_init(&n->timer, flow_end_timer_fired);
    CHECK(map_put_u64(&run->nodes, (uint64_t)id, n) == NULL);
    return n;
}

void
flow_node_free(struct flow_node *n)
{
    CHECK(list_empty(&n->gate.line));
    core_timer_stop(&n->timer);
    flow_run_drop(n);
    list_remove(&n->work_link);
    list_remove(&n->wait_link);
    list_remove(&n->dirty_link);
    flow_plan_free(n->plan);
    vec_done(&n->holes);
    free(n->key);
    free(n->name);
    free(n->template_of);
    free(n->message);
    free(n->reason);
    free(n->pod);
    free(n->memo);
    json_doc_unref(n->spec);
    json_doc_unref(n->inputs);
    json_doc_unref(n->outputs);
    flow_lock_forget(n->claim);
    free(n);
}

void
flow_node_touch(struct flow_node *n)
{
    if (list_empty(&n->dirty_link))
        list_append(&n->run->dirty, &n->dirty_link);
    flow_flush_later(n->run->flow);
    flow_run_renewed(n->run);
}

void
flow_node_say(struct flow_node *n, const char *message)
{
    free(n->message);
    n->message = message != NULL ? xstrdup(message) : NULL;
    flow_node_touch(n);
}

void
flow_node_explain(struct flow_node *n, const char *reason)
{
    free(n->reason);
    n->reason = reason != NULL ? xstrdup(reason) : NULL;
    flow_node_touch(n);
}

bool
flow_node_is_hook(const struct flow_node *n)
{
    return (n->flags & FLOW_HOOK) != 0;
}

bool
flow_node_has_more(const struct flow_node *n)
{
    if ((n->flags & FLOW_CLOSED) != 0 || n->state != FLOW_OPEN)
        return false;
    switch (n->kind) {
    case FLOW_GROUP:
        return flow_plan_peek(n->plan) >= 0;
    case FLOW_LOOP:
    case FLOW_RETRY:
        return n->next < n->total || n->holes.n > 0;
    default:
        return false;
    }
}

bool
flow_node_is_done(const struct flow_node *n)
{
    if ((n->flags & FLOW_CLOSED) != 0)
        return true;
    return n->kind == FLOW_GROUP ? n->left == 0
                                 : n->kind == FLOW_LOOP && n->next == n->total && n->holes.n == 0;
}

bool
flow_node_is_complete(const struct flow_node *n)
{
    return n->state == FLOW_OPEN && n->open == n->hooks && flow_node_is_done(n);
}

void
flow_result_done(struct flow_result *r)
{
    free(r->message);
    json_doc_unref(r->outputs);
    *r = (struct flow_result){.phase = FLOW_PENDING};
}

void
flow_opening_done(struct flow_opening *o)
{
    flow_result_done(&o->result);
    free(o->template_of);
    json_doc_unref(o->spec);
    json_doc_unref(o->inputs);
    json_doc_unref(o->outputs);
    *o = (struct flow_opening){.kind = FLOW_NOTHING};
}

void
flow_child_done(struct flow_child *c)
{
    free(c->key);
    free(c->name);
    json_doc_unref(c->spec);
    *c = (struct flow_child){.key = NULL};
}
