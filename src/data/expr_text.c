#include "data/expr_text.h"

#include "data/expr_utf8.h"

static bool
in_set(uint32_t c, const struct str *set)
{
    if (set == NULL)
        return expr_utf8_is_space(c);
    for (size_t at = 0; at < set->n;) {
        if (expr_utf8_get(*set, &at) == c)
            return true;
    }
    return false;
}

struct str
expr_text_trim(struct str s, const struct str *set, bool left, bool right)
{
    size_t at = 0, end = s.n;

    while (left && at < s.n) {
        size_t next = at;

        if (!in_set(expr_utf8_get(s, &next), set))
            break;
        at = next;
    }
    while (right && end > at) {
        size_t start = end - 1, next;

        while (start > at && ((unsigned char)s.p[start] & 0xc0) == 0x80 && end - start < 4)
            start--;
        next = start;
        if (!in_set(expr_utf8_get(s, &next), set) || next != end)
            break;
        end = start;
    }
    return str_slice(s, at, end);
}

struct str
expr_text_trim_prefix(struct str s, struct str prefix)
{
    return str_starts(s, prefix) ? str_slice(s, prefix.n, s.n) : s;
}

struct str
expr_text_trim_suffix(struct str s, struct str suffix)
{
    return str_ends(s, suffix) ? str_slice(s, 0, s.n - suffix.n) : s;
}

int
expr_text_change(struct expr_ctx *ctx, struct str s, uint32_t (*change)(uint32_t),
                 struct expr_value *ret, struct err *e)
{
    struct buf b = expr_buf(ctx);

    for (size_t at = 0; at < s.n;)
        expr_utf8_put(&b, change(expr_utf8_get(s, &at)));
    return expr_return_text(ctx, &b, ret, e);
}

/* Where the next piece ends and the one behind it begins. */
static bool
next_piece(struct str s, struct str separator, size_t at, size_t *end, size_t *next)
{
    ptrdiff_t found;

    if (separator.n == 0) {
        *end = at;
        if (at < s.n)
            expr_utf8_get(s, end);
        *next = *end;
        return *end < s.n;
    }
    found = str_find(s, separator, at);
    *end = found < 0 ? s.n : (size_t)found;
    *next = *end + separator.n;
    return found >= 0;
}

static size_t
count_pieces(struct str s, struct str separator, int64_t limit)
{
    size_t n = 1, at = 0, end;

    while ((limit < 0 || n < (size_t)limit) && next_piece(s, separator, at, &end, &at))
        n++;
    return n;
}

int
expr_text_split(struct expr_ctx *ctx, struct str s, struct str separator, int64_t limit, bool keep,
                struct expr_value *ret, struct err *e)
{
    size_t n = limit == 0 || (s.n == 0 && separator.n == 0) ? 0 : count_pieces(s, separator, limit);
    size_t at = 0, end, next;
    struct expr_value *items = expr_items(ctx, n, e);

    if (items == NULL || expr_steps(ctx, n / 16, e) < 0)
        return e->code;
    for (size_t i = 0; i < n; i++) {
        if (i + 1 == n || !next_piece(s, separator, at, &end, &next))
            end = next = s.n;
        items[i] = expr_string(str_slice(s, at, keep ? next : end));
        at = next;
    }
    *ret = expr_array(items, n);
    return 0;
}

int
expr_text_replace(struct expr_ctx *ctx, struct str s, struct str from, struct str to, int64_t limit,
                  struct expr_value *ret, struct err *e)
{
    struct buf b = expr_buf(ctx);
    size_t at = 0;

    for (; limit != 0 && !b.overflow; limit--) {
        ptrdiff_t found = from.n > 0 ? str_find(s, from, at) : (ptrdiff_t)at;

        if (found < 0)
            break;
        buf_str(&b, str_slice(s, at, (size_t)found));
        buf_str(&b, to);
        at = (size_t)found + from.n;
        if (from.n == 0) {
            size_t next = at;

            if (at >= s.n)
                break;
            expr_utf8_get(s, &next);
            buf_str(&b, str_slice(s, at, next));
            at = next;
        }
    }
    buf_str(&b, str_slice(s, at, s.n));
    return expr_return_text(ctx, &b, ret, e);
}

int
expr_text_repeat(const struct expr_call *c, struct str s, int64_t count, struct expr_value *ret,
                 struct err *e)
{
    struct buf b = expr_buf(c->ctx);

    if (count < 0)
        return expr_fail(c, e, "expected positive integer, got %lld", (long long)count);
    for (int64_t i = 0; s.n > 0 && i < count && !b.overflow; i++)
        buf_str(&b, s);
    return expr_return_text(c->ctx, &b, ret, e);
}
