/*
 * A pod until the runtime has it: what it needs is gathered, the intent to start it recorded.  What
 * is not there is waited for, with a status that says so; what can never be ends the pod.
 *
 *   nobody takes it --> Pending, Unschedulable             until the Node takes pods again
 *   something is missing --> Pending, with the reason      looked for again after RETRY_US
 *   the runtime refused it --> Pending, with the reason    tried again after a pause that doubles
 *   its spec makes no sense, its deadline is over --> Failed
 *   else --> the runtime has it
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api/events.h"
#include "api/meta.h"
#include "api/objects.h"
#include "base/err.h"
#include "control/control_int.h"
#include "control/node.h"
#include "control/pod_int.h"
#include "core/turn.h"
#include "data/json.h"
#include "data/timestamp.h"
#include "runner/podio.h"
#include "runner/podspec.h"
#include "runner/runtime.h"

/* How long a pod that cannot start waits for what it needs: images as kubelet backs off. */
#define RETRY_US (CLOCK_SECOND / 2)
#define RETRY_IMAGE_US (10 * CLOCK_SECOND)
#define RETRY_MAX_US (300 * CLOCK_SECOND)
/* Until it is said that no machine takes a pod: meanwhile others may have said more. */
#define SAY_PENDING_US (5 * CLOCK_SECOND)

int64_t
pod_start_time(const struct object *o)
{
    const char *text = json_cstr_or(object_at(o, "status.startTime"), "");
    struct tm tm = {0};

    if (strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm) == NULL)
        return 0;
    return (int64_t)timegm(&tm) * CLOCK_SECOND;
}

bool
pod_is_bound(const struct control *c, const struct object *o)
{
    return c->config.node == NULL || json_str(object_at(o, "spec.nodeName")).n > 0;
}

int
pod_stay_pending(struct control *c, struct turn *t, const struct object *o,
                 struct controller_pass *p, struct err *e)
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
    json_add_cstr(&b, "message", "0/1 nodes are available: 1 node(s) were unschedulable.");
    json_end(&b);
    json_end(&b);
    json_end(&b);
    status = json_build_done(&b);
    return objects_set_status(c->config.objects, t, o, json_root(status), NULL, e);
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
    return pod_write_status(c, t, o, v, e);
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

static int
fail_pod(struct control *c, struct turn *t, const struct object *o, struct podview *v,
         const char *reason, const char *message, struct err *e)
{
    v->ended = true;
    v->phase = xstrdup("Failed");
    v->reason = xstrdup(reason);
    free(v->message);
    v->message = xstrdup(message);
    return pod_end(c, t, o, v, e);
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
    return fail_pod(c, t, o, v, "InvalidSpec", why->msg, e);
}

static bool
past_deadline(const struct object *o, const struct podview *v, int64_t now_us)
{
    int64_t seconds;

    return v->start_us > 0 && json_int(object_at(o, "spec.activeDeadlineSeconds"), &seconds) &&
           now_us >= v->start_us + seconds * CLOCK_SECOND;
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

/* Records the intent, or reads what an earlier process had recorded, and has the runtime take the
 * pod over. */
static int
hand_over(struct control *c, struct turn *t, const struct object *o, struct podview *v,
          struct plan *plan, struct controller_pass *p, struct err *e)
{
    int rows = pod_load_attempts(t, v, plan, e);
    bool adopt = rows > 0 && v->refusals == 0;

    if (rows < 0)
        return rows;
    if (v->start_us == 0)
        v->start_us = turn_now_us(t);
    plan->started_us = v->start_us;
    plan->created_us = v->start_us;
    if (!adopt || !has_host_address(o))
        v->address = plan->address;
    if (v->refusals == 0)
        forget_waiting(v);
    if (!pod_is_bound(c, o) &&
        objects_set_node(c->config.objects, t, o, str_of(c->config.node), e) < 0)
        return e->code;
    if (rows == 0 && (pod_insert_first(c, t, v, e) < 0 || pod_write_status(c, t, o, v, e) < 0 ||
                      pod_load_attempts(t, v, plan, e) < 0))
        return e->code;
    v->names_version = c->names.version;
    v->renew_us = podapi_renewal(plan, turn_now_us(t));
    p->again_at_us = v->renew_us;
    pod_order_start(t, v, plan, adopt);
    return 0;
}

int
pod_begin(struct control *c, struct turn *t, const struct object *o, struct podview *v,
          struct controller_pass *p, struct err *e)
{
    struct plan *plan;
    const char *reason;
    struct err why = ERR_INIT;

    if (v->start_us == 0)
        v->start_us = pod_start_time(o);
    if (past_deadline(o, v, turn_now_us(t)) && v->refusals > 0)
        return fail_pod(c, t, o, v, "DeadlineExceeded",
                        "Pod was active on the node longer than the specified deadline", e);
    if (v->retry_us > turn_now_us(t)) {
        p->again_at_us = v->retry_us;
        return 0;
    }
    if (check_spec(o, t, &why) < 0)
        return end_invalid(c, t, o, v, &why, e);
    if (podplan_gather(c, t, o, &plan, &reason, &why) < 0)
        return reason == NULL ? end_invalid(c, t, o, v, &why, e)
                              : wait_for(c, t, o, v, reason, &why, p, e);
    pod_keep_plan(t, plan);
    return hand_over(c, t, o, v, plan, p, e);
}

int
pod_refused(struct control *c, struct turn *t, const struct object *o, struct podview *v,
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
    return pod_write_status(c, t, o, v, e);
}
