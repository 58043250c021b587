#include "flow/flow_daemon.h"

#include "api/objects.h"
#include "base/err.h"
#include "data/json.h"
#include "flow/flow_end.h"
#include "flow/flow_gate.h"
#include "flow/flow_leaf.h"
#include "flow/flow_plan.h"
#include "flow/flow_pump.h"
#include "flow/flow_run.h"

/* Every container that serves says so; where nobody asks, running is enough. */
static bool
is_ready(const struct object *pod)
{
    JSON_EACH (c, object_at(pod, "status.containerStatuses")) {
        if (!json_bool_or(json_get(c.value, "ready"), true))
            return false;
    }
    return true;
}

/* All that is left in the node are daemons that have passed. */
static bool
is_left_to_daemons(const struct flow_node *n)
{
    return n->state == FLOW_OPEN && n->daemons != 0 && n->open == n->hooks + n->daemons &&
           flow_node_is_done(n);
}

static int
dismiss(struct turn *t, struct flow_node *leaf, struct err *e)
{
    if ((leaf->flags & (FLOW_DISMISSED | FLOW_STOPPED)) != 0)
        return 0;
    leaf->flags |= FLOW_DISMISSED;
    flow_node_explain(leaf, "a daemon that is not needed any more");
    return flow_leaf_stop(t, leaf, e);
}

/* The daemons that were called in this node's template.  Gathered first: one whose Pod is gone
 * already ends at once. */
static int
dismiss_all(struct turn *t, struct flow_node *boundary, struct err *e)
{
    struct flow_run *run = boundary->run;
    VEC(struct flow_node *) found = VEC_INIT;
    int rc = 0;

    for (int64_t id = boundary->id + 1; id <= run->last_id; id++) {
        struct flow_node *n = map_get_u64(&run->nodes, (uint64_t)id);

        if (n != NULL && n->boundary == boundary && n->kind == FLOW_LEAF && n->state == FLOW_OPEN &&
            (n->flags & FLOW_PASSED) != 0)
            vec_push(&found, n);
    }
    for (size_t i = 0; i < found.n && rc >= 0; i++)
        rc = found.at[i]->state == FLOW_OPEN ? dismiss(t, found.at[i], e) : 0;
    vec_done(&found);
    return rc;
}

/* Those that wait for the node go on; places that it took are free. */
static void
let_others_go(struct flow_node *n)
{
    struct flow_node *parent = n->parent;

    n->flags |= FLOW_PASSED;
    if ((n->flags & FLOW_COUNTS) != 0 && n->state == FLOW_OPEN) {
        n->flags &= ~(unsigned)FLOW_COUNTS;
        flow_gate_leave(&n->boundary->gate);
    }
    n->wake_us = 0;
    core_timer_stop(&n->timer);
    flow_leaf_passed(n);
    flow_node_touch(n);
    if (parent == NULL)
        return;
    parent->daemons++;
    if (parent->kind == FLOW_GROUP) {
        parent->left--;
        flow_plan_release(parent->plan, n->index);
    }
    if (flow_node_has_more(parent))
        flow_pump_add(parent);
}

/* Upwards, until somebody has more to do than to wait for daemons. */
static int
pass(struct turn *t, struct flow_node *n, struct err *e)
{
    while (n != NULL && (n->flags & FLOW_PASSED) == 0) {
        struct flow_node *parent = n->parent;

        let_others_go(n);
        if (parent == NULL) /* nobody is there to need it */
            return n->kind == FLOW_LEAF ? dismiss(t, n, e) : 0;
        if (parent->kind != FLOW_RETRY)
            return flow_daemon_check(t, parent, e);
        json_doc_unref(parent->outputs);
        parent->outputs = n->outputs != NULL ? json_doc_ref(n->outputs) : NULL;
        n = parent;
    }
    return 0;
}

int
flow_daemon_check(struct turn *t, struct flow_node *n, struct err *e)
{
    if (!is_left_to_daemons(n))
        return 0;
    if ((n->flags & FLOW_BOUNDARY) != 0)
        return dismiss_all(t, n, e);
    if (flow_end_fold(t, n, e) < 0)
        return e->code;
    return pass(t, n, e);
}

int
flow_daemon_look(struct turn *t, struct flow_node *leaf, const struct object *pod, struct err *e)
{
    struct json_doc *outputs = NULL;

    if ((leaf->flags & FLOW_DAEMON) == 0 || (leaf->flags & FLOW_PASSED) != 0 || !is_ready(pod))
        return 0;
    if (leaf->run->language->serves(t, leaf, pod, &outputs, e) < 0)
        return e->code;
    json_doc_unref(leaf->outputs);
    leaf->outputs = outputs;
    flow_node_explain(leaf, "serving others");
    flow_run_changed(leaf->run);
    return pass(t, leaf, e);
}
