/*
 * condition_lex - a condition's text as tokens, with govaluate's rules.
 *
 * The rules have quirks that conditions in the wild depend on, and all are kept: either kind of
 * quote ends a quoted string; a backslash takes the next character as it is, also in words and
 * operators; operators run together ("==-") are one unknown token; a quoted string that looks like
 * a date is a number.  Which kinds may follow which is checked here too, as upstream does before it
 * looks at structure.
 *
 * Private to condition.c.
 */
#ifndef DATA_CONDITION_LEX_H
#define DATA_CONDITION_LEX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"

struct err;

enum condition_kind {
    CONDITION_START,
    CONDITION_NUMBER,
    CONDITION_TIME,   /* a quoted date; its number is the unix time */
    CONDITION_STRING, /* quoted, or a word */
    CONDITION_BOOLEAN,
    CONDITION_PREFIX,     /* ! - ~ */
    CONDITION_ARITHMETIC, /* + - * / % ** & | ^ << >> */
    CONDITION_COMPARATOR, /* == != < <= > >= =~ !~ in */
    CONDITION_LOGIC,      /* && || */
    CONDITION_TERNARY,    /* ? : ?? */
    CONDITION_SEPARATOR,  /* , */
    CONDITION_OPEN,
    CONDITION_CLOSE,
    CONDITION_KINDS
};

struct condition_token {
    enum condition_kind kind;
    struct str text; /* of strings decoded, else as written */
    double number;   /* of numbers and times */
    bool boolean;
    bool word; /* a string that was not quoted */
};

struct condition_tokens {
    struct condition_token *at;
    size_t n, cap;
    struct arena arena; /* of decoded strings */
};

/* All of them; an error's text is without the frame that condition_eval puts around it. */
int condition_lex(struct str text, struct condition_tokens *ret, struct err *e);
void condition_tokens_done(struct condition_tokens *t);

#endif
