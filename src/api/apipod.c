#include "api/apipod.h"

#include <stdlib.h>

#include "api/apiparam.h"
#include "base/clock.h"
#include "base/err.h"
#include "data/timestamp.h"
#include "schema/fielderror.h"

static const char negative[] = "must be greater than or equal to 0";
static const char not_positive[] = "must be greater than 0";

/* A number that may be left out: false. */
static bool
read_number(const struct apiparam *p, const char *name, int64_t *ret, struct err *e)
{
    return apiparam_text(p, name).n > 0 && apiparam_int(p, name, 0, ret, e) >= 0;
}

static int
read_since(struct apipod_log *log, const struct apiparam *p, struct problems *ps, struct err *e)
{
    struct str since = apiparam_text(p, "sinceTime");
    int64_t seconds = 0;
    bool has_seconds = read_number(p, "sinceSeconds", &seconds, e);

    log->since_us = INT64_MIN;
    if (e->code < 0)
        return e->code;
    if (since.n > 0 && timestamp_parse(since, &log->since_us, e) < 0)
        return e->code;
    if (since.n > 0 && has_seconds)
        fielderror_forbidden(ps, "[]",
                             "at most one of `sinceTime` or `sinceSeconds` may be specified");
    else if (has_seconds && seconds < 1)
        fielderror_invalid_int(ps, "sinceSeconds", seconds, not_positive);
    else if (has_seconds)
        log->since_us = clock_wall_us(&clock_machine) - seconds * CLOCK_SECOND;
    return 0;
}

int
apipod_log_read(struct apipod_log *log, const struct apiparam *p, struct problems *ps,
                struct err *e)
{
    log->follow = apiparam_bool(p, "follow");
    log->previous = apiparam_bool(p, "previous");
    log->timestamps = apiparam_bool(p, "timestamps");
    log->tail_lines = log->limit_bytes = -1;
    if (read_number(p, "tailLines", &log->tail_lines, e) && log->tail_lines < 0)
        fielderror_invalid_int(ps, "tailLines", log->tail_lines, negative);
    if (read_number(p, "limitBytes", &log->limit_bytes, e) && log->limit_bytes < 1)
        fielderror_invalid_int(ps, "limitBytes", log->limit_bytes, not_positive);
    return e->code < 0 ? e->code : read_since(log, p, ps, e);
}

void
apipod_exec_free(struct apipod_exec *x)
{
    if (x == NULL)
        return;
    for (size_t i = 0; x->argv != NULL && x->argv[i] != NULL; i++)
        free((void *)(uintptr_t)x->argv[i]);
    free(x->argv);
    free(x->uid);
    free(x->container);
    free(x);
}

bool
apipod_attempt(struct str container_id, unsigned *ret)
{
    int64_t n = 0;
    ptrdiff_t slash;

    if (!str_starts(container_id, STR("sluice://")))
        return false;
    while ((slash = str_find_char(container_id, '/', 0)) >= 0)
        container_id = str_slice(container_id, (size_t)slash + 1, container_id.n);
    if (!str_to_int(container_id, &n) || n < 0 || n > INT32_MAX)
        return false;
    *ret = (unsigned)n;
    return true;
}
