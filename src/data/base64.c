#include "data/base64.h"

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

static const char standard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void
base64_encode(struct str bytes, enum base64_alphabet alphabet, struct buf *to)
{
    const char *digits = alphabet == BASE64_STANDARD ? standard : url;
    const unsigned char *p = (const unsigned char *)bytes.p;

    for (size_t i = 0; i < bytes.n && !to->overflow; i += 3) {
        size_t left = bytes.n - i < 3 ? bytes.n - i : 3;
        uint32_t group = (uint32_t)p[i] << 16;
        char out[4];

        if (left > 1)
            group |= (uint32_t)p[i + 1] << 8;
        if (left > 2)
            group |= p[i + 2];
        for (size_t j = 0; j < 4; j++)
            out[j] = j <= left ? digits[group >> (18 - 6 * j) & 63] : '=';
        buf_add(to, out, alphabet == BASE64_URL_NO_PAD ? left + 1 : 4);
    }
}

static int
value_of(char c, enum base64_alphabet alphabet)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == (alphabet == BASE64_STANDARD ? '+' : '-'))
        return 62;
    if (c == (alphabet == BASE64_STANDARD ? '/' : '_'))
        return 63;
    return -1;
}

/* Up to four digits; returns false if bits that no byte holds are set. */
static bool
put_group(uint32_t group, size_t digits, struct buf *to)
{
    size_t bytes = digits * 6 / 8;

    group <<= 6 * (4 - digits);
    for (size_t i = 0; i < bytes; i++)
        buf_char(to, (char)(group >> (16 - 8 * i)));
    return (group & ((1u << (24 - 8 * bytes)) - 1)) == 0;
}

static int
decode_digits(struct str text, enum base64_alphabet alphabet, struct buf *to, struct err *e)
{
    uint32_t group = 0;
    size_t digits = 0;

    for (size_t i = 0; i < text.n; i++) {
        int value = value_of(text.p[i], alphabet);

        if (value < 0)
            return err_set(e, ERR_BADREQUEST, "byte %zu (0x%02x) is not base64", i + 1,
                           (unsigned char)text.p[i]);
        group = group << 6 | (uint32_t)value;
        if (++digits == 4) {
            put_group(group, 4, to);
            group = 0;
            digits = 0;
        }
    }
    if (digits == 1 || (digits != 0 && !put_group(group, digits, to)))
        return err_set(e, ERR_BADREQUEST, "base64 of %zu bytes ends within a byte", text.n);
    return 0;
}

int
base64_decode(struct str text, enum base64_alphabet alphabet, struct buf *to, struct err *e)
{
    size_t before = to->n;

    if (alphabet != BASE64_URL_NO_PAD) {
        if (text.n % 4 != 0)
            return err_set(e, ERR_BADREQUEST,
                           "%zu bytes of base64 are not a multiple of 4, which padding makes them",
                           text.n);
        for (int i = 0; i < 2 && text.n != 0 && text.p[text.n - 1] == '='; i++)
            text.n--;
    }
    if (decode_digits(text, alphabet, to, e) < 0) {
        buf_cut(to, before);
        return e->code;
    }
    return 0;
}

bool
base64_decode_loose(struct str text, struct buf *to)
{
    uint32_t group = 0;
    size_t digits = 0, padding = 0, before = to->n;
    bool good = true;

    for (size_t i = 0; good && i < text.n; i++) {
        int value = value_of(text.p[i], BASE64_STANDARD);

        if (text.p[i] == '\n' || text.p[i] == '\r')
            continue;
        if (text.p[i] == '=')
            padding++;
        good = padding <= 2 && (text.p[i] == '=' || (value >= 0 && padding == 0));
        group = group << 6 | (value >= 0 ? (uint32_t)value : 0);
        if (++digits % 4 == 0 && good) {
            put_group(group >> 6 * padding, 4 - padding, to);
            group = 0;
        }
    }
    if (good && digits % 4 == 0)
        return true;
    buf_cut(to, before);
    return false;
}
