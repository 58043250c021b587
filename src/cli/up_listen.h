/*
 * up_listen - where `sluice up` listens, and by what names it is known there.
 *
 * Plain HTTP, TLS with certificates of its own (http/certs.h), and TLS once more where pods reach
 * the API.  Loop thread.
 */
#ifndef CLI_UP_LISTEN_H
#define CLI_UP_LISTEN_H

#include <stdint.h>

#include "http/certs.h"

struct edge;
struct err;
struct settings;
struct tls;

struct up_listen {
    struct certs certs;
    struct tls *tls;
    char *url, *tls_url;
    const char *for_pods; /* the address of the API for pods; NULL: they do not reach it */
};

/* Reads or makes the certificates in <data>/auth. */
int up_listen_open(struct up_listen *l, const char *data, int64_t now_us, struct err *e);
/* Opens all sockets. */
int up_listen_begin(struct up_listen *l, struct edge *edge, const struct settings *s,
                    struct err *e);
/* Names of the server that are no addresses of this machine's; the list ends with NULL. */
const char *const *up_listen_hosts(void);
void up_listen_done(struct up_listen *l);

#endif
