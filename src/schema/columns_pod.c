#include <inttypes.h>

#include "base/buf.h"
#include "base/err.h"
#include "data/json.h"
#include "data/timestamp.h"
#include "schema/columns_int.h"

/* What is shown of a Pod. */
struct summary {
    struct buf reason;
    int64_t restarts, ready, total;
    int64_t last_us; /* when a container ended last before it was started again; 0: never */
    bool initializing;
};

static int64_t
int_of(const struct json *object, const char *field)
{
    int64_t n = 0;

    (void)json_int(json_get(object, field), &n);
    return n;
}

static int64_t
time_of(const struct json *time)
{
    struct err ignored = ERR_INIT;
    int64_t us = 0;

    return timestamp_parse(json_str(time), &us, &ignored) == 0 ? us : 0;
}

static void
count_restarts(const struct json *status, int64_t *restarts, int64_t *last_us)
{
    int64_t ended = time_of(json_at_path(status, "lastState.terminated.finishedAt"));

    *restarts += int_of(status, "restartCount");
    if (ended > *last_us)
        *last_us = ended;
}

static void
set_reason(struct summary *s, const char *prefix, struct str reason)
{
    buf_clear(&s->reason);
    buf_printf(&s->reason, "%s%.*s", prefix, STR_ARG(reason));
}

/* How a container ended: its reason, else signal or exit code. */
static void
set_ended(struct summary *s, const char *prefix, const struct json *terminated)
{
    struct str reason = json_str(json_get(terminated, "reason"));
    int64_t signal = int_of(terminated, "signal");

    if (reason.n > 0) {
        set_reason(s, prefix, reason);
        return;
    }
    buf_clear(&s->reason);
    if (signal != 0)
        buf_printf(&s->reason, "%sSignal:%" PRId64, prefix, signal);
    else
        buf_printf(&s->reason, "%sExitCode:%" PRId64, prefix, int_of(terminated, "exitCode"));
}

/* An init container that keeps running beside the others. */
static bool
is_sidecar(const struct json *pod, struct str name)
{
    JSON_EACH (it, json_at_path(pod, "spec.initContainers"))
        if (str_eq(json_str(json_get(it.value, "name")), name))
            return str_is(json_str(json_get(it.value, "restartPolicy")), "Always");
    return false;
}

static bool
has_condition(const struct json *pod, const char *type)
{
    JSON_EACH (it, json_at_path(pod, "status.conditions"))
        if (str_is(json_str(json_get(it.value, "type")), type))
            return str_is(json_str(json_get(it.value, "status")), "True");
    return false;
}

/* One init container; true if it is what the Pod waits for. */
static bool
look_at_init(struct summary *s, const struct json *pod, const struct json *status, size_t index,
             bool sidecar)
{
    const struct json *terminated = json_at_path(status, "state.terminated");
    struct str waiting = json_str(json_at_path(status, "state.waiting.reason"));

    if (terminated != NULL && int_of(terminated, "exitCode") == 0)
        return false;
    if (sidecar && json_bool_or(json_get(status, "started"), false)) {
        s->ready += json_bool_or(json_get(status, "ready"), false);
        return false;
    }
    if (terminated != NULL) {
        set_ended(s, "Init:", terminated);
    } else if (waiting.n > 0 && !str_is(waiting, "PodInitializing")) {
        set_reason(s, "Init:", waiting);
    } else {
        buf_clear(&s->reason);
        buf_printf(&s->reason, "Init:%zu/%zu", index,
                   json_count(json_at_path(pod, "spec.initContainers")));
    }
    return true;
}

/* Restarts are those of the init containers while they run, then those of the others. */
static void
look_at_inits(struct summary *s, const struct json *pod, int64_t *sidecar_restarts,
              int64_t *sidecar_last_us)
{
    JSON_EACH (it, json_at_path(pod, "spec.initContainers"))
        s->total += str_is(json_str(json_get(it.value, "restartPolicy")), "Always");
    JSON_EACH (it, json_at_path(pod, "status.initContainerStatuses")) {
        bool sidecar = is_sidecar(pod, json_str(json_get(it.value, "name")));

        count_restarts(it.value, &s->restarts, &s->last_us);
        if (sidecar)
            count_restarts(it.value, sidecar_restarts, sidecar_last_us);
        if (look_at_init(s, pod, it.value, it.index, sidecar)) {
            s->initializing = true;
            return;
        }
    }
}

/* One container; true if it runs and is ready. */
static bool
look_at_container(struct summary *s, const struct json *status)
{
    const struct json *terminated = json_at_path(status, "state.terminated");
    struct str waiting = json_str(json_at_path(status, "state.waiting.reason"));

    count_restarts(status, &s->restarts, &s->last_us);
    if (waiting.n > 0)
        set_reason(s, "", waiting);
    else if (terminated != NULL)
        set_ended(s, "", terminated);
    else if (json_bool_or(json_get(status, "ready"), false) &&
             json_at_path(status, "state.running") != NULL) {
        s->ready++;
        return true;
    }
    return false;
}

static void
look_at_containers(struct summary *s, const struct json *pod)
{
    const struct json *statuses = json_at_path(pod, "status.containerStatuses");
    bool running = false;

    /* The first container with something to say has the last word. */
    for (size_t i = json_count(statuses); i > 0; i--)
        running = look_at_container(s, json_item(statuses, i - 1)) || running;
    if (running && str_is(buf_view(&s->reason), "Completed"))
        set_reason(s, "", has_condition(pod, "Ready") ? STR("Running") : STR("NotReady"));
}

static void
summarize(struct summary *s, const struct json *pod)
{
    struct str phase = json_str(json_at_path(pod, "status.phase"));
    struct str reason = json_str(json_at_path(pod, "status.reason"));
    int64_t sidecar_restarts = 0, sidecar_last_us = 0;

    *s = (struct summary){.reason = BUF_INIT,
                          .total = (int64_t)json_count(json_at_path(pod, "spec.containers"))};
    set_reason(s, "", reason.n > 0 ? reason : phase);
    JSON_EACH (it, json_at_path(pod, "status.conditions"))
        if (str_is(json_str(json_get(it.value, "type")), "PodScheduled") &&
            str_is(json_str(json_get(it.value, "reason")), "SchedulingGated"))
            set_reason(s, "", STR("SchedulingGated"));
    look_at_inits(s, pod, &sidecar_restarts, &sidecar_last_us);
    if (!s->initializing || has_condition(pod, "Initialized")) {
        s->restarts = sidecar_restarts;
        s->last_us = sidecar_last_us;
        look_at_containers(s, pod);
    }
    if (json_is_null(json_at_path(pod, "metadata.deletionTimestamp")))
        return;
    if (str_is(reason, "NodeLost"))
        set_reason(s, "", STR("Unknown"));
    else if (!str_is(phase, "Succeeded") && !str_is(phase, "Failed"))
        set_reason(s, "", STR("Terminating"));
}

void
columns_pod_ready(const struct json *pod, int64_t now_us, struct buf *to)
{
    struct summary s;

    (void)now_us;
    summarize(&s, pod);
    buf_printf(to, "%" PRId64 "/%" PRId64, s.ready, s.total);
    buf_done(&s.reason);
}

void
columns_pod_status(const struct json *pod, int64_t now_us, struct buf *to)
{
    struct summary s;

    (void)now_us;
    summarize(&s, pod);
    buf_str(to, buf_view(&s.reason));
    buf_done(&s.reason);
}

void
columns_pod_restarts(const struct json *pod, int64_t now_us, struct buf *to)
{
    struct summary s;

    summarize(&s, pod);
    buf_printf(to, "%" PRId64, s.restarts);
    if (s.restarts != 0 && s.last_us != 0) {
        buf_cstr(to, " (");
        columns_write_age(now_us - s.last_us, to);
        buf_cstr(to, " ago)");
    }
    buf_done(&s.reason);
}

void
columns_pod_ip(const struct json *pod, int64_t now_us, struct buf *to)
{
    struct str ip = json_str(json_get(json_item(json_at_path(pod, "status.podIPs"), 0), "ip"));

    (void)now_us;
    if (ip.n == 0)
        ip = json_str(json_at_path(pod, "status.podIP"));
    buf_str(to, ip.n > 0 ? ip : STR("<none>"));
}

void
columns_pod_gates(const struct json *pod, int64_t now_us, struct buf *to)
{
    const struct json *gates = json_at_path(pod, "spec.readinessGates");
    size_t met = 0;

    (void)now_us;
    JSON_EACH (it, gates)
        met += has_condition(pod, json_cstr_or(json_get(it.value, "conditionType"), ""));
    if (json_count(gates) == 0)
        buf_cstr(to, "<none>");
    else
        buf_printf(to, "%zu/%zu", met, json_count(gates));
}
