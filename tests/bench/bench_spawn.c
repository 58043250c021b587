/*
 * bench_spawn - an attempt by spawner and init, against the bare isolated process.
 *
 * From the order to the end of init: specification, spawner's socket, namespaces, mounts, group,
 * filter, records, log, exit record.  The floor makes the same namespaces and mounts for the same
 * program and nothing else.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "sandbox/boxmsg.h"
#include "sandbox/boxspec.h"
#include "sandbox/capability.h"
#include "sandbox/droptree.h"
#include "sandbox/filter.h"
#include "tests/bench/bare_spawn.h"
#include "tests/bench/run_pair.h"

enum { ROUNDS = 300, ID_BASE = 0x22000000 };

struct bench {
    struct bare_spawn *bare;
    int spawner, dir;
    pid_t pid;
    uint64_t n;
};

static void
must(int rc, const struct err *e)
{
    if (rc < 0) {
        fprintf(stderr, "bench_spawn: %s\n", e->msg);
        exit(1);
    }
}

static void
put(int fd, const struct boxmsg *m, const int *fds, size_t n)
{
    cleanup_buf struct buf b = BUF_INIT;
    struct err e = ERR_INIT;
    char control[CMSG_SPACE(sizeof(int) * 4)] = {0};
    struct iovec iov;
    struct msghdr h = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control};
    struct cmsghdr *c;

    must(boxmsg_encode(m, &b, &e), &e);
    iov = (struct iovec){b.p, b.n};
    h.msg_controllen = CMSG_SPACE(sizeof(int) * n);
    c = CMSG_FIRSTHDR(&h);
    *c = (struct cmsghdr){CMSG_LEN(sizeof(int) * n), SOL_SOCKET, SCM_RIGHTS};
    memcpy(CMSG_DATA(c), fds, sizeof(int) * n);
    if (sendmsg(fd, &h, 0) < 0)
        must(err_errno(&e, "sendmsg"), &e);
}

/* The next message's type; descriptors that come with it are closed. */
static uint32_t
get(int fd)
{
    cleanup_arena struct arena a = ARENA_INIT;
    char bytes[65536], control[CMSG_SPACE(sizeof(int) * 4)];
    struct iovec iov = {bytes, sizeof bytes};
    struct msghdr h = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    ssize_t n = recvmsg(fd, &h, MSG_CMSG_CLOEXEC);
    struct cmsghdr *c = CMSG_FIRSTHDR(&h);
    struct err e = ERR_INIT;
    struct boxmsg m;
    int got;

    if (n <= 0)
        must(err_errno(&e, "the spawner is gone"), &e);
    must(boxmsg_decode(str_make(bytes, (size_t)n), &a, &m, &e), &e);
    if (m.type == BOXMSG_FAILED)
        must(err_set(&e, ERR_IO, "%s", m.failed.text), &e);
    if (c != NULL) {
        memcpy(&got, CMSG_DATA(c), sizeof got);
        close(got);
    }
    return m.type;
}

static void
start_spawner(struct bench *b, const char *dir)
{
    struct boxmsg hello = {
        .type = BOXMSG_HELLO,
        .hello = {.level = LEVEL_FULL, .data_dir = dir, .id_base = ID_BASE, .has_filter = true}};
    const char *build = getenv("SLUICE_BUILD");
    cleanup_free char *program = xasprintf("%s/sluice-init", build != NULL ? build : "build/plain");
    struct err e = ERR_INIT;
    int pair[2], filter = filter_memfd(false, &e);

    must(filter, &e);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        must(err_errno(&e, "socketpair"), &e);
    b->pid = fork();
    if (b->pid == 0) {
        dup2(pair[1], 3);
        (void)fcntl(3, F_SETFD, 0);
        execl(program, "sluice-init", "--spawner", NULL);
        _exit(127);
    }
    close(pair[1]);
    b->spawner = pair[0];
    put(b->spawner, &hello, &filter, 1);
    close(filter);
    (void)get(b->spawner);
}

static void
spawn_once(void *arg)
{
    static const char *const argv[] = {"/bin/true", NULL}, *const env[] = {"PATH=/bin", NULL};
    struct bench *b = arg;
    struct boxspec s;
    struct boxmsg m = {.type = BOXMSG_SPAWN, .tag = ++b->n};
    struct err e = ERR_INIT;
    char id[32];
    int fds[2];

    snprintf(id, sizeof id, "step-%lu", (unsigned long)b->n);
    boxspec_init(&s);
    s.id = id;
    s.level = LEVEL_FULL;
    s.id_base = ID_BASE;
    s.argv = argv;
    s.env = env;
    s.capabilities = capability_usual();
    s.result_bytes = BOXSPEC_RESULT_BYTES;
    mkdirat(b->dir, id, 0700);
    fds[0] = boxspec_memfd(&s, &e);
    fds[1] = openat(b->dir, id, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    put(b->spawner, &m, fds, 2);
    close(fds[0]);
    close(fds[1]);
    while (get(b->spawner) != BOXMSG_ENDED) {
    }
}

static void
floor_once(void *arg)
{
    bare_spawn_once(((struct bench *)arg)->bare);
}

int
main(void)
{
    char dir[] = "/var/tmp/bench-spawn-XXXXXX";
    cleanup_free char *bare = NULL, *data = NULL;
    struct bench b = {.n = 0};
    struct run_pair p;

    if (geteuid() != 0) {
        puts("bench_spawn needs root");
        return 0;
    }
    if (mkdtemp(dir) == NULL)
        return 1;
    bare = xasprintf("%s/bare", dir);
    data = xasprintf("%s/data", dir);
    if (mkdir(data, 0700) < 0)
        return 1;
    b.dir = open(data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    start_spawner(&b, data);
    b.bare = bare_spawn_open(bare);
    p = run_pair_measure(ROUNDS, floor_once, spawn_once, &b);
    run_pair_print(&p, "attempt by spawner and init", "", "bare spawn, same namespaces and mounts");
    run_pair_print_value("bare spawn p50", run_pair_quantile(p.floor_us, p.n, 0.5) / 1000, "ms", "",
                         "");
    run_pair_done(&p);
    close(b.spawner);
    waitpid(b.pid, NULL, 0);
    bare_spawn_close(b.bare);
    (void)droptree(dir);
    return 0;
}
