#include "flow/argo/argo_condition.h"

#include "base/buf.h"
#include "data/json.h"
#include "flow/argo/argo.h"

/* What says on which machine of a cluster a pod runs, and what it may take there: there is one
 * machine. */
static const char *const idle_fields[] = {
    "nodeSelector",      "affinity",       "tolerations",          "schedulerName",
    "priorityClassName", "podPriority",    "podPriorityClassName", "podDisruptionBudget",
    "podResources",      "resourceClaims",
};

static bool
is_used(const struct json *spec, const char *field)
{
    if (json_count(json_get(spec, field)) > 0 || json_scalar_text(json_get(spec, field)).n > 0)
        return true;
    JSON_EACH (tmpl, json_get(spec, "templates")) {
        const struct json *v = json_get(tmpl.value, field);

        if (json_count(v) > 0 || json_scalar_text(v).n > 0)
            return true;
    }
    return false;
}

char *
argo_condition_find_idle(const struct json *spec)
{
    struct buf text = BUF_INIT;

    for (size_t i = 0; i < ARRAY_LEN(idle_fields); i++)
        if (is_used(spec, idle_fields[i]))
            buf_printf(&text, "%s%s", text.n == 0 ? "" : ", ", idle_fields[i]);
    if (text.n == 0) {
        buf_done(&text);
        return NULL;
    }
    buf_cstr(&text, ": no effect on a single machine");
    return buf_take(&text);
}

void
argo_condition_add(struct json_build *b, const char *type, bool status, const char *message)
{
    json_add_object(b, NULL);
    json_add_cstr(b, "type", type);
    json_add_cstr(b, "status", status ? "True" : "False");
    if (message != NULL)
        json_add_cstr(b, "message", message);
    json_end(b);
}

void
argo_condition_add_all(struct json_build *b, const struct flow_run *run)
{
    const struct argo *a = argo_of(run);

    json_add_array(b, "conditions");
    argo_condition_add(b, "PodRunning", run->pods.active > run->pods_waiting, NULL);
    if (run->state == FLOW_RUN_OVER)
        argo_condition_add(b, "Completed", true, NULL);
    if (a->idle_fields != NULL)
        argo_condition_add(b, "SpecWarning", true, a->idle_fields);
    json_end(b);
}
