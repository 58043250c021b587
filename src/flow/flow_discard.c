#include "flow/flow_discard.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/turn.h"
#include "data/json.h"
#include "flow/flow_int.h"
#include "flow/language.h"
#include "store/node_rows.h"
#include "store/run_rows.h"

/* Not in the turn in which the object goes: its row is there until that turn's end. */
#define PAUSE_US (CLOCK_SECOND / 10)

struct discard {
    struct flow *flow;
    struct turn *turn;
    const struct flow_language *language;
    struct flow_gone gone;
    struct json_doc *state;
    int64_t run, last; /* numbers of the run, and of the last node looked at */
};

void
flow_discard_later(struct turn *t, struct flow *f)
{
    if (!core_timer_armed(&f->discard))
        flow_set_timer(f, &f->discard, turn_now_us(t) + PAUSE_US);
}

static int
read_run(void *arg, const struct run_row *row, struct err *e)
{
    struct discard *d = arg;
    const struct flow_language *const *l = d->flow->options.languages;

    while (*l != NULL && !str_is(row->language, (*l)->name))
        l++;
    d->run = row->run;
    d->language = *l; /* NULL: a newer program's; then only its rows go */
    if (json_parse(row->state, NULL, &d->state, e) < 0)
        return err_wrap(e, "run %.*s", STR_ARG(row->uid));
    d->gone.name = json_str(json_get(json_root(d->state), "name"));
    (void)json_int(json_get(json_root(d->state), "ended_us"), &d->gone.ended_us);
    return 0;
}

static int
read_node(void *arg, const struct node_row *row, struct err *e)
{
    struct discard *d = arg;

    d->last = row->id;
    return d->language != NULL ? d->language->discard(d->turn, &d->gone, row, e) : 0;
}

static int
discard_page(struct discard *d, struct err *e)
{
    struct db *db = turn_db(d->turn);
    int rows = node_rows_page(db, d->run, 0, FLOW_DISCARD_NODES, read_node, d, e);

    if (rows < 0)
        return rows;
    if (rows == FLOW_DISCARD_NODES)
        return node_rows_delete(db, d->run, d->last, e);
    log_debug("flow", "run %.*s is thrown away", STR_ARG(d->gone.name));
    return run_rows_delete(db, d->run, e);
}

int
flow_discard_due(struct core_timer *timer, struct turn *t, struct err *e)
{
    struct flow *f = CONTAINER_OF(timer, struct flow, discard);
    struct discard d = {.flow = f, .turn = t};
    int rc = run_rows_first_gone(turn_db(t), read_run, &d, e);

    if (rc > 0) {
        rc = discard_page(&d, e);
        flow_set_timer(f, &f->discard, turn_now_us(t) + 1);
    }
    json_doc_unref(d.state);
    return rc < 0 ? err_wrap(e, "throw away what a deleted workflow left") : 0;
}
