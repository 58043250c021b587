#include <inttypes.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "store/db_int.h"

static void
prepare(struct stmt *s, const char *sql)
{
    int rc = sqlite3_prepare_v3(s->d->h, sql, -1, SQLITE_PREPARE_PERSISTENT, &s->h, NULL);

    if (rc == SQLITE_ERROR)
        panic(__FILE__, __LINE__, "SQL: %s in: %s", sqlite3_errmsg(s->d->h), sql);
    s->error = rc;
    s->writes = rc == SQLITE_OK && !sqlite3_stmt_readonly(s->h);
}

struct stmt *
db_stmt(struct db *d, const char *sql)
{
    uint64_t key = (uint64_t)(uintptr_t)sql;
    struct stmt *first = map_get_u64(&d->statements, key);
    struct stmt *s = first;

    while (s != NULL && s->taken)
        s = s->next;
    if (s == NULL) {
        s = NEW(struct stmt);
        s->d = d;
        s->next = first;
        map_put_u64(&d->statements, key, s);
    }
    if (s->h == NULL) /* new, or there was no memory for it when it was */
        prepare(s, sql);
    s->taken = true;
    return s;
}

static void
stmt_reset(struct stmt *s)
{
    if (s->stepped)
        sqlite3_reset(s->h);
    s->stepped = false;
}

void
stmt_done(struct stmt *s)
{
    if (s == NULL)
        return;
    stmt_reset(s);
    if (s->h != NULL) {
        sqlite3_clear_bindings(s->h);
        s->error = SQLITE_OK;
    }
    s->taken = false;
}

static void
note(struct stmt *s, int rc)
{
    CHECK(rc != SQLITE_RANGE && rc != SQLITE_MISUSE);
    if (s->error == SQLITE_OK)
        s->error = rc;
}

void
stmt_bind_int(struct stmt *s, int at, int64_t value)
{
    if (s->h != NULL)
        note(s, sqlite3_bind_int64(s->h, at, value));
}

void
stmt_bind_str(struct stmt *s, int at, struct str value)
{
    if (s->h == NULL)
        return;
    note(s, value.p != NULL
                ? sqlite3_bind_text64(s->h, at, value.p, value.n, SQLITE_STATIC, SQLITE_UTF8)
                : sqlite3_bind_null(s->h, at));
}

void
stmt_bind_cstr(struct stmt *s, int at, const char *value)
{
    stmt_bind_str(s, at, str_of(value));
}

/* One step, of which is remembered if it took long. */
static int
step(struct stmt *s)
{
    int64_t begin = clock_boot_us(&clock_machine), took;
    int rc = sqlite3_step(s->h);

    took = clock_boot_us(&clock_machine) - begin;
    if (took >= DB_SLOW_US)
        s->d->slow[s->d->slow_n++ % DB_SLOW_KEPT] = (struct db_slow){
            .sql = sqlite3_sql(s->h), .took_us = took, .at_us = clock_wall_us(&clock_machine)};
    return rc;
}

void
db_dump(const struct db *d, struct buf *to)
{
    uint64_t from = d->slow_n > DB_SLOW_KEPT ? d->slow_n - DB_SLOW_KEPT : 0;

    buf_printf(to, "log: %" PRId64 " bytes\n", db_log_bytes(d));
    buf_printf(to, "slow steps (%d ms and more): %" PRIu64 "\n", DB_SLOW_US / 1000, d->slow_n);
    for (uint64_t i = from; i < d->slow_n; i++) {
        const struct db_slow *q = &d->slow[i % DB_SLOW_KEPT];

        buf_printf(to, "  %" PRId64 " ms, %" PRId64 " s ago: %s\n", q->took_us / 1000,
                   (clock_wall_us(&clock_machine) - q->at_us) / CLOCK_SECOND, q->sql);
    }
}

/* Steps one of our own transaction statements. */
int
db_run_plain(struct db *d, const char *sql, const char *doing, struct err *e)
{
    struct stmt *s = db_stmt(d, sql);
    int rc = s->error != SQLITE_OK ? s->error : step(s);

    s->stepped = true;
    if (rc != SQLITE_DONE)
        db_fail(d, rc, doing, e);
    stmt_done(s);
    return rc == SQLITE_DONE ? 0 : e->code;
}

void
db_free_statements(struct db *d)
{
    MAP_EACH (&d->statements, it) {
        for (struct stmt *s = it.value, *next; s != NULL; s = next) {
            next = s->next;
            sqlite3_finalize(s->h);
            free(s);
        }
    }
    map_done(&d->statements);
}

int
stmt_step(struct stmt *s, struct err *e)
{
    int rc;

    if (s->error != SQLITE_OK)
        return db_fail(s->d, s->error, "database", e);
    if (s->writes && !s->stepped && db_open_for_writing(s->d, e) < 0)
        return e->code;
    s->stepped = true;
    rc = step(s);
    if (rc == SQLITE_ROW)
        return 1;
    if (rc == SQLITE_DONE)
        return 0;
    db_fail(s->d, rc, "database", e);
    stmt_reset(s);
    return e->code;
}

int
stmt_run(struct stmt *s, struct err *e)
{
    int rc;

    while ((rc = stmt_step(s, e)) > 0)
        ;
    if (rc == 0)
        rc = s->writes ? sqlite3_changes(s->d->h) : 0;
    stmt_done(s);
    return rc;
}

int64_t
stmt_int(const struct stmt *s, int column)
{
    return sqlite3_column_int64(s->h, column);
}

struct str
stmt_str(const struct stmt *s, int column)
{
    const char *text = (const char *)sqlite3_column_text(s->h, column);

    return text != NULL ? str_make(text, (size_t)sqlite3_column_bytes(s->h, column)) : STR_NULL;
}

bool
stmt_is_null(const struct stmt *s, int column)
{
    return sqlite3_column_type(s->h, column) == SQLITE_NULL;
}

int
stmt_get_int(struct stmt *s, int64_t otherwise, int64_t *ret, struct err *e)
{
    int rc = stmt_step(s, e);

    if (rc >= 0)
        *ret = rc > 0 ? stmt_int(s, 0) : otherwise;
    stmt_done(s);
    return rc < 0 ? rc : 0;
}
