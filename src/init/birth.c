#include "init/birth.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/vec.h"
#include "sandbox/boxrecord.h"
#include "sandbox/boxspec.h"
#include "sandbox/hostroot.h"
#include "sandbox/oscall.h"
#include "sandbox/podshm.h"
#include "sandbox/rootfs.h"

static void
report(int sync, int code, const char *text)
{
    struct birth_report r = {.code = code};

    snprintf(r.text, sizeof r.text, "%s", text);
    (void)!send(sync, &r, sizeof r, MSG_NOSIGNAL);
}

/* Sockets of the server and of other attempts must not live on in this one. */
static void
close_others(const struct birth *b)
{
    VEC(int) keep = VEC_INIT;
    const int own[] = {
        b->sync,           b->dir,          b->server,     b->group.enter[0], b->group.enter[1],
        b->group.enter[2], b->group.events, b->group.peak, b->group.usage};

    for (size_t i = 0; i < ARRAY_LEN(own); i++)
        vec_push(&keep, own[i]);
    if (b->rootfs != NULL)
        vec_push(&keep, b->rootfs->root);
    for (size_t i = 0; b->rootfs != NULL && i < b->rootfs->n; i++)
        vec_push(&keep, b->rootfs->mounts[i].fd);
    oscall_close_except(keep.at, keep.n);
    vec_done(&keep);
}

static int
null_stdio(struct err *e)
{
    int fd = open("/dev/null", O_RDWR);

    if (fd < 0 || dup2(fd, 0) < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0)
        return err_errno(e, "open '/dev/null'");
    if (fd > 2)
        close(fd);
    return 0;
}

/* The step's root: id 0 of the range.  Until here the file rights were the host root's. */
static int
become_inner_root(const struct boxspec *s, struct err *e)
{
    if (s->id_base == 0)
        return 0;
    if (syscall(SYS_setgroups, 0, NULL) < 0 || syscall(SYS_setresgid, 0, 0, 0) < 0 ||
        syscall(SYS_setresuid, 0, 0, 0) < 0)
        return err_errno(e, "become root of the user namespace");
    return 0;
}

static int
enter_own_directory(const struct birth *b, struct err *e)
{
    cleanup_close int work = -1;

    if (mkdirat(b->dir, BOX_WORK, 0700) < 0 && errno != EEXIST)
        return err_errno(e, "create the working directory");
    work = openat(b->dir, BOX_WORK, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (work < 0 || fchdir(work) < 0)
        return err_errno(e, "enter the working directory");
    if (b->spec->uid != 0 && geteuid() == 0)
        (void)fchown(work, b->spec->uid, b->spec->gid);
    return 0;
}

/* Level none: the host's file system; orphans of the step still come to this process. */
static int
settle_bare(const struct birth *b, struct keeper *k, struct err *e)
{
    if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
        return err_errno(e, "become the subreaper");
    return keeper_open(k, e) < 0 ? e->code : enter_own_directory(b, e);
}

static int
set_hostname(const struct boxspec *s, struct err *e)
{
    if (s->hostname != NULL && sethostname(s->hostname, strlen(s->hostname)) < 0)
        return err_errno(e, "set the host name");
    return 0;
}

static int
settle_boxed(const struct birth *b, struct keeper *k, struct err *e)
{
    cleanup_close int root = -1;

    if (b->joined) {
        b->rootfs->shm = podshm_take(b->host, e);
        if (b->rootfs->shm < 0)
            return e->code;
    }
    root = rootfs_attach(b->host, b->rootfs, e);
    if (root < 0 || become_inner_root(b->spec, e) < 0 || keeper_open(k, e) < 0 ||
        rootfs_enter(b->host, b->spec, b->rootfs, root, e) < 0)
        return e->code;
    return b->joined ? 0 : set_hostname(b->spec, e);
}

static int
settle_holder(const struct birth *b, struct keeper *k, struct err *e)
{
    cleanup_close int place = podshm_open(b->host, e);

    if (place < 0 || become_inner_root(b->spec, e) < 0 || keeper_open(k, e) < 0 ||
        podshm_hold(place, b->spec, e) < 0)
        return e->code;
    if (chdir("/") < 0)
        return err_errno(e, "enter '/'");
    return set_hostname(b->spec, e);
}

static int
settle_kind(const struct birth *b, struct keeper *k, struct err *e)
{
    if (b->host == NULL)
        return settle_bare(b, k, e);
    return b->spec->kind == BOX_HOLDER ? settle_holder(b, k, e) : settle_boxed(b, k, e);
}

static int
wait_for_ids(const struct birth *b)
{
    char go;
    ssize_t n;

    while ((n = recv(b->sync, &go, 1, 0)) < 0 && errno == EINTR) {
    }
    return n == 1 ? 0 : -1;
}

static int
settle(const struct birth *b, struct keeper *k, struct err *e)
{
    (void)setsid();
    if (null_stdio(e) < 0)
        return e->code;
    if (settle_kind(b, k, e) < 0)
        return e->code;
    if (k->net.address != 0) {
        k->net.proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (k->net.proc < 0)
            return err_errno(e, "open '/proc'");
    }
    /* From here on no process of the step can look into this one. */
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        return err_errno(e, "become non-dumpable");
    return 0;
}

void
birth(const struct birth *b)
{
    struct keeper k = {
        .spec = b->spec,
        .filter = b->filter,
        .network = b->network,
        .net = {.address = b->spec->address,
                .shared = b->spec->loopback_ports,
                .shared_n = b->spec->loopback_ports_n,
                .remember = b->remember,
                .other_ids = b->other_ids,
                .capabilities = b->spec->capabilities,
                .proc = -1},
        .group = b->group,
        .dir = b->dir,
        .server = b->spec->die_with_server ? b->server : -1,
        .alone = b->host != NULL,
        .other_ids = b->other_ids,
    };
    struct err e = ERR_INIT;

    /* First, so that the spawner's end of the sync socket is the spawner's alone. */
    close_others(b);
    if (b->host != NULL && wait_for_ids(b) < 0)
        _exit(1); /* it died: nobody waits for this attempt */
    if (settle(b, &k, &e) < 0 || keeper_start(&k, &e) < 0) {
        report(b->sync, e.code, e.msg);
        _exit(1);
    }
    report(b->sync, 0, "");
    if (b->rootfs != NULL)
        rootfs_done(b->rootfs);
    keeper_run(&k);
    /* All is written: whoever waits need not wait for the namespaces to be taken down too. */
    close(b->sync);
    _exit(0);
}
