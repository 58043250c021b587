#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/fs.h>

#include "base/err.h"
#include "base/mem.h"
#include "io/file.h"

/* Trees that a step made may be deep and may lock their directories.  So each level is entered
 * through its parent's descriptor, never through a path, and a directory that refuses gets its
 * owner bits first. */

enum { MAX_LEVELS = 512 };

static bool
is_dots(const char *name)
{
    return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

/* A stream of the directory's entries; NULL with errno. */
static DIR *
open_stream(int at, const char *name)
{
    int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *d = fd >= 0 ? fdopendir(fd) : NULL;

    if (d == NULL && fd >= 0)
        close(fd);
    return d;
}

static int remove_entry(int at, const char *name, unsigned level, struct err *e);

static int
remove_content(int at, const char *name, unsigned level, struct err *e)
{
    DIR *d = open_stream(at, name);

    if (d == NULL && errno == EACCES && fchmodat(at, name, 0700, 0) == 0)
        d = open_stream(at, name);
    if (d == NULL)
        return errno == ENOENT ? 0 : err_errno(e, "open directory '%s'", name);
    if (level == 0)
        fchmod(dirfd(d), 0700);

    int rc = 0;

    for (struct dirent *entry; rc == 0 && (entry = readdir(d)) != NULL;)
        if (!is_dots(entry->d_name))
            rc = remove_entry(dirfd(d), entry->d_name, level + 1, e);
    closedir(d);
    return rc;
}

static int
remove_entry(int at, const char *name, unsigned level, struct err *e)
{
    if (unlinkat(at, name, 0) == 0 || errno == ENOENT)
        return 0;
    if (errno == EACCES || errno == EPERM) {
        fchmod(at, 0700);
        if (unlinkat(at, name, 0) == 0)
            return 0;
    }
    if (errno != EISDIR && errno != EPERM)
        return err_errno(e, "remove '%s'", name);
    if (level >= MAX_LEVELS)
        return err_set(e, ERR_TOOLARGE, "remove '%s': more than %d levels deep", name, MAX_LEVELS);
    if (unlinkat(at, name, AT_REMOVEDIR) == 0)
        return 0;
    if (remove_content(at, name, level, e) < 0)
        return e->code;
    if (unlinkat(at, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
        return err_errno(e, "remove '%s'", name);
    return 0;
}

int
file_remove_tree(int at, const char *path, struct err *e)
{
    struct stat st;

    if (fstatat(at, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : err_errno(e, "remove '%s'", path);
    if (S_ISDIR(st.st_mode)) {
        if (remove_content(at, path, 0, e) < 0)
            return e->code;
        if (unlinkat(at, path, AT_REMOVEDIR) < 0 && errno != ENOENT)
            return err_errno(e, "remove '%s'", path);
        return 0;
    }
    if (unlinkat(at, path, 0) < 0 && errno != ENOENT)
        return err_errno(e, "remove '%s'", path);
    return 0;
}

static int
copy_bytes(int from, int to, const char *name, struct err *e)
{
    if (ioctl(to, FICLONE, from) == 0)
        return 0;
    for (;;) {
        ssize_t n = copy_file_range(from, NULL, to, NULL, SSIZE_MAX, 0);

        if (n == 0)
            return 0;
        if (n > 0 || errno == EINTR)
            continue;
        break;
    }
    for (;;) {
        char chunk[64 * 1024];
        ssize_t n = read(from, chunk, sizeof chunk);

        if (n == 0)
            return 0;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(e, "read '%s'", name);
        if (file_write_fd(to, str_make(chunk, (size_t)n), e) < 0)
            return err_wrap(e, "'%s'", name);
    }
}

static int
copy_file(int from_dirfd, const char *from, const struct stat *st, int to_dirfd, const char *to,
          struct err *e)
{
    cleanup_close int in = openat(from_dirfd, from, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    cleanup_close int out = -1;

    if (in < 0)
        return err_errno(e, "open '%s'", from);
    out = openat(to_dirfd, to, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
                 (st->st_mode & 0777) | 0600);
    if (out < 0)
        return err_errno(e, "create '%s'", to);
    if (copy_bytes(in, out, from, e) < 0)
        return e->code;
    fchmod(out, st->st_mode & 0777);
    return 0;
}

static int
copy_link(int from_dirfd, const char *from, int to_dirfd, const char *to, struct err *e)
{
    char target[4096];
    ssize_t n = readlinkat(from_dirfd, from, target, sizeof target - 1);

    if (n < 0)
        return err_errno(e, "read link '%s'", from);
    target[n] = '\0';
    if (symlinkat(target, to_dirfd, to) < 0)
        return err_errno(e, "create link '%s'", to);
    return 0;
}

static int copy_entry(int from_dirfd, const char *from, int to_dirfd, const char *to,
                      unsigned level, struct err *e);

static int
copy_dir(int from_dirfd, const char *from, const struct stat *st, int to_dirfd, const char *to,
         unsigned level, struct err *e)
{
    cleanup_close int into = -1;
    DIR *d;
    int rc = 0;

    if (level >= MAX_LEVELS)
        return err_set(e, ERR_TOOLARGE, "copy '%s': more than %d levels deep", from, MAX_LEVELS);
    if (mkdirat(to_dirfd, to, (st->st_mode & 0777) | 0700) < 0 && errno != EEXIST)
        return err_errno(e, "make directory '%s'", to);
    into = openat(to_dirfd, to, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (into < 0)
        return err_errno(e, "open directory '%s'", to);
    d = open_stream(from_dirfd, from);
    if (d == NULL)
        return err_errno(e, "open directory '%s'", from);
    for (struct dirent *entry; rc == 0 && (entry = readdir(d)) != NULL;)
        if (!is_dots(entry->d_name))
            rc = copy_entry(dirfd(d), entry->d_name, into, entry->d_name, level + 1, e);
    closedir(d);
    return rc;
}

static int
copy_entry(int from_dirfd, const char *from, int to_dirfd, const char *to, unsigned level,
           struct err *e)
{
    struct stat st;

    if (fstatat(from_dirfd, from, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return err_errno(e, "copy '%s'", from);
    if (S_ISREG(st.st_mode))
        return copy_file(from_dirfd, from, &st, to_dirfd, to, e);
    if (S_ISLNK(st.st_mode))
        return copy_link(from_dirfd, from, to_dirfd, to, e);
    if (S_ISDIR(st.st_mode))
        return copy_dir(from_dirfd, from, &st, to_dirfd, to, level, e);
    return err_set(e, ERR_INVALID, "copy '%s': neither file, link nor directory", from);
}

int
file_copy_tree(int from_dirfd, const char *from, int to_dirfd, const char *to, struct err *e)
{
    return copy_entry(from_dirfd, from, to_dirfd, to, 0, e);
}
