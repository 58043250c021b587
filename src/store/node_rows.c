#include "store/node_rows.h"

#include "base/err.h"
#include "store/db.h"

/* Columns of a node in the order in which they are bound (from 1) and read (from 0). */
#define NODE_COLUMNS \
    "run, id, parent, place, kind, state, phase, flags, total, gate_limit, key, name, type, " \
    "template_of, message, reason, pod, queued_us, ready_us, started_us, ended_us, saved_us, " \
    "wake_us, cpu_us, memory_peak_bytes, spec, inputs, outputs"

static struct str
or_null(struct str s)
{
    return s.n != 0 ? s : STR_NULL;
}

static void
bind_node(struct stmt *s, const struct node_row *row)
{
    const int64_t numbers[] = {row->run,   row->id,    row->parent, row->index, row->kind,
                               row->state, row->phase, row->flags,  row->total, row->gate_limit};
    const int64_t later[] = {row->queued_us, row->ready_us,         row->started_us,
                             row->ended_us,  row->saved_us,         row->wake_us,
                             row->cpu_us,    row->memory_peak_bytes};
    int at = 1;

    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        stmt_bind_int(s, at++, numbers[i]);
    stmt_bind_str(s, at++, row->key);
    stmt_bind_str(s, at++, row->name);
    stmt_bind_str(s, at++, row->type);
    stmt_bind_str(s, at++, or_null(row->template_of));
    stmt_bind_str(s, at++, or_null(row->message));
    stmt_bind_str(s, at++, or_null(row->reason));
    stmt_bind_str(s, at++, or_null(row->pod));
    for (size_t i = 0; i < sizeof later / sizeof *later; i++)
        stmt_bind_int(s, at++, later[i]);
    stmt_bind_str(s, at++, or_null(row->spec));
    stmt_bind_str(s, at++, or_null(row->inputs));
    stmt_bind_str(s, at, or_null(row->outputs));
}

int
node_rows_insert(struct db *db, const struct node_row *row, struct err *e)
{
    struct stmt *s =
        db_stmt(db, "INSERT INTO nodes(" NODE_COLUMNS ") VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,"
                    "?11,?12,?13,?14,?15,?16,?17,?18,?19,?20,?21,?22,?23,?24,?25,?26,?27,?28)");

    bind_node(s, row);
    return stmt_run(s, e);
}

int
node_rows_update(struct db *db, const struct node_row *row, struct err *e)
{
    /* Parent, place, key, name never change, so that an update leaves the index of places alone. */
    struct stmt *s = db_stmt(
        db, "UPDATE nodes SET kind = ?5, state = ?6, phase = ?7, flags = ?8, total = ?9,"
            " gate_limit = ?10, type = ?13, template_of = ?14, message = ?15, reason = ?16,"
            " pod = ?17, queued_us = ?18, ready_us = ?19, started_us = ?20, ended_us = ?21,"
            " saved_us = ?22, wake_us = ?23, cpu_us = ?24, memory_peak_bytes = ?25, spec = ?26,"
            " inputs = ?27, outputs = ?28 WHERE run = ?1 AND id = ?2");

    bind_node(s, row);
    return stmt_run(s, e);
}

static struct node_row
read_node(const struct stmt *s)
{
    return (struct node_row){
        .run = stmt_int(s, 0),
        .id = stmt_int(s, 1),
        .parent = stmt_int(s, 2),
        .index = stmt_int(s, 3),
        .kind = (int)stmt_int(s, 4),
        .state = (int)stmt_int(s, 5),
        .phase = (int)stmt_int(s, 6),
        .flags = (int)stmt_int(s, 7),
        .total = stmt_int(s, 8),
        .gate_limit = stmt_int(s, 9),
        .key = stmt_str(s, 10),
        .name = stmt_str(s, 11),
        .type = stmt_str(s, 12),
        .template_of = stmt_str(s, 13),
        .message = stmt_str(s, 14),
        .reason = stmt_str(s, 15),
        .pod = stmt_str(s, 16),
        .queued_us = stmt_int(s, 17),
        .ready_us = stmt_int(s, 18),
        .started_us = stmt_int(s, 19),
        .ended_us = stmt_int(s, 20),
        .saved_us = stmt_int(s, 21),
        .wake_us = stmt_int(s, 22),
        .cpu_us = stmt_int(s, 23),
        .memory_peak_bytes = stmt_int(s, 24),
        .spec = stmt_str(s, 25),
        .inputs = stmt_str(s, 26),
        .outputs = stmt_str(s, 27),
    };
}

/* Gives every row of the statement to fn; the number of rows, or an error. */
static int
each_node(struct stmt *s, node_row_fn *fn, void *arg, struct err *e)
{
    int rows = 0, rc;

    while ((rc = stmt_step(s, e)) > 0) {
        struct node_row row = read_node(s);

        rc = fn(arg, &row, e);
        if (rc < 0)
            break;
        rows++;
    }
    stmt_done(s);
    return rc < 0 ? rc : rows;
}

/* A statement about the run ?1 and a number ?2. */
static struct stmt *
of_run(struct db *db, const char *sql, int64_t run, int64_t number)
{
    struct stmt *s = db_stmt(db, sql);

    stmt_bind_int(s, 1, run);
    stmt_bind_int(s, 2, number);
    return s;
}

static int
one_node(int rows, struct err *e)
{
    return rows == 0 ? err_set(e, ERR_NOTFOUND, "no such node") : rows < 0 ? rows : 0;
}

int
node_rows_find(struct db *db, int64_t run, int64_t parent, struct str key, node_row_fn *fn,
               void *arg, struct err *e)
{
    struct stmt *s =
        of_run(db, "SELECT " NODE_COLUMNS " FROM nodes WHERE run = ?1 AND parent = ?2 AND key = ?3",
               run, parent);

    stmt_bind_str(s, 3, key);
    return one_node(each_node(s, fn, arg, e), e);
}

int
node_rows_get(struct db *db, int64_t run, int64_t id, node_row_fn *fn, void *arg, struct err *e)
{
    struct stmt *s =
        of_run(db, "SELECT " NODE_COLUMNS " FROM nodes WHERE run = ?1 AND id = ?2", run, id);

    return one_node(each_node(s, fn, arg, e), e);
}

int
node_rows_each_phase(struct db *db, int64_t run, int one, int other, node_row_fn *fn, void *arg,
                     struct err *e)
{
    struct stmt *s = of_run(db,
                            "SELECT " NODE_COLUMNS " FROM nodes"
                            " WHERE run = ?1 AND phase IN (?2, ?3) ORDER BY id",
                            run, one);

    stmt_bind_int(s, 3, other);
    return each_node(s, fn, arg, e);
}

int
node_rows_page(struct db *db, int64_t run, int64_t after, int64_t limit, node_row_fn *fn, void *arg,
               struct err *e)
{
    struct stmt *s = of_run(db,
                            "SELECT " NODE_COLUMNS " FROM nodes"
                            " WHERE run = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
                            run, after);

    stmt_bind_int(s, 3, limit);
    return each_node(s, fn, arg, e);
}

int
node_rows_each(struct db *db, int64_t run, node_row_fn *fn, void *arg, struct err *e)
{
    return node_rows_page(db, run, 0, -1, fn, arg, e); /* SQLite's "no limit" */
}

int
node_rows_delete(struct db *db, int64_t run, int64_t last, struct err *e)
{
    return stmt_run(of_run(db, "DELETE FROM nodes WHERE run = ?1 AND id <= ?2", run, last), e);
}

int
node_rows_remove(struct db *db, int64_t run, int64_t id, struct err *e)
{
    return stmt_run(of_run(db, "DELETE FROM nodes WHERE run = ?1 AND id = ?2", run, id), e);
}

int
node_rows_reopen(struct db *db, int64_t run, int64_t id, int phase, int flags_off, struct err *e)
{
    struct stmt *s =
        of_run(db,
               "UPDATE nodes SET state = 0, phase = ?3, flags = flags & ~?4, message = NULL,"
               " reason = NULL, ended_us = 0, wake_us = 0, outputs = NULL"
               " WHERE run = ?1 AND id = ?2",
               run, id);

    stmt_bind_int(s, 3, phase);
    stmt_bind_int(s, 4, flags_off);
    return stmt_run(s, e);
}

int
node_rows_each_open(struct db *db, int64_t run, node_row_fn *fn, void *arg, struct err *e)
{
    struct stmt *s = db_stmt(db, "SELECT " NODE_COLUMNS " FROM nodes"
                                 " WHERE run = ?1 AND state < 2 ORDER BY id");

    stmt_bind_int(s, 1, run);
    return each_node(s, fn, arg, e);
}

int
node_rows_each_child(struct db *db, int64_t run, int64_t parent, node_row_fn *fn, void *arg,
                     struct err *e)
{
    struct stmt *s =
        of_run(db, "SELECT " NODE_COLUMNS " FROM nodes WHERE run = ?1 AND parent = ?2 ORDER BY id",
               run, parent);

    return each_node(s, fn, arg, e);
}

int
node_rows_last_id(struct db *db, int64_t run, int64_t *ret, struct err *e)
{
    struct stmt *s = db_stmt(db, "SELECT max(id) FROM nodes WHERE run = ?1");

    stmt_bind_int(s, 1, run);
    return stmt_get_int(s, 0, ret, e);
}

int
node_rows_count_kind(struct db *db, int64_t run, int kind, int64_t *total, int64_t *done,
                     struct err *e)
{
    struct stmt *s = of_run(
        db, "SELECT count(*), total(state > 0) FROM nodes WHERE run = ?1 AND kind = ?2", run, kind);
    int rc = stmt_step(s, e);

    if (rc > 0) {
        *total = stmt_int(s, 0);
        *done = stmt_int(s, 1);
    }
    stmt_done(s);
    return rc < 0 ? rc : 0;
}
