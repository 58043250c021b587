/*
 * schema - look-ups in the generated tables.
 *
 * All texts lie in one block and are named by their offset, types and fields by their number, so
 * that the tables hold no pointers: they cost nothing at the start of the program and are shared by
 * all its processes.  Offset 0 is the empty text and stands for "none".
 */
#include "schema/schema.h"

#include <stdint.h>

#include "base/mem.h"

struct schema {
    uint32_t name, version;
    uint16_t form;  /* enum schema_form */
    uint16_t first; /* an object's first field, or a list's or map's item type */
    uint16_t count; /* fields */
    uint16_t flags; /* enum schema_flag */
};

struct field_row {
    uint32_t name, help, default_json, merge_key, list_keys;
    uint16_t type, number, outer, flags;
};

struct version_row {
    uint32_t name;
    bool custom;
};

struct name_row {
    uint32_t version, name;
    uint16_t type;
};

#include "schema_tables.inc"

static const char *
text_or_null(uint32_t offset)
{
    return offset != 0 ? texts + offset : NULL;
}

/* Rows are sorted by version, then name. */
static const struct schema *
find_name(const struct name_row *rows, size_t n, struct str version, struct str name)
{
    size_t low = 0, high = n;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = str_cmp(version, str_of(texts + rows[mid].version));

        if (order == 0)
            order = str_cmp(name, str_of(texts + rows[mid].name));
        if (order == 0)
            return &types[rows[mid].type];
        if (order < 0)
            high = mid;
        else
            low = mid + 1;
    }
    return NULL;
}

const struct schema *
schema_lookup(struct str api_version, struct str kind)
{
    return find_name(kind_rows, ARRAY_LEN(kind_rows), api_version, kind);
}

const struct schema *
schema_type(struct str api_version, struct str name)
{
    return find_name(name_rows, ARRAY_LEN(name_rows), api_version, name);
}

bool
schema_is_custom(struct str api_version)
{
    for (size_t i = 0; i < ARRAY_LEN(version_rows); i++)
        if (str_is(api_version, texts + version_rows[i].name))
            return version_rows[i].custom;
    return false;
}

bool
schema_kind_at(size_t i, const char **ret_api_version, const char **ret_kind,
               const struct schema **ret)
{
    if (i >= ARRAY_LEN(kind_rows))
        return false;
    *ret_api_version = texts + kind_rows[i].version;
    *ret_kind = texts + kind_rows[i].name;
    *ret = &types[kind_rows[i].type];
    return true;
}

enum schema_form
schema_form(const struct schema *s)
{
    return (enum schema_form)s->form;
}

const char *
schema_name(const struct schema *s)
{
    return texts + s->name;
}

const char *
schema_version(const struct schema *s)
{
    return texts + s->version;
}

bool
schema_is_atomic(const struct schema *s)
{
    return (s->flags & SCHEMA_ATOMIC) != 0;
}

const struct schema *
schema_item(const struct schema *s)
{
    return s->form == SCHEMA_LIST || s->form == SCHEMA_MAP ? &types[s->first] : NULL;
}

size_t
schema_field_count(const struct schema *s)
{
    return s->form == SCHEMA_OBJECT ? s->count : 0;
}

struct schema_field
schema_field_at(const struct schema *s, size_t i)
{
    const struct field_row *row = &field_rows[s->first + i];

    return (struct schema_field){
        .name = str_of(texts + row->name),
        .type = &types[row->type],
        .merge_key = text_or_null(row->merge_key),
        .list_keys = text_or_null(row->list_keys),
        .default_json = text_or_null(row->default_json),
        .help = text_or_null(row->help),
        .number = row->number,
        .outer = row->outer,
        .flags = row->flags,
    };
}

ptrdiff_t
schema_field_index(const struct schema *s, struct str name)
{
    size_t low = 0, high = schema_field_count(s);

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = str_cmp(name, str_of(texts + field_rows[s->first + mid].name));

        if (order == 0)
            return (ptrdiff_t)mid;
        if (order < 0)
            high = mid;
        else
            low = mid + 1;
    }
    return -1;
}

bool
schema_field(const struct schema *s, struct str name, struct schema_field *ret)
{
    ptrdiff_t i = schema_field_index(s, name);

    if (i >= 0)
        *ret = schema_field_at(s, (size_t)i);
    return i >= 0;
}

/* One piece of a path: a name and then any number of [] and {}. */
static const struct schema *
step(const struct schema *s, struct str piece)
{
    size_t name_end = 0;
    struct schema_field field;

    while (name_end < piece.n && piece.p[name_end] != '[' && piece.p[name_end] != '{')
        name_end++;
    if (name_end > 0) {
        if (!schema_field(s, str_slice(piece, 0, name_end), &field))
            return NULL;
        s = field.type;
    }
    for (size_t i = name_end; s != NULL && i < piece.n; i += 2) {
        struct str mark = str_slice(piece, i, i + 2);
        enum schema_form want = str_is(mark, "[]") ? SCHEMA_LIST : SCHEMA_MAP;

        if ((!str_is(mark, "[]") && !str_is(mark, "{}")) || schema_form(s) != want)
            return NULL;
        s = schema_item(s);
    }
    return s;
}

const struct schema *
schema_at(const struct schema *s, const char *path)
{
    struct str rest = str_of(path);

    if (rest.n == 0)
        return s;
    while (s != NULL && rest.p != NULL)
        s = step(s, str_cut(&rest, '.'));
    return s;
}
