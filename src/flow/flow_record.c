#include "flow/flow_record.h"

#include "base/buf.h"
#include "base/err.h"
#include "core/turn.h"
#include "data/json.h"
#include "flow/flow_int.h"
#include "flow/flow_lock.h"
#include "flow/flow_run.h"
#include "store/node_rows.h"
#include "store/run_rows.h"

static struct str
text_of(struct buf *to, const struct json_doc *doc)
{
    buf_clear(to);
    if (doc == NULL)
        return STR("");
    json_write(to, json_root(doc));
    return buf_view(to);
}

struct texts {
    struct buf spec, inputs, outputs;
};

static void
texts_done(struct texts *x)
{
    buf_done(&x->spec);
    buf_done(&x->inputs);
    buf_done(&x->outputs);
}

static struct node_row
row_of(const struct flow_node *n, struct texts *x)
{
    return (struct node_row){
        .run = n->run->number,
        .id = n->id,
        .parent = n->parent != NULL ? n->parent->id : 0,
        .index = n->index,
        .kind = n->kind,
        .state = n->state,
        .phase = n->phase,
        .flags = (int)n->flags,
        .total = n->total,
        .gate_limit = n->gate.limit,
        .key = str_of(n->key),
        .name = str_of(n->name),
        .type = str_of(n->type),
        .template_of = str_of(n->template_of),
        .message = str_of(n->message),
        .reason = str_of(n->reason),
        .pod = str_of(n->pod),
        .queued_us = n->queued_us,
        .ready_us = n->ready_us,
        .started_us = n->started_us,
        .ended_us = n->ended_us,
        .saved_us = n->saved_us,
        .wake_us = n->wake_us,
        .cpu_us = n->cpu_us,
        .memory_peak_bytes = n->memory_peak_bytes,
        .spec = text_of(&x->spec, n->spec),
        .inputs = text_of(&x->inputs, n->inputs),
        .outputs = text_of(&x->outputs, n->outputs),
    };
}

static int
write_node(struct turn *t, struct flow_node *n, struct texts *x, struct err *e)
{
    struct node_row row = row_of(n, x);
    int rc =
        n->stored ? node_rows_update(turn_db(t), &row, e) : node_rows_insert(turn_db(t), &row, e);

    if (rc < 0)
        return err_wrap(e, "node %s", n->name);
    n->stored = true;
    return 0;
}

/* The engine's fields of a run's state; the language's are under "language". */
static struct json_doc *
run_state(struct flow_run *run)
{
    struct json_build b = JSON_BUILD_INIT;
    cleanup_json struct json_doc *own = run->language->save(run);

    json_add_object(&b, NULL);
    json_add_cstr(&b, "name", run->name);
    json_add_cstr(&b, "namespace", run->namespace);
    json_add_int(&b, "state", run->state);
    json_add_int(&b, "shutdown", run->shutdown);
    json_add_bool(&b, "suspended", run->suspended);
    json_add_int(&b, "phase", run->result.phase);
    if (run->result.message != NULL)
        json_add_cstr(&b, "message", run->result.message);
    json_add_int(&b, "started_us", run->started_us);
    json_add_int(&b, "ended_us", run->ended_us);
    json_add_int(&b, "deadline_us", run->deadline_us);
    json_add_bool(&b, "locked", run->locked);
    json_add_int(&b, "parallelism", run->pods.limit);
    json_add_value(&b, "language", json_root(own));
    json_end(&b);
    return json_build_done(&b);
}

/* `frozen` NULL: the row is there already. */
static int
write_run(struct turn *t, struct flow_run *run, const struct json_doc *frozen, struct err *e)
{
    cleanup_json struct json_doc *state = run_state(run);
    cleanup_buf struct buf text = BUF_INIT, once = BUF_INIT;
    struct run_row row = {.run = run->number,
                          .uid = str_of(run->uid),
                          .language = str_of(run->language->name),
                          .live = run->state != FLOW_RUN_OVER,
                          .gone = run->gone,
                          .expires_us = run->expires_us};
    int rc;

    json_write(&text, json_root(state));
    row.state = buf_view(&text);
    row.frozen = text_of(&once, frozen);
    rc = frozen != NULL ? run_rows_insert(turn_db(t), &row, e)
                        : run_rows_update(turn_db(t), &row, e);
    run->number = row.run;
    run->row_dirty = false;
    return rc < 0 ? err_wrap(e, "run %s", run->name) : 0;
}

int
flow_record_begin(struct turn *t, struct flow_run *run, const struct json_doc *frozen,
                  struct err *e)
{
    return write_run(t, run, frozen, e);
}

int
flow_record_replace(struct turn *t, struct flow_run *run, const struct json_doc *frozen,
                    struct err *e)
{
    cleanup_json struct json_doc *state = run_state(run);
    cleanup_buf struct buf text = BUF_INIT, once = BUF_INIT;
    struct run_row row = {.run = run->number, .live = true, .frozen = text_of(&once, frozen)};

    json_write(&text, json_root(state));
    row.state = buf_view(&text);
    return run_rows_replace(turn_db(t), &row, e);
}

int
flow_record_write(struct turn *t, struct flow_run *run, struct err *e)
{
    struct texts x = {.spec = BUF_INIT};
    struct list *link;
    int rc = run->row_dirty ? write_run(t, run, NULL, e) : 0;

    while (rc >= 0 && (link = list_shift(&run->dirty)) != NULL) {
        struct flow_node *n = LIST_ITEM(link, struct flow_node, dirty_link);

        rc = write_node(t, n, &x, e);
        if (n->state == FLOW_RELEASED)
            list_append(&run->released, &n->dirty_link);
    }
    texts_done(&x);
    return rc;
}

static int
parse_column(struct str text, struct json_doc **ret, struct err *e)
{
    *ret = NULL;
    return text.n == 0 ? 0 : json_parse(text, NULL, ret, e);
}

static char *
dup_or_null(struct str s)
{
    return s.n != 0 ? str_dup(s) : NULL;
}

static int
fill_node(struct flow_node *n, const struct node_row *row, struct err *e)
{
    n->index = row->index;
    n->kind = (enum flow_kind)row->kind;
    n->state = (enum flow_state)row->state;
    n->phase = (enum flow_phase)row->phase;
    n->flags = (unsigned)row->flags;
    n->total = row->total;
    n->gate.limit = row->gate_limit;
    flow_run_place(n, str_dup(row->key));
    n->name = str_dup(row->name);
    n->type = n->run->language->type_name(row->type);
    n->template_of = dup_or_null(row->template_of);
    n->message = dup_or_null(row->message);
    n->reason = dup_or_null(row->reason);
    n->pod = dup_or_null(row->pod);
    n->queued_us = row->queued_us;
    n->ready_us = row->ready_us;
    n->started_us = row->started_us;
    n->ended_us = row->ended_us;
    n->saved_us = row->saved_us;
    n->wake_us = row->wake_us;
    n->stored = true;
    if (parse_column(row->spec, &n->spec, e) < 0 || parse_column(row->inputs, &n->inputs, e) < 0 ||
        parse_column(row->outputs, &n->outputs, e) < 0)
        return err_wrap(e, "node %s", n->name);
    return 0;
}

static int
read_node(void *arg, const struct node_row *row, struct err *e)
{
    struct flow_run *run = arg;
    struct flow_node *parent = map_get_u64(&run->nodes, (uint64_t)row->parent);
    struct flow_node *n;

    if (row->parent != 0 && parent == NULL)
        return err_set(e, ERR_IO, "node %lld has no parent in memory", (long long)row->id);
    n = flow_node_new(run, parent, row->id);
    if (fill_node(n, row, e) < 0)
        return e->code;
    flow_run_adopt_node(run, n);
    return 0;
}

/* One child's row, while a parent that came back is counted again. */
struct counting {
    struct flow_node *parent;
    int64_t rows; /* without hooks */
    bool *seen;   /* by index; NULL: nobody asks */
};

static int
count_child(void *arg, const struct node_row *row, struct err *e)
{
    struct counting *c = arg;

    (void)e;
    flow_run_count_child(c->parent, row);
    c->rows += (row->flags & FLOW_HOOK) == 0;
    return 0;
}

static int
see_child(void *arg, const struct node_row *row, struct err *e)
{
    struct counting *c = arg;

    (void)e;
    if ((row->flags & FLOW_HOOK) == 0)
        c->seen[row->index] = true;
    return 0;
}

/* Children of a loop that are missing in between: a retried run opens them once more. */
static int
find_holes(struct turn *t, struct counting *c, struct err *e)
{
    struct flow_node *loop = c->parent;
    cleanup_free bool *seen = NEW_ARRAY(bool, (size_t)loop->next);

    c->seen = seen;
    if (node_rows_each_child(turn_db(t), loop->run->number, loop->id, see_child, c, e) < 0)
        return e->code;
    for (int64_t i = loop->next - 1; i >= 0; i--) {
        if (!seen[i])
            vec_push(&loop->holes, i);
    }
    return 0;
}

static int
count_children(struct turn *t, struct flow_node *n, struct err *e)
{
    struct counting c = {.parent = n};

    if (node_rows_each_child(turn_db(t), n->run->number, n->id, count_child, &c, e) < 0)
        return e->code;
    return n->kind == FLOW_LOOP && c.rows < n->next ? find_holes(t, &c, e) : 0;
}

static int
read_run(void *arg, const struct run_row *row, struct err *e)
{
    struct flow *f = arg;
    cleanup_json struct json_doc *state = NULL, *frozen = NULL;
    struct flow_run *run;

    if (json_parse(row->state, NULL, &state, e) < 0 ||
        json_parse(row->frozen, NULL, &frozen, e) < 0)
        return err_wrap(e, "run %.*s", STR_ARG(row->uid));
    run = flow_run_revive(f, row->run, row->uid, row->language, json_root(state));
    if (run == NULL)
        return err_set(e, ERR_UNSUPPORTED, "run %.*s is in an unknown language '%.*s'",
                       STR_ARG(row->uid), STR_ARG(row->language));
    run->revived = TAKE(state);
    run->revived_frozen = TAKE(frozen);
    return 0;
}

static int
fill_run(struct turn *t, struct flow_run *run, struct err *e)
{
    struct db *db = turn_db(t);

    if (run->language->resume(t, run, TAKE(run->revived_frozen),
                              json_get(json_root(run->revived), "language"), e) < 0 ||
        node_rows_count_kind(db, run->number, FLOW_LEAF, &run->pods_total, &run->pods_done, e) <
            0 ||
        node_rows_last_id(db, run->number, &run->last_id, e) < 0 ||
        node_rows_each_open(db, run->number, read_node, run, e) < 0)
        return e->code;
    json_doc_unref(TAKE(run->revived));
    for (int64_t id = 1; id <= run->last_id; id++) {
        struct flow_node *n = map_get_u64(&run->nodes, (uint64_t)id);

        if (n == NULL)
            continue;
        if (flow_run_plan_again(t, n, e) < 0 || count_children(t, n, e) < 0)
            return e->code;
    }
    return flow_run_go_on(t, run, e);
}

int
flow_record_read(struct turn *t, struct flow *f, struct err *e)
{
    struct flow_run *run;

    if (run_rows_each_live(turn_db(t), read_run, f, e) < 0)
        return e->code;
    LIST_EACH (run, &f->runs, struct flow_run, link) {
        if (fill_run(t, run, e) < 0)
            return err_wrap(e, "run %s", run->name);
    }
    return flow_lock_restore(t, f, e);
}

int
flow_record_read_one(struct turn *t, struct flow *f, struct str uid, struct flow_run **ret,
                     struct err *e)
{
    if (run_rows_find(turn_db(t), uid, read_run, f, e) < 0)
        return e->code;
    *ret = map_get(&f->by_uid, uid);
    if (fill_run(t, *ret, e) < 0)
        return err_wrap(e, "run %s", (*ret)->name);
    return flow_lock_restore(t, f, e);
}

int
flow_record_open_row(struct flow_run *run, const struct node_row *row, struct err *e)
{
    return read_node(run, row, e);
}

int
flow_record_look(const struct node_row *row, struct flow_look *ret, struct err *e)
{
    *ret = (struct flow_look){.id = row->id,
                              .index = row->index,
                              .kind = (enum flow_kind)row->kind,
                              .state = (enum flow_state)row->state,
                              .phase = (enum flow_phase)row->phase,
                              .flags = (unsigned)row->flags,
                              .name = str_dup(row->name),
                              .type = str_dup(row->type),
                              .message = dup_or_null(row->message),
                              .started_us = row->started_us,
                              .ended_us = row->ended_us};
    if (parse_column(row->inputs, &ret->inputs, e) < 0 ||
        parse_column(row->outputs, &ret->outputs, e) < 0)
        return err_wrap(e, "node %.*s", STR_ARG(row->name));
    return 0;
}
