/*
 * yaml_anchor - anchors, aliases and merge keys.
 *
 * An alias is a copy.  A short text can thus ask for an enormous document, by
 * aliases of aliases; each copy is counted before it is made, in nodes and in
 * bytes of text, as are the copies that anchors hold themselves.
 */
#include <stdlib.h>

#include "base/err.h"
#include "data/yaml_int.h"

struct yaml_anchor *
yaml_anchor_begin(struct yaml_reader *y, const yaml_char_t *name)
{
    struct yaml_anchor *a;

    if (name == NULL)
        return NULL;
    a = NEW(struct yaml_anchor);
    vec_push(&y->anchors, a);
    map_put(&y->names, str_of((const char *)name), a); /* a later one of that name hides it */
    return a;
}

int
yaml_anchor_end(struct yaml_reader *y, struct yaml_anchor *a, uint32_t from, unsigned height)
{
    a->n = (uint32_t)y->build.n - from;
    a->nodes = xmemdup(y->build.nodes + from, a->n * sizeof *a->nodes);
    a->places = xmemdup(y->places.at + from, a->n * sizeof *a->places);
    a->height = height;
    for (uint32_t i = 0; i < a->n; i++) {
        if (a->nodes[i].type == JSON_STRING || a->nodes[i].type == JSON_NUMBER)
            a->text += a->nodes[i].b + 1;
    }
    y->copied += a->n;
    return yaml_note(y, a->places[0]);
}

void
yaml_anchors_clear(struct yaml_reader *y)
{
    for (size_t i = 0; i < y->anchors.n; i++) {
        free(y->anchors.at[i]->nodes);
        free(y->anchors.at[i]->places);
        free(y->anchors.at[i]);
    }
    vec_clear(&y->anchors);
    map_done(&y->names);
    y->copied = 0;
}

/* Appends n nodes with their places; they lie outside of the builder. */
static int
repeat(struct yaml_reader *y, const struct json *nodes, const struct json_place *places, uint32_t n,
       size_t text, struct json_place at)
{
    if (y->build.n + y->copied + n > y->limits->nodes)
        return yaml_fail(y, ERR_TOOLARGE, at,
                         "aliases expand to more than the limit of %zu values in one document",
                         y->limits->nodes);
    if (y->build.text_n + text > y->limits->bytes)
        return yaml_fail(y, ERR_TOOLARGE, at,
                         "aliases expand to more than the limit of %zu bytes in one document",
                         y->limits->bytes);
    json_build_repeat(&y->build, nodes, n);
    for (uint32_t i = 0; i < n; i++)
        vec_push(&y->places, places[i]);
    return 0;
}

static int
add_key_again(struct yaml_reader *y, const struct yaml_anchor *a, struct json_place at)
{
    cleanup_free char *key = NULL;

    if (a->nodes[0].type != JSON_STRING && a->nodes[0].type != JSON_NUMBER)
        return yaml_fail(y, ERR_BADREQUEST, at, "expected a string or number as key, found %s",
                         json_type_name(a->nodes[0].type));
    key = xmemdup(y->build.text + a->nodes[0].a, a->nodes[0].b + 1);
    json_add_key(&y->build, str_make(key, a->nodes[0].b));
    return yaml_note(y, at);
}

int
yaml_add_alias(struct yaml_reader *y, const yaml_event_t *event)
{
    const char *name = (const char *)event->data.alias.anchor;
    struct json_place at = yaml_place(event->start_mark);
    const struct yaml_anchor *a = map_get(&y->names, str_of(name));
    struct yaml_frame *f = y->frames.n != 0 ? &vec_last(&y->frames) : NULL;

    if (a == NULL)
        return yaml_fail(y, ERR_BADREQUEST, at, "no anchor &%s comes before its alias", name);
    if (a->nodes == NULL)
        return yaml_fail(y, ERR_BADREQUEST, at, "anchor &%s contains its own alias", name);
    if (yaml_key_is_due(y))
        return add_key_again(y, a, at);
    if (y->frames.n + a->height > y->limits->depth)
        return yaml_fail(y, ERR_TOOLARGE, at, "nested deeper than the limit of %u levels",
                         y->limits->depth);
    if (f != NULL && f->height <= a->height)
        f->height = a->height + 1;
    return repeat(y, a->nodes, a->places, a->n, a->text, at);
}

/* Merging.  The mapping's fields are taken out and added again: first those that it has itself,
 * then of each merged mapping those whose keys are not there yet. */

struct merge {
    struct yaml_reader *y;
    struct json *nodes; /* the mapping, taken out */
    struct json_place *places;
    struct map keys; /* those added; values do not matter */
};

/* Text of an own copy of a node lies in the builder until it ends. */
static struct str
text_of(const struct yaml_reader *y, const struct json *v)
{
    return str_make(y->build.text + v->a, v->b);
}

static int
add_field(struct merge *m, uint32_t key)
{
    struct yaml_reader *y = m->y;
    const struct json *k = &m->nodes[key];
    uint32_t n = json_span(k + 1);
    size_t text = 0;
    cleanup_free char *copy = xmemdup(y->build.text + k->a, k->b + 1);

    map_put(&m->keys, str_make(copy, k->b), m);
    json_add_key(&y->build, str_make(copy, k->b));
    vec_push(&y->places, m->places[key]);
    for (uint32_t i = 0; i < n; i++) {
        if (k[1 + i].type == JSON_STRING || k[1 + i].type == JSON_NUMBER)
            text += k[1 + i].b + 1;
    }
    return repeat(y, k + 1, &m->places[key + 1], n, text, m->places[key]);
}

/* The fields of the mapping at `object` of the nodes that are not there yet, but for `except`. */
static int
add_missing(struct merge *m, uint32_t object, uint32_t except)
{
    uint32_t key = object + 1, end = object + m->nodes[object].a;

    for (; key < end; key += 1 + json_span(&m->nodes[key + 1])) {
        if (key != except && map_get(&m->keys, text_of(m->y, &m->nodes[key])) == NULL &&
            add_field(m, key) < 0)
            return m->y->e->code;
    }
    return 0;
}

/* The value of a merge key: a mapping, or a list of them of which the first has precedence. */
static int
add_merged(struct merge *m, uint32_t value)
{
    const struct json *nodes = m->nodes;

    if (nodes[value].type == JSON_OBJECT)
        return add_missing(m, value, 0);
    if (nodes[value].type == JSON_ARRAY) {
        uint32_t end = value + nodes[value].a, item = value + 1;

        for (; item < end && nodes[item].type == JSON_OBJECT; item += nodes[item].a) {
            if (add_missing(m, item, 0) < 0)
                return m->y->e->code;
        }
        if (item == end)
            return 0;
    }
    return yaml_fail(m->y, ERR_BADREQUEST, m->places[value],
                     "expected a mapping or a list of mappings to merge, found %s",
                     json_type_name(nodes[value].type));
}

int
yaml_merge(struct yaml_reader *y, const struct yaml_frame *f)
{
    uint32_t n = (uint32_t)y->build.n - f->node;
    struct merge m = {.y = y};
    int rc;

    m.nodes = xmemdup(y->build.nodes + f->node, n * sizeof *m.nodes);
    m.places = xmemdup(y->places.at + f->node, n * sizeof *m.places);
    m.nodes[0].a = n; /* as if it were closed */
    y->build.n = y->places.n = f->node + 1;
    y->build.nodes[f->node].b = 0;
    rc = add_missing(&m, 0, f->merge - f->node);
    if (rc == 0)
        rc = add_merged(&m, f->merge - f->node + 1);
    map_done(&m.keys);
    free(m.nodes);
    free(m.places);
    return rc;
}
