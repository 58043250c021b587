#include <string.h>

#include "base/err.h"
#include "data/base64.h"
#include "data/quantity.h"
#include "data/timestamp.h"
#include "schema/typed_int.h"
#include "schema/typed_time.h"

#define QUANTITY_FORMAT "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"

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

void
typed_wrong_value(struct typed *t, const struct schema *s, const struct json *v, bool with_number)
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
        typed_wrong_value(t, s, v, true);
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
        typed_wrong_value(t, s, v, false);
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
        typed_wrong_value(t, s, v, false);
}

int
typed_put_leaf(struct typed *t, const struct schema *s, const struct json *v)
{
    switch (schema_form(s)) {
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
