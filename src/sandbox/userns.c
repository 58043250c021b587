#include "sandbox/userns.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "sandbox/boxspec.h"
#include "sandbox/oscall.h"
#include "sandbox/subids.h"

enum { MAP_SIZE = 64 };

/* A line must lie within one line of the caller's own map, where its own id stands alone. */
static void
write_map(char map[MAP_SIZE], uint32_t base, uint32_t own)
{
    uint32_t n = own > BOXSPEC_IDS ? BOXSPEC_IDS : own;

    if (base != 0)
        snprintf(map, MAP_SIZE, "0 %" PRIu32 " %d\n", base, BOXSPEC_IDS);
    else if (n > 1)
        snprintf(map, MAP_SIZE, "0 0 1\n1 1 %" PRIu32 "\n", n - 1);
    else
        snprintf(map, MAP_SIZE, "0 0 1\n");
}

int
userns_map(pid_t pid, uint32_t base, uint32_t own, struct err *e)
{
    char path[64], map[MAP_SIZE];

    write_map(map, base, own);
    snprintf(path, sizeof path, "/proc/%d/uid_map", (int)pid);
    if (oscall_write_file(AT_FDCWD, path, map) < 0)
        return err_errno(e, "map user ids from %" PRIu32, base);
    snprintf(path, sizeof path, "/proc/%d/gid_map", (int)pid);
    if (oscall_write_file(AT_FDCWD, path, map) < 0)
        return err_errno(e, "map group ids from %" PRIu32, base);
    return 0;
}

/* The namespace's only process, until its parent has what it wants, or dies. */
static _Noreturn void
wait_for_death(pid_t parent)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (getppid() != parent)
        _exit(1);
    for (;;)
        pause();
}

int
userns_open(uint32_t base, struct err *e)
{
    cleanup_close int pidfd = -1, ns = -1;
    pid_t parent = getpid();
    char path[64];
    pid_t pid = oscall_clone(CLONE_NEWUSER, &pidfd, false);

    if (pid < 0)
        return err_errno(e, "create a user namespace");
    if (pid == 0)
        wait_for_death(parent);
    snprintf(path, sizeof path, "/proc/%d/ns/user", (int)pid);
    if (userns_map(pid, base, 1, e) == 0) {
        ns = open(path, O_RDONLY | O_CLOEXEC);
        if (ns < 0)
            err_errno(e, "open '%s'", path);
    }
    kill(pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
    }
    return ns < 0 ? e->code : TAKE_FD(ns);
}

/* `mapped`: the user ids may be already. */
static int
map_own(uid_t uid, gid_t gid, bool mapped, struct err *e)
{
    char map[64];

    /* Without this an unprivileged process may not map its group. */
    if (oscall_write_file(AT_FDCWD, "/proc/self/setgroups", "deny") < 0 && errno != ENOENT)
        return err_errno(e, "write /proc/self/setgroups");
    snprintf(map, sizeof map, "0 %u 1\n", (unsigned)uid);
    if (oscall_write_file(AT_FDCWD, "/proc/self/uid_map", map) < 0 && !(mapped && geteuid() == 0))
        return err_errno(e, "map the user id");
    snprintf(map, sizeof map, "0 %u 1\n", (unsigned)gid);
    if (oscall_write_file(AT_FDCWD, "/proc/self/gid_map", map) < 0)
        return err_errno(e, "map the group id");
    return 0;
}

int
userns_become_root(struct subids *subids, struct err *subids_error, struct err *e)
{
    uid_t uid = geteuid();
    gid_t gid = getegid();

    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
        return err_errno(e, "create a user namespace");
    if (subids != NULL && subids_map(subids, subids_error) == 0)
        return 0;
    return map_own(uid, gid, subids != NULL, e);
}

int
userns_enter(int ns, struct err *e)
{
    if (setns(ns, CLONE_NEWUSER) < 0)
        return err_errno(e, "enter the user namespace of the pods that run");
    return unshare(CLONE_NEWNS) < 0 ? err_errno(e, "create a mount namespace") : 0;
}
