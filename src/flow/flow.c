#include "flow/flow.h"

#include "api/kind.h"
#include "api/objects.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/controller.h"
#include "core/core.h"
#include "core/turn.h"
#include "data/json.h"
#include "flow/flow_compose.h"
#include "flow/flow_discard.h"
#include "flow/flow_expiry.h"
#include "flow/flow_int.h"
#include "flow/flow_leaf.h"
#include "flow/flow_lock.h"
#include "flow/flow_pump.h"
#include "flow/flow_record.h"
#include "flow/flow_request.h"
#include "flow/flow_run.h"
#include "flow/flow_sweep.h"

/* What ended leaves memory when the turn is over, however it ended: the undo of a turn whose commit
 * failed still touches timers. */
static void
sweep(void *arg)
{
    struct flow *f = arg;
    struct flow_run *run;

    LIST_EACH (run, &f->runs, struct flow_run, link) {
        if (run->state == FLOW_RUN_OVER)
            flow_run_free(run);
        else
            flow_run_sweep(run);
    }
}

static int
flush(void *arg, struct turn *t, struct err *e)
{
    struct flow *f = arg;
    struct flow_run *run;

    if (f->broken.code != 0) {
        *e = f->broken;
        return e->code;
    }
    turn_finally(t, sweep, f);
    LIST_EACH (run, &f->runs, struct flow_run, link) {
        if (flow_record_write(t, run, e) < 0)
            return err_wrap(e, "write the nodes of %s", run->name);
    }
    return 0;
}

void
flow_flush_later(struct flow *f)
{
    struct turn *t = core_turn(f->core);

    CHECK(t != NULL);
    turn_before_commit(t, flush, f);
}

void
flow_break(struct flow *f, struct turn *t, const struct err *e)
{
    log_error("flow", "%s; starting again from the store", e->msg);
    if (f->broken.code == 0)
        f->broken = *e;
    turn_before_commit(t, flush, f);
}

void
flow_set_timer(struct flow *f, struct core_timer *timer, int64_t at_us)
{
    core_timer_set(f->core, timer, at_us);
}

void
flow_wake(struct flow_run *run)
{
    controllers_wake(run->flow->controllers, kind_workflow.resource, str_of(run->uid));
}

/* The object as it is when no run can be made of it. */
static int
refuse(struct flow *f, struct turn *t, const struct flow_language *l, const struct object *o,
       const struct err *why, struct err *e)
{
    cleanup_json struct json_doc *next = NULL;

    if (l->refuse(t, o, why, &next, e) < 0)
        return e->code;
    return objects_update(f->objects, t, object_kind(o), object_namespace(o), json_root(next),
                          OBJECTS_ALL, NULL, e);
}

static bool
is_suspended(const struct object *o)
{
    return json_bool_or(object_at(o, "spec.suspend"), false);
}

static int
begin(struct flow *f, struct turn *t, const struct flow_language *l, const struct object *o,
      struct err *e)
{
    struct flow_run *run = flow_run_new(f, l, object_uid(o), object_namespace(o), object_name(o));
    struct err why = ERR_INIT;
    cleanup_json struct json_doc *frozen = NULL;
    int rc = l->begin(t, run, o, &frozen, &why);

    if (rc >= 0) {
        if (flow_record_begin(t, run, frozen, e) < 0)
            return e->code;
        run->suspended = is_suspended(o);
        return flow_run_start(t, run, e);
    }
    flow_run_free(run);
    if (rc == ERR_IO || rc == ERR_FULL) {
        *e = why;
        return rc;
    }
    return refuse(f, t, l, o, &why, e);
}

/* A limit on the run's time may be set, or moved, while it goes on; 0 ends it at once. */
static void
heed_deadline(struct flow_run *run, const struct object *o)
{
    int64_t seconds, at_us;

    if (run->state != FLOW_RUN_BEGUN || run->shutdown != FLOW_NO_SHUTDOWN ||
        !json_int(object_at(o, "spec.activeDeadlineSeconds"), &seconds))
        return;
    at_us = run->started_us + seconds * CLOCK_SECOND;
    if (at_us == run->deadline_us)
        return;
    run->deadline_us = at_us;
    flow_set_timer(run->flow, &run->deadline, at_us);
    flow_run_touch(run);
}

/* What the object's spec asks of a run that goes on: an early end, a pause. */
static int
heed(struct turn *t, struct flow_run *run, const struct object *o, struct err *e)
{
    struct str shutdown = json_str(object_at(o, "spec.shutdown"));

    heed_deadline(run, o);
    flow_run_suspend(run, is_suspended(o));
    if (str_is(shutdown, "Terminate"))
        return flow_run_shut_down(t, run, FLOW_TERMINATE,
                                  "workflow shutdown with strategy:  Terminate", e);
    if (str_is(shutdown, "Stop"))
        return flow_run_shut_down(t, run, FLOW_STOP, "workflow shutdown with strategy:  Stop", e);
    return 0;
}

static int
pass(struct flow *f, struct turn *t, struct controller_pass *p, struct err *e)
{
    cleanup_object struct object *o = objects_find_uid(f->objects, t, p->uid);
    struct flow_run *run = map_get(&f->by_uid, p->uid);
    int budget = FLOW_NODES_PER_TURN;

    if (o == NULL)
        return 0;
    if (run == NULL) {
        if (object_is_finished(o) || object_is_deleting(o) ||
            flow_language_of(f, object_kind(o)) == NULL)
            return 0;
        if (begin(f, t, flow_language_of(f, object_kind(o)), o, e) < 0)
            return e->code;
        run = map_get(&f->by_uid, p->uid);
    }
    if (run == NULL || run->state == FLOW_RUN_OVER)
        return 0;
    if (heed(t, run, o, e) < 0)
        return e->code;
    if (run->state == FLOW_RUN_WAITING)
        return run->locked ? flow_run_begin(t, run, e) : 0;
    if (flow_run_enter(t, run, e) < 0 || flow_pump_run(t, run, &budget, e) < 0)
        return e->code;
    if (budget == 0)
        p->again_at_us = turn_now_us(t);
    return 0;
}

static int
reconcile_workflow(void *self, struct turn *t, struct controller_pass *p, struct err *e)
{
    struct flow *f = self;

    if (pass(f, t, p, e) >= 0)
        return 0;
    /* A run that could not begin left nothing behind: the controllers try it again. */
    if (map_get(&f->by_uid, p->uid) == NULL)
        return e->code;
    flow_break(f, t, e);
    return 0;
}

/* The object was deleted: its run goes with it, what is left of it later. */
static int
workflow_gone(void *self, struct turn *t, struct str uid, struct err *e)
{
    struct flow *f = self;
    struct flow_run *run = map_get(&f->by_uid, uid);

    (void)e;
    flow_discard_later(t, f);
    if (run == NULL)
        return 0;
    flow_request_forget_all(t, run);
    flow_run_release_locks(t, run);
    run->state = FLOW_RUN_OVER;
    run->gone = true;
    if (run->ended_us == 0)
        run->ended_us = turn_now_us(t);
    run->row_dirty = true;
    turn_before_commit(t, flush, f);
    return 0;
}

static int
look_at_pod(struct flow *f, struct turn *t, struct str uid, bool gone, struct err *e)
{
    struct flow_node *n = map_get(&f->by_pod, uid);
    cleanup_object struct object *pod = NULL;
    struct flow_run *run;
    int budget = FLOW_NODES_PER_TURN;

    if (n == NULL)
        return 0;
    run = n->run;
    pod = gone ? NULL : objects_find_uid(f->objects, t, uid);
    if (flow_leaf_look(t, n, pod, e) < 0)
        return e->code;
    /* What the end of this one lets start begins in the same turn, under the same commit. */
    return run->state == FLOW_RUN_OVER ? 0 : flow_pump_run(t, run, &budget, e);
}

static int
reconcile_pod(void *self, struct turn *t, struct controller_pass *p, struct err *e)
{
    struct flow *f = self;

    if (look_at_pod(f, t, p->uid, false, e) < 0)
        flow_break(f, t, e);
    return 0;
}

static int
pod_gone(void *self, struct turn *t, struct str uid, struct err *e)
{
    struct flow *f = self;

    if (look_at_pod(f, t, uid, true, e) < 0)
        flow_break(f, t, e);
    return 0;
}

/* A limit that somebody waits under may be another by now. */
static int
reconcile_config(void *self, struct turn *t, struct controller_pass *p, struct err *e)
{
    struct flow *f = self;

    (void)p;
    (void)e;
    flow_lock_look_again(t, f);
    return 0;
}

static void
wake_all(struct flow *f)
{
    struct flow_run *run;

    LIST_EACH (run, &f->runs, struct flow_run, link) {
        flow_wake(run);
    }
}

/* There may be room on the disk by now. */
static int
room_due(struct core_timer *timer, struct turn *t, struct err *e)
{
    struct flow *f = CONTAINER_OF(timer, struct flow, room);

    if (flow_leaf_retry(t, f, e) < 0)
        flow_break(f, t, e);
    else if (list_empty(&f->unplaced))
        wake_all(f);
    return 0;
}

static void
forget(void *self)
{
    struct flow *f = self;
    struct flow_run *run;

    core_timer_stop(&f->room);
    core_timer_stop(&f->discard);
    core_timer_stop(&f->expiry);
    flow_sweep_forget(f);
    LIST_EACH (run, &f->runs, struct flow_run, link) {
        flow_run_free(run);
    }
    f->broken = ERR_INIT;
}

static int
restore(void *self, struct turn *t, struct err *e)
{
    struct flow *f = self;
    struct flow_run *run;

    if (flow_record_read(t, f, e) < 0)
        return e->code;
    LIST_EACH (run, &f->runs, struct flow_run, link) {
        MAP_EACH (&run->nodes, it) {
            const struct flow_node *n = it.value;

            if (n->pod != NULL)
                controllers_wake(f->controllers, kind_pod.resource, str_of(n->pod));
        }
        flow_wake(run);
    }
    flow_discard_later(t, f);
    /* One that was created, but not begun in the same turn, has no run yet. */
    if (controllers_wake_all(f->controllers, t, kind_workflow.resource, e) < 0)
        return e->code;
    return flow_expiry_restore(t, f, e);
}

static const struct controller_row workflow_row = {
    .name = "workflow",
    .resource = "workflows.argoproj.io",
    .restore = restore,
    .forget = forget,
    .reconcile = reconcile_workflow,
    .gone = workflow_gone,
};

static const struct controller_row leaf_row = {
    .name = "workflow-pod",
    .resource = "pods",
    .reconcile = reconcile_pod,
    .gone = pod_gone,
};

static const struct controller_row config_row = {
    .name = "workflow-locks",
    .resource = "configmaps",
    .reconcile = reconcile_config,
};

struct flow *
flow_new(struct core *core, struct controllers *controllers, struct objects *objects,
         const struct flow_options *options)
{
    struct flow *f = NEW(struct flow);

    f->core = core;
    f->controllers = controllers;
    f->objects = objects;
    f->options = *options;
    if (f->options.artifact_key == NULL)
        f->options.artifact_key = FLOW_ARTIFACT_KEY;
    list_init(&f->runs);
    list_init(&f->unplaced);
    list_init(&f->locks);
    core_timer_init(&f->room, room_due);
    core_timer_init(&f->discard, flow_discard_due);
    core_timer_init(&f->expiry, flow_expiry_due);
    core_timer_init(&f->sweep, flow_sweep_due);
    flow_compose_attach(f);
    controllers_add(controllers, &workflow_row, f);
    controllers_add(controllers, &leaf_row, f);
    controllers_add(controllers, &config_row, f);
    return f;
}

void
flow_free(struct flow *f)
{
    if (f == NULL)
        return;
    forget(f);
    map_done(&f->by_uid);
    map_done(&f->by_pod);
    map_done(&f->lock_by_name);
    free(f);
}
