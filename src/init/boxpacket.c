#include "init/boxpacket.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"

int
boxpacket_put(int socket, const struct boxmsg *m, const int *fds, size_t fds_n, struct err *e)
{
    cleanup_buf struct buf bytes = BUF_INIT;
    char control[CMSG_SPACE(sizeof(int) * BOXMSG_MAX_FDS)] = {0};
    struct iovec iov;
    struct msghdr h = {.msg_iov = &iov, .msg_iovlen = 1};

    CHECK(fds_n <= BOXMSG_MAX_FDS);
    if (boxmsg_encode(m, &bytes, e) < 0)
        return e->code;
    iov = (struct iovec){bytes.p, bytes.n};
    if (fds_n != 0) {
        struct cmsghdr *c;

        h.msg_control = control;
        h.msg_controllen = CMSG_SPACE(sizeof(int) * fds_n);
        c = CMSG_FIRSTHDR(&h);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int) * fds_n);
        memcpy(CMSG_DATA(c), fds, sizeof(int) * fds_n);
    }
    while (sendmsg(socket, &h, MSG_NOSIGNAL) < 0) {
        if (errno != EINTR)
            return err_errno(e, "send %s", boxmsg_name(m->type));
    }
    return 0;
}

static void
take_fds(struct msghdr *h, struct boxpacket_fds *fds)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c != NULL; c = CMSG_NXTHDR(h, c)) {
        size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        for (size_t i = 0; i < n; i++) {
            int fd;

            memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
            if (fds->n < BOXMSG_MAX_FDS)
                fds->at[fds->n++] = fd;
            else
                close(fd);
        }
    }
}

int
boxpacket_get(int socket, struct buf *bytes, struct boxpacket_fds *fds, struct err *e)
{
    char control[CMSG_SPACE(sizeof(int) * BOXMSG_MAX_FDS)];
    struct iovec iov;
    struct msghdr h = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    ssize_t n;

    *fds = BOXPACKET_FDS_NONE;
    *e = ERR_INIT;
    buf_clear(bytes);
    iov = (struct iovec){buf_reserve(bytes, BOXMSG_MAX_BYTES), BOXMSG_MAX_BYTES};
    do
        n = recvmsg(socket, &h, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        err_set(e, ERR_UNAVAILABLE, "nothing has come yet");
        return 0;
    }
    if (n < 0)
        return errno == ECONNRESET ? 0 : err_errno(e, "receive a message");
    take_fds(&h, fds);
    if (n == 0) {
        boxpacket_close_fds(fds);
        return 0;
    }
    if (h.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
        boxpacket_close_fds(fds);
        return err_set(e, ERR_TOOLARGE, "a message is longer than %d bytes", BOXMSG_MAX_BYTES);
    }
    buf_grew(bytes, (size_t)n);
    return 1;
}

void
boxpacket_close_fds(struct boxpacket_fds *fds)
{
    for (size_t i = 0; i < fds->n; i++) {
        if (fds->at[i] >= 0)
            close(fds->at[i]);
    }
    fds->n = 0;
}
