#include "store/run_rows.h"

#include "base/err.h"
#include "store/db.h"

/* The column `live`; schema_gone.c knows the number of what is gone. */
enum { RUN_OVER, RUN_LIVE, RUN_GONE };

static int64_t
live_of(const struct run_row *row)
{
    return row->gone ? RUN_GONE : row->live ? RUN_LIVE : RUN_OVER;
}

int
run_rows_insert(struct db *db, struct run_row *row, struct err *e)
{
    struct stmt *s = db_stmt(db, "INSERT INTO runs(uid, language, live, frozen, state)"
                                 " VALUES (?1, ?2, ?3, ?4, ?5) RETURNING run");

    stmt_bind_str(s, 1, row->uid);
    stmt_bind_str(s, 2, row->language);
    stmt_bind_int(s, 3, live_of(row));
    stmt_bind_str(s, 4, row->frozen);
    stmt_bind_str(s, 5, row->state);
    return stmt_get_int(s, 0, &row->run, e);
}

/* A change of the run ?1 to ?2 and ?3, which is how far it is. */
static struct stmt *
change_to(struct db *db, const char *sql, const struct run_row *row)
{
    struct stmt *s = db_stmt(db, sql);

    stmt_bind_int(s, 1, row->run);
    stmt_bind_int(s, 2, live_of(row));
    stmt_bind_str(s, 3, row->state);
    return s;
}

int
run_rows_update(struct db *db, const struct run_row *row, struct err *e)
{
    struct stmt *s = change_to(
        db, "UPDATE runs SET live = ?2, state = ?3, expires_us = NULLIF(?4, 0) WHERE run = ?1",
        row);

    stmt_bind_int(s, 4, row->expires_us);
    return stmt_run(s, e);
}

int
run_rows_replace(struct db *db, const struct run_row *row, struct err *e)
{
    struct stmt *s = change_to(
        db, "UPDATE runs SET live = ?2, state = ?3, frozen = ?4, expires_us = NULL WHERE run = ?1",
        row);

    stmt_bind_str(s, 4, row->frozen);
    return stmt_run(s, e);
}

int
run_rows_delete(struct db *db, int64_t run, struct err *e)
{
    struct stmt *nodes = db_stmt(db, "DELETE FROM nodes WHERE run = ?1");
    struct stmt *s;
    int rc;

    stmt_bind_int(nodes, 1, run);
    rc = stmt_run(nodes, e);
    if (rc < 0)
        return rc;
    s = db_stmt(db, "DELETE FROM runs WHERE run = ?1");
    stmt_bind_int(s, 1, run);
    return stmt_run(s, e);
}

static int
each_run(struct stmt *s, run_row_fn *fn, void *arg, struct err *e)
{
    int rows = 0, rc;

    while ((rc = stmt_step(s, e)) > 0) {
        struct run_row row = {.run = stmt_int(s, 0),
                              .uid = stmt_str(s, 1),
                              .language = stmt_str(s, 2),
                              .live = stmt_int(s, 3) == RUN_LIVE,
                              .gone = stmt_int(s, 3) == RUN_GONE,
                              .frozen = stmt_str(s, 4),
                              .state = stmt_str(s, 5)};

        rc = fn(arg, &row, e);
        if (rc < 0)
            break;
        rows++;
    }
    stmt_done(s);
    return rc < 0 ? rc : rows;
}

int
run_rows_find(struct db *db, struct str uid, run_row_fn *fn, void *arg, struct err *e)
{
    struct stmt *s =
        db_stmt(db, "SELECT run, uid, language, live, frozen, state FROM runs WHERE uid = ?1");
    int rows;

    stmt_bind_str(s, 1, uid);
    rows = each_run(s, fn, arg, e);
    return rows == 0  ? err_set(e, ERR_NOTFOUND, "no run of %.*s", STR_ARG(uid))
           : rows < 0 ? rows
                      : 0;
}

/* "live" alone, so that the index of those that are not over serves. */
int
run_rows_each_live(struct db *db, run_row_fn *fn, void *arg, struct err *e)
{
    return each_run(db_stmt(db, "SELECT run, uid, language, live, frozen, state FROM runs"
                                " WHERE live AND live = 1 ORDER BY run"),
                    fn, arg, e);
}

int
run_rows_first_gone(struct db *db, run_row_fn *fn, void *arg, struct err *e)
{
    return each_run(db_stmt(db, "SELECT run, uid, language, live, frozen, state FROM runs"
                                " WHERE live AND live = 2 ORDER BY run LIMIT 1"),
                    fn, arg, e);
}

int
run_rows_next_expiry(struct db *db, int64_t *ret, struct err *e)
{
    return stmt_get_int(
        db_stmt(db, "SELECT min(expires_us) FROM runs WHERE expires_us IS NOT NULL"), 0, ret, e);
}

int
run_rows_each_expired(struct db *db, int64_t now_us, int64_t limit, run_row_fn *fn, void *arg,
                      struct err *e)
{
    struct stmt *s = db_stmt(db, "SELECT run, uid, language, live, frozen, '' FROM runs"
                                 " WHERE expires_us IS NOT NULL AND expires_us <= ?1"
                                 " ORDER BY expires_us LIMIT ?2");

    stmt_bind_int(s, 1, now_us);
    stmt_bind_int(s, 2, limit);
    return each_run(s, fn, arg, e);
}

int
run_rows_expire_at(struct db *db, int64_t run, int64_t at_us, struct err *e)
{
    struct stmt *s = db_stmt(db, "UPDATE runs SET expires_us = NULLIF(?2, 0) WHERE run = ?1");

    stmt_bind_int(s, 1, run);
    stmt_bind_int(s, 2, at_us);
    return stmt_run(s, e);
}
