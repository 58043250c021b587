#include "flow/argo/argo_command.h"

#include "api/objects.h"
#include "base/err.h"
#include "data/json.h"
#include "flow/argo/argo.h"
#include "flow/argo/argo_output.h"
#include "flow/argo/argo_select.h"
#include "flow/argo/argo_suspend.h"
#include "flow/flow_end.h"
#include "flow/flow_int.h"
#include "schema/selector.h"

/* The object. */

/* Writes the object with one field of its spec set, or (value NULL) without it. */
static int
write_spec(struct flow *f, struct turn *t, const struct object *o, const char *field,
           const struct json *value, struct err *e)
{
    cleanup_json struct json_doc *next = NULL;
    struct json_build b = JSON_BUILD_INIT;

    json_add_object(&b, NULL);
    json_add_fields(&b, object_root(o), (const char *const[]){"spec", NULL});
    json_add_object(&b, "spec");
    json_add_fields(&b, object_at(o, "spec"), (const char *const[]){field, NULL});
    json_add_value(&b, field, value);
    json_end(&b);
    json_end(&b);
    next = json_build_done(&b);
    return objects_update(f->objects, t, object_kind(o), object_namespace(o), json_root(next),
                          OBJECTS_SPEC, NULL, e);
}

static int
write_text(struct flow *f, struct turn *t, const struct object *o, const char *field,
           const char *json_text, struct err *e)
{
    cleanup_json struct json_doc *doc = NULL;

    if (json_parse(str_of(json_text), NULL, &doc, e) < 0)
        return e->code;
    return write_spec(f, t, o, field, json_root(doc), e);
}

static int
refuse_finished(const struct object *o, const char *verb, struct err *e)
{
    if (!object_is_finished(o))
        return 0;
    return err_set(e, ERR_BADREQUEST,
                   "cannot %s a completed workflow: workflow: \"%.*s\", namespace: \"%.*s\"", verb,
                   STR_ARG(object_name(o)), STR_ARG(object_namespace(o)));
}

/* Suspended nodes. */

typedef VEC(struct flow_node *) node_vec;

static void
find_suspended(struct flow_run *run, const struct selector *s, node_vec *ret)
{
    for (int64_t id = 1; run != NULL && id <= run->last_id; id++) {
        struct flow_node *n = map_get_u64(&run->nodes, (uint64_t)id);
        struct argo_facts facts;

        if (n == NULL || n->kind != FLOW_WAIT || n->state != FLOW_OPEN)
            continue;
        facts = (struct argo_facts){.workflow = run->name,
                                    .name = str_of(n->name),
                                    .boundary =
                                        n->boundary != NULL ? str_of(n->boundary->name) : STR_NULL,
                                    .template_of = str_of(n->template_of),
                                    .inputs = json_root(n->inputs),
                                    .phase = n->phase};
        if (s == NULL || argo_select(s, &facts))
            vec_push(ret, n);
    }
}

/* Those that the selector's text chooses; all where it is empty. */
static int
choose(struct flow *f, const struct object *o, struct str text, node_vec *ret, struct err *e)
{
    cleanup_selector struct selector *s = NULL;

    if (text.n != 0 && selector_parse_fields(text, &s, e) < 0)
        return err_wrap(e, "nodeFieldSelector");
    find_suspended(flow_run_of(f, object_uid(o)), s, ret);
    if (ret->n == 0 && text.n != 0)
        return err_set(e, ERR_BADREQUEST,
                       "currently, set only targets suspend nodes: no suspend nodes matching "
                       "nodeFieldSelector: %.*s",
                       STR_ARG(text));
    return 0;
}

/* What becomes of one suspended node: made for all before the first is touched. */
struct change {
    struct flow_node *node;
    struct flow_result result; /* phase not final: only message and outputs */
};
typedef VEC(struct change) change_vec;

static void
changes_done(change_vec *changes)
{
    for (size_t i = 0; i < changes->n; i++)
        flow_result_done(&changes->at[i].result);
    vec_done(changes);
}

static int
add_change(change_vec *changes, struct flow_node *n, enum flow_phase phase, struct str message,
           const struct json *outputs, struct err *e)
{
    struct change *c = vec_grow(changes);
    cleanup_json struct json_doc *supplied = NULL;
    struct err why = ERR_INIT;

    *c = (struct change){.node = n, .result = {.phase = phase}};
    if (message.n != 0)
        c->result.message = str_dup(message);
    if (argo_suspend_supply(n->outputs, outputs, &supplied, e) < 0)
        return e->code;
    if (phase != FLOW_SUCCEEDED) {
        c->result.outputs = TAKE(supplied);
        return 0;
    }
    if (argo_suspend_finish(supplied, &c->result.outputs, &why) >= 0)
        return 0;
    *e = why;
    return e->code;
}

static int
apply(struct turn *t, struct change *c, struct err *e)
{
    struct flow_node *n = c->node;

    if (n->state != FLOW_OPEN) /* ended with another one that it stood in */
        return 0;
    argo_output_publish(n->run, json_root(c->result.outputs));
    if (flow_phase_is_final(c->result.phase)) {
        if (c->result.message == NULL && n->message != NULL)
            c->result.message = xstrdup(n->message);
        return flow_end(t, n, &c->result, e);
    }
    if (c->result.message != NULL)
        flow_node_say(n, c->result.message);
    if (c->result.outputs != NULL) {
        json_doc_unref(n->outputs);
        n->outputs = TAKE(c->result.outputs);
        flow_node_touch(n);
    }
    flow_run_changed(n->run);
    return 0;
}

static int
apply_all(struct flow *f, struct turn *t, change_vec *changes, struct err *e)
{
    struct flow_run *run = changes->n > 0 ? changes->at[0].node->run : NULL;

    for (size_t i = 0; i < changes->n; i++) {
        if (apply(t, &changes->at[i], e) < 0) {
            flow_break(f, t, e);
            return e->code;
        }
    }
    if (run != NULL)
        flow_run_queue(run);
    return 0;
}

static int
change_nodes(struct flow *f, struct turn *t, const struct object *o, const struct argo_set *set,
             enum flow_phase phase, struct err *e)
{
    change_vec changes = VEC_INIT;
    node_vec nodes = VEC_INIT;
    int rc = choose(f, o, set->selector, &nodes, e);

    for (size_t i = 0; i < nodes.n && rc >= 0; i++)
        rc = add_change(&changes, nodes.at[i], phase, set->message, set->outputs, e);
    if (rc >= 0)
        rc = apply_all(f, t, &changes, e);
    changes_done(&changes);
    vec_done(&nodes);
    return rc;
}

/* Verbs. */

int
argo_command_suspend(struct flow *f, struct turn *t, const struct object *o, struct err *e)
{
    if (object_is_finished(o))
        return err_set(e, ERR_BADREQUEST, "cannot suspend completed workflows");
    return write_text(f, t, o, "suspend", "true", e);
}

int
argo_command_resume(struct flow *f, struct turn *t, const struct object *o, struct str selector,
                    struct err *e)
{
    struct argo_set all = {.selector = selector};

    if (refuse_finished(o, "resume", e) < 0 || change_nodes(f, t, o, &all, FLOW_SUCCEEDED, e) < 0)
        return e->code;
    if (selector.n != 0 || object_at(o, "spec.suspend") == NULL)
        return 0;
    return write_spec(f, t, o, "suspend", NULL, e);
}

int
argo_command_stop(struct flow *f, struct turn *t, const struct object *o, struct str selector,
                  struct str message, struct err *e)
{
    struct argo_set some = {.selector = selector, .message = message};

    if (refuse_finished(o, "shutdown", e) < 0)
        return e->code;
    return selector.n != 0 ? change_nodes(f, t, o, &some, FLOW_FAILED, e)
                           : write_text(f, t, o, "shutdown", "\"Stop\"", e);
}

int
argo_command_terminate(struct flow *f, struct turn *t, const struct object *o, struct err *e)
{
    if (refuse_finished(o, "shutdown", e) < 0)
        return e->code;
    return write_text(f, t, o, "shutdown", "\"Terminate\"", e);
}

static int
phase_named(struct str text, enum flow_phase *ret, struct err *e)
{
    *ret = FLOW_RUNNING;
    if (text.n == 0)
        return 0;
    for (int i = 0; i < FLOW_PHASE_COUNT; i++) {
        if (str_is(text, flow_phase_name((enum flow_phase)i)) &&
            flow_phase_is_final((enum flow_phase)i)) {
            *ret = (enum flow_phase)i;
            return 0;
        }
    }
    return err_set(e, ERR_BADREQUEST,
                   "phase '%.*s' cannot be set: expected Succeeded, Failed, Error, Skipped or "
                   "Omitted",
                   STR_ARG(str_slice(text, 0, 100)));
}

int
argo_command_set(struct flow *f, struct turn *t, const struct object *o, const struct argo_set *set,
                 struct err *e)
{
    enum flow_phase phase;

    if (refuse_finished(o, "set nodes of", e) < 0 || phase_named(set->phase, &phase, e) < 0)
        return e->code;
    if (set->selector.n == 0)
        return err_set(e, ERR_BADREQUEST, "a nodeFieldSelector is required to set nodes");
    return change_nodes(f, t, o, set, phase, e);
}

static struct flow_node *
suspended_named(const node_vec *nodes, struct str name)
{
    for (size_t i = 0; i < nodes->n; i++) {
        if (str_is(name, nodes->at[i]->name))
            return nodes->at[i];
    }
    return NULL;
}

static int
add_one(change_vec *changes, const node_vec *nodes, const struct argo_set_one *one, struct err *e)
{
    struct flow_node *n = suspended_named(nodes, one->node);
    enum flow_phase phase;

    if (n == NULL)
        return err_set(e, ERR_CONFLICT, "node %.*s does not wait any more", STR_ARG(one->node));
    if (phase_named(one->set.phase, &phase, e) < 0)
        return e->code;
    return add_change(changes, n, phase, one->set.message, one->set.outputs, e);
}

int
argo_command_set_each(struct flow *f, struct turn *t, const struct object *o,
                      const struct argo_set_one *each, size_t n, struct err *e)
{
    change_vec changes = VEC_INIT;
    node_vec nodes = VEC_INIT;
    int rc = refuse_finished(o, "set nodes of", e);

    find_suspended(flow_run_of(f, object_uid(o)), NULL, &nodes);
    for (size_t i = 0; i < n && rc >= 0; i++)
        rc = add_one(&changes, &nodes, &each[i], e);
    if (rc >= 0)
        rc = apply_all(f, t, &changes, e);
    changes_done(&changes);
    vec_done(&nodes);
    return rc;
}
