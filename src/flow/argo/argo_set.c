#include "flow/argo/argo_set.h"

#include <inttypes.h>

#include "base/mem.h"
#include "data/json.h"
#include "flow/argo/argo_name.h"
#include "flow/argo/argo_scope.h"

enum { ID_MAX = 512 };

static char *
name_of(const struct argo_set *s, struct str container)
{
    return xasprintf("%.*s.%.*s", STR_ARG(s->node), STR_ARG(container));
}

static void
add_id(struct json_build *b, const struct argo_set *s, struct str container)
{
    cleanup_free char *name = name_of(s, container);
    char id[ID_MAX];

    argo_name_id(s->workflow, str_of(name), id, sizeof id);
    json_add_cstr(b, NULL, id);
}

void
argo_set_add_children(struct json_build *b, const struct argo_set *s)
{
    JSON_EACH (it, json_get(s->set, "containers")) {
        if (json_count(json_get(it.value, "dependencies")) == 0)
            add_id(b, s, json_str(json_get(it.value, "name")));
    }
}

static bool
depends_on(const struct json *container, struct str on)
{
    JSON_EACH (it, json_get(container, "dependencies")) {
        if (str_eq(json_str(it.value), on))
            return true;
    }
    return false;
}

static void
add_next(struct json_build *b, const struct argo_set *s, struct str container)
{
    bool open = false;

    JSON_EACH (it, json_get(s->set, "containers")) {
        if (!depends_on(it.value, container))
            continue;
        if (!open)
            json_add_array(b, "children");
        open = true;
        add_id(b, s, json_str(json_get(it.value, "name")));
    }
    if (open)
        json_end(b);
}

/* How it ended; while the pod goes on it is where the pod is. */
static void
add_end(struct json_build *b, const struct argo_set *s, struct str container)
{
    const struct json *end =
        json_at_path(argo_artifact_named(s->statuses, container), "state.terminated");
    int64_t code = 0;

    if (s->statuses == NULL) {
        json_add_cstr(b, "phase", flow_phase_name(s->phase));
        return;
    }
    if (end == NULL || !json_int(json_get(end, "exitCode"), &code)) {
        json_add_cstr(b, "phase", flow_phase_name(FLOW_OMITTED));
        json_add_cstr(b, "message", "a container that it depends on did not end well");
        return;
    }
    json_add_cstr(b, "phase", flow_phase_name(code == 0 ? FLOW_SUCCEEDED : FLOW_FAILED));
    if (code != 0)
        json_add_printf(b, "message", "%s (exit code %" PRId64 ")",
                        json_cstr_or(json_get(end, "reason"), "Error"), code);
    json_add_value(b, "startedAt", json_get(end, "startedAt"));
    json_add_value(b, "finishedAt", json_get(end, "finishedAt"));
}

static void
add_node(struct json_build *b, const struct argo_set *s, struct str container)
{
    cleanup_free char *name = name_of(s, container);
    char id[ID_MAX];

    argo_name_id(s->workflow, str_of(name), id, sizeof id);
    json_add_object(b, id);
    json_add_cstr(b, "id", id);
    json_add_cstr(b, "name", name);
    json_add_str(b, "displayName", container);
    json_add_cstr(b, "type", "Container");
    json_add_str(b, "templateName", s->template_name);
    json_add_printf(b, "templateScope", "local/%s", s->workflow);
    json_add_str(b, "boundaryID", s->id);
    add_end(b, s, container);
    add_next(b, s, container);
    json_end(b);
}

void
argo_set_add_nodes(struct json_build *b, const struct argo_set *s)
{
    JSON_EACH (it, json_get(s->set, "containers")) {
        add_node(b, s, json_str(json_get(it.value, "name")));
    }
}
