#include "flow/argo/argo_time.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "data/duration.h"
#include "data/json.h"
#include "data/timestamp.h"
#include "flow/argo/argo_scope.h"

int
argo_time_duration(struct str text, int64_t *ret_us, struct err *e)
{
    int64_t ns = 0;
    int rc = duration_parse(text, &ns, e);

    *ret_us = ns / 1000;
    return rc;
}

int
argo_time_field(struct argo_scope *s, const struct json *v, int64_t *ret_us, struct err *e)
{
    cleanup_free char *text = NULL;

    *ret_us = 0;
    if (json_is_null(v))
        return 0;
    if (argo_scope_text(s, json_scalar_text(v), &text, e) < 0)
        return e->code;
    return text[0] == '\0' ? 0 : argo_time_duration(str_of(text), ret_us, e);
}

void
argo_time_seconds(int64_t from_us, int64_t to_us, char *to, size_t size)
{
    int64_t us = from_us != 0 && to_us > from_us ? to_us - from_us : 0;

    snprintf(to, size, "%" PRId64 ".%06" PRId64, us / CLOCK_SECOND, us % CLOCK_SECOND);
}

char *
argo_time_text(int64_t us)
{
    struct buf text = BUF_INIT;

    timestamp_write(&text, us);
    return buf_take(&text);
}

void
argo_time_add(struct json_build *b, const char *key, int64_t us)
{
    cleanup_free char *text = NULL;

    if (us == 0) {
        json_add_null(b, key);
        return;
    }
    text = argo_time_text(us);
    json_add_cstr(b, key, text);
}
