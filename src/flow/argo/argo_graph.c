#include "flow/argo/argo_graph.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/err.h"
#include "data/json.h"
#include "flow/argo/depends.h"
#include "flow/flow_node.h"

static struct argo_vertex *
vertex(const struct argo_graph *g, int64_t id)
{
    uintptr_t at = (uintptr_t)map_get_u64(&g->by_id, (uint64_t)id);

    return at != 0 ? &g->nodes.at[at - 1] : NULL;
}

static uint32_t
position(const struct argo_graph *g, const struct argo_vertex *v)
{
    return (uint32_t)(v - g->nodes.at);
}

void
argo_graph_done(struct argo_graph *g)
{
    for (size_t i = 0; i < g->nodes.n; i++) {
        struct argo_vertex *v = &g->nodes.at[i];

        free(v->name);
        free(v->key);
        free(v->type);
        free(v->template_of);
        vec_done(&v->contained);
        vec_done(&v->hooks);
        vec_done(&v->next);
        vec_done(&v->outbound);
    }
    vec_done(&g->nodes);
    map_done(&g->by_id);
    map_done(&g->by_place);
}

const struct argo_vertex *
argo_graph_boundary(const struct argo_graph *g, const struct argo_vertex *v)
{
    const struct argo_vertex *up = vertex(g, v->parent);

    while (up != NULL && (up->flags & FLOW_BOUNDARY) == 0)
        up = vertex(g, up->parent);
    return up;
}

void
argo_graph_contain_some(struct argo_graph *g, size_t from, size_t end)
{
    for (size_t i = from; i < end; i++) {
        struct argo_vertex *v = &g->nodes.at[i];
        struct argo_vertex *parent = vertex(g, v->parent);
        cleanup_free char *place = NULL;

        if (parent == NULL)
            continue;
        place = xasprintf("%" PRId64 "/%s", v->parent, v->key);
        map_put(&g->by_place, str_of(place), (void *)(uintptr_t)(i + 1));
        if ((v->flags & FLOW_HOOK) != 0)
            vec_push(&parent->hooks, (uint32_t)i);
        else
            vec_push(&parent->contained, (uint32_t)i);
    }
}

static void
append(argo_links *to, const argo_links *from)
{
    for (size_t i = 0; i < from->n; i++)
        vec_push(to, from->at[i]);
}

/* The node itself, or what stands for it where it is not shown. */
static void
add_entry(struct argo_graph *g, argo_links *to, uint32_t at)
{
    const struct argo_vertex *v = &g->nodes.at[at];

    if (v->shown)
        vec_push(to, at);
    else
        for (size_t i = 0; i < v->contained.n; i++)
            add_entry(g, to, v->contained.at[i]);
}

static const argo_links *outbound_of(struct argo_graph *g, struct argo_vertex *v);

static void
add_outbound(struct argo_graph *g, argo_links *to, uint32_t at)
{
    append(to, outbound_of(g, &g->nodes.at[at]));
}

/* The task of a DAG by name. */
static struct argo_vertex *
task_named(struct argo_graph *g, const struct argo_vertex *dag, struct str name)
{
    cleanup_free char *place = xasprintf("%" PRId64 "/%.*s", dag->id, STR_ARG(name));
    uintptr_t at = (uintptr_t)map_get(&g->by_place, str_of(place));

    return at != 0 ? &g->nodes.at[at - 1] : NULL;
}

/* Marks the tasks that others depend on; what is left are the ones by which the DAG is left. */
static void
mark_inner(struct argo_graph *g, const struct argo_vertex *dag, const struct json *tmpl,
           bool *inner)
{
    JSON_EACH (task, json_at_path(tmpl, "dag.tasks")) {
        cleanup_depends struct depends *d = NULL;
        struct err ignored = ERR_INIT;

        if (task_named(g, dag, json_str(json_get(task.value, "name"))) == NULL ||
            depends_of_task(task.value, &d, &ignored) < 0)
            continue;
        for (size_t i = 0; i < depends_task_count(d); i++) {
            const struct argo_vertex *on = task_named(g, dag, depends_task_at(d, i));

            if (on != NULL)
                inner[position(g, on)] = true;
        }
    }
}

struct by_name {
    const char *key;
    uint32_t at;
};

static int
compare_names(const void *a, const void *b)
{
    return strcmp(((const struct by_name *)a)->key, ((const struct by_name *)b)->key);
}

/* In the order of their names, as upstream finds them. */
static void
outbound_of_dag(struct argo_graph *g, struct argo_vertex *dag, const struct json *tmpl)
{
    cleanup_free bool *inner = NEW_ARRAY(bool, g->nodes.n);
    cleanup_free struct by_name *last = NEW_ARRAY(struct by_name, dag->contained.n);
    size_t n = 0;

    mark_inner(g, dag, tmpl, inner);
    for (size_t i = 0; i < dag->contained.n; i++) {
        uint32_t at = dag->contained.at[i];

        if (!inner[at])
            last[n++] = (struct by_name){g->nodes.at[at].key, at};
    }
    qsort(last, n, sizeof *last, compare_names);
    for (size_t i = 0; i < n; i++)
        add_outbound(g, &dag->outbound, last[i].at);
}

static const argo_links *
outbound_of(struct argo_graph *g, struct argo_vertex *v)
{
    const struct json *tmpl;

    if (v->outbound_known)
        return &v->outbound;
    v->outbound_known = true;
    tmpl = v->template_of != NULL ? g->template_of(g->arg, str_of(v->template_of)) : NULL;
    if (v->contained.n == 0) {
        if (v->shown)
            vec_push(&v->outbound, position(g, v));
    } else if (v->kind == FLOW_RETRY ||
               (v->kind == FLOW_GROUP && json_get(tmpl, "steps") != NULL)) {
        add_outbound(g, &v->outbound, v->contained.at[v->contained.n - 1]);
    } else if (v->kind == FLOW_GROUP && json_get(tmpl, "dag") != NULL) {
        outbound_of_dag(g, v, tmpl);
    } else {
        for (size_t i = 0; i < v->contained.n; i++)
            add_outbound(g, &v->outbound, v->contained.at[i]);
    }
    return &v->outbound;
}

/* From every way out of `before` to every way into `after`. */
static void
lead(struct argo_graph *g, struct argo_vertex *before, uint32_t after)
{
    const argo_links *out = outbound_of(g, before);

    for (size_t i = 0; i < out->n; i++)
        add_entry(g, &g->nodes.at[out->at[i]].next, after);
}

static void
link_dag(struct argo_graph *g, struct argo_vertex *dag, const struct json *tmpl)
{
    JSON_EACH (task, json_at_path(tmpl, "dag.tasks")) {
        cleanup_depends struct depends *d = NULL;
        struct err ignored = ERR_INIT;
        struct argo_vertex *v = task_named(g, dag, json_str(json_get(task.value, "name")));
        bool first = true;

        if (v == NULL || depends_of_task(task.value, &d, &ignored) < 0)
            continue;
        for (size_t i = 0; i < depends_task_count(d); i++) {
            struct argo_vertex *on = task_named(g, dag, depends_task_at(d, i));

            if (on != NULL) {
                lead(g, on, position(g, v));
                first = false;
            }
        }
        if (first)
            add_entry(g, &dag->next, position(g, v));
    }
}

static void
link_steps(struct argo_graph *g, struct argo_vertex *steps)
{
    for (size_t i = 0; i < steps->contained.n; i++) {
        if (i == 0)
            add_entry(g, &steps->next, steps->contained.at[0]);
        else
            lead(g, &g->nodes.at[steps->contained.at[i - 1]], steps->contained.at[i]);
    }
}

static void
link_one(struct argo_graph *g, struct argo_vertex *v)
{
    const struct json *tmpl =
        v->template_of != NULL ? g->template_of(g->arg, str_of(v->template_of)) : NULL;

    if (v->kind == FLOW_GROUP && json_get(tmpl, "dag") != NULL) {
        link_dag(g, v, tmpl);
    } else if (v->kind == FLOW_GROUP && json_get(tmpl, "steps") != NULL) {
        link_steps(g, v);
    } else if (v->shown) {
        for (size_t i = 0; i < v->contained.n; i++)
            add_entry(g, &v->next, v->contained.at[i]);
    }
    append(&v->next, &v->hooks);
    /* Those around it that ended show by which nodes they are left, asked for or not. */
    if (v->released && v->kind == FLOW_GROUP && v->template_of != NULL)
        (void)outbound_of(g, v);
}

void
argo_graph_link_some(struct argo_graph *g, size_t from, size_t end)
{
    for (size_t i = from; i < end; i++)
        link_one(g, &g->nodes.at[i]);
}

void
argo_graph_link(struct argo_graph *g)
{
    argo_graph_contain_some(g, 0, g->nodes.n);
    argo_graph_link_some(g, 0, g->nodes.n);
}
