/*
 * A process of the step, from fork to exec.
 *
 * The child does everything that can fail before it says that it is ready, so that an attempt that
 * cannot start has not started; only execve itself comes after `started` is published, and at level
 * none the working directory, which may lie behind a link that is made in between.  Order: the
 * group first (while the writes need no rights), then the directory, limits and ids, then
 * capabilities, at last the filter.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "init/keeper.h"
#include "sandbox/capability.h"
#include "sandbox/inroot.h"
#include "sandbox/oscall.h"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

/* What the child says over its socket: ready (code 0), or why not. */
struct report {
    int code; /* 0; an ERR_ code before ready; what a shell would exit with after it */
    char text[512];
};

static void
send_report(int sync, int code, const char *text)
{
    struct report r = {.code = code};

    snprintf(r.text, sizeof r.text, "%s", text);
    (void)!send(sync, &r, sizeof r, MSG_NOSIGNAL);
}

union rights {
    struct cmsghdr head;
    char bytes[CMSG_SPACE(sizeof(int))];
};

/* Ready; with the listener of its network calls, which becomes the parent's alone. */
static void
send_ready(int sync, int listener)
{
    struct report r = {.code = 0};
    struct iovec part = {&r, sizeof r};
    union rights rights = {.head = {.cmsg_len = CMSG_LEN(sizeof listener),
                                    .cmsg_level = SOL_SOCKET,
                                    .cmsg_type = SCM_RIGHTS}};
    struct msghdr m = {.msg_iov = &part,
                       .msg_iovlen = 1,
                       .msg_control = &rights,
                       .msg_controllen = sizeof rights.bytes};

    if (listener < 0) {
        send_report(sync, 0, "");
        return;
    }
    memcpy(CMSG_DATA(&rights.head), &listener, sizeof listener);
    (void)!sendmsg(sync, &m, MSG_NOSIGNAL);
    close(listener);
}

static ssize_t
receive_report(int sync, struct report *r, int *listener)
{
    struct iovec part = {r, sizeof *r};
    union rights rights;
    struct msghdr m = {.msg_iov = &part,
                       .msg_iovlen = 1,
                       .msg_control = &rights,
                       .msg_controllen = sizeof rights.bytes};
    struct cmsghdr *c;
    ssize_t n;

    *listener = -1;
    while ((n = recvmsg(sync, &m, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR) {
    }
    c = n > 0 ? CMSG_FIRSTHDR(&m) : NULL;
    if (c != NULL && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof *listener))
        memcpy(listener, CMSG_DATA(c), sizeof *listener);
    return n;
}

static int
set_stdio(const struct keeper_program *p, struct err *e)
{
    int high[3];

    /* Moved up first: one of them may be 0, 1 or 2 already. */
    for (int i = 0; i < 3; i++) {
        high[i] = fcntl(p->stdio[i], F_DUPFD_CLOEXEC, 10);
        if (high[i] < 0)
            return err_errno(e, "standard streams");
    }
    for (int i = 0; i < 3; i++) {
        if (dup2(high[i], i) < 0)
            return err_errno(e, "standard streams");
    }
    if (p->tty && ioctl(0, TIOCSCTTY, 0) < 0)
        return err_errno(e, "make the pty the controlling terminal");
    return 0;
}

/* Missing ones are made, but never among the host's own files. */
static int
set_directory(const struct boxspec *s, const char *cwd, struct err *e)
{
    cleanup_close int root = -1, fd = -1;

    if (cwd == NULL || chdir(cwd) == 0)
        return 0;
    if (errno != ENOENT || s->level == LEVEL_NONE)
        return err_errno(e, "working directory '%s'", cwd);
    root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    fd = root < 0 ? -1 : inroot_directory(root, cwd, e);
    if (fd < 0 || chdir(cwd) < 0)
        return err_set(e, ERR_IO, "working directory '%s' cannot be made", cwd);
    return 0;
}

static int
set_limits(const struct boxspec *s, struct err *e)
{
    for (size_t i = 0; i < s->rlimits_n; i++) {
        const struct box_rlimit *r = &s->rlimits[i];
        struct rlimit had, limit = {.rlim_cur = r->soft, .rlim_max = r->hard};

        if (syscall(SYS_prlimit64, 0, r->resource, NULL, &had) < 0)
            return err_errno(e, "resource limit %u", r->resource);
        /* Only root may raise the hard one. */
        if (limit.rlim_max > had.rlim_max)
            limit.rlim_max = had.rlim_max;
        if (limit.rlim_cur > limit.rlim_max)
            limit.rlim_cur = limit.rlim_max;
        if (syscall(SYS_prlimit64, 0, r->resource, &limit, NULL) < 0)
            return err_errno(e, "resource limit %u", r->resource);
    }
    return 0;
}

static int
set_ids(const struct keeper *k, struct err *e)
{
    const struct boxspec *s = k->spec;

    if (!k->other_ids)
        return 0;
    /* The raw call: the C library's would look for threads. */
    if (syscall(SYS_setgroups, s->groups_n, s->groups) < 0)
        return err_errno(e, "set supplementary groups");
    if (syscall(SYS_setresgid, s->gid, s->gid, s->gid) < 0)
        return err_errno(e, "become group %u", s->gid);
    if (syscall(SYS_setresuid, s->uid, s->uid, s->uid) < 0)
        return err_errno(e, "become user %u", s->uid);
    return 0;
}

static int
drop_bounding(uint64_t keep, struct err *e)
{
    for (unsigned cap = 0; cap < 64; cap++) {
        if (prctl(PR_CAPBSET_READ, cap, 0, 0, 0) < 0)
            break; /* beyond the kernel's last */
        if (keep >> cap & 1)
            continue;
        if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0 && errno != EPERM)
            return err_errno(e, "drop a capability");
    }
    return 0;
}

static int
set_capabilities(const struct boxspec *s, struct err *e)
{
    return capability_limit(s->capabilities) < 0 ? err_errno(e, "set capabilities") : 0;
}

/* `listener`: the other end of the calls that init makes for this process; -1: none. */
static int
set_filter(const struct keeper *k, int *listener, struct err *e)
{
    const struct keeper_filter *f = k->net.address != 0 ? &k->network : &k->filter;
    struct sock_fprog program = {.len = f->instructions,
                                 .filter = (struct sock_filter *)(uintptr_t)f->program};
    unsigned flags = 0;
    int rc;

    *listener = -1;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return err_errno(e, "set no_new_privs");
    if (f->instructions == 0 || k->spec->unconfined)
        return 0;
    if (k->net.address != 0)
        flags = SECCOMP_FILTER_FLAG_NEW_LISTENER |
                (k->net.remember ? 0 : SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
    rc = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
    if (rc < 0)
        return err_errno(e, "install the system-call filter");
    if (k->net.address != 0)
        *listener = rc;
    return 0;
}

static int
prepare(const struct keeper *k, const struct keeper_program *p, int sync, int *listener,
        struct err *e)
{
    const int keep[] = {0, 1, 2, sync};
    sigset_t none;

    (void)setsid();
    if (set_stdio(p, e) < 0)
        return e->code;
    if (boxgroup_enter(&k->group) < 0)
        return err_errno(e, "enter the control group");
    oscall_close_except(keep, ARRAY_LEN(keep));
    umask(022);
    if ((k->spec->links_n == 0 && set_directory(k->spec, p->cwd, e) < 0) ||
        set_limits(k->spec, e) < 0 || drop_bounding(k->spec->capabilities, e) < 0 ||
        set_ids(k, e) < 0 || set_capabilities(k->spec, e) < 0 || set_filter(k, listener, e) < 0)
        return e->code;
    /* What the spawner ignores; everything else it set to the default when it began. */
    (void)signal(SIGINT, SIG_DFL);
    (void)signal(SIGPIPE, SIG_DFL);
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    return 0;
}

static const char *
search_path(const char *const *env)
{
    for (size_t i = 0; env[i] != NULL; i++) {
        if (strncmp(env[i], "PATH=", 5) == 0)
            return env[i] + 5;
    }
    return "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
}

/* execve takes pointers that it does not write through. */
static void
execute(const char *path, const struct keeper_program *p)
{
    execve(path, (char *const *)(uintptr_t)p->argv, (char *const *)(uintptr_t)p->env);
}

/* Returns only on failure: errno as a shell would judge it. */
static void
execute_by_name(const struct keeper_program *p)
{
    struct str rest = str_of(search_path(p->env));
    int denied = 0;

    while (rest.p != NULL) {
        struct str at = str_cut(&rest, ':');
        cleanup_free char *path =
            xasprintf("%.*s/%s", STR_ARG(at.n != 0 ? at : STR(".")), p->argv[0]);

        execute(path, p);
        if (errno == EACCES)
            denied = EACCES;
        else if (errno != ENOENT && errno != ENOTDIR)
            return;
    }
    errno = denied != 0 ? denied : ENOENT;
}

static _Noreturn void
child(const struct keeper *k, const struct keeper_program *p, int sync)
{
    struct err e = ERR_INIT;
    char go, text[512];
    int sys, listener;

    if (prepare(k, p, sync, &listener, &e) < 0) {
        send_report(sync, e.code, e.msg);
        _exit(1);
    }
    send_ready(sync, listener);
    if (recv(sync, &go, 1, 0) != 1)
        _exit(1);
    if (k->spec->links_n > 0 && set_directory(k->spec, p->cwd, &e) < 0) {
        send_report(sync, KEEPER_NO_START, e.msg);
        _exit(KEEPER_NO_START);
    }
    if (strchr(p->argv[0], '/') != NULL)
        execute(p->argv[0], p);
    else
        execute_by_name(p);
    sys = errno;
    snprintf(text, sizeof text, "exec: \"%.300s\": %s", p->argv[0],
             sys == ENOENT && strchr(p->argv[0], '/') == NULL ? "executable file not found in $PATH"
                                                              : strerror(sys));
    send_report(sync, sys == ENOENT ? 127 : 126, text);
    _exit(sys == ENOENT ? 127 : 126);
}

int
keeper_fork(struct keeper *k, const struct keeper_program *p, struct keeper_child *ret,
            struct err *e)
{
    int pair[2], listener;
    struct report r;
    ssize_t n;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return err_errno(e, "socketpair");
    ret->pid = fork();
    if (ret->pid == 0)
        child(k, p, pair[1]);
    close(pair[1]);
    if (ret->pid < 0) {
        err_errno(e, "fork");
        close(pair[0]);
        return e->code;
    }
    n = receive_report(pair[0], &r, &listener);
    if (n == (ssize_t)sizeof r && r.code == 0) {
        ret->sync = pair[0];
        if (listener >= 0) {
            netcall_prepare(listener);
            vec_push(&k->listeners, listener);
        }
        return 0;
    }
    if (listener >= 0)
        close(listener);
    close(pair[0]);
    (void)waitpid(ret->pid, NULL, 0);
    if (n != (ssize_t)sizeof r)
        return err_set(e, ERR_IO, "the step's first process died before it was ready");
    return err_set(e, r.code, "%.500s", r.text);
}

int
keeper_release(struct keeper_child *c, char *text, size_t size)
{
    cleanup_close int sync = TAKE_FD(c->sync);
    struct report r;
    ssize_t n;

    (void)!send(sync, "g", 1, MSG_NOSIGNAL);
    while ((n = recv(sync, &r, sizeof r, 0)) < 0 && errno == EINTR) {
    }
    if (n != (ssize_t)sizeof r)
        return 0; /* closed by exec */
    snprintf(text, size, "%s", r.text);
    return r.code;
}

int
keeper_pty(int *master, int *slave, struct err *e)
{
    int unlock = 0;

    *master = open("/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (*master < 0)
        *master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (*master < 0)
        return err_errno(e, "open a pty");
    if (ioctl(*master, TIOCSPTLCK, &unlock) == 0)
        *slave = ioctl(*master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    else
        *slave = -1;
    if (*slave < 0) {
        err_errno(e, "open a pty");
        close(TAKE_FD(*master));
        return e->code;
    }
    return 0;
}
