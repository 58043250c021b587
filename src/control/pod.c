#include "control/pod.h"

#include "api/objects.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "control/control_int.h"
#include "control/node.h"
#include "control/pod_int.h"
#include "core/core.h"
#include "core/turn.h"
#include "data/json.h"
#include "runner/runtime.h"
#include "store/attempts.h"

static void
wake(struct podview *v)
{
    controllers_wake(v->control->config.controllers, kind_pod.resource, str_of(v->uid));
}

static void
on_hold_over(void *arg)
{
    wake(arg);
}

static struct podview *
find_view(struct control *c, struct str uid)
{
    return map_get(&c->views, uid);
}

static struct podview *
view_of(struct control *c, const struct object *o)
{
    struct podview *v = find_view(c, object_uid(o));

    if (v == NULL) {
        v = podview_new(c, object_root(o));
        timer_init(&v->hold, c->config.loop, on_hold_over, v);
        map_put(&c->views, object_uid(o), v);
    }
    return v;
}

void
pod_drop_view(struct podview *v)
{
    struct control *c = v->control;

    timer_stop(&v->hold);
    if (map_remove(&c->views, str_of(v->uid)) == NULL)
        return;
    podaddress_release(&c->addresses, str_of(v->uid));
    list_append(&c->finished, &v->link);
    task_post(&c->sweep);
}

void
control_on_event(void *control, const struct runtime_event *event)
{
    struct control *c = control;
    struct podview *v = find_view(c, str_of(event->uid));

    log_debug(event->uid, "%s %s", runtime_event_name(event->type),
              event->container != NULL ? event->container : "");
    if (v == NULL) {
        if (event->type == RUNTIME_ENDED) /* its object is gone already */
            c->runtime->ops->forget(c->runtime, event->uid);
        return;
    }
    if (podview_apply(v, event)) {
        timer_stop(&v->hold);
        wake(v);
    } else if (!timer_is_armed(&v->hold)) {
        timer_after(&v->hold, POD_HOLD_US);
    }
}

/* Whether the pod is this machine's to run.  One that nobody was named for gets the Node when it
 * begins; one that was bound to another machine is left alone. */
static bool
is_ours(const struct control *c, const struct object *o)
{
    struct str node = json_str(object_at(o, "spec.nodeName"));

    return c->config.node == NULL || node.n == 0 || str_is(node, c->config.node);
}

static int
grant_attempts(struct control *c, struct turn *t, struct podview *v, struct err *e)
{
    for (size_t i = 0; i < v->containers.n; i++) {
        struct podview_container *pc = &v->containers.at[i];

        if (!pc->wanted)
            continue;
        if (pod_insert_next(c, t, v, pc, e) < 0)
            return e->code;
        pod_order_again(t, v, pc);
    }
    return 0;
}

/* Names that stand for something else by now, and tokens that are about to expire. */
static void
refresh(struct control *c, struct turn *t, const struct object *o, struct podview *v,
        struct controller_pass *p)
{
    bool names = v->names_version != c->names.version;
    bool tokens = v->renew_us != 0 && turn_now_us(t) >= v->renew_us;

    if (c->api_address != NULL && (names || tokens)) {
        struct plan *plan = podapi_refresh(c, t, o, v->address, tokens);

        pod_keep_plan(t, plan);
        pod_order_refresh(t, v, plan);
        v->names_version = c->names.version;
        if (tokens)
            v->renew_us = podapi_renewal(plan, turn_now_us(t));
    }
    p->again_at_us = v->renew_us;
}

static int
reconcile_pod(struct control *c, struct turn *t, struct controller_pass *p, struct err *e)
{
    cleanup_object struct object *o = objects_find_uid(c->config.objects, t, p->uid);
    struct podview *v;

    if (o == NULL || c->runtime == NULL)
        return 0;
    v = find_view(c, p->uid);
    if (object_is_finished(o) || !is_ours(c, o))
        return 0;
    if (v == NULL && !pod_is_bound(c, o) && pod_start_time(o) == 0 && node_is_cordoned(c, t))
        return pod_stay_pending(c, t, o, p, e);
    if (v == NULL)
        v = view_of(c, o);
    if (v->ended)
        return pod_end(c, t, o, v, e);
    if (!v->handed) {
        if (v->refusals > 0 && v->retry_us == 0)
            return pod_refused(c, t, o, v, p, e);
        return pod_begin(c, t, o, v, p, e);
    }
    refresh(c, t, o, v, p);
    if (grant_attempts(c, t, v, e) < 0)
        return e->code;
    return v->dirty ? pod_write_status(c, t, o, v, e) : 0;
}

static int
reconcile(void *self, struct turn *t, struct controller_pass *p, struct err *e)
{
    if (reconcile_pod(self, t, p, e) < 0)
        return e->code;
    recovery_seen(self, t, p->uid);
    return 0;
}

static int64_t
grace_of(const struct object *o)
{
    int64_t seconds = 30;

    if (!json_int(object_at(o, "metadata.deletionGracePeriodSeconds"), &seconds))
        json_int(object_at(o, "spec.terminationGracePeriodSeconds"), &seconds);
    return seconds > 0 ? seconds * CLOCK_SECOND : 0;
}

/* A pod that is being deleted is stopped first; its object goes when nothing of it runs. */
static int
finalize_pod(struct control *c, struct turn *t, struct controller_pass *p, struct err *e)
{
    cleanup_object struct object *o = objects_find_uid(c->config.objects, t, p->uid);
    struct podview *v;
    bool over;

    if (o == NULL || c->runtime == NULL || !is_ours(c, o))
        return 0;
    v = view_of(c, o);
    over = v->ended || object_is_finished(o) || (!v->handed && v->refusals > 0);
    if (!v->handed && !over && pod_start_time(o) == 0)
        over = true; /* it never began */
    if (over) {
        if (v->ended && pod_end(c, t, o, v, e) < 0)
            return e->code;
        return objects_remove(c->config.objects, t, p->uid, e);
    }
    if (!v->handed)
        return pod_begin(c, t, o, v, p, e);
    if (grant_attempts(c, t, v, e) < 0 || (v->dirty && pod_write_status(c, t, o, v, e) < 0))
        return e->code;
    if (!v->stop_sent || grace_of(o) < v->stop_grace_us)
        pod_order_stop(t, v, grace_of(o));
    return 0;
}

static int
finalize(void *self, struct turn *t, struct controller_pass *p, struct err *e)
{
    if (finalize_pod(self, t, p, e) < 0)
        return e->code;
    recovery_seen(self, t, p->uid);
    return 0;
}

struct parting {
    struct control *control;
    char *uid;
};

static void
do_forget(void *arg)
{
    struct parting *m = arg;
    struct control *c = m->control;
    struct podview *v = find_view(c, str_of(m->uid));

    if (v != NULL)
        pod_drop_view(v);
    c->runtime->ops->forget(c->runtime, m->uid);
}

static int
gone(void *self, struct turn *t, struct str uid, struct err *e)
{
    struct control *c = self;
    struct parting *m = ARENA_NEW(turn_arena(t), struct parting);

    if (c->runtime == NULL)
        return 0;
    *m = (struct parting){c, str_dup_arena(turn_arena(t), uid)};
    turn_effect(t, do_forget, m);
    recovery_seen(c, t, uid);
    return attempts_delete_pod(turn_db(t), uid, e);
}

/* Before the core rebuilds itself: what the runtime has goes on, and its facts stay; all else is
 * read again. */
static void
forget(void *self)
{
    struct control *c = self;

    MAP_EACH (&c->views, it) {
        struct podview *v = it.value;

        v->dirty = true;
        v->stop_sent = false;
    }
}

const struct controller_row pod_controller_row = {
    .name = "pod",
    .resource = "pods",
    .forget = forget,
    .reconcile = reconcile,
    .finalize = finalize,
    .gone = gone,
};
