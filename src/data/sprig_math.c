/* Sprig's arithmetic.  Arguments are converted: what is no number counts as 0. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "data/expr_eval.h"
#include "data/sprig.h"

/* "0x1f", "-7", "12.0"; a leading zero is octal, as in Go's base 0. */
static int64_t
parse_int(struct str s)
{
    char text[40], *end;
    long long v;

    if (str_ends(s, STR(".0")))
        s = str_slice(s, 0, s.n - 2);
    if (s.n == 0 || s.n >= sizeof text || s.p[0] == ' ')
        return 0;
    memcpy(text, s.p, s.n);
    text[s.n] = '\0';
    v = strtoll(text, &end, 0);
    return *end == '\0' ? v : 0;
}

int64_t
sprig_to_int(struct expr_value v)
{
    switch (v.type) {
    case EXPR_BOOL:
        return v.boolean;
    case EXPR_INT:
    case EXPR_DURATION:
        return v.integer;
    case EXPR_FLOAT:
        return fabs(v.number) < 9.2233720368547758e18 ? (int64_t)v.number : INT64_MIN;
    case EXPR_STRING:
        return parse_int(v.text);
    default:
        return 0;
    }
}

static double
to_float(struct expr_value v)
{
    double d = 0;

    if (v.type == EXPR_FLOAT)
        return v.number;
    if (v.type == EXPR_STRING)
        return expr_text_to_float(v.text, &d) ? d : 0;
    return (double)sprig_to_int(v);
}

static int
fn_int(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    (void)e;
    *ret = expr_int(sprig_to_int(c->args[0]));
    return 0;
}

static int
fn_float(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    (void)e;
    *ret = expr_float(to_float(c->args[0]));
    return 0;
}

static int
fn_atoi(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    int64_t i = 0;

    (void)e;
    *ret = expr_int(str_to_int(c->args[0].text, &i) ? i : 0);
    return 0;
}

/* The digits as octal, as of a file's mode. */
static int
fn_to_decimal(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    cleanup_buf struct buf text = {.max = 64};
    char *end;
    long long v;

    (void)e;
    expr_write_plain(&text, c->args[0]);
    v = strtoll(buf_cstring(&text), &end, 8);
    *ret = expr_int(text.n > 0 && *end == '\0' ? v : 0);
    return 0;
}

/* Wraps around like Go's integers. */
static int
integers(const struct expr_call *c, char op, struct expr_value *ret, struct err *e)
{
    uint64_t a = (uint64_t)sprig_to_int(c->args[0]);

    for (unsigned i = 1; i < c->n; i++) {
        int64_t b = sprig_to_int(c->args[i]);

        if ((op == '/' || op == '%') && b == 0)
            return expr_fail(c, e, "integer divide by zero");
        switch (op) {
        case '+':
            a += (uint64_t)b;
            break;
        case '-':
            a -= (uint64_t)b;
            break;
        case '*':
            a *= (uint64_t)b;
            break;
        case '/':
            a = b == -1 ? 0 - a : (uint64_t)((int64_t)a / b);
            break;
        case '%':
            a = b == -1 ? 0 : (uint64_t)((int64_t)a % b);
            break;
        case '>':
            a = b > (int64_t)a ? (uint64_t)b : a;
            break;
        default:
            a = b < (int64_t)a ? (uint64_t)b : a;
        }
    }
    *ret = expr_int((int64_t)a);
    return 0;
}

static int
fn_add(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    *ret = expr_int(0);
    return c->n == 0 ? 0 : integers(c, '+', ret, e);
}

static int
fn_add1(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    (void)e;
    *ret = expr_int((int64_t)((uint64_t)sprig_to_int(c->args[0]) + 1));
    return 0;
}

static int
fn_sub(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    return integers(c, '-', ret, e);
}

static int
fn_mul(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    return integers(c, '*', ret, e);
}

static int
fn_div(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    return integers(c, '/', ret, e);
}

static int
fn_mod(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    return integers(c, '%', ret, e);
}

static int
fn_max(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    return integers(c, '>', ret, e);
}

static int
fn_min(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    return integers(c, '<', ret, e);
}

/* Sprig computes these in decimals: 0.1 + 0.2 is 0.3.  A long double made of a number's shortest
 * digits is near enough to one. */
static long double
to_decimal(struct expr_value v)
{
    cleanup_buf struct buf text = BUF_INIT;

    expr_write_float(&text, to_float(v), false);
    return strtold(buf_cstring(&text), NULL);
}

/* A quotient has 16 digits behind the point, anything else 16 in all; zero has no sign. */
static struct expr_value
from_decimal(long double d, bool quotient)
{
    char text[512];

    if (quotient && fabsl(d) < 1e300L)
        snprintf(text, sizeof text, "%.16Lf", d);
    else
        snprintf(text, sizeof text, "%.16Lg", d);
    return expr_float(strtod(text, NULL) + 0.0);
}

static int
floats(const struct expr_call *c, char op, struct expr_value *ret, struct err *e)
{
    long double a = op == '+' ? 0 : to_decimal(c->args[0]);

    for (unsigned i = op == '+' ? 0 : 1; i < c->n; i++) {
        long double b = to_decimal(c->args[i]);

        if (op == '/' && b == 0)
            return expr_fail(c, e, "decimal division by 0");
        a = op == '+' ? a + b : op == '-' ? a - b : op == '*' ? a * b : a / b;
    }
    *ret = from_decimal(a, op == '/');
    return 0;
}

static int
fn_addf(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    return floats(c, '+', ret, e);
}

static int
fn_add1f(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    (void)e;
    *ret = from_decimal(to_decimal(c->args[0]) + 1, false);
    return 0;
}

static int
fn_subf(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    return floats(c, '-', ret, e);
}

static int
fn_mulf(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    return floats(c, '*', ret, e);
}

static int
fn_divf(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    return floats(c, '/', ret, e);
}

static int
fn_extremef(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    double a = to_float(c->args[0]);

    (void)e;
    for (unsigned i = 1; i < c->n; i++) {
        double b = to_float(c->args[i]);

        a = c->name[1] == 'a' ? fmax(a, b) : fmin(a, b);
    }
    *ret = expr_float(a);
    return 0;
}

static int
fn_ceil(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    (void)e;
    *ret = expr_float(ceil(to_float(c->args[0])));
    return 0;
}

static int
fn_floor(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    (void)e;
    *ret = expr_float(floor(to_float(c->args[0])));
    return 0;
}

/* round(value, places [, from which fraction on up]) */
static int
fn_round(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    double scale = pow(10, (double)expr_arg_int(c, 1)), digit = scale * to_float(c->args[0]), whole;
    double up = c->n > 2 ? expr_as_double(c->args[2]) : 0.5;

    (void)e;
    *ret = expr_float((modf(digit, &whole) >= up ? ceil(digit) : floor(digit)) / scale);
    return 0;
}

/* From `start` towards `stop`, without it. */
static int
until_step(const struct expr_call *c, int64_t start, int64_t stop, int64_t step,
           struct expr_value *ret, struct err *e)
{
    struct expr_value *items;
    size_t n = 0;

    if ((stop < start && step < 0) || (stop > start && step > 0)) {
        uint64_t span =
            step < 0 ? (uint64_t)start - (uint64_t)stop : (uint64_t)stop - (uint64_t)start;
        uint64_t by = step < 0 ? 0 - (uint64_t)step : (uint64_t)step;

        n = (size_t)(span / by + (span % by != 0));
    }
    if (n > c->ctx->limits->range)
        return err_set(e, ERR_TOOLARGE, "%s: more than %zu items", c->name, c->ctx->limits->range);
    items = expr_items(c->ctx, n, e);
    if (items == NULL || expr_steps(c->ctx, n / 16, e) < 0)
        return e->code;
    for (size_t i = 0; i < n; i++)
        items[i] = expr_int(start + (int64_t)i * step);
    *ret = expr_array(items, n);
    return 0;
}

static int
fn_until(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    int64_t n = expr_arg_int(c, 0);

    return until_step(c, 0, n, n < 0 ? -1 : 1, ret, e);
}

static int
fn_until_step(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    return until_step(c, expr_arg_int(c, 0), expr_arg_int(c, 1), expr_arg_int(c, 2), ret, e);
}

/* As the command of that name: seq(end), seq(start, end), seq(start, step, end); a string. */
static int
fn_seq(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    int64_t start = c->n > 1 ? expr_arg_int(c, 0) : 1,
            end = c->n > 0 ? expr_arg_int(c, c->n - 1) : 0;
    int64_t way = end < start ? -1 : 1, step = c->n == 3 ? expr_arg_int(c, 1) : way;
    struct expr_value list = expr_array(NULL, 0);
    struct buf b;

    if (c->n > 0 && (c->n < 3 || way > 0 || step <= 0) && llabs(end) < INT64_MAX / 2 &&
        until_step(c, start, end + way, step, &list, e) < 0)
        return e->code;
    b = expr_buf(c->ctx);
    for (uint32_t i = 0; i < list.n; i++)
        buf_printf(&b, "%s%lld", i > 0 ? " " : "", (long long)list.items[i].integer);
    return expr_return_text(c->ctx, &b, ret, e);
}

const struct expr_func sprig_math_funcs[] = {
    {"int", "x", fn_int},
    {"int64", "x", fn_int},
    {"float64", "x", fn_float},
    {"atoi", "s", fn_atoi},
    {"toDecimal", "x", fn_to_decimal},
    {"add", "|x*", fn_add},
    {"add1", "x", fn_add1},
    {"sub", "xx", fn_sub},
    {"mul", "x|x*", fn_mul},
    {"div", "xx", fn_div},
    {"mod", "xx", fn_mod},
    {"max", "x|x*", fn_max},
    {"biggest", "x|x*", fn_max},
    {"min", "x|x*", fn_min},
    {"addf", "|x*", fn_addf},
    {"add1f", "x", fn_add1f},
    {"subf", "x|x*", fn_subf},
    {"mulf", "x|x*", fn_mulf},
    {"divf", "x|x*", fn_divf},
    {"maxf", "x|x*", fn_extremef},
    {"minf", "x|x*", fn_extremef},
    {"ceil", "x", fn_ceil},
    {"floor", "x", fn_floor},
    {"round", "xi|n", fn_round},
    {"until", "i", fn_until},
    {"untilStep", "iii", fn_until_step},
    {"seq", "|iii", fn_seq},
    {NULL, NULL, NULL},
};
