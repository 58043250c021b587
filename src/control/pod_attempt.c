/*
 * Rows of attempts: the memory of what was ordered to start.
 *
 *   id      <pod uid>/<container>/<number>, as in the attempt's records
 *   state   intended -- its end is recorded --> exited
 *   json    {"restarts":n, "exitCode":n, "signal":n, "reason":"...", "message":"...",
 *            "startedUs":n, "endedUs":n}   (the last six once it has ended)
 */
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "control/control_int.h"
#include "control/pod_int.h"
#include "core/turn.h"
#include "data/json.h"
#include "runner/process/process_runtime.h"
#include "store/attempts.h"

static void
write_row(const struct podview_container *pc, struct buf *to)
{
    struct json_build b = JSON_BUILD_INIT;
    struct json_doc *doc;

    json_add_object(&b, NULL);
    json_add_int(&b, "restarts", pc->restarts);
    if (pc->exit.there) {
        json_add_int(&b, "exitCode", pc->exit.code);
        json_add_int(&b, "signal", pc->exit.signal);
        json_add_cstr(&b, "reason", pc->exit.reason);
        json_add_cstr(&b, "message", pc->exit.message);
        json_add_int(&b, "startedUs", pc->exit.started_us);
        json_add_int(&b, "endedUs", pc->exit.ended_us);
    }
    json_end(&b);
    doc = json_build_done(&b);
    json_write(to, json_root(doc));
    json_doc_unref(doc);
}

static int
insert(struct control *c, struct turn *t, const struct podview *v,
       const struct podview_container *pc, unsigned number, struct err *e)
{
    cleanup_free char *id = process_attempt_id(v->uid, pc->name, number);
    cleanup_buf struct buf json = BUF_INIT;
    struct attempt_row row = {.id = str_of(id),
                              .pod_uid = str_of(v->uid),
                              .container = str_of(pc->name),
                              .n = number,
                              .boot_id = str_of(c->boot_id),
                              .state = STR("intended"),
                              .created_us = turn_now_us(t)};

    write_row(pc, &json);
    row.json = buf_view(&json);
    return attempts_insert(turn_db(t), &row, e);
}

int
pod_insert_first(struct control *c, struct turn *t, struct podview *v, struct err *e)
{
    for (size_t i = 0; i < v->containers.n; i++)
        if (insert(c, t, v, &v->containers.at[i], 0, e) < 0)
            return e->code;
    return 0;
}

static int
update(struct turn *t, const struct podview *v, const struct podview_container *pc, unsigned number,
       struct err *e)
{
    cleanup_free char *id = process_attempt_id(v->uid, pc->name, number);
    cleanup_buf struct buf json = BUF_INIT;

    write_row(pc, &json);
    return attempts_update(turn_db(t), str_of(id), STR("exited"), buf_view(&json), e);
}

/* The row of the attempt before gets its end: `last`, which apply moved there. */
int
pod_insert_next(struct control *c, struct turn *t, struct podview *v, struct podview_container *pc,
                struct err *e)
{
    struct podview_container before = *pc;

    if (pc->attempt > 0) {
        before.exit = pc->fenced ? (struct podview_exit){.there = false} : pc->last;
        if (update(t, v, &before, pc->attempt - 1, e) < 0 && e->code != ERR_NOTFOUND)
            return e->code;
    }
    return insert(c, t, v, pc, pc->attempt, e);
}

int
pod_record_exits(struct turn *t, struct podview *v, struct err *e)
{
    for (size_t i = 0; i < v->containers.n; i++) {
        const struct podview_container *pc = &v->containers.at[i];

        if ((pc->exit.there || v->ended) && update(t, v, pc, pc->attempt, e) < 0 &&
            e->code != ERR_NOTFOUND)
            return e->code;
    }
    return 0;
}

static int64_t
int_of(const struct json *root, const char *key)
{
    int64_t value = 0;

    json_int(json_get(root, key), &value);
    return value;
}

/* Rows come by container and number, so the last one of a container wins. */
static void
load_row(struct podview *v, const struct attempt_row *row, struct plan_attempt *to)
{
    struct json_doc *doc = NULL;
    struct err e = ERR_INIT;
    const struct json *root;
    struct podview_container *pc;

    (void)json_parse(row->json, &json_limits_default, &doc, &e); /* ours; empty if damaged */
    root = json_root(doc);
    free(to->container);
    free(to->reason);
    *to = (struct plan_attempt){.container = str_dup(row->container),
                                .number = (unsigned)row->n,
                                .restarts = (unsigned)int_of(root, "restarts"),
                                .ended = str_is(row->state, "exited"),
                                .exit_code = (int)int_of(root, "exitCode"),
                                .started_us = int_of(root, "startedUs"),
                                .ended_us = int_of(root, "endedUs")};
    if (json_get(root, "reason") != NULL)
        to->reason = str_dup(json_str(json_get(root, "reason")));
    pc = podview_container(v, to->container);
    if (pc != NULL) {
        pc->attempt = to->number;
        pc->restarts = to->restarts;
        if (to->ended && to->reason != NULL)
            podview_set_exit(&pc->exit, to->exit_code, (int)int_of(root, "signal"), to->reason,
                             json_cstr_or(json_get(root, "message"), ""), to->started_us,
                             to->ended_us);
        pc->exit.attempt = to->number;
    }
    json_doc_unref(doc);
}

int
pod_load_attempts(struct turn *t, struct podview *v, struct plan *plan, struct err *e)
{
    struct attempt_row *rows;
    size_t n;

    if (attempts_list(turn_db(t), str_of(v->uid), turn_arena(t), &rows, &n, e) < 0)
        return e->code;
    if (n == 0)
        return 0;
    plan->attempts = NEW_ARRAY(struct plan_attempt, v->containers.n);
    for (size_t i = 0; i < v->containers.n; i++) {
        struct plan_attempt *to = &plan->attempts[plan->attempts_n];
        bool any = false;

        for (size_t k = 0; k < n; k++)
            if (str_is(rows[k].container, v->containers.at[i].name)) {
                load_row(v, &rows[k], to);
                free(plan->boot_id);
                plan->boot_id = str_dup(rows[k].boot_id);
                any = true;
            }
        plan->attempts_n += any;
    }
    return (int)n;
}
