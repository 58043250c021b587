#include "data/json.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "data/json_int.h"

const struct json_limits json_limits_default = {
    .bytes = JSON_MAX_BYTES,
    .depth = JSON_MAX_DEPTH,
    .refuse_duplicates = true,
};

const char *
json_type_name(enum json_type type)
{
    static const char *const names[] = {"nothing", "null",  "boolean", "number",
                                        "string",  "array", "object"};

    return names[type];
}

/* Documents. */

struct json_doc *
json_doc_resize(struct json_doc *old, size_t nodes)
{
    size_t bytes;

    if (nodes >= JSON_NONE || __builtin_mul_overflow(nodes, sizeof(struct json), &bytes))
        return NULL;
    return realloc(old, sizeof(struct json_doc) + bytes);
}

struct json_doc *
json_doc_finish(struct json_doc *block, const struct json_parts *parts)
{
    size_t nodes = sizeof *block + parts->n * sizeof *block->nodes;
    size_t lines = parts->lines_n * sizeof *parts->lines;
    size_t places = parts->places != NULL ? parts->n * sizeof *parts->places : 0;
    size_t bytes = nodes + lines + places + parts->text.n + JSON_PAD;
    struct json_doc *d = realloc(block, bytes);
    char *at;

    if (d == NULL)
        return NULL;
    *d = (struct json_doc){.n = parts->n, .bytes = bytes, .lines_n = parts->lines_n};
    atomic_init(&d->refs, 1);
    d->duplicates = parts->duplicates;
    d->duplicates_n = parts->duplicates_n;
    at = (char *)d + nodes;
    if (lines != 0)
        d->lines = memcpy(at, parts->lines, lines);
    at += lines;
    if (places != 0)
        d->places = memcpy(at, parts->places, places);
    at += places;
    if (parts->text.n != 0)
        memcpy(at, parts->text.p, parts->text.n);
    memset(at + parts->text.n, 0, JSON_PAD);
    d->text = at;
    return d;
}

struct json_doc *
json_doc_ref(struct json_doc *d)
{
    if (d != NULL)
        atomic_fetch_add_explicit(&d->refs, 1, memory_order_relaxed);
    return d;
}

void
json_doc_unref(struct json_doc *d)
{
    if (d == NULL || atomic_fetch_sub_explicit(&d->refs, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < d->duplicates_n; i++)
        free(d->duplicates[i]);
    free(d->duplicates);
    free(d);
}

const struct json *
json_root(const struct json_doc *d)
{
    return d != NULL ? d->nodes : NULL;
}

size_t
json_doc_bytes(const struct json_doc *d)
{
    return d != NULL ? d->bytes : 0;
}

size_t
json_doc_duplicates(const struct json_doc *d, const char *const **ret)
{
    if (ret != NULL)
        *ret = d != NULL ? (const char *const *)d->duplicates : NULL;
    return d != NULL ? d->duplicates_n : 0;
}

/* Reading. */

enum json_type
json_type(const struct json *v)
{
    return v != NULL ? v->type : JSON_ABSENT;
}

bool
json_is_null(const struct json *v)
{
    return v == NULL || v->type == JSON_NULL;
}

const struct json *
json_get_str(const struct json *v, struct str key)
{
    const char *text;
    const struct json *end;

    if (v == NULL || v->type != JSON_OBJECT)
        return NULL;
    text = json_doc_of(v)->text;
    end = v + v->a;
    for (const struct json *k = v + 1; k < end; k = k + 1 + json_span(k + 1)) {
        if (k->b == key.n && (key.n == 0 || memcmp(text + k->a, key.p, key.n) == 0))
            return k + 1;
    }
    return NULL;
}

const struct json *
json_get(const struct json *v, const char *key)
{
    return json_get_str(v, str_of(key));
}

const struct json *
json_at_path(const struct json *v, const char *dotted)
{
    struct str rest = str_of(dotted);

    while (v != NULL && rest.p != NULL)
        v = json_get_str(v, str_cut(&rest, '.'));
    return v;
}

const struct json *
json_item(const struct json *v, size_t i)
{
    const struct json *item;

    if (v == NULL || v->type != JSON_ARRAY || i >= v->b)
        return NULL;
    for (item = v + 1; i != 0; i--)
        item += json_span(item);
    return item;
}

size_t
json_count(const struct json *v)
{
    return v != NULL && json_is_container(v) ? v->b : 0;
}

struct str
json_str(const struct json *v)
{
    return v != NULL && v->type == JSON_STRING ? json_view(v) : STR_NULL;
}

const char *
json_cstr_or(const struct json *v, const char *otherwise)
{
    return v != NULL && v->type == JSON_STRING ? json_text_of(v) : otherwise;
}

struct str
json_number_text(const struct json *v)
{
    return v != NULL && v->type == JSON_NUMBER ? json_view(v) : STR_NULL;
}

struct str
json_scalar_text(const struct json *v)
{
    switch (json_type(v)) {
    case JSON_STRING:
    case JSON_NUMBER:
        return json_view(v);
    case JSON_BOOL:
        return v->a != 0 ? STR("true") : STR("false");
    case JSON_NULL:
        return STR("null");
    default:
        return STR_NULL;
    }
}

bool
json_bool_or(const struct json *v, bool otherwise)
{
    return v != NULL && v->type == JSON_BOOL ? v->a != 0 : otherwise;
}

struct json_each
json_each_begin(const struct json *v)
{
    struct json_each it = {.index = SIZE_MAX};

    if (v != NULL && json_is_container(v)) {
        it.next_ = v + 1;
        it.end_ = v + v->a;
        it.text_ = v->type == JSON_OBJECT ? json_doc_of(v)->text : NULL;
    }
    return it;
}

bool
json_each_next(struct json_each *it)
{
    if (it->next_ == it->end_)
        return false;
    if (it->text_ != NULL) {
        it->key = str_make(it->text_ + it->next_->a, it->next_->b);
        it->next_++;
    }
    it->value = it->next_;
    it->next_ += json_span(it->next_);
    it->index++;
    return true;
}
