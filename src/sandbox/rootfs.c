#include "sandbox/rootfs.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "sandbox/boxmount.h"
#include "sandbox/boxrecord.h"
#include "sandbox/boxspec.h"
#include "sandbox/hostroot.h"
#include "sandbox/inroot.h"
#include "sandbox/oscall.h"
#include "sandbox/podshm.h"
#include "sandbox/rootlayer.h"
#include "sandbox/skeleton.h"
#include "sandbox/skeleton_etc.h"
#include "sandbox/spareroot.h"

enum {
    PLAIN = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
};

static void
add(struct rootfs *r, int fd, const char *target, bool directory)
{
    r->mounts = xrealloc(r->mounts, r->n + 1, sizeof *r->mounts);
    r->mounts[r->n++] = (struct rootfs_mount){fd, target, directory};
}

static int
prepare_root(struct hostroot *h, const struct boxspec *s, int dir, struct rootfs *r, struct err *e)
{
    cleanup_close int upper = -1;
    struct hostroot_range *range;

    if (hostroot_range(h, s->id_base, &range, e) < 0)
        return e->code;
    if (h->kind == HOSTROOT_BINDS) {
        upper = rootlayer_make(h, dir, BOX_UPPER, s->id_base, e);
        r->root = upper < 0 ? -1 : boxmount_clone(upper, PLAIN, -1, e);
    } else {
        r->root = spareroot_take(h, s->id_base, dir);
        if (r->root < 0)
            r->root = rootlayer_root(h, range, dir, "", e);
    }
    return r->root < 0 ? err_wrap(e, "root file system") : 0;
}

static int
clone_part(const char *path, struct err *e)
{
    cleanup_close int fd = open(path, O_PATH | O_CLOEXEC);

    if (fd < 0)
        return err_errno(e, "open '%s'", path);
    return boxmount_clone_tree(fd, PLAIN | MOUNT_ATTR_RDONLY, e);
}

static int
overlay_part(const struct hostroot *h, const struct boxspec *s, const char *path, int dir,
             size_t number, struct err *e)
{
    unsigned attributes = PLAIN | (s->read_only_root ? MOUNT_ATTR_RDONLY : 0);
    cleanup_close int lower = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct boxmount_overlay o = {.lower = lower, .lower2 = -1, .attributes = attributes};
    char suffix[24];

    if (lower < 0)
        return err_errno(e, "open '%s'", path);
    snprintf(suffix, sizeof suffix, "-%zu", number);
    return rootlayer_overlay(h, dir, suffix, 0, &o, e);
}

static int
prepare_parts(const struct hostroot *h, const struct boxspec *s, int dir, struct rootfs *r,
              struct err *e)
{
    for (size_t i = 0; i < h->parts_n; i++) {
        const struct hostroot_part *p = &h->parts[i];
        struct stat st;
        int fd = -1;

        if (p->overlay)
            fd = overlay_part(h, s, p->path, dir, i, e);
        if (fd < 0) /* refused (a locked mount below it): read-only is better than nothing */
            fd = clone_part(p->path, e);
        if (fd < 0 && p->optional)
            continue;
        if (fd < 0)
            return err_wrap(e, "'%s'", p->path);
        add(r, fd, p->path, fstat(fd, &st) < 0 || S_ISDIR(st.st_mode));
    }
    return 0;
}

static int
prepare_system(const struct hostroot *h, struct rootfs *r, struct err *e)
{
    int fd;

    if (h->dev >= 0) {
        fd = boxmount_clone_tree(h->dev, MOUNT_ATTR_NOSUID | MOUNT_ATTR_RDONLY, e);
        if (fd < 0)
            return err_wrap(e, "/dev");
        add(r, fd, "/dev", true);
    }
    /* An allow list here too: programs count processors, nothing else of /sys is theirs. */
    fd = boxmount_clone_path("/sys/devices/system", PLAIN | MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOEXEC,
                             -1, e);
    if (fd >= 0)
        add(r, fd, "/sys/devices/system", true);
    r->system_n = r->n;
    return 0;
}

static int
open_source(const struct box_mount *m, struct err *e)
{
    cleanup_close int source = open(m->source, O_PATH | O_CLOEXEC);

    if (source < 0)
        return err_errno(e, "'%s'", m->source);
    if (m->sub_path == NULL || m->sub_path[0] == '\0')
        return TAKE_FD(source);
    return inroot_sub_path(source, m->sub_path, e);
}

/* A writable view of a directory of the host.  The step's root owns what is root's in it, or it
 * could add to its top only.  For that the lower layer is an id-mapped clone, attached while the
 * overlay is made, which takes a clone of its own from it; where the file system knows no id
 * maps, the directory as it is. */
static int
overlay_mount(struct hostroot *h, const struct boxspec *s, struct hostroot_range *range, int dir,
              const char *suffix, struct boxmount_overlay *o, struct err *e)
{
    cleanup_free char *path = xasprintf("%s/at", h->layers);
    cleanup_close int at = -1, lower = -1, clone = -1;
    struct err ignored = ERR_INIT;
    int fd;

    if (range->userns >= 0)
        clone = boxmount_clone(o->lower, MOUNT_ATTR_RDONLY, range->userns, &ignored);
    if (clone >= 0)
        at = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (at < 0 || boxmount_attach(clone, at, &ignored) < 0)
        return rootlayer_overlay(h, dir, suffix, s->id_base, o, e);
    lower = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (lower < 0)
        err_errno(e, "open '%s'", path);
    o->lower = lower;
    fd = lower < 0 ? e->code : rootlayer_overlay(h, dir, suffix, s->id_base, o, e);
    (void)umount2(path, MNT_DETACH);
    return fd;
}

static int
make_mount(struct hostroot *h, const struct boxspec *s, size_t number, int dir, int source,
           struct err *e)
{
    const struct box_mount *m = &s->mounts[number];
    unsigned attributes = PLAIN | (m->read_only ? MOUNT_ATTR_RDONLY : 0);
    struct boxmount_overlay o = {.lower = source, .lower2 = -1, .attributes = attributes};
    struct hostroot_range *range;
    char suffix[24];

    if (hostroot_range(h, s->id_base, &range, e) < 0)
        return e->code;
    if (m->kind == BOX_OVERLAY && h->kind != HOSTROOT_BINDS) {
        snprintf(suffix, sizeof suffix, "-m%zu", number);
        return overlay_mount(h, s, range, dir, suffix, &o, e);
    }
    if (m->kind == BOX_OVERLAY)
        attributes |= MOUNT_ATTR_RDONLY;
    return boxmount_clone(source, attributes, m->idmap ? range->userns : -1, e);
}

static int
prepare_mounts(struct hostroot *h, const struct boxspec *s, int dir, struct rootfs *r,
               struct err *e)
{
    for (size_t i = 0; i < s->mounts_n; i++) {
        const struct box_mount *m = &s->mounts[i];
        cleanup_close int source = -1;
        struct stat st;
        int fd;

        if (m->kind == BOX_TMPFS) {
            add(r, -1, m->target, true); /* init makes it, in its own namespace */
            continue;
        }
        source = open_source(m, e);
        if (source < 0 && m->optional && e->code == ERR_NOTFOUND)
            continue;
        if (source < 0 || fstat(source, &st) < 0)
            return err_wrap(e, "mount at '%s'", m->target);
        fd = make_mount(h, s, i, dir, source, e);
        if (fd < 0)
            return err_wrap(e, "mount at '%s'", m->target);
        add(r, fd, m->target, S_ISDIR(st.st_mode));
    }
    return 0;
}

int
rootfs_prepare(struct hostroot *h, const struct boxspec *s, int dir, struct rootfs *ret,
               struct err *e)
{
    *ret = ROOTFS_INIT;
    if (prepare_root(h, s, dir, ret, e) < 0 || prepare_parts(h, s, dir, ret, e) < 0 ||
        prepare_system(h, ret, e) < 0 || prepare_mounts(h, s, dir, ret, e) < 0) {
        rootfs_done(ret);
        return e->code;
    }
    return 0;
}

void
rootfs_done(struct rootfs *r)
{
    for (size_t i = 0; i < r->n; i++) {
        if (r->mounts[i].fd >= 0)
            close(r->mounts[i].fd);
    }
    if (r->root >= 0)
        close(r->root);
    if (r->shm >= 0)
        close(r->shm);
    free(r->mounts);
    *r = ROOTFS_INIT;
}

int
rootfs_attach(const struct hostroot *h, const struct rootfs *r, struct err *e)
{
    cleanup_free char *path = xasprintf("%s/at", h->layers);
    cleanup_close int at = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int root;

    if (at < 0)
        return err_errno(e, "open '%s'", path);
    if (boxmount_attach(r->root, at, e) < 0)
        return err_wrap(e, "root file system");
    root = fcntl(r->root, F_DUPFD_CLOEXEC, 0);
    return root < 0 ? err_errno(e, "root file system") : root;
}

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
