#include "control/pod.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api/events.h"
#include "api/meta.h"
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
#include "data/timestamp.h"
#include "runner/podio.h"
#include "runner/podspec.h"
#include "runner/runtime.h"
#include "store/attempts.h"

/* How long a pod that cannot start waits for what it needs: images as kubelet backs off. */
#define RETRY_US (CLOCK_SECOND / 2)
#define RETRY_IMAGE_US (10 * CLOCK_SECOND)
#define RETRY_MAX_US (300 * CLOCK_SECOND)

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

/* A flag of a view that holds as of now: a second pass may run in the same turn.  If the turn
 * fails, it is as it was. */
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

/* What happens after the commit of a pass. */
struct order {
    struct control *control;
    struct podview *view;
    struct plan *plan;
    bool adopt;
    const char *container;
    unsigned attempt;
    int64_t grace_us;
};

static struct order *
new_order(struct turn *t, struct control *c, struct podview *v)
{
    struct order *o = ARENA_NEW(turn_arena(t), struct order);

    o->control = c;
    o->view = v;
    return o;
}

static void
do_start(void *arg)
{
    struct order *o = arg;
    struct runtime *r = o->control->runtime;

    if (o->adopt)
        r->ops->adopt(r, o->plan);
    else
        r->ops->start(r, o->plan);
}

static void
drop_plan(void *arg)
{
    struct order *o = arg;

    plan_unref(o->plan);
}

static void
do_again(void *arg)
{
    struct order *o = arg;
    struct runtime *r = o->control->runtime;

    r->ops->again(r, o->view->uid, o->container, o->attempt);
}

static void
do_stop(void *arg)
{
    struct order *o = arg;
    struct runtime *r = o->control->runtime;

    r->ops->stop(r, o->view->uid, o->grace_us, NULL, NULL);
}

static void
do_refresh(void *arg)
{
    struct order *o = arg;
    struct runtime *r = o->control->runtime;

    r->ops->refresh(r, o->plan);
}

static int
write_status(struct control *c, struct turn *t, const struct object *o, struct podview *v,
             struct err *e)
{
    cleanup_json struct json_doc *status = podview_status(v, object_root(o), turn_now_us(t));

    pod_record_notes(c, t, o, v);
    if (objects_set_status(c->config.objects, t, o, json_root(status), NULL, e) < 0)
        return e->code;
    set_flag(t, &v->dirty, false);
    return 0;
}

/* The start time that status remembers, RFC 3339 in seconds; 0: none. */
static int64_t
start_time(const struct object *o)
{
    const char *text = json_cstr_or(object_at(o, "status.startTime"), "");
    struct tm tm = {0};

    if (strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm) == NULL)
        return 0;
    return (int64_t)timegm(&tm) * CLOCK_SECOND;
}

/* What the pod needs is not there.  It stays Pending and says so. */
static int
wait_for(struct control *c, struct turn *t, const struct object *o, struct podview *v,
         const char *reason, const struct err *why, struct controller_pass *p, struct err *e)
{
    bool unscheduled = strcmp(reason, "Unschedulable") == 0;

    p->again_at_us = turn_now_us(t) + RETRY_US;
    if (v->message != NULL && strcmp(v->message, why->msg) == 0)
        return 0; /* said already */
    events_record(c->config.events, t, o, "kubelet", EVENT_WARNING,
                  unscheduled ? "FailedScheduling" : reason, "%s", why->msg);
    free(v->message);
    v->message = xstrdup(why->msg);
    for (size_t i = 0; i < v->containers.n; i++) {
        struct podview_container *pc = &v->containers.at[i];

        if (strcmp(reason, "CreateContainerConfigError") != 0)
            continue;
        free(pc->waiting);
        free(pc->waiting_text);
        pc->waiting = xstrdup(reason);
        pc->waiting_text = xstrdup(why->msg);
    }
    return write_status(c, t, o, v, e);
}

static void
forget_waiting(struct podview *v)
{
    free(TAKE(v->message));
    for (size_t i = 0; i < v->containers.n; i++) {
        free(TAKE(v->containers.at[i].waiting));
        free(TAKE(v->containers.at[i].waiting_text));
    }
}

/* A spec that nothing can make run ends the pod.  What memory or the disk refused says nothing
 * about the spec: the turn fails, and comes again. */
static int
end_invalid(struct control *c, struct turn *t, const struct object *o, struct podview *v,
            const struct err *why, struct err *e)
{
    if (why->code == ERR_UNAVAILABLE || why->code == ERR_FULL) {
        *e = *why;
        return e->code;
    }
    v->ended = true;
    v->phase = xstrdup("Failed");
    v->reason = xstrdup("InvalidSpec");
    free(v->message);
    v->message = xstrdup(why->msg);
    return pod_end(c, t, o, v, e);
}

static bool
past_deadline(const struct object *o, const struct podview *v, int64_t now_us)
{
    int64_t seconds;

    return v->start_us > 0 && json_int(object_at(o, "spec.activeDeadlineSeconds"), &seconds) &&
           now_us >= v->start_us + seconds * CLOCK_SECOND;
}

static int
end_past_deadline(struct control *c, struct turn *t, const struct object *o, struct podview *v,
                  struct err *e)
{
    v->ended = true;
    v->phase = xstrdup("Failed");
    v->reason = xstrdup("DeadlineExceeded");
    free(v->message);
    v->message = xstrdup("Pod was active on the node longer than the specified deadline");
    return pod_end(c, t, o, v, e);
}

static int
check_spec(const struct object *o, struct turn *t, struct err *e)
{
    struct podspec *spec;

    if (podspec_parse(object_root(o), turn_arena(t), &spec, e) < 0)
        return e->code;
    json_doc_unref(spec->io->doc);
    return 0;
}

/* It turned out, when it started, that it uses the machine's network. */
static bool
has_host_address(const struct object *o)
{
    return str_eq(json_str(object_at(o, "status.podIP")), json_str(object_at(o, "status.hostIP")));
}

/* Whether the pod is this machine's to run.  One that nobody was named for gets the Node when it
 * begins; one that was bound to another machine is left alone. */
static bool
is_ours(const struct control *c, const struct object *o)
{
    struct str node = json_str(object_at(o, "spec.nodeName"));

    return c->config.node == NULL || node.n == 0 || str_is(node, c->config.node);
}

static bool
is_bound(const struct control *c, const struct object *o)
{
    return c->config.node == NULL || json_str(object_at(o, "spec.nodeName")).n > 0;
}

#define SAY_PENDING_US (5 * CLOCK_SECOND)
static const char cordoned[] = "0/1 nodes are available: 1 node(s) were unschedulable.";

/* No machine takes it now.  That is said once, after a moment, where nobody else (a scheduler of
 * the user's own) has written a status since. */
static int
stay_pending(struct control *c, struct turn *t, const struct object *o, struct controller_pass *p,
             struct err *e)
{
    static const char *const except[] = {"conditions", NULL};
    cleanup_json struct json_doc *status = NULL;
    struct json_build b = JSON_BUILD_INIT;
    char now[META_TIME_SIZE];
    int64_t said_us = 0;

    node_wait(c, object_uid(o));
    if (json_count(object_at(o, "status.conditions")) > 0)
        return 0;
    if (timestamp_parse(json_str(object_at(o, "metadata.creationTimestamp")), &said_us, e) < 0)
        return e->code;
    said_us += SAY_PENDING_US;
    if (turn_now_us(t) < said_us) {
        p->again_at_us = said_us;
        return 0;
    }
    meta_time(turn_now_us(t), now);
    json_add_object(&b, NULL);
    json_add_fields(&b, object_at(o, "status"), except);
    json_add_array(&b, "conditions");
    json_add_object(&b, NULL);
    json_add_cstr(&b, "type", "PodScheduled");
    json_add_cstr(&b, "status", "False");
    json_add_null(&b, "lastProbeTime");
    json_add_cstr(&b, "lastTransitionTime", now);
    json_add_cstr(&b, "reason", "Unschedulable");
    json_add_cstr(&b, "message", cordoned);
    json_end(&b);
    json_end(&b);
    json_end(&b);
    status = json_build_done(&b);
    return objects_set_status(c->config.objects, t, o, json_root(status), NULL, e);
}

/* Records the intent, or reads what an earlier process had recorded, and hands the pod over. */
static int
hand_over(struct control *c, struct turn *t, const struct object *o, struct podview *v,
          struct controller_pass *p, struct err *e)
{
    struct order *order = new_order(t, c, v);
    const char *reason;
    struct err why = ERR_INIT;
    int rows;

    if (v->start_us == 0)
        v->start_us = start_time(o);
    if (past_deadline(o, v, turn_now_us(t)) && v->refusals > 0)
        return end_past_deadline(c, t, o, v, e);
    if (v->retry_us > turn_now_us(t)) {
        p->again_at_us = v->retry_us;
        return 0;
    }
    if (check_spec(o, t, &why) < 0)
        return end_invalid(c, t, o, v, &why, e);
    if (podplan_gather(c, t, o, &order->plan, &reason, &why) < 0) {
        if (reason == NULL)
            return end_invalid(c, t, o, v, &why, e);
        return wait_for(c, t, o, v, reason, &why, p, e);
    }
    turn_finally(t, drop_plan, order);
    rows = pod_load_attempts(t, v, order->plan, e);
    if (rows < 0)
        return rows;
    order->adopt = rows > 0 && v->refusals == 0;
    if (v->start_us == 0)
        v->start_us = turn_now_us(t);
    order->plan->started_us = v->start_us;
    order->plan->created_us = v->start_us;
    if (!order->adopt || !has_host_address(o))
        v->address = order->plan->address;
    if (v->refusals == 0)
        forget_waiting(v);
    if (!is_bound(c, o) && objects_set_node(c->config.objects, t, o, str_of(c->config.node), e) < 0)
        return e->code;
    if (rows == 0) {
        if (pod_insert_first(c, t, v, e) < 0 || write_status(c, t, o, v, e) < 0 ||
            pod_load_attempts(t, v, order->plan, e) < 0)
            return e->code;
    }
    v->names_version = c->names.version;
    v->renew_us = podapi_renewal(order->plan, turn_now_us(t));
    p->again_at_us = v->renew_us;
    set_flag(t, &v->handed, true);
    turn_effect(t, do_start, order);
    return 0;
}

/* The runtime could not start it.  ErrImagePull at first, ImagePullBackOff from then on. */
static int
refused(struct control *c, struct turn *t, const struct object *o, struct podview *v,
        struct controller_pass *p, struct err *e)
{
    bool image = strcmp(v->refused_reason, "ErrImagePull") == 0;
    int64_t pause = image ? RETRY_IMAGE_US : RETRY_US * 4;

    for (int i = 1; i < v->refusals && pause < RETRY_MAX_US; i++)
        pause *= 2;
    v->retry_us = turn_now_us(t) + (pause < RETRY_MAX_US ? pause : RETRY_MAX_US);
    p->again_at_us = v->retry_us;
    for (size_t i = 0; i < v->containers.n; i++) {
        struct podview_container *pc = &v->containers.at[i];

        if (pc->waiting == NULL || strcmp(pc->waiting, v->refused_reason) != 0)
            continue;
        events_record(c->config.events, t, o, "kubelet", EVENT_WARNING, "Failed", "%s",
                      pc->waiting_text);
        if (image) {
            free(pc->waiting);
            pc->waiting = xstrdup("ImagePullBackOff");
        }
    }
    if (!image && v->message != NULL)
        events_record(c->config.events, t, o, "kubelet", EVENT_WARNING, v->refused_reason, "%s",
                      v->message);
    return write_status(c, t, o, v, e);
}

static int
grant_attempts(struct control *c, struct turn *t, struct podview *v, struct err *e)
{
    for (size_t i = 0; i < v->containers.n; i++) {
        struct podview_container *pc = &v->containers.at[i];
        struct order *order;

        if (!pc->wanted)
            continue;
        if (pod_insert_next(c, t, v, pc, e) < 0)
            return e->code;
        order = new_order(t, c, v);
        order->container = pc->name;
        order->attempt = pc->attempt;
        set_flag(t, &pc->wanted, false);
        turn_effect(t, do_again, order);
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
    struct order *order;

    if (c->api_address != NULL && (names || tokens)) {
        order = new_order(t, c, v);
        order->plan = podapi_refresh(c, t, o, v->address, tokens);
        turn_finally(t, drop_plan, order);
        turn_effect(t, do_refresh, order);
        v->names_version = c->names.version;
        if (tokens)
            v->renew_us = podapi_renewal(order->plan, turn_now_us(t));
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
    if (v == NULL && !is_bound(c, o) && start_time(o) == 0 && node_is_cordoned(c, t))
        return stay_pending(c, t, o, p, e);
    if (v == NULL)
        v = view_of(c, o);
    if (v->ended)
        return pod_end(c, t, o, v, e);
    if (!v->handed) {
        if (v->refusals > 0 && v->retry_us == 0)
            return refused(c, t, o, v, p, e);
        return hand_over(c, t, o, v, p, e);
    }
    refresh(c, t, o, v, p);
    if (grant_attempts(c, t, v, e) < 0)
        return e->code;
    return v->dirty ? write_status(c, t, o, v, e) : 0;
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
    struct order *order;
    bool over;

    if (o == NULL || c->runtime == NULL || !is_ours(c, o))
        return 0;
    v = view_of(c, o);
    over = v->ended || object_is_finished(o) || (!v->handed && v->refusals > 0);
    if (!v->handed && !over && start_time(o) == 0)
        over = true; /* it never began */
    if (over) {
        if (v->ended && pod_end(c, t, o, v, e) < 0)
            return e->code;
        return objects_remove(c->config.objects, t, p->uid, e);
    }
    if (!v->handed)
        return hand_over(c, t, o, v, p, e);
    if (grant_attempts(c, t, v, e) < 0 || (v->dirty && write_status(c, t, o, v, e) < 0))
        return e->code;
    if (!v->stop_sent || grace_of(o) < v->stop_grace_us) {
        order = new_order(t, c, v);
        order->grace_us = v->stop_grace_us = grace_of(o);
        set_flag(t, &v->stop_sent, true);
        turn_effect(t, do_stop, order);
    }
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
