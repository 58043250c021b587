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
    size_t at;    /* the row being written */
    int64_t last; /* the id of the last row that was read */
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
sum_usage(struct composing *c, size_t from, size_t end)
{
    for (size_t i = end; i-- > from;) {
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
    return 0;
}

/* The row's node becomes the one that is written.  False: it came after the graph was made, or is
 * not shown. */
static bool
take_vertex(struct composing *c, const struct node_row *row)
{
    uintptr_t at = (uintptr_t)map_get_u64(&c->graph.by_id, (uint64_t)row->id);

    if (at == 0 || !c->graph.nodes.at[at - 1].shown)
        return false;
    c->at = at - 1;
    return true;
}

static int
add_node(void *arg, const struct node_row *row, struct err *e)
{
    struct composing *c = arg;
    const struct argo_vertex *v, *boundary;
    const struct json *set = set_of(c, row);
    struct json_build *b = &c->b;
    char id[512];

    c->last = row->id;
    if (!take_vertex(c, row))
        return 0;
    v = &c->graph.nodes.at[c->at];
    boundary = argo_graph_boundary(&c->graph, v);
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
    sum_usage(c, 0, c->graph.nodes.n);
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

/* In pieces. */

enum piece { RUN, VERTICES, CONTAIN, LINK, USAGE, HEAD, NODES, OVER };

struct argo_nodes {
    struct composing c;
    char *name;
    struct object *workflow;
    enum piece piece;
    size_t from; /* how many nodes of this pass are done */
    bool first;  /* no node is written yet */
};

/* How many of them are done in one piece. */
enum { ROWS = 250, LIGHT = 2000 };

void *
argo_nodes_begin(const struct object *workflow)
{
    struct argo_nodes *n = NEW(struct argo_nodes);

    n->workflow = object_ref(workflow);
    n->name = str_dup(object_name(workflow));
    n->c = (struct composing){.workflow = n->name, .b = JSON_BUILD_INIT};
    n->first = true;
    return n;
}

void
argo_nodes_end(void *nodes)
{
    struct argo_nodes *n = nodes;

    composing_done(&n->c);
    object_unref(n->workflow);
    free(n->name);
    free(n);
}

/* 1: the pass has more. */
static int
pass_some(struct argo_nodes *n, void (*some)(struct composing *c, size_t from, size_t end))
{
    size_t all = n->c.graph.nodes.n, end = n->from + LIGHT < all ? n->from + LIGHT : all;

    some(&n->c, n->from, end);
    n->from = end < all ? end : 0;
    return end < all;
}

static void
contain(struct composing *c, size_t from, size_t end)
{
    argo_graph_contain_some(&c->graph, from, end);
}

static void
link_nodes(struct composing *c, size_t from, size_t end)
{
    argo_graph_link_some(&c->graph, from, end);
}

/* From the last to the first. */
static void
sum_from_behind(struct composing *c, size_t from, size_t end)
{
    sum_usage(c, c->graph.nodes.n - end, c->graph.nodes.n - from);
}

static int
begin_graph(struct argo_nodes *n, struct db *db, struct buf *to, struct err *e)
{
    int rc = run_rows_find(db, object_uid(n->workflow), take_run, &n->c, e);

    if (rc == ERR_NOTFOUND) {
        *e = ERR_INIT;
        buf_str(to, object_text(n->workflow));
        n->piece = NODES; /* there is nothing to add */
        return 0;
    }
    if (rc < 0)
        return rc;
    make_mind(&n->c);
    n->c.graph.template_of = find_template;
    n->c.graph.arg = &n->c;
    return 0;
}

/* The text of what the builder holds, an object, without its braces. */
static void
write_fields(struct json_build *b, struct buf *to)
{
    cleanup_json struct json_doc *doc = json_build_done(b);

    json_write(to, json_root(doc));
    buf_cut(to, to->n - 1);
}

static void
write_head(struct argo_nodes *n, struct buf *to)
{
    const struct json *root = object_root(n->workflow);
    struct json_build *b = &n->c.b;

    json_add_object(b, NULL);
    json_add_fields(b, root, (const char *const[]){"status", NULL});
    json_end(b);
    write_fields(b, to);
    buf_cstr(to, ",\"status\":");
    json_add_object(b, NULL);
    json_add_fields(b, json_get(root, "status"), (const char *const[]){"nodes", NULL});
    json_end(b);
    write_fields(b, to);
    buf_cstr(to, json_count(json_get(root, "status")) > 0 ? ",\"nodes\":{" : "\"nodes\":{");
    n->c.last = 0;
}

static int
write_nodes(struct argo_nodes *n, struct db *db, struct buf *to, struct err *e)
{
    cleanup_buf struct buf text = BUF_INIT;
    int rows;

    json_add_object(&n->c.b, NULL);
    rows = node_rows_page(db, n->c.run, n->c.last, ROWS, add_node, &n->c, e);
    if (rows < 0)
        return rows;
    json_end(&n->c.b);
    write_fields(&n->c.b, &text);
    if (text.n > 1) {
        buf_cstr(to, n->first ? "" : ",");
        buf_str(to, str_slice(buf_view(&text), 1, text.n));
        n->first = false;
    }
    if (rows < ROWS)
        buf_cstr(to, "}}}");
    return rows == ROWS;
}

/* 1: this piece is not done yet. */
static int
do_piece(struct argo_nodes *n, struct db *db, struct buf *to, struct err *e)
{
    int rows;

    switch (n->piece) {
    case RUN:
        return begin_graph(n, db, to, e);
    case VERTICES:
        rows = node_rows_page(db, n->c.run, n->c.last, ROWS, add_vertex, &n->c, e);
        return rows < 0 ? rows : rows == ROWS;
    case CONTAIN:
        return pass_some(n, contain);
    case LINK:
        return pass_some(n, link_nodes);
    case USAGE:
        return pass_some(n, sum_from_behind);
    case HEAD:
        write_head(n, to);
        return 0;
    case NODES:
        return write_nodes(n, db, to, e);
    case OVER:
        break;
    }
    return 0;
}

int
argo_nodes_step(void *nodes, struct db *db, struct buf *to, struct err *e)
{
    struct argo_nodes *n = nodes;

    while (n->piece != OVER) {
        int rc = do_piece(n, db, to, e);

        if (rc < 0)
            return rc;
        if (rc == 0)
            n->piece++;
        /* A small one is done at once. */
        if (rc > 0 || (n->c.graph.nodes.n >= ROWS && n->piece != OVER))
            return 1;
    }
    return 0;
}
