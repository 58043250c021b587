#include "sandbox/hostroot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "sandbox/boxmount.h"
#include "sandbox/oscall.h"
#include "sandbox/probe.h"
#include "sandbox/skeleton.h"
#include "sandbox/spareroot.h"
#include "sandbox/userns.h"

enum { MOUNTINFO_MAX = 256 * 1024 };

static bool
is_below(const char *path, const char *directory)
{
    size_t n = strlen(directory);

    return strncmp(path, directory, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

static void
add_part(struct hostroot *h, const char *path, bool overlay, bool optional)
{
    for (size_t i = 0; i < h->parts_n; i++) {
        if (strcmp(h->parts[i].path, path) == 0)
            return;
    }
    h->parts = xrealloc(h->parts, h->parts_n + 1, sizeof *h->parts);
    h->parts[h->parts_n++] = (struct hostroot_part){xstrdup(path), overlay, optional};
}

/* The listed names that are directories of the host, not links. */
struct listed {
    char at[SKELETON_LISTED_MAX][64];
    size_t n;
};

static void
find_listed(struct listed *to)
{
    to->n = 0;
    for (size_t i = 0; skeleton_listed[i] != NULL; i++) {
        char *path = to->at[to->n];
        struct stat st;

        snprintf(path, sizeof to->at[0], "/%s", skeleton_listed[i]);
        if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode))
            to->n++;
    }
}

static bool
is_below_one(const char *path, const struct listed *l)
{
    for (size_t i = 0; i < l->n; i++)
        if (is_below(path, l->at[i]))
            return true;
    return false;
}

/* mountinfo writes blanks and the like as \ooo. */
static char *
unescape(struct str s)
{
    char *out = str_dup(s), *to = out;

    for (const char *p = out; *p != '\0';) {
        if (p[0] == '\\' && p[1] >= '0' && p[1] <= '3' && p[2] != '\0' && p[3] != '\0') {
            *to++ = (char)((p[1] - '0') * 64 + (p[2] - '0') * 8 + (p[3] - '0'));
            p += 4;
        } else {
            *to++ = *p++;
        }
    }
    *to = '\0';
    return out;
}

/* An overlay's layer ends at mount points: what is mounted below a listed directory is bound. */
static void
add_crossings(struct hostroot *h, const struct listed *listed)
{
    cleanup_free char *text = xcalloc(1, MOUNTINFO_MAX);
    ssize_t n = oscall_read_file(AT_FDCWD, "/proc/self/mountinfo", text, MOUNTINFO_MAX);
    struct str rest = str_make(text, n > 0 ? (size_t)n : 0);

    while (rest.p != NULL) {
        struct str line = str_cut(&rest, '\n');
        cleanup_free char *point = NULL;

        for (int i = 0; i < 4; i++)
            str_cut(&line, ' ');
        point = unescape(str_cut(&line, ' '));
        if (is_below_one(point, listed))
            add_part(h, point, false, true);
    }
}

static void
find_parts(struct hostroot *h, const struct listed *listed, const char *const *shared)
{
    for (size_t i = 0; h->kind != HOSTROOT_WHOLE && i < listed->n; i++)
        add_part(h, listed->at[i], h->kind == HOSTROOT_PARTS, false);
    add_crossings(h, listed);
    for (size_t i = 0; shared != NULL && shared[i] != NULL; i++)
        add_part(h, shared[i], false, false);
}

static int
make_directory(struct hostroot *h, const char *name, struct err *e)
{
    cleanup_free char *path = xasprintf("%s/%s", h->layers, name);

    return mkdir(path, 0755) < 0 ? err_errno(e, "create '%s'", path) : 0;
}

static int
open_directory(const struct hostroot *h, const char *name, int flags, struct err *e)
{
    cleanup_free char *path = xasprintf("%s/%s", h->layers, name);
    int fd = open(path, flags | O_DIRECTORY | O_CLOEXEC);

    return fd < 0 ? err_errno(e, "open '%s'", path) : fd;
}

/* Nodes by mknod as root; else the host's nodes bound one by one. */
static int
make_dev(struct hostroot *h, struct err *e)
{
    struct skeleton_how how = {.devices = h->root};
    cleanup_close int dir = -1;

    if (make_directory(h, "dev", e) < 0)
        return e->code;
    dir = open_directory(h, "dev", O_RDONLY, e);
    if (dir < 0 || skeleton_dev(dir, &how, e) < 0)
        return e->code;
    for (size_t i = 0; !h->root && skeleton_nodes[i] != NULL; i++) {
        cleanup_free char *from = xasprintf("/dev/%s", skeleton_nodes[i]);
        cleanup_free char *to = xasprintf("%s/dev/%s", h->layers, skeleton_nodes[i]);

        if (mount(from, to, NULL, MS_BIND, NULL) < 0)
            return err_errno(e, "bind '%s'", from);
    }
    h->dev = TAKE_FD(dir);
    return 0;
}

static int
mount_layers(struct hostroot *h, struct err *e)
{
    int below;

    if (mkdir(h->layers, 0700) < 0 && errno != EEXIST)
        return err_errno(e, "create '%s'", h->layers);
    below = open(h->layers, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (below < 0)
        return err_errno(e, "open '%s'", h->layers);
    h->spares = spareroots_new(below);
    if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return err_errno(e, "make the mount namespace private");
    /* Every step's namespace begins as a copy of this one: what none needs is taken off.  Groups
     * are reached through descriptors by now. */
    if (h->root)
        (void)umount2("/sys/fs/cgroup", MNT_DETACH);
    if (mount("sluice", h->layers, "tmpfs", MS_NOSUID, "mode=0755,size=256m") < 0)
        return err_errno(e, "mount a tmpfs on '%s'", h->layers);
    return make_directory(h, "at", e);
}

/* -1: it cannot be watched, and is looked at each time. */
static int
watch_root(void)
{
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

    if (fd >= 0 && inotify_add_watch(fd, "/", IN_CREATE | IN_MOVED_TO | IN_ONLYDIR) < 0)
        close(TAKE_FD(fd));
    return fd;
}

int
hostroot_open(struct hostroot *h, const struct probe *p, enum level level, const char *data_dir,
              const char *const *shared, const char *recall, struct err *e)
{
    struct listed listed;

    *h = (struct hostroot){.level = level,
                           .root = p->root,
                           .idmap = level == LEVEL_FULL,
                           .volatile_overlay = p->have[PROBE_VOLATILE],
                           .clone3 = p->have[PROBE_CLONE3],
                           .layers = xasprintf("%s/layers", data_dir),
                           .kept = KEPTETC_NONE,
                           .watch = -1,
                           .dev = -1};
    h->kind = !p->have[PROBE_OVERLAY] ? HOSTROOT_BINDS : p->root ? HOSTROOT_WHOLE : HOSTROOT_PARTS;
    if (h->kind == HOSTROOT_WHOLE)
        h->watch = watch_root();
    if (mount_layers(h, e) < 0)
        return e->code;
    find_listed(&listed);
    find_parts(h, &listed, shared);
    if (is_below_one(data_dir, &listed))
        h->hidden = xstrdup(data_dir);
    /* Elsewhere its owner would not be the step's root; without openat2 nobody knows the way. */
    h->keeps = recall != NULL && p->root && level == LEVEL_FULL && p->have[PROBE_OPENAT2];
    if (h->keeps)
        h->kept = keptetc_open(recall, "/etc");
    return h->kind != HOSTROOT_WHOLE ? make_dev(h, e) : 0;
}

static void
close_range_layers(struct hostroot_range *r)
{
    const int fds[] = {r->skeleton, r->host, r->userns};

    for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
        if (fds[i] >= 0)
            close(fds[i]);
    }
}

void
hostroot_done(struct hostroot *h)
{
    spareroots_free(h->spares);
    keptetc_done(&h->kept);
    (void)umount2(h->layers, MNT_DETACH);
    for (size_t i = 0; i < h->parts_n; i++)
        free(h->parts[i].path);
    for (size_t i = 0; i < h->ranges_n; i++)
        close_range_layers(&h->ranges[i]);
    if (h->dev >= 0)
        close(h->dev);
    if (h->watch >= 0)
        close(h->watch);
    free(h->parts);
    free(h->ranges);
    free(h->layers);
    free(h->hidden);
}

static int
build_skeleton(struct hostroot *h, struct hostroot_range *r, struct err *e)
{
    struct skeleton_how how = {.owner = r->base,
                               .chown = h->root && r->base != 0,
                               .whiteouts = h->kind == HOSTROOT_WHOLE,
                               .user_xattr = !h->root,
                               .refer = h->kind == HOSTROOT_WHOLE,
                               .devices = h->kind == HOSTROOT_WHOLE,
                               .kept_etc = r->base != 0 ? h->kept.tree : NULL};
    char name[32];

    snprintf(name, sizeof name, "skeleton-%u", h->made);
    if (make_directory(h, name, e) < 0)
        return e->code;
    r->skeleton = open_directory(h, name, O_RDONLY, e);
    return r->skeleton < 0 ? e->code : skeleton_build(r->skeleton, &how, e);
}

/* The clone has to be attached: an overlay takes layers only from its own mount namespace. */
static int
attach_host(struct hostroot *h, struct hostroot_range *r, struct err *e)
{
    cleanup_close int tree = -1, at = -1;
    char name[32];

    if (!h->idmap || r->base == 0) {
        r->host = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        return r->host < 0 ? err_errno(e, "open '/'") : 0;
    }
    snprintf(name, sizeof name, "host-%u", h->made);
    if (make_directory(h, name, e) < 0)
        return e->code;
    at = open_directory(h, name, O_PATH, e);
    if (at < 0)
        return e->code;
    tree = boxmount_clone_path("/", MOUNT_ATTR_RDONLY, r->userns, e);
    if (tree < 0 || boxmount_attach(tree, at, e) < 0)
        return err_wrap(e, "id-mapped clone of the host's root");
    r->host = open_directory(h, name, O_PATH, e);
    return r->host < 0 ? e->code : 0;
}

static int
make_range(struct hostroot *h, struct hostroot_range *r, struct err *e)
{
    h->made++;
    if (build_skeleton(h, r, e) < 0)
        return e->code;
    if (h->idmap && r->base != 0) {
        r->userns = userns_open(r->base, e);
        if (r->userns < 0)
            return e->code;
    }
    return h->kind == HOSTROOT_WHOLE ? attach_host(h, r, e) : 0;
}

int
hostroot_range(struct hostroot *h, uint32_t base, struct hostroot_range **ret, struct err *e)
{
    struct hostroot_range r = {.base = base, .skeleton = -1, .host = -1, .userns = -1};

    for (size_t i = 0; i < h->ranges_n; i++) {
        if (h->ranges[i].base == base) {
            *ret = &h->ranges[i];
            return 0;
        }
    }
    if (make_range(h, &r, e) < 0) {
        close_range_layers(&r);
        return e->code;
    }
    h->ranges = xrealloc(h->ranges, h->ranges_n + 1, sizeof *h->ranges);
    h->ranges[h->ranges_n++] = r;
    *ret = &h->ranges[h->ranges_n - 1];
    return 0;
}

int
hostroot_refresh(struct hostroot *h, struct err *e)
{
    char events[4096];

    if (h->kind != HOSTROOT_WHOLE)
        return 0;
    if (h->watch < 0)
        h->stale = true;
    while (h->watch >= 0 && read(h->watch, events, sizeof events) > 0)
        h->stale = true;
    for (size_t i = 0; h->stale && i < h->ranges_n; i++) {
        if (skeleton_refresh(h->ranges[i].skeleton, e) < 0)
            return e->code;
    }
    h->stale = false;
    return 0;
}
