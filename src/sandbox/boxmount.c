#include "sandbox/boxmount.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"

/* By number: the C library's header for these clashes with the kernel's. */
static int
sys_fsconfig(int fs, unsigned command, const char *key, const char *value)
{
    return (int)syscall(SYS_fsconfig, fs, command, key, value, 0);
}

/* The kernel explains a refused file system in words, on the descriptor that configured it. */
static int
explain(int fs, const char *type, struct err *e)
{
    char text[256];
    int sys = errno;
    ssize_t n = read(fs, text, sizeof text - 1);

    errno = sys;
    if (n <= 2)
        return err_errno(e, "mount %s", type);
    text[n] = '\0';
    text[strcspn(text, "\n")] = '\0';
    return err_errno(e, "mount %s: %s", type, text + 2); /* without "e " */
}

int
boxmount_new(const char *type, const struct boxmount_option *options, size_t n, unsigned attributes,
             struct err *e)
{
    cleanup_close int fs = (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC);
    int fd;

    if (fs < 0)
        return err_errno(e, "mount %s", type);
    for (size_t i = 0; i < n; i++) {
        bool flag = options[i].value == NULL;

        if (sys_fsconfig(fs, flag ? FSCONFIG_SET_FLAG : FSCONFIG_SET_STRING, options[i].key,
                         options[i].value) < 0)
            return explain(fs, type, e);
    }
    if (sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL) < 0)
        return explain(fs, type, e);
    fd = (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, attributes);
    return fd < 0 ? explain(fs, type, e) : fd;
}

int
boxmount_overlay(const struct boxmount_overlay *o, struct err *e)
{
    char lower[64], upper[32], work[32];
    struct boxmount_option options[7];
    size_t n = 0;

    /* Descriptor paths are short; an option's value may have 255 bytes, a data directory's path
     * more. */
    if (o->lower2 >= 0)
        snprintf(lower, sizeof lower, "/proc/self/fd/%d:/proc/self/fd/%d", o->lower, o->lower2);
    else
        snprintf(lower, sizeof lower, "/proc/self/fd/%d", o->lower);
    snprintf(upper, sizeof upper, "/proc/self/fd/%d", o->upper);
    snprintf(work, sizeof work, "/proc/self/fd/%d", o->work);
    options[n++] = (struct boxmount_option){"source", "sluice"};
    options[n++] = (struct boxmount_option){"lowerdir", lower};
    if (o->upper >= 0) {
        options[n++] = (struct boxmount_option){"upperdir", upper};
        options[n++] = (struct boxmount_option){"workdir", work};
        if (o->volatile_)
            options[n++] = (struct boxmount_option){"volatile", NULL};
    }
    if (o->user_xattr)
        options[n++] = (struct boxmount_option){"userxattr", NULL};
    else if (o->lower2 >= 0) /* the skeleton refers to what is below it */
        options[n++] = (struct boxmount_option){"redirect_dir", "follow"};
    return boxmount_new("overlay", options, n, o->attributes, e);
}

static int
set_attributes(int mount, unsigned attributes, int userns, bool recursive)
{
    struct mount_attr attr = {.attr_set = attributes};

    if (userns >= 0) {
        attr.attr_set |= MOUNT_ATTR_IDMAP;
        attr.userns_fd = (uint64_t)userns;
    }
    if (attr.attr_set == 0)
        return 0;
    return (int)syscall(SYS_mount_setattr, mount, "",
                        AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &attr, sizeof attr);
}

static int
clone_at(int fd, const char *path, unsigned flags, unsigned attributes, int userns, struct err *e)
{
    cleanup_close int mount =
        (int)syscall(SYS_open_tree, fd, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | flags);
    bool recursive = flags & AT_RECURSIVE;

    /* In an unprivileged namespace what is mounted below may not be taken off. */
    if (mount < 0 && errno == EINVAL && !recursive)
        return clone_at(fd, path, flags | AT_RECURSIVE, attributes, userns, e);
    if (mount < 0)
        return err_errno(e, "clone a mount");
    if (set_attributes(mount, attributes, userns, recursive) < 0)
        return err_errno(e, "set attributes of a mount");
    return TAKE_FD(mount);
}

int
boxmount_clone(int fd, unsigned attributes, int userns, struct err *e)
{
    return clone_at(fd, "", AT_EMPTY_PATH, attributes, userns, e);
}

int
boxmount_clone_path(const char *path, unsigned attributes, int userns, struct err *e)
{
    int fd = clone_at(AT_FDCWD, path, 0, attributes, userns, e);

    return fd < 0 ? err_wrap(e, "'%s'", path) : fd;
}

int
boxmount_clone_tree(int fd, unsigned attributes, struct err *e)
{
    return clone_at(fd, "", AT_EMPTY_PATH | AT_RECURSIVE, attributes, -1, e);
}

int
boxmount_attach(int mount, int target, struct err *e)
{
    if (syscall(SYS_move_mount, mount, "", target, "",
                MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
        return err_errno(e, "attach a mount");
    return 0;
}

int
boxmount_restrict(int mount, unsigned attributes, bool recursive, struct err *e)
{
    return set_attributes(mount, attributes, -1, recursive) < 0
               ? err_errno(e, "set attributes of a mount")
               : 0;
}
