#include "sandbox/skeleton.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "sandbox/skeleton_etc.h"

const char *const skeleton_listed[] = {"usr",   "bin",    "sbin", "lib", "lib32",
                                       "lib64", "libx32", "opt",  NULL};
static_assert(ARRAY_LEN(skeleton_listed) == SKELETON_LISTED_MAX + 1,
              "hostroot.c has room for each");
const char *const skeleton_nodes[] = {"null", "zero", "full", "random", "urandom", "tty", NULL};

static bool
is_listed(const char *name)
{
    for (size_t i = 0; skeleton_listed[i] != NULL; i++) {
        if (strcmp(name, skeleton_listed[i]) == 0)
            return true;
    }
    return false;
}

/* run/argo is where steps say how far they are, and below run/secrets their token is mounted: made
 * for each, they would be copied up for each. */
static const struct fresh {
    const char *path;
    mode_t mode;
} fresh[] = {
    {"dev", 0755},
    {"etc", 0755},
    {"home", 0755},
    {"media", 0755},
    {"mnt", 0755},
    {"proc", 0555},
    {"root", 0700},
    {"run", 0755},
    {"srv", 0755},
    {"sys", 0555},
    {"sys/devices", 0555},
    {"sys/devices/system", 0555},
    {"tmp", 01777},
    {"var", 0755},
    {"var/cache", 0755},
    {"var/lib", 0755},
    {"var/log", 0755},
    {"var/tmp", 01777},
    {"run/lock", 01777},
    {"run/argo", 0777},
    {"run/secrets", 0755},
    {"run/secrets/kubernetes.io", 0755},
    {"run/secrets/kubernetes.io/serviceaccount", 0755},
};

static int
own(int dirfd, const char *path, const struct skeleton_how *how)
{
    return how->chown ? fchownat(dirfd, path, how->owner, how->owner, AT_SYMLINK_NOFOLLOW) : 0;
}

/* An opaque directory hides what the host has under the same name, one that refers elsewhere too.
 */
static int
hide(int dirfd, const char *path, const struct skeleton_how *how)
{
    cleanup_close int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const char *name = how->user_xattr ? "user.overlay.opaque" : "trusted.overlay.opaque";

    if (fd >= 0 && how->kept_etc != NULL && strcmp(path, "etc") == 0)
        return fsetxattr(fd, "trusted.overlay.redirect", how->kept_etc, strlen(how->kept_etc), 0);
    return fd < 0 ? -1 : fsetxattr(fd, name, "y", 1, 0);
}

/* What lies in a directory that hides the host's needs no mark of its own. */
static int
make_fresh(int dirfd, const struct skeleton_how *how, struct err *e)
{
    for (size_t i = 0; i < ARRAY_LEN(fresh); i++) {
        const char *path = fresh[i].path;
        mode_t mode = fresh[i].mode;

        if (mkdirat(dirfd, path, mode) < 0 ||
            ((mode & 0022) != 0 && fchmodat(dirfd, path, mode, 0) < 0) || own(dirfd, path, how) < 0)
            return err_errno(e, "create '%s'", path);
        if (how->whiteouts && strchr(path, '/') == NULL && hide(dirfd, path, how) < 0)
            return err_errno(e, "hide the host's '%s'", path);
    }
    if (symlinkat("../run", dirfd, "var/run") < 0 ||
        symlinkat("../run/lock", dirfd, "var/lock") < 0)
        return err_errno(e, "link var/run");
    return 0;
}

static bool
is_fresh(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(fresh); i++) {
        if (strcmp(fresh[i].path, name) == 0)
            return true;
    }
    return false;
}

/* One character device 0:0, under as many names as there are entries to hide. */
static int
white_out(int dirfd, const char *name, char first[NAME_MAX + 1])
{
    if (first[0] != '\0')
        return linkat(dirfd, first, dirfd, name, 0);
    snprintf(first, NAME_MAX + 1, "%s", name);
    return mknodat(dirfd, name, S_IFCHR | 0, makedev(0, 0));
}

/* What is on the list shows through; a link is copied, so that both kinds of layer have it. */
static int
place_entry(int dirfd, const char *name, const struct skeleton_how *how, char *first)
{
    char path[NAME_MAX + 2], target[PATH_MAX];
    ssize_t n;

    snprintf(path, sizeof path, "/%s", name);
    if (!is_listed(name))
        return how->whiteouts ? white_out(dirfd, name, first) : 0;
    n = readlink(path, target, sizeof target - 1);
    if (n < 0)
        return how->whiteouts ? 0 : mkdirat(dirfd, name, 0755) < 0 ? -1 : own(dirfd, name, how);
    target[n] = '\0';
    return symlinkat(target, dirfd, name) < 0 ? -1 : own(dirfd, name, how);
}

/* Calls place() for each top-level name of the host that steps do not get one of their own for. */
static int
each_host_name(int dirfd, const struct skeleton_how *how,
               int (*place)(int dirfd, const char *name, const struct skeleton_how *how,
                            char *first),
               struct err *e)
{
    char first[NAME_MAX + 1] = "";
    DIR *host = opendir("/");
    struct dirent *entry;
    int rc = 0;

    if (host == NULL)
        return err_errno(e, "open '/'");
    while (rc == 0 && (entry = readdir(host)) != NULL) {
        const char *name = entry->d_name;

        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || is_fresh(name))
            continue;
        if (place(dirfd, name, how, first) < 0)
            rc = err_errno(e, "place '/%s'", name);
    }
    closedir(host);
    return rc;
}

static int
hide_new_entry(int dirfd, const char *name, const struct skeleton_how *how, char *first)
{
    (void)how;
    (void)first;
    if (is_listed(name) || mknodat(dirfd, name, S_IFCHR | 0, makedev(0, 0)) == 0)
        return 0;
    return errno == EEXIST ? 0 : -1;
}

int
skeleton_refresh(int dirfd, struct err *e)
{
    return each_host_name(dirfd, NULL, hide_new_entry, e);
}

/* Numbers from Linux's devices.txt; tty is 5:0, the others are memory devices. */
static int
make_node(int dirfd, const char *name, const struct skeleton_how *how)
{
    static const struct number {
        const char *name;
        unsigned major, minor;
    } numbers[] = {{"null", 1, 3},   {"zero", 1, 5},    {"full", 1, 7},
                   {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0}};

    for (size_t i = 0; how->devices && i < ARRAY_LEN(numbers); i++) {
        if (strcmp(numbers[i].name, name) != 0)
            continue;
        if (mknodat(dirfd, name, S_IFCHR | 0666, makedev(numbers[i].major, numbers[i].minor)) < 0)
            return -1;
        return fchmodat(dirfd, name, 0666, 0);
    }
    return mknodat(dirfd, name, S_IFREG | 0666, 0);
}

int
skeleton_dev(int dirfd, const struct skeleton_how *how, struct err *e)
{
    static const char *const links[][2] = {{"/proc/self/fd", "fd"},
                                           {"/proc/self/fd/0", "stdin"},
                                           {"/proc/self/fd/1", "stdout"},
                                           {"/proc/self/fd/2", "stderr"},
                                           {"pts/ptmx", "ptmx"}};

    for (size_t i = 0; skeleton_nodes[i] != NULL; i++) {
        if (make_node(dirfd, skeleton_nodes[i], how) < 0 || own(dirfd, skeleton_nodes[i], how) < 0)
            return err_errno(e, "create the device '%s'", skeleton_nodes[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(links); i++) {
        if (symlinkat(links[i][0], dirfd, links[i][1]) < 0)
            return err_errno(e, "link dev/%s", links[i][1]);
    }
    if (mkdirat(dirfd, "pts", 0755) < 0 || mkdirat(dirfd, "shm", 0755) < 0 ||
        own(dirfd, "pts", how) < 0 || own(dirfd, "shm", how) < 0)
        return err_errno(e, "create dev/pts and dev/shm");

    /* Where /dev is shared and read-only, a file of the attempt is bound over this one. */
    cleanup_close int message =
        openat(dirfd, "termination-log", O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);

    if (message < 0 || own(dirfd, "termination-log", how) < 0)
        return err_errno(e, "create dev/termination-log");
    return 0;
}

int
skeleton_build(int dirfd, const struct skeleton_how *how, struct err *e)
{
    cleanup_close int etc = -1, dev = -1;

    if (fchmod(dirfd, 0755) < 0 || own(dirfd, ".", how) < 0)
        return err_errno(e, "skeleton");
    if (make_fresh(dirfd, how, e) < 0 || each_host_name(dirfd, how, place_entry, e) < 0)
        return err_wrap(e, "skeleton");
    etc = openat(dirfd, "etc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    dev = openat(dirfd, "dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (etc < 0 || dev < 0)
        return err_errno(e, "skeleton");
    if (skeleton_etc(etc, how, e) < 0)
        return err_wrap(e, "skeleton");
    return how->devices && skeleton_dev(dev, how, e) < 0 ? err_wrap(e, "skeleton") : 0;
}
