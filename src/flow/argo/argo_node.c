#include "flow/argo/argo_node.h"

#include "base/err.h"
#include "data/json.h"
#include "flow/argo/argo_composing.h"
#include "flow/argo/argo_name.h"
#include "flow/argo/argo_output.h"
#include "flow/argo/argo_set.h"
#include "flow/argo/argo_time.h"
#include "flow/flow_lock.h"
#include "store/node_rows.h"

static struct str
display_name(const struct argo_composing *c, const struct argo_vertex *v)
{
    const struct argo_vertex *boundary = argo_graph_boundary(&c->graph, v);

    return argo_name_display(str_of(v->name), boundary != NULL ? str_of(boundary->name) : STR_NULL);
}

static void
add_ids(struct argo_composing *c, const char *field, const argo_links *links)
{
    char id[512];

    if (links->n == 0)
        return;
    json_add_array(&c->b, field);
    for (size_t i = 0; i < links->n; i++) {
        argo_composing_id(c, &c->graph.nodes.at[links->at[i]], id, sizeof id);
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
add_template(struct argo_composing *c, const struct argo_vertex *v)
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
parse_document(struct argo_composing *c, const char *field, struct str text, struct json_doc **ret,
               struct err *e)
{
    if (text.n == 0 || json_parse(text, NULL, ret, e) >= 0)
        return 0;
    return err_wrap(e, "node %s: %s", c->graph.nodes.at[c->at].name, field);
}

static int
add_inputs(struct argo_composing *c, const struct node_row *row, struct err *e)
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
add_progress(struct argo_composing *c, const struct node_row *row, const struct json *outputs)
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
add_outputs(struct argo_composing *c, const struct node_row *row, struct err *e)
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
add_resources(struct argo_composing *c, const struct node_row *row, const struct argo_vertex *v)
{
    if (row->ended_us != 0 && (row->pod.n != 0 || v->contained.n != 0))
        argo_usage_write(&c->b, v->usage);
}

static void
add_flags(struct argo_composing *c, const struct argo_vertex *v)
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
add_times(struct argo_composing *c, const struct node_row *row)
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
add_notes(struct argo_composing *c, const struct node_row *row, const struct argo_vertex *v)
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
set_of(struct argo_composing *c, const struct node_row *row)
{
    const struct json *tmpl =
        row->kind == FLOW_LEAF ? argo_composing_template(c, row->template_of) : NULL;
    const struct json *set = json_get(tmpl, "containerSet");

    return json_is_null(set) ? NULL : set;
}

/* The end of the pod's node, and a node for each of its containers. */
static int
add_set(struct argo_composing *c, const struct node_row *row, const struct json *set, struct err *e)
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
    argo_composing_id(c, v, id, sizeof id);
    s.id = str_of(id);
    json_add_array(&c->b, "children");
    argo_set_add_children(&c->b, &s);
    for (size_t i = 0; i < v->next.n; i++) {
        argo_composing_id(c, &c->graph.nodes.at[v->next.at[i]], next, sizeof next);
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
take_vertex(struct argo_composing *c, const struct node_row *row)
{
    uintptr_t at = (uintptr_t)map_get_u64(&c->graph.by_id, (uint64_t)row->id);

    if (at == 0 || !c->graph.nodes.at[at - 1].shown)
        return false;
    c->at = at - 1;
    return true;
}

int
argo_node_add(void *arg, const struct node_row *row, struct err *e)
{
    struct argo_composing *c = arg;
    const struct argo_vertex *v, *boundary;
    const struct json *set = set_of(c, row);
    struct json_build *b = &c->b;
    char id[512];

    c->last = row->id;
    if (!take_vertex(c, row))
        return 0;
    v = &c->graph.nodes.at[c->at];
    boundary = argo_graph_boundary(&c->graph, v);
    argo_composing_id(c, v, id, sizeof id);
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
        argo_composing_id(c, boundary, id, sizeof id);
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
