#include "flow/argo/argo_child.h"

#include <inttypes.h>

#include "base/err.h"
#include "data/json.h"
#include "flow/argo/argo.h"
#include "flow/argo/argo_name.h"
#include "flow/argo/argo_scope.h"
#include "flow/argo/depends.h"

static struct json_doc *
spec(enum argo_role role, int64_t index, const char *field, const struct json *value)
{
    struct json_build b = JSON_BUILD_INIT;

    json_add_object(&b, NULL);
    json_add_cstr(&b, "role", argo_role_name(role));
    json_add_int(&b, "i", index);
    if (field != NULL)
        json_add_value(&b, field, value);
    json_end(&b);
    return json_build_done(&b);
}

int
argo_root(struct turn *t, struct flow_run *run, struct flow_child *c, struct err *e)
{
    const struct argo *a = argo_of(run);
    struct json_build b = JSON_BUILD_INIT;
    cleanup_json struct json_doc *call = NULL;

    (void)t;
    (void)e;
    json_add_object(&b, NULL);
    json_add_value(&b, "template", json_get(a->spec, "entrypoint"));
    json_add_value(&b, "arguments", json_get(a->spec, "arguments"));
    json_end(&b);
    call = json_build_done(&b);
    c->key = xstrdup("");
    c->name = xstrdup(run->name);
    c->spec = spec(ARGO_ENTRY, 0, "call", json_root(call));
    return 0;
}

/* DAGs. */

static int
add_dependencies(struct flow_node *dag, const struct json *task, int64_t child, struct err *e)
{
    cleanup_depends struct depends *d = NULL;

    if (depends_of_task(task, &d, e) < 0)
        return e->code;
    for (size_t i = 0; i < depends_task_count(d); i++) {
        int64_t on = argo_task_index(dag, depends_task_at(d, i));

        if (on >= 0 && on != child)
            flow_depend(dag, child, on);
    }
    return 0;
}

static bool
has_word(struct str words, struct str name)
{
    while (words.p != NULL) {
        if (str_eq(str_trim(str_cut(&words, ' ')), name))
            return true;
    }
    return false;
}

/* Marks what the wanted tasks need, directly or not. */
static void
mark_needed(const struct flow_node *dag, int64_t child, bool *needed)
{
    cleanup_depends struct depends *d = NULL;
    struct err ignored = ERR_INIT;

    if (needed[child])
        return;
    needed[child] = true;
    if (depends_of_task(argo_task_at(dag, child), &d, &ignored) < 0)
        return;
    for (size_t i = 0; i < depends_task_count(d); i++) {
        int64_t on = argo_task_index(dag, depends_task_at(d, i));

        if (on >= 0)
            mark_needed(dag, on, needed);
    }
}

/* Tasks that no target needs do not exist for this run of the DAG. */
static int
drop_unneeded(struct turn *t, struct flow_node *dag, const struct json *tmpl, struct err *e)
{
    cleanup_argo_scope struct argo_scope s = ARGO_SCOPE_INIT;
    cleanup_free char *target = NULL;
    cleanup_free bool *needed = NEW_ARRAY(bool, (size_t)dag->total);

    argo_scope_init(&s, t, dag->run, dag);
    if (argo_scope_text(&s, json_str(json_at_path(tmpl, "dag.target")), &target, e) < 0)
        return e->code;
    if (str_trim(str_of(target)).n == 0)
        return 0;
    for (int64_t i = 0; i < dag->total; i++) {
        if (has_word(str_of(target), json_str(json_get(argo_task_at(dag, i), "name"))))
            mark_needed(dag, i, needed);
    }
    for (int64_t i = 0; i < dag->total; i++) {
        if (!needed[i])
            flow_leave_out(dag, i);
    }
    return 0;
}

int
argo_depend(struct turn *t, struct flow_node *group, struct err *e)
{
    const struct json *tmpl;

    if (argo_role_of(group) == ARGO_GROUP) {
        argo_index_tasks(group);
        return 0;
    }
    tmpl = argo_template(argo_of(group->run), str_of(group->template_of));
    if (json_get(tmpl, "steps") != NULL) {
        for (int64_t i = 1; i < group->total; i++)
            flow_depend(group, i, i - 1);
        return 0;
    }
    argo_index_tasks(group);
    for (int64_t i = 0; i < group->total; i++) {
        if (add_dependencies(group, argo_task_at(group, i), i, e) < 0)
            return e->code;
    }
    return drop_unneeded(t, group, tmpl, e);
}

/* Children. */

static int
task_child(struct flow_node *parent, int64_t index, struct flow_child *c)
{
    struct str name = json_str(json_get(argo_task_at(parent, index), "name"));

    c->key = str_dup(name);
    c->name = xasprintf("%s.%.*s", parent->name, STR_ARG(name));
    c->spec = spec(ARGO_TASK, index, NULL, NULL);
    return 0;
}

static int
item_child(struct flow_node *loop, int64_t index, struct flow_child *c)
{
    const struct json *items = json_get(json_root(loop->spec), "items");
    struct json_each *walk = loop->memo;
    struct str key = str_of(loop->key);

    /* Loops go through their items in order: the place in the list is remembered, so that the
     * last of many items costs no more than the first. */
    if (walk == NULL || walk->index + 1 != (size_t)index) {
        free(walk);
        loop->memo = walk = NEW(struct json_each);
        *walk = json_each_begin(items);
        for (int64_t i = 0; i <= index; i++)
            json_each_next(walk);
    } else {
        json_each_next(walk);
    }
    c->key = argo_name_item(key, index, walk->value);
    c->name = xasprintf("%.*s%s", (int)(strlen(loop->name) - key.n), loop->name, c->key);
    c->spec = spec(ARGO_ITEM, index, "item", walk->value);
    return 0;
}

int
argo_child(struct turn *t, struct flow_node *parent, int64_t index, struct flow_child *c,
           struct err *e)
{
    (void)t;
    (void)e;
    if (parent->kind == FLOW_LOOP)
        return item_child(parent, index, c);
    if (parent->kind == FLOW_RETRY) {
        c->key = xasprintf("(%" PRId64 ")", index);
        c->name = xasprintf("%s%s", parent->name, c->key);
        c->spec = spec(ARGO_ATTEMPT, index, NULL, NULL);
        return 0;
    }
    if (argo_role_of(parent) != ARGO_GROUP && str_is(str_of(parent->type), "Steps")) {
        c->key = xasprintf("[%" PRId64 "]", index);
        c->name = xasprintf("%s%s", parent->name, c->key);
        c->spec = spec(ARGO_GROUP, index, NULL, NULL);
        return 0;
    }
    return task_child(parent, index, c);
}

/* A call tolerates this bad end of its node. */
static bool
tolerates(const struct json *call, enum flow_phase phase)
{
    const struct json *on = json_get(call, "continueOn");

    return (phase == FLOW_FAILED && json_bool_or(json_get(on, "failed"), false)) ||
           (phase == FLOW_ERROR && json_bool_or(json_get(on, "error"), false));
}

bool
argo_closes(struct flow_node *parent, const struct flow_node *child)
{
    const struct flow_node *boundary =
        (parent->flags & FLOW_BOUNDARY) != 0 ? parent : parent->boundary;
    const struct json *tmpl;

    if (!flow_phase_is_bad(child->phase))
        return false;
    /* A bad group of steps is the last one. */
    if (argo_role_of(child) == ARGO_GROUP)
        return true;
    if (boundary == NULL || boundary->gate.limit == 0 ||
        tolerates(argo_call_of(child), child->phase))
        return false;
    tmpl = argo_template(argo_of(parent->run), str_of(boundary->template_of));
    return json_bool_or(json_get(tmpl, "failFast"), false);
}

/* Conditions. */

struct states {
    struct turn *turn;
    struct flow_node *dag;
    const struct depends *depends;
    struct err *e;
    int failed;
};

static unsigned
plain_state(enum flow_phase phase)
{
    switch (phase) {
    case FLOW_SUCCEEDED:
        return DEPENDS_SUCCEEDED;
    case FLOW_FAILED:
        return DEPENDS_FAILED;
    case FLOW_ERROR:
        return DEPENDS_ERRORED;
    case FLOW_SKIPPED:
        return DEPENDS_SKIPPED;
    case FLOW_OMITTED:
        return DEPENDS_OMITTED;
    default:
        return 0;
    }
}

struct tally {
    int64_t all, succeeded, failed;
};

static int
count_child(void *arg, const struct flow_look *l, struct err *e)
{
    struct tally *tally = arg;

    (void)e;
    tally->all++;
    tally->succeeded += l->phase == FLOW_SUCCEEDED;
    tally->failed += l->phase == FLOW_FAILED;
    return 0;
}

static unsigned
loop_state(struct states *st, const struct flow_look *l)
{
    struct tally tally = {0};
    unsigned state = 0;

    if (flow_look_children(st->turn, st->dag->run, l->id, count_child, &tally, st->e) < 0) {
        st->failed = st->e->code;
        return 0;
    }
    if (tally.succeeded > 0)
        state |= DEPENDS_ANY_SUCCEEDED;
    if (tally.all > 0 && tally.failed == tally.all)
        state |= DEPENDS_ALL_FAILED;
    return state;
}

static unsigned
state_of(void *arg, size_t i)
{
    struct states *st = arg;
    struct str name = depends_task_at(st->depends, i);
    int64_t at = argo_task_index(st->dag, name);
    const struct json *call = at >= 0 ? argo_task_at(st->dag, at) : NULL;
    struct flow_look l = {.id = 0};
    unsigned state = 0;
    int rc = flow_look_child(st->turn, st->dag->run, st->dag->id, name, &l, st->e);

    if (rc < 0 && rc != ERR_NOTFOUND)
        st->failed = rc;
    if (rc >= 0) {
        state = plain_state(l.phase);
        if (l.state == FLOW_OPEN && (l.flags & FLOW_PASSED) != 0)
            state |= DEPENDS_DAEMONED;
        if (depends_task_needs_items(st->depends, i) && l.kind == FLOW_LOOP)
            state |= loop_state(st, &l);
    }
    if (tolerates(call, FLOW_FAILED))
        state |= DEPENDS_ON_FAILED;
    if (tolerates(call, FLOW_ERROR))
        state |= DEPENDS_ON_ERROR;
    flow_look_done(&l);
    return state;
}

int
argo_child_depends(struct turn *t, struct flow_node *task, const struct json *call, bool *ret,
                   struct err *e)
{
    cleanup_depends struct depends *d = NULL;
    struct states st = {.turn = t, .dag = task->parent, .e = e};

    if (depends_of_task(call, &d, e) < 0)
        return e->code;
    st.depends = d;
    *ret = depends_holds(d, state_of, &st);
    return st.failed;
}

void
argo_child_add_hook_names(struct argo_scope *s, const struct flow_node *hook)
{
    const struct flow_node *owner = hook->parent;

    /* The owner's siblings and itself are names of the boundary; at the top there is nothing but
     * the workflow. */
    if (owner == NULL)
        return;
    if (owner->inputs != NULL && s->boundary == NULL)
        argo_scope_add_inputs(s, json_root(owner->inputs));
    if (argo_role_of(owner) == ARGO_ITEM)
        argo_scope_add_item(s, json_get(json_root(owner->spec), "item"));
}
