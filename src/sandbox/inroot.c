#include "sandbox/inroot.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "sandbox/oscall.h"

static int
open_path(int root, const char *path, int flags, int resolve)
{
    return oscall_openat2(root, path, flags | O_CLOEXEC, 0, resolve | OSCALL_NO_MAGICLINKS);
}

static void
restore_umask(const mode_t *mask)
{
    umask(*mask);
}

/* mkdir -p: each prefix is looked up anew from the root, so that links are followed inside it.
 * Whoever the step becomes may enter, whatever the maker's mask. */
static int
make_directories(int root, const char *path, int resolve)
{
    cleanup_free char *prefix = xstrdup(path);
    __attribute__((cleanup(restore_umask), unused)) mode_t mask = umask(022);
    size_t at = 0;
    int fd = open_path(root, ".", O_PATH | O_DIRECTORY, resolve);

    while (fd >= 0) {
        cleanup_close int parent = fd;
        size_t start = at + strspn(prefix + at, "/");
        size_t end = start + strcspn(prefix + start, "/");
        char saved = prefix[end];

        fd = -1;
        if (start == end)
            return TAKE_FD(parent);
        prefix[end] = '\0';
        fd = open_path(root, prefix, O_PATH | O_DIRECTORY, resolve);
        if (fd < 0 && errno == ENOENT &&
            (mkdirat(parent, prefix + start, 0755) == 0 || errno == EEXIST))
            fd = open_path(root, prefix, O_PATH | O_DIRECTORY, resolve);
        prefix[end] = saved;
        at = end;
    }
    return fd;
}

int
inroot_directory(int root, const char *path, struct err *e)
{
    int fd = open_path(root, path, O_PATH | O_DIRECTORY, OSCALL_IN_ROOT);

    if (fd < 0)
        fd = make_directories(root, path, OSCALL_IN_ROOT);
    return fd < 0 ? err_errno(e, "create the directory '%s'", path) : fd;
}

/* Opens the parent of `path`; *name is its last component, in `path`. */
static int
open_parent(int root, const char *path, const char **name, struct err *e)
{
    const char *slash = strrchr(path, '/');
    cleanup_free char *parent = xstrndup(path, slash != NULL ? (size_t)(slash - path) : 0);

    *name = slash != NULL ? slash + 1 : path;
    if (**name == '\0' || strcmp(*name, ".") == 0 || strcmp(*name, "..") == 0)
        return err_set(e, ERR_INVALID, "'%s' names no file", path);
    return inroot_directory(root, parent[0] != '\0' ? parent : "/", e);
}

int
inroot_target(int root, const char *path, bool directory, struct err *e)
{
    cleanup_close int parent = -1, made = -1;
    const char *name;
    int fd = open_path(root, path, O_PATH, OSCALL_IN_ROOT);

    if (fd >= 0)
        return fd;
    if (directory)
        return inroot_directory(root, path, e);
    parent = open_parent(root, path, &name, e);
    if (parent < 0)
        return e->code;
    made = openat(parent, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (made < 0)
        return err_errno(e, "create '%s'", path);
    fd = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 ? err_errno(e, "open '%s'", path) : fd;
}

int
inroot_write(int root, const char *path, struct str content, mode_t mode, struct err *e)
{
    cleanup_close int parent = -1, fd = -1;
    const char *name;

    parent = open_parent(root, path, &name, e);
    if (parent < 0)
        return e->code;
    unlinkat(parent, name, 0);
    fd = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_errno(e, "create '%s'", path);
    for (size_t done = 0; done < content.n;) {
        ssize_t n = write(fd, content.p + done, content.n - done);

        if (n < 0 && errno != EINTR)
            return err_errno(e, "write '%s'", path);
        done += n > 0 ? (size_t)n : 0;
    }
    return fchmod(fd, mode) < 0 ? err_errno(e, "write '%s'", path) : 0;
}

int
inroot_sub_path(int root, const char *path, struct err *e)
{
    int fd = open_path(root, path, O_PATH, OSCALL_BENEATH);

    if (fd < 0 && errno == ENOENT)
        fd = make_directories(root, path, OSCALL_BENEATH);
    if (fd >= 0)
        return fd;
    if (errno == EXDEV || errno == ELOOP)
        return err_set(e, ERR_FORBIDDEN, "subPath '%s' leads out of the volume", path);
    return err_errno(e, "subPath '%s'", path);
}
