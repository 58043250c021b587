/*
 * The second half of rootfs.h: what the new init does in its own namespaces, in which it attaches
 * what the spawner has prepared, makes the mounts that belong to them, and moves in.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "sandbox/boxmount.h"
#include "sandbox/boxspec.h"
#include "sandbox/hostroot.h"
#include "sandbox/inroot.h"
#include "sandbox/oscall.h"
#include "sandbox/podshm.h"
#include "sandbox/rootfs.h"
#include "sandbox/skeleton.h"
#include "sandbox/skeleton_etc.h"

enum {
    PLAIN = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
};

static int
attach_at(int root, const char *target, bool directory, int mount, struct err *e)
{
    cleanup_close int at = inroot_target(root, target, directory, e);

    if (at < 0 || boxmount_attach(mount, at, e) < 0)
        return err_wrap(e, "mount at '%s'", target);
    return 0;
}

static int
attach_new(int root, const char *target, const char *type, const struct boxmount_option *options,
           size_t n, unsigned attributes, struct err *e)
{
    cleanup_close int mount = boxmount_new(type, options, n, attributes, e);

    return mount < 0 ? err_wrap(e, "mount at '%s'", target)
                     : attach_at(root, target, true, mount, e);
}

static int
attach_tmpfs(int root, const char *target, uint64_t size, const char *mode, struct err *e)
{
    char bytes[32];
    struct boxmount_option options[] = {{"mode", mode}, {"size", bytes}};

    if (size != 0)
        snprintf(bytes, sizeof bytes, "%" PRIu64, size);
    else
        snprintf(bytes, sizeof bytes, "50%%");
    return attach_new(root, target, "tmpfs", options, ARRAY_LEN(options), PLAIN, e);
}

/* The mounts that belong to the new namespaces. */
static int
attach_own(const struct boxspec *s, const struct rootfs *r, int root, struct err *e)
{
    static const struct boxmount_option pts[] = {{"ptmxmode", "0666"}, {"mode", "0620"}};

    if (attach_new(root, "/proc", "proc", NULL, 0, PLAIN | MOUNT_ATTR_NOEXEC, e) < 0)
        return e->code;
    if (attach_new(root, "/dev/pts", "devpts", pts, ARRAY_LEN(pts),
                   MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, e) < 0)
        return e->code;
    if (r->shm >= 0)
        return attach_at(root, "/dev/shm", true, r->shm, e);
    return attach_tmpfs(root, "/dev/shm", podshm_size(s), "1777", e);
}

/* Without an overlay the root is an empty directory; links and directories are made in it. */
static int
fill_bare_root(const struct hostroot *h, int root, struct err *e)
{
    static const struct directory {
        const char *path;
        mode_t mode;
    } directories[] = {{"dev", 0755},  {"etc", 0755},  {"home", 0755},    {"mnt", 0755},
                       {"proc", 0555}, {"root", 0700}, {"run", 0755},     {"sys", 0555},
                       {"tmp", 01777}, {"var", 0755},  {"var/tmp", 01777}};
    static const char *const merged[] = {"bin", "sbin", "lib", "lib32", "lib64", "libx32"};

    cleanup_close int etc = -1;

    if (h->kind != HOSTROOT_BINDS)
        return 0;
    for (size_t i = 0; i < ARRAY_LEN(directories); i++) {
        if ((mkdirat(root, directories[i].path, 0755) < 0 && errno != EEXIST) ||
            fchmodat(root, directories[i].path, directories[i].mode, 0) < 0)
            return err_errno(e, "create '/%s'", directories[i].path);
    }
    for (size_t i = 0; i < ARRAY_LEN(merged); i++) {
        char path[16], target[256];
        ssize_t n;

        snprintf(path, sizeof path, "/%s", merged[i]);
        n = readlink(path, target, sizeof target - 1);
        if (n <= 0)
            continue;
        target[n] = '\0';
        if (symlinkat(target, root, merged[i]) < 0 && errno != EEXIST)
            return err_errno(e, "link '/%s'", merged[i]);
    }
    etc = openat(root, "etc", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return etc < 0 ? err_errno(e, "open '/etc'")
                   : skeleton_etc(etc, &(struct skeleton_how){.chown = false}, e);
}

/* Mounts number from .. to - 1; `tmpfs` walks the specification's in step. */
static int
attach_some(const struct boxspec *s, const struct rootfs *r, int root, size_t from, size_t to,
            struct err *e)
{
    size_t tmpfs = 0;

    for (size_t i = from; i < to; i++) {
        const struct rootfs_mount *m = &r->mounts[i];

        if (m->fd >= 0) {
            if (attach_at(root, m->target, m->directory, m->fd, e) < 0)
                return e->code;
            continue;
        }
        while (s->mounts[tmpfs].kind != BOX_TMPFS)
            tmpfs++;
        if (attach_tmpfs(root, m->target, s->mounts[tmpfs].size, "1777", e) < 0)
            return e->code;
        tmpfs++;
    }
    return 0;
}

static int
write_files(const struct boxspec *s, int root, struct err *e)
{
    for (size_t i = 0; i < s->files_n; i++) {
        const struct box_file *f = &s->files[i];

        if (inroot_write(root, f->path, f->content, f->mode, e) < 0)
            return e->code;
    }
    return 0;
}

/* Whoever the command runs as may say how far it is. */
static int
make_progress_directory(const struct boxspec *s, int root, struct err *e)
{
    cleanup_free char *directory = NULL;
    cleanup_close int at = -1, fd = -1;
    struct stat st;
    char *slash;

    if (s->progress_path == NULL)
        return 0;
    directory = xstrdup(s->progress_path);
    slash = strrchr(directory, '/');
    if (slash == directory)
        return 0;
    *slash = '\0';
    at = inroot_directory(root, directory, e);
    if (at < 0)
        return e->code;
    fd = openat(at, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0 || ((st.st_mode & 0777) != 0777 && fchmod(fd, 0777) < 0))
        return err_errno(e, "directory '%s'", directory);
    return 0;
}

/* The data directory, where a listed directory has it inside: an empty one covers it. */
static int
hide(const struct hostroot *h, int root, struct err *e)
{
    return h->hidden == NULL ? 0 : attach_tmpfs(root, h->hidden, 4096, "0555", e);
}

int
rootfs_enter(const struct hostroot *h, const struct boxspec *s, const struct rootfs *r, int root,
             struct err *e)
{
    if (fill_bare_root(h, root, e) < 0 || attach_some(s, r, root, 0, r->system_n, e) < 0 ||
        attach_own(s, r, root, e) < 0 || attach_some(s, r, root, r->system_n, r->n, e) < 0 ||
        write_files(s, root, e) < 0 || make_progress_directory(s, root, e) < 0 ||
        hide(h, root, e) < 0)
        return e->code;
    if (s->read_only_root && boxmount_restrict(root, MOUNT_ATTR_RDONLY, false, e) < 0)
        return e->code;
    /* The new root is stacked on the old one at the same place, which then is taken off. */
    if (fchdir(root) < 0 || oscall_pivot_root(".", ".") < 0 || umount2(".", MNT_DETACH) < 0 ||
        chdir("/") < 0)
        return err_errno(e, "move into the root file system");
    return 0;
}
