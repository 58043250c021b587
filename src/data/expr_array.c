/* Functions over arrays that take no predicate. */
#include <math.h>
#include <stdlib.h>

#include "data/expr_eval.h"
#include "data/expr_func.h"

static int
fn_first(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct expr_value a = c->args[0];

    (void)e;
    *ret = a.type == EXPR_ARRAY && a.n > 0 ? a.items[0] : EXPR_NIL_VALUE;
    return 0;
}

static int
fn_last(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct expr_value a = c->args[0];

    (void)e;
    *ret = a.type == EXPR_ARRAY && a.n > 0 ? a.items[a.n - 1] : EXPR_NIL_VALUE;
    return 0;
}

static int
fn_take(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    int64_t n = expr_arg_int(c, 1);

    if (n < 0)
        return expr_fail(c, e, "cannot take %lld items", (long long)n);
    *ret = expr_array(c->args[0].items, n < c->args[0].n ? (size_t)n : c->args[0].n);
    return 0;
}

static int
fn_reverse(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct expr_value a = c->args[0], *items = expr_items(c->ctx, a.n, e);

    if (items == NULL || expr_steps(c->ctx, a.n, e) < 0)
        return e->code;
    for (uint32_t i = 0; i < a.n; i++)
        items[i] = a.items[a.n - 1 - i];
    *ret = expr_array(items, a.n);
    return 0;
}

static int
fn_uniq(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct expr_value a = c->args[0], *items = expr_items(c->ctx, a.n, e);
    size_t n = 0;

    if (items == NULL)
        return e->code;
    for (uint32_t i = 0; i < a.n; i++) {
        int same = 0;

        for (size_t j = 0; same == 0 && j < n; j++)
            same = expr_equal_counted(c->ctx, a.items[i], items[j], e);
        if (same < 0)
            return same;
        if (same == 0)
            items[n++] = a.items[i];
    }
    *ret = expr_array(items, n);
    return 0;
}

static int
fn_concat(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct expr_value *items;
    size_t n = 0, at = 0;

    for (unsigned i = 0; i < c->n; i++)
        n += c->args[i].n;
    items = expr_items(c->ctx, n, e);
    if (items == NULL || expr_steps(c->ctx, n, e) < 0)
        return e->code;
    for (unsigned i = 0; i < c->n; i++) {
        for (uint32_t j = 0; j < c->args[i].n; j++)
            items[at++] = c->args[i].items[j];
    }
    *ret = expr_array(items, n);
    return 0;
}

static size_t
count_flat(struct expr_value a)
{
    size_t n = 0;

    for (uint32_t i = 0; i < a.n; i++)
        n += a.items[i].type == EXPR_ARRAY ? count_flat(a.items[i]) : 1;
    return n;
}

static struct expr_value *
flatten(struct expr_value a, struct expr_value *to)
{
    for (uint32_t i = 0; i < a.n; i++) {
        if (a.items[i].type == EXPR_ARRAY)
            to = flatten(a.items[i], to);
        else
            *to++ = a.items[i];
    }
    return to;
}

static int
fn_flatten(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    size_t n = count_flat(c->args[0]);
    struct expr_value *items = expr_items(c->ctx, n, e);

    if (items == NULL || expr_steps(c->ctx, n, e) < 0)
        return e->code;
    flatten(c->args[0], items);
    *ret = expr_array(items, n);
    return 0;
}

/* The parts joined; everything must be a string. */
static int
fn_join(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct buf b = expr_buf(c->ctx);

    for (uint32_t i = 0; i < c->args[0].n; i++) {
        struct expr_value item = c->args[0].items[i];

        if (item.type != EXPR_STRING) {
            buf_done(&b);
            return expr_fail(c, e, "item %u is no string but %s", i, expr_type_name(item.type));
        }
        if (i > 0 && c->n > 1)
            buf_str(&b, c->args[1].text);
        buf_str(&b, item.text);
    }
    return expr_return_text(c->ctx, &b, ret, e);
}

/* Sorting: a stable merge, whose comparison may fail. */

struct sorting {
    const struct expr_value *keys;
    bool down;
    struct err *e;
    struct expr_ctx *ctx;
};

/* Whether the item at `b` must go before the one at `a`. */
static int
goes_before(const struct sorting *s, size_t b, size_t a)
{
    int order, rc = expr_steps(s->ctx, 1, s->e);

    if (rc == 0)
        rc = expr_compare(s->keys[a], s->keys[b], &order, s->e);
    if (rc < 0)
        return rc;
    return s->down ? order < 0 : order > 0;
}

static int
merge(const struct sorting *s, const size_t *from, size_t *to, size_t first, size_t middle,
      size_t last)
{
    size_t a = first, b = middle;

    for (size_t i = first; i < last; i++) {
        int rc = a < middle && b < last ? goes_before(s, from[b], from[a]) : 0;

        if (rc < 0)
            return rc;
        to[i] = a >= middle || rc > 0 ? from[b++] : from[a++];
    }
    return 0;
}

static int
sort_by_keys(const struct expr_call *c, struct expr_value items, const struct expr_value *keys,
             bool down, struct expr_value *ret, struct err *e)
{
    struct sorting s = {.keys = keys, .down = down, .e = e, .ctx = c->ctx};
    size_t n = items.n, *from = expr_alloc(c->ctx, n * sizeof *from, e),
           *to = from != NULL ? expr_alloc(c->ctx, n * sizeof *to, e) : NULL;
    struct expr_value *sorted = to != NULL ? expr_items(c->ctx, n, e) : NULL;

    if (sorted == NULL)
        return e->code;
    for (size_t i = 0; i < n; i++)
        from[i] = i;
    for (size_t width = 1; width < n; width *= 2) {
        size_t *swap = from;

        for (size_t i = 0; i < n; i += 2 * width) {
            size_t middle = i + width < n ? i + width : n,
                   last = i + 2 * width < n ? i + 2 * width : n;

            if (merge(&s, from, to, i, middle, last) < 0)
                return e->code;
        }
        from = to;
        to = swap;
    }
    for (size_t i = 0; i < n; i++)
        sorted[i] = items.items[from[i]];
    *ret = expr_array(sorted, n);
    return 0;
}

static int
is_down(const struct expr_call *c, unsigned arg, bool *down, struct err *e)
{
    *down = c->n > arg && str_is(c->args[arg].text, "desc");
    if (c->n > arg && !*down && !str_is(c->args[arg].text, "asc"))
        return expr_fail(c, e, "invalid order %.*s, expected asc or desc",
                         STR_ARG(str_slice(c->args[arg].text, 0, 100)));
    return 0;
}

static int
fn_sort(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    bool down;

    if (is_down(c, 1, &down, e) < 0)
        return e->code;
    return sort_by_keys(c, c->args[0], c->args[0].items, down, ret, e);
}

static int
fn_sort_by(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct expr_value a = c->args[0], *keys = expr_items(c->ctx, a.n, e);
    bool down;

    if (keys == NULL || is_down(c, 2, &down, e) < 0)
        return e->code;
    for (uint32_t i = 0; i < a.n; i++) {
        if (expr_apply(c, a.items[i], i, NULL, &keys[i], e) < 0)
            return e->code;
        /* A constant string names the field to sort by. */
        if (c->closure->op == EXPR_CONST && keys[i].type == EXPR_STRING &&
            expr_fetch(c->ctx, a.items[i], keys[i], &keys[i], e) < 0)
            return e->code;
    }
    return sort_by_keys(c, a, keys, down, ret, e);
}

/* Numbers of nested arrays. */

typedef int visit_fn(const struct expr_call *c, struct expr_value v, void *to, struct err *e);

static int
each_number(const struct expr_call *c, const struct expr_value *items, size_t n, visit_fn *visit,
            void *to, struct err *e)
{
    int rc = expr_steps(c->ctx, n, e);

    for (size_t i = 0; rc == 0 && i < n; i++) {
        if (items[i].type == EXPR_ARRAY)
            rc = each_number(c, items[i].items, items[i].n, visit, to, e);
        else if (!expr_is_number(items[i]))
            rc = expr_fail(c, e, "invalid argument (type %s)", expr_type_name(items[i].type));
        else
            rc = visit(c, items[i], to, e);
    }
    return rc;
}

struct extreme {
    bool largest;
    struct expr_value best;
};

static int
keep_extreme(const struct expr_call *c, struct expr_value v, void *to, struct err *e)
{
    struct extreme *x = to;
    int order;

    (void)c;
    if (x->best.type != EXPR_NIL) {
        if (expr_compare(v, x->best, &order, e) < 0)
            return e->code;
        if (x->largest ? order <= 0 : order >= 0)
            return 0;
    }
    x->best = v;
    return 0;
}

static int
fn_extreme(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct extreme x = {.largest = c->name[1] == 'a', .best = EXPR_NIL_VALUE};
    int rc = each_number(c, c->args, c->n, keep_extreme, &x, e);

    *ret = x.best;
    return rc;
}

struct sum {
    double total;
    size_t n;
    double *all; /* NULL: only count and add */
};

static int
add_number(const struct expr_call *c, struct expr_value v, void *to, struct err *e)
{
    struct sum *s = to;

    (void)c;
    (void)e;
    if (s->all != NULL)
        s->all[s->n] = expr_as_double(v);
    s->total += expr_as_double(v);
    s->n++;
    return 0;
}

static int
fn_mean(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct sum s = {.total = 0};
    int rc = each_number(c, c->args, c->n, add_number, &s, e);

    *ret = expr_float(s.n > 0 ? s.total / (double)s.n : 0);
    return rc;
}

static int
by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static int
fn_median(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct sum s = {.total = 0};
    size_t n;
    int rc = each_number(c, c->args, c->n, add_number, &s, e);

    if (rc < 0)
        return rc;
    n = s.n;
    s = (struct sum){.all = expr_alloc(c->ctx, n * sizeof(double), e)};
    if (s.all == NULL || each_number(c, c->args, c->n, add_number, &s, e) < 0)
        return e->code;
    qsort(s.all, n, sizeof(double), by_size);
    *ret = expr_float(n == 0       ? 0
                      : n % 2 == 1 ? s.all[n / 2]
                                   : (s.all[n / 2 - 1] + s.all[n / 2]) / 2);
    return 0;
}

const struct expr_func expr_array_funcs[] = {
    {"first", "x", fn_first},       {"last", "x", fn_last},        {"take", "ai", fn_take},
    {"reverse", "a", fn_reverse},   {"uniq", "a", fn_uniq},        {"concat", "a|a*", fn_concat},
    {"flatten", "a", fn_flatten},   {"join", "a|s", fn_join},      {"sort", "a|s", fn_sort},
    {"sortBy", "ac|s", fn_sort_by}, {"max", "x|x*", fn_extreme},   {"min", "x|x*", fn_extreme},
    {"mean", "x|x*", fn_mean},      {"median", "x|x*", fn_median}, {NULL, NULL, NULL},
};
