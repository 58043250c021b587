#include "tests/bench/bare_spawn.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "sandbox/boxgroup.h"
#include "sandbox/boxspec.h"
#include "sandbox/hostroot.h"
#include "sandbox/oscall.h"
#include "sandbox/probe.h"
#include "sandbox/rootfs.h"
#include "sandbox/userns.h"

enum { ID_BASE = 0x21000000 };

struct bare_spawn {
    char *dir;
    int fd;
    struct probe probe;
    struct hostroot host;
    struct boxgroup *groups;
    struct boxspec spec;
    unsigned n;
};

static void
must(int rc, const struct err *e)
{
    if (rc < 0) {
        fprintf(stderr, "bare spawn: %s\n", e->msg);
        exit(1);
    }
}

struct bare_spawn *
bare_spawn_open(const char *dir)
{
    struct bare_spawn *b = NEW(struct bare_spawn);
    struct err e = ERR_INIT;

    b->dir = xstrdup(dir);
    if (mkdir(dir, 0755) < 0)
        must(err_errno(&e, "create '%s'", dir), &e);
    probe_begin(&b->probe);
    probe_run(&b->probe, dir, ID_BASE);
    probe_tidy(dir);
    b->groups = boxgroup_new(&b->probe);
    if (unshare(CLONE_NEWNS) < 0)
        must(err_errno(&e, "unshare"), &e);
    must(hostroot_open(&b->host, &b->probe, LEVEL_FULL, dir, NULL, NULL, &e), &e);
    b->fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    boxspec_init(&b->spec);
    b->spec.level = LEVEL_FULL;
    b->spec.id_base = ID_BASE;
    return b;
}

static _Noreturn void
child(struct bare_spawn *b, const struct rootfs *r, const struct boxgroup_slot *slot, int go)
{
    static const char *const argv[] = {"true", NULL}, *const env[] = {NULL};
    struct err e = ERR_INIT;
    char byte;
    int root;

    if (read(go, &byte, 1) != 1)
        _exit(1);
    root = rootfs_attach(&b->host, r, &e);
    must(root, &e);
    if (syscall(SYS_setresgid, 0, 0, 0) < 0 || syscall(SYS_setresuid, 0, 0, 0) < 0)
        _exit(1);
    must(rootfs_enter(&b->host, &b->spec, r, root, &e), &e);
    if (boxgroup_enter(slot) < 0)
        _exit(1);
    execve("/bin/true", (char *const *)(uintptr_t)argv, (char *const *)(uintptr_t)env);
    _exit(127);
}

void
bare_spawn_once(void *bare)
{
    struct bare_spawn *b = bare;
    struct boxgroup_limits limits = {0, 0, 0};
    struct boxgroup_slot slot;
    struct rootfs rootfs = ROOTFS_INIT;
    struct err e = ERR_INIT;
    char name[32];
    int dir, go[2], pidfd, status;
    pid_t pid;

    snprintf(name, sizeof name, "bare-%u", b->n++);
    mkdirat(b->fd, name, 0700);
    dir = openat(b->fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    must(rootfs_prepare(&b->host, &b->spec, dir, &rootfs, &e), &e);
    must(boxgroup_take(b->groups, &limits, &slot, &e), &e);
    if (pipe2(go, O_CLOEXEC) < 0)
        exit(1);
    pid = oscall_clone(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS,
                       &pidfd, true);
    if (pid == 0)
        child(b, &rootfs, &slot, go[0]);
    must(userns_map(pid, ID_BASE, 1, &e), &e);
    (void)!write(go[1], "g", 1);
    rootfs_done(&rootfs);
    if (waitpid(pid, &status, 0) != pid || status != 0) {
        fprintf(stderr, "bare spawn: it ended with %d\n", status);
        exit(1);
    }
    boxgroup_close(&slot);
    boxgroup_give(b->groups, slot.number);
    close(go[0]);
    close(go[1]);
    close(pidfd);
    close(dir);
}

void
bare_spawn_close(struct bare_spawn *b)
{
    boxgroup_free(b->groups);
    umount2(b->host.layers, MNT_DETACH);
    hostroot_done(&b->host);
    close(b->fd);
    free(b->dir);
    free(b);
}
