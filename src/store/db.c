#include "store/db.h"

#include "base/log.h"
#include "store/db_int.h"
#include "store/walvfs.h"

enum { FRAME_HEADER_BYTES = 24 }; /* of the write-ahead log, https://sqlite.org/fileformat2.html */

/* Of a new file.  A commit writes a page for each index that it touches, whole and summed, so small
 * ones are cheap; below this most rows spill into pages of their own (chosen by bench_commit). */
#define PAGE_BYTES "2048"

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
        return d->state == DB_WRITING && sqlite3_get_autocommit(d->h) != 0;
    }
}

int
db_fail(struct db *d, int rc, const char *doing, struct err *e)
{
    set_error(d, rc, doing, e);
    if (d->state == DB_WRITING && breaks_turn(d, rc)) {
        d->state = DB_BROKEN;
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

    return rc == SQLITE_OK ? 0 : db_fail(d, rc, "database", e);
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
     * back after a loss of power rolls the whole database back to nothing.  Where nothing has to
     * outlive the machine, that one transaction needs no journal on the disk. */
    if (db_exec(d, "PRAGMA page_size = " PAGE_BYTES "; PRAGMA locking_mode = EXCLUSIVE", e) < 0 ||
        db_exec(d,
                d->durable ? "PRAGMA synchronous = EXTRA"
                           : "PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY",
                e) < 0 ||
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
    if (!d->durable)
        (void)sqlite3_db_config(d->h, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    return 0;
}

static int
open_file(struct db *d, const char *path, const char *vfs, struct err *e)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, rc;

    /* Nobody asks how much memory SQLite has, and counting takes a lock for each piece.  Refused
     * once it has begun, which does no harm. */
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
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
    db_free_statements(d);
    sqlite3_close(d->h);
    walvfs_free(d->vfs);
    free(d);
    return NULL;
}

/* Opens what the turn needs for its first writing statement. */
int
db_open_for_writing(struct db *d, struct err *e)
{
    if (d->state == DB_CLOSED)
        return 0;
    if (d->state == DB_BROKEN) {
        *e = d->why;
        return e->code;
    }
    if (d->state == DB_READING) {
        if (db_run_plain(d, "BEGIN IMMEDIATE", "begin", e) < 0)
            return e->code;
        d->state = DB_WRITING;
    }
    /* What comes first is taken back with the transaction; a savepoint would have SQLite keep a
     * copy of every page that changes. */
    if (d->marked && !d->wrote) {
        d->mark_open = d->mark_is_all = true;
    } else if (d->marked && !d->mark_open) {
        if (db_run_plain(d, "SAVEPOINT mark", "savepoint", e) < 0)
            return e->code;
        d->mark_open = true;
    }
    if (!d->marked)
        d->wrote = true;
    return 0;
}

/* Turns. */

void
db_turn_begin(struct db *d)
{
    CHECK(d->state == DB_CLOSED);
    d->state = DB_READING;
    d->turns++;
    d->marked = d->mark_open = d->mark_is_all = d->wrote = false;
    d->why.code = 0;
}

uint64_t
db_turn_number(const struct db *d)
{
    return d->turns;
}

void
db_mark(struct db *d)
{
    CHECK(d->state != DB_CLOSED && !d->marked);
    d->marked = true;
    d->mark_is_all = false;
}

int
db_mark_keep(struct db *d, struct err *e)
{
    bool open = d->mark_open;

    d->marked = d->mark_open = false;
    if (!open)
        return 0;
    d->wrote = true;
    if (d->state == DB_BROKEN) {
        *e = d->why;
        return e->code;
    }
    return d->mark_is_all ? 0 : db_run_plain(d, "RELEASE mark", "release", e);
}

static int
undo_mark(struct db *d, struct err *e)
{
    if (d->mark_is_all) {
        if (db_run_plain(d, "ROLLBACK", "roll back", e) < 0)
            return e->code;
        d->state = DB_READING;
        return 0;
    }
    return db_run_plain(d, "ROLLBACK TO mark", "roll back", e) < 0
               ? e->code
               : db_run_plain(d, "RELEASE mark", "release", e);
}

int
db_mark_undo(struct db *d, struct err *e)
{
    bool open = d->mark_open;

    d->marked = d->mark_open = false;
    if (d->state == DB_BROKEN) {
        *e = d->why;
        return e->code;
    }
    if (!open)
        return 0;
    if (undo_mark(d, e) < 0) {
        if (d->state == DB_WRITING) {
            d->state = DB_BROKEN;
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
    return d->state == DB_BROKEN ? d->why.code : 0;
}

void
db_rollback(struct db *d)
{
    struct err ignored = ERR_INIT;

    if (sqlite3_get_autocommit(d->h) == 0)
        (void)db_run_plain(d, "ROLLBACK", "roll back", &ignored);
    d->state = DB_CLOSED;
    d->marked = d->mark_open = d->mark_is_all = d->wrote = false;
}

int
db_commit(struct db *d, struct err *e)
{
    int rc = 0;

    if (d->state == DB_BROKEN) {
        *e = d->why;
        rc = e->code;
    } else if (d->state == DB_WRITING && d->wrote) {
        rc = db_run_plain(d, "COMMIT", "commit", e);
    }
    if (rc < 0 || d->state != DB_READING)
        db_rollback(d);
    d->state = DB_CLOSED;
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

void
db_shrink(struct db *d)
{
    (void)sqlite3_db_release_memory(d->h);
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

int
db_used_bytes(struct db *d, int64_t *ret, struct err *e)
{
    int64_t page, pages, unused;

    if (stmt_get_int(db_stmt(d, "PRAGMA page_size"), 0, &page, e) < 0 ||
        stmt_get_int(db_stmt(d, "PRAGMA page_count"), 0, &pages, e) < 0 ||
        stmt_get_int(db_stmt(d, "PRAGMA freelist_count"), 0, &unused, e) < 0)
        return e->code;
    *ret = (pages - unused) * page;
    return 0;
}
