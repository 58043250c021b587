#include "io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"

int
file_read_fd(int fd, size_t limit, struct buf *to, struct err *e)
{
    size_t got = 0;

    for (;;) {
        enum { CHUNK = 64 * 1024 };
        char *room = buf_reserve(to, CHUNK);
        ssize_t n;

        if (room == NULL)
            return err_set(e, ERR_TOOLARGE, "longer than %zu bytes", to->max);
        n = read(fd, room, CHUNK);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(e, "read");
        if (n == 0)
            return 0;
        got += (size_t)n;
        if (got > limit)
            return err_set(e, ERR_TOOLARGE, "longer than %zu bytes", limit);
        buf_grew(to, (size_t)n);
    }
}

int
file_read(int dirfd, const char *path, size_t limit, struct buf *to, struct err *e)
{
    cleanup_close int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

    if (fd < 0)
        return err_errno(e, "open '%s'", path);
    if (file_read_fd(fd, limit, to, e) < 0)
        return err_wrap(e, "'%s'", path);
    return 0;
}

int
file_write_fd(int fd, struct str content, struct err *e)
{
    while (content.n > 0) {
        ssize_t n = write(fd, content.p, content.n);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(e, "write");
        content.p += n;
        content.n -= (size_t)n;
    }
    return 0;
}

int
file_write(int dirfd, const char *path, struct str content, mode_t mode, struct err *e)
{
    cleanup_close int fd =
        openat(dirfd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);

    if (fd < 0)
        return err_errno(e, "create '%s'", path);
    if (file_write_fd(fd, content, e) < 0)
        return err_wrap(e, "'%s'", path);
    return 0;
}

static int
write_temporary(int dirfd, const char *path, struct str content, mode_t mode, bool durable,
                struct err *e)
{
    cleanup_close int fd = openat(dirfd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

    if (fd < 0)
        return err_errno(e, "create '%s'", path);
    if (file_write_fd(fd, content, e) < 0)
        return err_wrap(e, "'%s'", path);
    if (durable && fsync(fd) < 0)
        return err_errno(e, "sync '%s'", path);
    return 0;
}

/* The directory part of a path, "." if there is none. */
static char *
parent_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (slash == NULL)
        return xstrdup(".");
    return slash == path ? xstrdup("/") : xstrndup(path, (size_t)(slash - path));
}

/* Makes names in a directory durable. */
static int
sync_dir(int dirfd, const char *path, struct err *e)
{
    cleanup_close int fd = file_open_dir(dirfd, path, e);

    if (fd < 0)
        return e->code;
    if (fsync(fd) < 0)
        return err_errno(e, "sync directory '%s'", path);
    return 0;
}

int
file_replace(int dirfd, const char *path, struct str content, mode_t mode, bool durable,
             struct err *e)
{
    cleanup_free char *temporary = xasprintf("%s.%d.tmp", path, (int)getpid());
    cleanup_free char *parent = parent_of(path);

    if (write_temporary(dirfd, temporary, content, mode, durable, e) < 0) {
        unlinkat(dirfd, temporary, 0);
        return e->code;
    }
    if (renameat(dirfd, temporary, dirfd, path) < 0) {
        err_errno(e, "rename '%s' to '%s'", temporary, path);
        unlinkat(dirfd, temporary, 0);
        return e->code;
    }
    return durable ? sync_dir(dirfd, parent, e) : 0;
}

static int
make_one(int dirfd, const char *path, mode_t mode, struct err *e)
{
    struct stat st;

    if (mkdirat(dirfd, path, mode) == 0)
        return 0;
    if (errno == EEXIST && fstatat(dirfd, path, &st, 0) == 0 && S_ISDIR(st.st_mode))
        return 0;
    return err_errno(e, "make directory '%s'", path);
}

int
file_mkdirs(int dirfd, const char *path, mode_t mode, struct err *e)
{
    cleanup_free char *copy = xstrdup(path);
    size_t n = strlen(copy);
    char *slash;

    /* Up to the deepest directory that is there or can be made, then down again: usually most of a
     * path is there. */
    while (mkdirat(dirfd, copy, mode) < 0 && errno == ENOENT &&
           (slash = strrchr(copy, '/')) != NULL && slash != copy)
        *slash = '\0';
    if (make_one(dirfd, copy, mode, e) < 0)
        return e->code;
    for (size_t at = strlen(copy); at < n; at = strlen(copy)) {
        copy[at] = '/';
        if (make_one(dirfd, copy, mode, e) < 0)
            return e->code;
    }
    return 0;
}

int
file_mkparents(int dirfd, const char *path, mode_t mode, struct err *e)
{
    cleanup_free char *parent = parent_of(path);

    return file_mkdirs(dirfd, parent, mode, e);
}

int
file_open_dir(int dirfd, const char *path, struct err *e)
{
    int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return fd < 0 ? err_errno(e, "open directory '%s'", path) : fd;
}

bool
file_is_plain_path(struct str path)
{
    if (path.n == 0 || memchr(path.p, '\0', path.n) != NULL)
        return false;
    while (path.p != NULL) {
        struct str part = str_cut(&path, '/');

        if (part.n == 0 || str_is(part, ".") || str_is(part, ".."))
            return false;
    }
    return true;
}
