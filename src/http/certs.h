/*
 * certs - the certificate authority of this server, and the certificate that it made for itself.
 *
 *     ca.crt ca.key              made once; whoever trusts ca.crt trusts this server
 *     server.crt server.key      made anew when it is asked for other names, when it ends within
 *                                CERTS_RENEW_DAYS, or when it does not belong to ca.crt
 *
 * All four are PEM in a directory of the data directory, mode 0600: keys on the curve P-256.  At
 * start-up only; blocks.
 */
#ifndef HTTP_CERTS_H
#define HTTP_CERTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct err;

enum { CERTS_CA_DAYS = 3650, CERTS_SERVER_DAYS = 1825, CERTS_RENEW_DAYS = 365 };

struct certs {
    struct buf ca, server, key; /* PEM; `server` is the certificate, `key` its private key */
};

/* What is in the directory, made as far as it is missing.  `names` are DNS names ("*.svc" too) and
 * IP addresses.  ERR_INVALID for a file that is there and is not what it should be: it is not
 * overwritten, since somebody may trust it. */
int certs_open(int dirfd, const char *const *names, size_t n, int64_t now_us, struct certs *ret,
               struct err *e);
void certs_done(struct certs *c);

#endif
