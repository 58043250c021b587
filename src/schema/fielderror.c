#include "schema/fielderror.h"

#include <inttypes.h>

#include "base/buf.h"
#include "data/json.h"
#include "schema/problem.h"

static void
with_detail(struct buf *text, const char *detail)
{
    if (detail[0] != '\0')
        buf_printf(text, ": %s", detail);
}

static void
add(struct problems *ps, const char *reason, const char *path, struct buf *text)
{
    problems_add_field(ps, reason, path, buf_cstring(text));
    buf_done(text);
}

void
fielderror_required(struct problems *ps, const char *path, const char *detail)
{
    struct buf text = BUF_INIT;

    buf_cstr(&text, "Required value");
    with_detail(&text, detail);
    add(ps, "FieldValueRequired", path, &text);
}

void
fielderror_invalid(struct problems *ps, const char *path, const struct json *value,
                   const char *detail)
{
    struct buf text = BUF_INIT;

    buf_cstr(&text, "Invalid value: ");
    if (value == NULL)
        buf_cstr(&text, "null");
    else
        json_write(&text, value);
    with_detail(&text, detail);
    add(ps, "FieldValueInvalid", path, &text);
}

void
fielderror_invalid_str(struct problems *ps, const char *path, struct str value, const char *detail)
{
    struct buf text = BUF_INIT;

    buf_cstr(&text, "Invalid value: ");
    json_write_string(&text, value);
    with_detail(&text, detail);
    add(ps, "FieldValueInvalid", path, &text);
}

void
fielderror_invalid_int(struct problems *ps, const char *path, int64_t value, const char *detail)
{
    struct buf text = BUF_INIT;

    buf_printf(&text, "Invalid value: %" PRId64, value);
    with_detail(&text, detail);
    add(ps, "FieldValueInvalid", path, &text);
}

static void
add_shown(struct problems *ps, const char *reason, const char *path, const char *what,
          const char *shown, const char *detail)
{
    struct buf text = BUF_INIT;

    buf_printf(&text, "%s: %s", what, shown);
    with_detail(&text, detail);
    add(ps, reason, path, &text);
}

void
fielderror_invalid_shown(struct problems *ps, const char *path, const char *shown,
                         const char *detail)
{
    add_shown(ps, "FieldValueInvalid", path, "Invalid value", shown, detail);
}

void
fielderror_duplicate_shown(struct problems *ps, const char *path, const char *shown,
                           const char *detail)
{
    add_shown(ps, "FieldValueDuplicate", path, "Duplicate value", shown, detail);
}

void
fielderror_unsupported(struct problems *ps, const char *path, struct str value,
                       const char *const *supported)
{
    struct buf text = BUF_INIT;

    buf_cstr(&text, "Unsupported value: ");
    json_write_string(&text, value);
    for (size_t i = 0; supported[i] != NULL; i++)
        buf_printf(&text, "%s\"%s\"", i == 0 ? ": supported values: " : ", ", supported[i]);
    add(ps, "FieldValueNotSupported", path, &text);
}

void
fielderror_forbidden(struct problems *ps, const char *path, const char *detail)
{
    struct buf text = BUF_INIT;

    buf_cstr(&text, "Forbidden");
    with_detail(&text, detail);
    add(ps, "FieldValueForbidden", path, &text);
}

void
fielderror_duplicate(struct problems *ps, const char *path, struct str value)
{
    cleanup_buf struct buf shown = BUF_INIT;

    json_write_string(&shown, value);
    fielderror_duplicate_shown(ps, path, buf_cstring(&shown), "");
}

void
fielderror_not_found(struct problems *ps, const char *path, struct str value, const char *detail)
{
    cleanup_buf struct buf shown = BUF_INIT;

    json_write_string(&shown, value);
    add_shown(ps, "FieldValueNotFound", path, "Not found", buf_cstring(&shown), detail);
}

void
fielderror_too_long(struct problems *ps, const char *path, size_t limit_bytes)
{
    struct buf text = BUF_INIT;

    buf_printf(&text, "Too long: may not be more than %zu bytes", limit_bytes);
    add(ps, "FieldValueTooLong", path, &text);
}
