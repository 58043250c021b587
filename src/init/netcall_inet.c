/*
 * The rules for IP sockets.  The pod has one IPv4 address; an IPv6 socket gets it in its mapped
 * form, and so IPv6 loopback is IPv4 loopback.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "init/netcall_int.h"
#include "sandbox/netmap.h"

enum { PORT_DNS = 53, MAX_PORTS = 256 };

#define LOOPBACK UINT32_C(0x7f000000)

static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

/* The socket's form of the pod's address. */
static socklen_t
pod_address(const struct netcall_ground *g, const struct netcall *c, uint16_t port,
            union netcall_address *ret)
{
    uint32_t raw = htonl(g->address);

    memset(ret, 0, sizeof *ret);
    if (c->domain == AF_INET) {
        ret->in = (struct sockaddr_in){
            .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = raw};
        return sizeof ret->in;
    }
    ret->in6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(port)};
    memcpy(&ret->in6.sin6_addr, mapped, sizeof mapped);
    memcpy(ret->in6.sin6_addr.s6_addr + sizeof mapped, &raw, sizeof raw);
    return sizeof ret->in6;
}

static bool
is_unbound(int fd)
{
    union netcall_address at = {.any.sa_family = AF_UNSPEC};
    socklen_t n = sizeof at;
    static const struct in6_addr none = IN6ADDR_ANY_INIT;

    if (getsockname(fd, &at.any, &n) < 0)
        return false;
    if (at.any.sa_family == AF_INET)
        return at.in.sin_port == 0 && at.in.sin_addr.s_addr == 0;
    return at.in6.sin6_port == 0 && memcmp(&at.in6.sin6_addr, &none, sizeof none) == 0;
}

static bool
is_only6(int fd)
{
    int on = 0;
    socklen_t n = sizeof on;

    return getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, &n) == 0 && on != 0;
}

static void
allow_mapped(const struct netcall *c)
{
    int off = 0;

    if (c->domain == AF_INET6)
        (void)setsockopt(c->fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
}

/* Who the peer is told to be: the pod.  The port is chosen by connect, so that none is used up. */
static void
bind_source(const struct netcall_ground *g, const struct netcall *c)
{
    union netcall_address own;
    socklen_t n = pod_address(g, c, 0, &own);
    int on = 1, off = 0;

    if (!is_unbound(c->fd))
        return;
    allow_mapped(c);
    (void)setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    (void)bind(c->fd, &own.any, n);
    (void)setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &off, sizeof off);
}

/* One of this machine's own addresses can be bound to. */
static bool
is_of_this_machine(const union netcall_address *a, socklen_t n)
{
    cleanup_close int fd = socket(a->any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    union netcall_address probe = *a;

    if (a->any.sa_family == AF_INET)
        probe.in.sin_port = 0;
    else
        probe.in6.sin6_port = 0;
    return fd >= 0 && bind(fd, &probe.any, n) == 0;
}

static bool
is_shared(const struct netcall_ground *g, uint32_t address, uint16_t port)
{
    if (address != 0 && address != LOOPBACK + 1)
        return false;
    for (size_t i = 0; i < g->shared_n; i++) {
        if (g->shared[i] == port)
            return true;
    }
    return false;
}

/* Where an IPv4 destination leads; the socket's source follows. */
static void
direct4(const struct netcall_ground *g, const struct netcall *c, uint32_t *address, uint16_t *port)
{
    bool loopback = (*address & 0xff000000) == LOOPBACK || *address == 0;
    union netcall_address there = {
        .in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(*address)}};

    if (is_unbound(c->fd) || netmap_is_ours(*address) || loopback) {
        if (loopback && !netmap_is_ours(*address)) {
            if (*port == PORT_DNS)
                return; /* the machine's resolver is everybody's */
            if (is_shared(g, *address, *port)) {
                *address = LOOPBACK + 1;
                bind_source(g, c); /* there too a pod is known as one */
                return;
            }
            *address = g->address;
        }
        if (netmap_is_ours(*address))
            *port = netmap_real_port(*port);
        else if (!is_of_this_machine(&there, sizeof there.in))
            return;
        bind_source(g, c);
    }
}

static void
prepare_in(const struct netcall_ground *g, struct netcall *c)
{
    uint32_t address = ntohl(c->address.in.sin_addr.s_addr);
    uint16_t port = ntohs(c->address.in.sin_port);

    direct4(g, c, &address, &port);
    c->address.in.sin_addr.s_addr = htonl(address);
    c->address.in.sin_port = htons(port);
}

static int
prepare_in6(const struct netcall_ground *g, struct netcall *c)
{
    struct sockaddr_in6 *to = &c->address.in6;
    bool own = IN6_IS_ADDR_LOOPBACK(&to->sin6_addr) || IN6_IS_ADDR_UNSPECIFIED(&to->sin6_addr);
    uint16_t port = ntohs(to->sin6_port);
    uint32_t address = LOOPBACK + 1, raw;

    if (!own && !IN6_IS_ADDR_V4MAPPED(&to->sin6_addr))
        /* A source that names the pod cannot be had there, and one without would be the owner. */
        return is_of_this_machine(&c->address, c->length) ? -ENETUNREACH : 0;
    if (!own) {
        memcpy(&raw, to->sin6_addr.s6_addr + sizeof mapped, sizeof raw);
        address = ntohl(raw);
    }
    direct4(g, c, &address, &port);
    if (own && port == PORT_DNS && address == LOOPBACK + 1)
        return 0;
    if (own)
        allow_mapped(c);
    raw = htonl(address);
    memcpy(&to->sin6_addr, mapped, sizeof mapped);
    memcpy(to->sin6_addr.s6_addr + sizeof mapped, &raw, sizeof raw);
    to->sin6_port = htons(port);
    return 0;
}

/* The family and the address's length are the kernel's to check: it gets what it refuses. */
static int
prepare_destination(const struct netcall_ground *g, struct netcall *c)
{
    if (c->address.any.sa_family == AF_INET && c->length >= (socklen_t)sizeof c->address.in)
        prepare_in(g, c);
    else if (c->address.any.sa_family == AF_INET6 &&
             c->length >= (socklen_t)offsetof(struct sockaddr_in6, sin6_scope_id))
        return prepare_in6(g, c);
    return 0;
}

static bool
is_wildcard(const union netcall_address *a)
{
    return a->any.sa_family == AF_INET6 ? IN6_IS_ADDR_UNSPECIFIED(&a->in6.sin6_addr)
                                        : a->in.sin_addr.s_addr == 0;
}

static int
prepare_bind(const struct netcall_ground *g, struct netcall *c)
{
    bool is6 = c->domain == AF_INET6;
    socklen_t least = is6 ? offsetof(struct sockaddr_in6, sin6_scope_id) : sizeof c->address.in;
    uint16_t port;

    if (c->length < least ||
        (c->address.any.sa_family != c->domain && c->address.any.sa_family != AF_UNSPEC))
        return 0; /* an error that the kernel words */
    port = ntohs(is6 ? c->address.in6.sin6_port : c->address.in.sin_port);
    if (port >= NETMAP_MOVED)
        return -EADDRINUSE;
    /* A datagram socket that takes any port is a client, and may have to leave the machine. */
    if (c->type == SOCK_DGRAM && port == 0 && is_wildcard(&c->address))
        return 0;
    c->length = pod_address(g, c, netmap_real_port(port), &c->address);
    return 0;
}

static int
prepare_listen(const struct netcall_ground *g, struct netcall *c)
{
    union netcall_address own;
    socklen_t n = pod_address(g, c, 0, &own);

    if (c->type != SOCK_STREAM || !is_unbound(c->fd))
        return 0;
    allow_mapped(c);
    return bind(c->fd, &own.any, n) < 0 ? -errno : 0;
}

int
netcall_inet_prepare(struct netcall_ground *g, struct netcall *c)
{
    switch (c->kind) {
    case NETCALL_BIND:
        return prepare_bind(g, c);
    case NETCALL_LISTEN:
        return prepare_listen(g, c);
    case NETCALL_CONNECT:
        return prepare_destination(g, c);
    case NETCALL_SENDTO:
        return c->type == SOCK_DGRAM ? prepare_destination(g, c) : 0;
    }
    return -ENOSYS;
}

/* Whether the process that bound it still has it. */
static bool
is_open(const struct netcall_ground *g, const struct netcall_port *p)
{
    char path[32], wanted[40], text[40];
    DIR *d;
    int fd;
    bool found = false;

    snprintf(path, sizeof path, "%d/fd", (int)p->process);
    snprintf(wanted, sizeof wanted, "socket:[%ju]", (uintmax_t)p->socket);
    fd = openat(g->proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    d = fd >= 0 ? fdopendir(fd) : NULL;
    for (struct dirent *entry; d != NULL && !found && (entry = readdir(d)) != NULL;) {
        ssize_t n = readlinkat(fd, entry->d_name, text, sizeof text - 1);

        text[n > 0 ? n : 0] = '\0';
        found = strcmp(text, wanted) == 0;
    }
    if (d != NULL)
        closedir(d);
    else if (fd >= 0)
        close(fd);
    return found;
}

static bool
other_family_has(struct netcall_ground *g, uint16_t port, int type, bool only6)
{
    for (size_t i = 0; i < g->ports.n;) {
        const struct netcall_port *p = &g->ports.at[i];

        if (p->port != port || p->type != type || p->only6 == only6)
            i++;
        else if (is_open(g, p))
            return true;
        else
            vec_swap_remove(&g->ports, i);
    }
    return false;
}

static void
note_port(struct netcall_ground *g, const struct netcall *c, uint16_t port, bool only6)
{
    if (g->ports.n == MAX_PORTS)
        vec_swap_remove(&g->ports, 0);
    vec_push(&g->ports,
             ((struct netcall_port){port, c->type, only6, netcall_process(g, c->pid), c->socket}));
}

/* Servers open one socket for IPv4 and one for IPv6 alone, with the same port.  Here both mean one
 * address, so the second gets a port that nobody asks for: the first has all connections. */
long
netcall_inet_bind(struct netcall_ground *g, struct netcall *c)
{
    bool only6 = c->domain == AF_INET6 && is_only6(c->fd);
    bool one_family = only6 || c->domain == AF_INET;
    uint16_t port =
        ntohs(c->domain == AF_INET6 ? c->address.in6.sin6_port : c->address.in.sin_port);
    long result;

    allow_mapped(c);
    if (one_family && port != 0 && other_family_has(g, port, c->type, only6)) {
        c->length = pod_address(g, c, 0, &c->address);
        return netcall_make(c, false);
    }
    result = netcall_make(c, false);
    if (result == 0 && port != 0 && one_family)
        note_port(g, c, port, only6);
    return result;
}
