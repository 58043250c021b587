#include "flow/flow_gate.h"

#include "base/log.h"
#include "flow/flow_pump.h"
#include "flow/flow_run.h"

void
flow_gate_init(struct flow_gate *g, int64_t limit)
{
    g->limit = limit;
    g->active = 0;
    list_init(&g->line);
}

bool
flow_gate_is_open(const struct flow_gate *g)
{
    return g->limit == 0 || g->active < g->limit;
}

void
flow_gate_enter(struct flow_gate *g)
{
    g->active++;
}

void
flow_gate_wait(struct flow_gate *g, struct flow_node *n)
{
    list_remove(&n->work_link);
    list_append(&g->line, &n->wait_link);
}

void
flow_gate_pass(struct flow_gate *g)
{
    struct list *first;

    if (!flow_gate_is_open(g))
        return;
    first = list_shift(&g->line);
    if (first != NULL)
        flow_pump_add(LIST_ITEM(first, struct flow_node, wait_link));
}

void
flow_gate_leave(struct flow_gate *g)
{
    CHECK(g->active > 0);
    g->active--;
    flow_gate_pass(g);
}
