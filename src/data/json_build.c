/*
 * json_build - making documents.
 *
 * Nodes grow in a block that has room for the document's header in front, text in
 * a second one; json_build_done() joins them.  Open containers chain through their
 * nodes as in the parser.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "data/json_int.h"
#include "data/json_number.h"

enum { FIRST_NODES = 16, FIRST_TEXT = 256 };

static struct json_doc *
block_of(struct json_build *b)
{
    return b->nodes != NULL ? CONTAINER_OF(b->nodes, struct json_doc, nodes[0]) : NULL;
}

static struct json *
grow(struct json_build *b, size_t more)
{
    if (b->n + more > b->cap) {
        struct json_doc *block;

        b->cap = b->cap * 2 + FIRST_NODES + more;
        block = json_doc_resize(block_of(b), b->cap);
        CHECK(block != NULL);
        b->nodes = block->nodes;
    }
    b->n += more;
    return &b->nodes[b->n - more];
}

/* Appends text and a NUL; returns its offset. */
static uint32_t
add_text(struct json_build *b, struct str s)
{
    size_t at = b->text_n;

    if (at + s.n + 1 > b->text_cap) {
        b->text_cap = b->text_cap * 2 + s.n + FIRST_TEXT;
        b->text = xrealloc(b->text, b->text_cap, 1);
    }
    CHECK(at + s.n < UINT32_MAX);
    if (s.n != 0)
        memcpy(b->text + at, s.p, s.n);
    b->text[at + s.n] = '\0';
    b->text_n = at + s.n + 1;
    return (uint32_t)at;
}

static struct json *
push(struct json_build *b, enum json_type type)
{
    uint32_t index = (uint32_t)b->n;
    struct json *v = grow(b, 1);

    *v = (struct json){.index = index, .type = type, .offset = JSON_NO_OFFSET};
    return v;
}

static void
push_text(struct json_build *b, enum json_type type, struct str s)
{
    uint32_t at = add_text(b, s);
    struct json *v = push(b, type);

    v->a = at;
    v->b = (uint32_t)s.n;
}

void
json_add_key(struct json_build *b, struct str key)
{
    CHECK(b->open != 0 && b->nodes[b->open - 1].type == JSON_OBJECT && !b->keyed);
    push_text(b, JSON_STRING, key);
    b->keyed = true;
}

/* What precedes every value: its key, and the count of its container. */
static void
begin_value(struct json_build *b, const char *key)
{
    if (key != NULL)
        json_add_key(b, str_of(key));
    if (b->open == 0) {
        CHECK(b->n == 0); /* one root */
        return;
    }
    CHECK(b->keyed == (b->nodes[b->open - 1].type == JSON_OBJECT));
    b->keyed = false;
    b->nodes[b->open - 1].b++;
}

static void
add_container(struct json_build *b, const char *key, enum json_type type)
{
    struct json *v;

    begin_value(b, key);
    v = push(b, type);
    v->a = b->open;
    b->open = v->index + 1;
}

void
json_add_object(struct json_build *b, const char *key)
{
    add_container(b, key, JSON_OBJECT);
}

void
json_add_array(struct json_build *b, const char *key)
{
    add_container(b, key, JSON_ARRAY);
}

void
json_end(struct json_build *b)
{
    struct json *v;

    CHECK(b->open != 0 && !b->keyed);
    v = &b->nodes[b->open - 1];
    b->open = v->a;
    v->a = (uint32_t)b->n - v->index;
}

void
json_add_null(struct json_build *b, const char *key)
{
    begin_value(b, key);
    push(b, JSON_NULL);
}

void
json_add_bool(struct json_build *b, const char *key, bool value)
{
    begin_value(b, key);
    push(b, JSON_BOOL)->a = value;
}

void
json_add_int(struct json_build *b, const char *key, int64_t value)
{
    char text[24];
    int n = snprintf(text, sizeof text, "%lld", (long long)value);

    begin_value(b, key);
    push_text(b, JSON_NUMBER, str_make(text, (size_t)n));
}

void
json_add_double(struct json_build *b, const char *key, double value)
{
    struct buf text = BUF_INIT;

    begin_value(b, key);
    if (isfinite(value)) {
        json_layout_double(&text, value, &json_layout_go);
        push_text(b, JSON_NUMBER, buf_view(&text));
    } else {
        push(b, JSON_NULL);
    }
    buf_done(&text);
}

void
json_add_number(struct json_build *b, const char *key, struct str text)
{
    CHECK(json_is_number_text(text));
    begin_value(b, key);
    push_text(b, JSON_NUMBER, text);
}

void
json_add_str(struct json_build *b, const char *key, struct str value)
{
    begin_value(b, key);
    push_text(b, JSON_STRING, value);
}

void
json_add_cstr(struct json_build *b, const char *key, const char *value)
{
    json_add_str(b, key, str_of(value));
}

void
json_add_printf(struct json_build *b, const char *key, const char *fmt, ...)
{
    struct buf text = BUF_INIT;
    va_list ap;

    va_start(ap, fmt);
    buf_vprintf(&text, fmt, ap);
    va_end(ap);
    json_add_str(b, key, buf_view(&text));
    buf_done(&text);
}

/* Where the text of nodes [v, v + n) lies: in one piece, because texts are in the order of their
 * nodes.  False if there is none. */
static bool
text_range(const struct json *v, uint32_t n, uint32_t *from, uint32_t *to)
{
    const struct json *first = v, *last = v + n - 1;

    while (first <= last && first->type != JSON_STRING && first->type != JSON_NUMBER)
        first++;
    if (first > last)
        return false;
    while (last->type != JSON_STRING && last->type != JSON_NUMBER)
        last--;
    *from = first->a;
    *to = last->a + last->b;
    return true;
}

/* Appends nodes whose texts, if any, begin at `from` in theirs and at `text` in ours. */
static void
append(struct json_build *b, const struct json *v, uint32_t n, uint32_t from, uint32_t text)
{
    uint32_t index = (uint32_t)b->n;
    struct json *copy = grow(b, n);

    memcpy(copy, v, n * sizeof *v);
    for (uint32_t i = 0; i < n; i++) {
        copy[i].index = index + i;
        copy[i].offset = JSON_NO_OFFSET;
        if (copy[i].type == JSON_STRING || copy[i].type == JSON_NUMBER)
            copy[i].a = copy[i].a - from + text;
    }
}

void
json_add_value(struct json_build *b, const char *key, const struct json *v)
{
    uint32_t from = 0, to = 0, text = 0, n;

    if (v == NULL)
        return;
    begin_value(b, key);
    n = json_span(v);
    if (text_range(v, n, &from, &to))
        text = add_text(b, str_make(json_doc_of(v)->text + from, to - from));
    append(b, v, n, from, text);
}

void
json_build_repeat(struct json_build *b, const struct json *nodes, uint32_t n)
{
    uint32_t from = 0, to = 0, text = 0;

    begin_value(b, NULL);
    if (text_range(nodes, n, &from, &to)) {
        cleanup_free char *copy = xmemdup(b->text + from, to - from + 1); /* which may move */

        text = add_text(b, str_make(copy, to - from));
    }
    append(b, nodes, n, from, text);
}

static bool
is_listed(struct str key, const char *const *names)
{
    for (; names != NULL && *names != NULL; names++) {
        if (str_is(key, *names))
            return true;
    }
    return false;
}

void
json_add_fields(struct json_build *b, const struct json *object, const char *const *except)
{
    if (json_type(object) != JSON_OBJECT)
        return;
    JSON_EACH (it, object) {
        if (!is_listed(it.key, except)) {
            json_add_key(b, it.key);
            json_add_value(b, NULL, it.value);
        }
    }
}

struct json_doc *
json_build_done_places(struct json_build *b, const struct json_place *places, char **duplicates,
                       size_t duplicates_n)
{
    struct json_parts parts = {
        .n = (uint32_t)b->n,
        .text = str_make(b->text, b->text_n),
        .places = places,
        .duplicates = duplicates,
        .duplicates_n = duplicates_n,
    };
    struct json_doc *d;

    CHECK(b->n != 0 && b->open == 0);
    d = json_doc_finish(block_of(b), &parts);
    CHECK(d != NULL);
    b->nodes = NULL;
    json_build_cancel(b);
    return d;
}

struct json_doc *
json_build_done(struct json_build *b)
{
    return json_build_done_places(b, NULL, NULL, 0);
}

void
json_build_cancel(struct json_build *b)
{
    free(block_of(b));
    free(b->text);
    *b = JSON_BUILD_INIT;
}

struct json_doc *
json_copy(const struct json *v)
{
    struct json_build b = JSON_BUILD_INIT;

    if (v == NULL)
        return NULL;
    json_add_value(&b, NULL, v);
    return json_build_done(&b);
}
