/* Sprig's encodings: base64 and base32.  What does not decode gives the reason as its text. */
#include "data/base64.h"
#include "data/expr_text.h"
#include "data/sprig.h"

static int
fn_b64enc(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct buf b = expr_buf(c->ctx);

    base64_encode(c->args[0].text, BASE64_STANDARD, &b);
    return expr_return_text(c->ctx, &b, ret, e);
}

static int
fn_b64dec(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct buf b = expr_buf(c->ctx);

    if (!base64_decode_loose(c->args[0].text, &b)) {
        buf_cstr(&b, "illegal base64 data");
    }
    return expr_return_text(c->ctx, &b, ret, e);
}

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

static int
fn_b32enc(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct buf b = expr_buf(c->ctx);
    struct str s = c->args[0].text;
    unsigned bits = 0, held = 0;

    for (size_t i = 0; i < s.n; i++) {
        held = (held << 8 | (unsigned char)s.p[i]) & 0xffff;
        for (bits += 8; bits >= 5; bits -= 5)
            buf_char(&b, alphabet[held >> (bits - 5) & 31]);
    }
    if (bits > 0)
        buf_char(&b, alphabet[held << (5 - bits) & 31]);
    while (b.n % 8 != 0 && !b.overflow)
        buf_char(&b, '=');
    return expr_return_text(c->ctx, &b, ret, e);
}

static bool
decode32(struct buf *b, struct str s)
{
    unsigned bits = 0, held = 0;
    struct str digits = s;

    while (digits.n > 0 && digits.p[digits.n - 1] == '=')
        digits.n--;
    if (s.n % 8 != 0 || s.n - digits.n > 6)
        return false;
    for (size_t i = 0; i < digits.n; i++) {
        const char *at = digits.p[i] != '\0' ? strchr(alphabet, digits.p[i]) : NULL;

        if (at == NULL)
            return false;
        held = (held << 5 | (unsigned)(at - alphabet)) & 0xffff;
        bits += 5;
        if (bits >= 8) {
            bits -= 8;
            buf_char(b, (char)(held >> bits));
        }
    }
    return true;
}

static int
fn_b32dec(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct buf b = expr_buf(c->ctx);

    if (!decode32(&b, c->args[0].text)) {
        buf_clear(&b);
        buf_cstr(&b, "illegal base32 data");
    }
    return expr_return_text(c->ctx, &b, ret, e);
}

const struct expr_func sprig_encoding_funcs[] = {
    {"b64enc", "s", fn_b64enc}, {"b64dec", "s", fn_b64dec}, {"b32enc", "s", fn_b32enc},
    {"b32dec", "s", fn_b32dec}, {NULL, NULL, NULL},
};
