#include "http/certs.h"

#include <arpa/inet.h>
#include <stdbool.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "data/openssl.h"
#include "io/file.h"

enum { FILE_LIMIT = 64 * 1024, DAY_S = 24 * 60 * 60, CLOCK_SKEW_S = 60 * 60 };

/* A certificate with its key, as objects and as PEM. */
struct identity {
    X509 *x;
    EVP_PKEY *key;
    struct buf x_pem, key_pem;
};

static void
identity_done(struct identity *i)
{
    openssl()->X509_free(i->x);
    openssl()->EVP_PKEY_free(i->key);
    buf_done(&i->x_pem);
    buf_done(&i->key_pem);
    *i = (struct identity){.x = NULL};
}

static int
fail(struct err *e, const char *what)
{
    unsigned long last = openssl()->ERR_peek_last_error();
    const char *reason = last != 0 ? openssl()->ERR_reason_error_string(last) : NULL;

    openssl()->ERR_clear_error();
    return err_set(e, ERR_INVALID, "%s: %s", what, reason != NULL ? reason : "it does not fit");
}

/* Reading and writing. */

/* 1: both files are there and fit together; 0: one is missing. */
static int
load(int dirfd, const char *x_name, const char *key_name, struct identity *to, struct err *e)
{
    BIO *from;

    if (file_read(dirfd, x_name, FILE_LIMIT, &to->x_pem, e) < 0 ||
        file_read(dirfd, key_name, FILE_LIMIT, &to->key_pem, e) < 0) {
        identity_done(to);
        return e->code == ERR_NOTFOUND ? 0 : e->code;
    }
    from = openssl()->BIO_new_mem_buf(to->x_pem.p, (int)to->x_pem.n);
    to->x = openssl()->PEM_read_bio_X509(from, NULL, NULL, NULL);
    openssl()->BIO_free(from);
    if (to->x == NULL)
        return fail(e, x_name);
    from = openssl()->BIO_new_mem_buf(to->key_pem.p, (int)to->key_pem.n);
    to->key = openssl()->PEM_read_bio_PrivateKey(from, NULL, NULL, NULL);
    openssl()->BIO_free(from);
    if (to->key == NULL || openssl()->X509_check_private_key(to->x, to->key) != 1)
        return fail(e, key_name);
    return 1;
}

static void
take_pem(BIO *from, struct buf *to)
{
    char *text;
    long n = BIO_get_mem_data(from, &text);

    buf_clear(to);
    buf_add(to, text, (size_t)n);
    openssl()->BIO_free(from);
}

static int
save(int dirfd, const char *x_name, const char *key_name, struct identity *i, struct err *e)
{
    BIO *to = openssl()->BIO_new(openssl()->BIO_s_mem());

    openssl()->PEM_write_bio_X509(to, i->x);
    take_pem(to, &i->x_pem);
    to = openssl()->BIO_new(openssl()->BIO_s_mem());
    openssl()->PEM_write_bio_PrivateKey(to, i->key, NULL, NULL, 0, NULL, NULL);
    take_pem(to, &i->key_pem);
    /* The key first: a certificate without its key would be taken for a damaged directory. */
    if (file_replace(dirfd, key_name, buf_view(&i->key_pem), 0600, true, e) < 0)
        return e->code;
    return file_replace(dirfd, x_name, buf_view(&i->x_pem), 0600, true, e);
}

/* Making. */

static bool
add_extension(X509 *x, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509_EXTENSION *extension;
    bool fine;

    X509V3_set_ctx_nodb(&context);
    openssl()->X509V3_set_ctx(&context, issuer, x, NULL, NULL, 0);
    extension = openssl()->X509V3_EXT_conf_nid(NULL, &context, nid, value);
    fine = extension != NULL && openssl()->X509_add_ext(x, extension, -1) == 1;
    openssl()->X509_EXTENSION_free(extension);
    return fine;
}

static GENERAL_NAMES *
general_names(const char *const *names, size_t n)
{
    GENERAL_NAMES *all = sk_GENERAL_NAME_new_null();

    for (size_t i = 0; i < n; i++) {
        GENERAL_NAME *name = openssl()->GENERAL_NAME_new();
        unsigned char address[16];
        int family = strchr(names[i], ':') != NULL ? AF_INET6 : AF_INET;

        if (inet_pton(family, names[i], address) == 1) {
            ASN1_OCTET_STRING *octets = openssl()->ASN1_OCTET_STRING_new();

            openssl()->ASN1_OCTET_STRING_set(octets, address, family == AF_INET ? 4 : 16);
            openssl()->GENERAL_NAME_set0_value(name, GEN_IPADD, octets);
        } else {
            ASN1_IA5STRING *text = openssl()->ASN1_IA5STRING_new();

            openssl()->ASN1_STRING_set(text, names[i], -1);
            openssl()->GENERAL_NAME_set0_value(name, GEN_DNS, text);
        }
        sk_GENERAL_NAME_push(all, name);
    }
    return all;
}

static bool
set_serial(X509 *x)
{
    unsigned char bytes[16];
    BIGNUM *number;
    bool fine;

    if (openssl()->RAND_bytes(bytes, sizeof bytes) != 1)
        return false;
    bytes[0] &= 0x7f; /* positive */
    number = openssl()->BN_bin2bn(bytes, sizeof bytes, NULL);
    fine = openssl()->BN_to_ASN1_INTEGER(number, openssl()->X509_get_serialNumber(x)) != NULL;
    openssl()->BN_free(number);
    return fine;
}

/* What is common to both: a new key, a subject, a time. */
static bool
begin(struct identity *i, const char *common_name, int days, int64_t now_us)
{
    time_t now = (time_t)(now_us / CLOCK_SECOND);
    X509_NAME *name;

    i->key = EVP_EC_gen("P-256");
    i->x = openssl()->X509_new();
    if (i->key == NULL || i->x == NULL || openssl()->X509_set_version(i->x, X509_VERSION_3) != 1 ||
        !set_serial(i->x))
        return false;
    name = openssl()->X509_get_subject_name(i->x);
    openssl()->ASN1_TIME_set(openssl()->X509_getm_notBefore(i->x), now - CLOCK_SKEW_S);
    openssl()->ASN1_TIME_set(openssl()->X509_getm_notAfter(i->x), now + (time_t)days * DAY_S);
    return openssl()->X509_NAME_add_entry_by_txt(
               name, "CN", MBSTRING_UTF8, (const unsigned char *)common_name, -1, -1, 0) == 1 &&
           openssl()->X509_set_pubkey(i->x, i->key) == 1;
}

static int
make_ca(struct identity *ca, int64_t now_us, struct err *e)
{
    char name[64];

    /* A name of its own, so that two servers' authorities are not taken for one. */
    snprintf(name, sizeof name, "sluice CA %lld", (long long)(now_us / CLOCK_SECOND));
    if (begin(ca, name, CERTS_CA_DAYS, now_us) &&
        openssl()->X509_set_issuer_name(ca->x, openssl()->X509_get_subject_name(ca->x)) == 1 &&
        add_extension(ca->x, ca->x, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
        add_extension(ca->x, ca->x, NID_key_usage, "critical,keyCertSign,cRLSign") &&
        add_extension(ca->x, ca->x, NID_subject_key_identifier, "hash") &&
        openssl()->X509_sign(ca->x, ca->key, openssl()->EVP_sha256()) > 0)
        return 0;
    return fail(e, "make a certificate authority");
}

static int
make_server(struct identity *server, const struct identity *ca, const char *const *names, size_t n,
            int64_t now_us, struct err *e)
{
    GENERAL_NAMES *all = general_names(names, n);
    bool fine =
        begin(server, "sluice", CERTS_SERVER_DAYS, now_us) &&
        openssl()->X509_set_issuer_name(server->x, openssl()->X509_get_subject_name(ca->x)) == 1 &&
        add_extension(server->x, ca->x, NID_basic_constraints, "critical,CA:FALSE") &&
        add_extension(server->x, ca->x, NID_key_usage, "critical,digitalSignature") &&
        add_extension(server->x, ca->x, NID_ext_key_usage, "serverAuth") &&
        add_extension(server->x, ca->x, NID_authority_key_identifier, "keyid:always") &&
        openssl()->X509_add1_ext_i2d(server->x, NID_subject_alt_name, all, 0, X509V3_ADD_DEFAULT) ==
            1 &&
        openssl()->X509_sign(server->x, ca->key, openssl()->EVP_sha256()) > 0;

    openssl()->GENERAL_NAMES_free(all);
    return fine ? 0 : fail(e, "make the server's certificate");
}

/* Judging what is there. */

static bool
has_names(X509 *x, const char *const *names, size_t n)
{
    GENERAL_NAMES *want = general_names(names, n);
    GENERAL_NAMES *have = openssl()->X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
    bool same = have != NULL && sk_GENERAL_NAME_num(have) == sk_GENERAL_NAME_num(want);

    for (int i = 0; same && i < sk_GENERAL_NAME_num(want); i++)
        same = openssl()->GENERAL_NAME_cmp(sk_GENERAL_NAME_value(want, i),
                                           sk_GENERAL_NAME_value(have, i)) == 0;
    openssl()->GENERAL_NAMES_free(want);
    openssl()->GENERAL_NAMES_free(have);
    return same;
}

static bool
lasts(X509 *x, int64_t now_us)
{
    time_t soon = (time_t)(now_us / CLOCK_SECOND) + (time_t)CERTS_RENEW_DAYS * DAY_S;

    return openssl()->X509_cmp_time(openssl()->X509_get0_notAfter(x), &soon) > 0;
}

static int
open_ca(int dirfd, int64_t now_us, struct identity *ca, struct err *e)
{
    int rc = load(dirfd, "ca.crt", "ca.key", ca, e);

    if (rc != 0)
        return rc < 0 ? rc : 0;
    if (make_ca(ca, now_us, e) < 0)
        return e->code;
    return save(dirfd, "ca.crt", "ca.key", ca, e);
}

static int
open_server(int dirfd, const struct identity *ca, const char *const *names, size_t n,
            int64_t now_us, struct identity *server, struct err *e)
{
    int rc = load(dirfd, "server.crt", "server.key", server, e);

    /* This one is ours to make, so a damaged one is made anew. */
    if (rc > 0 && has_names(server->x, names, n) && lasts(server->x, now_us) &&
        openssl()->X509_verify(server->x, ca->key) == 1)
        return 0;
    openssl()->ERR_clear_error();
    identity_done(server);
    if (make_server(server, ca, names, n, now_us, e) < 0)
        return e->code;
    return save(dirfd, "server.crt", "server.key", server, e);
}

int
certs_open(int dirfd, const char *const *names, size_t n, int64_t now_us, struct certs *ret,
           struct err *e)
{
    struct identity ca = {.x = NULL}, server = {.x = NULL};
    int rc = open_ca(dirfd, now_us, &ca, e);

    if (rc == 0)
        rc = open_server(dirfd, &ca, names, n, now_us, &server, e);
    if (rc == 0) {
        *ret = (struct certs){.ca = ca.x_pem, .server = server.x_pem, .key = server.key_pem};
        ca.x_pem = server.x_pem = server.key_pem = BUF_INIT;
    }
    identity_done(&ca);
    identity_done(&server);
    return rc;
}

void
certs_done(struct certs *c)
{
    buf_done(&c->ca);
    buf_done(&c->server);
    buf_done(&c->key);
}
