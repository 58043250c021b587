/*
 * typed - see the header.
 *
 * Go's decoder goes on after a value of the wrong type and reports the first at the end; but a type
 * that decodes itself (Quantity, Time, IntOrString) ends it at once, so its error comes first.
 */
#include "schema/typed.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "data/json.h"
#include "schema/check.h"
#include "schema/problem.h"
#include "schema/schema.h"
#include "schema/typed_int.h"

static int put(struct typed *t, const struct schema *s, const struct json *v);

static void put_zero(struct typed *t, const struct schema *s);

/* A nil pointer is null, whatever it could point to. */
static void
put_zero_field(struct typed *t, const struct schema_field *field)
{
    json_add_key(&t->build, field->name);
    if (field->flags & SCHEMA_POINTER)
        json_add_null(&t->build, NULL);
    else
        put_zero(t, field->type);
}

/* What Go prints of a value that was never set. */
static void
put_zero(struct typed *t, const struct schema *s)
{
    switch (schema_form(s)) {
    case SCHEMA_OBJECT:
        json_add_object(&t->build, NULL);
        for (size_t i = 0; i < schema_field_count(s); i++) {
            struct schema_field field = schema_field_at(s, i);

            if (field.flags & SCHEMA_ALWAYS)
                put_zero_field(t, &field);
        }
        json_end(&t->build);
        break;
    case SCHEMA_STRING:
        json_add_cstr(&t->build, NULL, "");
        break;
    case SCHEMA_BOOL:
        json_add_bool(&t->build, NULL, false);
        break;
    case SCHEMA_INT32:
    case SCHEMA_INT64:
    case SCHEMA_DOUBLE:
    case SCHEMA_INT_OR_STRING:
        json_add_int(&t->build, NULL, 0);
        break;
    case SCHEMA_QUANTITY:
        json_add_cstr(&t->build, NULL, "0");
        break;
    default:
        json_add_null(&t->build, NULL);
        break;
    }
}

static int
put_items(struct typed *t, const struct schema *s, const struct json *v)
{
    bool list = schema_form(s) == SCHEMA_LIST;
    const struct schema *item = schema_item(s);
    size_t before = t->path.n;

    if (json_type(v) != (list ? JSON_ARRAY : JSON_OBJECT)) {
        typed_wrong_value(t, s, v, false);
        return 0;
    }
    (list ? json_add_array : json_add_object)(&t->build, NULL);
    JSON_EACH (it, v) {
        int rc = 0;

        if (list)
            buf_printf(&t->path, "[%zu]", it.index);
        else
            buf_printf(&t->path, "%s%.*s", before > 0 ? "." : "", STR_ARG(it.key));
        if (!list)
            json_add_key(&t->build, it.key);
        if (json_is_null(it.value))
            put_zero(t, item);
        else
            rc = put(t, item, it.value);
        if (rc < 0)
            return rc;
        buf_cut(&t->path, before);
    }
    json_end(&t->build);
    return 0;
}

static void
unknown_field(struct typed *t)
{
    cleanup_buf struct buf text = BUF_INIT;

    buf_printf(&text, "unknown field \"%s\"", buf_cstring(&t->path));
    problems_add_path(t->problems, PROBLEM_UNKNOWN_FIELD, buf_cstring(&t->path), 0, 0,
                      buf_cstring(&text));
}

/* Whether Go's omitempty drops the value. */
static bool
is_empty(const struct schema_field *field, const struct json *v)
{
    enum schema_form form = schema_form(field->type);
    double number;

    if (json_is_null(v))
        return true;
    if (form == SCHEMA_LIST || form == SCHEMA_MAP)
        return json_count(v) == 0 &&
               json_type(v) == (form == SCHEMA_LIST ? JSON_ARRAY : JSON_OBJECT);
    if (form >= SCHEMA_QUANTITY || (field->flags & SCHEMA_POINTER))
        return false;
    switch (json_type(v)) {
    case JSON_STRING:
        return json_str(v).n == 0 && (form == SCHEMA_STRING || form == SCHEMA_BYTES);
    case JSON_BOOL:
        return form == SCHEMA_BOOL && !json_bool_or(v, true);
    case JSON_NUMBER:
        return (form == SCHEMA_INT32 || form == SCHEMA_INT64 || form == SCHEMA_DOUBLE) &&
               str_is(json_number_text(v), "0") && json_double(v, &number) && number == 0;
    default:
        return false;
    }
}

static int
put_field(struct typed *t, const struct schema_field *field, const struct json *v)
{
    size_t path = t->path.n, fields = t->fields.n;
    int rc;

    if (is_empty(field, v) && !(field->flags & SCHEMA_ALWAYS))
        return 0;
    if (json_is_null(v)) {
        put_zero_field(t, field);
        return 0;
    }
    if (path > 0)
        buf_char(&t->path, '.');
    buf_str(&t->path, field->name);
    if (fields > 0)
        buf_char(&t->fields, '.');
    buf_str(&t->fields, field->name);
    json_add_key(&t->build, field->name);
    rc = put(t, field->type, v);
    buf_cut(&t->path, path);
    buf_cut(&t->fields, fields);
    return rc;
}

/* Sorts the fields that came to the places that the schema gives them; lists the others. */
static const struct json **
sort_fields(struct typed *t, const struct schema *s, const struct json *v)
{
    const struct json **values =
        ARENA_ARRAY(&t->arena, const struct json *, schema_field_count(s) + 1);
    size_t before = t->path.n;

    JSON_EACH (it, v) {
        ptrdiff_t i = schema_field_index(s, it.key);

        if (i >= 0) {
            values[i] = it.value;
            continue;
        }
        buf_printf(&t->path, "%s%.*s", before > 0 ? "." : "", STR_ARG(it.key));
        unknown_field(t);
        buf_cut(&t->path, before);
    }
    return values;
}

static int
put_object(struct typed *t, const struct schema *s, const struct json *v)
{
    static const char *const first[] = {"kind", "apiVersion"};
    bool root = t->fields.n == 0;
    const char *outer = t->owner;
    const struct json **values;

    if (json_type(v) != JSON_OBJECT) {
        typed_wrong_value(t, s, v, false);
        return 0;
    }
    t->owner = schema_name(s);
    values = sort_fields(t, s, v);
    json_add_object(&t->build, NULL);
    for (size_t i = 0; root && i < ARRAY_LEN(first); i++) {
        ptrdiff_t at = schema_field_index(s, str_of(first[i]));
        struct schema_field field = schema_field_at(s, at >= 0 ? (size_t)at : 0);

        if (at >= 0 && put_field(t, &field, values[at]) < 0)
            return t->e->code;
    }
    for (size_t i = 0; i < schema_field_count(s); i++) {
        struct schema_field field = schema_field_at(s, i);

        if (root && (str_is(field.name, first[0]) || str_is(field.name, first[1])))
            continue;
        if (put_field(t, &field, values[i]) < 0)
            return t->e->code;
    }
    json_end(&t->build);
    t->owner = outer;
    return 0;
}

/* Adds one value, which is not null.  Negative for an error that ends everything. */
static int
put(struct typed *t, const struct schema *s, const struct json *v)
{
    switch (schema_form(s)) {
    case SCHEMA_OBJECT:
        return put_object(t, s, v);
    case SCHEMA_LIST:
    case SCHEMA_MAP:
        return put_items(t, s, v);
    default:
        return typed_put_leaf(t, s, v);
    }
}

/* A custom resource: metadata is typed, the rest stays as it is. */
static int
put_custom(struct typed *t, const struct schema *s, const struct json_doc *doc)
{
    const struct json *root = json_root(doc);
    struct schema_field field;
    struct problems found = PROBLEMS_INIT;
    int rc = 0;

    if (json_type(root) != JSON_OBJECT) {
        typed_wrong_value(t, s, root, false);
        return 0;
    }
    t->owner = schema_name(s);
    json_add_object(&t->build, NULL);
    JSON_EACH (it, root) {
        if (json_is_null(it.value))
            continue;
        if (!str_is(it.key, "metadata")) {
            json_add_key(&t->build, it.key);
            json_add_value(&t->build, NULL, it.value);
        } else if (schema_field(s, it.key, &field) && (rc = put_field(t, &field, it.value)) < 0) {
            return rc;
        }
    }
    json_end(&t->build);
    check_value(s, doc, root, CHECK_IGNORE_REQUIRED, &found);
    for (size_t i = 0; i < found.n; i++)
        if (found.at[i].kind == PROBLEM_UNKNOWN_FIELD && strncmp(found.at[i].path, "metadata.", 9))
            problems_add_path(t->problems, PROBLEM_UNKNOWN_FIELD, found.at[i].path,
                              found.at[i].line, found.at[i].col, found.at[i].text);
    problems_done(&found);
    return 0;
}

static void
list_duplicates(struct typed *t, const struct json_doc *doc)
{
    const char *const *paths;
    size_t n = json_doc_duplicates(doc, &paths);

    for (size_t i = 0; i < n; i++) {
        cleanup_buf struct buf text = BUF_INIT;

        buf_printf(&text, "duplicate field \"%s\"", paths[i]);
        problems_add_path(t->problems, PROBLEM_DUPLICATE, paths[i], 0, 0, buf_cstring(&text));
    }
}

int
typed_decode(const struct schema *s, const struct json_doc *doc, struct json_doc **ret,
             struct problems *ps, struct err *e)
{
    struct typed t = {.build = JSON_BUILD_INIT,
                      .arena = ARENA_INIT,
                      .path = BUF_INIT,
                      .fields = BUF_INIT,
                      .owner = schema_name(s),
                      .problems = ps,
                      .e = e};
    int rc;

    *e = ERR_INIT;
    rc = schema_is_custom(str_of(schema_version(s))) ? put_custom(&t, s, doc)
                                                     : put(&t, s, json_root(doc));
    list_duplicates(&t, doc);
    if (rc == 0 && e->code == 0)
        *ret = json_build_done(&t.build);
    json_build_cancel(&t.build);
    arena_done(&t.arena);
    buf_done(&t.path);
    buf_done(&t.fields);
    return e->code;
}

void
typed_strict_message(const struct problems *ps, struct buf *to)
{
    buf_cstr(to, "strict decoding error: ");
    for (size_t i = 0; i < ps->n; i++)
        buf_printf(to, "%s%s", i > 0 ? ", " : "", ps->at[i].text);
}
