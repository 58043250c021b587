/*
 * json_parse_string - strings from text, decoded and checked.
 *
 * Most strings are short and plain: 16 bytes are copied at once and looked at
 * meanwhile.  Escapes and characters beyond ASCII are taken one by one.
 */
#include <string.h>

#include "base/err.h"
#include "base/utf8.h"
#include "data/json_parse_int.h"
#include "data/json_plain.h"

static const char *
read_hex(struct json_parser *ps, const char *p, uint32_t *ret)
{
    uint32_t rune = 0;

    for (int i = 0; i < 4; i++, p++) {
        char c = p < ps->end ? *p : ' ';
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;

        if (digit < 0)
            return json_parse_expected(ps, p, "four hexadecimal digits after \\u");
        rune = rune << 4 | (uint32_t)digit;
    }
    *ret = rune;
    return p;
}

/* p is behind "\u". */
static const char *
read_unicode(struct json_parser *ps, const char *p, uint32_t *ret)
{
    const char *start = p - 2;
    uint32_t low;

    p = read_hex(ps, p, ret);
    if (p == NULL || *ret < 0xd800 || *ret > 0xdfff)
        return p;
    if (*ret < 0xdc00 && ps->end - p >= 6 && p[0] == '\\' && p[1] == 'u') {
        p = read_hex(ps, p + 2, &low);
        if (p == NULL)
            return NULL;
        if (low >= 0xdc00 && low <= 0xdfff) {
            *ret = 0x10000 + ((*ret - 0xd800) << 10) + (low - 0xdc00);
            return p;
        }
    }
    return json_parse_fail(ps, ERR_BADREQUEST, start, "lone surrogate \\u%04x in a string", *ret);
}

/* p is at a backslash. */
static const char *
read_escape(struct json_parser *ps, const char *p, char **out)
{
    static const char plain[128] = {['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
                                    ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t'};
    uint32_t rune;
    unsigned char c;

    if (ps->end - p < 2)
        return json_parse_expected(ps, ps->end, "an escape");
    c = (unsigned char)p[1];
    if (c == 'u') {
        p = read_unicode(ps, p + 2, &rune);
        if (p != NULL)
            *out += utf8_put(*out, rune);
        return p;
    }
    if (c >= 128 || plain[c] == 0)
        return json_parse_expected(ps, p + 1, "one of \"\\/bfnrtu after a backslash");
    *(*out)++ = plain[c];
    return p + 2;
}

/* p is at a byte above 0x7f: takes the run of such bytes. */
static const char *
read_wide(struct json_parser *ps, const char *p, char **out)
{
    while (p < ps->end && (unsigned char)*p >= 0x80) {
        size_t n = utf8_length(p, ps->end);

        if (n == 0)
            return json_parse_fail(ps, ERR_BADREQUEST, p, "byte 0x%02x in a string is not UTF-8",
                                   (unsigned char)*p);
        memcpy(*out, p, n);
        *out += n;
        p += n;
    }
    return p;
}

const char *
json_parse_string(struct json_parser *ps, const char *p)
{
    struct json *v = json_parse_push(ps, JSON_STRING, p);
    char *out = ps->out;

    if (v == NULL)
        return NULL;
    v->plain = 1;
    v->a = (uint32_t)(out - ps->out_start);
    for (p = json_copy_plain(p + 1, ps->end, &out); p == ps->end || *p != '"';
         p = json_copy_plain(p, ps->end, &out)) {
        if (p == ps->end)
            return json_parse_expected(ps, p, "'\"' at the end of a string");
        if (*p == '\\') {
            v->plain = 0;
            p = read_escape(ps, p, &out);
        } else if ((unsigned char)*p >= 0x80) {
            p = read_wide(ps, p, &out);
        } else {
            return json_parse_fail(
                ps, ERR_BADREQUEST, p,
                "control byte 0x%02x in a string, which must be written as an escape",
                (unsigned char)*p);
        }
        if (p == NULL)
            return NULL;
    }
    v->b = (uint32_t)(out - ps->out_start) - v->a;
    *out++ = '\0';
    ps->out = out;
    return p + 1;
}
