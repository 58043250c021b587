#include "schema/fieldmerge.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "data/json.h"
#include "schema/fieldset.h"
#include "schema/fieldwalk.h"
#include "schema/schema.h"

static bool
is_list(struct typeshape shape)
{
    return shape.kind == TYPESHAPE_KEYED || shape.kind == TYPESHAPE_SET;
}

/* Checking. */

struct check {
    struct arena *arena;
    struct buf errors; /* a line each, with its path */
    struct buf path;
    size_t n;
};

static void check(struct check *c, struct typeshape shape, const struct json *v);

__attribute__((format(printf, 2, 3))) static void
wrong(struct check *c, const char *fmt, ...)
{
    va_list ap;

    buf_printf(&c->errors, "\n  %s: ", buf_cstring(&c->path));
    va_start(ap, fmt);
    buf_vprintf(&c->errors, fmt, ap);
    va_end(ap);
    c->n++;
}

static void
check_scalar(struct check *c, const struct schema *type, const struct json *v)
{
    enum json_type is = json_type(v);
    const char *wanted = NULL;

    if (type == NULL)
        return;
    switch (schema_form(type)) {
    case SCHEMA_BOOL:
        wanted = is != JSON_BOOL ? "boolean" : NULL;
        break;
    case SCHEMA_INT32:
    case SCHEMA_INT64:
    case SCHEMA_DOUBLE:
        wanted = is != JSON_NUMBER ? "numeric (int or float)" : NULL;
        break;
    case SCHEMA_STRING:
    case SCHEMA_BYTES:
        wanted = is != JSON_STRING ? "string" : NULL;
        break;
    case SCHEMA_LIST:
        wanted = is != JSON_ARRAY ? "list" : NULL;
        break;
    case SCHEMA_MAP:
    case SCHEMA_OBJECT:
        wanted = is != JSON_OBJECT ? "map" : NULL;
        break;
    default:
        wanted = is == JSON_OBJECT || is == JSON_ARRAY ? "any scalar" : NULL;
        break;
    }
    if (wanted != NULL)
        wrong(c, "expected %s, got %s", wanted, json_type_name(is));
}

/* What is atomic is checked inside all the same. */
static void
check_inside(struct check *c, const struct schema *type, const struct json *v)
{
    enum schema_form form = type != NULL ? schema_form(type) : SCHEMA_ANY;
    size_t before = c->path.n;

    check_scalar(c, type, v);
    if (form != SCHEMA_OBJECT && form != SCHEMA_LIST && form != SCHEMA_MAP)
        return;
    JSON_EACH (it, v) {
        struct schema_field field = {.type = schema_item(type)};

        if (it.key.p == NULL)
            buf_printf(&c->path, "[%zu]", it.index);
        else
            buf_printf(&c->path, ".%.*s", STR_ARG(it.key));
        if (form == SCHEMA_OBJECT && json_type(v) == JSON_OBJECT &&
            !schema_field(type, it.key, &field))
            wrong(c, "field not declared in schema");
        else if (field.type != NULL && !json_is_null(it.value))
            check_inside(c, field.type, it.value);
        buf_cut(&c->path, before);
    }
}

static void
check_fields(struct check *c, struct typeshape shape, const struct json *v)
{
    size_t before = c->path.n;

    if (json_type(v) != JSON_OBJECT) {
        wrong(c, "expected map, got %s", json_type_name(json_type(v)));
        return;
    }
    JSON_EACH (it, v) {
        bool declared;
        struct typeshape below = typeshape_field(shape, it.key, &declared);

        buf_printf(&c->path, ".%.*s", STR_ARG(it.key));
        if (shape.kind == TYPESHAPE_OBJECT && !declared && !shape.custom)
            wrong(c, "field not declared in schema");
        else
            check(c, below, it.value);
        buf_cut(&c->path, before);
    }
}

static int
by_text(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static void
check_duplicates(struct check *c, struct str *elements, size_t n)
{
    qsort(elements, n, sizeof *elements, by_text);
    for (size_t i = 1; i < n; i++) {
        cleanup_buf struct buf text = BUF_INIT;

        if (!str_eq(elements[i], elements[i - 1]) ||
            (i > 1 && str_eq(elements[i], elements[i - 2])))
            continue;
        fieldset_path_text(&elements[i], 1, &text);
        wrong(c, "duplicate entries for key %s", buf_cstring(&text));
    }
}

static void
check_items(struct check *c, struct typeshape shape, const struct json *v)
{
    struct str *elements = ARENA_ARRAY(c->arena, struct str, json_count(v) + 1);
    size_t before = c->path.n, n = 0;

    if (json_type(v) != JSON_ARRAY) {
        wrong(c, "expected list, got %s", json_type_name(json_type(v)));
        return;
    }
    JSON_EACH (it, v) {
        struct err e = ERR_INIT;

        if (typeshape_element(c->arena, shape, it.value, &elements[n], &e) < 0) {
            wrong(c, "element %zu: %s", it.index, e.msg);
            return;
        }
        fieldset_path_text(&elements[n++], 1, &c->path);
        check(c, typeshape_item(shape), it.value);
        buf_cut(&c->path, before);
    }
    check_duplicates(c, elements, n);
}

static void
check(struct check *c, struct typeshape shape, const struct json *v)
{
    if (json_is_null(v))
        return;
    shape = typeshape_of_value(shape, v);
    if (shape.kind == TYPESHAPE_WHOLE)
        check_inside(c, shape.type, v);
    else if (is_list(shape))
        check_items(c, shape, v);
    else
        check_fields(c, shape, v);
}

int
fieldmerge_check(struct arena *a, struct typeshape shape, const struct json *applied, struct err *e)
{
    struct check c = {.arena = a, .errors = BUF_INIT, .path = BUF_INIT};
    int rc = 0;

    check(&c, shape, applied);
    if (c.n == 1)
        rc = err_set(e, ERR_IO, "%s", buf_cstring(&c.errors) + sizeof "\n  " - 1);
    else if (c.n > 1)
        rc = err_set(e, ERR_IO, "errors:%s", buf_cstring(&c.errors));
    buf_done(&c.errors);
    buf_done(&c.path);
    return rc;
}

/* Merging. */

static void over(struct arena *a, struct json_build *b, struct typeshape shape,
                 const struct json *base, const struct json *v);

static void
over_fields(struct arena *a, struct json_build *b, struct typeshape shape, const struct json *base,
            const struct json *v)
{
    bool declared;

    json_add_object(b, NULL);
    JSON_EACH (it, base) {
        json_add_key(b, it.key);
        over(a, b, typeshape_field(shape, it.key, &declared), it.value, json_get_str(v, it.key));
    }
    JSON_EACH (it, v) {
        if (json_get_str(base, it.key) != NULL)
            continue;
        json_add_key(b, it.key);
        over(a, b, typeshape_field(shape, it.key, &declared), NULL, it.value);
    }
    json_end(b);
}

/* The list in its own order, with what is known of each item on the other side. */
struct side {
    struct fieldwalk_item *sorted, **in_order;
    size_t n;
};

static struct side
side_of(struct arena *a, struct typeshape shape, const struct json *v)
{
    struct side s;

    s.sorted = fieldwalk_items(a, shape, v, &s.n);
    s.in_order = ARENA_ARRAY(a, struct fieldwalk_item *, json_count(v) + 1);
    for (size_t i = 0; i < s.n; i++)
        s.in_order[s.sorted[i].index] = &s.sorted[i];
    for (size_t i = 0, n = 0; n < s.n; i++) {
        if (s.in_order[i] == NULL)
            continue;
        s.in_order[n] = s.in_order[i];
        s.in_order[n]->index = n;
        n++;
    }
    return s;
}

static int
by_key(const void *key, const void *item)
{
    return str_cmp(*(const struct str *)key, ((const struct fieldwalk_item *)item)->element);
}

static struct fieldwalk_item *
find(const struct side *s, struct str element)
{
    return s->n > 0 ? bsearch(&element, s->sorted, s->n, sizeof *s->sorted, by_key) : NULL;
}

/* An item that occurs twice is not merged. */
static bool
is_single(const struct side *s, const struct fieldwalk_item *item)
{
    return !(item > s->sorted && str_eq(item[-1].element, item->element)) &&
           !(item + 1 < s->sorted + s->n && str_eq(item[1].element, item->element));
}

/* The applied list decides about the order of its items; others stay in front of those that they
 * were in front of. */
static void
over_items(struct arena *a, struct json_build *b, struct typeshape shape, const struct json *base,
           const struct json *v)
{
    struct side left = side_of(a, shape, base), right = side_of(a, shape, v);
    struct typeshape below = typeshape_item(shape);
    bool *merged = ARENA_ARRAY(a, bool, right.n + 1);
    size_t i = 0, j = 0, shared = 0; /* `shared`: the next right item that is left too */

    json_add_array(b, NULL);
    while (i < left.n || j < right.n) {
        struct fieldwalk_item *l = i < left.n ? left.in_order[i] : NULL;
        struct fieldwalk_item *r = j < right.n ? right.in_order[j] : NULL;
        struct fieldwalk_item *other = l != NULL ? find(&right, l->element) : NULL;

        while (shared < right.n &&
               (merged[shared] || find(&left, right.in_order[shared]->element) == NULL))
            shared++;
        if (l != NULL && other == NULL) {
            over(a, b, below, l->value, NULL);
            i++;
            continue;
        }
        if (l != NULL && r != NULL && !str_eq(l->element, r->element) && shared < right.n &&
            !str_eq(right.in_order[shared]->element, l->element)) {
            i++; /* shared, and its turn comes with the right list */
            continue;
        }
        if (l != NULL && (r == NULL || merged[other->index])) {
            i++;
            if (r == NULL)
                continue;
        }
        if (r != NULL) {
            struct fieldwalk_item *mine = find(&left, r->element);

            over(a, b, below, mine != NULL && is_single(&left, mine) ? mine->value : NULL,
                 r->value);
            merged[j] = true;
            if (l != NULL && str_eq(l->element, r->element))
                i++;
            j++;
        }
    }
    json_end(b);
}

static void
over(struct arena *a, struct json_build *b, struct typeshape shape, const struct json *base,
     const struct json *v)
{
    struct typeshape was = typeshape_of_value(shape, base), is = typeshape_of_value(shape, v);

    if (v == NULL || json_is_null(v))
        is = was;
    if (v == NULL) {
        json_add_value(b, NULL, base);
    } else if (is.kind == TYPESHAPE_WHOLE || is.kind == TYPESHAPE_OPEN ||
               (!json_is_null(base) && was.kind != is.kind) ||
               (json_count(base) == 0 && json_count(v) == 0)) {
        json_add_value(b, NULL, v);
    } else if (is_list(is)) {
        over_items(a, b, is, base, v);
    } else {
        over_fields(a, b, is, base, v);
    }
}

struct json_doc *
fieldmerge_over(struct arena *a, struct typeshape shape, const struct json *base,
                const struct json *over_value)
{
    struct json_build b = JSON_BUILD_INIT;

    over(a, &b, shape, base, over_value);
    return json_build_done(&b);
}

/* Removing. */

static bool remains(struct arena *a, struct typeshape shape, const struct json *v,
                    const struct fieldset *remove);

/* What is to be removed of a child: NULL for nothing; *gone if all of it. */
static const struct fieldset *
below_of(struct arena *a, struct typeshape shape, const struct fieldset *remove,
         const struct json_each *it, struct typeshape *ret, bool *gone)
{
    struct err ignored = ERR_INIT;
    struct str element;
    const struct fieldset *child;
    bool declared;

    *gone = false;
    *ret = typeshape_item(shape);
    if (it->key.p != NULL) {
        *ret = typeshape_field(shape, it->key, &declared);
        element = typeshape_field_element(a, it->key);
    } else if (typeshape_element(a, shape, it->value, &element, &ignored) < 0) {
        return NULL;
    }
    child = fieldset_child(remove, element);
    if (child == NULL)
        return NULL;
    *gone = child->member || (!fieldset_is_empty(child) && !remains(a, *ret, it->value, child));
    return fieldset_is_empty(child) ? NULL : child;
}

/* Whether anything is left of a value. */
static bool
remains(struct arena *a, struct typeshape shape, const struct json *v,
        const struct fieldset *remove)
{
    shape = typeshape_of_value(shape, v);
    if (shape.kind == TYPESHAPE_WHOLE || shape.kind == TYPESHAPE_OPEN)
        return json_type(v) != JSON_OBJECT && json_type(v) != JSON_ARRAY;
    JSON_EACH (it, v) {
        struct typeshape below;
        bool gone;

        below_of(a, shape, remove, &it, &below, &gone);
        if (!gone)
            return true;
    }
    return false;
}

static void
without(struct arena *a, struct json_build *b, struct typeshape shape, const struct json *v,
        const struct fieldset *remove, bool keep_null)
{
    shape = typeshape_of_value(shape, v);
    if (shape.kind == TYPESHAPE_WHOLE || shape.kind == TYPESHAPE_OPEN) {
        json_add_value(b, NULL, v);
        return;
    }
    (json_type(v) == JSON_ARRAY ? json_add_array : json_add_object)(b, NULL);
    JSON_EACH (it, v) {
        struct typeshape below;
        bool gone;
        const struct fieldset *child = below_of(a, shape, remove, &it, &below, &gone);

        if (gone && !(keep_null && it.key.p != NULL && !child->member))
            continue;
        if (it.key.p != NULL)
            json_add_key(b, it.key);
        if (gone)
            json_add_null(b, NULL);
        else if (child != NULL)
            without(a, b, below, it.value, child, keep_null);
        else
            json_add_value(b, NULL, it.value);
    }
    json_end(b);
}

struct json_doc *
fieldmerge_remove(struct arena *a, struct typeshape shape, const struct json *v,
                  const struct fieldset *remove, bool keep_null)
{
    struct json_build b = JSON_BUILD_INIT;

    without(a, &b, shape, v, remove, keep_null);
    return json_build_done(&b);
}
