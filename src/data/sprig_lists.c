/* Sprig's functions over lists.  A list that is changed is a new one. */
#include <stdlib.h>

#include "data/expr_eval.h"
#include "data/sprig.h"

static int
fn_list(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct expr_value *items = expr_items(c->ctx, c->n, e);

    if (items == NULL)
        return e->code;
    for (unsigned i = 0; i < c->n; i++)
        items[i] = c->args[i];
    *ret = expr_array(items, c->n);
    return 0;
}

/* `a` and one more at either end. */
static int
with_one(const struct expr_call *c, bool front, struct expr_value *ret, struct err *e)
{
    struct expr_value a = c->args[0], *items = expr_items(c->ctx, (size_t)a.n + 1, e);

    if (items == NULL || expr_steps(c->ctx, a.n / 16, e) < 0)
        return e->code;
    for (uint32_t i = 0; i < a.n; i++)
        items[i + front] = a.items[i];
    items[front ? 0 : a.n] = c->args[1];
    *ret = expr_array(items, (size_t)a.n + 1);
    return 0;
}

static int
fn_append(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    return with_one(c, false, ret, e);
}

static int
fn_prepend(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    return with_one(c, true, ret, e);
}

static int
fn_first(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    (void)e;
    *ret = c->args[0].n > 0 ? c->args[0].items[0] : EXPR_NIL_VALUE;
    return 0;
}

static int
fn_last(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    (void)e;
    *ret = c->args[0].n > 0 ? c->args[0].items[c->args[0].n - 1] : EXPR_NIL_VALUE;
    return 0;
}

static int
fn_rest(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    (void)e;
    *ret = c->args[0].n > 0 ? expr_array(c->args[0].items + 1, c->args[0].n - 1) : EXPR_NIL_VALUE;
    return 0;
}

static int
fn_initial(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    (void)e;
    *ret = c->args[0].n > 0 ? expr_array(c->args[0].items, c->args[0].n - 1) : EXPR_NIL_VALUE;
    return 0;
}

static int
call_language(const struct expr_call *c, const char *name, struct expr_value *ret, struct err *e)
{
    return expr_func_find(str_of(name), false)->call(c, ret, e);
}

static int
fn_reverse(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    return call_language(c, "reverse", ret, e);
}

static int
fn_uniq(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    return call_language(c, "uniq", ret, e);
}

static int
fn_concat(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    return call_language(c, "concat", ret, e);
}

/* Whether `v` is among the items: 1, 0, or an error. */
static int
among(const struct expr_call *c, struct expr_value v, const struct expr_value *items, size_t n,
      struct err *e)
{
    int same = 0;

    for (size_t i = 0; same == 0 && i < n; i++)
        same = expr_equal_counted(c->ctx, v, items[i], e);
    return same;
}

static int
fn_without(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct expr_value a = c->args[0], *items = expr_items(c->ctx, a.n, e);
    size_t n = 0;

    if (items == NULL)
        return e->code;
    for (uint32_t i = 0; i < a.n; i++) {
        int found = among(c, a.items[i], c->args + 1, c->n - 1, e);

        if (found < 0)
            return found;
        if (found == 0)
            items[n++] = a.items[i];
    }
    *ret = expr_array(items, n);
    return 0;
}

static int
fn_has(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct expr_value a = c->args[1];
    int found = 0;

    if (a.type != EXPR_ARRAY && a.type != EXPR_NIL)
        return expr_fail(c, e, "cannot find has on type %s", expr_type_name(a.type));
    if (a.type == EXPR_ARRAY)
        found = among(c, c->args[0], a.items, a.n, e);
    *ret = expr_bool(found > 0);
    return found < 0 ? found : 0;
}

static int
fn_slice(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    int64_t n = c->args[0].n, from = c->n > 1 ? expr_arg_int(c, 1) : 0,
            to = c->n > 2 ? expr_arg_int(c, 2) : n;

    if (n > 0 && (from < 0 || to > n || from > to))
        return expr_fail(c, e, "slice bounds out of range [%lld:%lld] of %lld items",
                         (long long)from, (long long)to, (long long)n);
    *ret = n == 0 ? EXPR_NIL_VALUE : expr_array(c->args[0].items + from, (size_t)(to - from));
    return 0;
}

static int
fn_chunk(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    int64_t size = expr_arg_int(c, 0);
    struct expr_value a = c->args[1], *items;
    size_t n;

    if (size < 1)
        return expr_fail(c, e, "chunks of %lld items are not possible", (long long)size);
    n = ((size_t)a.n + (size_t)size - 1) / (size_t)size;
    items = expr_items(c->ctx, n, e);
    if (items == NULL)
        return e->code;
    for (size_t i = 0; i < n; i++) {
        size_t at = i * (size_t)size, left = a.n - at;

        items[i] = expr_array(a.items + at, left < (size_t)size ? left : (size_t)size);
    }
    *ret = expr_array(items, n);
    return 0;
}

static int
fn_compact(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct expr_value a = c->args[0], *items = expr_items(c->ctx, a.n, e);
    size_t n = 0;

    if (items == NULL)
        return e->code;
    for (uint32_t i = 0; i < a.n; i++) {
        if (!sprig_is_empty(a.items[i]))
            items[n++] = a.items[i];
    }
    *ret = expr_array(items, n);
    return 0;
}

/* Anything as a list of strings: one that is none is its only item. */
static int
to_strings(const struct expr_call *c, struct expr_value v, struct expr_value *ret, struct err *e)
{
    const struct expr_value *from = v.type == EXPR_ARRAY ? v.items : &v;
    size_t count = v.type == EXPR_ARRAY ? v.n : v.type != EXPR_NIL, n = 0;
    struct expr_value *items = expr_items(c->ctx, count, e);

    if (items == NULL || expr_steps(c->ctx, count, e) < 0)
        return e->code;
    for (size_t i = 0; i < count; i++) {
        struct buf b = BUF_INIT;

        if (from[i].type == EXPR_NIL)
            continue;
        b = expr_buf(c->ctx);
        sprig_write_text(&b, from[i]);
        if (expr_return_text(c->ctx, &b, &items[n++], e) < 0)
            return e->code;
    }
    *ret = expr_array(items, n);
    return 0;
}

static int
fn_to_strings(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    return to_strings(c, c->args[0], ret, e);
}

static int
fn_join(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct buf b;
    struct expr_value parts;

    if (to_strings(c, c->args[1], &parts, e) < 0)
        return e->code;
    b = expr_buf(c->ctx);
    for (uint32_t i = 0; i < parts.n; i++) {
        if (i > 0)
            buf_str(&b, c->args[0].text);
        buf_str(&b, parts.items[i].text);
    }
    return expr_return_text(c->ctx, &b, ret, e);
}

static int
by_text(const void *a, const void *b)
{
    return str_cmp(((const struct expr_value *)a)->text, ((const struct expr_value *)b)->text);
}

static int
fn_sort_alpha(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct expr_value parts, *items;

    if (to_strings(c, c->args[0], &parts, e) < 0)
        return e->code;
    items = expr_items(c->ctx, parts.n, e);
    if (items == NULL || expr_steps(c->ctx, (size_t)parts.n * 4, e) < 0)
        return e->code;
    if (parts.n > 0) {
        memcpy(items, parts.items, parts.n * sizeof *items);
        qsort(items, parts.n, sizeof *items, by_text);
    }
    *ret = expr_array(items, parts.n);
    return 0;
}

const struct expr_func sprig_lists_funcs[] = {
    {"list", "|x*", fn_list},
    {"tuple", "|x*", fn_list},
    {"append", "ax", fn_append},
    {"mustAppend", "ax", fn_append},
    {"push", "ax", fn_append},
    {"mustPush", "ax", fn_append},
    {"prepend", "ax", fn_prepend},
    {"mustPrepend", "ax", fn_prepend},
    {"first", "a", fn_first},
    {"mustFirst", "a", fn_first},
    {"last", "a", fn_last},
    {"mustLast", "a", fn_last},
    {"rest", "a", fn_rest},
    {"mustRest", "a", fn_rest},
    {"initial", "a", fn_initial},
    {"mustInitial", "a", fn_initial},
    {"reverse", "a", fn_reverse},
    {"mustReverse", "a", fn_reverse},
    {"uniq", "a", fn_uniq},
    {"mustUniq", "a", fn_uniq},
    {"without", "a|x*", fn_without},
    {"mustWithout", "a|x*", fn_without},
    {"has", "xx", fn_has},
    {"mustHas", "xx", fn_has},
    {"slice", "a|ii", fn_slice},
    {"mustSlice", "a|ii", fn_slice},
    {"chunk", "ia", fn_chunk},
    {"mustChunk", "ia", fn_chunk},
    {"compact", "a", fn_compact},
    {"mustCompact", "a", fn_compact},
    {"concat", "|a*", fn_concat},
    {"toStrings", "x", fn_to_strings},
    {"join", "sx", fn_join},
    {"sortAlpha", "x", fn_sort_alpha},
    {NULL, NULL, NULL},
};
