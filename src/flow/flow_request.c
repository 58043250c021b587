#include "flow/flow_request.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/core.h"
#include "core/turn.h"
#include "flow/flow_int.h"
#include "flow/flow_leaf.h"
#include "flow/flow_pump.h"
#include "flow/flow_run.h"
#include "http/requester.h"

bool
flow_request_possible(const struct flow *f)
{
    return f->options.requester != NULL;
}

/* "<uid of the workflow>/<id of the node>" */
static const char *
name_of(struct arena *a, const struct flow_node *n)
{
    return arena_printf(a, "%s/%" PRId64, n->run->uid, n->id);
}

struct order {
    struct requester *requester;
    const char *name;
    const struct requester_request *request; /* NULL: forget it */
};

static void
carry_out(void *arg)
{
    const struct order *o = arg;

    if (o->request != NULL)
        o->requester->ops->ask(o->requester, o->name, o->request);
    else
        o->requester->ops->forget(o->requester, o->name);
}

static void
order(struct turn *t, const struct flow_node *n, const struct requester_request *q)
{
    struct order *o;

    if (!flow_request_possible(n->run->flow))
        return;
    o = ARENA_NEW(turn_arena(t), struct order);
    *o = (struct order){n->run->flow->options.requester, name_of(turn_arena(t), n), q};
    turn_effect(t, carry_out, o);
}

void
flow_request_ask(struct turn *t, const struct flow_node *n, const struct requester_request *q)
{
    order(t, n, q);
}

void
flow_request_forget(struct turn *t, const struct flow_node *n)
{
    order(t, n, NULL);
}

void
flow_request_forget_all(struct turn *t, const struct flow_run *run)
{
    MAP_EACH (&run->nodes, it) {
        const struct flow_node *n = it.value;

        if (n->kind == FLOW_LEAF && n->pod == NULL)
            flow_request_forget(t, n);
    }
}

bool
flow_request_look(const struct flow_node *n, const struct requester_answer **ret)
{
    struct requester *r = n->run->flow->options.requester;
    cleanup_arena struct arena a = ARENA_INIT;

    *ret = NULL;
    return r != NULL && r->ops->look(r, name_of(&a, n), ret);
}

/* An answer came: the leaf looks at it. */
struct arrival {
    struct message message;
    struct flow *flow;
    char *name;
};

static struct flow_node *
node_named(const struct flow *f, struct str name)
{
    struct flow_run *run = flow_run_of(f, str_cut(&name, '/'));
    int64_t id;

    return run != NULL && str_to_int(name, &id) ? map_get_u64(&run->nodes, (uint64_t)id) : NULL;
}

static int
tend(struct message *m, struct turn *t, struct err *e)
{
    struct arrival *a = CONTAINER_OF(m, struct arrival, message);
    struct flow_node *n = node_named(a->flow, str_of(a->name));
    struct flow_run *run = n != NULL ? n->run : NULL;
    int budget = FLOW_NODES_PER_TURN;

    if (n == NULL || n->state != FLOW_OPEN || n->kind != FLOW_LEAF || n->pod != NULL)
        return 0;
    if (flow_leaf_tend(t, n, e) < 0 ||
        (run->state != FLOW_RUN_OVER && flow_pump_run(t, run, &budget, e) < 0)) {
        flow_break(a->flow, t, e);
        *e = ERR_INIT;
    }
    return 0;
}

static void
tended(struct message *m, const struct err *why)
{
    struct arrival *a = CONTAINER_OF(m, struct arrival, message);

    /* If the commit failed, the leaf is looked at again when the core has rebuilt itself. */
    (void)why;
    free(a->name);
    free(a);
}

void
flow_answered(struct flow *f, const char *name)
{
    struct arrival *a = NEW(struct arrival);
    struct err e = ERR_INIT;

    *a = (struct arrival){
        .message = {.class = MESSAGE_EVENT, .run = tend, .done = tended, .name = "answer"},
        .flow = f,
        .name = xstrdup(name)};
    if (core_post(f->core, &a->message, &e) < 0)
        log_error("flow", "an answer to %s: %s", name, e.msg);
}
