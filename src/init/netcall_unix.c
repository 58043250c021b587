/*
 * Unix sockets: a path means what it means to the caller, and the peer is told the caller's ids. So
 * a child takes on the caller's root, directory, file mask and ids, makes the call, waits if need
 * be, and answers.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"
#include "init/netcall_int.h"
#include "sandbox/capability.h"
#include "sandbox/oscall.h"

enum { PREFIX = 5, NAME = 5, MAX_GROUPS = 64 };

/* "xxyy/": what pods' abstract names begin with. */
static void
prefix_of(const struct netcall_ground *g, char prefix[PREFIX + 1])
{
    snprintf(prefix, PREFIX + 1, "%04x/", (unsigned)(g->address & 0xffff));
}

/* Abstract names are the machine's, in all namespaces: a pod gets those with its prefix. */
static int
rewrite_abstract(const struct netcall_ground *g, struct netcall *c)
{
    struct sockaddr_un *a = &c->address.un;
    socklen_t head = offsetof(struct sockaddr_un, sun_path);
    char prefix[PREFIX + 1];

    prefix_of(g, prefix);
    if (c->length == head && c->kind == NETCALL_BIND) { /* any name */
        uint32_t random = 0;

        (void)!getrandom(&random, sizeof random, 0);
        a->sun_path[0] = '\0';
        snprintf(a->sun_path + 1, NAME + 1, "%05x", random & 0xfffff);
        c->length = head + 1 + NAME;
    }
    if (a->sun_family != AF_UNIX || c->length <= head || a->sun_path[0] != '\0')
        return 0;
    if (c->length >= head + 1 + PREFIX && memcmp(a->sun_path + 1, prefix, PREFIX) == 0)
        return 0; /* as getsockname told it */
    if (c->length > sizeof *a - PREFIX)
        return -EINVAL;
    memmove(a->sun_path + 1 + PREFIX, a->sun_path + 1, c->length - head - 1);
    memcpy(a->sun_path + 1, prefix, PREFIX);
    c->length += PREFIX;
    return 0;
}

/* The numbers behind "\nName:" in a status file; how many. */
static size_t
numbers_of(const char *status, const char *name, int base, uint32_t *ret, size_t most)
{
    const char *at = strstr(status, name);
    size_t n = 0;

    for (at = at != NULL ? at + strlen(name) : ""; n < most; n++) {
        char *end;
        unsigned long number;

        at += strspn(at, " \t");
        number = strtoul(at, &end, base);
        if (end == at)
            break;
        ret[n] = (uint32_t)number;
        at = end;
    }
    return n;
}

static int
enter_directory(int proc, pid_t pid, const char *what)
{
    char path[48];

    snprintf(path, sizeof path, "%d/%s", (int)pid, what);
    return openat(proc, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static int
take_place(const struct netcall_ground *g, const struct netcall *c)
{
    cleanup_close int root = enter_directory(g->proc, c->pid, "root");
    cleanup_close int cwd = enter_directory(g->proc, c->pid, "cwd");
    struct stat theirs, ours;

    if (root < 0 || cwd < 0 || fstat(root, &theirs) < 0 || stat("/", &ours) < 0)
        return -EACCES;
    if ((theirs.st_dev != ours.st_dev || theirs.st_ino != ours.st_ino) &&
        (fchdir(root) < 0 || chroot(".") < 0))
        return -EACCES;
    return fchdir(cwd) < 0 ? -EACCES : 0;
}

static int
take_ids(const struct netcall_ground *g, const char *status)
{
    uint32_t uids[4], gids[4], groups[MAX_GROUPS];
    size_t n = numbers_of(status, "\nGroups:", 10, groups, MAX_GROUPS);

    if (!g->other_ids)
        return 0;
    if (numbers_of(status, "\nUid:", 10, uids, 4) != 4 ||
        numbers_of(status, "\nGid:", 10, gids, 4) != 4 || syscall(SYS_setgroups, n, groups) < 0 ||
        syscall(SYS_setresgid, gids[3], gids[3], gids[3]) < 0 ||
        syscall(SYS_setresuid, uids[3], uids[3], uids[3]) < 0)
        return -EACCES;
    return 0;
}

static long
make_as_caller(const struct netcall_ground *g, const struct netcall *c)
{
    char path[32], status[4096];
    uint32_t mask = 022;
    int rc;

    snprintf(path, sizeof path, "%d/status", (int)c->pid);
    if (oscall_read_file(g->proc, path, status, sizeof status) <= 0)
        return -ESRCH;
    (void)numbers_of(status, "\nUmask:", 8, &mask, 1);
    umask(mask);
    rc = take_place(g, c);
    if (rc == 0)
        rc = take_ids(g, status);
    if (rc == 0 && capability_limit(g->capabilities) < 0)
        rc = -EACCES;
    return rc < 0 ? rc : netcall_make(c, netcall_may_wait(c));
}

int
netcall_unix(struct netcall_ground *g, struct netcall *c)
{
    int rc = c->kind == NETCALL_LISTEN ? 0 : rewrite_abstract(g, c);
    pid_t pid;

    if (rc < 0)
        return rc;
    pid = netcall_fork();
    if (pid == 0) {
        netcall_answer(c, make_as_caller(g, c));
        _exit(0);
    }
    return pid < 0 ? -EAGAIN : 0;
}
