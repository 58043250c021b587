/*
 * Submission of what is stored: a workflow from a template or from a CronWorkflow.
 *
 *     POST /api/v1/workflows/NS/submit
 *     {"resourceKind", "resourceName", "submitOptions": {"name", "generateName", "entryPoint",
 *      "parameters": ["a=b"], "labels": "a=b,c=d", "annotations", "serviceAccount", "priority",
 *      "podPriorityClassName", "ownerReference", "dryRun", "serverDryRun"}}
 */
#include <strings.h>

#include "api/apiserver.h"
#include "api/objects.h"
#include "base/err.h"
#include "core/turn.h"
#include "data/json.h"
#include "edge/call.h"
#include "flow/argo/argo_cron.h"
#include "flow/argo/argo_rerun.h"
#include "flow/argorest/argorest_int.h"

#define LABEL(name) "workflows.argoproj.io/" name

static const struct kind *
kind_named(struct str name)
{
    static const struct {
        const struct kind *kind;
        const char *more;
    } rows[] = {
        {&kind_workflow_template, NULL},
        {&kind_cluster_workflow_template, "cwftmpl"},
        {&kind_cron_workflow, "cronwf"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct kind *k = rows[i].kind;

        if (str_is(name, k->kind) || str_is(name, k->singular) || str_is(name, k->plural) ||
            (rows[i].more != NULL && str_is(name, rows[i].more)))
            return k;
        for (const char *const *s = k->short_names; s != NULL && *s != NULL; s++) {
            if (str_is(name, *s))
                return k;
        }
    }
    return NULL;
}

static int
prepare(struct argorest_call *c, struct err *e)
{
    struct str kind = argorest_text(c, "resourceKind"), name = argorest_text(c, "resourceName");
    const struct kind *k = kind_named(kind.p != NULL ? kind : STR(""));

    if (k == NULL)
        return err_set(e, ERR_BADREQUEST,
                       "resource kind '%.*s' is not supported for submitting: expected "
                       "WorkflowTemplate, ClusterWorkflowTemplate or CronWorkflow",
                       STR_ARG(kind));
    if (name.n == 0)
        return err_set(e, ERR_BADREQUEST, "resourceName: expected the name of a %s, found nothing",
                       k->kind);
    c->plan = (void *)(uintptr_t)k;
    return argorest_authorize(c, "get", k, NULL, k->namespaced ? c->ns : STR(""), name, e);
}

/* A workflow whose spec is the template's. */
static struct json_doc *
refer_to(const struct object *template)
{
    bool cluster = object_kind(template) == &kind_cluster_workflow_template;
    struct json_build b = JSON_BUILD_INIT;

    json_add_object(&b, NULL);
    json_add_object(&b, "metadata");
    json_add_printf(&b, "generateName", "%.*s-", STR_ARG(object_name(template)));
    json_add_object(&b, "labels");
    json_add_str(&b, cluster ? LABEL("cluster-workflow-template") : LABEL("workflow-template"),
                 object_name(template));
    json_end(&b);
    json_end(&b);
    json_add_object(&b, "spec");
    json_add_object(&b, "workflowTemplateRef");
    json_add_str(&b, "name", object_name(template));
    if (cluster)
        json_add_bool(&b, "clusterScope", true);
    json_end(&b);
    json_end(&b);
    json_end(&b);
    return json_build_done(&b);
}

/* Options. */

/* Upstream's reader does not mind capital letters. */
static struct str
option(const struct json *options, const char *name)
{
    JSON_EACH (it, options) {
        if (it.key.n == strlen(name) && strncasecmp(it.key.p, name, it.key.n) == 0)
            return json_str(it.value);
    }
    return STR_NULL;
}

/* "a=b,c=d" over a map of texts, as one. */
static int
add_map(struct json_build *b, const char *key, const struct json *own, struct str text,
        struct err *e)
{
    struct json_build over = JSON_BUILD_INIT;
    cleanup_json struct json_doc *given = NULL;

    json_add_object(&over, NULL);
    while (text.n > 0) {
        struct str value = str_cut(&text, ','), name = str_trim(str_cut(&value, '='));

        if (name.n == 0 || value.p == NULL) {
            json_build_cancel(&over);
            return err_set(e, ERR_BADREQUEST,
                           "submitOptions.%s: expected NAME=VALUE,..., found '%.*s'", key,
                           STR_ARG(name));
        }
        json_add_key(&over, name);
        json_add_str(&over, NULL, value);
    }
    json_end(&over);
    given = json_build_done(&over);
    json_add_object(b, key);
    JSON_EACH (it, own) {
        if (json_get_str(json_root(given), it.key) != NULL)
            continue;
        json_add_key(b, it.key);
        json_add_value(b, NULL, it.value);
    }
    JSON_EACH (it, json_root(given)) {
        json_add_key(b, it.key);
        json_add_value(b, NULL, it.value);
    }
    json_end(b);
    return 0;
}

static int
add_metadata(struct json_build *b, const struct json *own, const struct json *options,
             struct err *e)
{
    static const char *const replaced[] = {"labels", "annotations", "generateName", NULL};
    static const char *const owned[] = {"labels", "annotations", "generateName", "ownerReferences",
                                        NULL};
    const struct json *owner = json_get(options, "ownerReference");
    struct str name = option(options, "name"), prefix = option(options, "generateName");

    json_add_object(b, "metadata");
    json_add_fields(b, own, json_is_null(owner) ? replaced : owned);
    if (name.n > 0)
        json_add_str(b, "name", name);
    else if (prefix.n > 0)
        json_add_str(b, "generateName", prefix);
    else
        json_add_value(b, "generateName", json_get(own, "generateName"));
    if (!json_is_null(owner)) {
        json_add_array(b, "ownerReferences");
        json_add_value(b, NULL, owner);
        json_end(b);
    }
    if (add_map(b, "labels", json_get(own, "labels"), option(options, "labels"), e) < 0 ||
        add_map(b, "annotations", json_get(own, "annotations"), option(options, "annotations"), e) <
            0)
        return e->code;
    json_end(b);
    return 0;
}

static int
add_arguments(struct json_build *b, const struct json *own, const struct json *options,
              struct err *e)
{
    cleanup_json struct json_doc *values = NULL;

    if (argorest_read_parameters(json_get(options, "parameters"), &values, e) < 0)
        return err_wrap(e, "submitOptions");
    json_add_object(b, "arguments");
    json_add_fields(b, own, (const char *const[]){"parameters", NULL});
    argo_rerun_add_parameters(b, json_get(own, "parameters"), json_root(values));
    json_end(b);
    return 0;
}

static int
add_spec(struct json_build *b, const struct json *own, const struct json *options, struct err *e)
{
    struct {
        const char *field;
        struct str value;
    } texts[] = {
        {"entrypoint", option(options, "entryPoint")},
        {"serviceAccountName", option(options, "serviceAccount")},
        {"podPriorityClassName", option(options, "podPriorityClassName")},
    };
    const struct json *priority = json_get(options, "priority");
    const char *except[ARRAY_LEN(texts) + 3] = {"arguments"};
    size_t n = 1;
    int64_t number = 0;

    if (!json_is_null(priority) && !json_int(priority, &number))
        return err_set(e, ERR_BADREQUEST,
                       "submitOptions.priority: expected a whole number, found a JSON %s",
                       json_type_name(json_type(priority)));
    json_add_object(b, "spec");
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        if (texts[i].value.n > 0) {
            json_add_str(b, texts[i].field, texts[i].value);
            except[n++] = texts[i].field;
        }
    }
    if (!json_is_null(priority)) {
        json_add_int(b, "priority", number);
        except[n++] = "priority";
    }
    json_add_fields(b, own, except);
    if (add_arguments(b, json_get(own, "arguments"), options, e) < 0)
        return e->code;
    json_end(b);
    return 0;
}

static int
apply(const struct json *workflow, const struct json *options, struct json_doc **ret, struct err *e)
{
    cleanup_json_build struct json_build b = JSON_BUILD_INIT;

    json_add_object(&b, NULL);
    if (add_metadata(&b, json_get(workflow, "metadata"), options, e) < 0 ||
        add_spec(&b, json_get(workflow, "spec"), options, e) < 0)
        return e->code;
    json_end(&b);
    *ret = json_build_done(&b);
    return 0;
}

static int
run(struct argorest_call *c, struct turn *t, struct err *e)
{
    const struct json *options = json_get(json_root(c->body), "submitOptions");
    cleanup_object struct object *source = NULL;
    cleanup_json struct json_doc *base = NULL, *workflow = NULL;
    const struct kind *k = c->plan;

    if (objects_get(argorest_config(c)->objects, t, k, k->namespaced ? c->ns : STR(""),
                    argorest_text(c, "resourceName"), &source, e) < 0)
        return e->code;
    base =
        k == &kind_cron_workflow ? argo_cron_child(source, turn_now_us(t), true) : refer_to(source);
    if (apply(json_root(base), options, &workflow, e) < 0 ||
        argorest_check(c, t, &kind_workflow, json_root(workflow), ARGOREST_SUBMIT, e) < 0)
        return e->code;
    if (json_bool_or(json_get(options, "dryRun"), false)) {
        c->doc = TAKE(workflow);
        return 0;
    }
    argorest_ask(c, "POST", &kind_workflow, STR_NULL, json_root(workflow));
    if (json_bool_or(json_get(options, "serverDryRun"), false))
        argorest_ask_with(c, "dryRun", STR("All"));
    return 0;
}

const struct argorest_op argorest_submit_ops[] = {
    {.method = "POST",
     .pattern = "/api/v1/workflows/{namespace}/submit",
     .kind = &argorest_workflow,
     .right = "create",
     .prepare = prepare,
     .run = run},
    {.method = NULL},
};
