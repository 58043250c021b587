/* Sprig's functions that change how words are written and cut. */
#include "data/expr_text.h"
#include "data/expr_utf8.h"
#include "data/sprig.h"

#define ARG(i) (c->args[i].text)

static bool
is_upper(uint32_t ch)
{
    return expr_utf8_lower(ch) != ch;
}

static bool
is_lower(uint32_t ch)
{
    return expr_utf8_upper(ch) != ch;
}

/* Each word's first letter in capitals; the rest stays. */
static int
fn_title(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct buf b = expr_buf(c->ctx);
    bool begin = true;

    for (size_t at = 0; at < ARG(0).n;) {
        uint32_t ch = expr_utf8_get(ARG(0), &at);

        expr_utf8_put(&b, begin ? expr_utf8_upper(ch) : ch);
        begin = !expr_utf8_is_letter(ch) && !expr_utf8_is_digit(ch) && ch != '_';
    }
    return expr_return_text(c->ctx, &b, ret, e);
}

static int
fn_untitle(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct buf b = expr_buf(c->ctx);
    bool begin = true;

    for (size_t at = 0; at < ARG(0).n;) {
        uint32_t ch = expr_utf8_get(ARG(0), &at);

        expr_utf8_put(&b, begin ? expr_utf8_lower(ch) : ch);
        begin = expr_utf8_is_space(ch);
    }
    return expr_return_text(c->ctx, &b, ret, e);
}

static int
fn_swapcase(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct buf b = expr_buf(c->ctx);

    for (size_t at = 0; at < ARG(0).n;) {
        uint32_t ch = expr_utf8_get(ARG(0), &at);

        expr_utf8_put(&b, is_upper(ch) ? expr_utf8_lower(ch) : expr_utf8_upper(ch));
    }
    return expr_return_text(c->ctx, &b, ret, e);
}

static int
fn_nospace(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct buf b = expr_buf(c->ctx);

    for (size_t at = 0; at < ARG(0).n;) {
        uint32_t ch = expr_utf8_get(ARG(0), &at);

        if (!expr_utf8_is_space(ch))
            expr_utf8_put(&b, ch);
    }
    return expr_return_text(c->ctx, &b, ret, e);
}

static int
fn_initials(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct buf b = expr_buf(c->ctx);
    bool begin = true;

    for (size_t at = 0; at < ARG(0).n;) {
        uint32_t ch = expr_utf8_get(ARG(0), &at);

        if (begin && !expr_utf8_is_space(ch))
            expr_utf8_put(&b, ch);
        begin = expr_utf8_is_space(ch);
    }
    return expr_return_text(c->ctx, &b, ret, e);
}

static bool
is_gap(uint32_t ch)
{
    return ch == '_' || ch == '-' || expr_utf8_is_space(ch);
}

/* The first character at or behind `at` that is no digit; 0 at the end. */
static uint32_t
behind_digits(struct str s, size_t at)
{
    uint32_t ch = '0';

    while (expr_utf8_is_digit(ch))
        ch = at < s.n ? expr_utf8_get(s, &at) : 0;
    return ch;
}

/* Words joined by `joint`, in small letters: a capital begins a word behind a small letter or a
 * digit, and so does the last of several capitals before a small letter, and a number before one.
 */
static int
joined(const struct expr_call *c, char joint, struct expr_value *ret, struct err *e)
{
    struct buf b = expr_buf(c->ctx);
    struct str s = ARG(0);
    uint32_t before = joint;
    bool numbered = false; /* this word began with a number */

    for (size_t at = 0; at < s.n;) {
        size_t ahead = at;
        uint32_t ch = expr_utf8_get(s, &at), after = 0;
        bool begins;

        ahead = at;
        if (ahead < s.n)
            after = expr_utf8_get(s, &ahead);
        begins = is_upper(ch) && (is_lower(before) || expr_utf8_is_digit(before) ||
                                  (is_upper(before) && is_lower(after)));
        if (expr_utf8_is_digit(ch) && expr_utf8_is_letter(before) && !numbered)
            begins = numbered = is_lower(behind_digits(s, at));
        if (is_gap(ch) || is_upper(ch))
            numbered = false;
        if (begins)
            buf_char(&b, joint);
        if (is_gap(ch))
            buf_char(&b, joint);
        else
            expr_utf8_put(&b, expr_utf8_lower(ch));
        before = ch;
    }
    return expr_return_text(c->ctx, &b, ret, e);
}

static int
fn_snakecase(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    return joined(c, '_', ret, e);
}

static int
fn_kebabcase(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    return joined(c, '-', ret, e);
}

/* some_words to SomeWords; gaps at either end stay. */
static int
fn_camelcase(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct buf b = expr_buf(c->ctx);
    struct str s = ARG(0);
    size_t first = 0, last = s.n;
    bool begin = true;

    while (first < s.n && is_gap((unsigned char)s.p[first]))
        first++;
    while (last > first && is_gap((unsigned char)s.p[last - 1]))
        last--;
    buf_str(&b, str_slice(s, 0, first));
    for (size_t at = first; at < last;) {
        uint32_t ch = expr_utf8_get(s, &at);

        if (!is_gap(ch))
            expr_utf8_put(&b, begin ? expr_utf8_upper(ch) : expr_utf8_lower(ch));
        begin = is_gap(ch);
    }
    buf_str(&b, str_slice(s, last, s.n));
    return expr_return_text(c->ctx, &b, ret, e);
}

/* Counts bytes, as upstream's does. */
static int
fn_abbrev(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct buf b = expr_buf(c->ctx);
    int64_t width = expr_arg_int(c, 0);
    struct str s = ARG(1);

    if (width < 4 || (int64_t)s.n <= width) {
        buf_str(&b, s);
    } else {
        buf_str(&b, str_slice(s, 0, (size_t)width - 3));
        buf_cstr(&b, "...");
    }
    return expr_return_text(c->ctx, &b, ret, e);
}

/* At most `right` bytes of s from `left` on, with dots where something is left out. */
static int
fn_abbrevboth(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct buf b = expr_buf(c->ctx);
    int64_t left = expr_arg_int(c, 0), right = expr_arg_int(c, 1), size = (int64_t)ARG(2).n;
    struct str s = ARG(2);

    if (right < 4 || (left > 0 && right < 7) || size <= right) {
        buf_str(&b, s);
        return expr_return_text(c->ctx, &b, ret, e);
    }
    left = left > size ? size : left;
    if (size - left < right - 3)
        left = size - (right - 3);
    if (left <= 4) {
        buf_str(&b, str_slice(s, 0, (size_t)right - 3));
        buf_cstr(&b, "...");
    } else if (left + right - 3 < size) {
        buf_cstr(&b, "...");
        buf_str(&b, str_slice(s, (size_t)left, (size_t)(left + right - 6)));
        buf_cstr(&b, "...");
    } else {
        buf_cstr(&b, "...");
        buf_str(&b, str_slice(s, (size_t)(size - (right - 3)), s.n));
    }
    return expr_return_text(c->ctx, &b, ret, e);
}

/* Lines of at most `width` bytes, broken at blanks; longer words are cut if `cut`. */
static void
wrap(struct buf *b, struct str s, size_t width, struct str separator, bool cut)
{
    size_t at = 0;

    while (s.n - at > width) {
        size_t end = at + width;

        if (s.p[at] == ' ') {
            at++;
            continue;
        }
        while (end > at && s.p[end] != ' ')
            end--;
        if (end == at) {
            ptrdiff_t next = str_find_char(s, ' ', at + width);

            end = cut ? at + width : next < 0 ? s.n : (size_t)next;
        }
        buf_str(b, str_slice(s, at, end));
        if (end >= s.n)
            return;
        buf_str(b, separator);
        at = end + (s.p[end] == ' ');
    }
    buf_str(b, str_slice(s, at, s.n));
}

static int
fn_wrap(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct buf b = expr_buf(c->ctx);
    int64_t width = expr_arg_int(c, 0);
    bool with = c->name[4] != '\0';

    wrap(&b, ARG(with ? 2 : 1), width < 1 ? 1 : (size_t)width, with ? ARG(1) : STR("\n"), with);
    return expr_return_text(c->ctx, &b, ret, e);
}

const struct expr_func sprig_case_funcs[] = {
    {"title", "s", fn_title},
    {"untitle", "s", fn_untitle},
    {"swapcase", "s", fn_swapcase},
    {"nospace", "s", fn_nospace},
    {"initials", "s", fn_initials},
    {"snakecase", "s", fn_snakecase},
    {"kebabcase", "s", fn_kebabcase},
    {"camelcase", "s", fn_camelcase},
    {"abbrev", "is", fn_abbrev},
    {"abbrevboth", "iis", fn_abbrevboth},
    {"wrap", "is", fn_wrap},
    {"wrapWith", "iss", fn_wrap},
    {NULL, NULL, NULL},
};
