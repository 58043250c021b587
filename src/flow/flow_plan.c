#include "flow/flow_plan.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "flow/flow_node.h"
#include "flow/flow_run.h"

void
flow_depend(struct flow_node *group, int64_t child, int64_t on)
{
    struct flow_edge *edge;

    CHECK(child >= 0 && child < group->total && on >= 0 && on < group->total);
    edge = vec_grow(&group->plan->edges);
    edge->on = (uint32_t)on;
    edge->child = (uint32_t)child;
}

void
flow_leave_out(struct flow_node *group, int64_t child)
{
    CHECK(child >= 0 && child < group->total && !group->plan->opened[child]);
    group->plan->opened[child] = 1;
    group->left--;
}

/* Sorts the edges by what they depend on (counting sort), so that the dependants of a child are
 * one slice: first[i] .. first[i + 1]. */
static void
index_edges(struct flow_plan *p, size_t total)
{
    uint32_t *at = NEW_ARRAY(uint32_t, total + 1);

    p->first = NEW_ARRAY(uint32_t, total + 1);
    p->dependants = NEW_ARRAY(uint32_t, p->edges.n);
    for (size_t i = 0; i < p->edges.n; i++)
        p->first[p->edges.at[i].on + 1]++;
    for (size_t i = 0; i < total; i++)
        p->first[i + 1] += p->first[i];
    memcpy(at, p->first, (total + 1) * sizeof *at);
    for (size_t i = 0; i < p->edges.n; i++) {
        const struct flow_edge *edge = &p->edges.at[i];

        p->dependants[at[edge->on]++] = edge->child;
        p->unmet[edge->child]++;
    }
    free(at);
    vec_done(&p->edges);
}

int
flow_plan_make(struct turn *t, struct flow_node *group, struct err *e)
{
    size_t total = (size_t)group->total;
    struct flow_plan *p = NEW(struct flow_plan);
    int rc;

    p->unmet = NEW_ARRAY(uint32_t, total);
    p->opened = NEW_ARRAY(uint8_t, total);
    group->plan = p;
    rc = group->run->language->depend(t, group, e);
    if (rc < 0)
        return rc;
    index_edges(p, total);
    for (size_t i = 0; i < total; i++) {
        if (p->unmet[i] == 0)
            vec_push(&p->ready, (uint32_t)i);
    }
    return 0;
}

void
flow_plan_free(struct flow_plan *p)
{
    if (p == NULL)
        return;
    free(p->unmet);
    free(p->first);
    free(p->dependants);
    free(p->opened);
    vec_done(&p->edges);
    vec_done(&p->ready);
    free(p);
}

/* Those marked opened after they became ready (a restart) are passed over. */
static void
skip_opened(struct flow_plan *p)
{
    while (p->ready_at < p->ready.n && p->opened[p->ready.at[p->ready_at]])
        p->ready_at++;
}

int64_t
flow_plan_peek(const struct flow_plan *p)
{
    for (size_t i = p->ready_at; i < p->ready.n; i++) {
        if (!p->opened[p->ready.at[i]])
            return p->ready.at[i];
    }
    return -1;
}

void
flow_plan_take(struct flow_plan *p)
{
    skip_opened(p);
    CHECK(p->ready_at < p->ready.n);
    p->opened[p->ready.at[p->ready_at++]] = 1;
}

void
flow_plan_mark_opened(struct flow_plan *p, int64_t child)
{
    p->opened[child] = 1;
}

void
flow_plan_release(struct flow_plan *p, int64_t child)
{
    for (uint32_t i = p->first[child]; i < p->first[child + 1]; i++) {
        uint32_t dependant = p->dependants[i];

        CHECK(p->unmet[dependant] > 0);
        if (--p->unmet[dependant] == 0)
            vec_push(&p->ready, dependant);
    }
}
