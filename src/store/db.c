#include "store/db.h"

#include <sqlite3.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/list.h"
#include "base/log.h"
#include "base/map.h"
#include "store/walvfs.h"

enum { FRAME_HEADER_BYTES = 24 }; /* of the write-ahead log, https://sqlite.org/fileformat2.html */

enum state { CLOSED, READING, WRITING, BROKEN };

struct db {
    sqlite3 *h;
    struct walvfs *vfs;
    bool durable;
    struct map statements; /* address of the SQL text -> first struct stmt of its kind */
    enum state state;
    bool marked;    /* db_mark() was called */
    bool mark_open; /* and its savepoint exists */
    bool wrote;     /* something that was kept */
    struct err why; /* what broke the turn */
    int64_t page_bytes, log_frames;
};

struct stmt {
    struct db *d;
    sqlite3_stmt *h;
    struct stmt *next; /* another copy of the same text */
    bool taken, stepped, writes;
    int error; /* the first failed bind */
};

static int
code_of(int rc)
{
    switch (rc & 0xff) {
    case SQLITE_FULL:
        return ERR_FULL;
    case SQLITE_CONSTRAINT:
        return ERR_CONFLICT;
    case SQLITE_TOOBIG:
        return ERR_TOOLARGE;
    case SQLITE_BUSY:
    case SQLITE_NOMEM:
        return ERR_UNAVAILABLE;
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_READONLY:
        return ERR_FORBIDDEN;
    default:
        return ERR_IO;
    }
}

static int
set_error(struct db *d, int rc, const char *doing, struct err *e)
{
    if ((rc & 0xff) == SQLITE_FULL)
        return err_set(e, ERR_FULL, "%s: the disk is full", doing);
    if ((rc & 0xff) == SQLITE_NOTADB)
        return err_set(e, ERR_INVALID, "%s: the file is not a database of this program", doing);
    return err_set(e, code_of(rc), "%s: %s", doing,
                   (sqlite3_errcode(d->h) & 0xff) == (rc & 0xff) ? sqlite3_errmsg(d->h)
                                                                 : sqlite3_errstr(rc));
}

/* After errors of these kinds SQLite may have rolled back more than the statement: the turn cannot
 * be trusted any more. */
static bool
breaks_turn(const struct db *d, int rc)
{
    switch (rc & 0xff) {
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_NOMEM:
    case SQLITE_CORRUPT:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_INTERRUPT:
        return true;
    default:
        return d->state == WRITING && sqlite3_get_autocommit(d->h) != 0;
    }
}

static int
fail(struct db *d, int rc, const char *doing, struct err *e)
{
    set_error(d, rc, doing, e);
    if (d->state == WRITING && breaks_turn(d, rc)) {
        d->state = BROKEN;
        d->why = *e;
    }
    return e->code;
}

static int
on_wal(void *arg, sqlite3 *h, const char *name, int frames)
{
    (void)h, (void)name;
    ((struct db *)arg)->log_frames = frames;
    return SQLITE_OK;
}

int
db_exec(struct db *d, const char *sql, struct err *e)
{
    int rc = sqlite3_exec(d->h, sql, NULL, NULL, NULL);

    return rc == SQLITE_OK ? 0 : fail(d, rc, "database", e);
}

int
db_relax(struct db *d, bool relaxed, struct err *e)
{
    if (!d->durable)
        return 0;
    walvfs_gather(d->vfs, !relaxed);
    return db_exec(d, relaxed ? "PRAGMA synchronous = NORMAL" : "PRAGMA synchronous = FULL", e);
}

static int
set_up(struct db *d, struct err *e)
{
    int64_t page = 0;

    sqlite3_extended_result_codes(d->h, 1);
    /* Exclusive locking must come before the first look at the log, or SQLite makes a shared memory
     * file.  EXTRA for the one transaction that turns a new file into a WAL database: it syncs the
     * directory behind the removal of the rollback journal.  Without that, a journal that comes
     * back after a loss of power rolls the whole database back to nothing. */
    if (db_exec(d, "PRAGMA locking_mode = EXCLUSIVE", e) < 0 ||
        db_exec(d, d->durable ? "PRAGMA synchronous = EXTRA" : "PRAGMA synchronous = OFF", e) < 0 ||
        db_exec(d, "PRAGMA journal_mode = WAL", e) < 0 || db_relax(d, false, e) < 0 ||
        db_exec(d,
                "PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = 8388608;"
                "PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8192;"
                "PRAGMA trusted_schema = OFF",
                e) < 0)
        return e->code;
    if (stmt_get_int(db_stmt(d, "PRAGMA page_size"), 4096, &page, e) < 0)
        return e->code;
    d->page_bytes = page;
    sqlite3_wal_hook(d->h, on_wal, d);
    return 0;
}

static int
open_file(struct db *d, const char *path, const char *vfs, struct err *e)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, rc;

    d->vfs = walvfs_new(vfs, e);
    if (d->vfs == NULL)
        return e->code;
    rc = sqlite3_open_v2(path, &d->h, flags, walvfs_name(d->vfs));
    return rc == SQLITE_OK ? 0 : set_error(d, rc, "open", e);
}

int
db_open(const char *path, const char *vfs, enum db_sync sync, struct db **ret, struct err *e)
{
    struct db *d = NEW(struct db);

    d->why = ERR_INIT;
    d->durable = sync == DB_DURABLE;
    if (open_file(d, path, vfs, e) < 0 || set_up(d, e) < 0) {
        db_close(d);
        return err_wrap(e, "database '%s'", path);
    }
    *ret = d;
    return 0;
}

struct db *
db_close(struct db *d)
{
    if (d == NULL)
        return NULL;
    MAP_EACH (&d->statements, it) {
        for (struct stmt *s = it.value, *next; s != NULL; s = next) {
            next = s->next;
            sqlite3_finalize(s->h);
            free(s);
        }
    }
    map_done(&d->statements);
    sqlite3_close(d->h);
    walvfs_free(d->vfs);
    free(d);
    return NULL;
}

/* Statements. */

static struct stmt *
prepare(struct db *d, const char *sql)
{
    struct stmt *s = NEW(struct stmt);
    int rc = sqlite3_prepare_v3(d->h, sql, -1, SQLITE_PREPARE_PERSISTENT, &s->h, NULL);

    s->d = d;
    if (rc == SQLITE_ERROR)
        panic(__FILE__, __LINE__, "SQL: %s in: %s", sqlite3_errmsg(d->h), sql);
    s->error = rc;
    s->writes = rc == SQLITE_OK && !sqlite3_stmt_readonly(s->h);
    return s;
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
        s = prepare(d, sql);
        s->next = first;
        map_put_u64(&d->statements, key, s);
    }
    s->taken = true;
    return s;
}

void
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
stmt_bind_double(struct stmt *s, int at, double value)
{
    if (s->h != NULL)
        note(s, sqlite3_bind_double(s->h, at, value));
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

void
stmt_bind_blob(struct stmt *s, int at, struct str value)
{
    if (s->h == NULL)
        return;
    note(s, value.p != NULL ? sqlite3_bind_blob64(s->h, at, value.p, value.n, SQLITE_STATIC)
                            : sqlite3_bind_null(s->h, at));
}

void
stmt_bind_null(struct stmt *s, int at)
{
    if (s->h != NULL)
        note(s, sqlite3_bind_null(s->h, at));
}

/* Steps one of our own transaction statements. */
static int
run_plain(struct db *d, const char *sql, const char *doing, struct err *e)
{
    struct stmt *s = db_stmt(d, sql);
    int rc = s->error != SQLITE_OK ? s->error : sqlite3_step(s->h);

    s->stepped = true;
    if (rc != SQLITE_DONE)
        fail(d, rc, doing, e);
    stmt_done(s);
    return rc == SQLITE_DONE ? 0 : e->code;
}

/* Opens what the turn needs for its first writing statement. */
static int
open_for_writing(struct db *d, struct err *e)
{
    if (d->state == CLOSED)
        return 0;
    if (d->state == BROKEN) {
        *e = d->why;
        return e->code;
    }
    if (d->state == READING) {
        if (run_plain(d, "BEGIN IMMEDIATE", "begin", e) < 0)
            return e->code;
        d->state = WRITING;
    }
    if (d->marked && !d->mark_open) {
        if (run_plain(d, "SAVEPOINT mark", "savepoint", e) < 0)
            return e->code;
        d->mark_open = true;
    }
    if (!d->marked)
        d->wrote = true;
    return 0;
}

int
stmt_step(struct stmt *s, struct err *e)
{
    int rc;

    if (s->error != SQLITE_OK)
        return fail(s->d, s->error, "database", e);
    if (s->writes && !s->stepped && open_for_writing(s->d, e) < 0)
        return e->code;
    s->stepped = true;
    rc = sqlite3_step(s->h);
    if (rc == SQLITE_ROW)
        return 1;
    if (rc == SQLITE_DONE)
        return 0;
    fail(s->d, rc, "database", e);
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

double
stmt_double(const struct stmt *s, int column)
{
    return sqlite3_column_double(s->h, column);
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

/* Turns. */

void
db_turn_begin(struct db *d)
{
    CHECK(d->state == CLOSED);
    d->state = READING;
    d->marked = d->mark_open = d->wrote = false;
    d->why.code = 0;
}

void
db_mark(struct db *d)
{
    CHECK(d->state != CLOSED && !d->marked);
    d->marked = true;
}

int
db_mark_keep(struct db *d, struct err *e)
{
    bool open = d->mark_open;

    d->marked = d->mark_open = false;
    if (!open)
        return 0;
    d->wrote = true;
    if (d->state == BROKEN) {
        *e = d->why;
        return e->code;
    }
    return run_plain(d, "RELEASE mark", "release", e);
}

int
db_mark_undo(struct db *d, struct err *e)
{
    bool open = d->mark_open;

    d->marked = d->mark_open = false;
    if (d->state == BROKEN) {
        *e = d->why;
        return e->code;
    }
    if (!open)
        return 0;
    if (run_plain(d, "ROLLBACK TO mark", "roll back", e) < 0 ||
        run_plain(d, "RELEASE mark", "release", e) < 0) {
        if (d->state == WRITING) {
            d->state = BROKEN;
            d->why = *e;
        }
        return e->code;
    }
    return 0;
}

bool
db_wrote(const struct db *d)
{
    return d->wrote;
}

int
db_broken(const struct db *d)
{
    return d->state == BROKEN ? d->why.code : 0;
}

void
db_rollback(struct db *d)
{
    struct err ignored = ERR_INIT;

    if (sqlite3_get_autocommit(d->h) == 0)
        (void)run_plain(d, "ROLLBACK", "roll back", &ignored);
    d->state = CLOSED;
    d->marked = d->mark_open = d->wrote = false;
}

int
db_commit(struct db *d, struct err *e)
{
    int rc = 0;

    if (d->state == BROKEN) {
        *e = d->why;
        rc = e->code;
    } else if (d->state == WRITING && d->wrote) {
        rc = run_plain(d, "COMMIT", "commit", e);
    }
    if (rc < 0 || d->state != READING)
        db_rollback(d);
    d->state = CLOSED;
    return rc;
}

int64_t
db_log_bytes(const struct db *d)
{
    return d->log_frames * (d->page_bytes + FRAME_HEADER_BYTES);
}

int
db_checkpoint(struct db *d, struct err *e)
{
    int in_log = 0, moved = 0;
    int rc = sqlite3_wal_checkpoint_v2(d->h, NULL, SQLITE_CHECKPOINT_PASSIVE, &in_log, &moved);

    if (rc != SQLITE_OK)
        return set_error(d, rc, "checkpoint", e);
    d->log_frames = in_log > moved ? in_log - moved : 0;
    return 0;
}

int
db_backup(struct db *d, const char *path, struct err *e)
{
    struct stmt *s = db_stmt(d, "VACUUM INTO ?1");

    stmt_bind_cstr(s, 1, path);
    if (stmt_run(s, e) < 0)
        return err_wrap(e, "copy the database to '%s'", path);
    return 0;
}
