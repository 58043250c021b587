#include "data/expr_utf8.h"

#include "base/buf.h"

uint32_t
expr_utf8_get(struct str s, size_t *at)
{
    const unsigned char *p = (const unsigned char *)s.p + *at;
    size_t left = s.n - *at, more;
    uint32_t c = p[0], least;

    (*at)++;
    if (c < 0x80)
        return c;
    if (c >= 0xc2 && c < 0xe0) {
        c &= 0x1f, more = 1, least = 0x80;
    } else if (c >= 0xe0 && c < 0xf0) {
        c &= 0x0f, more = 2, least = 0x800;
    } else if (c >= 0xf0 && c < 0xf5) {
        c &= 0x07, more = 3, least = 0x10000;
    } else {
        return EXPR_BAD_CHAR;
    }
    if (left <= more)
        return EXPR_BAD_CHAR;
    for (size_t i = 1; i <= more; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return EXPR_BAD_CHAR;
        c = c << 6 | (p[i] & 0x3f);
    }
    if (c < least || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
        return EXPR_BAD_CHAR;
    *at += more;
    return c;
}

void
expr_utf8_put(struct buf *b, uint32_t c)
{
    if (c < 0x80) {
        buf_char(b, (char)c);
    } else if (c < 0x800) {
        buf_char(b, (char)(0xc0 | c >> 6));
        buf_char(b, (char)(0x80 | (c & 0x3f)));
    } else if (c < 0x10000) {
        buf_char(b, (char)(0xe0 | c >> 12));
        buf_char(b, (char)(0x80 | (c >> 6 & 0x3f)));
        buf_char(b, (char)(0x80 | (c & 0x3f)));
    } else {
        buf_char(b, (char)(0xf0 | c >> 18));
        buf_char(b, (char)(0x80 | (c >> 12 & 0x3f)));
        buf_char(b, (char)(0x80 | (c >> 6 & 0x3f)));
        buf_char(b, (char)(0x80 | (c & 0x3f)));
    }
}

size_t
expr_utf8_count(struct str s)
{
    size_t n = 0;

    for (size_t at = 0; at < s.n; n++)
        expr_utf8_get(s, &at);
    return n;
}

/* Blocks in which upper and lower case lie a fixed distance apart, or alternate. */
static const struct {
    uint32_t first, last; /* of the upper case letters */
    uint32_t distance;    /* to lower case; 1: even ones upper, 2: odd ones upper */
} cases[] = {
    {'A', 'Z', 32},      {0xc0, 0xd6, 32},   {0xd8, 0xde, 32},   {0x100, 0x12e, 1},
    {0x132, 0x136, 1},   {0x139, 0x147, 2},  {0x14a, 0x176, 1},  {0x179, 0x17d, 2},
    {0x1de, 0x1ee, 1},   {0x1f8, 0x21e, 1},  {0x222, 0x232, 1},  {0x391, 0x3a1, 32},
    {0x3a3, 0x3ab, 32},  {0x400, 0x40f, 80}, {0x410, 0x42f, 32}, {0x460, 0x480, 1},
    {0x48a, 0x4be, 1},   {0x4d0, 0x52e, 1},  {0x531, 0x556, 48}, {0x1e00, 0x1e94, 1},
    {0x1ea0, 0x1efe, 1},
};

uint32_t
expr_utf8_lower(uint32_t c)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0] && c >= cases[i].first; i++) {
        if (c > cases[i].last)
            continue;
        if (cases[i].distance > 2)
            return c + cases[i].distance;
        return (c & 1) == cases[i].distance - 1 ? c + 1 : c;
    }
    return c == 0x178 ? 0xff : c;
}

uint32_t
expr_utf8_upper(uint32_t c)
{
    if (c == 0xb5)
        return 0x39c;
    if (c == 0xff)
        return 0x178;
    if (c == 0x3c2)
        return 0x3a3;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint32_t d = cases[i].distance > 2 ? cases[i].distance : 1;

        if (c < cases[i].first + d || c > cases[i].last + d)
            continue;
        if (cases[i].distance > 2)
            return c - d;
        if ((c & 1) != cases[i].distance - 1)
            return c - 1;
    }
    return c;
}

bool
expr_utf8_is_letter(uint32_t c)
{
    if (c < 0x80)
        return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
    if (c < 0xc0)
        return c == 0xaa || c == 0xb5 || c == 0xba;
    /* Above Latin-1 we take everything that is not known as punctuation, space or symbol. */
    return c != 0xd7 && c != 0xf7 && !(c >= 0x2000 && c < 0x2c00) && !(c >= 0x3000 && c < 0x3005) &&
           c != EXPR_BAD_CHAR;
}

bool
expr_utf8_is_space(uint32_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || c == 0x85 || c == 0xa0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
           c == 0x205f || c == 0x3000;
}
