/*
 * err - the one error shape.
 *
 * An error is a value on the caller's stack, so that the failure path never
 * allocates and there is nothing to free.  A function that can fail takes a
 * `struct err *` last, fills it, and returns its (negative) code; success is 0
 * or positive.  Text runs from the outside in, without capital or full stop:
 *
 *     bundle '/x': config.json: process.args: must not be empty
 *
 * Codes map one to one onto Kubernetes status reasons and HTTP statuses; the
 * table in err.c is the only place that knows the mapping.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdarg.h>

/* code, name of the Kubernetes reason, HTTP status, what it is for */
#define ERR_TABLE(X) \
    X(ERR_BADREQUEST, "BadRequest", 400, "the request itself is malformed") \
    X(ERR_UNAUTHORIZED, "Unauthorized", 401, "no or wrong credentials") \
    X(ERR_FORBIDDEN, "Forbidden", 403, "known, but not allowed") \
    X(ERR_NOTFOUND, "NotFound", 404, "no such thing") \
    X(ERR_EXISTS, "AlreadyExists", 409, "the name is taken") \
    X(ERR_CONFLICT, "Conflict", 409, "changed meanwhile, or not possible in this state") \
    X(ERR_GONE, "Expired", 410, "older than what is kept") \
    X(ERR_TOOLARGE, "RequestEntityTooLarge", 413, "over a named limit") \
    X(ERR_INVALID, "Invalid", 422, "well formed, but not valid") \
    X(ERR_TOOMANY, "TooManyRequests", 429, "over a rate or queue limit") \
    X(ERR_IO, "InternalError", 500, "the system refused an operation") \
    X(ERR_UNSUPPORTED, "NotImplemented", 501, "not to be had here") \
    X(ERR_UNAVAILABLE, "ServiceUnavailable", 503, "try again later") \
    X(ERR_TIMEOUT, "Timeout", 504, "not done in time") \
    X(ERR_FULL, "InsufficientStorage", 507, "the disk is full")

#define ERR_POSITION_(code, reason, status, help) code##_POSITION_,
#define ERR_CODE_(code, reason, status, help) code = -1 - code##_POSITION_,
enum { ERR_TABLE(ERR_POSITION_) ERR_COUNT };
enum { ERR_TABLE(ERR_CODE_) };

enum { ERR_TEXT_SIZE = 1024 };

struct err {
    int code;      /* 0, or one of the negative ERR_ codes */
    int sys;       /* the errno behind it, or 0 */
    int line, col; /* 1-based position in the input at fault, or 0 */
    char msg[ERR_TEXT_SIZE];
};

#define ERR_INIT ((struct err){.code = 0})

/* Fill *e and return `code`.  The text is cut at ERR_TEXT_SIZE with "..." as its end. */
int err_set(struct err *e, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int err_setv(struct err *e, int code, const char *fmt, va_list ap)
    __attribute__((format(printf, 3, 0)));

/* The same with ": <strerror(errno)>" behind it; the code follows errno (ENOENT: ERR_NOTFOUND,
 * ENOSPC: ERR_FULL, EACCES: ERR_FORBIDDEN, others: ERR_IO). */
int err_errno(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Put "<text>: " before the message and return the code, which stays. */
int err_wrap(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Facts of a code, from the table above.  An unknown code counts as ERR_IO. */
const char *err_reason(int code);
int err_status(int code);

#endif
