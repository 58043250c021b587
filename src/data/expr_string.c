/* The language's functions over strings. */
#include "data/expr_text.h"
#include "data/expr_utf8.h"

static int
fn_trim(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    (void)e;
    *ret = expr_string(
        expr_text_trim(c->args[0].text, c->n > 1 ? &c->args[1].text : NULL, true, true));
    return 0;
}

static int
fn_trim_prefix(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    (void)e;
    *ret =
        expr_string(expr_text_trim_prefix(c->args[0].text, c->n > 1 ? c->args[1].text : STR(" ")));
    return 0;
}

static int
fn_trim_suffix(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    (void)e;
    *ret =
        expr_string(expr_text_trim_suffix(c->args[0].text, c->n > 1 ? c->args[1].text : STR(" ")));
    return 0;
}

static int
fn_upper(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    return expr_text_change(c->ctx, c->args[0].text, expr_utf8_upper, ret, e);
}

static int
fn_lower(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    return expr_text_change(c->ctx, c->args[0].text, expr_utf8_lower, ret, e);
}

static int
fn_split(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    return expr_text_split(c->ctx, c->args[0].text, c->args[1].text,
                           c->n > 2 ? expr_arg_int(c, 2) : -1, c->name[5] != '\0', ret, e);
}

static int
fn_replace(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    return expr_text_replace(c->ctx, c->args[0].text, c->args[1].text, c->args[2].text,
                             c->n > 3 ? expr_arg_int(c, 3) : -1, ret, e);
}

static int
fn_repeat(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    return expr_text_repeat(c, c->args[0].text, expr_arg_int(c, 1), ret, e);
}

static int
fn_index_of(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    (void)e;
    *ret = expr_int(c->args[1].text.n == 0 ? 0 : str_find(c->args[0].text, c->args[1].text, 0));
    return 0;
}

static int
fn_last_index_of(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct str s = c->args[0].text, part = c->args[1].text;

    (void)e;
    *ret = expr_int(-1);
    for (size_t at = s.n + 1; at-- > 0;) {
        if (str_starts(str_slice(s, at, s.n), part)) {
            *ret = expr_int((int64_t)at);
            break;
        }
    }
    return 0;
}

static int
fn_has_prefix(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    (void)e;
    *ret = expr_bool(str_starts(c->args[0].text, c->args[1].text));
    return 0;
}

static int
fn_has_suffix(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    (void)e;
    *ret = expr_bool(str_ends(c->args[0].text, c->args[1].text));
    return 0;
}

const struct expr_func expr_string_funcs[] = {
    {"trim", "s|s", fn_trim},
    {"trimPrefix", "s|s", fn_trim_prefix},
    {"trimSuffix", "s|s", fn_trim_suffix},
    {"upper", "s", fn_upper},
    {"lower", "s", fn_lower},
    {"split", "ss|i", fn_split},
    {"splitAfter", "ss|i", fn_split},
    {"replace", "sss|i", fn_replace},
    {"repeat", "si", fn_repeat},
    {"indexOf", "ss", fn_index_of},
    {"lastIndexOf", "ss", fn_last_index_of},
    {"hasPrefix", "ss", fn_has_prefix},
    {"hasSuffix", "ss", fn_has_suffix},
    {NULL, NULL, NULL},
};
