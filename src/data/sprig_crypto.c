/*
 * Sprig's digests and random values.  Rows without a function are known and refused: passwords
 * (bcrypt, htpasswd, derivePassword) take a tenth of a second by design, which nobody may spend in
 * the core; keys and certificates would differ each time an expression is evaluated again;
 * encryptAES and decryptAES go with them; getHostByName asks the network.
 */
#include "base/arena.h"
#include "data/base64.h"
#include "data/expr_eval.h"
#include "data/expr_text.h"
#include "data/openssl.h"
#include "data/sprig.h"

static int
digest(const struct expr_call *c, const EVP_MD *kind, struct expr_value *ret, struct err *e)
{
    unsigned char md[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    struct buf b = expr_buf(c->ctx);
    struct str s = c->args[0].text;

    if (openssl()->EVP_Digest(s.n > 0 ? s.p : "", s.n, md, &n, kind, NULL) != 1)
        return expr_fail(c, e, "the digest is not to be had");
    for (unsigned i = 0; i < n; i++)
        buf_printf(&b, "%02x", md[i]);
    return expr_return_text(c->ctx, &b, ret, e);
}

static int
fn_sha1(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    return digest(c, openssl()->EVP_sha1(), ret, e);
}

static int
fn_sha256(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    return digest(c, openssl()->EVP_sha256(), ret, e);
}

static int
fn_sha512(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    return digest(c, openssl()->EVP_sha512(), ret, e);
}

/* RFC 1950, section 8.2; printed in decimal. */
static int
fn_adler32(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct buf b = expr_buf(c->ctx);
    uint32_t low = 1, high = 0;

    for (size_t i = 0; i < c->args[0].text.n; i++) {
        low = (low + (unsigned char)c->args[0].text.p[i]) % 65521;
        high = (high + low) % 65521;
    }
    buf_printf(&b, "%u", high << 16 | low);
    return expr_return_text(c->ctx, &b, ret, e);
}

enum { RANDOM_MAX = 1024 * 1024 };

/* A random number below n, without preferring any. */
static bool
random_below(uint32_t n, uint32_t *ret)
{
    uint32_t v, fair = UINT32_MAX - UINT32_MAX % n;

    do {
        if (openssl()->RAND_bytes((unsigned char *)&v, sizeof v) != 1)
            return false;
    } while (v >= fair);
    *ret = v % n;
    return true;
}

static int
check_count(const struct expr_call *c, int64_t n, struct err *e)
{
    if (n < 0 || n > RANDOM_MAX)
        return expr_fail(c, e, "%lld random characters are not possible", (long long)n);
    return expr_steps(c->ctx, (size_t)n, e);
}

static int
random_text(const struct expr_call *c, const char *set, struct expr_value *ret, struct err *e)
{
    int64_t n = expr_arg_int(c, 0);
    struct buf b;
    uint32_t at = 0;

    if (check_count(c, n, e) < 0)
        return e->code;
    b = expr_buf(c->ctx);
    for (int64_t i = 0; i < n; i++) {
        if (!random_below((uint32_t)strlen(set), &at)) {
            buf_done(&b);
            return expr_fail(c, e, "no random bytes to be had");
        }
        buf_char(&b, set[at]);
    }
    return expr_return_text(c->ctx, &b, ret, e);
}

#define DIGITS "0123456789"
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define OTHERS " !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"

static int
fn_rand_alpha_num(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    return random_text(c, LETTERS DIGITS, ret, e);
}

static int
fn_rand_alpha(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    return random_text(c, LETTERS, ret, e);
}

static int
fn_rand_numeric(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    return random_text(c, DIGITS, ret, e);
}

static int
fn_rand_ascii(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    return random_text(c, LETTERS DIGITS OTHERS, ret, e);
}

static int
fn_rand_bytes(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    int64_t n = expr_arg_int(c, 0);
    unsigned char *bytes;
    struct buf b;

    if (check_count(c, n, e) < 0 || (bytes = expr_alloc(c->ctx, (size_t)n, e)) == NULL)
        return e->code;
    if (n > 0 && openssl()->RAND_bytes(bytes, (int)n) != 1)
        return expr_fail(c, e, "no random bytes to be had");
    b = expr_buf(c->ctx);
    base64_encode(str_make((const char *)bytes, (size_t)n), BASE64_STANDARD, &b);
    return expr_return_text(c->ctx, &b, ret, e);
}

static int
fn_rand_int(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    int64_t least = expr_arg_int(c, 0), span;
    uint32_t v = 0;

    if (__builtin_sub_overflow(expr_arg_int(c, 1), least, &span) || span < 1 || span > UINT32_MAX)
        return expr_fail(c, e, "no number from %lld to below %lld", (long long)least,
                         (long long)expr_arg_int(c, 1));
    if (!random_below((uint32_t)span, &v))
        return expr_fail(c, e, "no random bytes to be had");
    *ret = expr_int(least + v);
    return 0;
}

static int
fn_shuffle(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct str s = c->args[0].text;
    char *text = expr_alloc(c->ctx, s.n, e);

    if (text == NULL || expr_steps(c->ctx, s.n, e) < 0)
        return e->code;
    for (size_t i = 0; i < s.n; i++) {
        uint32_t at = 0;

        if (i > 0 && !random_below((uint32_t)i + 1, &at))
            return expr_fail(c, e, "no random bytes to be had");
        text[i] = text[at];
        text[at] = s.p[i];
    }
    *ret = expr_string(str_make(text, s.n));
    return 0;
}

/* RFC 9562, version 4. */
static int
fn_uuid(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct buf b = expr_buf(c->ctx);
    unsigned char u[16];

    if (openssl()->RAND_bytes(u, sizeof u) != 1) {
        buf_done(&b);
        return expr_fail(c, e, "no random bytes to be had");
    }
    u[6] = (u[6] & 0x0f) | 0x40;
    u[8] = (u[8] & 0x3f) | 0x80;
    for (int i = 0; i < 16; i++)
        buf_printf(&b, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", u[i]);
    return expr_return_text(c->ctx, &b, ret, e);
}

const struct expr_func sprig_crypto_funcs[] = {
    {"sha1sum", "s", fn_sha1},
    {"sha256sum", "s", fn_sha256},
    {"sha512sum", "s", fn_sha512},
    {"adler32sum", "s", fn_adler32},
    {"randAlphaNum", "i", fn_rand_alpha_num},
    {"randAlpha", "i", fn_rand_alpha},
    {"randNumeric", "i", fn_rand_numeric},
    {"randAscii", "i", fn_rand_ascii},
    {"randBytes", "i", fn_rand_bytes},
    {"randInt", "ii", fn_rand_int},
    {"shuffle", "s", fn_shuffle},
    {"uuidv4", "", fn_uuid},
    {"bcrypt", "|x*", NULL},
    {"htpasswd", "|x*", NULL},
    {"derivePassword", "|x*", NULL},
    {"genPrivateKey", "|x*", NULL},
    {"buildCustomCert", "|x*", NULL},
    {"genCA", "|x*", NULL},
    {"genCAWithKey", "|x*", NULL},
    {"genSelfSignedCert", "|x*", NULL},
    {"genSelfSignedCertWithKey", "|x*", NULL},
    {"genSignedCert", "|x*", NULL},
    {"genSignedCertWithKey", "|x*", NULL},
    {"encryptAES", "|x*", NULL},
    {"decryptAES", "|x*", NULL},
    {"getHostByName", "|x*", NULL},
    {NULL, NULL, NULL},
};
