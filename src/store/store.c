#include "store/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "store/blobs.h"
#include "store/db.h"
#include "store/dirlock.h"
#include "store/migrate.h"
#include "store/readymade.h"
#include "store/reserve.h"

enum { RESERVE_RETRY_US = 5 * 1000 * 1000 };

struct store {
    char *dir, *vfs, *db_path, *reserve_path;
    const struct clock *clock;
    struct db *db;
    struct blobs *blobs;
    int lock;
    int64_t rv, stored_rv; /* the last given out; the highest that a commit has stored */
    int64_t written_rv;    /* the highest that this turn has written */
    int64_t reserve_bytes, reserve_tried_us;
    bool is_short, temporary;
};

/* The directory itself. */

static bool
is_empty(const char *dir)
{
    DIR *d = opendir(dir);
    struct dirent *entry;
    int entries = 0;

    if (d == NULL)
        return false;
    while ((entry = readdir(d)) != NULL)
        entries++;
    closedir(d);
    return entries <= 2; /* "." and ".." */
}

static bool
has_database(const char *dir)
{
    cleanup_free char *path = xasprintf("%s/sluice.db", dir);

    return access(path, F_OK) == 0;
}

/* Data must not be readable by others.  A directory that is not ours yet is never changed: it may
 * be somebody's home. */
static int
close_to_others(const char *dir, const struct stat *st, struct err *e)
{
    if ((st->st_mode & 077) == 0)
        return 0;
    if (!is_empty(dir) && !has_database(dir))
        return err_set(e, ERR_FORBIDDEN,
                       "directory '%s' has mode %04o and other content: a data directory must be "
                       "new, empty or closed to others (0700)",
                       dir, st->st_mode & 07777);
    if (chmod(dir, 0700) < 0)
        return err_errno(e, "close directory '%s' to others", dir);
    return 0;
}

static int
prepare_dir(const char *dir, struct err *e)
{
    struct stat st;

    if (mkdir(dir, 0700) < 0 && errno != EEXIST)
        return err_errno(e, "make data directory '%s'", dir);
    if (stat(dir, &st) < 0)
        return err_errno(e, "data directory '%s'", dir);
    if (!S_ISDIR(st.st_mode))
        return err_set(e, ERR_INVALID, "data directory '%s' is not a directory", dir);
    if (access(dir, R_OK | W_OK | X_OK) < 0)
        return err_errno(e, "data directory '%s' must be readable and writable", dir);
    return close_to_others(dir, &st, e);
}

/* Opening. */

static void
take_reserve(struct store *s)
{
    struct err e = ERR_INIT;

    s->reserve_tried_us = clock_boot_us(s->clock);
    if (s->reserve_bytes < 0) {
        s->is_short = false; /* only the next commit can tell whether there is room again */
        return;
    }
    if (reserve_take(s->reserve_path, s->vfs, s->reserve_bytes, &e) < 0) {
        if (!s->is_short)
            log_warn(s->dir, "%s; nothing new is accepted until there is room", e.msg);
        s->is_short = true;
    } else {
        s->is_short = false;
    }
}

/* A temporary one begins with the ready-made tables; one with a VFS of its own is no file. */
static int
begin_database(const struct store *s, struct err *e)
{
    if (!s->temporary || s->vfs != NULL || access(s->db_path, F_OK) == 0)
        return 0;
    return readymade_write(s->db_path, e);
}

static int
open_parts(struct store *s, struct err *e)
{
    struct stmt *rv;

    if (prepare_dir(s->dir, e) < 0 || (s->lock = dirlock_take(s->dir, e)) < 0 ||
        begin_database(s, e) < 0 ||
        db_open(s->db_path, s->vfs, s->temporary ? DB_FAST : DB_DURABLE, &s->db, e) < 0 ||
        migrate(s->db, s->db_path, e) < 0)
        return e->code;
    rv = db_stmt(s->db, "SELECT max(ifnull((SELECT value FROM meta WHERE name = 'rv'), 0),"
                        " ifnull((SELECT max(rv) FROM versions), 0))");
    if (stmt_get_int(rv, 0, &s->rv, e) < 0)
        return e->code;
    s->stored_rv = s->rv;
    s->blobs = blobs_open(s->dir, s->db);
    if (blobs_collect(s->blobs, e) < 0)
        return e->code;
    take_reserve(s);
    return 0;
}

int
store_open(const char *dir, const struct store_options *options, struct store **ret, struct err *e)
{
    struct store_options none = {.vfs = NULL};
    const struct store_options *o = options != NULL ? options : &none;
    CLEANUP(store_close) struct store *s = NEW(struct store);

    *s = (struct store){
        .dir = xstrdup(dir),
        .vfs = o->vfs != NULL ? xstrdup(o->vfs) : NULL,
        .db_path = xasprintf("%s/sluice.db", dir),
        .reserve_path = xasprintf("%s/reserve", dir),
        .clock = o->clock != NULL ? o->clock : &clock_machine,
        .lock = -1,
        .temporary = o->temporary,
        .reserve_bytes = o->reserve_bytes != 0 ? o->reserve_bytes
                         : o->temporary        ? -1
                                               : STORE_RESERVE_BYTES,
    };
    if (open_parts(s, e) < 0)
        return e->code;
    *ret = TAKE(s);
    return 0;
}

struct store *
store_close(struct store *s)
{
    if (s == NULL)
        return NULL;
    blobs_close(s->blobs);
    db_close(s->db);
    if (s->lock >= 0)
        close(s->lock); /* last: whoever gets it finds everything closed */
    free(s->dir);
    free(s->vfs);
    free(s->db_path);
    free(s->reserve_path);
    free(s);
    return NULL;
}

const char *
store_dir(const struct store *s)
{
    return s->dir;
}

struct db *
store_db(struct store *s)
{
    return s->db;
}

struct blobs *
store_blobs(struct store *s)
{
    return s->blobs;
}

/* The counter. */

int64_t
store_next_rv(struct store *s)
{
    return ++s->rv;
}

int64_t
store_rv(const struct store *s)
{
    return s->rv;
}

void
store_rv_written(struct store *s, int64_t rv)
{
    if (rv > s->written_rv)
        s->written_rv = rv;
}

int
store_before_commit(struct store *s, struct err *e)
{
    struct stmt *put;

    if (s->rv == s->stored_rv || s->rv == s->written_rv)
        return 0;
    put = db_stmt(s->db, "INSERT INTO meta(name, value) VALUES('rv', ?1)"
                         " ON CONFLICT(name) DO UPDATE SET value = ?1");
    stmt_bind_int(put, 1, s->rv);
    return stmt_run(put, e) < 0 ? e->code : 0;
}

/* Upkeep. */

static void
checkpoint(struct store *s)
{
    struct err e = ERR_INIT;

    if (db_checkpoint(s->db, &e) < 0)
        log_warn(s->dir, "%s; tried again later", e.msg);
}

void
store_after_commit(struct store *s)
{
    s->stored_rv = s->rv;
    if (db_log_bytes(s->db) > STORE_LOG_SOFT_BYTES)
        checkpoint(s);
}

bool
store_tidy(struct store *s)
{
    if (db_log_bytes(s->db) > 0 && !s->temporary)
        checkpoint(s);
    if (s->is_short && clock_boot_us(s->clock) - s->reserve_tried_us >= RESERVE_RETRY_US)
        take_reserve(s);
    return s->is_short;
}

void
store_disk_full(struct store *s)
{
    if (!s->is_short)
        log_error(s->dir, "the disk is full: only deletions are accepted until there is room");
    s->is_short = true;
    s->reserve_tried_us = clock_boot_us(s->clock);
    reserve_release(s->reserve_path, s->vfs);
}

bool
store_is_short(const struct store *s)
{
    return s->is_short;
}

int
store_meta_get(struct store *s, const char *name, char **ret, struct err *e)
{
    cleanup_stmt struct stmt *get = db_stmt(s->db, "SELECT value FROM meta WHERE name = ?1");
    int rc;

    stmt_bind_cstr(get, 1, name);
    rc = stmt_step(get, e);
    if (rc < 0)
        return rc;
    *ret = rc > 0 ? str_dup(stmt_str(get, 0)) : NULL;
    return 0;
}

int
store_meta_set(struct store *s, const char *name, const char *value, struct err *e)
{
    struct stmt *put = db_stmt(s->db, "INSERT INTO meta(name, value) VALUES(?1, ?2)"
                                      " ON CONFLICT(name) DO UPDATE SET value = ?2");

    stmt_bind_cstr(put, 1, name);
    stmt_bind_cstr(put, 2, value);
    return stmt_run(put, e) < 0 ? e->code : 0;
}
