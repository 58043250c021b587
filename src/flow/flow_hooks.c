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

int
flow_hooks_ask(struct turn *t, struct flow_node *n, enum flow_moment when, struct err *e)
{
    struct flow_run *run = n->run;

    if (flow_node_is_hook(n))
        return 0;
    if ((n->flags & FLOW_HAS_HOOKS) != 0 && ask(t, run, n, when, e) < 0)
        return e->code;
    for (struct flow_node *up = n->parent; up != NULL; up = up->parent) {
        if ((up->flags & FLOW_HEARS) != 0 && up->state == FLOW_OPEN &&
            ask(t, run, up, FLOW_AT_CHANGE, e) < 0)
            return e->code;
    }
    if (run->hears && ask(t, run, NULL, FLOW_AT_CHANGE, e) < 0)
        return e->code;
    return 0;
}
