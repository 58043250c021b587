/* The language's functions over maps. */
#include "data/expr_eval.h"
#include "data/expr_func.h"

static int
fn_keys(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    const struct expr_map *m = c->args[0].map;
    struct expr_value *items = expr_items(c->ctx, m->n, e);

    if (items == NULL)
        return e->code;
    for (size_t i = 0; i < m->n; i++)
        items[i] = expr_string(m->entries[i].key);
    *ret = expr_array(items, m->n);
    return 0;
}

static int
fn_values(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    const struct expr_map *m = c->args[0].map;
    struct expr_value *items = expr_items(c->ctx, m->n, e);

    if (items == NULL)
        return e->code;
    for (size_t i = 0; i < m->n; i++)
        items[i] = m->entries[i].value;
    *ret = expr_array(items, m->n);
    return 0;
}

static int
fn_to_pairs(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    const struct expr_map *m = c->args[0].map;
    struct expr_value *items = expr_items(c->ctx, m->n, e), *parts;

    parts = items != NULL ? expr_items(c->ctx, m->n * 2, e) : NULL;
    if (parts == NULL)
        return e->code;
    for (size_t i = 0; i < m->n; i++) {
        parts[2 * i] = expr_string(m->entries[i].key);
        parts[2 * i + 1] = m->entries[i].value;
        items[i] = expr_array(parts + 2 * i, 2);
    }
    *ret = expr_array(items, m->n);
    return 0;
}

static int
fn_from_pairs(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct expr_value a = c->args[0];
    struct expr_entry *entries = expr_alloc(c->ctx, a.n * sizeof *entries, e);

    if (entries == NULL)
        return e->code;
    for (uint32_t i = 0; i < a.n; i++) {
        struct expr_value pair = a.items[i];

        if (pair.type != EXPR_ARRAY || pair.n != 2 || pair.items[0].type != EXPR_STRING)
            return expr_fail(c, e, "item %u is no pair of a string and a value", i);
        entries[i] = (struct expr_entry){.key = pair.items[0].text, .value = pair.items[1]};
    }
    return expr_return_map(c->ctx, entries, a.n, ret, e);
}

/* What cannot be fetched is nil. */
static int
fn_get(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    int rc = expr_fetch(c->ctx, c->args[0], c->args[1], ret, e);

    if (rc == ERR_INVALID) {
        *ret = EXPR_NIL_VALUE;
        e->code = rc = 0;
    }
    return rc;
}

const struct expr_func expr_dict_funcs[] = {
    {"keys", "m", fn_keys},        {"values", "m", fn_values},
    {"toPairs", "m", fn_to_pairs}, {"fromPairs", "a", fn_from_pairs},
    {"get", "xx", fn_get},         {NULL, NULL, NULL},
};
