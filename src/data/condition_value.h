/*
 * condition_value - what a condition computes with, and what each operator does with it.
 *
 * Numbers are floating point, and a list stands only at the right of `in`.  Whoever parses decides
 * whether an operand counts; here all of them do.  Texts and lists live in the arena of the
 * condition.  Errors are ERR_INVALID in upstream's words.  Private to condition*.c.
 */
#ifndef DATA_CONDITION_VALUE_H
#define DATA_CONDITION_VALUE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct arena;
struct buf;
struct err;

enum condition_type {
    CONDITION_IS_NOTHING,
    CONDITION_IS_NUMBER,
    CONDITION_IS_STRING,
    CONDITION_IS_BOOLEAN,
    CONDITION_IS_LIST,
};

struct condition_value {
    enum condition_type type;
    double number;
    bool boolean;
    struct str text;
    const struct condition_value *items; /* of a list */
    size_t n;
};

/* As Go prints it. */
void condition_value_write(struct buf *to, const struct condition_value *x);
/* "Value 'x' cannot be used with the <what> 'op'<expected>" */
int condition_value_wrong(const struct condition_value *x, const char *what, struct str op,
                          const char *expected, struct err *e);

/* !, - and ~, in place. */
int condition_value_prefix(struct str op, struct condition_value *x, struct err *e);
/* + - * / % ** & | ^ << >>; + with a string on either side joins both as text. */
int condition_value_compute(struct str op, const struct condition_value *a,
                            const struct condition_value *b, struct arena *arena,
                            struct condition_value *ret, struct err *e);
/* == != < <= > >= =~ !~ in */
int condition_value_compare(struct str op, const struct condition_value *a,
                            const struct condition_value *b, struct condition_value *ret,
                            struct err *e);

#endif
