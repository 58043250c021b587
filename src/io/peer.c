#include "io/peer.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "io/address.h"

struct question {
    struct nlmsghdr head;
    struct inet_diag_req_v2 ask;
};

static void
put_address(const struct address *a, __be32 to[4], __be16 *port)
{
    if (a->any.sa_family == AF_INET) {
        to[0] = a->v4.sin_addr.s_addr;
        *port = a->v4.sin_port;
    } else {
        memcpy(to, &a->v6.sin6_addr, sizeof a->v6.sin6_addr);
        *port = a->v6.sin6_port;
    }
}

/* An IPv4 peer of an IPv6 listener has an IPv4 socket. */
static void
unmap(struct address *a)
{
    struct in_addr v4;
    in_port_t port = a->v6.sin6_port;

    if (a->any.sa_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&a->v6.sin6_addr))
        return;
    memcpy(&v4, &a->v6.sin6_addr.s6_addr[12], sizeof v4);
    a->v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = v4, .sin_port = port};
}

static int
ask_kernel(const struct address *peer, const struct address *own, uid_t *ret, struct err *e)
{
    cleanup_close int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    struct question q = {
        .head = {.nlmsg_len = sizeof q,
                 .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                 .nlmsg_flags = NLM_F_REQUEST},
        .ask = {.sdiag_family = (uint8_t)peer->any.sa_family,
                .sdiag_protocol = IPPROTO_TCP,
                .idiag_states = ~0U,
                .id = {.idiag_cookie = {INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE}}},
    };
    union {
        struct nlmsghdr head;
        char room[4096];
    } reply;
    ssize_t n;

    if (fd < 0)
        return err_errno(e, "ask for the peer's user");
    put_address(peer, q.ask.id.idiag_src, &q.ask.id.idiag_sport);
    put_address(own, q.ask.id.idiag_dst, &q.ask.id.idiag_dport);
    if (send(fd, &q, sizeof q, 0) != sizeof q)
        return err_errno(e, "ask for the peer's user");
    do
        n = recv(fd, &reply, sizeof reply, 0); /* the kernel has answered within send() */
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return err_errno(e, "ask for the peer's user");

    const struct inet_diag_msg *found = NLMSG_DATA(&reply.head);

    if (!NLMSG_OK(&reply.head, (size_t)n) || reply.head.nlmsg_type != SOCK_DIAG_BY_FAMILY ||
        reply.head.nlmsg_len < NLMSG_LENGTH(sizeof *found) || found->idiag_inode == 0)
        return err_set(e, ERR_NOTFOUND, "no process of this machine holds the peer's socket");
    *ret = found->idiag_uid;
    return 0;
}

int
peer_uid(int fd, uid_t *ret, struct err *e)
{
    struct address own = {.n = sizeof own.path}, peer = {.n = sizeof peer.path};
    struct ucred credentials;
    socklen_t n = sizeof credentials;

    if (getsockname(fd, &own.any, &own.n) < 0 || getpeername(fd, &peer.any, &peer.n) < 0)
        return err_errno(e, "name the ends of a connection");
    if (own.any.sa_family == AF_UNIX) {
        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &n) < 0)
            return err_errno(e, "ask for the peer's user");
        *ret = credentials.uid;
        return 0;
    }
    if (!address_is_loopback(&own) || !address_is_loopback(&peer))
        return err_set(e, ERR_NOTFOUND, "the peer is on another machine");
    unmap(&own);
    unmap(&peer);
    return ask_kernel(&peer, &own, ret, e);
}
