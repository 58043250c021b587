#include "store/attempts.h"

#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/vec.h"
#include "store/db.h"

#define COLUMNS "attempt, pod_uid, container, n, boot_id, state, created_us, json"
/* Ids begin with the pod's uid, so they stand side by side; DEL is behind all that follows it. */
#define OF_POD "attempt >= ?1 AND attempt < ?1 || char(127) AND pod_uid = ?1"

int
attempts_insert(struct db *d, const struct attempt_row *row, struct err *e)
{
    struct stmt *s =
        db_stmt(d, "INSERT INTO attempts(" COLUMNS ") VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");

    stmt_bind_str(s, 1, row->id);
    stmt_bind_str(s, 2, row->pod_uid);
    stmt_bind_str(s, 3, row->container);
    stmt_bind_int(s, 4, row->n);
    stmt_bind_str(s, 5, row->boot_id);
    stmt_bind_str(s, 6, row->state);
    stmt_bind_int(s, 7, row->created_us);
    stmt_bind_str(s, 8, row->json.p != NULL ? row->json : STR("{}"));
    return stmt_run(s, e) < 0 ? err_wrap(e, "attempt %.*s", STR_ARG(row->id)) : 0;
}

static int
not_found(struct str id, struct err *e)
{
    return err_set(e, ERR_NOTFOUND, "attempt '%.*s' not found", STR_ARG(id));
}

int
attempts_update(struct db *d, struct str id, struct str state, struct str json, struct err *e)
{
    struct stmt *s = db_stmt(d, "UPDATE attempts SET state = ?2, json = ?3 WHERE attempt = ?1");
    int n;

    stmt_bind_str(s, 1, id);
    stmt_bind_str(s, 2, state);
    stmt_bind_str(s, 3, json.p != NULL ? json : STR("{}"));
    n = stmt_run(s, e);
    return n < 0 ? n : n == 0 ? not_found(id, e) : 0;
}

static struct str
keep(struct arena *a, struct str s)
{
    return str_make(str_dup_arena(a, s), s.n);
}

static void
read_row(const struct stmt *s, struct arena *a, struct attempt_row *ret)
{
    *ret = (struct attempt_row){
        .id = keep(a, stmt_str(s, 0)),
        .pod_uid = keep(a, stmt_str(s, 1)),
        .container = keep(a, stmt_str(s, 2)),
        .n = stmt_int(s, 3),
        .boot_id = keep(a, stmt_str(s, 4)),
        .state = keep(a, stmt_str(s, 5)),
        .created_us = stmt_int(s, 6),
        .json = keep(a, stmt_str(s, 7)),
    };
}

int
attempts_get(struct db *d, struct str id, struct arena *a, struct attempt_row *ret, struct err *e)
{
    cleanup_stmt struct stmt *s = db_stmt(d, "SELECT " COLUMNS " FROM attempts WHERE attempt = ?1");
    int rc;

    stmt_bind_str(s, 1, id);
    rc = stmt_step(s, e);
    if (rc <= 0)
        return rc < 0 ? rc : not_found(id, e);
    read_row(s, a, ret);
    return 0;
}

int
attempts_list(struct db *d, struct str pod_uid, struct arena *a, struct attempt_row **ret,
              size_t *count, struct err *e)
{
    cleanup_stmt struct stmt *s =
        pod_uid.p != NULL
            ? db_stmt(d, "SELECT " COLUMNS " FROM attempts WHERE " OF_POD " ORDER BY container, n")
            : db_stmt(d, "SELECT " COLUMNS " FROM attempts"
                         " WHERE state NOT IN ('exited', 'lost') ORDER BY created_us, attempt");
    VEC(struct attempt_row) found = VEC_INIT;
    int rc;

    if (pod_uid.p != NULL)
        stmt_bind_str(s, 1, pod_uid);
    while ((rc = stmt_step(s, e)) > 0)
        read_row(s, a, vec_grow(&found));
    *count = found.n;
    *ret = ARENA_ARRAY(a, struct attempt_row, found.n + 1);
    if (found.n > 0)
        memcpy(*ret, found.at, found.n * sizeof *found.at);
    vec_done(&found);
    return rc < 0 ? rc : 0;
}

int
attempts_delete_pod(struct db *d, struct str pod_uid, struct err *e)
{
    struct stmt *s = db_stmt(d, "DELETE FROM attempts WHERE " OF_POD);

    stmt_bind_str(s, 1, pod_uid);
    return stmt_run(s, e);
}
