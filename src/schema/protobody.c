#include "schema/protobody.h"

#include <stdlib.h>

#include "base/err.h"
#include "schema/problem.h"
#include "schema/protobody_int.h"
#include "schema/schema.h"

enum { MAX_DEPTH = 100 };

static const char magic[] = {'k', '8', 's', 0};

static int add_value(struct protobody *r, const struct schema *s, struct protobody_row row,
                     bool item);
static int add_fields(struct protobody *r, const struct schema *s, struct protobody_row all,
                      bool body);

static int
add_list(struct protobody *r, const struct schema *item, struct protobody_row row)
{
    enum schema_form form = schema_form(item);
    size_t before = r->path.n;

    json_add_array(&r->build, NULL);
    for (size_t i = 0; i < row.n; i++) {
        bool packed = row.at[i].wire == PROTOBUF_BYTES && protobody_wire_of(form) != PROTOBUF_BYTES;

        buf_printf(&r->path, "[%zu]", i);
        if (packed ? protobody_add_packed(r, form, row.at[i].bytes) < 0
                   : add_value(r, item, protobody_one(&row.at[i]), true) < 0)
            return r->e->code;
        buf_cut(&r->path, before);
    }
    json_end(&r->build);
    return 0;
}

struct entry {
    struct str key;
    struct protobody_row value; /* n == 0: the zero of its type */
    size_t order;
};

static int
by_key(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int order = str_cmp(x->key, y->key);

    if (order != 0)
        return order;
    return x->order < y->order ? -1 : x->order > y->order;
}

static int
add_entry_value(struct protobody *r, const struct schema *type, struct protobody_row value)
{
    struct protobuf_field zero = {.wire = protobody_wire_of(schema_form(type)), .bytes = STR("")};

    return add_value(r, type, value.n > 0 ? value : protobody_one(&zero), true);
}

/* Entries are messages {key 1, value 2}; the last of a key counts. */
static int
add_map(struct protobody *r, const struct schema *type, struct protobody_row row)
{
    struct entry *entries = ARENA_ARRAY(&r->arena, struct entry, row.n > 0 ? row.n : 1);

    for (size_t i = 0; i < row.n; i++) {
        struct protobody_row all, key;

        if (protobody_row(r, protobody_one(&row.at[i]), &all) < 0)
            return r->e->code;
        key = protobody_of_number(all, 1);
        entries[i] = (struct entry){.key = key.n > 0 ? key.at[key.n - 1].bytes : STR(""),
                                    .value = protobody_of_number(all, 2),
                                    .order = i};
    }
    qsort(entries, row.n, sizeof *entries, by_key);
    json_add_object(&r->build, NULL);
    for (size_t i = 0; i < row.n; i++) {
        if (i + 1 < row.n && str_eq(entries[i].key, entries[i + 1].key))
            continue;
        json_add_key(&r->build, entries[i].key);
        if (add_entry_value(r, type, entries[i].value) < 0)
            return r->e->code;
    }
    json_end(&r->build);
    return 0;
}

static int
add_object(struct protobody *r, const struct schema *s, struct protobody_row row)
{
    struct protobody_row all;

    if (protobody_row(r, row, &all) < 0)
        return r->e->code;
    json_add_object(&r->build, NULL);
    if (add_fields(r, s, all, false) < 0)
        return r->e->code;
    json_end(&r->build);
    return 0;
}

/* A value whose fields are `row`, at least one.  `item`: in a list or map, where a list is a
 * message {items 1}. */
static int
add_value(struct protobody *r, const struct schema *s, struct protobody_row row, bool item)
{
    enum schema_form form = schema_form(s);
    struct protobody_row all;
    int rc;

    if (r->depth >= MAX_DEPTH)
        return err_set(r->e, ERR_BADREQUEST, "nested more than %d deep", MAX_DEPTH);
    r->depth++;
    if (form == SCHEMA_LIST || form == SCHEMA_MAP) {
        rc = item ? protobody_row(r, row, &all) : 0;
        row = item && rc == 0 ? protobody_of_number(all, 1) : row;
        if (rc == 0)
            rc = form == SCHEMA_LIST ? add_list(r, schema_item(s), row)
                                     : add_map(r, schema_item(s), row);
    } else if (form == SCHEMA_OBJECT) {
        rc = add_object(r, s, row);
    } else if (protobody_is_message(form)) {
        rc = protobody_add_leaf(r, form, row);
    } else {
        rc = protobody_add_scalar(r, form, &row.at[row.n - 1]);
    }
    r->depth--;
    return rc;
}

static void
report_unknown(struct protobody *r, const struct schema *s, unsigned outer, unsigned number)
{
    cleanup_buf struct buf text = BUF_INIT;

    buf_printf(&text, "unknown field ");
    if (outer != 0)
        buf_printf(&text, "%u.", outer);
    buf_printf(&text, "%u of %s.%s", number, schema_version(s), schema_name(s));
    problems_add_path(r->problems, PROBLEM_UNKNOWN_FIELD, buf_cstring(&r->path), 0, 0,
                      buf_cstring(&text));
}

/* Whether fields of a type lie in a message at `outer` (0: in its own), at `number` (0: any). */
static bool
has_number(const struct schema *s, unsigned outer, unsigned number)
{
    for (size_t i = 0; i < schema_field_count(s); i++) {
        struct schema_field field = schema_field_at(s, i);

        if (field.number != 0 && field.outer == outer && (number == 0 || field.number == number))
            return true;
    }
    return false;
}

/* Lists what is in the row and not in the schema. */
static void
check_unknown(struct protobody *r, const struct schema *s, struct protobody_row all, unsigned outer)
{
    for (size_t i = 0; i < all.n; i++) {
        const struct protobuf_field *field = &all.at[i];

        if (i > 0 && all.at[i - 1].number == field->number)
            continue;
        if (has_number(s, outer, field->number) || (outer == 0 && has_number(s, field->number, 0)))
            continue;
        for (size_t k = i; k < all.n && all.at[k].number == field->number; k++) {
            if (!protobuf_is_empty(&all.at[k])) {
                report_unknown(r, s, outer, field->number);
                break;
            }
        }
    }
}

static int
add_field(struct protobody *r, const struct schema_field *field, struct protobody_row row)
{
    size_t before = r->path.n;

    if (row.n == 0)
        return 0;
    if (before > 0)
        buf_char(&r->path, '.');
    buf_str(&r->path, field->name);
    json_add_key(&r->build, field->name);
    if (add_value(r, field->type, row, false) < 0)
        return r->e->code;
    buf_cut(&r->path, before);
    return 0;
}

/* The fields of an object, whose container is open. */
static int
add_fields(struct protobody *r, const struct schema *s, struct protobody_row all, bool body)
{
    struct protobody_row embedded = {NULL, 0};
    unsigned outer = 0; /* the message that `embedded` holds */

    check_unknown(r, s, all, 0);
    for (size_t i = 0; i < schema_field_count(s); i++) {
        struct schema_field field = schema_field_at(s, i);

        if (field.outer != 0 && field.outer != outer) {
            outer = field.outer;
            if (protobody_row(r, protobody_of_number(all, outer), &embedded) < 0)
                return r->e->code;
            check_unknown(r, s, embedded, outer);
        }
        if (field.number == 0 ||
            (body && (str_is(field.name, "apiVersion") || str_is(field.name, "kind"))))
            continue;
        if (add_field(r, &field,
                      protobody_of_number(field.outer != 0 ? embedded : all, field.number)) < 0)
            return r->e->code;
    }
    return 0;
}

/* The parts of runtime.Unknown. */
struct envelope {
    struct str api_version, kind, raw, encoding;
};

static int
decode(const struct schema *s, const struct envelope *v, struct json_doc **ret, struct problems *ps,
       struct err *e)
{
    struct protobody r = {
        .build = JSON_BUILD_INIT, .arena = ARENA_INIT, .path = BUF_INIT, .problems = ps, .e = e};
    struct protobuf_field whole = {.wire = PROTOBUF_BYTES, .bytes = v->raw};
    struct protobody_row all;
    int rc;

    json_add_object(&r.build, NULL);
    json_add_str(&r.build, "apiVersion", v->api_version);
    json_add_str(&r.build, "kind", v->kind);
    rc = protobody_row(&r, protobody_one(&whole), &all);
    if (rc == 0)
        rc = add_fields(&r, s, all, true);
    if (rc == 0) {
        json_end(&r.build);
        *ret = json_build_done(&r.build);
    } else {
        err_wrap(e, "%s%s%s", schema_name(s), r.path.n > 0 ? " at " : "", buf_cstring(&r.path));
    }
    json_build_cancel(&r.build);
    arena_done(&r.arena);
    buf_done(&r.path);
    return rc;
}

static int
read_type(struct str rest, struct envelope *v, struct err *e)
{
    struct protobuf_field field;
    int rc;

    while ((rc = protobuf_next(&rest, &field, e)) > 0) {
        if (field.number == 1)
            v->api_version = field.bytes;
        else if (field.number == 2)
            v->kind = field.bytes;
    }
    return rc;
}

static int
read_envelope(struct str rest, struct envelope *v, struct err *e)
{
    struct protobuf_field field;
    int rc;

    while ((rc = protobuf_next(&rest, &field, e)) > 0) {
        if (field.number == 1 && read_type(field.bytes, v, e) < 0)
            return e->code;
        else if (field.number == 2)
            v->raw = field.bytes;
        else if (field.number == 3)
            v->encoding = field.bytes;
    }
    return rc;
}

int
protobody_decode(struct str body, struct json_doc **ret, struct problems *ps, struct err *e)
{
    struct envelope v = {.raw = STR("")};
    const struct schema *s;

    if (!str_starts(body, str_make(magic, sizeof magic)))
        return err_set(e, ERR_BADREQUEST,
                       "the body is no protobuf object: it does not begin with "
                       "the bytes 6b 38 73 00");
    if (read_envelope(str_slice(body, sizeof magic, body.n), &v, e) < 0)
        return err_wrap(e, "the envelope of the protobuf body");
    if (v.encoding.n > 0)
        return err_set(e, ERR_BADREQUEST, "the content encoding '%.*s' is not known",
                       STR_ARG(v.encoding));
    s = schema_lookup(v.api_version, v.kind);
    if (s == NULL || schema_is_custom(v.api_version))
        /* DeleteOptions and Status come under the name of any group-version. */
        s = schema_type(STR("meta.k8s.io/v1"), v.kind);
    if (s == NULL)
        return err_set(e, ERR_BADREQUEST, "no kind \"%.*s\" of \"%.*s\" is known in protobuf",
                       STR_ARG(v.kind), STR_ARG(v.api_version));
    return decode(s, &v, ret, ps, e);
}
