/*
 * json_equal - deep equality.
 *
 * Pairs still to be compared wait on a list in place of the call stack.  Objects
 * mostly have their keys in the same order; where they do not, both are sorted,
 * so that no object costs the square of its size.
 */
#include <stdlib.h>

#include "base/vec.h"
#include "data/json_int.h"
#include "data/json_number.h"

struct pair {
    const struct json *a, *b;
};

struct pairs {
    VEC(struct pair) list;
};

static bool
numbers_equal(const struct json *a, const struct json *b)
{
    struct json_decimal x, y;

    if (str_eq(json_view(a), json_view(b)))
        return true;
    x = json_decimal(json_view(a));
    y = json_decimal(json_view(b));
    return json_decimal_equal(&x, &y);
}

static bool
fields_in_order(struct pairs *todo, const struct json *a, const struct json *b)
{
    size_t before = todo->list.n;
    const struct json *x = a + 1, *y = b + 1;

    for (uint32_t i = 0; i < a->b; i++) {
        if (!str_eq(json_view(x), json_view(y))) {
            todo->list.n = before;
            return false;
        }
        vec_push(&todo->list, ((struct pair){x + 1, y + 1}));
        x += 1 + json_span(x + 1);
        y += 1 + json_span(y + 1);
    }
    return true;
}

static bool
fields_sorted(struct pairs *todo, const struct json *a, const struct json *b)
{
    const struct json **x = json_sorted_keys(a), **y = json_sorted_keys(b);
    bool same = true;

    for (uint32_t i = 0; same && i < a->b; i++) {
        same = str_eq(json_view(x[i]), json_view(y[i]));
        vec_push(&todo->list, ((struct pair){x[i] + 1, y[i] + 1}));
    }
    free(x);
    free(y);
    return same;
}

static bool
items(struct pairs *todo, const struct json *a, const struct json *b)
{
    const struct json *x = a + 1, *y = b + 1;

    for (uint32_t i = 0; i < a->b; i++) {
        vec_push(&todo->list, ((struct pair){x, y}));
        x += json_span(x);
        y += json_span(y);
    }
    return true;
}

/* What can be told without looking inside; the rest goes onto the list. */
static bool
alike(struct pairs *todo, const struct json *a, const struct json *b)
{
    if (a == b)
        return true;
    if (a == NULL || b == NULL || a->type != b->type)
        return false;
    switch ((enum json_type)a->type) {
    case JSON_ABSENT:
    case JSON_NULL:
        return true;
    case JSON_BOOL:
        return a->a == b->a;
    case JSON_NUMBER:
        return numbers_equal(a, b);
    case JSON_STRING:
        return str_eq(json_view(a), json_view(b));
    case JSON_ARRAY:
        return a->b == b->b && items(todo, a, b);
    case JSON_OBJECT:
        return a->b == b->b && (fields_in_order(todo, a, b) || fields_sorted(todo, a, b));
    }
    return false;
}

bool
json_equal(const struct json *a, const struct json *b)
{
    struct pairs todo = {VEC_INIT};
    bool same = alike(&todo, a, b);

    while (same && todo.list.n != 0) {
        struct pair p = vec_pop(&todo.list);

        same = alike(&todo, p.a, p.b);
    }
    vec_done(&todo.list);
    return same;
}
