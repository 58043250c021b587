#include "flow/argo/argo_nodes.h"

#include <inttypes.h>

#include "api/object.h"
#include "base/buf.h"
#include "base/err.h"
#include "data/json.h"
#include "flow/argo/argo.h"
#include "flow/argo/argo_graph.h"
#include "flow/argo/argo_name.h"
#include "flow/argo/argo_output.h"
#include "flow/argo/argo_set.h"
#include "flow/argo/argo_time.h"
#include "flow/flow_lock.h"
#include "store/nodes.h"

struct composing {
    struct argo_graph graph;
    const char *workflow; /* its name */
    struct json_doc *frozen, *state;
    struct map hashes; /* of the names so far */
    struct argo mind;  /* only what argo_template() reads */
    int64_t run;
    struct json_build b;
    size_t at; /* the row being written */
};

static char *
dup_or_null(struct str s)
{
    return s.n != 0 ? str_dup(s) : NULL;
}

static int
add_vertex(void *arg, const struct node_row *row, struct err *e)
{
    struct composing *c = arg;
    struct argo_vertex *v = vec_grow(&c->graph.nodes);

    (void)e;
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

/* Upstream's id, which is a hash of the name; among many thousand nodes two may have the same, and
 * then the later one has its number behind it. */
static void
write_id(const struct composing *c, const struct argo_vertex *v, char *to, size_t size)
{
    size_t n;

    argo_name_id(c->workflow, str_of(v->name), to, size);
    n = strlen(to);
    if (v->twin)
        snprintf(to + n, size - n, "-%" PRId64, v->id);
}

static const struct json *
find_template(void *arg, struct str key)
{
    struct composing *c = arg;

    return argo_template(&c->mind, key);
}

/* Just enough of the language's memory to look templates up; borrowed from the documents. */
static void
make_mind(struct composing *c)
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
}

static int
take_run(void *arg, const struct run_row *row, struct err *e)
{
    struct composing *c = arg;

    c->run = row->run;
    if (json_parse(row->frozen, NULL, &c->frozen, e) < 0 ||
        json_parse(row->state, NULL, &c->state, e) < 0)
        return e->code;
    return 0;
}

static void
composing_done(struct composing *c)
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

static struct str
display_name(const struct composing *c, const struct argo_vertex *v)
{
    const struct argo_vertex *boundary = argo_graph_boundary(&c->graph, v);

    return argo_name_display(str_of(v->name), boundary != NULL ? str_of(boundary->name) : STR_NULL);
}

static void
add_ids(struct composing *c, const char *field, const argo_links *links)
{
    char id[512];

    if (links->n == 0)
        return;
    json_add_array(&c->b, field);
    for (size_t i = 0; i < links->n; i++) {
        write_id(c, &c->graph.nodes.at[links->at[i]], id, sizeof id);
        json_add_cstr(&c->b, NULL, id);
    }
    json_end(&c->b);
}

/* "namespaced/OWNER" of the key of another object's template; STR_NULL for the workflow's own. */
static struct str
object_of(struct str key)
{
    struct str rest = key, scope = str_cut(&rest, '/'), owner = str_cut(&rest, '/');

    return key.n == 0 || str_is(scope, "local") ? STR_NULL : str_make(key.p, scope.n + 1 + owner.n);
}

/* templateName or templateRef, and templateScope: where the call stands.  A call of a template in
 * the same object needs no reference. */
static void
add_template(struct composing *c, const struct argo_vertex *v)
{
    const struct argo_vertex *boundary = argo_graph_boundary(&c->graph, v);
    struct str key = str_of(v->template_of);
    struct str from = boundary != NULL ? object_of(str_of(boundary->template_of)) : STR_NULL;
    struct str object = object_of(key), owner = object;
    struct json_build *b = &c->b;

    if (key.n == 0)
        return;
    if (object.n == 0 || str_eq(object, from)) {
        json_add_str(b, "templateName", argo_name_template(key));
    } else {
        bool cluster = str_is(str_cut(&owner, '/'), "cluster");

        json_add_object(b, "templateRef");
        json_add_str(b, "name", owner);
        json_add_str(b, "template", argo_name_template(key));
        if (cluster)
            json_add_bool(b, "clusterScope", true);
        json_end(b);
    }
    if (from.n != 0)
        json_add_str(b, "templateScope", from);
    else
        json_add_printf(b, "templateScope", "local/%s", c->workflow);
}

static int
parse_document(struct composing *c, const char *field, struct str text, struct json_doc **ret,
               struct err *e)
{
    if (text.n == 0 || json_parse(text, NULL, ret, e) >= 0)
        return 0;
    return err_wrap(e, "node %s: %s", c->graph.nodes.at[c->at].name, field);
}

static int
add_inputs(struct composing *c, const struct node_row *row, struct err *e)
{
    cleanup_json struct json_doc *doc = NULL;

    if (parse_document(c, "inputs", row->inputs, &doc, e) < 0)
        return e->code;
    if (json_count(json_root(doc)) != 0)
        json_add_value(&c->b, "inputs", json_root(doc));
    return 0;
}

/* How far a leaf's command is.  What has ended counts as complete, whatever it said last. */
static void
add_progress(struct composing *c, const struct node_row *row, const struct json *outputs)
{
    struct str total = json_str(json_get(outputs, ARGO_PROGRESS));

    if (row->kind != FLOW_LEAF)
        return;
    (void)str_cut(&total, '/');
    if (row->state == FLOW_OPEN)
        json_add_cstr(&c->b, "progress", "0/1");
    else if (total.n == 0)
        json_add_cstr(&c->b, "progress", "1/1");
    else
        json_add_printf(&c->b, "progress", "%.*s/%.*s", STR_ARG(total), STR_ARG(total));
}

static int
add_outputs(struct composing *c, const struct node_row *row, struct err *e)
{
    cleanup_json struct json_doc *doc = NULL;
    const struct json *outputs;
    size_t hidden;

    if (parse_document(c, "outputs", row->outputs, &doc, e) < 0)
        return e->code;
    outputs = json_root(doc);
    add_progress(c, row, outputs);
    if ((row->flags & FLOW_PASSED) != 0 && row->state == FLOW_OPEN) {
        json_add_bool(&c->b, "daemoned", true);
        json_add_value(&c->b, "podIP", json_get(outputs, ARGO_IP));
        return 0;
    }
    /* What a loop gathered is the engine's own: upstream's groups have no outputs. */
    hidden = (json_get(outputs, ARGO_PROGRESS) != NULL) + (json_get(outputs, ARGO_IP) != NULL) +
             (json_get(outputs, ARGO_CONTAINERS) != NULL);
    if (row->kind == FLOW_LOOP || json_count(outputs) == hidden)
        return 0;
    json_add_object(&c->b, "outputs");
    json_add_fields(&c->b, outputs,
                    (const char *const[]){ARGO_PROGRESS, ARGO_IP, ARGO_CONTAINERS, NULL});
    json_end(&c->b);
    return 0;
}

/* What has no pod of its own took what those below it took. */
static void
add_resources(struct composing *c, const struct node_row *row, const struct argo_vertex *v)
{
    if (row->ended_us != 0 && (row->pod.n != 0 || v->contained.n != 0))
        argo_usage_write(&c->b, v->usage);
}

/* A node is younger than the one that contains it. */
static void
sum_usage(struct composing *c)
{
    for (size_t i = c->graph.nodes.n; i-- > 0;) {
        const struct argo_vertex *v = &c->graph.nodes.at[i];
        uintptr_t parent = (uintptr_t)map_get_u64(&c->graph.by_id, (uint64_t)v->parent);

        if (parent != 0)
            argo_usage_add(&c->graph.nodes.at[parent - 1].usage, v->usage);
    }
}

static void
add_flags(struct composing *c, const struct argo_vertex *v)
{
    uintptr_t parent = (uintptr_t)map_get_u64(&c->graph.by_id, (uint64_t)v->parent);
    bool retried = parent != 0 && c->graph.nodes.at[parent - 1].kind == FLOW_RETRY;
    bool hooked = (v->flags & FLOW_HOOK) != 0;

    if (!retried && !hooked)
        return;
    json_add_object(&c->b, "nodeFlag");
    if (hooked)
        json_add_bool(&c->b, "hooked", true);
    else
        json_add_bool(&c->b, "retried", true);
    json_end(&c->b);
}

static void
add_times(struct composing *c, const struct node_row *row)
{
    struct json_build *b = &c->b;

    argo_time_add(b, "startedAt", row->started_us);
    argo_time_add(b, "finishedAt", row->ended_us);
    if (row->pod.n == 0)
        return;
    /* Not upstream's: when a leaf passed each stage, in microseconds. */
    json_add_object(b, "stages");
    json_add_int(b, "queued", row->queued_us);
    json_add_int(b, "ready", row->ready_us);
    json_add_int(b, "started", row->started_us);
    json_add_int(b, "ended", row->ended_us);
    json_add_int(b, "saved", row->saved_us);
    json_end(b);
}

/* What the node's spec says of it to people: the name that its template gives, else the one that
 * follows from the node's; and what became of a look-up in a cache. */
static void
add_notes(struct composing *c, const struct node_row *row, const struct argo_vertex *v)
{
    cleanup_json struct json_doc *spec = NULL;
    struct err ignored = ERR_INIT;
    struct str given = STR_NULL;

    if ((str_find(row->spec, STR("\"display\""), 0) >= 0 ||
         str_find(row->spec, STR("\"memo\""), 0) >= 0) &&
        json_parse(row->spec, NULL, &spec, &ignored) >= 0) {
        given = json_str(json_get(json_root(spec), "display"));
        json_add_value(&c->b, "memoizationStatus", json_get(json_root(spec), "memo"));
    }
    json_add_str(&c->b, "displayName", given.n != 0 ? given : display_name(c, v));
}

/* The containerSet of the template that a pod's node runs; NULL: it is of another kind. */
static const struct json *
set_of(struct composing *c, const struct node_row *row)
{
    const struct json *tmpl = row->kind == FLOW_LEAF ? find_template(c, row->template_of) : NULL;
    const struct json *set = json_get(tmpl, "containerSet");

    return json_is_null(set) ? NULL : set;
}

/* The end of the pod's node, and a node for each of its containers. */
static int
add_set(struct composing *c, const struct node_row *row, const struct json *set, struct err *e)
{
    const struct argo_vertex *v = &c->graph.nodes.at[c->at];
    cleanup_json struct json_doc *outputs = NULL;
    struct argo_set s = {.workflow = c->workflow,
                         .node = row->name,
                         .template_name = argo_name_template(row->template_of),
                         .set = set,
                         .phase = (enum flow_phase)row->phase};
    char id[512], next[512];

    if (parse_document(c, "outputs", row->outputs, &outputs, e) < 0)
        return e->code;
    s.statuses = json_get(json_root(outputs), ARGO_CONTAINERS);
    write_id(c, v, id, sizeof id);
    s.id = str_of(id);
    json_add_array(&c->b, "children");
    argo_set_add_children(&c->b, &s);
    for (size_t i = 0; i < v->next.n; i++) {
        write_id(c, &c->graph.nodes.at[v->next.at[i]], next, sizeof next);
        json_add_cstr(&c->b, NULL, next);
    }
    json_end(&c->b);
    json_end(&c->b);
    argo_set_add_nodes(&c->b, &s);
    c->at++;
    return 0;
}

static int
add_node(void *arg, const struct node_row *row, struct err *e)
{
    struct composing *c = arg;
    const struct argo_vertex *v = &c->graph.nodes.at[c->at];
    const struct argo_vertex *boundary = argo_graph_boundary(&c->graph, v);
    const struct json *set = set_of(c, row);
    struct json_build *b = &c->b;
    char id[512];

    if (!v->shown) {
        c->at++;
        return 0;
    }
    write_id(c, v, id, sizeof id);
    json_add_object(b, id);
    json_add_cstr(b, "id", id);
    json_add_str(b, "name", row->name);
    add_notes(c, row, v);
    json_add_str(b, "type", row->type);
    add_template(c, v);
    json_add_cstr(b, "phase", flow_phase_name((enum flow_phase)row->phase));
    if (row->message.n != 0)
        json_add_str(b, "message", row->message);
    if (row->reason.n != 0)
        json_add_str(b, "reason", row->reason);
    if (row->kind == FLOW_QUEUED && flow_lock_of_message(row->message).n != 0) {
        json_add_object(b, "synchronizationStatus");
        json_add_str(b, "waiting", flow_lock_of_message(row->message));
        json_end(b);
    }
    add_times(c, row);
    if (boundary != NULL) {
        write_id(c, boundary, id, sizeof id);
        json_add_cstr(b, "boundaryID", id);
    }
    if (row->pod.n != 0)
        json_add_cstr(b, "hostNodeName", "localhost");
    add_resources(c, row, v);
    add_flags(c, v);
    if (add_inputs(c, row, e) < 0 || add_outputs(c, row, e) < 0)
        return e->code;
    if (set != NULL)
        return add_set(c, row, set, e);
    add_ids(c, "children", &v->next);
    if (v->released && v->kind == FLOW_GROUP && v->template_of != NULL)
        add_ids(c, "outboundNodes", &v->outbound);
    json_end(b);
    c->at++;
    return 0;
}

static int
compose(struct composing *c, struct db *db, const struct object *workflow, struct err *e)
{
    const struct json *root = object_root(workflow);

    make_mind(c);
    c->graph.template_of = find_template;
    c->graph.arg = c;
    if (node_rows_each(db, c->run, 0, add_vertex, c, e) < 0)
        return e->code;
    argo_graph_link(&c->graph);
    sum_usage(c);
    json_add_object(&c->b, NULL);
    json_add_fields(&c->b, root, (const char *const[]){"status", NULL});
    json_add_object(&c->b, "status");
    json_add_fields(&c->b, json_get(root, "status"), (const char *const[]){"nodes", NULL});
    json_add_object(&c->b, "nodes");
    if (node_rows_each(db, c->run, 0, add_node, c, e) < 0)
        return e->code;
    json_end(&c->b);
    json_end(&c->b);
    json_end(&c->b);
    return 0;
}

int
argo_nodes_compose(struct db *db, const struct object *workflow, struct json_doc **ret,
                   struct err *e)
{
    cleanup_free char *name = str_dup(object_name(workflow));
    struct composing c = {.workflow = name, .b = JSON_BUILD_INIT};
    int rc = run_rows_find(db, object_uid(workflow), take_run, &c, e);

    if (rc == ERR_NOTFOUND) {
        *ret = json_doc_ref(object_doc(workflow));
        return 0;
    }
    if (rc >= 0)
        rc = compose(&c, db, workflow, e);
    if (rc >= 0)
        *ret = json_build_done(&c.b);
    composing_done(&c);
    return rc < 0 ? rc : 0;
}
