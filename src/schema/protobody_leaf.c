#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "data/base64.h"
#include "data/duration.h"
#include "data/timestamp.h"
#include "schema/protobody_int.h"

static int
by_number(const void *a, const void *b)
{
    const struct protobuf_field *x = a, *y = b;

    if (x->number != y->number)
        return x->number < y->number ? -1 : 1;
    return x->bytes.p < y->bytes.p ? -1 : x->bytes.p > y->bytes.p;
}

int
protobody_row(struct protobody *r, struct protobody_row pieces, struct protobody_row *ret)
{
    struct protobuf_field field;
    size_t n = 0;
    int rc;

    for (size_t i = 0; i < pieces.n; i++) {
        struct str rest = pieces.at[i].bytes;

        if (pieces.at[i].wire != PROTOBUF_BYTES)
            return err_set(r->e, ERR_BADREQUEST, "field %u is no message", pieces.at[i].number);
        while ((rc = protobuf_next(&rest, &field, r->e)) > 0)
            n++;
        if (rc < 0)
            return rc;
    }
    ret->at = ARENA_ARRAY(&r->arena, struct protobuf_field, n > 0 ? n : 1);
    ret->n = 0;
    for (size_t i = 0; i < pieces.n; i++) {
        struct str rest = pieces.at[i].bytes;

        while (protobuf_next(&rest, &field, r->e) > 0)
            ret->at[ret->n++] = field;
    }
    /* Encoders write in order, so there is seldom anything to sort. */
    for (size_t i = 1; i < ret->n; i++) {
        if (ret->at[i - 1].number > ret->at[i].number) {
            qsort(ret->at, ret->n, sizeof *ret->at, by_number);
            break;
        }
    }
    return 0;
}

struct protobody_row
protobody_of_number(struct protobody_row row, unsigned number)
{
    size_t low = 0, high = row.n, end;

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (row.at[mid].number < number)
            low = mid + 1;
        else
            high = mid;
    }
    for (end = low; end < row.n && row.at[end].number == number;)
        end++;
    return (struct protobody_row){row.at + low, end - low};
}

/* The last field of a number within a message, as texts and numbers count; NULL if none came. */
static int
inner(struct protobody *r, struct protobody_row message, unsigned number,
      struct protobuf_field **ret)
{
    struct protobody_row all, found;

    if (protobody_row(r, message, &all) < 0)
        return r->e->code;
    found = protobody_of_number(all, number);
    *ret = found.n > 0 ? &found.at[found.n - 1] : NULL;
    return 0;
}

static int
inner_text(struct protobody *r, struct protobody_row message, unsigned number, struct str *ret)
{
    struct protobuf_field *field = NULL;

    if (inner(r, message, number, &field) < 0)
        return r->e->code;
    *ret = field != NULL ? field->bytes : STR_NULL;
    return 0;
}

static int
inner_number(struct protobody *r, struct protobody_row message, unsigned number, int64_t *ret)
{
    struct protobuf_field *field = NULL;

    if (inner(r, message, number, &field) < 0)
        return r->e->code;
    *ret = field != NULL ? (int64_t)field->value : 0;
    return 0;
}

static void
add_double(struct protobody *r, uint64_t bits)
{
    double value;

    memcpy(&value, &bits, sizeof value);
    json_add_double(&r->build, NULL, value);
}

static int
add_time(struct protobody *r, struct protobody_row row, bool micro)
{
    cleanup_buf struct buf text = BUF_INIT;
    int64_t seconds, nanos, us;

    if (inner_number(r, row, 1, &seconds) < 0 || inner_number(r, row, 2, &nanos) < 0)
        return r->e->code;
    if (__builtin_mul_overflow(seconds, TIMESTAMP_SECOND, &us) || nanos < 0 || nanos >= 1000000000)
        return err_set(r->e, ERR_BADREQUEST, "no time has %lld seconds and %lld nanoseconds",
                       (long long)seconds, (long long)nanos);
    if (seconds == 0 && nanos == 0) {
        json_add_null(&r->build, NULL);
        return 0;
    }
    if (micro)
        timestamp_write_micro(&text, us + nanos / 1000);
    else
        timestamp_write(&text, us);
    json_add_str(&r->build, NULL, buf_view(&text));
    return 0;
}

static int
add_int_or_string(struct protobody *r, struct protobody_row row)
{
    int64_t type, number;
    struct str text;

    if (inner_number(r, row, 1, &type) < 0 || inner_number(r, row, 2, &number) < 0 ||
        inner_text(r, row, 3, &text) < 0)
        return r->e->code;
    if (type != 0 && type != 1)
        return err_set(r->e, ERR_BADREQUEST, "IntOrString has no type %lld", (long long)type);
    if (type == 1)
        json_add_str(&r->build, NULL, text.p != NULL ? text : STR(""));
    else
        json_add_int(&r->build, NULL, (int32_t)number);
    return 0;
}

/* RawExtension and FieldsV1 hold JSON text in their field 1. */
static int
add_raw(struct protobody *r, struct protobody_row row)
{
    cleanup_json struct json_doc *doc = NULL;
    struct str text;

    if (inner_text(r, row, 1, &text) < 0)
        return r->e->code;
    if (text.n == 0) {
        json_add_null(&r->build, NULL);
        return 0;
    }
    if (json_parse(text, NULL, &doc, r->e) < 0)
        return err_wrap(r->e, "an embedded object");
    json_add_value(&r->build, NULL, json_root(doc));
    return 0;
}

int
protobody_add_leaf(struct protobody *r, enum schema_form form, struct protobody_row row)
{
    cleanup_buf struct buf text = BUF_INIT;
    struct str amount;
    int64_t n;

    switch (form) {
    case SCHEMA_QUANTITY:
        if (inner_text(r, row, 1, &amount) < 0)
            return r->e->code;
        /* Go's zero Quantity is written without a text. */
        json_add_str(&r->build, NULL, amount.n > 0 ? amount : STR("0"));
        return 0;
    case SCHEMA_INT_OR_STRING:
        return add_int_or_string(r, row);
    case SCHEMA_TIME:
    case SCHEMA_MICROTIME:
        return add_time(r, row, form == SCHEMA_MICROTIME);
    case SCHEMA_DURATION:
        if (inner_number(r, row, 1, &n) < 0)
            return r->e->code;
        duration_write(&text, n);
        json_add_str(&r->build, NULL, buf_view(&text));
        return 0;
    default:
        return add_raw(r, row);
    }
}

bool
protobody_is_message(enum schema_form form)
{
    switch (form) {
    case SCHEMA_OBJECT:
    case SCHEMA_QUANTITY:
    case SCHEMA_INT_OR_STRING:
    case SCHEMA_TIME:
    case SCHEMA_MICROTIME:
    case SCHEMA_DURATION:
    case SCHEMA_ANY:
    case SCHEMA_FREE_OBJECT:
        return true;
    default:
        return false;
    }
}

enum protobuf_wire
protobody_wire_of(enum schema_form form)
{
    switch (form) {
    case SCHEMA_BOOL:
    case SCHEMA_INT32:
    case SCHEMA_INT64:
        return PROTOBUF_VARINT;
    case SCHEMA_DOUBLE:
        return PROTOBUF_FIXED64;
    default:
        return PROTOBUF_BYTES;
    }
}

int
protobody_add_scalar(struct protobody *r, enum schema_form form, const struct protobuf_field *field)
{
    cleanup_buf struct buf text = BUF_INIT;

    if (field->wire != protobody_wire_of(form))
        return err_set(r->e, ERR_BADREQUEST, "field %u has wire type %d in place of %d",
                       field->number, (int)field->wire, (int)protobody_wire_of(form));
    switch (form) {
    case SCHEMA_BOOL:
        json_add_bool(&r->build, NULL, field->value != 0);
        break;
    case SCHEMA_INT32:
        json_add_int(&r->build, NULL, (int32_t)field->value);
        break;
    case SCHEMA_INT64:
        json_add_int(&r->build, NULL, (int64_t)field->value);
        break;
    case SCHEMA_DOUBLE:
        add_double(r, field->value);
        break;
    case SCHEMA_BYTES:
        base64_encode(field->bytes, BASE64_STANDARD, &text);
        json_add_str(&r->build, NULL, buf_view(&text));
        break;
    default:
        json_add_str(&r->build, NULL, field->bytes);
        break;
    }
    return 0;
}

int
protobody_add_packed(struct protobody *r, enum schema_form form, struct str rest)
{
    struct protobuf_field field = {.wire = protobody_wire_of(form)};

    while (rest.n > 0) {
        if (form == SCHEMA_DOUBLE) {
            if (rest.n < sizeof field.value)
                return err_set(r->e, ERR_BADREQUEST, "packed numbers end too early");
            memcpy(&field.value, rest.p, sizeof field.value);
            rest = str_slice(rest, sizeof field.value, rest.n);
        } else if (protobuf_varint(&rest, &field.value, r->e) < 0) {
            return r->e->code;
        }
        if (protobody_add_scalar(r, form, &field) < 0)
            return r->e->code;
    }
    return 0;
}
