/* Conversions between types, JSON, base64, and what Argo adds to the language. */
#include <math.h>

#include "base/arena.h"
#include "data/base64.h"
#include "data/expr_eval.h"
#include "data/expr_func.h"
#include "data/expr_jsonpath.h"
#include "data/expr_text.h"
#include "data/expr_utf8.h"
#include "data/json.h"

static int
fn_len(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct expr_value v = c->args[0];

    switch (v.type) {
    case EXPR_STRING:
        *ret = expr_int((int64_t)expr_utf8_count(v.text));
        return 0;
    case EXPR_ARRAY:
        *ret = expr_int(v.n);
        return 0;
    case EXPR_MAP:
        *ret = expr_int((int64_t)v.map->n);
        return 0;
    default:
        return err_set(e, ERR_INVALID, "invalid argument for len (type %s)",
                       expr_type_name(v.type));
    }
}

static int
fn_type(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    (void)e;
    *ret = expr_string(str_of(expr_type_name(c->args[0].type)));
    return 0;
}

static int
cannot(const struct expr_call *c, struct err *e)
{
    struct expr_value v = c->args[0];

    if (v.type == EXPR_STRING)
        return err_set(e, ERR_INVALID, "invalid operation: %s(%.*s)", c->name,
                       STR_ARG(str_slice(v.text, 0, 100)));
    return err_set(e, ERR_INVALID, "invalid operation: %s(%s)", c->name, expr_type_name(v.type));
}

static int
fn_int(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct expr_value v = c->args[0];
    struct str s = v.text;
    int64_t i;

    switch (v.type) {
    case EXPR_INT:
    case EXPR_DURATION:
        *ret = expr_int(v.integer);
        return 0;
    case EXPR_FLOAT:
        /* Go leaves what does not fit to the machine: the smallest integer, on the usual one. */
        *ret = expr_int(fabs(v.number) < 9.2233720368547758e18 ? (int64_t)v.number : INT64_MIN);
        return 0;
    case EXPR_STRING:
        if (s.n > 1 && s.p[0] == '+')
            s = str_slice(s, 1, s.n);
        if (s.n == 0 || s.p[0] == '+' || (s.p != v.text.p && s.p[0] == '-') || !str_to_int(s, &i))
            return cannot(c, e);
        *ret = expr_int(i);
        return 0;
    default:
        return cannot(c, e);
    }
}

static int
fn_float(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct expr_value v = c->args[0];
    double d;

    if (expr_is_number(v)) {
        *ret = expr_float(expr_as_double(v));
        return 0;
    }
    if (v.type != EXPR_STRING || !expr_text_to_float(v.text, &d))
        return cannot(c, e);
    *ret = expr_float(d);
    return 0;
}

static int
fn_string(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct buf b = expr_buf(c->ctx);

    if (c->args[0].type == EXPR_STRING) {
        *ret = c->args[0];
        return 0;
    }
    expr_write_plain(&b, c->args[0]);
    return expr_return_text(c->ctx, &b, ret, e);
}

static int
write_json(const struct expr_call *c, const char *indent, struct expr_value *ret, struct err *e)
{
    struct buf b = expr_buf(c->ctx);

    expr_write_json(&b, c->args[0], indent, false);
    return expr_return_text(c->ctx, &b, ret, e);
}

static int
fn_to_json_pretty(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    return write_json(c, "  ", ret, e);
}

static int
fn_to_json(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    return write_json(c, NULL, ret, e);
}

/* JSON text as a value; what it may need is charged before it is made. */
static int
parse_json(const struct expr_call *c, struct str text, struct expr_value *ret, struct err *e)
{
    struct json_limits limits = {.bytes = c->ctx->limits->memory / 64,
                                 .depth = EXPR_MAX_VALUE_DEPTH};
    cleanup_json struct json_doc *doc = NULL;

    if (json_parse(text, &limits, &doc, e) < 0)
        return err_wrap(e, "%s", c->name);
    if (expr_alloc(c->ctx, 0, e) == NULL ||
        json_doc_bytes(doc) > c->ctx->limits->memory - c->ctx->memory)
        return err_set(e, ERR_TOOLARGE, "memory budget exceeded: an evaluation may use %zu bytes",
                       c->ctx->limits->memory);
    c->ctx->memory += json_doc_bytes(doc);
    *ret = expr_from_json(c->ctx->arena, json_root(doc));
    return expr_steps(c->ctx, text.n / 16, e);
}

static int
fn_from_json(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    return parse_json(c, c->args[0].text, ret, e);
}

static int
fn_jsonpath(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct expr_value root;

    if (parse_json(c, c->args[0].text, &root, e) < 0)
        return e->code;
    if (expr_jsonpath(c->ctx, root, c->args[1].text, ret, e) < 0)
        return err_wrap(e, "jsonpath '%.*s'", STR_ARG(str_slice(c->args[1].text, 0, 100)));
    return 0;
}

static int
fn_to_base64(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct buf b = expr_buf(c->ctx);

    base64_encode(c->args[0].text, BASE64_STANDARD, &b);
    return expr_return_text(c->ctx, &b, ret, e);
}

static int
fn_from_base64(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct buf b = expr_buf(c->ctx);

    if (!base64_decode_loose(c->args[0].text, &b)) {
        buf_done(&b);
        return expr_fail(c, e, "illegal base64 data");
    }
    return expr_return_text(c->ctx, &b, ret, e);
}

const struct expr_func expr_convert_funcs[] = {
    {"len", "x", fn_len},
    {"type", "x", fn_type},
    {"int", "x", fn_int},
    {"float", "x", fn_float},
    {"string", "x", fn_string},
    {"toJSON", "x", fn_to_json_pretty},
    {"fromJSON", "s", fn_from_json},
    {"toBase64", "s", fn_to_base64},
    {"fromBase64", "s", fn_from_base64},
    {"asInt", "x", fn_int},
    {"asFloat", "x", fn_float},
    {"toJson", "x", fn_to_json},
    {"jsonpath", "ss", fn_jsonpath},
    {NULL, NULL, NULL},
};
