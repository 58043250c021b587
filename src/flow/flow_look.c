#include "flow/flow_node.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "core/turn.h"
#include "data/json.h"
#include "flow/flow_record.h"
#include "flow/flow_run.h"
#include "store/node_rows.h"

static struct flow_look
look_at(const struct flow_node *n)
{
    return (struct flow_look){.id = n->id,
                              .index = n->index,
                              .kind = n->kind,
                              .state = n->state,
                              .phase = n->phase,
                              .flags = n->flags,
                              .name = xstrdup(n->name),
                              .type = xstrdup(n->type),
                              .message = n->message != NULL ? xstrdup(n->message) : NULL,
                              .started_us = n->started_us,
                              .ended_us = n->ended_us,
                              .inputs = n->inputs != NULL ? json_doc_ref(n->inputs) : NULL,
                              .outputs = n->outputs != NULL ? json_doc_ref(n->outputs) : NULL};
}

/* Memory is ahead of the rows until the turn ends. */
static int
look_at_row(struct flow_run *run, const struct node_row *row, struct flow_look *ret, struct err *e)
{
    const struct flow_node *live = map_get_u64(&run->nodes, (uint64_t)row->id);

    if (live == NULL)
        return flow_record_look(row, ret, e);
    *ret = look_at(live);
    return 0;
}

struct find {
    struct flow_run *run;
    struct flow_look *ret;
};

static int
found(void *arg, const struct node_row *row, struct err *e)
{
    struct find *f = arg;

    return look_at_row(f->run, row, f->ret, e);
}

int
flow_look_child(struct turn *t, struct flow_run *run, int64_t parent, struct str key,
                struct flow_look *ret, struct err *e)
{
    struct find f = {run, ret};
    const struct flow_node *n = flow_run_find(run, parent, key);

    if (n != NULL) {
        *ret = look_at(n);
        return 0;
    }
    return node_rows_find(turn_db(t), run->number, parent, key, found, &f, e);
}

void
flow_look_done(struct flow_look *l)
{
    free(l->name);
    free(l->type);
    free(l->message);
    json_doc_unref(l->inputs);
    json_doc_unref(l->outputs);
    *l = (struct flow_look){.id = 0};
}

struct walk {
    struct flow_run *run;
    VEC(struct flow_look) looks;
};

static int
add_look(void *arg, const struct node_row *row, struct err *e)
{
    struct walk *w = arg;

    return look_at_row(w->run, row, vec_grow(&w->looks), e);
}

static int
by_index(const void *a, const void *b)
{
    const struct flow_look *x = a, *y = b;

    return (x->index > y->index) - (x->index < y->index);
}

int
flow_look_children(struct turn *t, struct flow_run *run, int64_t parent, flow_look_fn *fn,
                   void *arg, struct err *e)
{
    struct walk w = {.run = run};
    const struct flow_node *n;
    int rc = node_rows_each_child(turn_db(t), run->number, parent, add_look, &w, e);

    /* What was opened in this turn has no row yet. */
    LIST_EACH (n, &run->dirty, struct flow_node, dirty_link) {
        if (rc >= 0 && !n->stored && (n->parent != NULL ? n->parent->id : 0) == parent)
            vec_push(&w.looks, look_at(n));
    }
    qsort(w.looks.at, w.looks.n, sizeof *w.looks.at, by_index);
    for (size_t i = 0; i < w.looks.n; i++) {
        if (rc >= 0)
            rc = fn(arg, &w.looks.at[i], e);
        flow_look_done(&w.looks.at[i]);
    }
    vec_done(&w.looks);
    return rc;
}

int
flow_look_bad(struct turn *t, struct flow_run *run, node_row_fn *fn, void *arg, struct err *e)
{
    int rc = flow_record_write(t, run, e);

    if (rc >= 0)
        rc = node_rows_each_phase(turn_db(t), run->number, FLOW_FAILED, FLOW_ERROR, fn, arg, e);
    return rc < 0 ? rc : 0;
}
