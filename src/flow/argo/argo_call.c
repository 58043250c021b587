#include "flow/argo/argo.h"

#include <stdarg.h>

#include "base/buf.h"
#include "base/err.h"
#include "data/json.h"

static const char *const role_names[] = {
#define ROLE_NAME(id, name) name,
    ARGO_ROLES(ROLE_NAME)};

const char *
argo_role_name(enum argo_role role)
{
    return role_names[role];
}

enum argo_role
argo_role_of(const struct flow_node *n)
{
    struct str role = json_str(json_get(json_root(n->spec), "role"));

    for (int i = 0; i < ARGO_ROLE_COUNT; i++) {
        if (str_is(role, role_names[i]))
            return (enum argo_role)i;
    }
    return ARGO_ENTRY;
}

struct flow_node *
argo_boundary(const struct flow_node *n)
{
    /* A hook stands in the template in which its owner was called. */
    const struct flow_node *from = n;

    while (from->parent != NULL && argo_role_of(from) == ARGO_HOOK)
        from = from->parent;
    return from->boundary;
}

const struct json *
argo_tasks_of(const struct flow_node *group)
{
    struct argo *a = argo_of(group->run);
    const struct json *tmpl;

    if (argo_role_of(group) == ARGO_GROUP) {
        tmpl = argo_template(a, str_of(group->parent->template_of));
        return json_item(json_get(tmpl, "steps"), (size_t)group->index);
    }
    tmpl = argo_template(a, str_of(group->template_of));
    return json_at_path(tmpl, "dag.tasks");
}

void
argo_index_tasks(struct flow_node *group)
{
    const struct json *tasks = argo_tasks_of(group);
    const struct json **at = NEW_ARRAY(const struct json *, json_count(tasks));

    JSON_EACH (task, tasks) {
        at[task.index] = task.value;
    }
    free(group->memo);
    group->memo = at;
}

static char *
task_place(const struct flow_node *dag, struct str name)
{
    return xasprintf("%s#%.*s", dag->template_of, STR_ARG(name));
}

/* Tasks are found by name through one table for each template, made when first asked. */
static void
index_names(const struct flow_node *dag)
{
    struct argo *a = argo_of(dag->run);
    cleanup_free char *mark = task_place(dag, STR(""));

    if (map_get(&a->task_at, str_of(mark)) != NULL)
        return;
    map_put(&a->task_at, str_of(mark), a);
    JSON_EACH (task, argo_tasks_of(dag)) {
        cleanup_free char *place = task_place(dag, json_str(json_get(task.value, "name")));

        map_put(&a->task_at, str_of(place), (void *)(uintptr_t)(task.index + 1));
    }
}

int64_t
argo_task_index(const struct flow_node *dag, struct str name)
{
    cleanup_free char *place = task_place(dag, name);

    index_names(dag);
    return name.n == 0
               ? -1
               : (int64_t)(uintptr_t)map_get(&argo_of(dag->run)->task_at, str_of(place)) - 1;
}

const struct json *
argo_task_at(const struct flow_node *group, int64_t index)
{
    const struct json *const *at = group->memo;

    return at != NULL ? at[index] : json_item(argo_tasks_of(group), (size_t)index);
}

const struct json *
argo_call_of(const struct flow_node *n)
{
    const struct json *spec = json_root(n->spec);

    switch (argo_role_of(n)) {
    case ARGO_TASK:
        return argo_task_at(n->parent, n->index);
    case ARGO_ITEM:
        return json_get(json_root(n->parent->spec), "task");
    case ARGO_ATTEMPT:
        return argo_call_of(n->parent);
    default:
        return json_get(spec, "call");
    }
}

int
argo_refuse(struct flow_opening *o, const char *fmt, ...)
{
    va_list ap;

    flow_opening_done(o);
    o->kind = FLOW_NOTHING;
    o->type = "Skipped";
    o->result.phase = FLOW_ERROR;
    va_start(ap, fmt);
    o->result.message = xvasprintf(fmt, ap);
    va_end(ap);
    return 0;
}
