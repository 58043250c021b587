/*
 * What a pass of the Pod controller leaves behind: a status that is written, and orders that the
 * runtime gets once the turn is committed.  The view says at once what is done, because a second
 * pass may run in the same turn; if the turn fails, it says again what it said before.
 */
#include <stdlib.h>

#include "api/events.h"
#include "api/objects.h"
#include "base/arena.h"
#include "base/err.h"
#include "control/control_int.h"
#include "control/pod_int.h"
#include "core/turn.h"
#include "data/json.h"
#include "runner/runtime.h"

/* A flag of a view as it was before the pass. */
struct flip {
    bool *flag, old;
};

static void
unflip(void *arg)
{
    struct flip *f = arg;

    *f->flag = f->old;
}

static void
set_flag(struct turn *t, bool *flag, bool value)
{
    struct flip *f = ARENA_NEW(turn_arena(t), struct flip);

    *f = (struct flip){flag, *flag};
    *flag = value;
    turn_undo(t, unflip, f);
}

void
pod_record_notes(struct control *c, struct turn *t, const struct object *o, struct podview *v)
{
    for (size_t i = 0; i < v->notes.n; i++) {
        struct podview_note *n = &v->notes.at[i];

        events_record(c->config.events, t, o, "kubelet", n->warning ? EVENT_WARNING : EVENT_NORMAL,
                      n->reason, "%s", n->message);
        free(n->reason);
        free(n->message);
    }
    vec_clear(&v->notes);
}

int
pod_write_status(struct control *c, struct turn *t, const struct object *o, struct podview *v,
                 struct err *e)
{
    cleanup_json struct json_doc *status = podview_status(v, object_root(o), turn_now_us(t));

    pod_record_notes(c, t, o, v);
    if (objects_set_status(c->config.objects, t, o, json_root(status), NULL, e) < 0)
        return e->code;
    set_flag(t, &v->dirty, false);
    return 0;
}

struct order {
    struct podview *view;
    struct plan *plan;
    bool adopt;
    const char *container;
    unsigned attempt;
    int64_t grace_us;
};

/* Has the runtime get the order after the commit. */
static void
send_order(struct turn *t, void (*give)(void *order), const struct order *o)
{
    struct order *kept = ARENA_NEW(turn_arena(t), struct order);

    *kept = *o;
    turn_effect(t, give, kept);
}

static struct runtime *
runtime_of(const struct order *o)
{
    return o->view->control->runtime;
}

static void
do_start(void *arg)
{
    struct order *o = arg;
    struct runtime *r = runtime_of(o);

    if (o->adopt)
        r->ops->adopt(r, o->plan);
    else
        r->ops->start(r, o->plan);
}

void
pod_order_start(struct turn *t, struct podview *v, struct plan *plan, bool adopt)
{
    set_flag(t, &v->handed, true);
    send_order(t, do_start, &(struct order){.view = v, .plan = plan, .adopt = adopt});
}

static void
do_again(void *arg)
{
    struct order *o = arg;
    struct runtime *r = runtime_of(o);

    r->ops->again(r, o->view->uid, o->container, o->attempt);
}

void
pod_order_again(struct turn *t, struct podview *v, struct podview_container *pc)
{
    set_flag(t, &pc->wanted, false);
    send_order(t, do_again,
               &(struct order){.view = v, .container = pc->name, .attempt = pc->attempt});
}

static void
do_refresh(void *arg)
{
    struct order *o = arg;
    struct runtime *r = runtime_of(o);

    r->ops->refresh(r, o->plan);
}

void
pod_order_refresh(struct turn *t, struct podview *v, struct plan *plan)
{
    send_order(t, do_refresh, &(struct order){.view = v, .plan = plan});
}

static void
do_stop(void *arg)
{
    struct order *o = arg;
    struct runtime *r = runtime_of(o);

    r->ops->stop(r, o->view->uid, o->grace_us, NULL, NULL);
}

void
pod_order_stop(struct turn *t, struct podview *v, int64_t grace_us)
{
    v->stop_grace_us = grace_us;
    set_flag(t, &v->stop_sent, true);
    send_order(t, do_stop, &(struct order){.view = v, .grace_us = grace_us});
}

static void
unref_plan(void *plan)
{
    plan_unref(plan);
}

void
pod_keep_plan(struct turn *t, struct plan *plan)
{
    turn_finally(t, unref_plan, plan);
}
