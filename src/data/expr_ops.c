#include <math.h>

#include "base/err.h"
#include "data/expr_eval.h"
#include "data/expr_func.h"
#include "data/regex.h"

static const char *const names[] = {
    [EXPR_EQ] = "==",
    [EXPR_NE] = "!=",
    [EXPR_LT] = "<",
    [EXPR_LE] = "<=",
    [EXPR_GT] = ">",
    [EXPR_GE] = ">=",
    [EXPR_IN] = "in",
    [EXPR_MATCHES] = "matches",
    [EXPR_CONTAINS] = "contains",
    [EXPR_STARTS] = "startsWith",
    [EXPR_ENDS] = "endsWith",
    [EXPR_RANGE] = "..",
    [EXPR_ADD] = "+",
    [EXPR_SUB] = "-",
    [EXPR_MUL] = "*",
    [EXPR_DIV] = "/",
    [EXPR_MOD] = "%",
    [EXPR_POW] = "**",
};

static int
mismatch(enum expr_binary op, struct expr_value a, struct expr_value b, struct err *e)
{
    return err_set(e, ERR_INVALID, "invalid operation: %s (mismatched types %s and %s)", names[op],
                   expr_type_name(a.type), expr_type_name(b.type));
}

/* An integer for an index or a bound; floats are cut. */
static bool
to_index(struct expr_value v, int64_t *ret)
{
    if (v.type == EXPR_FLOAT && fabs(v.number) < 9e15)
        *ret = (int64_t)v.number;
    else if (v.type == EXPR_INT)
        *ret = v.integer;
    else
        return false;
    return true;
}

static int
sign(double d)
{
    return (d > 0) - (d < 0);
}

static int
compare_times(struct expr_instant a, struct expr_instant b)
{
    if (a.seconds != b.seconds)
        return a.seconds < b.seconds ? -1 : 1;
    return (a.nanos > b.nanos) - (a.nanos < b.nanos);
}

int
expr_compare(struct expr_value a, struct expr_value b, int *ret, struct err *e)
{
    if (a.type == EXPR_INT && b.type == EXPR_INT)
        *ret = (a.integer > b.integer) - (a.integer < b.integer);
    else if (expr_is_number(a) && expr_is_number(b))
        *ret = sign(expr_as_double(a) - expr_as_double(b));
    else if (a.type == EXPR_STRING && b.type == EXPR_STRING)
        *ret = str_cmp(a.text, b.text);
    else if (a.type == EXPR_TIME && b.type == EXPR_TIME)
        *ret = compare_times(a.time.at, b.time.at);
    else if (a.type == EXPR_DURATION && b.type == EXPR_DURATION)
        *ret = (a.integer > b.integer) - (a.integer < b.integer);
    else
        return mismatch(EXPR_LT, a, b, e);
    return 0;
}

static int
order(enum expr_binary op, struct expr_value a, struct expr_value b, struct expr_value *ret,
      struct err *e)
{
    int c = 0;

    if (expr_compare(a, b, &c, e) < 0)
        return mismatch(op, a, b, e);
    *ret = expr_bool(op == EXPR_LT   ? c < 0
                     : op == EXPR_LE ? c <= 0
                     : op == EXPR_GT ? c > 0
                                     : c >= 0);
    /* Nothing compares with a NaN. */
    if ((a.type == EXPR_FLOAT && isnan(a.number)) || (b.type == EXPR_FLOAT && isnan(b.number)))
        *ret = expr_bool(false);
    return 0;
}

static int
is_in(struct expr_ctx *ctx, struct expr_value a, struct expr_value b, struct expr_value *ret,
      struct err *e)
{
    int rc = 0;

    *ret = expr_bool(false);
    switch (b.type) {
    case EXPR_NIL:
        return 0;
    case EXPR_ARRAY:
        for (uint32_t i = 0; rc == 0 && i < b.n; i++)
            rc = expr_equal_counted(ctx, b.items[i], a, e);
        *ret = expr_bool(rc > 0);
        return rc < 0 ? rc : 0;
    case EXPR_MAP:
        if (a.type != EXPR_STRING)
            return mismatch(EXPR_IN, a, b, e);
        *ret = expr_bool(expr_map_get(b, a.text) != NULL);
        return expr_steps(ctx, b.map->n / 16, e);
    case EXPR_SCOPE:
        if (a.type != EXPR_STRING)
            return mismatch(EXPR_IN, a, b, e);
        rc = expr_scope_get(ctx, b.text, a.text, ret, e);
        *ret = expr_bool(rc == 0 && ret->type != EXPR_NIL);
        return rc;
    default:
        return mismatch(EXPR_IN, a, b, e);
    }
}

static int
match(struct str text, struct str pattern, struct expr_value *ret, struct err *e)
{
    cleanup_regex struct regex *r = NULL;
    int rc = regex_compile(pattern, &r, e);

    if (rc == 0)
        rc = regex_matches(r, text, e);
    *ret = expr_bool(rc > 0);
    return rc < 0 ? rc : 0;
}

static int
text_test(enum expr_binary op, struct expr_value a, struct expr_value b, struct expr_value *ret,
          struct err *e)
{
    *ret = expr_bool(false);
    if (a.type == EXPR_NIL || b.type == EXPR_NIL)
        return 0;
    if (a.type != EXPR_STRING || b.type != EXPR_STRING)
        return mismatch(op, a, b, e);
    switch (op) {
    case EXPR_MATCHES:
        return match(a.text, b.text, ret, e);
    case EXPR_CONTAINS:
        *ret = expr_bool(b.text.n == 0 || str_find(a.text, b.text, 0) >= 0);
        return 0;
    case EXPR_STARTS:
        *ret = expr_bool(str_starts(a.text, b.text));
        return 0;
    default:
        *ret = expr_bool(str_ends(a.text, b.text));
        return 0;
    }
}

static int
range(struct expr_ctx *ctx, struct expr_value a, struct expr_value b, struct expr_value *ret,
      struct err *e)
{
    struct expr_value *items;
    int64_t first, last, n;
    int rc;

    if (!to_index(a, &first) || !to_index(b, &last))
        return mismatch(EXPR_RANGE, a, b, e);
    if (last < first) {
        *ret = expr_array(NULL, 0);
        return 0;
    }
    if (__builtin_sub_overflow(last, first, &n) || n >= (int64_t)ctx->limits->range)
        return err_set(e, ERR_TOOLARGE, "range %lld..%lld has more than %zu items",
                       (long long)first, (long long)last, ctx->limits->range);
    n++;
    items = expr_items(ctx, (size_t)n, e);
    rc = items == NULL ? e->code : expr_steps(ctx, (size_t)n / 16, e);
    if (rc < 0)
        return rc;
    for (int64_t i = 0; i < n; i++)
        items[i] = expr_int(first + i);
    *ret = expr_array(items, (size_t)n);
    return 0;
}

static int
concatenate(struct expr_ctx *ctx, struct str a, struct str b, struct expr_value *ret, struct err *e)
{
    char *text = expr_alloc(ctx, a.n + b.n, e);

    if (text == NULL)
        return e->code;
    if (a.n > 0)
        memcpy(text, a.p, a.n);
    if (b.n > 0)
        memcpy(text + a.n, b.p, b.n);
    *ret = expr_string(str_make(text, a.n + b.n));
    return 0;
}

static struct expr_value
move_time(struct expr_value t, int64_t nanos)
{
    int64_t ns = t.time.at.nanos + nanos % 1000000000;

    t.time.at.seconds += nanos / 1000000000 + (ns >= 1000000000) - (ns < 0);
    t.time.at.nanos = (int32_t)(ns - 1000000000 * ((ns >= 1000000000) - (ns < 0)));
    return t;
}

/* Times and durations; false if these types do not go together. */
static bool
time_arithmetic(enum expr_binary op, struct expr_value a, struct expr_value b,
                struct expr_value *ret)
{
    bool both = a.type == EXPR_DURATION && b.type == EXPR_DURATION;

    if (op == EXPR_ADD && a.type == EXPR_TIME && b.type == EXPR_DURATION)
        *ret = move_time(a, b.integer);
    else if (op == EXPR_ADD && a.type == EXPR_DURATION && b.type == EXPR_TIME)
        *ret = move_time(b, a.integer);
    else if (op == EXPR_SUB && a.type == EXPR_TIME && b.type == EXPR_DURATION)
        *ret = move_time(a, -b.integer);
    else if (op == EXPR_SUB && a.type == EXPR_TIME && b.type == EXPR_TIME)
        *ret = expr_duration(
            (int64_t)((uint64_t)(a.time.at.seconds - b.time.at.seconds) * 1000000000u) +
            a.time.at.nanos - b.time.at.nanos);
    else if (op == EXPR_ADD && both)
        *ret = expr_duration((int64_t)((uint64_t)a.integer + (uint64_t)b.integer));
    else if (op == EXPR_SUB && both)
        *ret = expr_duration((int64_t)((uint64_t)a.integer - (uint64_t)b.integer));
    else if (op == EXPR_MUL && a.type == EXPR_DURATION && b.type == EXPR_INT)
        *ret = expr_duration((int64_t)((uint64_t)a.integer * (uint64_t)b.integer));
    else if (op == EXPR_MUL && a.type == EXPR_INT && b.type == EXPR_DURATION)
        *ret = expr_duration((int64_t)((uint64_t)a.integer * (uint64_t)b.integer));
    else if (op == EXPR_DIV && both)
        *ret = expr_float((double)a.integer / (double)b.integer);
    else
        return false;
    return true;
}

static int
remainder_of(struct expr_value a, struct expr_value b, struct expr_value *ret, struct err *e)
{
    if (a.type != EXPR_INT || b.type != EXPR_INT)
        return mismatch(EXPR_MOD, a, b, e);
    if (b.integer == 0)
        return err_set(e, ERR_INVALID, "integer divide by zero");
    *ret = expr_int(b.integer == -1 ? 0 : a.integer % b.integer);
    return 0;
}

/* Integers wrap around as Go's do. */
static int
arithmetic(enum expr_binary op, struct expr_value a, struct expr_value b, struct expr_value *ret,
           struct err *e)
{
    bool integers = a.type == EXPR_INT && b.type == EXPR_INT;
    uint64_t x = (uint64_t)a.integer, y = (uint64_t)b.integer;
    double p, q;

    if (op == EXPR_MOD)
        return remainder_of(a, b, ret, e);
    if (!expr_is_number(a) || !expr_is_number(b))
        return time_arithmetic(op, a, b, ret) ? 0 : mismatch(op, a, b, e);
    p = expr_as_double(a);
    q = expr_as_double(b);
    switch (op) {
    case EXPR_ADD:
        *ret = integers ? expr_int((int64_t)(x + y)) : expr_float(p + q);
        break;
    case EXPR_SUB:
        *ret = integers ? expr_int((int64_t)(x - y)) : expr_float(p - q);
        break;
    case EXPR_MUL:
        *ret = integers ? expr_int((int64_t)(x * y)) : expr_float(p * q);
        break;
    case EXPR_DIV:
        *ret = expr_float(p / q);
        break;
    default:
        *ret = expr_float(pow(p, q));
    }
    return 0;
}

int
expr_binary(struct expr_ctx *ctx, enum expr_binary op, struct expr_value a, struct expr_value b,
            struct expr_value *ret, struct err *e)
{
    int rc;

    switch (op) {
    case EXPR_EQ:
    case EXPR_NE:
        rc = expr_materialize(ctx, &a, e);
        if (rc == 0)
            rc = expr_materialize(ctx, &b, e);
        if (rc == 0)
            rc = expr_equal_counted(ctx, a, b, e);
        *ret = expr_bool((rc > 0) == (op == EXPR_EQ));
        return rc < 0 ? rc : 0;
    case EXPR_LT:
    case EXPR_LE:
    case EXPR_GT:
    case EXPR_GE:
        return order(op, a, b, ret, e);
    case EXPR_IN:
        return is_in(ctx, a, b, ret, e);
    case EXPR_MATCHES:
    case EXPR_CONTAINS:
    case EXPR_STARTS:
    case EXPR_ENDS:
        return text_test(op, a, b, ret, e);
    case EXPR_RANGE:
        return range(ctx, a, b, ret, e);
    default:
        if (op == EXPR_ADD && a.type == EXPR_STRING && b.type == EXPR_STRING)
            return concatenate(ctx, a.text, b.text, ret, e);
        return arithmetic(op, a, b, ret, e);
    }
}

static int
cannot_fetch(struct expr_value from, struct expr_value key, struct err *e)
{
    cleanup_buf struct buf text = {.max = 100};

    expr_write_plain(&text, key);
    return err_set(e, ERR_INVALID, "cannot fetch %s from %s", buf_cstring(&text),
                   from.type == EXPR_NIL ? "<nil>" : expr_type_name(from.type));
}

int
expr_fetch(struct expr_ctx *ctx, struct expr_value from, struct expr_value key,
           struct expr_value *ret, struct err *e)
{
    int64_t i, n = from.type == EXPR_ARRAY ? from.n : (int64_t)from.text.n;
    const struct expr_value *found;

    if (from.type == EXPR_SCOPE && key.type == EXPR_STRING)
        return expr_scope_get(ctx, from.text, key.text, ret, e);
    if (from.type == EXPR_MAP && key.type == EXPR_STRING) {
        found = expr_map_get(from, key.text);
        *ret = found != NULL ? *found : EXPR_NIL_VALUE;
        return expr_steps(ctx, from.map->n / 16, e);
    }
    if ((from.type != EXPR_ARRAY && from.type != EXPR_STRING) || !to_index(key, &i))
        return cannot_fetch(from, key, e);
    if (i < -n || i >= n)
        return err_set(e, ERR_INVALID, "index out of range: %lld (array length is %lld)",
                       (long long)i, (long long)n);
    i += i < 0 ? n : 0;
    /* A string's element is a byte, as in Go. */
    *ret = from.type == EXPR_ARRAY ? from.items[i] : expr_int((unsigned char)from.text.p[i]);
    return 0;
}

/* A bound of a slice, counted from the end if negative, within 0..n. */
static bool
bound(const struct expr_value *v, int64_t otherwise, int64_t n, int64_t *ret)
{
    *ret = otherwise;
    if (v != NULL && !to_index(*v, ret))
        return false;
    if (*ret < 0)
        *ret += n;
    *ret = *ret < 0 ? 0 : *ret > n ? n : *ret;
    return true;
}

int
expr_slice(struct expr_ctx *ctx, struct expr_value from, const struct expr_value *first,
           const struct expr_value *last, struct expr_value *ret, struct err *e)
{
    int64_t n = from.type == EXPR_ARRAY ? from.n : (int64_t)from.text.n, a, b;

    if (from.type != EXPR_ARRAY && from.type != EXPR_STRING)
        return err_set(e, ERR_INVALID, "cannot slice %s", expr_type_name(from.type));
    if (!bound(first, 0, n, &a) || !bound(last, n, n, &b))
        return err_set(e, ERR_INVALID, "slice bounds must be numbers");
    if (a > b)
        a = b;
    if (from.type == EXPR_STRING)
        *ret = expr_string(str_slice(from.text, (size_t)a, (size_t)b));
    else
        *ret = expr_array(from.items + a, (size_t)(b - a));
    return expr_steps(ctx, (size_t)(b - a) / 16, e);
}
