#include "api/apipod.h"

#include <stdlib.h>

#include "api/apiparam.h"
#include "base/clock.h"
#include "base/err.h"
#include "data/timestamp.h"

static int
read_since(struct apipod_log *log, const struct apiparam *p, struct err *e)
{
    struct str since = apiparam_text(p, "sinceTime");
    int64_t seconds = 0;

    log->since_us = INT64_MIN;
    if (apiparam_int(p, "sinceSeconds", 0, &seconds, e) < 0)
        return e->code;
    if (since.n > 0 && seconds != 0)
        return err_set(e, ERR_INVALID,
                       "PodLogOptions \"\" is invalid: sinceSeconds: Forbidden: "
                       "at most one of `sinceTime` or `sinceSeconds` may be "
                       "specified");
    if (seconds < 0)
        return err_set(e, ERR_INVALID,
                       "PodLogOptions \"\" is invalid: sinceSeconds: Invalid "
                       "value: must be greater than 0");
    if (since.n > 0)
        return timestamp_parse(since, &log->since_us, e);
    if (seconds > 0)
        log->since_us = clock_wall_us(&clock_machine) - seconds * CLOCK_SECOND;
    return 0;
}

int
apipod_log_read(struct apipod_log *log, const struct apiparam *p, struct err *e)
{
    log->follow = apiparam_bool(p, "follow");
    log->previous = apiparam_bool(p, "previous");
    log->timestamps = apiparam_bool(p, "timestamps");
    if (apiparam_int(p, "tailLines", -1, &log->tail_lines, e) < 0 ||
        apiparam_int(p, "limitBytes", -1, &log->limit_bytes, e) < 0)
        return e->code;
    if (log->tail_lines < -1)
        return err_set(e, ERR_INVALID,
                       "PodLogOptions \"\" is invalid: tailLines: Invalid value: "
                       "must be greater than or equal to 0");
    return read_since(log, p, e);
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
