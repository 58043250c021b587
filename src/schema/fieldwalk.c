#include "schema/fieldwalk.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/mem.h"
#include "data/json.h"
#include "schema/fieldset.h"

struct walk {
    struct arena *arena;
    struct str *path; /* on the heap */
    size_t n, cap;
    struct fieldset *set;            /* of walk_set() */
    struct fieldwalk_change *change; /* of walk_compare() */
};

static void
enter(struct walk *w, struct str element)
{
    if (w->n == w->cap) {
        w->cap = w->cap > 0 ? w->cap * 2 : 16;
        w->path = xrealloc(w->path, w->cap, sizeof *w->path);
    }
    w->path[w->n++] = element;
}

static void
leave(struct walk *w)
{
    w->n--;
}

static void
insert(struct walk *w, struct fieldset *s)
{
    fieldset_insert(w->arena, s, w->path, w->n);
}

static int
by_element(const void *a, const void *b)
{
    const struct fieldwalk_item *x = a, *y = b;
    int order = str_cmp(x->element, y->element);

    if (order != 0)
        return order;
    return x->index < y->index ? -1 : x->index > y->index;
}

struct fieldwalk_item *
fieldwalk_items(struct arena *a, struct typeshape shape, const struct json *v, size_t *ret_n)
{
    struct fieldwalk_item *items = ARENA_ARRAY(a, struct fieldwalk_item, json_count(v) + 1);
    size_t n = 0;

    JSON_EACH (it, v) {
        struct err ignored = ERR_INIT;

        items[n] = (struct fieldwalk_item){.value = it.value, .index = it.index};
        if (typeshape_element(a, shape, it.value, &items[n].element, &ignored) == 0)
            n++;
    }
    qsort(items, n, sizeof *items, by_element);
    *ret_n = n;
    return items;
}

/* Fields of an object, sorted by name, in the same form; elements are "f:NAME". */
static struct fieldwalk_item *
fields_of(struct arena *a, const struct json *v, size_t *ret_n)
{
    struct fieldwalk_item *items = ARENA_ARRAY(a, struct fieldwalk_item, json_count(v) + 1);
    size_t n = 0;

    if (json_type(v) == JSON_OBJECT) {
        JSON_EACH (it, v) {
            items[n] = (struct fieldwalk_item){typeshape_field_element(a, it.key), it.value, n};
            n++;
        }
    }
    qsort(items, n, sizeof *items, by_element);
    *ret_n = n;
    return items;
}

static bool
is_list(struct typeshape shape)
{
    return shape.kind == TYPESHAPE_KEYED || shape.kind == TYPESHAPE_SET;
}

static struct str
name_of(struct str element)
{
    return str_slice(element, 2, element.n);
}

/* How many of the items from i on have the same element. */
static size_t
run_of(const struct fieldwalk_item *items, size_t n, size_t i)
{
    size_t end = i + 1;

    while (end < n && str_eq(items[end].element, items[i].element))
        end++;
    return end - i;
}

/* What a value holds. */

static void walk_set(struct walk *w, struct typeshape shape, const struct json *v);

static void
set_of_items(struct walk *w, struct typeshape shape, const struct json *v)
{
    size_t n, run;
    struct fieldwalk_item *items = fieldwalk_items(w->arena, shape, v, &n);

    for (size_t i = 0; i < n; i += run) {
        run = run_of(items, n, i);
        enter(w, items[i].element);
        if (run == 1)
            walk_set(w, typeshape_item(shape), items[i].value);
        insert(w, w->set);
        leave(w);
    }
}

static void
set_of_fields(struct walk *w, struct typeshape shape, const struct json *v)
{
    JSON_EACH (it, v) {
        bool declared;
        struct typeshape below = typeshape_field(shape, it.key, &declared);

        enter(w, typeshape_field_element(w->arena, it.key));
        walk_set(w, below, it.value);
        if (!declared || json_is_null(it.value) ||
            (json_type(it.value) == JSON_OBJECT && json_count(it.value) == 0))
            insert(w, w->set);
        leave(w);
    }
}

static void
walk_set(struct walk *w, struct typeshape shape, const struct json *v)
{
    shape = typeshape_of_value(shape, v);
    if (shape.kind == TYPESHAPE_WHOLE || shape.kind == TYPESHAPE_OPEN)
        insert(w, w->set);
    else if (is_list(shape))
        set_of_items(w, shape, v);
    else
        set_of_fields(w, shape, v);
}

struct fieldset *
fieldwalk_set(struct arena *a, struct typeshape shape, const struct json *v)
{
    struct walk w = {.arena = a, .set = fieldset_new(a)};

    walk_set(&w, shape, v);
    free(w.path);
    return w.set;
}

/* How two values differ. */

static void walk_compare(struct walk *w, struct typeshape shape, const struct json *before,
                         const struct json *after);

static void
compare_whole(struct walk *w, const struct json *before, const struct json *after)
{
    if (before == NULL)
        insert(w, w->change->added);
    else if (after == NULL)
        insert(w, w->change->removed);
    else if (!json_equal(before, after))
        insert(w, w->change->modified);
}

static bool
same_items(const struct fieldwalk_item *x, const struct fieldwalk_item *y, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!json_equal(x[i].value, y[i].value))
            return false;
    return true;
}

/* Items of one path element; more than one on a side are owned together. */
static void
compare_items(struct walk *w, struct typeshape shape, const struct fieldwalk_item *x, size_t xn,
              const struct fieldwalk_item *y, size_t yn)
{
    struct typeshape below = typeshape_item(shape);

    enter(w, xn > 0 ? x->element : y->element);
    if (xn <= 1 && yn <= 1) {
        walk_compare(w, below, xn > 0 ? x->value : NULL, yn > 0 ? y->value : NULL);
    } else if (xn > 1 && yn > 1) {
        if (xn != yn || !same_items(x, y, xn))
            insert(w, w->change->modified);
    } else if (xn > 1) {
        if (yn > 0)
            walk_compare(w, below, NULL, y->value);
        insert(w, w->change->removed);
    } else {
        if (xn > 0)
            walk_compare(w, below, x->value, NULL);
        insert(w, w->change->added);
    }
    leave(w);
}

static void
compare_fields(struct walk *w, struct typeshape shape, const struct fieldwalk_item *x,
               const struct fieldwalk_item *y)
{
    struct str element = x != NULL ? x->element : y->element;
    bool declared;

    enter(w, element);
    walk_compare(w, typeshape_field(shape, name_of(element), &declared),
                 x != NULL ? x->value : NULL, y != NULL ? y->value : NULL);
    leave(w);
}

static void
compare_children(struct walk *w, struct typeshape shape, const struct json *before,
                 const struct json *after)
{
    bool list = is_list(shape);
    size_t xn, yn, i = 0, j = 0;
    struct fieldwalk_item *x =
        list ? fieldwalk_items(w->arena, shape, before, &xn) : fields_of(w->arena, before, &xn);
    struct fieldwalk_item *y =
        list ? fieldwalk_items(w->arena, shape, after, &yn) : fields_of(w->arena, after, &yn);

    while (i < xn || j < yn) {
        int order = i == xn ? 1 : j == yn ? -1 : str_cmp(x[i].element, y[j].element);
        size_t x_run = order <= 0 ? run_of(x, xn, i) : 0;
        size_t y_run = order >= 0 ? run_of(y, yn, j) : 0;

        if (list)
            compare_items(w, shape, x + i, x_run, y + j, y_run);
        else
            compare_fields(w, shape, x_run > 0 ? x + i : NULL, y_run > 0 ? y + j : NULL);
        i += x_run;
        j += y_run;
    }
}

static void
walk_compare(struct walk *w, struct typeshape shape, const struct json *before,
             const struct json *after)
{
    struct typeshape was = typeshape_of_value(shape, before);
    struct typeshape is = typeshape_of_value(shape, after);

    if (json_is_null(after))
        is = was;
    /* What has become another kind of thing, or is empty on both sides, counts as a whole: so the
     * difference between empty and null is not lost. */
    if (is.kind == TYPESHAPE_WHOLE || is.kind == TYPESHAPE_OPEN ||
        (!json_is_null(before) && was.kind != is.kind) ||
        (json_count(before) == 0 && json_count(after) == 0)) {
        compare_whole(w, before, after);
        return;
    }
    compare_children(w, is, before, after);
    if (before == NULL)
        insert(w, w->change->added);
    else if (after == NULL)
        insert(w, w->change->removed);
}

struct fieldwalk_change
fieldwalk_compare(struct arena *a, struct typeshape shape, const struct json *before,
                  const struct json *after)
{
    struct fieldwalk_change change = {fieldset_new(a), fieldset_new(a), fieldset_new(a)};
    struct walk w = {.arena = a, .change = &change};

    walk_compare(&w, shape, before, after);
    free(w.path);
    return change;
}

/* Declared fields above members. */

struct fieldset *
fieldwalk_with_fields(struct arena *a, struct typeshape shape, const struct fieldset *s)
{
    struct fieldset *copy = fieldset_new(a);

    *copy = *s;
    copy->cap = s->n;
    copy->children = ARENA_ARRAY(a, struct fieldset *, s->n + 1);
    for (size_t i = 0; i < s->n; i++) {
        struct str element = s->children[i]->element;
        bool declared = false;
        struct typeshape below = element.p[0] == 'f'
                                     ? typeshape_field(shape, name_of(element), &declared)
                                     : typeshape_item(shape);

        copy->children[i] = fieldwalk_with_fields(a, below, s->children[i]);
        if (declared && s->children[i]->n > 0)
            copy->children[i]->member = true;
    }
    return copy;
}
