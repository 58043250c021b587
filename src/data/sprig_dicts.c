/* Sprig's functions over dictionaries.  Where sprig changes one in place, this gives a new one. */
#include "data/expr_eval.h"
#include "data/sprig.h"

#define ARG(i) (c->args[i].text)

static int
fn_dict(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    size_t n = (c->n + 1) / 2;
    struct expr_entry *entries = expr_alloc(c->ctx, n * sizeof *entries, e);

    if (entries == NULL)
        return e->code;
    for (size_t i = 0; i < n; i++) {
        struct buf b = expr_buf(c->ctx);
        struct expr_value key;

        sprig_write_text(&b, c->args[2 * i]);
        if (expr_return_text(c->ctx, &b, &key, e) < 0)
            return e->code;
        entries[i].key = key.text;
        entries[i].value = 2 * i + 1 < c->n ? c->args[2 * i + 1] : expr_string(STR(""));
    }
    return expr_return_map(c->ctx, entries, n, ret, e);
}

static int
fn_get(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    const struct expr_value *v = expr_map_get(c->args[0], ARG(1));

    (void)e;
    *ret = v != NULL ? *v : expr_string(STR(""));
    return 0;
}

static int
fn_has_key(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    (void)e;
    *ret = expr_bool(expr_map_get(c->args[0], ARG(1)) != NULL);
    return 0;
}

/* The entries of m with room for `more`. */
static struct expr_entry *
copy_entries(const struct expr_call *c, const struct expr_map *m, size_t more, struct err *e)
{
    struct expr_entry *entries = expr_alloc(c->ctx, (m->n + more) * sizeof *entries, e);

    if (entries != NULL && expr_steps(c->ctx, m->n, e) < 0)
        return NULL;
    if (entries != NULL && m->n > 0)
        memcpy(entries, m->entries, m->n * sizeof *entries);
    return entries;
}

static int
fn_set(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    const struct expr_map *m = c->args[0].map;
    struct expr_entry *entries = copy_entries(c, m, 1, e);

    if (entries == NULL)
        return e->code;
    entries[m->n] = (struct expr_entry){.key = ARG(1), .value = c->args[2]};
    return expr_return_map(c->ctx, entries, m->n + 1, ret, e);
}

static bool
named(const struct expr_call *c, struct str key)
{
    for (unsigned i = 1; i < c->n; i++) {
        if (str_eq(ARG(i), key))
            return true;
    }
    return false;
}

/* The entries whose keys are, or are not, among the other arguments. */
static int
choose(const struct expr_call *c, bool wanted, struct expr_value *ret, struct err *e)
{
    const struct expr_map *m = c->args[0].map;
    struct expr_entry *entries = copy_entries(c, m, 0, e);
    size_t n = 0;

    if (entries == NULL || expr_steps(c->ctx, m->n * c->n, e) < 0)
        return e->code;
    for (size_t i = 0; i < m->n; i++) {
        if (named(c, m->entries[i].key) == wanted)
            entries[n++] = m->entries[i];
    }
    return expr_return_map(c->ctx, entries, n, ret, e);
}

static int
fn_pick(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    return choose(c, true, ret, e);
}

static int
fn_omit(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    return choose(c, false, ret, e);
}

static int
fn_pluck(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct expr_value *items = expr_items(c->ctx, c->n, e);
    size_t n = 0;

    if (items == NULL)
        return e->code;
    for (unsigned i = 1; i < c->n; i++) {
        const struct expr_value *v = expr_map_get(c->args[i], ARG(0));

        if (v != NULL)
            items[n++] = *v;
    }
    *ret = expr_array(items, n);
    return 0;
}

static int
fn_keys(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct expr_value *items;
    size_t n = 0, at = 0;

    for (unsigned i = 0; i < c->n; i++)
        n += c->args[i].map->n;
    items = expr_items(c->ctx, n, e);
    if (items == NULL)
        return e->code;
    for (unsigned i = 0; i < c->n; i++) {
        for (size_t k = 0; k < c->args[i].map->n; k++)
            items[at++] = expr_string(c->args[i].map->entries[k].key);
    }
    *ret = expr_array(items, n);
    return 0;
}

static int
fn_values(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    return expr_func_find(STR("values"), false)->call(c, ret, e);
}

/* b over a, or under it; maps within both are merged likewise. */
static int
merge(const struct expr_call *c, struct expr_value a, struct expr_value b, bool over,
      struct expr_value *ret, struct err *e)
{
    struct expr_entry *entries = copy_entries(c, a.map, b.map->n, e);
    size_t n = a.map->n;

    if (entries == NULL || expr_steps(c->ctx, (a.map->n + 1) * (b.map->n + 1) / 8, e) < 0)
        return e->code;
    for (size_t i = 0; i < b.map->n; i++) {
        const struct expr_entry *more = &b.map->entries[i];
        const struct expr_value *old = expr_map_get(a, more->key);
        struct expr_value v = more->value;

        if (old != NULL && old->type == EXPR_MAP && v.type == EXPR_MAP) {
            if (merge(c, *old, v, over, &v, e) < 0)
                return e->code;
        } else if (old != NULL && !over && !sprig_is_empty(*old)) {
            continue;
        }
        entries[n++] = (struct expr_entry){.key = more->key, .value = v};
    }
    return expr_return_map(c->ctx, entries, n, ret, e);
}

static int
fn_merge(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    bool over = strstr(c->name, "Overwrite") != NULL;

    *ret = c->args[0];
    for (unsigned i = 1; i < c->n; i++) {
        if (merge(c, *ret, c->args[i], over, ret, e) < 0)
            return e->code;
    }
    return 0;
}

/* dig("a", "b", default, map) */
static int
fn_dig(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct expr_value at = c->args[c->n - 1];

    for (unsigned i = 0; i + 2 < c->n; i++) {
        const struct expr_value *next;

        if (c->args[i].type != EXPR_STRING)
            return expr_fail(c, e, "argument %u must be a string", i + 1);
        if (at.type != EXPR_MAP)
            return expr_fail(c, e, "cannot look up '%.*s' in %s",
                             STR_ARG(str_slice(ARG(i), 0, 100)), expr_type_name(at.type));
        next = expr_map_get(at, ARG(i));
        at = next != NULL ? *next : c->args[c->n - 2];
        if (next == NULL)
            break;
    }
    *ret = at;
    return 0;
}

const struct expr_func sprig_dicts_funcs[] = {
    {"dict", "|x*", fn_dict},        {"get", "ms", fn_get},
    {"set", "msx", fn_set},          {"unset", "ms", fn_omit},
    {"hasKey", "ms", fn_has_key},    {"pluck", "s|m*", fn_pluck},
    {"keys", "|m*", fn_keys},        {"pick", "m|s*", fn_pick},
    {"omit", "m|s*", fn_omit},       {"values", "m", fn_values},
    {"merge", "m|m*", fn_merge},     {"mergeOverwrite", "m|m*", fn_merge},
    {"mustMerge", "m|m*", fn_merge}, {"mustMergeOverwrite", "m|m*", fn_merge},
    {"dig", "xxx|x*", fn_dig},       {NULL, NULL, NULL},
};
