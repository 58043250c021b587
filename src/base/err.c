#include "base/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct fact {
    const char *reason;
    int status;
};

#define FACT(code, reason, status, help) [-1 - code] = {reason, status},
static const struct fact facts[ERR_COUNT] = {ERR_TABLE(FACT)};

static const struct fact *
fact_of(int code)
{
    int at = -1 - code;

    return &facts[at >= 0 && at < ERR_COUNT ? at : -1 - ERR_IO];
}

const char *
err_reason(int code)
{
    return fact_of(code)->reason;
}

int
err_status(int code)
{
    return fact_of(code)->status;
}

/* Marks a text that did not fit, so that nobody takes the rest for the whole. */
static void
mark_cut(struct err *e, int wanted)
{
    if (wanted >= ERR_TEXT_SIZE)
        memcpy(e->msg + ERR_TEXT_SIZE - 4, "...", 4);
}

int
err_setv(struct err *e, int code, const char *fmt, va_list ap)
{
    e->code = code;
    e->sys = 0;
    e->line = e->col = 0;
    mark_cut(e, vsnprintf(e->msg, sizeof e->msg, fmt, ap));
    return code;
}

int
err_set(struct err *e, int code, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    err_setv(e, code, fmt, ap);
    va_end(ap);
    return code;
}

static int
code_of_errno(int sys)
{
    switch (sys) {
    case ENOENT:
        return ERR_NOTFOUND;
    case EEXIST:
        return ERR_EXISTS;
    case EACCES:
    case EPERM:
        return ERR_FORBIDDEN;
    case ENOSPC:
    case EDQUOT:
        return ERR_FULL;
    case EAGAIN:
    case EBUSY:
        return ERR_UNAVAILABLE;
    case ETIMEDOUT:
        return ERR_TIMEOUT;
    default:
        return ERR_IO;
    }
}

int
err_errno(struct err *e, const char *fmt, ...)
{
    int sys = errno;
    size_t n;
    va_list ap;

    va_start(ap, fmt);
    err_setv(e, code_of_errno(sys), fmt, ap);
    va_end(ap);
    n = strlen(e->msg);
    mark_cut(e, (int)n + snprintf(e->msg + n, sizeof e->msg - n, ": %s", strerror(sys)));
    e->sys = sys;
    return e->code;
}

int
err_wrap(struct err *e, const char *fmt, ...)
{
    char inner[ERR_TEXT_SIZE];
    va_list ap;
    int n;

    memcpy(inner, e->msg, sizeof inner);
    va_start(ap, fmt);
    n = vsnprintf(e->msg, sizeof e->msg, fmt, ap);
    va_end(ap);
    if (n >= 0 && n < ERR_TEXT_SIZE)
        n += snprintf(e->msg + n, sizeof e->msg - (size_t)n, ": %s", inner);
    mark_cut(e, n);
    return e->code;
}
