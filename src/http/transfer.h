/*
 * transfer - one request to a server elsewhere, and its answer.  The HTTP client for what is far
 * away: files of artifacts, requests of workflows.
 *
 * libcurl does the work; it is loaded when the first transfer begins, since it costs a start more
 * than the rest of the program does.  Only http and https, also where an answer leads elsewhere; a
 * transfer without a time-out that moves nothing for TRANSFER_IDLE_S ends.  Proxies and trust
 * stores are those of the environment (http_proxy, https_proxy, no_proxy, SSL_CERT_FILE).
 *
 * Each request says "Via: 1.1 sluice": this program trusts its own user on loopback, but not what
 * comes by way of somebody, so a workflow cannot use its server's hands to command it.
 *
 * A transfer that is cancelled ends within a second (a look-up of a name takes its time), with
 * ERR_UNAVAILABLE.
 *
 * Blocks: for job threads and threads of their own.  Several may run at a time.
 */
#ifndef HTTP_TRANSFER_H
#define HTTP_TRANSFER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

struct err;

enum {
    TRANSFER_CONNECT_S = 30,
    TRANSFER_IDLE_S = 60,
    TRANSFER_REDIRECTS = 10,
    TRANSFER_HEAD_BYTES = 256 * 1024,
};

struct transfer_header {
    struct str name, value;
};

struct transfer {
    struct str url;
    struct str method; /* STR_NULL: GET, or PUT where there is a file to send */
    const struct transfer_header *headers;
    size_t headers_n;
    struct str user, password;    /* of basic authentication; .p NULL: none */
    bool insecure;                /* certificates are not checked */
    int64_t timeout_us;           /* of the whole; 0: only the limits above */
    struct str body;              /* to be sent; .p NULL: none */
    int from;                     /* a regular file to be sent, from its beginning; -1: none */
    int to;                       /* where the answer's body goes; -1: to `answer` */
    int64_t limit;                /* bytes of the answer's body */
    const atomic_bool *cancelled; /* becomes true: given up within a second; NULL: never */
    /* The answer. */
    int status;
    struct buf answer;
    struct buf head; /* its header lines, "name: value\n" each */
};

#define TRANSFER_INIT \
    ((struct transfer){.from = -1, .to = -1, .answer = BUF_INIT, .head = BUF_INIT})
#define cleanup_transfer __attribute__((cleanup(transfer_done)))

/* 0 whenever there was an answer, whatever its status.  ERR_INVALID: no such URL or header can be
 * used; ERR_TOOLARGE: over the limit; ERR_TIMEOUT; ERR_UNSUPPORTED: no libcurl; ERR_UNAVAILABLE:
 * everything else, in libcurl's words. */
int transfer_run(struct transfer *x, struct err *e);
void transfer_done(struct transfer *x);

#endif
