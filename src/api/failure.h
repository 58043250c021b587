/*
 * failure - why a request was not done, as a Kubernetes Status says it.
 *
 *   {"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",
 *    "message":"pods \"x\" not found","reason":"NotFound",
 *    "details":{"name":"x","kind":"pods"},"code":404}
 *
 * Clients branch on reason and details, so each shape is made by one function here.  A failure owns
 * its texts.  One thread at a time.
 */
#ifndef API_FAILURE_H
#define API_FAILURE_H

#include <stdbool.h>

#include "base/str.h"
#include "base/vec.h"

struct buf;
struct err;
struct kind;
struct problems;

struct failure_cause {
    const char *reason; /* static */
    char *message, *field;
};

struct failure {
    int code;           /* 0: none */
    const char *reason; /* static; NULL: left out */
    char *message;
    bool details; /* there is one, even if it is empty */
    char *name, *group, *kind, *uid;
    char *go_on; /* metadata.continue */
    int retry_after_s;
    bool pretty; /* over several lines */
    VEC(struct failure_cause) causes;
};

#define FAILURE_INIT ((struct failure){.code = 0})

void failure_done(struct failure *f);

/* Code and reason as the ERR_ code says (base/err.h).  They return that code, as err_set() does.
 * What was set before is dropped. */
int failure_set(struct failure *f, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The same with an HTTP status and reason that no ERR_ code has (405, 406, 415, 500 without
 * reason). */
void failure_status(struct failure *f, int status, const char *reason, bool details,
                    const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* Says whom it is about: the plural of a kind, and a name (STR_NULL: none). */
void failure_about(struct failure *f, const struct kind *k, struct str name);
/* The same where the Kind stands in place of its plural. */
void failure_about_kind(struct failure *f, const struct kind *k, struct str name);
void failure_cause(struct failure *f, const char *reason, const char *field, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* From an error of the object layer about an object of that kind and name. */
void failure_from_err(struct failure *f, const struct err *e, const struct kind *k,
                      struct str name);
/* 422 with a cause for each problem.  `group` and `kind` are what is invalid: a kind, or the
 * options of a verb. */
void failure_invalid(struct failure *f, const char *group, const char *kind, struct str name,
                     const struct problems *ps);

/* The Status, as JSON. */
void failure_write(const struct failure *f, struct buf *to);

#endif
