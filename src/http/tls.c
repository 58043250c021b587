#include "http/tls.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "data/openssl.h"
#include "io/stream.h"

struct tls {
    SSL_CTX *context;
    bool client;
    bool verify;
};

/* One stream's. */
struct session {
    SSL *ssl;
    BIO *in, *out;   /* wire bytes; owned by ssl */
    bool open;       /* the handshake is over */
    struct buf held; /* plain bytes written before that */
};

/* What OpenSSL says last; its queue is empty afterwards. */
static int
fail(struct err *e, int code, const char *what)
{
    unsigned long last = openssl()->ERR_peek_last_error();
    const char *reason = last != 0 ? openssl()->ERR_reason_error_string(last) : NULL;

    openssl()->ERR_clear_error();
    return err_set(e, code, "%s: %s", what, reason != NULL ? reason : "unknown reason");
}

/* Contexts. */

static int
choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_n, const unsigned char *in,
                unsigned in_n, void *arg)
{
    static const unsigned char ours[] = "\x08http/1.1";
    unsigned char *chosen;

    (void)ssl;
    (void)arg;
    if (openssl()->SSL_select_next_proto(&chosen, out_n, ours, sizeof ours - 1, in, in_n) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static struct tls *
new_context(const SSL_METHOD *method, struct err *e)
{
    struct tls *t = NEW(struct tls);

    t->context = openssl()->SSL_CTX_new(method);
    if (t->context == NULL) {
        free(t);
        fail(e, ERR_IO, "prepare TLS");
        return NULL;
    }
    SSL_CTX_set_min_proto_version(t->context, TLS1_2_VERSION);
    openssl()->SSL_CTX_set_options(t->context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    /* An idle connection gives its buffers back. */
    SSL_CTX_set_mode(t->context, SSL_MODE_RELEASE_BUFFERS);
    return t;
}

static X509 *
read_certificate(BIO *from)
{
    X509 *x = openssl()->PEM_read_bio_X509(from, NULL, NULL, NULL);

    if (x == NULL)
        openssl()->ERR_clear_error(); /* the end of the text is an error too */
    return x;
}

/* The first is ours, the others lead from it to the one that is trusted. */
static int
use_chain(SSL_CTX *context, struct str text, struct err *e)
{
    BIO *from = openssl()->BIO_new_mem_buf(text.p, (int)text.n);
    X509 *x = read_certificate(from);
    bool fine = x != NULL && openssl()->SSL_CTX_use_certificate(context, x) == 1;

    openssl()->X509_free(x);
    while (fine && (x = read_certificate(from)) != NULL) {
        fine = SSL_CTX_add0_chain_cert(context, x) == 1;
        if (!fine)
            openssl()->X509_free(x);
    }
    openssl()->BIO_free(from);
    return fine ? 0 : fail(e, ERR_INVALID, "the certificate of the server");
}

static int
use_key(SSL_CTX *context, struct str text, struct err *e)
{
    BIO *from = openssl()->BIO_new_mem_buf(text.p, (int)text.n);
    EVP_PKEY *key = openssl()->PEM_read_bio_PrivateKey(from, NULL, NULL, NULL);
    bool fine = key != NULL && openssl()->SSL_CTX_use_PrivateKey(context, key) == 1 &&
                openssl()->SSL_CTX_check_private_key(context) == 1;

    openssl()->EVP_PKEY_free(key);
    openssl()->BIO_free(from);
    return fine ? 0 : fail(e, ERR_INVALID, "the private key of the server");
}

struct tls *
tls_new_server(struct str certificates, struct str key, struct err *e)
{
    struct tls *t = new_context(openssl()->TLS_server_method(), e);

    if (t == NULL)
        return NULL;
    if (use_chain(t->context, certificates, e) < 0 || use_key(t->context, key, e) < 0) {
        tls_free(t);
        return NULL;
    }
    openssl()->SSL_CTX_set_alpn_select_cb(t->context, choose_protocol, NULL);
    return t;
}

struct tls *
tls_new_client(struct str trusted, struct err *e)
{
    struct tls *t = new_context(openssl()->TLS_client_method(), e);
    int n = 0;

    if (t == NULL)
        return NULL;
    t->client = true;
    t->verify = trusted.p != NULL;
    if (!t->verify)
        return t;

    BIO *from = openssl()->BIO_new_mem_buf(trusted.p, (int)trusted.n);

    for (X509 *x; (x = read_certificate(from)) != NULL; n++) {
        openssl()->X509_STORE_add_cert(openssl()->SSL_CTX_get_cert_store(t->context), x);
        openssl()->X509_free(x);
    }
    openssl()->BIO_free(from);
    openssl()->SSL_CTX_set_verify(t->context, SSL_VERIFY_PEER, NULL);
    if (n > 0)
        return t;
    tls_free(t);
    err_set(e, ERR_INVALID, "there is no trusted certificate in the text");
    return NULL;
}

void
tls_free(struct tls *t)
{
    if (t == NULL)
        return;
    openssl()->SSL_CTX_free(t->context);
    free(t);
}

/* The filter. */

static void
take_wire(struct session *s, struct buf *wire)
{
    char *bytes;
    long n = BIO_get_mem_data(s->out, &bytes);

    if (n <= 0)
        return;
    buf_add(wire, bytes, (size_t)n);
    (void)BIO_reset(s->out);
}

static int
encrypt(struct session *s, struct str plain, struct err *e)
{
    size_t written = 0;

    /* A memory buffer takes everything. */
    if (plain.n > 0 && openssl()->SSL_write_ex(s->ssl, plain.p, plain.n, &written) != 1)
        return fail(e, ERR_UNAVAILABLE, "TLS");
    return 0;
}

static int
shake_hands(struct session *s, struct buf *wire, struct err *e)
{
    const struct str hint = STR("HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\n"
                                "Connection: close\r\n\r\n"
                                "This port speaks HTTPS, and the request was plain HTTP.\n");
    int rc = openssl()->SSL_do_handshake(s->ssl), rest;

    take_wire(s, wire);
    if (rc == 1) {
        s->open = true;
        rest = encrypt(s, buf_view(&s->held), e);
        buf_done(&s->held);
        take_wire(s, wire);
        return rest;
    }
    if (openssl()->SSL_get_error(s->ssl, rc) == SSL_ERROR_WANT_READ)
        return 0;
    if (ERR_GET_REASON(openssl()->ERR_peek_last_error()) == SSL_R_HTTP_REQUEST) {
        buf_clear(wire); /* an alert would be noise to such a client */
        buf_str(wire, hint);
    }
    return fail(e, ERR_UNAVAILABLE, "TLS handshake");
}

static int
decode(void *filter, struct str bytes, struct buf *plain, struct buf *wire, bool *ended,
       struct err *e)
{
    enum { RECORD = 16 * 1024 };
    struct session *s = filter;
    size_t n;
    int reason;

    openssl()->ERR_clear_error();
    openssl()->BIO_write(s->in, bytes.p, (int)bytes.n);
    if (!s->open && shake_hands(s, wire, e) < 0)
        return e->code;
    while (s->open && openssl()->SSL_read_ex(s->ssl, buf_reserve(plain, RECORD), RECORD, &n) == 1)
        buf_grew(plain, n);
    take_wire(s, wire);
    if (!s->open)
        return 0;
    reason = openssl()->SSL_get_error(s->ssl, 0);
    if (reason == SSL_ERROR_WANT_READ)
        return 0;
    if (reason != SSL_ERROR_ZERO_RETURN)
        return fail(e, ERR_UNAVAILABLE, "TLS");
    *ended = true;
    return 0;
}

static int
encode(void *filter, struct str plain, struct buf *wire, struct err *e)
{
    struct session *s = filter;

    openssl()->ERR_clear_error();
    if (!s->open) {
        buf_str(&s->held, plain);
        return shake_hands(s, wire, e); /* a client speaks first */
    }
    if (encrypt(s, plain, e) < 0)
        return e->code;
    take_wire(s, wire);
    return 0;
}

static size_t
held(void *filter)
{
    return ((struct session *)filter)->held.n;
}

static void
finish(void *filter, struct buf *wire)
{
    struct session *s = filter;

    openssl()->ERR_clear_error();
    if (s->open)
        openssl()->SSL_shutdown(s->ssl);
    openssl()->ERR_clear_error();
    take_wire(s, wire);
}

static void
free_session(void *filter)
{
    struct session *s = filter;

    openssl()->SSL_free(s->ssl);
    buf_done(&s->held);
    free(s);
}

static const struct stream_filter filter_ops = {decode, encode, held, finish, free_session};

static struct session *
new_session(const struct tls *t, struct err *e)
{
    struct session *s = NEW(struct session);

    s->ssl = openssl()->SSL_new(t->context);
    s->in = openssl()->BIO_new(openssl()->BIO_s_mem());
    s->out = openssl()->BIO_new(openssl()->BIO_s_mem());
    if (s->ssl == NULL || s->in == NULL || s->out == NULL) {
        openssl()->SSL_free(s->ssl);
        openssl()->BIO_free(s->in);
        openssl()->BIO_free(s->out);
        free(s);
        fail(e, ERR_UNAVAILABLE, "TLS");
        return NULL;
    }
    BIO_set_mem_eof_return(s->in, -1); /* empty is "come again", not the end */
    openssl()->SSL_set_bio(s->ssl, s->in, s->out);
    return s;
}

int
tls_accept(const struct tls *t, struct stream *stream, struct err *e)
{
    struct session *s = new_session(t, e);

    if (s == NULL)
        return e->code;
    openssl()->SSL_set_accept_state(s->ssl);
    stream_set_filter(stream, &filter_ops, s);
    return 0;
}

/* The certificate must be the host's, and a server with several is told which one is meant. */
static bool
set_host(SSL *ssl, const char *host)
{
    struct in6_addr address;
    bool name = inet_pton(AF_INET, host, &address) != 1 && inet_pton(AF_INET6, host, &address) != 1;

    if (!name)
        return openssl()->X509_VERIFY_PARAM_set1_ip_asc(openssl()->SSL_get0_param(ssl), host) == 1;
    /* What SSL_set_tlsext_host_name() stands for, which drops a const. */
    return openssl()->SSL_set1_host(ssl, host) == 1 &&
           openssl()->SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                               (void *)(uintptr_t)host) == 1;
}

int
tls_connect(const struct tls *t, struct stream *stream, const char *host, struct err *e)
{
    struct session *s = new_session(t, e);

    if (s == NULL)
        return e->code;
    if (!set_host(s->ssl, host)) {
        free_session(s);
        return fail(e, ERR_INVALID, "TLS");
    }
    openssl()->SSL_set_connect_state(s->ssl);
    stream_set_filter(stream, &filter_ops, s);
    return 0;
}
