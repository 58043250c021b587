#include "flow/argo/argo_after.h"

#include "api/objects.h"
#include "base/clock.h"
#include "base/err.h"
#include "core/turn.h"
#include "data/json.h"
#include "data/timestamp.h"
#include "flow/argo/argo.h"
#include "flow/argo/argo_time.h"
#include "flow/flow_int.h"
#include "flow/flow_sweep.h"
#include "schema/selector.h"

enum { PAGE = 200, DELAY_US = 5 * CLOCK_SECOND };

/* Whose end podGC waits for, and whether it must be a good one. */
struct strategy {
    const char *name;
    bool of_pod, good;
};

static const struct strategy *
strategy_of(const struct json *spec)
{
    static const struct strategy strategies[] = {
        {"OnPodCompletion", true, false},
        {"OnPodSuccess", true, true},
        {"OnWorkflowCompletion", false, false},
        {"OnWorkflowSuccess", false, true},
    };
    struct str name = json_str(json_at_path(spec, "podGC.strategy"));

    for (size_t i = 0; i < ARRAY_LEN(strategies); i++) {
        if (str_is(name, strategies[i].name))
            return &strategies[i];
    }
    return NULL;
}

static int64_t
delay_us(const struct json *spec)
{
    struct str text = json_str(json_at_path(spec, "podGC.deleteDelayDuration"));
    struct err ignored = ERR_INIT;
    int64_t us;

    return text.n > 0 && argo_time_duration(text, &us, &ignored) >= 0 ? us : DELAY_US;
}

/* Any pod, if there is no selector; none, if it cannot be read. */
static bool
is_chosen(const struct json *spec, const struct object *pod)
{
    const struct json *given = json_at_path(spec, "podGC.labelSelector");
    cleanup_selector struct selector *s = NULL;
    struct err ignored = ERR_INIT;

    return json_is_null(given) || (selector_from_json(given, &s, &ignored) >= 0 &&
                                   selector_matches(s, object_at(pod, "metadata.labels")));
}

void
argo_after_leaf(struct turn *t, struct flow_node *leaf)
{
    const struct json *spec = argo_of(leaf->run)->spec;
    const struct strategy *s = strategy_of(spec);
    struct flow *f = leaf->run->flow;
    cleanup_object struct object *pod = NULL;

    if (s == NULL || !s->of_pod || leaf->pod == NULL || (s->good && leaf->phase != FLOW_SUCCEEDED))
        return;
    pod = objects_find_uid(f->objects, t, str_of(leaf->pod));
    if (pod != NULL && is_chosen(spec, pod))
        flow_sweep_later(f, str_of(leaf->pod), turn_now_us(t) + delay_us(spec));
}

/* When things go; 0: never. */
struct after {
    int64_t pods_us, object_us;
};

/* ttlStrategy: what is said of this end goes before what is said of any. */
static struct after
after_of(const struct json *spec, bool good, int64_t ended_us)
{
    const struct strategy *s = strategy_of(spec);
    const struct json *ttl = json_get(spec, "ttlStrategy");
    struct after a = {0};
    int64_t seconds;

    if (s != NULL && (s->of_pod || !s->good || good))
        a.pods_us = ended_us + delay_us(spec);
    if (json_int(json_get(ttl, good ? "secondsAfterSuccess" : "secondsAfterFailure"), &seconds) ||
        json_int(json_get(ttl, "secondsAfterCompletion"), &seconds))
        a.object_us = ended_us + seconds * CLOCK_SECOND;
    return a;
}

void
argo_after_run(struct flow_run *run)
{
    struct after a =
        after_of(argo_of(run)->spec, run->result.phase == FLOW_SUCCEEDED, run->ended_us);

    run->expires_us =
        a.pods_us != 0 && (a.object_us == 0 || a.pods_us < a.object_us) ? a.pods_us : a.object_us;
}

/* Deletes those of a page that are to go; returns how many, or a negative code. */
static int
sweep_page(struct flow *f, struct turn *t, const object_vec *pods, const struct json *spec,
           struct err *e)
{
    const struct strategy *s = strategy_of(spec);
    struct objects_delete how = {.grace_seconds = 0};
    int n = 0;

    for (size_t i = 0; i < pods->n; i++) {
        const struct object *pod = pods->at[i];
        bool good = str_is(json_str(object_at(pod, "status.phase")), "Succeeded");

        if (!object_is_finished(pod) || object_is_deleting(pod) ||
            (s->of_pod && s->good && !good) || !is_chosen(spec, pod))
            continue;
        how.uid = object_uid(pod);
        if (objects_delete(f->objects, t, &kind_pod, object_namespace(pod), object_name(pod), &how,
                           NULL, e) < 0 &&
            e->code != ERR_NOTFOUND)
            return e->code;
        n++;
    }
    return n;
}

/* The first page of the workflow's pods in which any are to go; their number, 0: none is left. */
static int
sweep(struct flow *f, struct turn *t, const struct object *o, const struct json *spec,
      struct err *e)
{
    cleanup_free char *name = str_dup(object_name(o));
    struct objects_query q = {.kind = &kind_pod,
                              .ns = object_namespace(o),
                              .label_key = "workflows.argoproj.io/workflow",
                              .label_value = name,
                              .limit = PAGE};
    cleanup_free char *after = NULL;
    bool more = true;
    int n = 0;

    while (n == 0 && more) {
        object_vec pods = VEC_INIT;

        n = objects_list(f->objects, t, &q, &pods, &more, e);
        if (n >= 0)
            n = sweep_page(f, t, &pods, spec, e);
        if (pods.n > 0) {
            free(after);
            after = str_dup(object_name(vec_last(&pods)));
            q.after_ns = q.ns;
            q.after_name = str_of(after);
        }
        more = more && pods.n > 0;
        object_vec_done(&pods);
    }
    return n;
}

int
argo_after_expired(struct flow *f, struct turn *t, const struct object *o,
                   const struct json *frozen, struct flow_expired *x, struct err *e)
{
    const struct json *spec = json_get(frozen, "spec");
    bool good = str_is(json_str(object_at(o, "status.phase")), "Succeeded");
    struct err ignored = ERR_INIT;
    int64_t ended_us = 0;
    struct after a;
    int n;

    if (timestamp_parse(json_str(object_at(o, "status.finishedAt")), &ended_us, &ignored) < 0) {
        x->again_us = turn_now_us(t) + CLOCK_SECOND; /* its status comes with a later message */
        return 0;
    }
    a = after_of(spec, good, ended_us);
    x->remove = a.object_us != 0 && a.object_us <= turn_now_us(t);
    if (x->remove)
        return 0;
    n = a.pods_us != 0 ? sweep(f, t, o, spec, e) : 0;
    x->again_us = n > 0 ? turn_now_us(t) : a.object_us;
    return n < 0 ? n : 0;
}
