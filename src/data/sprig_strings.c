/* Sprig's functions over strings.  The string is mostly the last argument, for pipes. */
#include <stdio.h>

#include "base/arena.h"
#include "data/expr_text.h"
#include "data/expr_utf8.h"
#include "data/sprig.h"

#define ARG(i) (c->args[i].text)

static int
fn_trim(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    (void)e;
    *ret = expr_string(expr_text_trim(ARG(0), NULL, true, true));
    return 0;
}

static int
fn_trim_all(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    (void)e;
    *ret = expr_string(expr_text_trim(ARG(1), &ARG(0), true, true));
    return 0;
}

static int
fn_trim_prefix(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    (void)e;
    *ret = expr_string(expr_text_trim_prefix(ARG(1), ARG(0)));
    return 0;
}

static int
fn_trim_suffix(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    (void)e;
    *ret = expr_string(expr_text_trim_suffix(ARG(1), ARG(0)));
    return 0;
}

static int
fn_upper(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    return expr_text_change(c->ctx, ARG(0), expr_utf8_upper, ret, e);
}

static int
fn_lower(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    return expr_text_change(c->ctx, ARG(0), expr_utf8_lower, ret, e);
}

static int
fn_repeat(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    return expr_text_repeat(c, ARG(1), expr_arg_int(c, 0), ret, e);
}

/* The first n bytes, or the last -n; a string that is shorter stays. */
static int
fn_trunc(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    int64_t n = expr_arg_int(c, 0), size = (int64_t)ARG(1).n;

    (void)e;
    *ret = c->args[1];
    if (n < 0 && size + n > 0)
        *ret = expr_string(str_slice(ARG(1), (size_t)(size + n), ARG(1).n));
    else if (n >= 0 && size > n)
        *ret = expr_string(str_slice(ARG(1), 0, (size_t)n));
    return 0;
}

static int
fn_substr(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    int64_t from = expr_arg_int(c, 0), to = expr_arg_int(c, 1), size = (int64_t)ARG(2).n;

    if (from < 0)
        from = 0;
    else if (to < 0 || to > size)
        to = size;
    if (to < from || to > size)
        return expr_fail(c, e, "slice bounds out of range [%lld:%lld] of %lld bytes",
                         (long long)from, (long long)to, (long long)size);
    *ret = expr_string(str_slice(ARG(2), (size_t)from, (size_t)to));
    return 0;
}

static int
fn_contains(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    (void)e;
    *ret = expr_bool(ARG(0).n == 0 || str_find(ARG(1), ARG(0), 0) >= 0);
    return 0;
}

static int
fn_has_prefix(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    (void)e;
    *ret = expr_bool(str_starts(ARG(1), ARG(0)));
    return 0;
}

static int
fn_has_suffix(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    (void)e;
    *ret = expr_bool(str_ends(ARG(1), ARG(0)));
    return 0;
}

static int
fn_replace(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    return expr_text_replace(c->ctx, ARG(2), ARG(0), ARG(1), -1, ret, e);
}

/* A Go string literal. */
static void
write_quoted(struct buf *b, struct str s)
{
    static const char letters[] = {['\a'] = 'a', ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n',
                                   ['\v'] = 'v', ['\f'] = 'f', ['\r'] = 'r'};

    buf_char(b, '"');
    for (size_t at = 0; at < s.n;) {
        size_t start = at;
        uint32_t ch = expr_utf8_get(s, &at);

        if (ch == '"' || ch == '\\')
            buf_printf(b, "\\%c", (char)ch);
        else if (ch < sizeof letters && letters[ch] != 0)
            buf_printf(b, "\\%c", letters[ch]);
        else if (ch < 0x20 || ch == 0x7f)
            buf_printf(b, "\\x%02x", (unsigned)ch);
        else if (ch == EXPR_BAD_CHAR && at - start == 1)
            buf_printf(b, "\\x%02x", (unsigned char)s.p[start]);
        else
            buf_str(b, str_slice(s, start, at));
    }
    buf_char(b, '"');
}

static int
fn_quote(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct buf b = expr_buf(c->ctx);
    bool single = c->name[0] == 's';

    for (unsigned i = 0; i < c->n; i++) {
        cleanup_buf struct buf text = expr_buf(c->ctx);

        if (c->args[i].type == EXPR_NIL)
            continue;
        if (b.n > 0)
            buf_char(&b, ' ');
        sprig_write_text(&text, c->args[i]);
        if (single)
            buf_printf(&b, "'%.*s'", STR_ARG(buf_view(&text)));
        else
            write_quoted(&b, buf_view(&text));
    }
    return expr_return_text(c->ctx, &b, ret, e);
}

static int
fn_cat(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct buf b = expr_buf(c->ctx);

    for (unsigned i = 0; i < c->n; i++) {
        if (c->args[i].type == EXPR_NIL)
            continue;
        if (b.n > 0)
            buf_char(&b, ' ');
        expr_write_plain(&b, c->args[i]);
    }
    return expr_return_text(c->ctx, &b, ret, e);
}

static int
fn_indent(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct buf b = expr_buf(c->ctx);
    int64_t n = expr_arg_int(c, 0);

    if (n < 0 || n > 10000)
        return expr_fail(c, e, "%lld spaces are not possible", (long long)n);
    if (c->name[0] == 'n')
        buf_char(&b, '\n');
    buf_fill(&b, ' ', (size_t)n);
    for (size_t i = 0; i < ARG(1).n && !b.overflow; i++) {
        buf_char(&b, ARG(1).p[i]);
        if (ARG(1).p[i] == '\n')
            buf_fill(&b, ' ', (size_t)n);
    }
    return expr_return_text(c->ctx, &b, ret, e);
}

static int
fn_plural(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    (void)e;
    *ret = expr_arg_int(c, 2) == 1 ? c->args[0] : c->args[1];
    return 0;
}

static int
fn_to_string(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct buf b = expr_buf(c->ctx);

    sprig_write_text(&b, c->args[0]);
    return expr_return_text(c->ctx, &b, ret, e);
}

static int
fn_split_list(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    return expr_text_split(c->ctx, ARG(1), ARG(0), -1, false, ret, e);
}

/* {"_0": ..., "_1": ...} */
static int
numbered(const struct expr_call *c, struct expr_value parts, struct expr_value *ret, struct err *e)
{
    struct expr_entry *entries = expr_alloc(c->ctx, parts.n * sizeof *entries, e);

    if (entries == NULL)
        return e->code;
    for (uint32_t i = 0; i < parts.n; i++) {
        char *key = expr_alloc(c->ctx, 12, e);

        if (key == NULL)
            return e->code;
        snprintf(key, 12, "_%u", i);
        entries[i] = (struct expr_entry){.key = str_of(key), .value = parts.items[i]};
    }
    return expr_return_map(c->ctx, entries, parts.n, ret, e);
}

static int
fn_split(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct expr_value parts;

    if (expr_text_split(c->ctx, ARG(1), ARG(0), -1, false, &parts, e) < 0)
        return e->code;
    return numbered(c, parts, ret, e);
}

static int
fn_splitn(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct expr_value parts;

    if (expr_text_split(c->ctx, ARG(2), ARG(0), expr_arg_int(c, 1), false, &parts, e) < 0)
        return e->code;
    return numbered(c, parts, ret, e);
}

static int
fn_hello(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    (void)c;
    (void)e;
    *ret = expr_string(STR("Hello!"));
    return 0;
}

const struct expr_func sprig_strings_funcs[] = {
    {"hello", "", fn_hello},
    {"trim", "s", fn_trim},
    {"trimAll", "ss", fn_trim_all},
    {"trimall", "ss", fn_trim_all},
    {"trimPrefix", "ss", fn_trim_prefix},
    {"trimSuffix", "ss", fn_trim_suffix},
    {"upper", "s", fn_upper},
    {"lower", "s", fn_lower},
    {"repeat", "is", fn_repeat},
    {"trunc", "is", fn_trunc},
    {"substr", "iis", fn_substr},
    {"contains", "ss", fn_contains},
    {"hasPrefix", "ss", fn_has_prefix},
    {"hasSuffix", "ss", fn_has_suffix},
    {"replace", "sss", fn_replace},
    {"quote", "|x*", fn_quote},
    {"squote", "|x*", fn_quote},
    {"cat", "|x*", fn_cat},
    {"indent", "is", fn_indent},
    {"nindent", "is", fn_indent},
    {"plural", "ssi", fn_plural},
    {"toString", "x", fn_to_string},
    {"split", "ss", fn_split},
    {"splitn", "sis", fn_splitn},
    {"splitList", "ss", fn_split_list},
    {NULL, NULL, NULL},
};
