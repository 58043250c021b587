/*
 * openssl - OpenSSL's functions, had when the first of them is called.
 *
 * Linked as usual, its libraries take more than half of the time that `sluice` needs to begin, for
 * TLS, signatures and digests that most commands never come to.  So they are loaded at the first
 * call, once for all threads, and called through a table:
 *
 *     openssl()->SHA256(p, n, digest)
 *
 * The program is not linked with them: a call by name is an error of the linker.  Where they are
 * missing or cannot be loaded, the program says so and ends, as the dynamic loader would have had
 * it end at its start.  Any thread.
 */
#ifndef DATA_OPENSSL_H
#define DATA_OPENSSL_H

/* The plain functions of sha.h allocate nothing; those of evp.h fetch an implementation first, and
 * OpenSSL 3.0 reads through a null pointer where memory ends meanwhile. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#define OPENSSL_FUNCTIONS(X) \
    X(ASN1_IA5STRING_new) \
    X(ASN1_OCTET_STRING_new) \
    X(ASN1_OCTET_STRING_set) \
    X(ASN1_STRING_set) \
    X(ASN1_TIME_set) \
    X(BIO_ctrl) \
    X(BIO_free) \
    X(BIO_new) \
    X(BIO_new_mem_buf) \
    X(BIO_s_mem) \
    X(BIO_write) \
    X(BN_bin2bn) \
    X(BN_free) \
    X(BN_to_ASN1_INTEGER) \
    X(CRYPTO_memcmp) \
    X(ERR_clear_error) \
    X(ERR_peek_last_error) \
    X(ERR_reason_error_string) \
    X(EVP_Digest) \
    X(EVP_PKEY_Q_keygen) \
    X(EVP_PKEY_free) \
    X(EVP_sha1) \
    X(EVP_sha256) \
    X(EVP_sha512) \
    X(GENERAL_NAMES_free) \
    X(GENERAL_NAME_cmp) \
    X(GENERAL_NAME_new) \
    X(GENERAL_NAME_set0_value) \
    X(HMAC) \
    X(OPENSSL_sk_new_null) \
    X(OPENSSL_sk_num) \
    X(OPENSSL_sk_push) \
    X(OPENSSL_sk_value) \
    X(PEM_read_bio_PrivateKey) \
    X(PEM_read_bio_X509) \
    X(PEM_write_bio_PrivateKey) \
    X(PEM_write_bio_X509) \
    X(RAND_bytes) \
    X(SHA256) \
    X(SHA256_Final) \
    X(SHA256_Init) \
    X(SHA256_Update) \
    X(SSL_CTX_check_private_key) \
    X(SSL_CTX_ctrl) \
    X(SSL_CTX_free) \
    X(SSL_CTX_get_cert_store) \
    X(SSL_CTX_new) \
    X(SSL_CTX_set_alpn_select_cb) \
    X(SSL_CTX_set_options) \
    X(SSL_CTX_set_verify) \
    X(SSL_CTX_use_PrivateKey) \
    X(SSL_CTX_use_certificate) \
    X(SSL_ctrl) \
    X(SSL_do_handshake) \
    X(SSL_free) \
    X(SSL_get0_param) \
    X(SSL_get_error) \
    X(SSL_new) \
    X(SSL_read_ex) \
    X(SSL_select_next_proto) \
    X(SSL_set1_host) \
    X(SSL_set_accept_state) \
    X(SSL_set_bio) \
    X(SSL_set_connect_state) \
    X(SSL_shutdown) \
    X(SSL_write_ex) \
    X(TLS_client_method) \
    X(TLS_server_method) \
    X(X509V3_EXT_conf_nid) \
    X(X509V3_set_ctx) \
    X(X509_EXTENSION_free) \
    X(X509_NAME_add_entry_by_txt) \
    X(X509_STORE_add_cert) \
    X(X509_VERIFY_PARAM_set1_ip_asc) \
    X(X509_add1_ext_i2d) \
    X(X509_add_ext) \
    X(X509_check_private_key) \
    X(X509_cmp_time) \
    X(X509_free) \
    X(X509_get0_notAfter) \
    X(X509_get_ext_d2i) \
    X(X509_get_serialNumber) \
    X(X509_get_subject_name) \
    X(X509_getm_notAfter) \
    X(X509_getm_notBefore) \
    X(X509_new) \
    X(X509_set_issuer_name) \
    X(X509_set_pubkey) \
    X(X509_set_version) \
    X(X509_sign) \
    X(X509_verify)

struct openssl {
#define MEMBER_(name) __typeof__(&name) name;
    OPENSSL_FUNCTIONS(MEMBER_)
#undef MEMBER_
};

const struct openssl *openssl(void);

/* What macros of its headers call by name. */
#ifndef OPENSSL_BY_NAME
#define BIO_ctrl openssl()->BIO_ctrl
#define EVP_PKEY_Q_keygen openssl()->EVP_PKEY_Q_keygen
#define OPENSSL_sk_new_null openssl()->OPENSSL_sk_new_null
#define OPENSSL_sk_num openssl()->OPENSSL_sk_num
#define OPENSSL_sk_push openssl()->OPENSSL_sk_push
#define OPENSSL_sk_value openssl()->OPENSSL_sk_value
#define SSL_CTX_ctrl openssl()->SSL_CTX_ctrl
#endif

#endif
