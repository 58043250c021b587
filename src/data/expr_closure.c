/* Functions that take a predicate. */
#include "data/expr_eval.h"
#include "data/expr_func.h"

/* What a search wants of its items. */
static int
apply_bool(const struct expr_call *c, uint32_t i, bool *ret, struct err *e)
{
    struct expr_value v;

    if (expr_apply(c, c->args[0].items[i], i, NULL, &v, e) < 0)
        return e->code;
    if (v.type != EXPR_BOOL)
        return expr_fail(c, e, "predicate should return boolean (got %s)", expr_type_name(v.type));
    *ret = v.boolean;
    return 0;
}

/* How many items satisfy the predicate; stops after `enough`. */
static int
count_true(const struct expr_call *c, size_t enough, bool wanted, size_t *ret, struct err *e)
{
    bool b = false;

    *ret = 0;
    for (uint32_t i = 0; i < c->args[0].n && *ret < enough; i++) {
        if (apply_bool(c, i, &b, e) < 0)
            return e->code;
        *ret += b == wanted;
    }
    return 0;
}

static int
fn_all(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    size_t n;
    int rc = count_true(c, 1, false, &n, e);

    *ret = expr_bool(n == 0);
    return rc;
}

static int
fn_any(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    size_t n;
    int rc = count_true(c, 1, true, &n, e);

    *ret = expr_bool(n == 1);
    return rc;
}

static int
fn_none(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    int rc = fn_any(c, ret, e);

    ret->boolean = !ret->boolean;
    return rc;
}

static int
fn_one(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    size_t n;
    int rc = count_true(c, 2, true, &n, e);

    *ret = expr_bool(n == 1);
    return rc;
}

static int
fn_count(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    size_t n = 0;
    int rc = 0;

    if (c->closure != NULL)
        rc = count_true(c, SIZE_MAX, true, &n, e);
    for (uint32_t i = 0; c->closure == NULL && i < c->args[0].n; i++) {
        if (c->args[0].items[i].type != EXPR_BOOL)
            return expr_fail(c, e, "items must be booleans (got %s)",
                             expr_type_name(c->args[0].items[i].type));
        n += c->args[0].items[i].boolean;
    }
    *ret = expr_int((int64_t)n);
    return rc;
}

static int
fn_map(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct expr_value a = c->args[0], *items = expr_items(c->ctx, a.n, e);

    if (items == NULL)
        return e->code;
    for (uint32_t i = 0; i < a.n; i++) {
        if (expr_apply(c, a.items[i], i, NULL, &items[i], e) < 0)
            return e->code;
    }
    *ret = expr_array(items, a.n);
    return 0;
}

static int
fn_filter(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct expr_value a = c->args[0], *items = expr_items(c->ctx, a.n, e);
    size_t n = 0;
    bool b = false;

    if (items == NULL)
        return e->code;
    for (uint32_t i = 0; i < a.n; i++) {
        if (apply_bool(c, i, &b, e) < 0)
            return e->code;
        if (b)
            items[n++] = a.items[i];
    }
    *ret = expr_array(items, n);
    return 0;
}

/* The place of the first item that satisfies, from either end; -1 if there is none. */
static int
search(const struct expr_call *c, bool backwards, int64_t *ret, struct err *e)
{
    uint32_t n = c->args[0].n;
    bool b = false;

    *ret = -1;
    for (uint32_t i = 0; i < n && *ret < 0; i++) {
        uint32_t at = backwards ? n - 1 - i : i;

        if (apply_bool(c, at, &b, e) < 0)
            return e->code;
        if (b)
            *ret = at;
    }
    return 0;
}

static int
find_item(const struct expr_call *c, bool backwards, struct expr_value *ret, struct err *e)
{
    int64_t at;
    int rc = search(c, backwards, &at, e);

    *ret = at < 0 ? EXPR_NIL_VALUE : c->args[0].items[at];
    return rc;
}

static int
find_index(const struct expr_call *c, bool backwards, struct expr_value *ret, struct err *e)
{
    int64_t at;
    int rc = search(c, backwards, &at, e);

    *ret = at < 0 ? EXPR_NIL_VALUE : expr_int(at);
    return rc;
}

static int
fn_find(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    return find_item(c, false, ret, e);
}

static int
fn_find_last(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    return find_item(c, true, ret, e);
}

static int
fn_find_index(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    return find_index(c, false, ret, e);
}

static int
fn_find_last_index(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    return find_index(c, true, ret, e);
}

static int
fn_sum(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct expr_value a = c->args[0], v;

    *ret = expr_int(0);
    for (uint32_t i = 0; i < a.n; i++) {
        v = a.items[i];
        if (c->closure != NULL && expr_apply(c, v, i, NULL, &v, e) < 0)
            return e->code;
        if (expr_binary(c->ctx, EXPR_ADD, *ret, v, ret, e) < 0)
            return e->code;
    }
    return expr_steps(c->ctx, a.n, e);
}

static int
fn_reduce(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct expr_value a = c->args[0], acc;
    uint32_t i = 0;

    if (c->n < 3 && a.n == 0)
        return expr_fail(c, e, "empty array and no initial value");
    acc = c->n > 2 ? c->args[2] : a.items[i++];
    for (; i < a.n; i++) {
        struct expr_value next;

        if (expr_apply(c, a.items[i], i, &acc, &next, e) < 0)
            return e->code;
        acc = next;
    }
    *ret = acc;
    return 0;
}

/* The text of a group's name. */
static int
group_name(const struct expr_call *c, struct expr_value v, struct str *ret, struct err *e)
{
    struct buf b = expr_buf(c->ctx);
    struct expr_value text;

    if (v.type == EXPR_STRING) {
        *ret = v.text;
        return 0;
    }
    expr_write_plain(&b, v);
    if (expr_return_text(c->ctx, &b, &text, e) < 0)
        return e->code;
    *ret = text.text;
    return 0;
}

/* Items by the predicate's value, in the order in which the groups first occur. */
struct groups {
    struct expr_entry *entries;
    uint32_t *of, *sizes; /* each item's group; each group's items */
    size_t n;
};

static int
find_groups(const struct expr_call *c, struct groups *g, struct err *e)
{
    uint32_t n = c->args[0].n;

    g->entries = expr_alloc(c->ctx, n * sizeof *g->entries, e);
    g->of = g->entries == NULL ? NULL : expr_alloc(c->ctx, n * sizeof *g->of, e);
    g->sizes = g->of == NULL ? NULL : expr_alloc(c->ctx, n * sizeof *g->sizes, e);
    if (g->sizes == NULL)
        return e->code;
    for (uint32_t i = 0; i < n; i++) {
        struct expr_value v;
        struct str name;
        size_t at = 0;

        if (expr_apply(c, c->args[0].items[i], i, NULL, &v, e) < 0 ||
            group_name(c, v, &name, e) < 0)
            return e->code;
        while (at < g->n && !str_eq(g->entries[at].key, name))
            at++;
        if (expr_steps(c->ctx, at, e) < 0)
            return e->code;
        if (at == g->n)
            g->entries[g->n++].key = name;
        g->of[i] = (uint32_t)at;
        g->sizes[at]++;
    }
    return 0;
}

static int
fn_group_by(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct groups g = {.n = 0};
    struct expr_value **lists;
    uint32_t *used;

    if (find_groups(c, &g, e) < 0)
        return e->code;
    lists = expr_alloc(c->ctx, g.n * sizeof *lists, e);
    used = lists == NULL ? NULL : expr_alloc(c->ctx, g.n * sizeof *used, e);
    if (used == NULL)
        return e->code;
    for (size_t i = 0; i < g.n; i++) {
        lists[i] = expr_items(c->ctx, g.sizes[i], e);
        if (lists[i] == NULL)
            return e->code;
    }
    for (uint32_t i = 0; i < c->args[0].n; i++)
        lists[g.of[i]][used[g.of[i]]++] = c->args[0].items[i];
    for (size_t i = 0; i < g.n; i++)
        g.entries[i].value = expr_array(lists[i], g.sizes[i]);
    return expr_return_map(c->ctx, g.entries, g.n, ret, e);
}

static int
fn_count_by(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct groups g = {.n = 0};

    if (find_groups(c, &g, e) < 0)
        return e->code;
    for (size_t i = 0; i < g.n; i++)
        g.entries[i].value = expr_int(g.sizes[i]);
    return expr_return_map(c->ctx, g.entries, g.n, ret, e);
}

const struct expr_func expr_closure_funcs[] = {
    {"all", "ac", fn_all},
    {"any", "ac", fn_any},
    {"none", "ac", fn_none},
    {"one", "ac", fn_one},
    {"map", "ac", fn_map},
    {"filter", "ac", fn_filter},
    {"find", "ac", fn_find},
    {"findIndex", "ac", fn_find_index},
    {"findLast", "ac", fn_find_last},
    {"findLastIndex", "ac", fn_find_last_index},
    {"count", "a|c", fn_count},
    {"sum", "a|c", fn_sum},
    {"reduce", "ac|x", fn_reduce},
    {"groupBy", "ac", fn_group_by},
    {"countBy", "ac", fn_count_by},
    {NULL, NULL, NULL},
};
