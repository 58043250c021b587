#include "store/versions.h"

#include "base/err.h"
#include "store/db.h"

static int
add_version(struct db *d, const struct version *v, struct err *e)
{
    struct stmt *s = db_stmt(d, "INSERT INTO versions(rv, prev_rv, op, resource, uid, json)"
                                " VALUES(?1, ?2, ?3, ?4, ?5, ?6)");

    stmt_bind_int(s, 1, v->rv);
    stmt_bind_int(s, 2, v->prev_rv);
    stmt_bind_str(s, 3, str_make(&v->op, 1));
    stmt_bind_str(s, 4, v->resource);
    stmt_bind_str(s, 5, v->uid);
    stmt_bind_str(s, 6, v->json);
    return stmt_run(s, e);
}

static void
bind_row(struct stmt *s, const struct version *v)
{
    stmt_bind_str(s, 1, v->resource);
    stmt_bind_str(s, 2, v->ns);
    stmt_bind_str(s, 3, v->name);
    stmt_bind_str(s, 4, v->uid);
    stmt_bind_int(s, 5, v->rv);
    stmt_bind_int(s, 6, v->finished);
}

/* The row of an object that stays what it is: its uid, which has an index, is left alone. */
static int
point_on(struct db *d, const struct version *v, struct err *e)
{
    struct stmt *s = db_stmt(d, "UPDATE objects SET rv = ?5, finished = ?6 WHERE resource = ?1"
                                " AND namespace = ?2 AND name = ?3 AND uid = ?4");

    bind_row(s, v);
    return stmt_run(s, e);
}

static int
point_at(struct db *d, const struct version *v, struct err *e)
{
    struct stmt *s;
    int rows = v->op == 'M' ? point_on(d, v, e) : 0;

    if (rows != 0)
        return rows;
    s = db_stmt(d, "INSERT INTO objects(resource, namespace, name, uid, rv, finished)"
                   " VALUES(?1, ?2, ?3, ?4, ?5, ?6)"
                   " ON CONFLICT(resource, namespace, name)"
                   " DO UPDATE SET uid = ?4, rv = ?5, finished = ?6");
    bind_row(s, v);
    return stmt_run(s, e);
}

static int
forget(struct db *d, const struct version *v, struct err *e)
{
    struct stmt *s = db_stmt(d, "DELETE FROM objects WHERE resource = ?1 AND namespace = ?2"
                                " AND name = ?3 AND uid = ?4");

    stmt_bind_str(s, 1, v->resource);
    stmt_bind_str(s, 2, v->ns);
    stmt_bind_str(s, 3, v->name);
    stmt_bind_str(s, 4, v->uid);
    return stmt_run(s, e);
}

int
versions_put(struct db *d, const struct version *v, struct err *e)
{
    int rc = add_version(d, v, e);

    if (rc >= 0)
        rc = v->op == 'D' ? forget(d, v, e) : point_at(d, v, e);
    return rc < 0 ? err_wrap(e, "version %lld", (long long)v->rv) : 0;
}

int
versions_drop(struct db *d, int64_t rv, struct err *e)
{
    struct stmt *s = db_stmt(d, "DELETE FROM versions WHERE rv = ?1");

    stmt_bind_int(s, 1, rv);
    return stmt_run(s, e) < 0 ? e->code : 0;
}

/* A version goes when the one that replaced it is behind the horizon: until then somebody may still
 * want to know what the object was at the horizon.  A removal goes when it is behind it itself.
 * Rows go one by one, so that a turn never deletes more than two for each that it looks at. */
int
versions_prune(struct db *d, int64_t *from, int64_t before, size_t limit, struct err *e)
{
    cleanup_stmt struct stmt *s = db_stmt(d, "SELECT rv, prev_rv, op = 'D' FROM versions"
                                             " WHERE rv > ?1 AND rv < ?2 ORDER BY rv LIMIT ?3");
    int rc, removed = 0;
    size_t seen = 0;

    stmt_bind_int(s, 1, *from);
    stmt_bind_int(s, 2, before);
    stmt_bind_int(s, 3, (int64_t)limit);
    while ((rc = stmt_step(s, e)) > 0) {
        int64_t rv = stmt_int(s, 0), prev = stmt_int(s, 1);
        bool removal = stmt_int(s, 2) != 0;

        seen++;
        *from = rv;
        if ((prev > 0 && versions_drop(d, prev, e) < 0) || (removal && versions_drop(d, rv, e) < 0))
            return e->code;
        removed += (prev > 0) + removal;
    }
    if (rc == 0 && seen < limit && *from < before - 1)
        *from = before - 1;
    return rc < 0 ? rc : removed;
}
