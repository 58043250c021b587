#include "sandbox/rootlayer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "sandbox/boxmount.h"
#include "sandbox/boxrecord.h"
#include "sandbox/hostroot.h"

enum { NAME_SIZE = 64 };

int
rootlayer_make(const struct hostroot *h, int dir, const char *name, uint32_t base, struct err *e)
{
    int fd;

    if (mkdirat(dir, name, 0755) < 0 && errno != EEXIST)
        return err_errno(e, "create '%s'", name);
    fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return err_errno(e, "open '%s'", name);
    if (h->root && base != 0 && fchown(fd, base, base) < 0) {
        err_errno(e, "chown '%s'", name);
        close(fd);
        return e->code;
    }
    return fd;
}

int
rootlayer_overlay(const struct hostroot *h, int dir, const char *suffix, uint32_t base,
                  struct boxmount_overlay *o, struct err *e)
{
    cleanup_close int upper = -1, work = -1;
    char name[NAME_SIZE];

    snprintf(name, sizeof name, "%s%s", BOX_UPPER, suffix);
    upper = rootlayer_make(h, dir, name, base, e);
    snprintf(name, sizeof name, "%s%s", BOX_WORK, suffix);
    work = upper < 0 ? -1 : rootlayer_make(h, dir, name, base, e);
    if (work < 0)
        return e->code;
    o->upper = upper;
    o->work = work;
    o->volatile_ = h->volatile_overlay;
    o->user_xattr = !h->root;
    return boxmount_overlay(o, e);
}

int
rootlayer_root(const struct hostroot *h, const struct hostroot_range *range, int dir,
               const char *suffix, struct err *e)
{
    struct boxmount_overlay o = {
        .lower = range->skeleton, .lower2 = range->host, .attributes = MOUNT_ATTR_NOSUID};

    return rootlayer_overlay(h, dir, suffix, range->base, &o, e);
}

void
rootlayer_remove_unused(int dir, const char *suffix)
{
    /* What the kernel makes of a work directory, the volatile ones' marks included. */
    static const char *const inside[] = {"work/incompat/volatile/dirty",
                                         "work/incompat/volatile",
                                         "work/incompat",
                                         "work/volatile",
                                         "work",
                                         "index"};
    char path[2 * NAME_SIZE];

    /* The kernel makes the inner one with no rights at all. */
    snprintf(path, sizeof path, BOX_WORK "%s/work", suffix);
    (void)fchmodat(dir, path, 0700, 0);
    snprintf(path, sizeof path, BOX_WORK "%s/work/incompat", suffix);
    (void)fchmodat(dir, path, 0700, 0);
    for (size_t i = 0; i < ARRAY_LEN(inside); i++) {
        snprintf(path, sizeof path, BOX_WORK "%s/%s", suffix, inside[i]);
        if (unlinkat(dir, path, AT_REMOVEDIR) < 0 && errno == ENOTDIR)
            unlinkat(dir, path, 0);
    }
    snprintf(path, sizeof path, BOX_WORK "%s", suffix);
    unlinkat(dir, path, AT_REMOVEDIR);
    snprintf(path, sizeof path, BOX_UPPER "%s", suffix);
    unlinkat(dir, path, AT_REMOVEDIR);
}
