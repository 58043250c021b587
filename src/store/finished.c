#include "store/finished.h"

#include "store/db.h"

int
finished_page(struct db *d, struct str resource, struct str ns, struct str name, size_t limit,
              finished_fn *fn, void *arg, struct err *e)
{
    struct stmt *s = db_stmt(d, "SELECT namespace, name, uid, finished FROM objects"
                                " WHERE resource = ?1 AND (namespace, name) > (?2, ?3)"
                                " ORDER BY namespace, name LIMIT ?4");
    int rc, given = 0, rows = 0;

    stmt_bind_str(s, 1, resource);
    stmt_bind_str(s, 2, ns);
    stmt_bind_str(s, 3, name);
    stmt_bind_int(s, 4, (int64_t)limit);
    while (given == 0 && (rc = stmt_step(s, e)) > 0) {
        struct finished_row row = {.ns = stmt_str(s, 0),
                                   .name = stmt_str(s, 1),
                                   .uid = stmt_str(s, 2),
                                   .finished = stmt_int(s, 3) != 0};

        given = fn(arg, &row, e);
        rows++;
    }
    stmt_done(s);
    return given < 0 ? given : rc < 0 ? rc : rows;
}

int
finished_after(struct db *d, struct str resource, int64_t rv, size_t limit, finished_fn *fn,
               void *arg, struct err *e)
{
    struct stmt *s =
        db_stmt(d, "SELECT v.rv, v.uid, o.finished FROM"
                   " (SELECT rv, uid FROM versions WHERE rv > ?2 ORDER BY rv LIMIT ?3) v"
                   " LEFT JOIN objects o ON o.uid = v.uid AND o.rv = v.rv AND o.resource = ?1"
                   " ORDER BY v.rv");
    int rc, given = 0, rows = 0;

    stmt_bind_str(s, 1, resource);
    stmt_bind_int(s, 2, rv);
    stmt_bind_int(s, 3, (int64_t)limit);
    while (given == 0 && (rc = stmt_step(s, e)) > 0) {
        struct finished_row row = {.rv = stmt_int(s, 0),
                                   .uid = stmt_str(s, 1),
                                   .finished = !stmt_is_null(s, 2) && stmt_int(s, 2) != 0};

        given = fn(arg, &row, e);
        rows++;
    }
    stmt_done(s);
    return given < 0 ? given : rc < 0 ? rc : rows;
}
