#include "flow/flow_leaf.h"

#include <string.h>

#include "api/objects.h"
#include "base/err.h"
#include "base/log.h"
#include "core/turn.h"
#include "data/json.h"
#include "flow/flow_daemon.h"
#include "flow/flow_end.h"
#include "flow/flow_gate.h"
#include "flow/flow_hooks.h"
#include "flow/flow_int.h"
#include "flow/flow_pump.h"
#include "flow/flow_run.h"

/* What the pod controller left on the Pod; see control/pod.h for the contract. */
#define OUTPUTS_ANNOTATION "sluice.dev/outputs"

static void
know_pod(struct flow_node *n, struct str uid)
{
    free(n->pod);
    n->pod = str_dup(uid);
    map_put(&n->run->flow->by_pod, uid, n);
    n->pod_active = n->pod_waits = true;
    flow_gate_enter(&n->run->pods);
    n->run->pods_waiting++;
}

/* The Pod left the queue: it runs, or is over. */
static void
stop_waiting(struct flow_node *n)
{
    if (!n->pod_waits)
        return;
    n->pod_waits = false;
    n->run->pods_waiting--;
    flow_pump_uncrowd(n->run);
}

void
flow_leaf_passed(struct flow_node *n)
{
    if (!n->pod_active)
        return;
    n->pod_active = false;
    flow_gate_leave(&n->run->pods);
}

void
flow_leaf_left(struct flow_node *n)
{
    if (n->pod != NULL)
        map_remove(&n->run->flow->by_pod, str_of(n->pod));
    stop_waiting(n);
    flow_leaf_passed(n);
    if (n->kind == FLOW_LEAF)
        n->run->pods_done++;
}

void
flow_leaf_adopt(struct flow_node *n)
{
    cleanup_free char *uid = TAKE(n->pod);
    struct flow *f = n->run->flow;

    if (uid == NULL) {
        if (list_empty(&f->unplaced))
            flow_set_timer(f, &f->room, 0);
        list_append(&f->unplaced, &n->wait_link);
        return;
    }
    know_pod(n, str_of(uid));
    if (n->phase != FLOW_PENDING)
        stop_waiting(n);
    if ((n->flags & FLOW_PASSED) != 0)
        flow_leaf_passed(n);
}

static int
end_with_error(struct turn *t, struct flow_node *n, const char *message, struct err *e)
{
    struct flow_result r = {.phase = FLOW_ERROR, .message = xstrdup(message)};
    int rc = flow_end(t, n, &r, e);

    flow_result_done(&r);
    return rc;
}

/* It did what it was told; how its command took that says nothing. */
static int
end_dismissed(struct turn *t, struct flow_node *n, struct err *e)
{
    struct flow_result r = {.phase = FLOW_SUCCEEDED};

    json_doc_unref(TAKE(n->outputs));
    return flow_end(t, n, &r, e);
}

/* The Pod is gone: somebody took it away, or it went because we told it to. */
static int
pod_lost(struct turn *t, struct flow_node *n, struct err *e)
{
    struct flow_result r = {.phase = FLOW_FAILED};
    int rc;

    if ((n->flags & FLOW_DISMISSED) != 0)
        return end_dismissed(t, n, e);
    if ((n->flags & FLOW_STOPPED) == 0)
        return end_with_error(t, n, "pod deleted", e);
    r.message = xstrdup(n->message != NULL ? n->message : "stopped");
    rc = flow_end(t, n, &r, e);
    flow_result_done(&r);
    return rc;
}

/* A manifest that the language or the API finds wrong is the workflow's fault; what the store
 * refuses is not. */
static bool
is_own_fault(int code)
{
    return code == ERR_INVALID || code == ERR_EXISTS || code == ERR_BADREQUEST ||
           code == ERR_NOTFOUND || code == ERR_CONFLICT || code == ERR_UNSUPPORTED ||
           code == ERR_TOOLARGE || code == ERR_FORBIDDEN;
}

enum { ROOM_PAUSE_US = 1000 * 1000 };

static void
wait_for_room(struct turn *t, struct flow_node *n)
{
    struct flow *f = n->run->flow;

    if (list_empty(&f->unplaced))
        flow_set_timer(f, &f->room, turn_now_us(t) + ROOM_PAUSE_US);
    list_append(&f->unplaced, &n->wait_link);
    flow_node_explain(n, "waiting for room on the disk");
}

/* It goes on: shown once, then looked at without writing anything. */
static void
keep_tending(struct flow_node *n, struct flow_result *r, int64_t again_us)
{
    if (n->phase != FLOW_RUNNING) {
        n->phase = FLOW_RUNNING;
        flow_node_explain(n, r->message != NULL ? r->message : "waiting for its conditions");
        flow_run_changed(n->run);
    }
    if (r->outputs != NULL) {
        json_doc_unref(n->outputs);
        n->outputs = TAKE(r->outputs);
        flow_node_touch(n);
    }
    flow_set_timer(n->run->flow, &n->timer, again_us);
}

int
flow_leaf_tend(struct turn *t, struct flow_node *n, struct err *e)
{
    struct flow_result r = {.phase = FLOW_PENDING};
    struct err why = ERR_INIT;
    int64_t again_us = 0;
    int rc = n->run->language->tend(t, n, &r, &again_us, &why);

    if (rc == ERR_FULL) {
        wait_for_room(t, n);
        rc = 0;
    } else if (rc < 0) {
        *e = why;
    } else if (flow_phase_is_final(r.phase)) {
        rc = flow_end(t, n, &r, e);
    } else {
        keep_tending(n, &r, again_us);
    }
    flow_result_done(&r);
    return rc;
}

/* ERR_EXISTS: the name is taken. */
static int
create_pod(struct turn *t, struct flow_node *n, bool *none, struct object **ret, struct err *e)
{
    cleanup_json struct json_doc *manifest = NULL;
    int rc = n->run->language->pod(t, n, &manifest, e);

    *none = rc >= 0 && manifest == NULL;
    if (rc < 0 || *none)
        return rc;
    return objects_create(n->run->flow->objects, t, &kind_pod, str_of(n->run->namespace),
                          json_root(manifest), ret, e);
}

static int
try_place(struct turn *t, struct flow_node *n, struct err *e)
{
    cleanup_object struct object *pod = NULL;
    struct err why = ERR_INIT;
    bool none = false;
    int rc = create_pod(t, n, &none, &pod, &why);

    /* Names end in a hash: among many thousand pods two may meet. */
    if (rc == ERR_EXISTS && (n->flags & FLOW_RENAMED) == 0) {
        n->flags |= FLOW_RENAMED;
        why = ERR_INIT;
        rc = create_pod(t, n, &none, &pod, &why);
    }
    if (rc >= 0 && none)
        return flow_leaf_tend(t, n, e);
    if (rc == ERR_FULL) {
        wait_for_room(t, n);
        return 0;
    }
    if (rc < 0 && is_own_fault(rc))
        return end_with_error(t, n, why.msg, e);
    if (rc < 0) {
        *e = why;
        return rc;
    }
    know_pod(n, object_uid(pod));
    flow_node_explain(n, "waiting for the pod to be started");
    return 0;
}

int
flow_leaf_place(struct turn *t, struct flow_node *n, struct err *e)
{
    n->run->pods_total++;
    return try_place(t, n, e);
}

int
flow_leaf_retry(struct turn *t, struct flow *f, struct err *e)
{
    struct list again, *link;

    list_init(&again);
    while ((link = list_shift(&f->unplaced)) != NULL)
        list_append(&again, link);
    while ((link = list_shift(&again)) != NULL) {
        struct flow_node *n = LIST_ITEM(link, struct flow_node, wait_link);

        if (try_place(t, n, e) < 0)
            return e->code;
    }
    return 0;
}

static int64_t
stamp(const struct json *outputs, const char *field)
{
    int64_t us = 0;

    return json_int(json_get(outputs, field), &us) ? us : 0;
}

/* Times and samples that the runtime measured; kept where they are better than our own. */
static void
take_measures(struct flow_node *n, const struct json *outputs)
{
    const struct json *samples = json_get(outputs, "samples");
    int64_t started = stamp(outputs, "started_us");
    int64_t ended = stamp(outputs, "ended_us");

    n->ready_us = stamp(outputs, "ready_us");
    n->saved_us = stamp(outputs, "saved_us");
    n->cpu_us = stamp(samples, "cpu_us");
    n->memory_peak_bytes = stamp(samples, "memory_peak_bytes");
    if (started != 0)
        n->started_us = started;
    if (ended != 0)
        n->ended_us = ended;
}

static int
pod_over(struct turn *t, struct flow_node *n, const struct object *pod, struct err *e)
{
    struct str text = object_annotation(pod, OUTPUTS_ANNOTATION);
    cleanup_json struct json_doc *outputs = NULL;
    struct flow_result r = {.phase = FLOW_PENDING};
    struct err why = ERR_INIT;
    int rc;

    if (text.n != 0 && json_parse(text, NULL, &outputs, &why) >= 0)
        take_measures(n, json_root(outputs));
    if ((n->flags & FLOW_DISMISSED) != 0)
        return end_dismissed(t, n, e);
    rc = n->run->language->collect(t, n, pod, &r, e);
    if (rc >= 0)
        rc = flow_end(t, n, &r, e);
    flow_result_done(&r);
    return rc;
}

/* Why a Pod does not run yet: what the runtime says it waits for, or the container's reason. */
static void
show_waiting(struct flow_node *n, const struct object *pod)
{
    bool queued = str_is(json_str(object_at(pod, "status.reason")), "Queued");
    struct str message_of_pod = json_str(object_at(pod, "status.message"));
    struct str waiting = queued ? message_of_pod : STR_NULL;
    char text[512] = "";

    if ((n->flags & FLOW_STOPPED) != 0)
        return;
    if (str_is(json_str(object_at(pod, "status.reason")), "Unschedulable"))
        snprintf(text, sizeof text, "Unschedulable: %.*s", STR_ARG(message_of_pod));
    JSON_EACH (it, object_at(pod, "status.containerStatuses")) {
        const struct json *why = json_at_path(it.value, "state.waiting");
        struct str reason = json_str(json_get(why, "reason"));
        struct str message = json_str(json_get(why, "message"));

        if (reason.n != 0 && !str_is(reason, "PodInitializing") &&
            !str_is(reason, "ContainerCreating"))
            snprintf(text, sizeof text, "%.*s%s%.*s", STR_ARG(reason), message.n != 0 ? ": " : "",
                     STR_ARG(message));
    }
    if (text[0] != '\0' && (n->message == NULL || strcmp(n->message, text) != 0)) {
        flow_node_say(n, text);
        flow_run_changed(n->run);
    }
    if (waiting.n != 0)
        snprintf(text, sizeof text, "%.*s", STR_ARG(waiting));
    if (text[0] != '\0' && (n->reason == NULL || strcmp(n->reason, text) != 0))
        flow_node_explain(n, text);
}

static int
pod_running(struct turn *t, struct flow_node *n, struct err *e)
{
    if (n->phase == FLOW_RUNNING)
        return 0;
    n->phase = FLOW_RUNNING;
    n->started_us = turn_now_us(t);
    if ((n->flags & FLOW_STOPPED) == 0)
        flow_node_say(n, NULL);
    flow_node_explain(n, "running");
    stop_waiting(n);
    flow_run_changed(n->run);
    return flow_hooks_ask(t, n, FLOW_AT_START, e);
}

int
flow_leaf_look(struct turn *t, struct flow_node *n, const struct object *pod, struct err *e)
{
    struct str phase;

    if (n->state != FLOW_OPEN)
        return 0;
    if (pod == NULL)
        return pod_lost(t, n, e);
    phase = json_str(object_at(pod, "status.phase"));
    if (str_is(phase, "Succeeded") || str_is(phase, "Failed"))
        return pod_over(t, n, pod, e);
    if (str_is(phase, "Running"))
        return pod_running(t, n, e) < 0 ? e->code : flow_daemon_look(t, n, pod, e);
    show_waiting(n, pod);
    return 0;
}

int
flow_leaf_stop(struct turn *t, struct flow_node *n, struct err *e)
{
    struct flow *f = n->run->flow;
    cleanup_object struct object *pod = objects_find_uid(f->objects, t, str_of(n->pod));
    struct objects_delete how = {.grace_seconds = -1};
    int rc;

    if (pod == NULL)
        return pod_lost(t, n, e);
    rc = objects_delete(f->objects, t, &kind_pod, object_namespace(pod), object_name(pod), &how,
                        NULL, e);
    return rc == ERR_NOTFOUND ? 0 : rc;
}
