#include "schema/fieldset.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "data/json.h"

struct fieldset *
fieldset_new(struct arena *a)
{
    return ARENA_NEW(a, struct fieldset);
}

/* Where an element is, or is to be. */
static size_t
place_of(const struct fieldset *s, struct str element, bool *found)
{
    size_t low = 0, high = s->n;

    *found = false;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = str_cmp(s->children[mid]->element, element);

        if (order == 0) {
            *found = true;
            return mid;
        }
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static void
put(struct arena *a, struct fieldset *s, size_t at, struct fieldset *child)
{
    if (s->n == s->cap) {
        size_t cap = s->cap > 0 ? s->cap * 2 : 4;
        struct fieldset **grown = ARENA_ARRAY(a, struct fieldset *, cap);

        if (s->n > 0)
            memcpy(grown, s->children, s->n * sizeof(struct fieldset *));
        s->children = grown;
        s->cap = cap;
    }
    memmove(s->children + at + 1, s->children + at, (s->n - at) * sizeof(struct fieldset *));
    s->children[at] = child;
    s->n++;
}

/* The child for an element, made if need be. */
static struct fieldset *
grow(struct arena *a, struct fieldset *s, struct str element)
{
    bool found;
    size_t at = place_of(s, element, &found);

    if (!found) {
        struct fieldset *child = fieldset_new(a);

        child->element = element;
        put(a, s, at, child);
    }
    return s->children[at];
}

void
fieldset_insert(struct arena *a, struct fieldset *s, const struct str *path, size_t n)
{
    for (size_t i = 0; i < n; i++)
        s = grow(a, s, path[i]);
    s->member = true;
}

const struct fieldset *
fieldset_child(const struct fieldset *s, struct str element)
{
    bool found = false;
    size_t at = s != NULL ? place_of(s, element, &found) : 0;

    return found ? s->children[at] : NULL;
}

/* Nodes without members are not kept in results, but a set that is read may have some. */
bool
fieldset_is_empty(const struct fieldset *s)
{
    if (s == NULL)
        return true;
    if (s->member)
        return false;
    for (size_t i = 0; i < s->n; i++)
        if (!fieldset_is_empty(s->children[i]))
            return false;
    return true;
}

/* A node of a result; its children are appended in order. */
static struct fieldset *
begin(struct arena *a, const struct fieldset *like, bool member, size_t room)
{
    struct fieldset *s = fieldset_new(a);

    s->element = like->element;
    s->member = member;
    s->cap = room;
    s->children = room > 0 ? ARENA_ARRAY(a, struct fieldset *, room) : NULL;
    return s;
}

static void
append(struct fieldset *s, struct fieldset *child)
{
    if (!fieldset_is_empty(child))
        s->children[s->n++] = child;
}

struct fieldset *
fieldset_union(struct arena *a, const struct fieldset *x, const struct fieldset *y)
{
    struct fieldset *s = begin(a, x, x->member || y->member, x->n + y->n);
    size_t i = 0, j = 0;

    while (i < x->n || j < y->n) {
        int order = i == x->n   ? 1
                    : j == y->n ? -1
                                : str_cmp(x->children[i]->element, y->children[j]->element);

        if (order == 0)
            append(s, fieldset_union(a, x->children[i++], y->children[j++]));
        else
            append(s, order < 0 ? x->children[i++] : y->children[j++]);
    }
    return s;
}

struct fieldset *
fieldset_intersection(struct arena *a, const struct fieldset *x, const struct fieldset *y)
{
    struct fieldset *s = begin(a, x, x->member && y->member, x->n);

    for (size_t i = 0; i < x->n; i++) {
        const struct fieldset *other = fieldset_child(y, x->children[i]->element);

        if (other != NULL)
            append(s, fieldset_intersection(a, x->children[i], other));
    }
    return s;
}

static struct fieldset *
subtract(struct arena *a, const struct fieldset *x, const struct fieldset *y, bool below)
{
    struct fieldset *s = begin(a, x, x->member && !y->member, x->n);

    if (below && y->member)
        return s;
    for (size_t i = 0; i < x->n; i++) {
        const struct fieldset *other = fieldset_child(y, x->children[i]->element);

        append(s, other != NULL ? subtract(a, x->children[i], other, below) : x->children[i]);
    }
    return s;
}

struct fieldset *
fieldset_difference(struct arena *a, const struct fieldset *x, const struct fieldset *y)
{
    return subtract(a, x, y, false);
}

struct fieldset *
fieldset_without(struct arena *a, const struct fieldset *x, const struct fieldset *y)
{
    return subtract(a, x, y, true);
}

/* Reading and writing. */

static int
wrong_element(struct str element, struct err *e)
{
    return err_set(e, ERR_BADREQUEST, "'%.*s' is no element of a field path",
                   (int)(element.n < 100 ? element.n : 100), element.p);
}

/* The element's text as we write it: JSON in it is sorted and without spaces. */
static int
canonical(struct arena *a, struct str element, struct str *ret, struct err *e)
{
    cleanup_json struct json_doc *value = NULL;
    cleanup_buf struct buf text = BUF_INIT;
    int64_t place;

    if (element.n < 2 || element.p[1] != ':' || strchr("fkvi", element.p[0]) == NULL)
        return wrong_element(element, e);
    if (element.p[0] == 'i' && !str_to_int(str_slice(element, 2, element.n), &place))
        return wrong_element(element, e);
    buf_str(&text, str_slice(element, 0, 2));
    if (element.p[0] == 'f' || element.p[0] == 'i') {
        buf_str(&text, str_slice(element, 2, element.n));
    } else {
        if (json_parse(str_slice(element, 2, element.n), NULL, &value, e) < 0)
            return wrong_element(element, e);
        if (element.p[0] == 'k' && json_type(json_root(value)) != JSON_OBJECT)
            return wrong_element(element, e);
        json_write_sorted(&text, json_root(value));
    }
    *ret = str_make(str_dup_arena(a, buf_view(&text)), text.n);
    return 0;
}

static int
read_node(struct arena *a, const struct json *fields, struct fieldset *s, struct err *e)
{
    if (json_type(fields) != JSON_OBJECT)
        return err_set(e, ERR_BADREQUEST, "a set of fields must be an object (got %s)",
                       json_type_name(json_type(fields)));
    JSON_EACH (it, fields) {
        struct fieldset *child;
        struct str element;

        if (str_is(it.key, ".")) {
            s->member = true;
            continue;
        }
        if (canonical(a, it.key, &element, e) < 0)
            return e->code;
        child = grow(a, s, element);
        if (json_count(it.value) == 0)
            child->member = true;
        if (read_node(a, it.value, child, e) < 0)
            return e->code;
    }
    return 0;
}

int
fieldset_read(struct arena *a, const struct json *fields, struct fieldset **ret, struct err *e)
{
    *ret = fieldset_new(a);
    return json_is_null(fields) ? 0 : read_node(a, fields, *ret, e);
}

void
fieldset_write(const struct fieldset *s, struct json_build *b, const char *key)
{
    json_add_object(b, key);
    if (s->member && s->n > 0) {
        json_add_object(b, ".");
        json_end(b);
    }
    for (size_t i = 0; i < s->n; i++) {
        json_add_key(b, s->children[i]->element);
        fieldset_write(s->children[i], b, NULL);
    }
    json_end(b);
}

/* Paths as people read them. */

static void
write_element(struct str element, struct buf *to)
{
    cleanup_json struct json_doc *value = NULL;
    struct str rest = str_slice(element, 2, element.n);
    struct err e = ERR_INIT;

    if (element.p[0] == 'f') {
        buf_printf(to, ".%.*s", STR_ARG(rest));
        return;
    }
    buf_char(to, '[');
    if (element.p[0] == 'i') {
        buf_str(to, rest);
    } else if (json_parse(rest, NULL, &value, &e) == 0 && element.p[0] == 'v') {
        buf_char(to, '=');
        json_write(to, json_root(value));
    } else {
        JSON_EACH (it, json_root(value)) {
            buf_printf(to, "%s%.*s=", it.index > 0 ? "," : "", STR_ARG(it.key));
            json_write(to, it.value);
        }
    }
    buf_char(to, ']');
}

void
fieldset_path_text(const struct str *path, size_t n, struct buf *to)
{
    for (size_t i = 0; i < n; i++)
        write_element(path[i], to);
}

struct each {
    fieldset_fn *fn;
    void *arg;
    struct str *path;
    size_t n, cap;
};

/* Members of a node come before what is below its sisters, as upstream lists them. */
static void
visit(struct each *each, const struct fieldset *s)
{
    if (each->n == each->cap) {
        each->cap = each->cap > 0 ? each->cap * 2 : 16;
        each->path = xrealloc(each->path, each->cap, sizeof *each->path);
    }
    each->n++;
    for (size_t i = 0; i < s->n; i++) {
        each->path[each->n - 1] = s->children[i]->element;
        if (s->children[i]->member)
            each->fn(each->arg, each->path, each->n);
    }
    for (size_t i = 0; i < s->n; i++) {
        each->path[each->n - 1] = s->children[i]->element;
        visit(each, s->children[i]);
    }
    each->n--;
}

void
fieldset_each(const struct fieldset *s, fieldset_fn *fn, void *arg)
{
    struct each each = {.fn = fn, .arg = arg};

    visit(&each, s);
    free(each.path);
}
