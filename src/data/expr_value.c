#include "data/expr_value.h"

#include "base/arena.h"
#include "data/json.h"

static const char *const type_names[] = {
    [EXPR_NIL] = "nil",
    [EXPR_BOOL] = "bool",
    [EXPR_INT] = "int",
    [EXPR_FLOAT] = "float",
    [EXPR_STRING] = "string",
    [EXPR_ARRAY] = "array",
    [EXPR_MAP] = "map",
    [EXPR_TIME] = "time.Time",
    [EXPR_DURATION] = "time.Duration",
    [EXPR_ZONE] = "time.Location",
    [EXPR_SCOPE] = "map",
};

const char *
expr_type_name(enum expr_type type)
{
    return type_names[type];
}

static uint64_t
weight_of(struct expr_value v)
{
    switch (v.type) {
    case EXPR_STRING:
        return v.text.n + 8;
    case EXPR_ARRAY:
    case EXPR_MAP:
        return (uint64_t)v.weight + 2;
    default:
        return 8;
    }
}

static void
add_part(struct expr_value *to, struct expr_value part, size_t key)
{
    uint64_t weight = to->weight + weight_of(part) + key;

    to->weight = weight < UINT32_MAX ? (uint32_t)weight : UINT32_MAX;
    if ((part.type == EXPR_ARRAY || part.type == EXPR_MAP) && part.depth >= to->depth)
        to->depth = part.depth + 1;
}

struct expr_value
expr_array(const struct expr_value *items, size_t n)
{
    struct expr_value v = {.type = EXPR_ARRAY, .n = (uint32_t)n, .items = items, .depth = 1};

    for (size_t i = 0; i < n; i++)
        add_part(&v, items[i], 0);
    return v;
}

struct expr_value
expr_map_value(const struct expr_map *m)
{
    struct expr_value v = {.type = EXPR_MAP, .map = m, .depth = 1};

    for (size_t i = 0; i < m->n; i++)
        add_part(&v, m->entries[i].value, m->entries[i].key.n + 4);
    return v;
}

const struct expr_value *
expr_map_get(struct expr_value v, struct str key)
{
    if (v.type != EXPR_MAP)
        return NULL;
    for (size_t i = 0; i < v.map->n; i++) {
        if (str_eq(v.map->entries[i].key, key))
            return &v.map->entries[i].value;
    }
    return NULL;
}

static bool
maps_equal(struct expr_value a, struct expr_value b)
{
    if (a.map->n != b.map->n)
        return false;
    for (size_t i = 0; i < a.map->n; i++) {
        const struct expr_entry *entry = &a.map->entries[i];
        const struct expr_value *other = &b.map->entries[i].value;

        /* Mostly both were made the same way and have the same order. */
        if (!str_eq(b.map->entries[i].key, entry->key))
            other = expr_map_get(b, entry->key);
        if (other == NULL || !expr_equal(entry->value, *other))
            return false;
    }
    return true;
}

static bool
arrays_equal(struct expr_value a, struct expr_value b)
{
    if (a.n != b.n)
        return false;
    for (uint32_t i = 0; i < a.n; i++) {
        if (!expr_equal(a.items[i], b.items[i]))
            return false;
    }
    return true;
}

bool
expr_equal(struct expr_value a, struct expr_value b)
{
    if (a.type != b.type)
        return expr_is_number(a) && expr_is_number(b) && expr_as_double(a) == expr_as_double(b);
    switch (a.type) {
    case EXPR_NIL:
        return true;
    case EXPR_BOOL:
        return a.boolean == b.boolean;
    case EXPR_INT:
    case EXPR_DURATION:
        return a.integer == b.integer;
    case EXPR_FLOAT:
        return a.number == b.number;
    case EXPR_STRING:
    case EXPR_ZONE:
    case EXPR_SCOPE:
        return str_eq(a.text, b.text);
    case EXPR_ARRAY:
        return arrays_equal(a, b);
    case EXPR_MAP:
        return maps_equal(a, b);
    case EXPR_TIME:
        return a.time.at.seconds == b.time.at.seconds && a.time.at.nanos == b.time.at.nanos;
    }
    return false;
}

bool
expr_text_to_float(struct str s, double *ret)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == 'x' || s.p[i] == 'X' || s.p[i] == ' ')
            return false;
    }
    return str_to_double(s, ret);
}

/* JSON. */

static struct expr_value
array_from_json(struct arena *a, const struct json *v)
{
    size_t n = 0;
    struct expr_value *items = ARENA_ARRAY(a, struct expr_value, json_count(v));

    JSON_EACH (it, v)
        items[n++] = expr_from_json(a, it.value);
    return expr_array(items, n);
}

static struct expr_value
map_from_json(struct arena *a, const struct json *v)
{
    struct expr_map *m = ARENA_NEW(a, struct expr_map);
    struct expr_entry *entries = ARENA_ARRAY(a, struct expr_entry, json_count(v));

    m->entries = entries;
    JSON_EACH (it, v) {
        entries[m->n].key = str_make(str_dup_arena(a, it.key), it.key.n);
        entries[m->n++].value = expr_from_json(a, it.value);
    }
    return expr_map_value(m);
}

struct expr_value
expr_from_json(struct arena *a, const struct json *v)
{
    double d = 0;

    switch (json_type(v)) {
    case JSON_BOOL:
        return expr_bool(json_bool_or(v, false));
    case JSON_NUMBER:
        json_double(v, &d);
        return expr_float(d);
    case JSON_STRING:
        return expr_string(str_make(str_dup_arena(a, json_str(v)), json_str(v).n));
    case JSON_ARRAY:
        return array_from_json(a, v);
    case JSON_OBJECT:
        return map_from_json(a, v);
    case JSON_ABSENT:
    case JSON_NULL:
        break;
    }
    return EXPR_NIL_VALUE;
}
