#include "sandbox/rootfs.h"

#include <fcntl.h>
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
#include "sandbox/rootlayer.h"
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

    if (hostroot_range(h, s->id_base, &range, e) < 0 || hostroot_refresh(h, e) < 0)
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
