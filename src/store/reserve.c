#include "store/reserve.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/mem.h"

enum { PIECE = 64 * 1024 };

static int
allocate(const char *path, int64_t bytes, struct err *e)
{
    cleanup_close int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    struct stat st;

    if (fd < 0)
        return err_errno(e, "open '%s'", path);
    if (fstat(fd, &st) == 0 && st.st_size == bytes && st.st_blocks * 512 >= bytes)
        return 0;
    errno = posix_fallocate(fd, 0, bytes);
    if (errno == 0 && ftruncate(fd, bytes) == 0)
        return 0;
    err_errno(e, "reserve %lld bytes in '%s'", (long long)bytes, path);
    unlink(path);
    return e->code;
}

static int
write_zeros(sqlite3_file *f, int64_t bytes)
{
    cleanup_free char *zeros = xcalloc(1, PIECE);
    int rc = SQLITE_OK;

    for (int64_t at = 0; rc == SQLITE_OK && at < bytes; at += PIECE)
        rc = f->pMethods->xWrite(f, zeros, (int)(bytes - at < PIECE ? bytes - at : PIECE), at);
    return rc;
}

static int
write_file(const char *path, sqlite3_vfs *vfs, int64_t bytes, struct err *e)
{
    cleanup_free sqlite3_file *f = xcalloc(1, (size_t)vfs->szOsFile);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MAIN_DB;
    int rc = vfs->xOpen(vfs, path, f, flags, &flags);
    sqlite3_int64 size = 0;

    if (rc == SQLITE_OK)
        rc = f->pMethods->xFileSize(f, &size);
    if (rc == SQLITE_OK && size != bytes)
        rc = write_zeros(f, bytes);
    if (f->pMethods != NULL)
        f->pMethods->xClose(f);
    if (rc == SQLITE_OK)
        return 0;
    vfs->xDelete(vfs, path, 0);
    return err_set(e, (rc & 0xff) == SQLITE_FULL ? ERR_FULL : ERR_IO,
                   "reserve %lld bytes in '%s': %s", (long long)bytes, path, sqlite3_errstr(rc));
}

int
reserve_take(const char *path, const char *vfs, int64_t bytes, struct err *e)
{
    sqlite3_vfs *v = vfs != NULL ? sqlite3_vfs_find(vfs) : NULL;

    return v != NULL ? write_file(path, v, bytes, e) : allocate(path, bytes, e);
}

void
reserve_release(const char *path, const char *vfs)
{
    sqlite3_vfs *v = vfs != NULL ? sqlite3_vfs_find(vfs) : NULL;

    if (v != NULL)
        v->xDelete(v, path, 0);
    else
        unlink(path);
}
