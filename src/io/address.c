#include "io/address.h"

#include <arpa/inet.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

static int
parse_path(struct str path, struct address *ret, struct err *e)
{
    if (path.n == 0 || path.n >= sizeof ret->path.sun_path || memchr(path.p, '\0', path.n) != NULL)
        return err_set(e, ERR_INVALID, "the path of a Unix socket has 1 to %zu bytes",
                       sizeof ret->path.sun_path - 1);
    *ret = (struct address){.path = {.sun_family = AF_UNIX}};
    memcpy(ret->path.sun_path, path.p, path.n);
    ret->n = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + path.n + 1);
    return 0;
}

/* The host without brackets into *ret, whose port is 0 afterwards. */
static bool
parse_host(struct str host, bool brackets, struct address *ret)
{
    char text[INET6_ADDRSTRLEN];

    *ret = (struct address){.n = 0};
    if (host.n >= sizeof text)
        return false;
    memcpy(text, host.p, host.n);
    text[host.n] = '\0';
    if (brackets) {
        ret->v6.sin6_family = AF_INET6;
        ret->n = sizeof ret->v6;
        return inet_pton(AF_INET6, text, &ret->v6.sin6_addr) == 1;
    }
    ret->v4.sin_family = AF_INET;
    ret->n = sizeof ret->v4;
    if (host.n == 0)
        return true; /* every address */
    return inet_pton(AF_INET, str_is(host, "localhost") ? "127.0.0.1" : text, &ret->v4.sin_addr) ==
           1;
}

int
address_parse(struct str text, struct address *ret, struct err *e)
{
    struct str host = text, port = STR_NULL;
    bool brackets = false;
    int64_t number;

    if (str_starts(text, STR("unix:")))
        return parse_path(str_slice(text, 5, text.n), ret, e);
    for (size_t i = text.n; i > 0 && port.p == NULL; i--) {
        if (text.p[i - 1] == ':') {
            host = str_slice(text, 0, i - 1);
            port = str_slice(text, i, text.n);
        }
    }
    if (host.n >= 2 && host.p[0] == '[' && host.p[host.n - 1] == ']') {
        host = str_slice(host, 1, host.n - 1);
        brackets = true;
    }
    if (port.p == NULL || !str_to_int(port, &number) || number < 0 || number > 65535)
        return err_set(e, ERR_INVALID, "'%.*s' is no ADDRESS:PORT with a port of 0 to 65535",
                       STR_ARG(text));
    if (!parse_host(host, brackets, ret))
        return err_set(
            e, ERR_INVALID,
            "'%.*s' is no address: expected an IPv4 address, an IPv6 address in brackets "
            "or localhost, with a port behind a colon",
            STR_ARG(text));
    address_set_port(ret, (int)number);
    return 0;
}

void
address_write(const struct address *a, struct buf *to)
{
    char text[INET6_ADDRSTRLEN] = "";

    switch (a->any.sa_family) {
    case AF_INET:
        inet_ntop(AF_INET, &a->v4.sin_addr, text, sizeof text);
        buf_printf(to, "%s:%d", text, address_port(a));
        break;
    case AF_INET6:
        inet_ntop(AF_INET6, &a->v6.sin6_addr, text, sizeof text);
        buf_printf(to, "[%s]:%d", text, address_port(a));
        break;
    case AF_UNIX: /* the peer of a Unix socket has no path */
        buf_printf(to, "unix:%s",
                   a->n > offsetof(struct sockaddr_un, sun_path) ? a->path.sun_path : "");
        break;
    default:
        buf_cstr(to, "nowhere");
    }
}

int
address_port(const struct address *a)
{
    if (a->any.sa_family == AF_INET)
        return ntohs(a->v4.sin_port);
    return a->any.sa_family == AF_INET6 ? ntohs(a->v6.sin6_port) : 0;
}

void
address_set_port(struct address *a, int port)
{
    if (a->any.sa_family == AF_INET)
        a->v4.sin_port = htons((uint16_t)port);
    else if (a->any.sa_family == AF_INET6)
        a->v6.sin6_port = htons((uint16_t)port);
}

bool
address_is_loopback(const struct address *a)
{
    switch (a->any.sa_family) {
    case AF_UNIX:
        return true;
    case AF_INET:
        return ntohl(a->v4.sin_addr.s_addr) >> 24 == 127;
    case AF_INET6:
        return IN6_IS_ADDR_LOOPBACK(&a->v6.sin6_addr) ||
               (IN6_IS_ADDR_V4MAPPED(&a->v6.sin6_addr) && a->v6.sin6_addr.s6_addr[12] == 127);
    default:
        return false;
    }
}

bool
address_equal(const struct address *a, const struct address *b)
{
    if (a->any.sa_family != b->any.sa_family || address_port(a) != address_port(b))
        return false;
    switch (a->any.sa_family) {
    case AF_INET:
        return a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr;
    case AF_INET6:
        return memcmp(&a->v6.sin6_addr, &b->v6.sin6_addr, sizeof a->v6.sin6_addr) == 0;
    default:
        return a->n == b->n && memcmp(&a->path, &b->path, a->n) == 0;
    }
}
