/* The language's functions over numbers and bits. */
#include <math.h>

#include "data/expr_func.h"

static int
fn_abs(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct expr_value v = c->args[0];

    (void)e;
    if (v.type == EXPR_INT)
        *ret = expr_int(v.integer < 0 ? (int64_t)(0 - (uint64_t)v.integer) : v.integer);
    else
        *ret = expr_float(fabs(v.number));
    return 0;
}

static int
fn_round(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    double d = expr_as_double(c->args[0]);

    (void)e;
    *ret = expr_float(c->name[0] == 'c' ? ceil(d) : c->name[0] == 'f' ? floor(d) : round(d));
    return 0;
}

static int
fn_bitand(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    (void)e;
    *ret = expr_int(expr_arg_int(c, 0) & expr_arg_int(c, 1));
    return 0;
}

static int
fn_bitor(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    (void)e;
    *ret = expr_int(expr_arg_int(c, 0) | expr_arg_int(c, 1));
    return 0;
}

static int
fn_bitxor(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    (void)e;
    *ret = expr_int(expr_arg_int(c, 0) ^ expr_arg_int(c, 1));
    return 0;
}

/* Go's "and not", whatever the name says. */
static int
fn_bitnand(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    (void)e;
    *ret = expr_int(expr_arg_int(c, 0) & ~expr_arg_int(c, 1));
    return 0;
}

static int
fn_bitnot(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    (void)e;
    *ret = expr_int(~expr_arg_int(c, 0));
    return 0;
}

static int
fn_shift(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    int64_t v = expr_arg_int(c, 0), by = expr_arg_int(c, 1);
    uint64_t u = (uint64_t)v;

    if (by < 0)
        return expr_fail(c, e, "negative shift count %lld", (long long)by);
    if (c->name[3] == 'u')
        *ret = expr_int((int64_t)(by > 63 ? 0 : u >> by));
    else if (c->name[4] == 'h' && c->name[5] == 'l')
        *ret = expr_int((int64_t)(by > 63 ? 0 : u << by));
    else
        *ret = expr_int(by > 63 ? -(v < 0) : v >> by);
    return 0;
}

const struct expr_func expr_number_funcs[] = {
    {"abs", "n", fn_abs},        {"ceil", "n", fn_round},       {"floor", "n", fn_round},
    {"round", "n", fn_round},    {"bitand", "ii", fn_bitand},   {"bitor", "ii", fn_bitor},
    {"bitxor", "ii", fn_bitxor}, {"bitnand", "ii", fn_bitnand}, {"bitnot", "i", fn_bitnot},
    {"bitshl", "ii", fn_shift},  {"bitshr", "ii", fn_shift},    {"bitushr", "ii", fn_shift},
    {NULL, NULL, NULL},
};
