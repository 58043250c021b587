/*
 * Reading what objects are and were: one of them, pages of many in several orders, a resource as it
 * was at some version, and what has changed since.
 */
#include "base/err.h"
#include "base/log.h"
#include "store/db.h"
#include "store/versions_int.h"

int
versions_walk(struct stmt *s, versions_read_fn *read, versions_row_fn *fn, void *arg, struct err *e)
{
    int rc, given = 0, rows = 0;

    while (given == 0 && (rc = stmt_step(s, e)) > 0) {
        struct version v;

        read(s, &v);
        given = fn(arg, &v, e);
        rows++;
    }
    stmt_done(s);
    return given < 0 ? given : rc < 0 ? rc : rows;
}

/* The present. */

#define COLUMNS \
    "SELECT o.resource, o.namespace, o.name, o.uid, o.rv, o.finished, v.json, v.prev_rv, v.op"
#define CURRENT COLUMNS " FROM objects o"
#define ITS_VERSION " JOIN versions v ON v.rv = o.rv"

static void
read_current(struct stmt *s, struct version *v)
{
    struct str op = stmt_str(s, 8);

    *v = (struct version){.resource = stmt_str(s, 0),
                          .ns = stmt_str(s, 1),
                          .name = stmt_str(s, 2),
                          .uid = stmt_str(s, 3),
                          .rv = stmt_int(s, 4),
                          .finished = stmt_int(s, 5) != 0,
                          .json = stmt_str(s, 6),
                          .prev_rv = stmt_int(s, 7),
                          .op = op.n == 1 ? op.p[0] : 'M'};
}

int
versions_by_key(struct db *d, struct str resource, struct str ns, struct str name,
                versions_row_fn *fn, void *arg, struct err *e)
{
    struct stmt *s = db_stmt(d, CURRENT ITS_VERSION
                             " WHERE o.resource = ?1 AND o.namespace = ?2 AND o.name = ?3");

    stmt_bind_str(s, 1, resource);
    stmt_bind_str(s, 2, ns);
    stmt_bind_str(s, 3, name);
    return versions_walk(s, read_current, fn, arg, e);
}

int
versions_by_uid(struct db *d, struct str uid, versions_row_fn *fn, void *arg, struct err *e)
{
    struct stmt *s = db_stmt(d, CURRENT ITS_VERSION " WHERE o.uid = ?1");

    stmt_bind_str(s, 1, uid);
    return versions_walk(s, read_current, fn, arg, e);
}

int
versions_unfinished(struct db *d, versions_row_fn *fn, void *arg, struct err *e)
{
    struct stmt *s = db_stmt(d, CURRENT ITS_VERSION
                             " WHERE o.finished = 0 ORDER BY o.resource, o.namespace, o.name");

    return versions_walk(s, read_current, fn, arg, e);
}

bool
versions_uid_exists(struct db *d, struct str uid)
{
    struct stmt *s = db_stmt(d, "SELECT 1 FROM objects WHERE uid = ?1");
    struct err e = ERR_INIT;
    int64_t found = 0;

    stmt_bind_str(s, 1, uid);
    if (stmt_get_int(s, 0, &found, &e) < 0)
        log_warn(NULL, "look up an owner: %s", e.msg);
    /* An owner that cannot be looked up counts as there: collecting its objects is the worse error.
     */
    return found != 0 || e.code != 0;
}

/* One text per way of asking, since an optional condition would cost the index. */

#define ALL_PAGE " AND (o.namespace, o.name) > (?4, ?5) ORDER BY o.namespace, o.name LIMIT ?6"
#define ONE_PAGE " AND o.namespace = ?7 AND o.name > ?5 ORDER BY o.name LIMIT ?6"
#define OF_RESOURCE " WHERE o.resource = ?1"
#define INDEX_FROM(table) \
    COLUMNS \
    " FROM " table " i CROSS JOIN objects o ON o.resource = i.resource" \
    " AND o.namespace = i.namespace AND o.name = i.sort" ITS_VERSION \
    " WHERE i.resource = ?1 AND i.key = ?2"
#define INDEX_ALL " AND (i.namespace, i.sort) > (?4, ?5) ORDER BY i.namespace, i.sort LIMIT ?6"
#define INDEX_ONE " AND i.namespace = ?7 AND i.sort > ?5 ORDER BY i.sort LIMIT ?6"
#define VALUE_IS " AND i.value = ?3"
/* CROSS JOIN keeps SQLite from walking all objects of the resource instead. */
#define OWNER_FROM \
    COLUMNS \
    " FROM owners i CROSS JOIN objects o ON o.uid = i.uid" ITS_VERSION \
    " WHERE i.owner_uid = ?3 AND o.resource = ?1"

static struct stmt *
list_stmt(struct db *d, const struct versions_query *q)
{
    bool all = q->ns.p == NULL;

    switch (q->by) {
    case VERSIONS_LABEL:
        if (q->value.p == NULL)
            return all ? db_stmt(d, INDEX_FROM("labels") INDEX_ALL)
                       : db_stmt(d, INDEX_FROM("labels") INDEX_ONE);
        return all ? db_stmt(d, INDEX_FROM("labels") VALUE_IS INDEX_ALL)
                   : db_stmt(d, INDEX_FROM("labels") VALUE_IS INDEX_ONE);
    case VERSIONS_FIELD:
        return all ? db_stmt(d, INDEX_FROM("fields") VALUE_IS INDEX_ALL)
                   : db_stmt(d, INDEX_FROM("fields") VALUE_IS INDEX_ONE);
    case VERSIONS_OWNER:
        return all ? db_stmt(d, OWNER_FROM ALL_PAGE) : db_stmt(d, OWNER_FROM ONE_PAGE);
    case VERSIONS_ALL:
        break;
    }
    return all ? db_stmt(d, CURRENT ITS_VERSION OF_RESOURCE ALL_PAGE)
               : db_stmt(d, CURRENT ITS_VERSION OF_RESOURCE ONE_PAGE);
}

/* What ALL_PAGE, ONE_PAGE and their kin take. */
static void
bind_page(struct stmt *s, const struct versions_query *q)
{
    if (q->ns.p == NULL)
        stmt_bind_str(s, 4, q->after_ns.p != NULL ? q->after_ns : STR(""));
    else
        stmt_bind_str(s, 7, q->ns);
    stmt_bind_str(s, 5, q->after_name.p != NULL ? q->after_name : STR(""));
    stmt_bind_int(s, 6, (int64_t)q->limit);
}

int
versions_list(struct db *d, const struct versions_query *q, versions_row_fn *fn, void *arg,
              struct err *e)
{
    struct stmt *s = list_stmt(d, q);
    bool indexed = q->by == VERSIONS_LABEL || q->by == VERSIONS_FIELD;

    stmt_bind_str(s, 1, q->resource);
    if (indexed)
        stmt_bind_str(s, 2, q->key);
    if (q->by != VERSIONS_ALL && q->value.p != NULL)
        stmt_bind_str(s, 3, q->value);
    bind_page(s, q);
    return versions_walk(s, read_current, fn, arg, e);
}

int
versions_count(struct db *d, const struct versions_query *q, int64_t *ret, struct err *e)
{
    struct stmt *s =
        q->ns.p == NULL
            ? db_stmt(d, "SELECT count(*) FROM (SELECT 1 FROM objects o" OF_RESOURCE ALL_PAGE ")")
            : db_stmt(d, "SELECT count(*) FROM (SELECT 1 FROM objects o" OF_RESOURCE ONE_PAGE ")");

    stmt_bind_str(s, 1, q->resource);
    bind_page(s, q);
    return stmt_get_int(s, 0, ret, e) < 0 ? e->code : 0;
}

int
versions_next_namespace(struct db *d, struct str resource, struct str after, char **ret,
                        struct err *e)
{
    cleanup_stmt struct stmt *s =
        db_stmt(d, "SELECT namespace FROM objects WHERE resource = ?1 AND namespace > ?2"
                   " ORDER BY namespace LIMIT 1");
    int rc;

    *ret = NULL;
    stmt_bind_str(s, 1, resource);
    stmt_bind_str(s, 2, after);
    rc = stmt_step(s, e);
    if (rc > 0)
        *ret = str_dup(stmt_str(s, 0));
    return rc < 0 ? rc : 0;
}

int
versions_next_label(struct db *d, struct str resource, struct str key, struct str after, char **ret,
                    struct err *e)
{
    cleanup_stmt struct stmt *s =
        db_stmt(d, key.p == NULL ? "SELECT key FROM labels WHERE resource = ?1 AND key > ?2"
                                   " ORDER BY key LIMIT 1"
                                 : "SELECT value FROM labels WHERE resource = ?1 AND key = ?3"
                                   " AND value > ?2 ORDER BY value LIMIT 1");
    int rc;

    *ret = NULL;
    stmt_bind_str(s, 1, resource);
    stmt_bind_str(s, 2, after);
    if (key.p != NULL)
        stmt_bind_str(s, 3, key);
    rc = stmt_step(s, e);
    if (rc > 0)
        *ret = str_dup(stmt_str(s, 0));
    return rc < 0 ? rc : 0;
}

/* The past. */

static void
read_past(struct stmt *s, struct version *v)
{
    struct str op = stmt_str(s, 2);

    *v = (struct version){.rv = stmt_int(s, 0),
                          .prev_rv = stmt_int(s, 1),
                          .op = op.n == 1 ? op.p[0] : 'M',
                          .json = stmt_str(s, 3),
                          .prev_json = stmt_is_null(s, 4) ? STR_NULL : stmt_str(s, 4)};
}

/* What has not changed since is as it is; of the rest, the first later version names what was. */
int
versions_at(struct db *d, struct str resource, int64_t rv, versions_row_fn *fn, void *arg,
            struct err *e)
{
    struct stmt *s =
        db_stmt(d, "SELECT v.rv, v.prev_rv, v.op, v.json, NULL FROM objects o"
                   " JOIN versions v ON v.rv = o.rv WHERE o.resource = ?1 AND o.rv <= ?2"
                   " UNION ALL"
                   " SELECT p.rv, p.prev_rv, p.op, p.json, NULL FROM versions v"
                   " JOIN versions p ON p.rv = v.prev_rv"
                   " WHERE v.rv > ?2 AND v.resource = ?1 AND v.prev_rv <= ?2 AND v.prev_rv > 0");

    stmt_bind_str(s, 1, resource);
    stmt_bind_int(s, 2, rv);
    return versions_walk(s, read_past, fn, arg, e);
}

int
versions_changes(struct db *d, struct str resource, int64_t after, int64_t last, size_t limit,
                 versions_row_fn *fn, void *arg, struct err *e)
{
    struct stmt *s = db_stmt(d, "SELECT v.rv, v.prev_rv, v.op, v.json, p.json FROM versions v"
                                " LEFT JOIN versions p ON p.rv = v.prev_rv"
                                " WHERE v.rv > ?2 AND v.rv <= ?3 AND v.resource = ?1"
                                " ORDER BY v.rv LIMIT ?4");

    stmt_bind_str(s, 1, resource);
    stmt_bind_int(s, 2, after);
    stmt_bind_int(s, 3, last);
    stmt_bind_int(s, 4, (int64_t)limit);
    return versions_walk(s, read_past, fn, arg, e);
}
