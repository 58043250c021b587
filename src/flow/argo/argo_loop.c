#include "flow/argo/argo_loop.h"

#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "data/json.h"
#include "flow/argo/argo_scope.h"

bool
argo_loop_is(const struct json *call)
{
    return !json_is_null(json_get(call, "withItems")) ||
           !json_is_null(json_get(call, "withParam")) ||
           !json_is_null(json_get(call, "withSequence"));
}

static int
items_of_param(struct argo_scope *s, const struct json *param, struct json_doc **ret, struct err *e)
{
    cleanup_free char *text = NULL;
    struct err why = ERR_INIT;

    if (argo_scope_text(s, json_str(param), &text, e) < 0)
        return e->code;
    if (json_parse(str_of(text), NULL, ret, &why) < 0)
        return err_set(e, ERR_INVALID, "withParam value could not be parsed as a JSON list: %s: %s",
                       text, why.msg);
    if (json_type(json_root(*ret)) != JSON_ARRAY)
        return err_set(e, ERR_INVALID,
                       "withParam value could not be parsed as a JSON list: %s: it is a %s", text,
                       json_type_name(json_type(json_root(*ret))));
    return 0;
}

/* A number in a field that may hold a tag; absent: `otherwise`. */
static int
sequence_number(struct argo_scope *s, const struct json *sequence, const char *field,
                int64_t otherwise, int64_t *ret, struct err *e)
{
    const struct json *v = json_get(sequence, field);
    cleanup_free char *text = NULL;

    *ret = otherwise;
    if (json_is_null(v))
        return 0;
    if (argo_scope_text(s, json_scalar_text(v), &text, e) < 0)
        return e->code;
    if (!str_to_int(str_trim(str_of(text)), ret))
        return err_set(e, ERR_INVALID, "withSequence.%s: '%s' is not a number", field, text);
    return 0;
}

/* One conversion of printf's integer kind (%d %i %o %x %X %c-less), with flags and width;
 * everything else is literal.  A format from outside never reaches printf itself. */
static int
add_formatted(struct buf *to, struct str format, int64_t n, struct err *e)
{
    size_t i = 0;

    while (i < format.n) {
        char spec[16] = "%";
        size_t k = 1;

        if (format.p[i] != '%') {
            buf_char(to, format.p[i++]);
            continue;
        }
        if (i + 1 < format.n && format.p[i + 1] == '%') {
            buf_char(to, '%');
            i += 2;
            continue;
        }
        for (i++; i < format.n && strchr("+-# 0123456789", format.p[i]) != NULL; i++) {
            if (k <= 5)
                spec[k++] = format.p[i];
        }
        if (i == format.n || strchr("dvoxX", format.p[i]) == NULL)
            return err_set(e, ERR_INVALID,
                           "withSequence.format: only %%d, %%o, %%x and %%X can be used");
        if (k > 5)
            return err_set(e, ERR_INVALID, "withSequence.format: width is too long");
        spec[k++] = 'j';
        spec[k] = format.p[i] == 'v' ? 'd' : format.p[i];
        i++;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        buf_printf(to, spec, (intmax_t)n);
#pragma GCC diagnostic pop
    }
    return 0;
}

static int
add_number(struct json_build *b, struct str format, int64_t n, struct err *e)
{
    cleanup_buf struct buf text = BUF_INIT;
    int rc = add_formatted(&text, format, n, e);

    json_add_str(b, NULL, buf_view(&text));
    return rc;
}

static int
items_of_sequence(struct argo_scope *s, const struct json *sequence, struct json_doc **ret,
                  struct err *e)
{
    cleanup_json_build struct json_build b = JSON_BUILD_INIT;
    const struct json *written = json_get(sequence, "format");
    cleanup_free char *format = NULL;
    int64_t count, start, end, size;
    int64_t step = 1;

    if (sequence_number(s, sequence, "start", 0, &start, e) < 0 ||
        sequence_number(s, sequence, "end", 0, &end, e) < 0 ||
        sequence_number(s, sequence, "count", -1, &count, e) < 0 ||
        argo_scope_text(s, json_is_null(written) ? STR("%d") : json_str(written), &format, e) < 0)
        return e->code;
    if (json_is_null(json_get(sequence, "end"))) {
        size = count > 0 ? count : 0;
    } else {
        step = end < start ? -1 : 1;
        size = (end - start) * step + 1;
    }
    if (size > ARGO_MAX_ITEMS)
        return err_set(e, ERR_INVALID, "withSequence makes %" PRId64 " items, more than %d", size,
                       ARGO_MAX_ITEMS);
    json_add_array(&b, NULL);
    for (int64_t i = 0; i < size; i++) {
        if (add_number(&b, str_of(format), start + i * step, e) < 0)
            return e->code;
    }
    json_end(&b);
    *ret = json_build_done(&b);
    return 0;
}

int
argo_loop_items(struct argo_scope *s, const struct json *call, struct json_doc **ret, struct err *e)
{
    const struct json *items = json_get(call, "withItems");

    if (!json_is_null(items))
        return argo_scope_json(s, items, ret, e);
    if (!json_is_null(json_get(call, "withParam")))
        return items_of_param(s, json_get(call, "withParam"), ret, e);
    return items_of_sequence(s, json_get(call, "withSequence"), ret, e);
}
