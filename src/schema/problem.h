/*
 * problem - a list of what is wrong with a manifest.
 *
 * A person who sends a manifest wants all its mistakes at once, each with its place.  Every checker
 * of manifests appends to one of these lists and goes on; nobody stops at the first.  The list is
 * bounded, so that a hostile manifest cannot make it grow: what comes behind PROBLEMS_MAX is only
 * counted.
 *
 * The list owns its texts.  One thread at a time.
 */
#ifndef SCHEMA_PROBLEM_H
#define SCHEMA_PROBLEM_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct err;
struct json;
struct json_doc;

enum { PROBLEMS_MAX = 100, PROBLEM_TEXT_MAX = 16 * 1024 };

enum problem_kind {
    PROBLEM_INVALID,       /* the value is not allowed */
    PROBLEM_UNKNOWN_FIELD, /* Kubernetes' fieldValidation decides whether this counts */
    PROBLEM_DUPLICATE,     /* the same key twice; fieldValidation decides as well */
    PROBLEM_TYPE,          /* not what the schema says: the body cannot be decoded */
    PROBLEM_REQUIRED,      /* not there, and must be */
    PROBLEM_WARNING,       /* accepted all the same */
};

struct problem {
    enum problem_kind kind;
    char *path; /* "spec.templates[0].container.image", or "" for the whole */
    char *text; /* complete in itself; upstream's wording where users know one */
    const char
        *reason;   /* of a Status cause: "FieldValueRequired" (static); NULL for other problems */
    size_t detail; /* where in text the cause's message begins, behind "PATH: " */
    int line, col; /* 1-based, or 0 */
};

struct problems {
    struct problem *at;
    size_t n, cap;
    size_t dropped; /* how many more there were */
};

#define PROBLEMS_INIT ((struct problems){.at = NULL})

void problems_done(struct problems *ps);
#define cleanup_problems __attribute__((cleanup(problems_done)))

/* Appends one.  Path and position are those of `at`, a value of `doc`; either may be NULL. */
void problems_add(struct problems *ps, enum problem_kind kind, const struct json_doc *doc,
                  const struct json *at, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
/* Appends one with a path of its own making. */
void problems_add_path(struct problems *ps, enum problem_kind kind, const char *path, int line,
                       int col, const char *text);
/* Appends what becomes a cause of a Status: `text` is its message, the path its field. */
void problems_add_cause(struct problems *ps, const char *reason, const char *path,
                        const char *text);
/* Appends what is wrong with a field: the text becomes "PATH: MESSAGE". */
void problems_add_field(struct problems *ps, const char *reason, const char *path,
                        const char *message);
/* Appends an error, with the position it carries. */
void problems_add_err(struct problems *ps, const struct err *e);

/* What a Status says of a list: "a", or "[a, b]"; equal texts once, as upstream. */
void problems_message(const struct problems *ps, struct buf *to);
/* How many are no warnings. */
size_t problems_errors(const struct problems *ps);

#endif
