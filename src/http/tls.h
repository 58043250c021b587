/*
 * tls - TLS 1.2 and 1.3 as a filter of a stream (io/stream.h).
 *
 * OpenSSL works on memory only: what comes from the socket is put into one buffer of it, what it
 * wants to send is taken from another.  So everything about the socket - back-pressure, half-closed
 * connections, errors - is the stream's, with and without TLS.
 *
 * Both kinds of context are immutable once made, may be used by several threads, and must outlive
 * their streams.
 */
#ifndef HTTP_TLS_H
#define HTTP_TLS_H

#include "base/mem.h"
#include "base/str.h"

struct err;
struct stream;
struct tls;

/* For accepted connections: a chain of certificates and the private key of the first, in PEM.
 * ERR_INVALID if they are none, or do not belong together. */
struct tls *tls_new_server(struct str certificates, struct str key, struct err *e);
/* For connections that are made: the certificates that are trusted, in PEM.  STR_NULL trusts every
 * one (as the probes of Kubernetes do). */
struct tls *tls_new_client(struct str trusted, struct err *e);
/* NULL is fine. */
void tls_free(struct tls *t);
MEM_DEFINE_CLEANUP(struct tls *, tls_free)
#define cleanup_tls CLEANUP(tls_free)

/* Before the first byte of a stream. */
int tls_accept(const struct tls *t, struct stream *s, struct err *e);
/* `host` is a name or an address: it is sent, if it is a name, and must be in the certificate. */
int tls_connect(const struct tls *t, struct stream *s, const char *host, struct err *e);

#endif
