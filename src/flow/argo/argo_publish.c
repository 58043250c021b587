#include "flow/argo/argo_publish.h"

#include <inttypes.h>

#include "api/objects.h"
#include "base/err.h"
#include "core/turn.h"
#include "data/json.h"
#include "flow/argo/argo.h"
#include "flow/argo/argo_condition.h"
#include "flow/argo/argo_lock.h"
#include "flow/argo/argo_time.h"

#define LABEL(name) "workflows.argoproj.io/" name

/* Labels that follow the status; nobody else's value counts. */
static const char *const own_labels[] = {LABEL("phase"), LABEL("completed"),
                                         LABEL("workflow-template"),
                                         LABEL("cluster-workflow-template"), NULL};
static const char *const own_annotations[] = {LABEL("pod-name-format"), NULL};

/* What is there, with `wanted` (NULL: nothing) over it, without our own. */
static void
add_laid_over(struct json_build *b, const struct json *before, const struct json *wanted,
              const char *const *ours)
{
    struct json_build kept = JSON_BUILD_INIT;
    struct json_doc *doc;

    json_add_object(&kept, NULL);
    JSON_EACH (it, before) {
        if (json_get_str(wanted, it.key) == NULL) {
            json_add_key(&kept, it.key);
            json_add_value(&kept, NULL, it.value);
        }
    }
    json_end(&kept);
    doc = json_build_done(&kept);
    json_add_fields(b, json_root(doc), ours);
    json_add_fields(b, wanted, ours);
    json_doc_unref(doc);
}

static void
add_labels(struct json_build *b, const struct json *before, const struct json *wanted,
           const char *phase, bool over, const struct json *ref)
{
    json_add_object(b, "labels");
    add_laid_over(b, before, wanted, own_labels);
    json_add_cstr(b, LABEL("phase"), phase);
    json_add_cstr(b, LABEL("completed"), over ? "true" : "false");
    if (!json_is_null(ref))
        json_add_value(b,
                       json_bool_or(json_get(ref, "clusterScope"), false)
                           ? LABEL("cluster-workflow-template")
                           : LABEL("workflow-template"),
                       json_get(ref, "name"));
    json_end(b);
}

static void
add_annotations(struct json_build *b, const struct json *before, const struct json *wanted)
{
    json_add_object(b, "annotations");
    add_laid_over(b, before, wanted, own_annotations);
    json_add_cstr(b, LABEL("pod-name-format"), "v2");
    json_end(b);
}

/* The object with new metadata; leaves the root open for a status. */
static void
begin_object(struct json_build *b, const struct object *now, const struct json *wanted,
             const char *phase, bool over)
{
    const struct json *root = object_root(now);
    const struct json *meta = json_get(root, "metadata");

    json_add_object(b, NULL);
    json_add_fields(b, root, (const char *const[]){"metadata", "status", NULL});
    json_add_object(b, "metadata");
    json_add_fields(b, meta, (const char *const[]){"labels", "annotations", NULL});
    add_labels(b, json_get(meta, "labels"), json_get(wanted, "labels"), phase, over,
               object_at(now, "spec.workflowTemplateRef"));
    add_annotations(b, json_get(meta, "annotations"), json_get(wanted, "annotations"));
    json_end(b);
}

static void
add_claims(struct json_build *b, const struct argo *a)
{
    if (a->claims.n == 0)
        return;
    json_add_array(b, "persistentVolumeClaims");
    for (size_t i = 0; i < a->claims.n; i++) {
        json_add_object(b, NULL);
        json_add_cstr(b, "name", a->claims.at[i]);
        json_add_object(b, "persistentVolumeClaim");
        json_add_cstr(b, "claimName", a->claims.at[i]);
        json_end(b);
        json_end(b);
    }
    json_end(b);
}

/* Templates of other objects, as they were when the run first used them. */
static void
add_stored(struct json_build *b, const struct flow_run *run, const struct object *now)
{
    const struct argo *a = argo_of(run);

    if (a->others.n != 0) {
        json_add_object(b, "storedTemplates");
        for (size_t i = 0; i < a->others.n; i++)
            json_add_value(b, a->others.at[i].key, json_root(a->others.at[i].doc));
        json_end(b);
    }
    if (!json_is_null(object_at(now, "spec.workflowTemplateRef")))
        json_add_value(b, "storedWorkflowTemplateSpec", a->spec);
}

/* One that waits for its locks has not started. */
static enum flow_phase
phase_of(const struct flow_run *run)
{
    return run->state == FLOW_RUN_OVER      ? run->result.phase
           : run->state == FLOW_RUN_WAITING ? FLOW_PENDING
                                            : FLOW_RUNNING;
}

static void
add_status(struct json_build *b, const struct flow_run *run, const struct object *now)
{
    const struct argo *a = argo_of(run);
    bool over = run->state == FLOW_RUN_OVER, waiting = run->state == FLOW_RUN_WAITING;

    json_add_object(b, "status");
    json_add_cstr(b, "phase", flow_phase_name(phase_of(run)));
    if ((over || waiting) && run->result.message != NULL)
        json_add_cstr(b, "message", run->result.message);
    argo_time_add(b, "startedAt", waiting ? 0 : run->started_us);
    argo_time_add(b, "finishedAt", over ? run->ended_us : 0);
    json_add_printf(b, "progress", "%" PRId64 "/%" PRId64, run->pods_done + a->progress_more,
                    run->pods_total + a->progress_more);
    argo_condition_add_all(b, run);
    if (over)
        argo_usage_write(b, a->usage);
    json_add_value(b, "outputs", json_root(a->outputs));
    argo_lock_add_status(b, run);
    add_claims(b, a);
    json_add_value(b, "artifactRepositoryRef", json_get(json_root(a->frozen), "repository"));
    add_stored(b, run, now);
    json_end(b);
}

int
argo_publish(struct turn *t, struct flow_run *run, const struct object *now, struct json_doc **ret,
             struct err *e)
{
    struct json_build b = JSON_BUILD_INIT;
    bool over = run->state == FLOW_RUN_OVER;
    /* workflowMetadata is applied once: whoever changes a label later keeps the change. */
    bool first = json_is_null(object_at(now, "status.phase"));

    (void)t;
    (void)e;
    begin_object(&b, now, first ? argo_of(run)->meta : NULL, flow_phase_name(phase_of(run)), over);
    add_status(&b, run, now);
    json_end(&b);
    *ret = json_build_done(&b);
    return 0;
}

int
argo_publish_refusal(struct turn *t, const struct object *now, const struct err *why,
                     struct json_doc **ret, struct err *e)
{
    struct json_build b = JSON_BUILD_INIT;
    const char *phase = why->code == ERR_INVALID ? "Failed" : "Error";

    (void)e;
    begin_object(&b, now, NULL, phase, true);
    json_add_object(&b, "status");
    json_add_cstr(&b, "phase", phase);
    json_add_cstr(&b, "message", why->msg);
    argo_time_add(&b, "startedAt", turn_now_us(t));
    argo_time_add(&b, "finishedAt", turn_now_us(t));
    json_add_array(&b, "conditions");
    argo_condition_add(&b, "Completed", true, NULL);
    json_end(&b);
    json_end(&b);
    json_end(&b);
    *ret = json_build_done(&b);
    return 0;
}
