#include "flow/flow_hooks.h"

#include "base/err.h"
#include "base/mem.h"
#include "flow/flow_pump.h"
#include "flow/flow_run.h"

static int
ask(struct turn *t, struct flow_run *run, struct flow_node *n, enum flow_moment when, struct err *e)
{
    struct flow_hooks h = {.at = NULL};
    int rc = run->language->hooks(t, run, n, when, &h, e);

    for (size_t i = 0; i < h.n; i++) {
        if (rc >= 0) {
            h.at[i].flags |= FLOW_HOOK;
            rc = flow_pump_open(t, run, n, -1 - (int64_t)i, &h.at[i], e);
        }
        flow_child_done(&h.at[i]);
    }
    free(h.at);
    return rc;
}

int
flow_hooks_ask_run(struct turn *t, struct flow_run *run, enum flow_moment when, struct err *e)
{
    return ask(t, run, NULL, when, e);
}

/* Hooks of one node may wait for another below the same boundary: all are asked again.  The nodes
 * are gathered first, since hooks that open change the map. */
static int
ask_around(struct turn *t, struct flow_node *boundary, struct err *e)
{
    struct flow_run *run = boundary->run;
    VEC(struct flow_node *) found = VEC_INIT;
    int rc = 0;

    MAP_EACH (&run->nodes, it) {
        struct flow_node *n = it.value;

        if ((n->flags & FLOW_HAS_HOOKS) != 0 && n->boundary == boundary && n->state == FLOW_OPEN)
            vec_push(&found, n);
    }
    for (size_t i = 0; i < found.n && rc >= 0; i++)
        rc = ask(t, run, found.at[i], FLOW_AT_CHANGE, e);
    vec_done(&found);
    return rc;
}

int
flow_hooks_ask(struct turn *t, struct flow_node *n, enum flow_moment when, struct err *e)
{
    struct flow_run *run = n->run;

    if (flow_node_is_hook(n))
        return 0;
    if ((n->flags & FLOW_HAS_HOOKS) != 0 && ask(t, run, n, when, e) < 0)
        return e->code;
    for (struct flow_node *up = n->parent; up != NULL; up = up->parent) {
        if ((up->flags & FLOW_HEARS) != 0 && up->state == FLOW_OPEN && ask_around(t, up, e) < 0)
            return e->code;
    }
    return run->hears ? ask(t, run, NULL, FLOW_AT_CHANGE, e) : 0;
}
