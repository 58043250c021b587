#include "schema/leaf.h"

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "data/base64.h"
#include "data/duration.h"
#include "data/json.h"
#include "data/quantity.h"
#include "data/timestamp.h"

static bool
is_quantity(struct str text)
{
    struct quantity q;
    struct err e = ERR_INIT;

    return quantity_parse(text, &q, &e) == 0;
}

static bool
is_time(struct str text)
{
    struct err e = ERR_INIT;
    int64_t us;

    return timestamp_parse(text, &us, &e) == 0;
}

static bool
is_duration(struct str text)
{
    struct err e = ERR_INIT;
    int64_t ns;

    return duration_parse(text, &ns, &e) == 0;
}

static bool
is_base64(struct str text)
{
    cleanup_buf struct buf lines = BUF_INIT, bytes = BUF_INIT;
    struct err e = ERR_INIT;

    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] != '\n' && text.p[i] != '\r')
            buf_char(&lines, text.p[i]);
    return base64_decode(buf_view(&lines), BASE64_STANDARD, &bytes, &e) == 0;
}

static const char *
expects_text(enum schema_form form, struct str text)
{
    switch (form) {
    case SCHEMA_BYTES:
        return is_base64(text) ? NULL : "base64 string";
    case SCHEMA_QUANTITY:
        return is_quantity(text) ? NULL : "quantity such as 500m, 2 or 1Gi";
    case SCHEMA_TIME:
    case SCHEMA_MICROTIME:
        return is_time(text) ? NULL : "RFC 3339 time such as 2026-01-31T12:00:00Z";
    case SCHEMA_DURATION:
        return is_duration(text) ? NULL : "duration such as 1h30m";
    default:
        return NULL;
    }
}

const char *
leaf_expects(enum schema_form form, const struct json *v)
{
    enum json_type type = json_type(v);
    int64_t n = 0;

    switch (form) {
    case SCHEMA_ANY:
        return NULL;
    case SCHEMA_BOOL:
        return type == JSON_BOOL ? NULL : "boolean";
    case SCHEMA_INT32:
        if (type == JSON_NUMBER && json_int(v, &n) && (n < INT32_MIN || n > INT32_MAX))
            return "integer of 32 bits";
        return type == JSON_NUMBER && json_int(v, &n) ? NULL : "integer";
    case SCHEMA_INT64:
        return type == JSON_NUMBER && json_int(v, &n) ? NULL : "integer";
    case SCHEMA_DOUBLE:
        return type == JSON_NUMBER ? NULL : "number";
    case SCHEMA_INT_OR_STRING:
        return type == JSON_STRING || (type == JSON_NUMBER && json_int(v, &n))
                   ? NULL
                   : "integer or string";
    case SCHEMA_ANY_STRING:
        return type == JSON_STRING || type == JSON_NUMBER || type == JSON_BOOL
                   ? NULL
                   : "string, number or boolean";
    case SCHEMA_QUANTITY:
        if (type == JSON_NUMBER)
            return expects_text(form, json_number_text(v));
        break;
    default:
        break;
    }
    return type == JSON_STRING ? expects_text(form, json_str(v)) : "string";
}
