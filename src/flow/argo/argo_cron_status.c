/* What a CronWorkflow says of itself. */
#include "api/objects.h"
#include "base/err.h"
#include "data/json.h"
#include "flow/argo/argo_cron_int.h"

static void
add_condition(struct json_build *b, const char *type, const struct err *why)
{
    json_add_object(b, NULL);
    json_add_cstr(b, "type", type);
    json_add_cstr(b, "status", "True");
    json_add_cstr(b, "message", why->msg);
    json_end(b);
}

/* A child that could not be made is told until another one could. */
static void
add_conditions(struct json_build *b, const struct object *cron, const struct argo_cron_news *n)
{
    json_add_array(b, "conditions");
    if (n->wrong_spec != NULL)
        add_condition(b, "SpecError", n->wrong_spec);
    if (n->wrong_child != NULL)
        add_condition(b, "SubmissionError", n->wrong_child);
    JSON_EACH (it, object_at(cron, "status.conditions")) {
        if (!n->tried && str_is(json_str(json_get(it.value, "type")), "SubmissionError"))
            json_add_value(b, NULL, it.value);
    }
    json_end(b);
}

static void
add_status(struct json_build *b, const struct object *cron, const struct argo_cron_news *n)
{
    json_add_object(b, "status");
    json_add_array(b, "active");
    for (size_t i = 0; i < n->children->active.n; i++) {
        const struct object *child = n->children->active.at[i];

        json_add_object(b, NULL);
        json_add_cstr(b, "apiVersion", "argoproj.io/v1alpha1");
        json_add_cstr(b, "kind", "Workflow");
        json_add_str(b, "name", object_name(child));
        json_add_str(b, "namespace", object_namespace(child));
        json_add_str(b, "uid", object_uid(child));
        json_end(b);
    }
    json_end(b);
    if (n->last != NULL)
        json_add_cstr(b, "lastScheduledTime", n->last);
    else
        json_add_value(b, "lastScheduledTime", object_at(cron, "status.lastScheduledTime"));
    add_conditions(b, cron, n);
    json_add_int(b, "succeeded", n->children->succeeded);
    json_add_int(b, "failed", n->children->failed);
    json_add_cstr(b, "phase", n->stopped ? "Stopped" : "Active");
    json_end(b);
}

static void
add_metadata(struct json_build *b, const struct object *cron, const struct argo_cron_news *n)
{
    const struct json *metadata = object_at(cron, "metadata");
    static const char *const used[] = {ARGO_CRON_LABEL("last-used-schedule"), NULL};
    static const char *const completed[] = {ARGO_CRON_LABEL("completed"), NULL};

    json_add_object(b, "metadata");
    json_add_fields(b, metadata, (const char *const[]){"labels", "annotations", NULL});
    json_add_object(b, "labels");
    json_add_fields(b, json_get(metadata, "labels"), completed);
    if (n->stopped)
        json_add_cstr(b, ARGO_CRON_LABEL("completed"), "true");
    json_end(b);
    json_add_object(b, "annotations");
    json_add_fields(b, json_get(metadata, "annotations"), used);
    json_add_cstr(b, ARGO_CRON_LABEL("last-used-schedule"), n->schedules);
    json_end(b);
    json_end(b);
}

int
argo_cron_write(struct objects *os, struct turn *t, const struct object *cron,
                const struct argo_cron_news *n, struct err *e)
{
    cleanup_json struct json_doc *next = NULL;
    struct json_build b = JSON_BUILD_INIT;

    json_add_object(&b, NULL);
    json_add_fields(&b, object_root(cron), (const char *const[]){"metadata", "status", NULL});
    add_metadata(&b, cron, n);
    add_status(&b, cron, n);
    json_end(&b);
    next = json_build_done(&b);
    return objects_update(os, t, &kind_cron_workflow, object_namespace(cron), json_root(next),
                          OBJECTS_ALL, NULL, e);
}
