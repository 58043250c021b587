#include "store/walvfs.h"

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"

/* SQLite's own VFS takes at most 128 KB less one byte in one write, since it never asks for more
 * than a page. */
enum { GATHER_BYTES = 64 * 1024 };

struct walvfs {
    sqlite3_vfs vfs; /* registered */
    sqlite3_vfs *below;
    char name[48];
    bool gathers;
};

/* A log.  The file of the layer below stands right behind it, in memory that SQLite provides. */
struct log_file {
    sqlite3_file base;
    sqlite3_file *real;
    const struct walvfs *layer;
    char *gathered;
    int n;
    sqlite3_int64 at; /* where the gathered bytes go */
};

static struct log_file *
of(sqlite3_file *f)
{
    return (struct log_file *)(void *)f;
}

/* Passes on what was gathered.  After an error it is forgotten: the commit it belongs to fails. */
static int
pass_on(struct log_file *f)
{
    int n = f->n;

    f->n = 0;
    return n == 0 ? SQLITE_OK : f->real->pMethods->xWrite(f->real, f->gathered, n, f->at);
}

static int
log_close(sqlite3_file *sf)
{
    struct log_file *f = of(sf);
    int rc = pass_on(f), closed = f->real->pMethods->xClose(f->real);

    free(f->gathered);
    return rc != SQLITE_OK ? rc : closed;
}

static int
log_read(sqlite3_file *sf, void *to, int n, sqlite3_int64 at)
{
    struct log_file *f = of(sf);
    int rc = at + n > f->at && f->n > 0 ? pass_on(f) : SQLITE_OK;

    return rc != SQLITE_OK ? rc : f->real->pMethods->xRead(f->real, to, n, at);
}

static int
log_write(sqlite3_file *sf, const void *p, int n, sqlite3_int64 at)
{
    struct log_file *f = of(sf);
    int rc;

    if (f->n > 0 && (at != f->at + f->n || n > GATHER_BYTES - f->n || !f->layer->gathers) &&
        (rc = pass_on(f)) != SQLITE_OK)
        return rc;
    if (n > GATHER_BYTES || !f->layer->gathers)
        return f->real->pMethods->xWrite(f->real, p, n, at);
    if (f->n == 0)
        f->at = at;
    memcpy(f->gathered + f->n, p, (size_t)n);
    f->n += n;
    return SQLITE_OK;
}

static int
log_truncate(sqlite3_file *sf, sqlite3_int64 size)
{
    struct log_file *f = of(sf);
    int rc = pass_on(f);

    return rc != SQLITE_OK ? rc : f->real->pMethods->xTruncate(f->real, size);
}

static int
log_sync(sqlite3_file *sf, int flags)
{
    struct log_file *f = of(sf);
    int rc = pass_on(f);

    return rc != SQLITE_OK ? rc : f->real->pMethods->xSync(f->real, flags);
}

static int
log_size(sqlite3_file *sf, sqlite3_int64 *ret)
{
    struct log_file *f = of(sf);
    int rc = pass_on(f);

    return rc != SQLITE_OK ? rc : f->real->pMethods->xFileSize(f->real, ret);
}

static int
log_lock(sqlite3_file *sf, int level)
{
    return of(sf)->real->pMethods->xLock(of(sf)->real, level);
}

static int
log_unlock(sqlite3_file *sf, int level)
{
    return of(sf)->real->pMethods->xUnlock(of(sf)->real, level);
}

static int
log_check_lock(sqlite3_file *sf, int *ret)
{
    return of(sf)->real->pMethods->xCheckReservedLock(of(sf)->real, ret);
}

static int
log_control(sqlite3_file *sf, int op, void *arg)
{
    return of(sf)->real->pMethods->xFileControl(of(sf)->real, op, arg);
}

static int
log_sector(sqlite3_file *sf)
{
    return of(sf)->real->pMethods->xSectorSize(of(sf)->real);
}

static int
log_traits(sqlite3_file *sf)
{
    return of(sf)->real->pMethods->xDeviceCharacteristics(of(sf)->real);
}

static const sqlite3_io_methods log_methods = {
    .iVersion = 1,
    .xClose = log_close,
    .xRead = log_read,
    .xWrite = log_write,
    .xTruncate = log_truncate,
    .xSync = log_sync,
    .xFileSize = log_size,
    .xLock = log_lock,
    .xUnlock = log_unlock,
    .xCheckReservedLock = log_check_lock,
    .xFileControl = log_control,
    .xSectorSize = log_sector,
    .xDeviceCharacteristics = log_traits,
};

/* The layer itself: everything but the opening of logs goes straight down. */

static struct walvfs *
layer(sqlite3_vfs *v)
{
    return v->pAppData;
}

static int
v_open(sqlite3_vfs *v, const char *name, sqlite3_file *sf, int flags, int *ret_flags)
{
    sqlite3_vfs *below = layer(v)->below;
    struct log_file *f = of(sf);
    int rc;

    if ((flags & SQLITE_OPEN_WAL) == 0)
        return below->xOpen(below, name, sf, flags, ret_flags);
    *f = (struct log_file){.real = (sqlite3_file *)(void *)(f + 1), .layer = layer(v)};
    rc = below->xOpen(below, name, f->real, flags, ret_flags);
    if (rc != SQLITE_OK) {
        /* SQLite closes what has methods, whatever the result. */
        if (f->real->pMethods != NULL)
            f->real->pMethods->xClose(f->real);
        return rc;
    }
    f->gathered = xrealloc(NULL, GATHER_BYTES, 1);
    f->base.pMethods = &log_methods;
    return SQLITE_OK;
}

static int
v_delete(sqlite3_vfs *v, const char *name, int sync)
{
    return layer(v)->below->xDelete(layer(v)->below, name, sync);
}

static int
v_access(sqlite3_vfs *v, const char *name, int flags, int *ret)
{
    return layer(v)->below->xAccess(layer(v)->below, name, flags, ret);
}

static int
v_full_path(sqlite3_vfs *v, const char *name, int size, char *to)
{
    return layer(v)->below->xFullPathname(layer(v)->below, name, size, to);
}

static int
v_random(sqlite3_vfs *v, int n, char *to)
{
    return layer(v)->below->xRandomness(layer(v)->below, n, to);
}

static int
v_sleep(sqlite3_vfs *v, int us)
{
    return layer(v)->below->xSleep(layer(v)->below, us);
}

static int
v_time(sqlite3_vfs *v, double *ret)
{
    return layer(v)->below->xCurrentTime(layer(v)->below, ret);
}

static int
v_error(sqlite3_vfs *v, int size, char *to)
{
    return layer(v)->below->xGetLastError(layer(v)->below, size, to);
}

struct walvfs *
walvfs_new(const char *below, struct err *e)
{
    sqlite3_vfs *found = sqlite3_vfs_find(below);
    struct walvfs *v;

    if (found == NULL) {
        err_set(e, ERR_UNSUPPORTED, "SQLite has no VFS '%s'", below != NULL ? below : "(default)");
        return NULL;
    }
    v = NEW(struct walvfs);
    snprintf(v->name, sizeof v->name, "walvfs-%p", (void *)v);
    v->below = found;
    v->vfs = (sqlite3_vfs){.iVersion = 1,
                           .szOsFile = (int)sizeof(struct log_file) + found->szOsFile,
                           .mxPathname = found->mxPathname,
                           .zName = v->name,
                           .pAppData = v,
                           .xOpen = v_open,
                           .xDelete = v_delete,
                           .xAccess = v_access,
                           .xFullPathname = v_full_path,
                           .xRandomness = v_random,
                           .xSleep = v_sleep,
                           .xCurrentTime = v_time,
                           .xGetLastError = v_error};
    sqlite3_vfs_register(&v->vfs, 0);
    return v;
}

const char *
walvfs_name(const struct walvfs *v)
{
    return v->name;
}

void
walvfs_gather(struct walvfs *v, bool on)
{
    v->gathers = on;
}

struct walvfs *
walvfs_free(struct walvfs *v)
{
    if (v != NULL) {
        sqlite3_vfs_unregister(&v->vfs);
        free(v);
    }
    return NULL;
}
