#include "flow/argo/argo_composing.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "flow/argo/argo_name.h"
#include "flow/argo/argo_usage.h"
#include "flow/flow_int.h"
#include "store/node_rows.h"
#include "store/run_rows.h"

static char *
dup_or_null(struct str s)
{
    return s.n != 0 ? str_dup(s) : NULL;
}

int
argo_composing_take_run(void *arg, const struct run_row *row, struct err *e)
{
    struct argo_composing *c = arg;

    c->run = row->run;
    if (json_parse(row->frozen, NULL, &c->frozen, e) < 0 ||
        json_parse(row->state, NULL, &c->state, e) < 0)
        return e->code;
    return 0;
}

int
argo_composing_take_node(void *arg, const struct node_row *row, struct err *e)
{
    struct argo_composing *c = arg;
    struct argo_vertex *v = vec_grow(&c->graph.nodes);

    (void)e;
    c->last = row->id;
    *v = (struct argo_vertex){.id = row->id,
                              .parent = row->parent,
                              .index = row->index,
                              .kind = row->kind,
                              .phase = row->phase,
                              .flags = (unsigned)row->flags,
                              .name = str_dup(row->name),
                              .key = str_dup(row->key),
                              .type = str_dup(row->type),
                              .template_of = dup_or_null(row->template_of),
                              .shown = row->type.n != 0,
                              .released = row->state == FLOW_RELEASED};
    if (row->pod.n != 0 && row->ended_us != 0)
        v->usage =
            argo_usage_of(row->cpu_us, row->memory_peak_bytes, row->started_us, row->ended_us);
    map_put_u64(&c->graph.by_id, (uint64_t)row->id, (void *)(uintptr_t)c->graph.nodes.n);
    if (v->shown)
        v->twin = map_put_u64(&c->hashes, argo_name_hash(row->name), c) != NULL;
    return 0;
}

void
argo_composing_id(const struct argo_composing *c, const struct argo_vertex *v, char *to,
                  size_t size)
{
    size_t n;

    argo_name_id(c->workflow, str_of(v->name), to, size);
    n = strlen(to);
    if (v->twin)
        snprintf(to + n, size - n, "-%" PRId64, v->id);
}

const struct json *
argo_composing_template(struct argo_composing *c, struct str key)
{
    return argo_template(&c->mind, key);
}

static const struct json *
find_template(void *arg, struct str key)
{
    return argo_composing_template(arg, key);
}

void
argo_composing_prepare(struct argo_composing *c)
{
    const struct json *spec = json_get(json_root(c->frozen), "spec");

    c->mind.spec = spec;
    JSON_EACH (tmpl, json_get(spec, "templates")) {
        map_put(&c->mind.templates, json_str(json_get(tmpl.value, "name")),
                (void *)(uintptr_t)tmpl.value);
    }
    JSON_EACH (other, json_at_path(json_root(c->state), "language.others")) {
        struct argo_frozen *f = vec_grow(&c->mind.others);

        f->key = str_dup(other.key);
        f->doc = json_copy(other.value);
    }
    c->graph.template_of = find_template;
    c->graph.arg = c;
}

/* A node is younger than the one that contains it. */
void
argo_composing_sum(struct argo_composing *c, size_t from, size_t end)
{
    for (size_t i = end; i-- > from;) {
        const struct argo_vertex *v = &c->graph.nodes.at[i];
        uintptr_t parent = (uintptr_t)map_get_u64(&c->graph.by_id, (uint64_t)v->parent);

        if (parent != 0)
            argo_usage_add(&c->graph.nodes.at[parent - 1].usage, v->usage);
    }
}

void
argo_composing_done(struct argo_composing *c)
{
    argo_graph_done(&c->graph);
    map_done(&c->hashes);
    for (size_t i = 0; i < c->mind.others.n; i++) {
        free(c->mind.others.at[i].key);
        json_doc_unref(c->mind.others.at[i].doc);
    }
    vec_done(&c->mind.others);
    map_done(&c->mind.templates);
    json_doc_unref(c->frozen);
    json_doc_unref(c->state);
    json_build_cancel(&c->b);
}
