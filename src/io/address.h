/*
 * address - where a socket is: IPv4, IPv6 or the path of a Unix socket.
 *
 *     127.0.0.1:8080    [::1]:8080    localhost:8080    :8080 (every address)    unix:/run/x.sock
 *
 * A value, copied freely.  Names other than "localhost" are not looked up.
 */
#ifndef IO_ADDRESS_H
#define IO_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/str.h"

struct buf;
struct err;

struct address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        struct sockaddr_un path;
    };
    socklen_t n; /* bytes that are in use; 0: no address */
};

/* One of the texts above.  ERR_INVALID says what was expected. */
int address_parse(struct str text, struct address *ret, struct err *e);
/* Appends the same form. */
void address_write(const struct address *a, struct buf *to);
/* 0 for a Unix socket. */
int address_port(const struct address *a);
void address_set_port(struct address *a, int port);
/* Reached from this machine only: 127.0.0.0/8, also mapped into IPv6, ::1, and Unix sockets. */
bool address_is_loopback(const struct address *a);
/* The same address and port. */
bool address_equal(const struct address *a, const struct address *b);

#endif
