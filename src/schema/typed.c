/*
 * typed - see the header.
 *
 * Go's decoder goes on after a value of the wrong type and reports the first at the end; but a type
 * that decodes itself (Quantity, Time, IntOrString) ends it at once, so its error comes first.
 */
#include "schema/typed.h"

#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "data/base64.h"
#include "data/json.h"
#include "data/quantity.h"
#include "data/timestamp.h"
#include "schema/check.h"
#include "schema/problem.h"
#include "schema/schema.h"
#include "schema/typed_time.h"

#define QUANTITY_FORMAT "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"

struct typed {
    struct json_build build;
    struct arena arena;
    struct buf path;   /* of the value, "spec.containers[0].image" */
    struct buf fields; /* as Go names it, "spec.containers.image" */
    const char *owner; /* the innermost object type, as Go names it */
    struct problems *problems;
    struct err *e; /* the first error */
};

static int put(struct typed *t, const struct schema *s, const struct json *v);

/* What is said of wrong values. */

static void
go_type(const struct schema *s, struct buf *to)
{
    switch (schema_form(s)) {
    case SCHEMA_OBJECT:
        buf_printf(to, "v1.%s", schema_name(s));
        break;
    case SCHEMA_LIST:
        buf_cstr(to, "[]");
        go_type(schema_item(s), to);
        break;
    case SCHEMA_MAP:
        buf_cstr(to, "map[string]");
        go_type(schema_item(s), to);
        break;
    case SCHEMA_BYTES:
        buf_cstr(to, "[]uint8");
        break;
    case SCHEMA_QUANTITY:
        buf_cstr(to, "resource.Quantity");
        break;
    case SCHEMA_DOUBLE:
        buf_cstr(to, "float64");
        break;
    case SCHEMA_BOOL:
    case SCHEMA_INT32:
    case SCHEMA_INT64:
        buf_cstr(to, schema_name(s));
        break;
    default:
        buf_cstr(to, "string");
        break;
    }
}

/* Keeps the first error; the value that was wrong becomes null. */
__attribute__((format(printf, 2, 3))) static void
save(struct typed *t, const char *fmt, ...)
{
    va_list ap;

    json_add_null(&t->build, NULL);
    if (t->e->code < 0)
        return;
    va_start(ap, fmt);
    err_setv(t->e, ERR_BADREQUEST, fmt, ap);
    va_end(ap);
}

static const char *
go_value(const struct json *v)
{
    return json_type(v) == JSON_BOOL ? "bool" : json_type_name(json_type(v));
}

static void
wrong_type(struct typed *t, const struct json *v, const char *type, bool with_number)
{
    cleanup_buf struct buf value = BUF_INIT;

    buf_cstr(&value, go_value(v));
    if (with_number && json_type(v) == JSON_NUMBER)
        buf_printf(&value, " %.*s", STR_ARG(json_number_text(v)));
    if (t->fields.n == 0)
        save(t, "json: cannot unmarshal %s into Go value of type %s", buf_cstring(&value), type);
    else
        save(t, "json: cannot unmarshal %s into Go struct field %s.%s of type %s",
             buf_cstring(&value), t->owner, buf_cstring(&t->fields), type);
}

static void
wrong_value(struct typed *t, const struct schema *s, const struct json *v, bool with_number)
{
    cleanup_buf struct buf type = BUF_INIT;

    go_type(s, &type);
    wrong_type(t, v, buf_cstring(&type), with_number);
}

/* Types that decode themselves: an error is final, whatever was wrong before. */

static int
fail_quantity(struct typed *t, const struct json *v)
{
    struct str text = json_type(v) == JSON_STRING ? str_trim(json_str(v)) : json_number_text(v);
    size_t i = 0, digits;

    if (i < text.n && (text.p[i] == '+' || text.p[i] == '-'))
        i++;
    for (digits = i; i < text.n && strchr("0123456789.", text.p[i]) != NULL;)
        i++;
    digits = i - digits;
    while (i < text.n && text.p[i] != '\0' && strchr("eEinumkKMGTP", text.p[i]) != NULL)
        i++;
    if (i < text.n && (text.p[i] == '+' || text.p[i] == '-'))
        i++;
    while (i < text.n && text.p[i] >= '0' && text.p[i] <= '9')
        i++;
    if (digits == 0 || i < text.n)
        return err_set(t->e, ERR_BADREQUEST,
                       "quantities must match the regular expression " QUANTITY_FORMAT);
    return err_set(t->e, ERR_BADREQUEST, "unable to parse quantity's suffix");
}

static int
put_quantity(struct typed *t, const struct json *v)
{
    cleanup_buf struct buf text = BUF_INIT;
    struct err ignored = ERR_INIT;
    struct quantity q;

    if ((json_type(v) != JSON_STRING && json_type(v) != JSON_NUMBER) ||
        quantity_parse(str_trim(json_scalar_text(v)), &q, &ignored) < 0)
        return fail_quantity(t, v);
    quantity_write(&text, q);
    json_add_str(&t->build, NULL, buf_view(&text));
    return 0;
}

static int
put_time(struct typed *t, const struct json *v, bool micro)
{
    cleanup_buf struct buf text = BUF_INIT;
    struct err ignored = ERR_INIT;
    int64_t us;

    if (json_type(v) != JSON_STRING) {
        *t->e = ERR_INIT;
        wrong_type(t, v, "string", false);
        return t->e->code;
    }
    if (timestamp_parse(json_str(v), &us, &ignored) < 0) {
        typed_time_explain(json_str(v), micro, &text);
        return err_set(t->e, ERR_BADREQUEST, "%s", buf_cstring(&text));
    }
    if (micro)
        timestamp_write_micro(&text, us);
    else
        timestamp_write(&text, us);
    json_add_str(&t->build, NULL, buf_view(&text));
    return 0;
}

/* The text of a Go integer: what JSON allows of fractions and exponents is none. */
static bool
go_int(const struct json *v, int64_t min, int64_t max, int64_t *ret)
{
    return json_type(v) == JSON_NUMBER && str_to_int(json_number_text(v), ret) && *ret >= min &&
           *ret <= max;
}

static int
put_int_or_string(struct typed *t, const struct json *v)
{
    int64_t n;

    if (json_type(v) == JSON_STRING) {
        json_add_str(&t->build, NULL, json_str(v));
    } else if (go_int(v, INT32_MIN, INT32_MAX, &n)) {
        json_add_int(&t->build, NULL, n);
    } else {
        *t->e = ERR_INIT;
        wrong_type(t, v, "int32", true);
        return t->e->code;
    }
    return 0;
}

/* Values that wait for the end. */

static void
put_int(struct typed *t, const struct schema *s, const struct json *v)
{
    bool small = schema_form(s) == SCHEMA_INT32;
    int64_t n;

    if (go_int(v, small ? INT32_MIN : INT64_MIN, small ? INT32_MAX : INT64_MAX, &n))
        json_add_int(&t->build, NULL, n);
    else
        wrong_value(t, s, v, true);
}

/* Where Go's decoder finds the fault: at the first byte that is no digit, else at the end. */
static size_t
bad_byte(struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i], lower = c | 0x20;

        if (!(lower >= 'a' && lower <= 'z') && !(c >= '0' && c <= '9') && c != '+' && c != '/' &&
            c != '=' && c != '\r' && c != '\n')
            return i;
    }
    return text.n;
}

static void
put_bytes(struct typed *t, const struct schema *s, const struct json *v)
{
    cleanup_buf struct buf bytes = BUF_INIT, text = BUF_INIT;

    if (json_type(v) != JSON_STRING) {
        wrong_value(t, s, v, false);
    } else if (!base64_decode_loose(json_str(v), &bytes)) {
        save(t, "illegal base64 data at input byte %zu", bad_byte(json_str(v)));
    } else {
        base64_encode(buf_view(&bytes), BASE64_STANDARD, &text);
        json_add_str(&t->build, NULL, buf_view(&text));
    }
}

static void
put_scalar(struct typed *t, const struct schema *s, const struct json *v)
{
    enum json_type wanted = schema_form(s) == SCHEMA_BOOL     ? JSON_BOOL
                            : schema_form(s) == SCHEMA_DOUBLE ? JSON_NUMBER
                                                              : JSON_STRING;

    if (schema_form(s) == SCHEMA_ANY || json_type(v) == wanted)
        json_add_value(&t->build, NULL, v);
    else
        wrong_value(t, s, v, false);
}

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
        wrong_value(t, s, v, false);
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
        wrong_value(t, s, v, false);
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
    case SCHEMA_QUANTITY:
        return put_quantity(t, v);
    case SCHEMA_TIME:
    case SCHEMA_MICROTIME:
        return put_time(t, v, schema_form(s) == SCHEMA_MICROTIME);
    case SCHEMA_INT_OR_STRING:
        return put_int_or_string(t, v);
    case SCHEMA_INT32:
    case SCHEMA_INT64:
        put_int(t, s, v);
        return 0;
    case SCHEMA_BYTES:
        put_bytes(t, s, v);
        return 0;
    case SCHEMA_FREE_OBJECT:
        json_add_value(&t->build, NULL, v);
        return 0;
    default:
        put_scalar(t, s, v);
        return 0;
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
        wrong_value(t, s, root, false);
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
