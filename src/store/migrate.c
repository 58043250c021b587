#include "store/migrate.h"

#include "base/err.h"
#include "base/log.h"

static const struct migration *const list[] = {&schema_base, &schema_flow, &schema_gone,
                                               &schema_expiry};

static int
version_of(struct db *d, int64_t *ret, struct err *e)
{
    return stmt_get_int(db_stmt(d, "PRAGMA user_version"), 0, ret, e);
}

/* PRAGMA takes no parameters, so the number is written into the text; it is ours. */
static int
apply(struct db *d, const struct migration *m, int number, struct err *e)
{
    cleanup_free char *text =
        xasprintf("BEGIN IMMEDIATE;\n%s;\nPRAGMA user_version = %d;\nCOMMIT", m->sql, number);

    if (db_exec(d, text, e) == 0)
        return 0;
    db_rollback(d);
    return err_wrap(e, "migration %d (%s)", number, m->name);
}

static int
copy_first(struct db *d, const char *path, int number, struct err *e)
{
    cleanup_free char *to = xasprintf("%s.before-%d", path, number);

    /* One that is there is the copy of an attempt that was killed: it may be half a file. */
    if (unlink(to) == 0)
        log_warn(to, "removed the unfinished copy of an earlier migration");
    return db_backup(d, to, e);
}

/* A new file has nothing to lose yet: its first synced commit makes the tables durable along with
 * itself, and if that never comes they are made again. */
static int
run_all(struct db *d, const char *path, const struct migration *const *migrations, int at,
        int count, struct err *e)
{
    bool is_new = at == 0;

    if (is_new && db_relax(d, true, e) < 0)
        return e->code;
    for (int n = at; n < count; n++) {
        if (apply(d, migrations[n], n + 1, e) < 0)
            return err_wrap(e, "'%s'", path);
    }
    return is_new ? db_relax(d, false, e) : 0;
}

int
migrate_with(struct db *d, const char *path, const struct migration *const *migrations, int count,
             struct err *e)
{
    int64_t at = 0;

    if (version_of(d, &at, e) < 0)
        return e->code;
    if (at > count)
        return err_set(e, ERR_UNSUPPORTED,
                       "'%s' was written by a newer version of this program (its tables are number "
                       "%lld, this program knows %d)",
                       path, (long long)at, count);
    if (at > 0 && at < count && copy_first(d, path, (int)at + 1, e) < 0)
        return e->code;
    return run_all(d, path, migrations, (int)at, count, e);
}

int
migrate(struct db *d, const char *path, struct err *e)
{
    return migrate_with(d, path, list, (int)ARRAY_LEN(list), e);
}
