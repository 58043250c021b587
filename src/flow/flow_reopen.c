#include "flow/flow_reopen.h"

#include "api/objects.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/turn.h"
#include "data/json.h"
#include "flow/flow_int.h"
#include "flow/flow_plan.h"
#include "flow/flow_record.h"
#include "flow/flow_run.h"
#include "store/run_rows.h"

enum mark { KEEP, RESET, DROP };

/* A node as far as the decision needs it. */
struct vertex {
    int64_t id, parent, index;
    enum flow_kind kind;
    enum flow_phase phase;
    unsigned flags;
    char *name, *message;
    char *pod; /* uid; NULL: none */
    bool chosen;
    enum mark mark;
    size_t first, next; /* first child, next sibling: position + 1, 0: none */
};

struct reopening {
    struct turn *turn;
    struct flow *flow;
    const struct flow_reopening *how;
    struct flow_run *run;
    int64_t number;
    bool live;
    char *language;
    struct json_doc *frozen, *state;
    VEC(struct vertex) nodes; /* in the order of their ids */
};

static void
reopening_done(struct reopening *r)
{
    for (size_t i = 0; i < r->nodes.n; i++) {
        free(r->nodes.at[i].name);
        free(r->nodes.at[i].message);
        free(r->nodes.at[i].pod);
    }
    vec_done(&r->nodes);
    free(r->language);
    json_doc_unref(r->frozen);
    json_doc_unref(r->state);
}

/* What there is. */

static int
read_run(void *arg, const struct run_row *row, struct err *e)
{
    struct reopening *r = arg;

    r->number = row->run;
    r->live = row->live;
    r->language = str_dup(row->language);
    if (json_parse(row->frozen, NULL, &r->frozen, e) < 0 ||
        json_parse(row->state, NULL, &r->state, e) < 0)
        return err_wrap(e, "run %.*s", STR_ARG(row->uid));
    return 0;
}

static struct vertex *
find(struct reopening *r, int64_t id)
{
    size_t low = 0, high = r->nodes.n;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (r->nodes.at[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < r->nodes.n && r->nodes.at[low].id == id ? &r->nodes.at[low] : NULL;
}

static struct str
boundary_name(struct reopening *r, int64_t parent)
{
    const struct vertex *up = find(r, parent);

    while (up != NULL && (up->flags & FLOW_BOUNDARY) == 0)
        up = find(r, up->parent);
    return up != NULL ? str_of(up->name) : STR_NULL;
}

static int
read_vertex(void *arg, const struct node_row *row, struct err *e)
{
    struct reopening *r = arg;
    struct vertex *v = vec_grow(&r->nodes), *parent;

    (void)e;
    *v = (struct vertex){.id = row->id,
                         .parent = row->parent,
                         .index = row->index,
                         .kind = (enum flow_kind)row->kind,
                         .phase = (enum flow_phase)row->phase,
                         .flags = (unsigned)row->flags,
                         .name = str_dup(row->name),
                         .message = row->message.n != 0 ? str_dup(row->message) : NULL,
                         .pod = row->pod.n != 0 ? str_dup(row->pod) : NULL};
    parent = find(r, row->parent);
    if (parent != NULL) {
        v->next = parent->first;
        parent->first = r->nodes.n;
    }
    if (r->how->chooses != NULL)
        v->chosen = r->how->chooses(r->how->arg, row, boundary_name(r, row->parent));
    return 0;
}

/* The decision. */

static void
drop(struct reopening *r, struct vertex *v)
{
    VEC(struct vertex *) todo = VEC_INIT;

    vec_push(&todo, v);
    while (todo.n > 0) {
        struct vertex *one = vec_pop(&todo);

        one->mark = DROP;
        for (size_t at = one->first; at != 0; at = r->nodes.at[at - 1].next)
            vec_push(&todo, &r->nodes.at[at - 1]);
    }
    vec_done(&todo);
}

static void
drop_children(struct reopening *r, const struct vertex *v)
{
    for (size_t at = v->first; at != 0; at = r->nodes.at[at - 1].next)
        drop(r, &r->nodes.at[at - 1]);
}

/* This node goes, and all that it stands in is open again. */
static void
redo(struct reopening *r, struct vertex *v)
{
    drop(r, v);
    for (struct vertex *up = find(r, v->parent); up != NULL; up = find(r, up->parent)) {
        if ((up->flags & FLOW_LOCKED) != 0) {
            drop(r, up);
            continue;
        }
        if (up->mark == KEEP)
            up->mark = RESET;
        if (up->kind == FLOW_RETRY)
            drop_children(r, up);
    }
}

static bool
failed(const struct vertex *v)
{
    bool single = v->kind != FLOW_GROUP && v->kind != FLOW_LOOP && v->kind != FLOW_RETRY;

    return flow_phase_is_bad(v->phase) && (single || v->first == 0);
}

/* What ended well in the end, or does not count, is left alone with all that is in it. */
static bool
is_left_alone(struct reopening *r, const struct vertex *v)
{
    for (const struct vertex *up = v; up != NULL; up = find(r, up->parent)) {
        if ((up->flags & FLOW_HOOK) != 0 ||
            (up != v && up->kind == FLOW_RETRY && !flow_phase_is_bad(up->phase)))
            return true;
    }
    return false;
}

static void
decide(struct reopening *r)
{
    for (size_t i = 0; i < r->nodes.n; i++) {
        struct vertex *v = &r->nodes.at[i];

        if (v->parent == 0 && (v->flags & FLOW_HOOK) != 0)
            drop(r, v);
        else if (v->mark != DROP && (v->chosen || (failed(v) && !is_left_alone(r, v))))
            redo(r, v);
    }
}

/* Whatever depends on a child that is done again is done again. */

static struct vertex *
child_at(struct reopening *r, const struct vertex *v, int64_t index)
{
    for (size_t at = v->first; at != 0; at = r->nodes.at[at - 1].next) {
        struct vertex *child = &r->nodes.at[at - 1];

        if (child->index == index && (child->flags & FLOW_HOOK) == 0)
            return child;
    }
    return NULL;
}

static void
follow(struct reopening *r, const struct vertex *group, const struct flow_plan *p, int64_t total)
{
    cleanup_free bool *seen = NEW_ARRAY(bool, (size_t)total);
    VEC(uint32_t) todo = VEC_INIT;

    for (int64_t i = 0; i < total; i++) {
        const struct vertex *child = child_at(r, group, i);

        if (child != NULL && child->mark != KEEP)
            vec_push(&todo, (uint32_t)i);
    }
    while (todo.n > 0) {
        uint32_t on = vec_pop(&todo);

        for (uint32_t i = p->first[on]; i < p->first[on + 1]; i++) {
            uint32_t next = p->dependants[i];
            struct vertex *child = child_at(r, group, next);

            if (seen[next])
                continue;
            seen[next] = true;
            vec_push(&todo, next);
            if (child != NULL)
                drop(r, child);
        }
    }
    vec_done(&todo);
}

/* They run again when the node starts and ends again. */
static void
drop_hooks(struct reopening *r, const struct vertex *v)
{
    for (size_t at = v->first; at != 0; at = r->nodes.at[at - 1].next) {
        if ((r->nodes.at[at - 1].flags & FLOW_HOOK) != 0)
            drop(r, &r->nodes.at[at - 1]);
    }
}

static int
load(void *arg, const struct node_row *row, struct err *e)
{
    return flow_record_open_row(arg, row, e);
}

static int
follow_all(struct reopening *r, struct err *e)
{
    for (size_t i = 0; i < r->nodes.n; i++) {
        const struct vertex *v = &r->nodes.at[i];
        struct flow_node *n;

        if (v->mark != RESET)
            continue;
        drop_hooks(r, v);
        if (node_rows_get(turn_db(r->turn), r->number, v->id, load, r->run, e) < 0)
            return e->code;
        n = map_get_u64(&r->run->nodes, (uint64_t)v->id);
        if (n->kind != FLOW_GROUP)
            continue;
        n->left = n->total;
        if (flow_plan_make(r->turn, n, e) < 0)
            return e->code;
        follow(r, v, n->plan, n->total);
    }
    return 0;
}

/* The rows. */

static int
remove_pod(struct reopening *r, const char *uid, struct err *e)
{
    struct objects *os = r->flow->objects;
    cleanup_object struct object *pod = objects_find_uid(os, r->turn, str_of(uid));
    struct objects_delete how = {.uid = str_of(uid), .grace_seconds = 0};
    int rc;

    if (pod == NULL)
        return 0;
    rc = objects_delete(os, r->turn, &kind_pod, object_namespace(pod), object_name(pod), &how, NULL,
                        e);
    return rc == ERR_NOTFOUND ? 0 : rc;
}

static int
write_rows(struct reopening *r, struct err *e)
{
    struct db *db = turn_db(r->turn);

    for (size_t i = 0; i < r->nodes.n; i++) {
        const struct vertex *v = &r->nodes.at[i];

        if (v->mark == DROP && v->pod != NULL && remove_pod(r, v->pod, e) < 0)
            return e->code;
        if (v->mark == DROP && node_rows_remove(db, r->number, v->id, e) < 0)
            return e->code;
        if (v->mark == RESET && node_rows_reopen(db, r->number, v->id, FLOW_RUNNING,
                                                 FLOW_CLOSED | FLOW_STOPPED | FLOW_PASSED, e) < 0)
            return e->code;
    }
    return 0;
}

/* As if it had begun just now. */
static void
start_over(struct flow_run *run, int64_t now)
{
    run->state = run->needs_locks ? FLOW_RUN_WAITING : FLOW_RUN_BEGUN;
    run->shutdown = FLOW_NO_SHUTDOWN;
    run->suspended = run->locked = false;
    run->started_us = now;
    run->ended_us = run->deadline_us = 0;
    flow_result_done(&run->result);
    run->result.phase = FLOW_RUNNING;
}

/* The run in memory, without nodes, as it was when it ended. */
static int
revive(struct reopening *r, struct str uid, struct err *e)
{
    struct flow_run *run =
        flow_run_revive(r->flow, r->number, uid, str_of(r->language), json_root(r->state));
    const struct json *own = json_get(json_root(r->state), "language");
    cleanup_json struct json_doc *frozen = NULL, *state = NULL;

    if (run == NULL)
        return err_set(e, ERR_UNSUPPORTED, "the run is in an unknown language '%s'", r->language);
    r->run = run;
    run->state = FLOW_RUN_BEGUN;
    if (r->how->revise != NULL) {
        if (r->how->revise(r->how->arg, json_root(r->frozen), own, &frozen, &state, e) < 0)
            return e->code;
        json_doc_unref(r->frozen);
        r->frozen = TAKE(frozen);
        own = json_root(state);
    }
    if (run->language->resume(r->turn, run, json_doc_ref(r->frozen), own, e) < 0 ||
        node_rows_last_id(turn_db(r->turn), r->number, &run->last_id, e) < 0)
        return e->code;
    return 0;
}

static int
change(struct reopening *r, struct str uid, struct err *e)
{
    if (revive(r, uid, e) < 0 || node_rows_each(turn_db(r->turn), r->number, read_vertex, r, e) < 0)
        return e->code;
    decide(r);
    if (follow_all(r, e) < 0 || write_rows(r, e) < 0)
        return e->code;
    start_over(r->run, turn_now_us(r->turn));
    if (r->run->language->reopen(r->turn, r->run, e) < 0)
        return e->code;
    return flow_record_replace(r->turn, r->run, r->frozen, e);
}

/* The entry node, if it ended well and nothing in it is done again. */
static const struct vertex *
kept_root(const struct reopening *r)
{
    for (size_t i = 0; i < r->nodes.n; i++) {
        const struct vertex *v = &r->nodes.at[i];

        if (v->parent == 0 && (v->flags & FLOW_HOOK) == 0)
            return v->mark == KEEP ? v : NULL;
    }
    return NULL;
}

static int
go_on(struct reopening *r, struct str uid, struct err *e)
{
    const struct vertex *root = kept_root(r);
    struct flow_run *run;

    if (flow_record_read_one(r->turn, r->flow, uid, &run, e) < 0)
        return e->code;
    if (root != NULL) {
        struct flow_node end = {.run = run, .phase = root->phase, .message = root->message};

        return flow_run_exit_again(r->turn, run, &end, e);
    }
    return run->state == FLOW_RUN_WAITING ? flow_run_wait(r->turn, run, e)
                                          : flow_run_begin(r->turn, run, e);
}

int
flow_reopen(struct turn *t, struct flow *f, struct str uid, const struct flow_reopening *how,
            struct err *e)
{
    struct reopening r = {.turn = t, .flow = f, .how = how};
    int rc = run_rows_find(turn_db(t), uid, read_run, &r, e);

    if (rc >= 0 && (r.live || map_get(&f->by_uid, uid) != NULL))
        rc = err_set(e, ERR_BADREQUEST, "the run is not over yet");
    if (rc >= 0)
        rc = change(&r, uid, e);
    if (r.run != NULL)
        flow_run_free(r.run);
    if (rc >= 0) {
        rc = go_on(&r, uid, e);
        if (rc < 0)
            flow_break(f, t, e);
    }
    reopening_done(&r);
    return rc;
}

static int
ignore_row(void *arg, const struct run_row *row, struct err *e)
{
    (void)arg;
    (void)row;
    (void)e;
    return 0;
}

bool
flow_has_run(struct turn *t, struct str uid)
{
    struct err ignored = ERR_INIT;

    return run_rows_find(turn_db(t), uid, ignore_row, NULL, &ignored) != ERR_NOTFOUND;
}
