#include "init/netcall.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/mem.h"
#include "init/netcall_int.h"
#include "sandbox/oscall.h"

#ifndef PIDFD_THREAD
#define PIDFD_THREAD O_EXCL
#endif

/* Of Linux 6.6; headers may be older. */
#define SYNC_WAKE_UP 1UL
#define IOCTL_SET_FLAGS SECCOMP_IOW(4, __u64)

enum { MAX_WAITING = 512, STACK_BYTES = 64 * 1024 };

static struct {
    pthread_mutex_t lock;
    bool on; /* answers are remembered */
    unsigned threads;
    struct netcall *waiting; /* what they make */
    struct netcall_memory memory;
} shared = {.lock = PTHREAD_MUTEX_INITIALIZER};

static bool
is_remembered(const struct netcall *c)
{
    return shared.on && c->socket != 0;
}

/* Locked. */
static void
answer(const struct netcall *c, long result)
{
    struct netcall_memory_entry entry = {c->socket, c->kind, c->pid, result};
    struct seccomp_notif_resp r = {.id = c->id};

    if (is_remembered(c))
        entry.result = netcall_memory_correct(&shared.memory, entry);
    if (entry.result < 0)
        r.error = (int)entry.result;
    else
        r.val = entry.result;
    if (ioctl(c->listener, SECCOMP_IOCTL_NOTIF_SEND, &r) < 0) {
        if (errno == ENOENT && is_remembered(c))
            netcall_memory_untaken(&shared.memory, entry);
    } else if (is_remembered(c) && entry.result == result) {
        netcall_memory_sent(&shared.memory, entry);
    }
}

void
netcall_answer(const struct netcall *c, long result)
{
    pthread_mutex_lock(&shared.lock);
    answer(c, result);
    pthread_mutex_unlock(&shared.lock);
}

pid_t
netcall_fork(void)
{
    pid_t pid;

    pthread_mutex_lock(&shared.lock);
    pid = fork();
    pthread_mutex_unlock(&shared.lock);
    return pid;
}

/* An interrupted call that was made again: it gets the answer of the first, now or when that is
 * there.
 */
static bool
is_repeated(const struct netcall *c)
{
    struct netcall_memory_entry entry = {c->socket, c->kind, c->pid, 0};
    bool found = false;

    if (!is_remembered(c))
        return false;
    pthread_mutex_lock(&shared.lock);
    for (struct netcall *w = shared.waiting; w != NULL && !found; w = w->next) {
        if (w->socket != c->socket || w->kind != c->kind)
            continue;
        w->id = c->id;
        w->listener = c->listener;
        found = true;
    }
    if (!found && netcall_memory_take(&shared.memory, &entry)) {
        answer(c, entry.result);
        found = true;
    }
    pthread_mutex_unlock(&shared.lock);
    return found;
}

long
netcall_make(const struct netcall *c, bool wait)
{
    long rc = -1;

    switch (c->kind) {
    case NETCALL_BIND:
        rc = bind(c->fd, &c->address.any, c->length);
        break;
    case NETCALL_CONNECT:
        rc = connect(c->fd, &c->address.any, c->length);
        break;
    case NETCALL_LISTEN:
        rc = listen(c->fd, c->backlog);
        break;
    case NETCALL_SENDTO:
        rc =
            sendto(c->fd, c->payload, c->payload_n,
                   c->flags | MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT), &c->address.any, c->length);
        break;
    }
    return rc < 0 ? -errno : rc;
}

bool
netcall_may_wait(const struct netcall *c)
{
    int flags = fcntl(c->fd, F_GETFL);

    return flags >= 0 && !(flags & O_NONBLOCK) &&
           !(c->kind == NETCALL_SENDTO && (c->flags & MSG_DONTWAIT));
}

static void
done(struct netcall *c)
{
    if (c->fd >= 0)
        close(TAKE_FD(c->fd));
    free(TAKE(c->payload));
}

static void
leave(struct netcall *c)
{
    for (struct netcall **at = &shared.waiting; *at != NULL; at = &(*at)->next) {
        if (*at == c) {
            *at = c->next;
            break;
        }
    }
    shared.threads--;
}

static void *
wait_for_peer(void *arg)
{
    struct netcall *c = arg;
    long result = netcall_make(c, true);

    pthread_mutex_lock(&shared.lock);
    answer(c, result);
    leave(c);
    pthread_mutex_unlock(&shared.lock);
    done(c);
    free(c);
    return NULL;
}

static int
start_thread(struct netcall *c)
{
    pthread_attr_t attributes;
    pthread_t thread;
    int rc;

    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    rc = pthread_create(&thread, &attributes, wait_for_peer, c);
    pthread_attr_destroy(&attributes);
    return rc;
}

/* Takes the call.  0, or -errno: it is still the caller's. */
static int
start_waiting(struct netcall *c)
{
    struct netcall *copy = xmemdup(c, sizeof *c);
    bool started;

    pthread_mutex_lock(&shared.lock);
    started = shared.threads < MAX_WAITING;
    if (started) {
        copy->next = shared.waiting;
        shared.waiting = copy;
        shared.threads++;
        if (start_thread(copy) != 0) {
            leave(copy);
            started = false;
        }
    }
    pthread_mutex_unlock(&shared.lock);
    if (!started) {
        free(copy);
        return -EAGAIN;
    }
    *c = (struct netcall){.fd = -1};
    return 0;
}

static void
make_now(struct netcall *c)
{
    bool waits =
        (c->kind == NETCALL_CONNECT && c->type == SOCK_STREAM) || c->kind == NETCALL_SENDTO;
    long result;
    int rc;

    if (c->kind == NETCALL_CONNECT && waits && netcall_may_wait(c)) {
        rc = start_waiting(c);
        if (rc < 0)
            netcall_answer(c, rc);
        return;
    }
    result = netcall_make(c, false);
    if (result == -EAGAIN && c->kind == NETCALL_SENDTO && netcall_may_wait(c)) {
        rc = start_waiting(c);
        if (rc == 0)
            return;
        result = rc;
    }
    netcall_answer(c, result);
}

static void
supervise(struct netcall_ground *g, struct netcall *c)
{
    int rc;

    if (is_repeated(c))
        return;
    if (c->domain == AF_UNIX) {
        rc = netcall_unix(g, c);
        if (rc < 0)
            netcall_answer(c, rc);
        return;
    }
    if (c->domain == AF_INET || c->domain == AF_INET6) {
        rc = netcall_inet_prepare(g, c);
        if (rc < 0) {
            netcall_answer(c, rc);
            return;
        }
        if (c->kind == NETCALL_BIND) {
            netcall_answer(c, netcall_inet_bind(g, c));
            return;
        }
    }
    make_now(c);
}

pid_t
netcall_process(const struct netcall_ground *g, pid_t thread)
{
    char path[32], text[4096], *at;

    snprintf(path, sizeof path, "%d/status", (int)thread);
    if (oscall_read_file(g->proc, path, text, sizeof text) <= 0)
        return -1;
    at = strstr(text, "\nTgid:");
    return at != NULL ? (pid_t)strtol(at + 6, NULL, 10) : -1;
}

static int
duplicate(const struct netcall_ground *g, pid_t pid, int number)
{
    cleanup_close int pidfd = (int)syscall(SYS_pidfd_open, pid, PIDFD_THREAD);
    int fd;

    if (pidfd < 0) { /* an older kernel has them of processes only */
        pid_t process = netcall_process(g, pid);

        pidfd = process > 0 ? (int)syscall(SYS_pidfd_open, process, 0) : -1;
    }
    fd = pidfd < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, pidfd, number, 0);
    return fd < 0 ? (pidfd < 0 || errno == EBADF ? -EBADF : -EPERM) : fd;
}

/* Bytes of the caller's memory; false: it has none there. */
static bool
copy_in(pid_t pid, uint64_t from, void *to, size_t n)
{
    struct iovec local = {to, n}, remote = {(void *)(uintptr_t)from, n};

    return n == 0 || process_vm_readv(pid, &local, 1, &remote, 1, 0) == (ssize_t)n;
}

static int
copy_address(struct netcall *c, uint64_t at, uint64_t length)
{
    if ((uint32_t)length > sizeof c->address.storage)
        return -EINVAL;
    c->length = (socklen_t)length;
    return copy_in(c->pid, at, &c->address, c->length) ? 0 : -EFAULT;
}

static int
copy_payload(struct netcall *c, const struct seccomp_data *d)
{
    c->flags = (int)d->args[3];
    c->payload_n = d->args[2];
    if (c->type != SOCK_STREAM && c->payload_n > NETCALL_MAX_PAYLOAD)
        return -EMSGSIZE;
    if (c->payload_n > NETCALL_MAX_PAYLOAD)
        c->payload_n = NETCALL_MAX_PAYLOAD; /* a stream's sender goes on with the rest */
    c->payload = malloc(c->payload_n + 1);
    if (c->payload == NULL)
        return -ENOBUFS;
    return copy_in(c->pid, d->args[1], c->payload, c->payload_n) ? 0 : -EFAULT;
}

static bool
kind_of(int nr, enum netcall_kind *ret)
{
    switch (nr) {
    case SYS_bind:
        *ret = NETCALL_BIND;
        return true;
    case SYS_connect:
        *ret = NETCALL_CONNECT;
        return true;
    case SYS_listen:
        *ret = NETCALL_LISTEN;
        return true;
    case SYS_sendto:
        *ret = NETCALL_SENDTO;
        return true;
    default:
        return false;
    }
}

/* Everything of the caller is copied once; from here on it can change nothing. */
static int
load(const struct netcall_ground *g, const struct seccomp_notif *n, struct netcall *c)
{
    socklen_t size = sizeof c->domain;
    struct stat st;
    int rc = 0;

    if (!kind_of(n->data.nr, &c->kind))
        return -ENOSYS;
    c->fd = duplicate(g, c->pid, (int)n->data.args[0]);
    if (c->fd < 0) {
        rc = c->fd;
        c->fd = -1;
        return rc;
    }
    if (getsockopt(c->fd, SOL_SOCKET, SO_DOMAIN, &c->domain, &size) < 0 ||
        getsockopt(c->fd, SOL_SOCKET, SO_TYPE, &c->type, &size) < 0)
        return -ENOTSOCK;
    c->socket = fstat(c->fd, &st) == 0 ? st.st_ino : 0;
    if (c->kind == NETCALL_LISTEN)
        c->backlog = (int)n->data.args[1];
    else if (c->kind == NETCALL_SENDTO)
        rc = copy_payload(c, &n->data);
    if (rc == 0 && c->kind != NETCALL_LISTEN)
        rc = copy_address(c, n->data.args[c->kind == NETCALL_SENDTO ? 4 : 1],
                          n->data.args[c->kind == NETCALL_SENDTO ? 5 : 2]);
    return rc;
}

void
netcall_prepare(int listener)
{
    /* Caller and supervisor take turns: they are quickest on one processor.  Older kernels refuse.
     */
    (void)ioctl(listener, IOCTL_SET_FLAGS, SYNC_WAKE_UP);
}

bool
netcall_serve(struct netcall_ground *g, int listener)
{
    struct seccomp_notif n;
    struct netcall c = {.listener = listener, .fd = -1};
    int rc;

    shared.on = g->remember;
    memset(&n, 0, sizeof n);
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &n) < 0)
        return errno == EINTR || errno == ENOENT;
    c.id = n.id;
    c.pid = (pid_t)n.pid;
    rc = load(g, &n, &c);
    /* The number may have become another process's while we looked. */
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &n.id) == 0) {
        if (rc < 0)
            netcall_answer(&c, rc);
        else
            supervise(g, &c);
    }
    done(&c);
    return true;
}
