#include "init/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "init/birth.h"
#include "init/holding.h"
#include "sandbox/boxgroup.h"
#include "sandbox/boxrecord.h"
#include "sandbox/boxspec.h"
#include "sandbox/hostroot.h"
#include "sandbox/oscall.h"
#include "sandbox/rootfs.h"
#include "sandbox/userns.h"

struct mapping {
    void *p;
    size_t n;
};

static void
unmap(struct mapping *m)
{
    if (m->p != NULL)
        munmap(m->p, m->n);
}

static int
map_spec(int fd, struct mapping *m, struct err *e)
{
    struct stat st;
    void *p;

    if (fstat(fd, &st) < 0)
        return err_errno(e, "specification of an attempt");
    if (!S_ISREG(st.st_mode) || st.st_size <= 0 || st.st_size > BOXSPEC_MAX_BYTES)
        return err_set(e, ERR_INVALID, "specification of an attempt: not a file of 1 to %d bytes",
                       BOXSPEC_MAX_BYTES);
    p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (p == MAP_FAILED)
        return err_errno(e, "map the specification of an attempt");
    *m = (struct mapping){p, (size_t)st.st_size};
    return 0;
}

/* The server's descriptor belongs to the server's mount namespace; overlays want ours. */
static int
reopen(int dir, struct err *e)
{
    char link[32], path[PATH_MAX];
    struct stat a, b;
    ssize_t n;
    int fd;

    snprintf(link, sizeof link, "/proc/self/fd/%d", dir);
    n = readlink(link, path, sizeof path - 1);
    if (n < 0)
        return err_errno(e, "directory of the attempt");
    path[n] = '\0';
    fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return err_errno(e, "directory of the attempt '%s'", path);
    if (fstat(dir, &a) < 0 || fstat(fd, &b) < 0 || a.st_dev != b.st_dev || a.st_ino != b.st_ino) {
        close(fd);
        return err_set(e, ERR_CONFLICT, "directory of the attempt '%s': moved meanwhile", path);
    }
    return fd;
}

static int
check(const struct launch_ground *g, const struct boxspec *s, int holder, struct err *e)
{
    if (s->level != g->level)
        return err_set(e, ERR_CONFLICT, "the attempt asks for level %s, the spawner is at %s",
                       level_name((enum level)s->level), level_name((enum level)g->level));
    if (g->host == NULL && (holder >= 0 || s->kind == BOX_HOLDER))
        return err_set(e, ERR_UNSUPPORTED, "without isolation there are no namespaces to share");
    if (g->host != NULL && g->host->root && s->id_base < BOXSPEC_IDS)
        return err_set(e, ERR_INVALID, "the attempt has no id range");
    if (g->host != NULL && !g->host->root && s->id_base != 0)
        return err_set(e, ERR_INVALID, "only root gives id ranges");
    if (s->address != 0 && g->network.instructions == 0)
        return err_set(e, ERR_UNSUPPORTED, "pods cannot have addresses here");
    return 0;
}

static pid_t
clone_any(const struct hostroot *h, uint64_t flags, int *pidfd)
{
    pid_t pid = -1;

    if (h->clone3)
        pid = oscall_clone(flags, pidfd, true);
    /* ENOSYS: a filter around us hides clone3. */
    if (pid < 0)
        pid = oscall_clone(flags, pidfd, false);
    return pid;
}

/* The go-between that enters the holder's namespaces and makes init as its own sibling. */
static _Noreturn void
join_and_clone(const struct birth *b, const int namespaces[HOLDING_COUNT])
{
    static const int types[] = {CLONE_NEWUSER, CLONE_NEWIPC, CLONE_NEWUTS, CLONE_NEWNS};
    struct birth_report r = {.code = ERR_IO};
    int pidfd;
    pid_t pid;

    for (int i = 0; i < HOLDING_COUNT; i++) {
        if (setns(namespaces[i], types[i]) < 0) {
            snprintf(r.text, sizeof r.text, "enter the pod's namespaces: %s", strerror(errno));
            (void)!send(b->sync, &r, sizeof r, MSG_NOSIGNAL);
            _exit(1);
        }
    }
    pid = clone_any(b->host, CLONE_NEWNS | CLONE_NEWPID | CLONE_PARENT, &pidfd);
    if (pid == 0)
        birth(b);
    r.code = pid < 0 ? ERR_IO : (int)pid;
    if (pid < 0)
        snprintf(r.text, sizeof r.text, "create the step's namespaces: %s", strerror(errno));
    (void)!send(b->sync, &r, sizeof r, MSG_NOSIGNAL);
    _exit(0);
}

static int
start_joined(const struct birth *b, int sync, const int namespaces[HOLDING_COUNT], struct launch *l,
             struct err *e)
{
    struct birth_report r;
    pid_t helper = fork();
    ssize_t n;

    if (helper == 0)
        join_and_clone(b, namespaces);
    if (helper < 0)
        return err_errno(e, "fork");
    while ((n = recv(sync, &r, sizeof r, 0)) < 0 && errno == EINTR) {
    }
    while (waitpid(helper, NULL, 0) < 0 && errno == EINTR) {
    }
    if (n != (ssize_t)sizeof r || r.code <= 0)
        return err_set(e, ERR_IO, "%.500s",
                       n == (ssize_t)sizeof r ? r.text : "the go-between died");
    l->pid = r.code;
    l->pidfd = oscall_pidfd_open(l->pid);
    return 0;
}

static int
start_new(const struct birth *b, uint32_t own_ids, struct launch *l, struct err *e)
{
    const uint64_t flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS;

    l->pid = clone_any(b->host, flags, &l->pidfd);
    if (l->pid == 0)
        birth(b);
    if (l->pid < 0)
        return err_errno(e, "create the step's namespaces");
    if (userns_map(l->pid, b->spec->id_base, own_ids, e) < 0) {
        kill(l->pid, SIGKILL);
        return e->code;
    }
    return 0;
}

static int
start_bare(const struct birth *b, struct launch *l, struct err *e)
{
    l->pid = fork();
    if (l->pid == 0)
        birth(b);
    if (l->pid < 0)
        return err_errno(e, "fork");
    l->pidfd = oscall_pidfd_open(l->pid);
    return 0;
}

static int
start(struct birth *b, uint32_t own_ids, const int *namespaces, struct launch *l, struct err *e)
{
    int pair[2], rc;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return err_errno(e, "socketpair");
    b->sync = pair[1];
    l->sync = pair[0];
    if (b->host == NULL)
        rc = start_bare(b, l, e);
    else if (namespaces[0] >= 0)
        rc = start_joined(b, pair[0], namespaces, l, e);
    else
        rc = start_new(b, own_ids, l, e);
    close(pair[1]);
    if (rc == 0 && b->host != NULL)
        (void)!send(pair[0], "g", 1, MSG_NOSIGNAL);
    if (rc < 0)
        close(TAKE_FD(l->sync));
    return rc;
}

static int
prepare_and_start(struct launch_ground *g, const struct boxspec *s, int dir, const int *namespaces,
                  struct launch *l, struct err *e)
{
    struct boxgroup_limits limits = {s->memory_bytes, s->pids, s->cpu_milli};
    struct birth b = {.spec = s,
                      .host = g->host,
                      .filter = g->filter,
                      .network = g->network,
                      .remember = g->remember,
                      .group = BOXGROUP_NONE,
                      .other_ids =
                          g->host == NULL ? geteuid() == 0 : s->id_base != 0 || g->own_ids > 1,
                      .joined = namespaces[0] >= 0,
                      .dir = dir,
                      .server = g->server};
    struct rootfs rootfs = ROOTFS_INIT;
    int rc = 0;

    if (g->host != NULL && s->kind == BOX_ATTEMPT) {
        b.rootfs = &rootfs;
        rc = rootfs_prepare(g->host, s, dir, &rootfs, e);
    }
    if (rc == 0 && s->kind == BOX_ATTEMPT)
        rc = boxgroup_take(g->groups, &limits, &b.group, e);
    if (rc == 0)
        rc = start(&b, g->own_ids, namespaces, l, e);
    l->slot = b.group.number;
    if (rc < 0)
        boxgroup_give(g->groups, b.group.number);
    boxgroup_close(&b.group);
    rootfs_done(&rootfs);
    return rc;
}

int
launch_start(struct launch_ground *g, int spec, int dir, int holder, struct launch *ret,
             struct err *e)
{
    __attribute__((cleanup(unmap))) struct mapping m = {NULL, 0};
    cleanup_arena struct arena a = ARENA_INIT;
    cleanup_close int own = -1;
    int namespaces[HOLDING_COUNT] = {-1, -1, -1, -1}, rc;
    struct boxspec s;

    *ret = (struct launch){.pid = -1, .pidfd = -1, .sync = -1, .slot = -1};
    if (map_spec(spec, &m, e) < 0 || boxspec_decode(str_make(m.p, m.n), &a, &s, e) < 0 ||
        check(g, &s, holder, e) < 0)
        return e->code;
    own = reopen(dir, e);
    if (own < 0)
        return e->code;
    /* Its init, which writes the records, is the range's root. */
    if (s.id_base != 0 && fchown(own, s.id_base, s.id_base) < 0)
        return err_errno(e, "chown the directory of the attempt");
    if (holder >= 0 && holding_ask(holder, namespaces, e) < 0)
        return e->code;
    rc = prepare_and_start(g, &s, own, namespaces, ret, e);
    holding_close(namespaces);
    return rc;
}
