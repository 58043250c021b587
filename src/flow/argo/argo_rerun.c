#include "flow/argo/argo_rerun.h"

#include "api/objects.h"
#include "base/err.h"
#include "core/turn.h"
#include "data/json.h"
#include "flow/argo/argo.h"
#include "flow/argo/argo_claim.h"
#include "flow/argo/argo_scope.h"
#include "flow/argo/argo_select.h"
#include "flow/flow_int.h"
#include "flow/flow_reopen.h"
#include "schema/selector.h"

#define LABEL(name) "workflows.argoproj.io/" name

/* Arguments. */

void
argo_rerun_add_parameters(struct json_build *b, const struct json *own, const struct json *values)
{
    json_add_array(b, "parameters");
    JSON_EACH (p, own) {
        const struct json *value = json_get_str(values, json_str(json_get(p.value, "name")));

        if (value == NULL) {
            json_add_value(b, NULL, p.value);
            continue;
        }
        json_add_object(b, NULL);
        json_add_fields(b, p.value, (const char *const[]){"value", "valueFrom", NULL});
        json_add_str(b, "value", json_scalar_text(value));
        json_end(b);
    }
    JSON_EACH (value, values) {
        if (argo_artifact_named(own, value.key) != NULL)
            continue;
        json_add_object(b, NULL);
        json_add_str(b, "name", value.key);
        json_add_str(b, "value", json_scalar_text(value.value));
        json_end(b);
    }
    json_end(b);
}

/* A spec as it is submitted anew: nobody has ended it early, arguments replaced.  `priority` NULL:
 * its own. */
static void
add_spec(struct json_build *b, const struct json *spec, const struct json *values,
         const struct json *priority)
{
    const struct json *arguments = json_get(spec, "arguments");
    const struct json *deadline = json_get(spec, "activeDeadlineSeconds");
    int64_t seconds = 1;
    const char *except[] = {"shutdown", "arguments", priority != NULL ? "priority" : "", NULL,
                            NULL};

    if (deadline != NULL && json_int(deadline, &seconds) && seconds == 0)
        except[3] = "activeDeadlineSeconds";
    json_add_object(b, "spec");
    json_add_fields(b, spec, except);
    if (priority != NULL)
        json_add_value(b, "priority", priority);
    if (arguments != NULL || json_count(values) != 0) {
        json_add_object(b, "arguments");
        json_add_fields(b, arguments, (const char *const[]){"parameters", NULL});
        argo_rerun_add_parameters(b, json_get(arguments, "parameters"), values);
        json_end(b);
    }
    json_end(b);
}

/* Retry. */

struct choosing {
    const char *workflow;
    struct selector *selector; /* NULL: nothing */
    const struct map *redo;
    const struct json *parameters;
};

static bool
chooses(void *arg, const struct node_row *row, struct str boundary)
{
    struct choosing *c = arg;
    cleanup_json struct json_doc *inputs = NULL;
    struct err ignored = ERR_INIT;
    struct argo_facts facts = {.workflow = c->workflow,
                               .name = row->name,
                               .boundary = boundary,
                               .template_of = row->template_of,
                               .phase = (enum flow_phase)row->phase};

    if (c->redo != NULL && map_get(c->redo, row->name) != NULL)
        return true;
    if (c->selector == NULL || row->type.n == 0)
        return false;
    if (row->inputs.n != 0 && json_parse(row->inputs, NULL, &inputs, &ignored) >= 0)
        facts.inputs = json_root(inputs);
    return argo_select(c->selector, &facts);
}

/* The values of the arguments, fixed when the run began: by their order. */
static void
add_values(struct json_build *b, const struct json *own, const struct json *values,
           const struct json *before)
{
    size_t i = 0;

    json_add_array(b, "parameters");
    JSON_EACH (p, own) {
        const struct json *value = json_get_str(values, json_str(json_get(p.value, "name")));

        json_add_str(b, NULL,
                     value != NULL ? json_scalar_text(value) : json_str(json_item(before, i)));
        i++;
    }
    JSON_EACH (value, values) {
        if (argo_artifact_named(own, value.key) == NULL)
            json_add_str(b, NULL, json_scalar_text(value.value));
    }
    json_end(b);
}

static int
revise(void *arg, const struct json *frozen, const struct json *state, struct json_doc **ret_frozen,
       struct json_doc **ret_state, struct err *e)
{
    const struct choosing *c = arg;
    const struct json *spec = json_get(frozen, "spec");
    struct json_build b = JSON_BUILD_INIT;

    (void)e;
    json_add_object(&b, NULL);
    json_add_fields(&b, frozen, (const char *const[]){"spec", NULL});
    add_spec(&b, spec, c->parameters, NULL);
    json_end(&b);
    *ret_frozen = json_build_done(&b);
    b = JSON_BUILD_INIT;
    json_add_object(&b, NULL);
    json_add_fields(&b, state, (const char *const[]){"parameters", NULL});
    add_values(&b, json_at_path(spec, "arguments.parameters"), c->parameters,
               json_get(state, "parameters"));
    json_end(&b);
    *ret_state = json_build_done(&b);
    return 0;
}

static int
check_phase(const struct object *o, const struct argo_rerun *how, struct err *e)
{
    struct str phase = json_str(object_at(o, "status.phase"));

    if (str_is(phase, "Failed") || str_is(phase, "Error"))
        return 0;
    if (!str_is(phase, "Succeeded"))
        return err_set(e, ERR_BADREQUEST, "Cannot retry a workflow in phase %.*s",
                       STR_ARG(phase.n != 0 ? phase : STR("Pending")));
    if ((how->restart_successful && how->selector.n != 0) ||
        (how->redo != NULL && how->redo->n > 0))
        return 0;
    return err_set(e, ERR_BADREQUEST,
                   "To retry a succeeded workflow, set the options restartSuccessful and "
                   "nodeFieldSelector");
}

/* `anew`: without a status, so that it begins like a new one. */
static int
write_spec(struct flow *f, struct turn *t, const struct object *o, const struct json *values,
           bool anew, struct err *e)
{
    cleanup_json struct json_doc *next = NULL;
    struct json_build b = JSON_BUILD_INIT;

    json_add_object(&b, NULL);
    json_add_fields(&b, object_root(o),
                    (const char *const[]){"spec", anew ? "status" : NULL, NULL});
    add_spec(&b, object_at(o, "spec"), values, NULL);
    json_end(&b);
    next = json_build_done(&b);
    return objects_update(f->objects, t, object_kind(o), object_namespace(o), json_root(next),
                          anew ? OBJECTS_ALL : OBJECTS_SPEC, NULL, e);
}

int
argo_rerun_retry(struct flow *f, struct turn *t, const struct object *o,
                 const struct argo_rerun *how, struct err *e)
{
    cleanup_free char *workflow = str_dup(object_name(o));
    cleanup_selector struct selector *selector = NULL;
    struct choosing c = {.workflow = workflow, .redo = how->redo, .parameters = how->parameters};
    struct flow_reopening r = {.chooses = chooses, .revise = revise, .arg = &c};

    if (check_phase(o, how, e) < 0)
        return e->code;
    if (how->restart_successful && how->selector.n != 0 &&
        selector_parse_fields(how->selector, &selector, e) < 0)
        return err_wrap(e, "nodeFieldSelector");
    c.selector = selector;
    /* A spec that was refused has no run. */
    if (!flow_has_run(t, object_uid(o)))
        return write_spec(f, t, o, how->parameters, true, e);
    if (write_spec(f, t, o, how->parameters, false, e) < 0)
        return e->code;
    return flow_reopen(t, f, object_uid(o), &r, e);
}

static int
add_usage(void *arg, const struct node_row *row, struct err *e)
{
    struct argo_usage *sum = arg;

    (void)e;
    if (row->pod.n != 0 && row->ended_us != 0)
        argo_usage_add(sum, argo_usage_of(row->cpu_us, row->memory_peak_bytes, row->started_us,
                                          row->ended_us));
    return 0;
}

int
argo_rerun_reopen(struct turn *t, struct flow_run *run, struct err *e)
{
    struct argo_usage *usage = &argo_of(run)->usage;

    *usage = (struct argo_usage){0};
    if (node_rows_each(turn_db(t), run->number, add_usage, usage, e) < 0)
        return e->code;
    return argo_claim_again(t, run, e);
}

/* Resubmit. */

/* Labels that tell of the old run, not of the workflow. */
static const char *const run_labels[] = {LABEL("creator"),
                                         LABEL("creator-email"),
                                         LABEL("creator-preferred-username"),
                                         LABEL("phase"),
                                         LABEL("completed"),
                                         LABEL("workflow-archiving-status"),
                                         LABEL("resubmitted-from-workflow"),
                                         NULL};

static void
add_metadata(struct json_build *b, const struct object *o)
{
    struct str prefix = json_str(object_at(o, "metadata.generateName"));

    json_add_object(b, "metadata");
    if (prefix.n != 0)
        json_add_str(b, "generateName", prefix);
    else
        json_add_printf(b, "generateName", "%.*s-", STR_ARG(object_name(o)));
    json_add_object(b, "labels");
    json_add_fields(b, object_at(o, "metadata.labels"), run_labels);
    json_add_str(b, LABEL("resubmitted-from-workflow"), object_name(o));
    json_end(b);
    json_add_value(b, "annotations", object_at(o, "metadata.annotations"));
    json_add_value(b, "ownerReferences", object_at(o, "metadata.ownerReferences"));
    json_end(b);
}

int
argo_rerun_resubmit(struct flow *f, struct turn *t, const struct object *o,
                    const struct argo_rerun *how, struct object **ret, struct err *e)
{
    cleanup_json struct json_doc *manifest = NULL;
    struct json_build b = JSON_BUILD_INIT;

    json_add_object(&b, NULL);
    add_metadata(&b, o);
    add_spec(&b, object_at(o, "spec"), how->parameters, how->priority);
    json_end(&b);
    manifest = json_build_done(&b);
    return objects_create(f->objects, t, object_kind(o), object_namespace(o), json_root(manifest),
                          ret, e);
}
