#include "store/versions.h"

#include "base/err.h"
#include "base/log.h"
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

/* Reading. */

#define COLUMNS \
    "SELECT o.resource, o.namespace, o.name, o.uid, o.rv, o.finished, v.json, v.prev_rv, v.op"
#define CURRENT COLUMNS " FROM objects o"
#define ITS_VERSION " JOIN versions v ON v.rv = o.rv"

/* Hands the rows to fn; returns how many there were. */
static int
walk(struct stmt *s, versions_row_fn *fn, void *arg, struct err *e)
{
    int rc, given = 0, rows = 0;

    while (given == 0 && (rc = stmt_step(s, e)) > 0) {
        struct str op = stmt_str(s, 8);
        struct version v = {.resource = stmt_str(s, 0),
                            .ns = stmt_str(s, 1),
                            .name = stmt_str(s, 2),
                            .uid = stmt_str(s, 3),
                            .rv = stmt_int(s, 4),
                            .finished = stmt_int(s, 5) != 0,
                            .json = stmt_str(s, 6),
                            .prev_rv = stmt_int(s, 7),
                            .op = op.n == 1 ? op.p[0] : 'M'};

        given = fn(arg, &v, e);
        rows++;
    }
    stmt_done(s);
    return given < 0 ? given : rc < 0 ? rc : rows;
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
    return walk(s, fn, arg, e);
}

int
versions_by_uid(struct db *d, struct str uid, versions_row_fn *fn, void *arg, struct err *e)
{
    struct stmt *s = db_stmt(d, CURRENT ITS_VERSION " WHERE o.uid = ?1");

    stmt_bind_str(s, 1, uid);
    return walk(s, fn, arg, e);
}

int
versions_unfinished(struct db *d, versions_row_fn *fn, void *arg, struct err *e)
{
    return walk(db_stmt(d, CURRENT ITS_VERSION
                        " WHERE o.finished = 0 ORDER BY o.resource, o.namespace, o.name"),
                fn, arg, e);
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
    if (q->ns.p == NULL)
        stmt_bind_str(s, 4, q->after_ns.p != NULL ? q->after_ns : STR(""));
    else
        stmt_bind_str(s, 7, q->ns);
    stmt_bind_str(s, 5, q->after_name.p != NULL ? q->after_name : STR(""));
    stmt_bind_int(s, 6, (int64_t)q->limit);
    return walk(s, fn, arg, e);
}

int
versions_count(struct db *d, const struct versions_query *q, int64_t *ret, struct err *e)
{
    struct stmt *s =
        q->ns.p == NULL
            ? db_stmt(d, "SELECT count(*) FROM (SELECT 1 FROM objects o" OF_RESOURCE ALL_PAGE ")")
            : db_stmt(d, "SELECT count(*) FROM (SELECT 1 FROM objects o" OF_RESOURCE ONE_PAGE ")");

    stmt_bind_str(s, 1, q->resource);
    if (q->ns.p == NULL)
        stmt_bind_str(s, 4, q->after_ns.p != NULL ? q->after_ns : STR(""));
    else
        stmt_bind_str(s, 7, q->ns);
    stmt_bind_str(s, 5, q->after_name.p != NULL ? q->after_name : STR(""));
    stmt_bind_int(s, 6, (int64_t)q->limit);
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

static int
walk_past(struct stmt *s, versions_row_fn *fn, void *arg, struct err *e)
{
    int rc, given = 0, rows = 0;

    while (given == 0 && (rc = stmt_step(s, e)) > 0) {
        struct str op = stmt_str(s, 2);
        struct version v = {.rv = stmt_int(s, 0),
                            .prev_rv = stmt_int(s, 1),
                            .op = op.n == 1 ? op.p[0] : 'M',
                            .json = stmt_str(s, 3),
                            .prev_json = stmt_is_null(s, 4) ? STR_NULL : stmt_str(s, 4)};

        given = fn(arg, &v, e);
        rows++;
    }
    stmt_done(s);
    return given < 0 ? given : rc < 0 ? rc : rows;
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
    return walk_past(s, fn, arg, e);
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
    return walk_past(s, fn, arg, e);
}

/* Indexes. */

static int
index_row(struct stmt *s, const struct version_index *of, struct str key, struct str value,
          struct err *e)
{
    stmt_bind_str(s, 1, of->resource);
    stmt_bind_str(s, 2, key);
    stmt_bind_str(s, 3, value);
    stmt_bind_str(s, 4, of->ns);
    stmt_bind_str(s, 5, of->name);
    stmt_bind_str(s, 6, of->uid);
    return stmt_run(s, e) < 0 ? e->code : 0;
}

#define INDEX_ADD(table) \
    "INSERT OR REPLACE INTO " table "(resource, key, value, namespace, sort, uid)" \
    " VALUES(?1, ?2, ?3, ?4, ?5, ?6)"
#define INDEX_REMOVE(table) \
    "DELETE FROM " table " WHERE resource = ?1 AND key = ?2 AND value = ?3 AND namespace = ?4" \
    " AND sort = ?5 AND uid = ?6"

int
versions_label(struct db *d, const struct version_index *of, struct str key, struct str value,
               bool add, struct err *e)
{
    return index_row(add ? db_stmt(d, INDEX_ADD("labels")) : db_stmt(d, INDEX_REMOVE("labels")), of,
                     key, value, e);
}

int
versions_field(struct db *d, const struct version_index *of, struct str path, struct str value,
               bool add, struct err *e)
{
    return index_row(add ? db_stmt(d, INDEX_ADD("fields")) : db_stmt(d, INDEX_REMOVE("fields")), of,
                     path, value, e);
}

int
versions_owner(struct db *d, struct str owner_uid, struct str uid, bool add, struct err *e)
{
    struct stmt *s =
        add ? db_stmt(d, "INSERT OR REPLACE INTO owners(owner_uid, uid) VALUES(?1, ?2)")
            : db_stmt(d, "DELETE FROM owners WHERE owner_uid = ?1 AND uid = ?2");

    stmt_bind_str(s, 1, owner_uid);
    stmt_bind_str(s, 2, uid);
    return stmt_run(s, e) < 0 ? e->code : 0;
}

int
versions_orphan_add(struct db *d, struct str owner_uid, enum versions_fate fate, struct err *e)
{
    struct stmt *s = db_stmt(d, "INSERT OR REPLACE INTO orphans(owner_uid, keep) VALUES(?1, ?2)");

    stmt_bind_str(s, 1, owner_uid);
    stmt_bind_int(s, 2, (int64_t)fate);
    return stmt_run(s, e) < 0 ? e->code : 0;
}

int
versions_orphan_remove(struct db *d, struct str owner_uid, struct err *e)
{
    struct stmt *s = db_stmt(d, "DELETE FROM orphans WHERE owner_uid = ?1");

    stmt_bind_str(s, 1, owner_uid);
    return stmt_run(s, e) < 0 ? e->code : 0;
}

static int
walk_uids(struct stmt *s, versions_row_fn *fn, void *arg, struct err *e)
{
    int rc, given = 0, rows = 0;

    while (given == 0 && (rc = stmt_step(s, e)) > 0) {
        struct version v = {.uid = stmt_str(s, 0), .rv = stmt_int(s, 1)};

        given = fn(arg, &v, e);
        rows++;
    }
    stmt_done(s);
    return given < 0 ? given : rc < 0 ? rc : rows;
}

int
versions_orphans(struct db *d, versions_row_fn *fn, void *arg, struct err *e)
{
    return walk_uids(db_stmt(d, "SELECT owner_uid, keep FROM orphans ORDER BY owner_uid"), fn, arg,
                     e);
}

int
versions_orphan_get(struct db *d, struct str owner_uid, versions_row_fn *fn, void *arg,
                    struct err *e)
{
    struct stmt *s = db_stmt(d, "SELECT owner_uid, keep FROM orphans WHERE owner_uid = ?1");

    stmt_bind_str(s, 1, owner_uid);
    return walk_uids(s, fn, arg, e);
}

int
versions_dependants(struct db *d, struct str owner_uid, struct str after, size_t limit,
                    versions_row_fn *fn, void *arg, struct err *e)
{
    struct stmt *s = db_stmt(d, "SELECT uid, 0 FROM owners WHERE owner_uid = ?1 AND uid > ?3"
                                " ORDER BY uid LIMIT ?2");

    stmt_bind_str(s, 1, owner_uid);
    stmt_bind_int(s, 2, (int64_t)limit);
    stmt_bind_str(s, 3, after.p != NULL ? after : STR(""));
    return walk_uids(s, fn, arg, e);
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
