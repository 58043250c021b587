#include "io/packet.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/err.h"
#include "base/list.h"
#include "base/log.h"
#include "io/loop_int.h"
#include "io/watch.h"

/* One message that the socket had no room for. */
struct queued {
    struct list link;
    char *bytes;
    size_t n;
    int fds[PACKET_MAX_FDS];
    size_t fds_n;
};

struct packet {
    struct loop *loop;
    int fd; /* -1 when closed */
    struct watch *watch;
    const struct packet_handler *handler;
    void *arg;
    struct list queue;
    bool *freed; /* set by packet_free() while a callback runs */
};

static void
close_all(int *fds, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

static void
queued_free(struct queued *q)
{
    close_all(q->fds, q->fds_n);
    free(q->bytes);
    free(q);
}

/* Releases what the socket holds; the packet itself stays, closed. */
static void
shut(struct packet *p)
{
    watch_free(p->watch);
    p->watch = NULL;
    if (p->fd >= 0)
        close(p->fd);
    p->fd = -1;
    for (struct list *at = list_shift(&p->queue); at != NULL; at = list_shift(&p->queue))
        queued_free(LIST_ITEM(at, struct queued, link));
}

static void
closed(struct packet *p, const char *why)
{
    shut(p);
    p->handler->on_close(p->arg, why);
}

/* 1: sent; 0: no room; -1: errno. */
static int
send_now(int fd, const void *bytes, size_t n, const int *fds, size_t fds_n)
{
    union {
        struct cmsghdr align;
        char room[CMSG_SPACE(sizeof(int) * PACKET_MAX_FDS)];
    } control = {.room = {0}};
    struct iovec iov = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = n};
    struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};

    if (fds_n > 0) {
        m.msg_control = control.room;
        m.msg_controllen = CMSG_SPACE(sizeof(int) * fds_n);

        struct cmsghdr *c = CMSG_FIRSTHDR(&m);

        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int) * fds_n);
        memcpy(CMSG_DATA(c), fds, sizeof(int) * fds_n);
    }
    for (;;) {
        if (sendmsg(fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
            return 1;
        if (errno == EAGAIN || errno == ENOBUFS)
            return 0;
        if (errno != EINTR)
            return -1;
    }
}

/* False when it ended in on_close(), which may have freed the packet. */
static bool
flush(struct packet *p)
{
    while (!list_empty(&p->queue)) {
        struct queued *q = LIST_ITEM(p->queue.next, struct queued, link);
        int rc = send_now(p->fd, q->bytes, q->n, q->fds, q->fds_n);

        if (rc == 0)
            return true;
        if (rc < 0) {
            closed(p, strerror(errno));
            return false;
        }
        list_remove(&q->link);
        queued_free(q);
    }
    watch_set(p->watch, WATCH_READ);
    return true;
}

/* Collects the descriptors of a received message. */
static size_t
received_fds(struct msghdr *m, int fds[PACKET_MAX_FDS])
{
    size_t n = 0;

    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;

        size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

        for (size_t i = 0; i < count; i++) {
            int fd;

            memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof fd);
            if (n < PACKET_MAX_FDS)
                fds[n++] = fd;
            else
                close(fd);
        }
    }
    return n;
}

/* Takes one message.  False when there is none, or the packet is closed or freed. */
static bool
receive(struct packet *p)
{
    union {
        struct cmsghdr align;
        char room[CMSG_SPACE(sizeof(int) * PACKET_MAX_FDS)];
    } control;
    struct iovec iov = {.iov_base = p->loop->scratch, .iov_len = PACKET_MAX_BYTES};
    struct msghdr m = {.msg_iov = &iov,
                       .msg_iovlen = 1,
                       .msg_control = control.room,
                       .msg_controllen = sizeof control.room};
    ssize_t n = recvmsg(p->fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    int fds[PACKET_MAX_FDS];
    size_t fds_n;
    bool freed = false;

    if (n < 0) {
        if (errno == EAGAIN || errno == EINTR)
            return false; /* level-triggered: what is there is reported again */
        closed(p, strerror(errno));
        return false;
    }
    fds_n = received_fds(&m, fds);
    if (n == 0 || (m.msg_flags & MSG_TRUNC) != 0) {
        close_all(fds, fds_n);
        closed(p, n == 0 ? "connection closed" : "message too long");
        return false;
    }
    p->freed = &freed;
    p->handler->on_message(p->arg, str_make(p->loop->scratch, (size_t)n), fds, fds_n);
    close_all(fds, fds_n);
    if (freed)
        return false;
    p->freed = NULL;
    return p->fd >= 0;
}

static void
on_ready(void *arg, int ready)
{
    enum { AT_ONCE = 64 }; /* messages of one pass, so that one peer cannot hold the loop */
    struct packet *p = arg;

    if ((ready & WATCH_WRITE) != 0 && !flush(p))
        return;
    if ((ready & WATCH_READ) == 0)
        return;
    for (int i = 0; i < AT_ONCE && receive(p); i++)
        ;
}

struct packet *
packet_new(struct loop *l, int fd, const struct packet_handler *handler, void *arg, struct err *e)
{
    struct packet *p = NEW(struct packet);

    *p = (struct packet){.loop = l, .fd = fd, .handler = handler, .arg = arg};
    list_init(&p->queue);
    if (l->scratch == NULL)
        l->scratch = xcalloc(1, PACKET_MAX_BYTES);
    p->watch = watch_new(l, fd, WATCH_READ, on_ready, p, e);
    if (p->watch == NULL) {
        packet_free(p);
        return NULL;
    }
    return p;
}

static int
enqueue(struct packet *p, struct str message, const int *fds, size_t fds_n, struct err *e)
{
    struct queued *q = NEW(struct queued);

    for (size_t i = 0; i < fds_n; i++) {
        int fd = fcntl(fds[i], F_DUPFD_CLOEXEC, 3);

        if (fd < 0) {
            err_errno(e, "keep a descriptor of a message");
            queued_free(q);
            return e->code;
        }
        q->fds[q->fds_n++] = fd;
    }
    q->bytes = xmemdup(message.p, message.n);
    q->n = message.n;
    list_append(&p->queue, &q->link);
    watch_set(p->watch, WATCH_READ | WATCH_WRITE);
    return 0;
}

int
packet_send(struct packet *p, struct str message, const int *fds, size_t fds_n, struct err *e)
{
    if (p->fd < 0)
        return err_set(e, ERR_UNAVAILABLE, "connection closed");
    if (message.n == 0 || message.n > PACKET_MAX_BYTES)
        return err_set(e, ERR_TOOLARGE, "message of %zu bytes: the limit is %d", message.n,
                       PACKET_MAX_BYTES);
    if (fds_n > PACKET_MAX_FDS)
        return err_set(e, ERR_TOOLARGE, "%zu descriptors in a message: the limit is %d", fds_n,
                       PACKET_MAX_FDS);

    int rc = list_empty(&p->queue) ? send_now(p->fd, message.p, message.n, fds, fds_n) : 0;

    if (rc < 0)
        return err_errno(e, "send a message"); /* the reader notices too, and closes */
    return rc == 0 ? enqueue(p, message, fds, fds_n, e) : 0;
}

void
packet_free(struct packet *p)
{
    if (p == NULL)
        return;
    if (p->freed != NULL)
        *p->freed = true;
    shut(p);
    free(p);
}

int
packet_pair(int ret[2], struct err *e)
{
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret) < 0)
        return err_errno(e, "make a socket pair");
    return 0;
}

int
packet_connect(int dirfd, const char *name, struct err *e)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    cleanup_close int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int n = snprintf(a.sun_path, sizeof a.sun_path, "/proc/self/fd/%d/%s", dirfd, name);

    if (fd < 0)
        return err_errno(e, "make a socket");
    if (n < 0 || (size_t)n >= sizeof a.sun_path)
        return err_set(e, ERR_INVALID, "socket name '%s' is too long", name);
    if (connect(fd, (const struct sockaddr *)&a, sizeof a) < 0) {
        if (errno == ECONNREFUSED)
            return err_set(e, ERR_UNAVAILABLE, "nobody listens on socket '%s'", name);
        return err_errno(e, "connect to socket '%s'", name);
    }
    return TAKE_FD(fd);
}
