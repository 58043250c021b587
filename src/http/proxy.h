/*
 * proxy - answers an exchange with what another server answers.
 *
 * Request and reply are streamed, each piece asked for when the other side has room.  Fields that
 * belong to one connection (RFC 9110, section 7.6.1) are not passed on; X-Forwarded-For, -Proto and
 * -Host tell who asked.  A credential that was for this server is not passed on either, unless
 * `keep_credentials`.  An Upgrade is passed through: after 101 both connections are joined.
 *
 * A server that cannot be reached, breaks off before its reply or says what is no HTTP: 502; one
 * that is silent for too long: 504; one that breaks off within its reply: the connection is cut.
 *
 * Loop thread only.
 */
#ifndef HTTP_PROXY_H
#define HTTP_PROXY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct address;
struct client;
struct exchange;
struct tls;

struct proxy_options {
    struct client *client; /* of the exchange's loop */
    const struct address *to;
    const struct tls *tls; /* NULL: plain */
    const char *tls_host;
    struct str path;       /* STR_NULL: the request's own; the query is passed on */
    bool keep_credentials; /* Authorization is the server's business */
    int64_t head_us;       /* see http/fetch.h */
    /* Exactly once, as exchange_ops.end. */
    void (*done)(void *arg, bool sent);
    void *done_arg;
};

/* Takes the exchange over. */
void proxy_start(struct exchange *x, const struct proxy_options *o);

#endif
