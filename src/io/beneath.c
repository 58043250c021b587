#include "io/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/openat2.h>

#include "base/err.h"
#include "base/mem.h"

static int
try_open(int root, const char *path, int flags, mode_t mode)
{
    struct open_how how = {.flags = (unsigned)(flags | O_CLOEXEC),
                           .mode = (flags & O_CREAT) != 0 ? mode : 0,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};

    return (int)syscall(SYS_openat2, root, *path != '\0' ? path : ".", &how, sizeof how);
}

int
beneath_open(int root, const char *path, int flags, mode_t mode, struct err *e)
{
    int fd = try_open(root, path, flags, mode);

    return fd < 0 ? err_errno(e, "open '%s'", path) : fd;
}

int
beneath_parent(int root, const char *path, const char **ret_name, struct err *e)
{
    const char *slash = strrchr(path, '/');
    cleanup_free char *parent = xstrndup(path, slash != NULL ? (size_t)(slash - path) : 0);
    int fd;

    *ret_name = slash != NULL ? slash + 1 : path;
    fd = try_open(root, parent, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0 && errno == ENOENT && *parent != '\0') {
        const char *name;
        cleanup_close int above = beneath_parent(root, parent, &name, e);

        if (above < 0)
            return e->code;
        if (mkdirat(above, name, 0755) < 0 && errno != EEXIST)
            return err_errno(e, "make directory '%s'", parent);
        fd = try_open(root, parent, O_RDONLY | O_DIRECTORY, 0);
    }
    return fd < 0 ? err_errno(e, "open directory '%s'", parent) : fd;
}
