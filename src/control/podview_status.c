/* Pod.status, field by field (k8s.io/api/core/v1 PodStatus). */
#include <string.h>
#include <time.h>

#include "control/control_int.h"
#include "control/podaddress.h"
#include "control/podview.h"
#include "data/json.h"

#define HOST_ADDRESS "127.0.0.1"

/* RFC 3339 in seconds, as Kubernetes writes times. */
static void
write_time(int64_t wall_us, char to[32])
{
    time_t seconds = (time_t)(wall_us / CLOCK_SECOND);
    struct tm tm;

    gmtime_r(&seconds, &tm);
    strftime(to, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

static void
add_time(struct json_build *b, const char *key, int64_t wall_us)
{
    char text[32];

    if (wall_us <= 0) {
        json_add_null(b, key);
        return;
    }
    write_time(wall_us, text);
    json_add_cstr(b, key, text);
}

static void
add_id(struct json_build *b, const struct podview *v, const struct podview_container *c,
       unsigned attempt)
{
    json_add_printf(b, "containerID", "sluice://%s/%s/%u", v->uid, c->name, attempt);
}

static void
add_terminated(struct json_build *b, const struct podview *v, const struct podview_container *c,
               const struct podview_exit *x)
{
    json_add_object(b, "terminated");
    add_id(b, v, c, x->attempt);
    json_add_int(b, "exitCode", x->code);
    if (x->signal != 0)
        json_add_int(b, "signal", x->signal);
    json_add_cstr(b, "reason", x->reason);
    if (*x->message != '\0')
        json_add_cstr(b, "message", x->message);
    add_time(b, "startedAt", x->started_us);
    add_time(b, "finishedAt", x->ended_us);
    json_end(b);
}

/* What a container that has not begun waits for. */
static const char *
default_waiting(const struct podview *v, const struct podview_container *c)
{
    for (size_t i = 0; !c->init && i < v->containers.n; i++)
        if (v->containers.at[i].init)
            return "PodInitializing";
    return "ContainerCreating";
}

static void
add_state(struct json_build *b, const struct podview *v, const struct podview_container *c)
{
    json_add_object(b, "state");
    if (c->running) {
        json_add_object(b, "running");
        add_time(b, "startedAt", c->started_us);
        json_end(b);
    } else if (c->exit.there && c->waiting == NULL) {
        add_terminated(b, v, c, &c->exit);
    } else {
        json_add_object(b, "waiting");
        json_add_cstr(b, "reason", c->waiting != NULL ? c->waiting : default_waiting(v, c));
        if (c->waiting_text != NULL)
            json_add_cstr(b, "message", c->waiting_text);
        json_end(b);
    }
    json_end(b);
    json_add_object(b, "lastState");
    if (c->waiting != NULL && c->exit.there)
        add_terminated(b, v, c, &c->exit);
    else if (c->last.there)
        add_terminated(b, v, c, &c->last);
    json_end(b);
}

static void
add_container(struct json_build *b, const struct podview *v, const struct podview_container *c,
              const struct json *spec)
{
    json_add_object(b, NULL);
    json_add_cstr(b, "name", c->name);
    add_state(b, v, c);
    json_add_bool(b, "ready", c->init ? c->exit.there && c->exit.code == 0 : c->ready);
    json_add_int(b, "restartCount", c->restarts);
    json_add_str(b, "image", json_str(json_get(spec, "image")));
    json_add_cstr(b, "imageID", c->image_id != NULL ? c->image_id : "");
    if (c->running || c->exit.there)
        add_id(b, v, c, c->attempt);
    json_add_bool(b, "started", c->running && (c->probed_started || c->init));
    json_end(b);
}

static void
add_containers(struct json_build *b, const struct podview *v, const struct json *pod, bool init)
{
    const struct json *specs =
        json_get(json_get(pod, "spec"), init ? "initContainers" : "containers");
    size_t at = 0;

    if (json_count(specs) == 0)
        return;
    json_add_array(b, init ? "initContainerStatuses" : "containerStatuses");
    JSON_EACH (it, specs) {
        while (at < v->containers.n && v->containers.at[at].init != init)
            at++;
        if (at < v->containers.n)
            add_container(b, v, &v->containers.at[at++], it.value);
    }
    json_end(b);
}

static void
set_condition(struct podview *v, int which, bool value, int64_t now_us)
{
    struct podview_condition *c = &v->conditions[which];

    if (c->known && c->value == value)
        return;
    *c = (struct podview_condition){true, value, now_us};
}

static void
judge_conditions(struct podview *v, int64_t now_us)
{
    bool initialized = true, ready = !v->ended;

    for (size_t i = 0; i < v->containers.n; i++) {
        const struct podview_container *c = &v->containers.at[i];

        if (c->init)
            initialized =
                initialized && (c->probed_started || (c->exit.there && c->exit.code == 0));
        else
            ready = ready && c->ready;
    }
    set_condition(v, POD_SCHEDULED, v->queued == NULL, now_us);
    set_condition(v, POD_INITIALIZED, initialized, now_us);
    set_condition(v, POD_CONTAINERS_READY, ready, now_us);
    set_condition(v, POD_READY, ready, now_us);
}

static void
add_conditions(struct json_build *b, const struct podview *v)
{
    static const char *const names[] = {"PodScheduled", "Initialized", "ContainersReady", "Ready"};

    json_add_array(b, "conditions");
    for (int i = 0; i < POD_CONDITIONS; i++) {
        const struct podview_condition *c = &v->conditions[i];

        json_add_object(b, NULL);
        json_add_cstr(b, "type", names[i]);
        json_add_cstr(b, "status", c->value ? "True" : "False");
        json_add_null(b, "lastProbeTime");
        add_time(b, "lastTransitionTime", c->since_us);
        if (i == POD_SCHEDULED && !c->value) {
            json_add_cstr(b, "reason", "Unschedulable");
            json_add_cstr(b, "message", v->queued);
        } else if (i >= POD_CONTAINERS_READY && !c->value) {
            json_add_cstr(b, "reason", v->ended ? "PodCompleted" : "ContainersNotReady");
        }
        json_end(b);
    }
    json_end(b);
}

/* Guaranteed: every container's limits are set and equal its requests; BestEffort: none has any. */
static const char *
qos_class(const struct json *pod)
{
    static const char *const resources[] = {"cpu", "memory"};
    bool any = false, guaranteed = true;

    JSON_EACH (it, json_at_path(pod, "spec.containers")) {
        const struct json *limits = json_at_path(it.value, "resources.limits");
        const struct json *requests = json_at_path(it.value, "resources.requests");

        for (int i = 0; i < 2; i++) {
            const struct json *limit = json_get(limits, resources[i]);
            const struct json *request = json_get(requests, resources[i]);

            any = any || limit != NULL || request != NULL;
            if (limit == NULL || (request != NULL && !json_equal(limit, request)))
                guaranteed = false;
        }
    }
    return guaranteed ? "Guaranteed" : any ? "Burstable" : "BestEffort";
}

static void
add_addresses(struct json_build *b, const struct podview *v)
{
    char text[PODADDRESS_TEXT] = HOST_ADDRESS;

    json_add_cstr(b, "hostIP", HOST_ADDRESS);
    if (v->start_us == 0)
        return;
    if (v->address != 0)
        podaddress_format(v->address, text);
    json_add_cstr(b, "podIP", text);
    json_add_array(b, "podIPs");
    json_add_object(b, NULL);
    json_add_cstr(b, "ip", text);
    json_end(b);
    json_end(b);
}

struct json_doc *
podview_status(struct podview *v, const struct json *pod, int64_t now_us)
{
    struct json_build b = JSON_BUILD_INIT;

    judge_conditions(v, now_us);
    json_add_object(&b, NULL);
    json_add_cstr(&b, "phase", podview_phase(v));
    add_conditions(&b, v);
    if (v->queued != NULL && !v->ended) {
        json_add_cstr(&b, "reason", v->unschedulable ? "Unschedulable" : "Queued");
        json_add_cstr(&b, "message", v->queued);
    } else {
        if (v->reason != NULL)
            json_add_cstr(&b, "reason", v->reason);
        if (v->message != NULL)
            json_add_cstr(&b, "message", v->message);
    }
    add_addresses(&b, v);
    add_time(&b, "startTime", v->start_us);
    add_containers(&b, v, pod, true);
    add_containers(&b, v, pod, false);
    json_add_cstr(&b, "qosClass", qos_class(pod));
    json_end(&b);
    return json_build_done(&b);
}
