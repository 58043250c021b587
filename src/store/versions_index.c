/*
 * What objects are found by besides their key: labels, indexed fields, and owners, with the memory
 * of owners that went before their dependants did.
 */
#include "base/err.h"
#include "store/db.h"
#include "store/versions_int.h"

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

static void
read_uid(struct stmt *s, struct version *v)
{
    *v = (struct version){.uid = stmt_str(s, 0), .rv = stmt_int(s, 1)};
}

int
versions_orphans(struct db *d, versions_row_fn *fn, void *arg, struct err *e)
{
    struct stmt *s = db_stmt(d, "SELECT owner_uid, keep FROM orphans ORDER BY owner_uid");

    return versions_walk(s, read_uid, fn, arg, e);
}

int
versions_orphan_get(struct db *d, struct str owner_uid, versions_row_fn *fn, void *arg,
                    struct err *e)
{
    struct stmt *s = db_stmt(d, "SELECT owner_uid, keep FROM orphans WHERE owner_uid = ?1");

    stmt_bind_str(s, 1, owner_uid);
    return versions_walk(s, read_uid, fn, arg, e);
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
    return versions_walk(s, read_uid, fn, arg, e);
}
