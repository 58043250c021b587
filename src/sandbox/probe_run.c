/*
 * The attempts run in two children, whose ends undo whatever they did: the outer one stands where
 * the spawner will stand (root: a mount namespace of its own; an ordinary user: user and mount
 * namespaces), the inner one where a step's init will.  They write their findings to shared memory.
 * Probing is part of most starts (probe_recall.h), so it costs two forks and no more.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "sandbox/boxmount.h"
#include "sandbox/oscall.h"
#include "sandbox/probe.h"
#include "sandbox/probe_network.h"
#include "sandbox/rootlayer.h"
#include "sandbox/userns.h"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

struct attempt {
    struct probe *p; /* in shared memory */
    const char *dir; /* to try overlays in; of this spawner alone, as another may still be ending */
    uint32_t base;
};

static void __attribute__((format(printf, 4, 5)))
found(struct probe *p, enum probe_id id, bool have, const char *fmt, ...)
{
    va_list ap;

    p->have[id] = have;
    va_start(ap, fmt);
    vsnprintf(p->text[id], PROBE_TEXT, fmt, ap);
    va_end(ap);
}

/* After an attempt that failed: whether that says something about this machine. */
static void
missed(struct probe *p, int sys)
{
    switch (sys) {
    case EAGAIN:
    case EINTR:
    case EIO:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
        p->unsure = true;
    }
}

/* The same of a file: here, and not where namespaces are made, ENOSPC means space. */
static void
missed_file(struct probe *p, int sys)
{
    missed(p, sys);
    p->unsure |= sys == ENOSPC || sys == EDQUOT;
}

/* Whether `id` may be tried at all. */
static bool
may(struct probe *p, enum probe_id id)
{
    if (p->denied[id])
        found(p, id, false, "%s: taken away by SLUICE_DENY", probe_name(id));
    return !p->denied[id];
}

static char *
probe_directory(const char *data_dir)
{
    return xasprintf("%s/probe.%d", data_dir, (int)getpid());
}

/* Whoever ran out of memory found less than there is. */
static void
wait_for(struct probe *p, pid_t pid)
{
    int status = 0;

    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : WEXITSTATUS(status) == MEM_EXIT)
        p->unsure = true;
}

/* In the inner child: pid 1 of new namespaces. */
static void
try_inside(struct attempt *a, const int go[2])
{
    struct err e = ERR_INIT;
    cleanup_close int proc = -1;
    char byte;

    close(go[1]);
    if (read(go[0], &byte, 1) != 1 || !may(a->p, PROBE_PROC))
        _exit(1);
    proc = boxmount_new("proc", NULL, 0, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, &e);
    if (proc >= 0)
        found(a->p, PROBE_PROC, true, "a step gets a /proc of its own");
    else
        found(a->p, PROBE_PROC, false, "a fresh /proc is refused (%.120s)", e.msg);
    missed(a->p, proc < 0 ? e.sys : 0);
    if (may(a->p, PROBE_NETWORK)) {
        char why[PROBE_TEXT / 2];
        int sys;
        bool have = probe_network(why, sizeof why, &sys);

        missed(a->p, sys);
        found(a->p, PROBE_NETWORK, have,
              have ? "each pod has an address of its own (unconnected datagrams sent by sendmsg "
                     "are not supervised)"
                   : "pods share the machine's addresses: %s",
              why);
    }
    _exit(0);
}

static void
try_idmap(struct attempt *a, pid_t inner)
{
    struct err e = ERR_INIT;
    cleanup_close int ns = -1, tree = -1;
    char path[64];

    if (!may(a->p, PROBE_IDMAP))
        return;
    if (!a->p->root || a->base == 0) {
        found(a->p, PROBE_IDMAP, false, "id-mapped mounts need root");
        return;
    }
    snprintf(path, sizeof path, "/proc/%d/ns/user", (int)inner);
    ns = open(path, O_RDONLY | O_CLOEXEC);
    if (ns < 0)
        err_errno(&e, "open '%s'", path);
    else
        tree = boxmount_clone_path("/", MOUNT_ATTR_RDONLY, ns, &e);
    missed(a->p, tree < 0 ? e.sys : 0);
    if (tree >= 0)
        found(a->p, PROBE_IDMAP, true, "the host's root can be id-mapped");
    else
        found(a->p, PROBE_IDMAP, false, "the host's root cannot be id-mapped (%.120s)", e.msg);
}

/* Makes the inner child, gives it its ids, and waits for what it finds. */
static void
try_namespaces(struct attempt *a)
{
    const uint64_t flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS;
    cleanup_close int pidfd = -1;
    struct err e = ERR_INIT;
    int go[2];
    pid_t pid = -1;

    if (pipe2(go, O_CLOEXEC) < 0) {
        missed(a->p, errno);
        return;
    }
    if (may(a->p, PROBE_CLONE3)) {
        pid = oscall_clone(flags, &pidfd, true);
        if (pid == 0)
            try_inside(a, go);
        found(a->p, PROBE_CLONE3, pid > 0, pid > 0 ? "clone3 works" : "clone3: %s; clone serves",
              strerror(errno));
    }
    if (pid < 0) {
        pid = oscall_clone(flags, &pidfd, false);
        if (pid == 0)
            try_inside(a, go);
    }
    if (pid < 0) {
        missed(a->p, errno);
        found(a->p, PROBE_USERNS, false, "user namespaces are refused (%s)", strerror(errno));
    } else if (userns_map(pid, a->base, 1, &e) < 0) {
        missed_file(a->p, e.sys);
        found(a->p, PROBE_USERNS, false, "ids cannot be mapped (%.120s)", e.msg);
    } else {
        found(a->p, PROBE_USERNS, true, "user namespaces can be made");
        try_idmap(a, pid);
        (void)!write(go[1], "g", 1);
    }
    close(go[0]);
    close(go[1]);
    if (pid > 0)
        wait_for(a->p, pid);
}

static void
try_overlay(struct attempt *a, int dir)
{
    struct boxmount_overlay o = {.lower2 = -1, .user_xattr = !a->p->root};
    cleanup_close int lower = open("/usr", O_PATH | O_DIRECTORY | O_CLOEXEC);
    cleanup_close int upper = openat(dir, "upper", O_PATH | O_DIRECTORY | O_CLOEXEC);
    cleanup_close int work = openat(dir, "work", O_PATH | O_DIRECTORY | O_CLOEXEC);
    cleanup_close int mount = -1;
    struct err e = ERR_INIT;

    o.lower = lower;
    o.upper = upper;
    o.work = work;
    o.volatile_ = may(a->p, PROBE_VOLATILE);
    if (!may(a->p, PROBE_OVERLAY))
        return;
    mount = boxmount_overlay(&o, &e);
    if (o.volatile_)
        found(a->p, PROBE_VOLATILE, mount >= 0, "%s",
              mount >= 0 ? "layers are thrown away without syncing" : "layers sync when unmounted");
    if (mount < 0 && o.volatile_) {
        o.volatile_ = false;
        mount = boxmount_overlay(&o, &e);
    }
    if (mount >= 0)
        found(a->p, PROBE_OVERLAY, true,
              "a step writes to a layer of its own over the host's files");
    else
        found(a->p, PROBE_OVERLAY, false,
              "overlays are refused (%.120s): the host's directories are "
              "read-only",
              e.msg);
    missed(a->p, mount < 0 ? e.sys : 0);
}

static void
try_mounts(struct attempt *a)
{
    const char *path = a->dir;
    cleanup_close int tmpfs = -1, dir = -1;
    struct err e = ERR_INIT;

    if (!may(a->p, PROBE_MOUNTAPI))
        return;
    tmpfs = boxmount_new("tmpfs", NULL, 0, MOUNT_ATTR_NOSUID, &e);
    if (tmpfs < 0) {
        missed(a->p, e.sys);
        found(a->p, PROBE_MOUNTAPI, false, "mounts are refused (%.120s)", e.msg);
        return;
    }
    found(a->p, PROBE_MOUNTAPI, true, "file systems can be mounted");
    if (mkdir(path, 0700) < 0 && errno != EEXIST) {
        missed_file(a->p, errno);
        found(a->p, PROBE_OVERLAY, false, "'%.120s': %s", path, strerror(errno));
        return;
    }
    dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir >= 0 && mkdirat(dir, "upper", 0700) == 0 && mkdirat(dir, "work", 0700) == 0) {
        try_overlay(a, dir); /* what a volatile one leaves in `work` goes with probe_tidy() */
        return;
    }
    missed_file(a->p, errno);
    found(a->p, PROBE_OVERLAY, false, "'%.120s': %s", path, strerror(errno));
}

void
probe_tidy(const char *data_dir)
{
    cleanup_free char *path = probe_directory(data_dir);
    cleanup_close int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (dir < 0)
        return;
    rootlayer_remove_unused(dir, "");
    rmdir(path);
}

static void
outer(struct attempt *a)
{
    struct err e = ERR_INIT;

    if (a->p->root ? unshare(CLONE_NEWNS) < 0 : userns_become_root(NULL, NULL, &e) < 0) {
        missed(a->p, a->p->root ? errno : e.sys);
        found(a->p, PROBE_USERNS, false, "%s", a->p->root ? "a mount namespace is refused" : e.msg);
        _exit(1);
    }
    (void)mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
    if (!a->p->root)
        a->base = 0;
    try_mounts(a);
    try_namespaces(a);
    _exit(0);
}

/* A null program is refused with EFAULT when the flag is known, EINVAL when it is not. */
static void
try_filters(struct probe *p)
{
    if (may(p, PROBE_SECCOMP)) {
        bool have = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, NULL) < 0 && errno == EFAULT;

        found(p, PROBE_SECCOMP, have,
              have ? "system calls are filtered" : "system calls cannot be filtered (%s)",
              strerror(errno));
    }
    if (may(p, PROBE_WAITKILL)) {
        bool have =
            syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                    SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
                    NULL) < 0 &&
            errno == EFAULT;

        found(p, PROBE_WAITKILL, have, "%s",
              have ? "supervised calls wait for fatal signals only"
                   : "supervised calls may be interrupted");
    }
}

static void
try_calls(struct probe *p)
{
    if (may(p, PROBE_OPENAT2)) {
        cleanup_close int fd =
            oscall_openat2(AT_FDCWD, "/", O_PATH | O_CLOEXEC, 0, OSCALL_NO_MAGICLINKS);

        found(p, PROBE_OPENAT2, fd >= 0, fd >= 0 ? "openat2 works" : "openat2: %s",
              strerror(errno));
    } else {
        oscall_deny_openat2();
    }
    if (may(p, PROBE_CLOSERANGE)) {
        bool have = syscall(SYS_close_range, ~0U, ~0U, 0) == 0;

        found(p, PROBE_CLOSERANGE, have, have ? "close_range works" : "close_range: %s",
              strerror(errno));
    } else {
        oscall_deny_close_range();
    }
}

void
probe_begin(struct probe *p)
{
    p->root = geteuid() == 0;
    try_filters(p);
    try_calls(p);
    for (int i = PROBE_USERNS; i <= PROBE_VOLATILE; i++)
        found(p, (enum probe_id)i, false, "%s: not tried", probe_name((enum probe_id)i));
    found(p, PROBE_NETWORK, false, "pods share the machine's addresses: without isolation");
    found(p, PROBE_SUBIDS, false, "%s",
          p->root ? "not needed: root gives ranges of its own"
                  : "without isolation there are none");
}

void
probe_run(struct probe *p, const char *data_dir, uint32_t id_base)
{
    cleanup_free char *dir = probe_directory(data_dir);
    struct attempt a = {.dir = dir, .base = id_base};
    pid_t pid;

    if (!may(p, PROBE_USERNS))
        return;
    a.p = mmap(NULL, sizeof *a.p, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (a.p == MAP_FAILED) {
        missed(p, errno);
        return;
    }
    *a.p = *p;
    pid = fork();
    if (pid == 0)
        outer(&a);
    if (pid > 0)
        wait_for(a.p, pid);
    else
        missed(a.p, errno);
    *p = *a.p;
    munmap(a.p, sizeof *a.p);
}
