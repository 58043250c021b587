/*
 * expr_lex - an expression's text as tokens.
 *
 * One token is read ahead of the parser.  Words that are operators (in, not, matches, ...) come as
 * EXPR_TOKEN_OPERATOR; strings come decoded, in the arena.  Private to expr_parse.
 */
#ifndef DATA_EXPR_LEX_H
#define DATA_EXPR_LEX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct arena;
struct err;

enum expr_token_kind {
    EXPR_TOKEN_END,
    EXPR_TOKEN_WORD,
    EXPR_TOKEN_NUMBER,
    EXPR_TOKEN_STRING,
    EXPR_TOKEN_OPERATOR,
    EXPR_TOKEN_BRACKET,
};

struct expr_token {
    enum expr_token_kind kind;
    struct str text; /* as written; of a string, decoded */
    size_t offset;   /* of its first byte */
};

struct expr_lex {
    struct str text;
    size_t at;
    struct arena *arena; /* for decoded strings */
};

/* The next token; EXPR_TOKEN_END again and again behind the last.  ERR_INVALID: "literal not
 * terminated (1:4)". */
int expr_lex_next(struct expr_lex *l, struct expr_token *ret, struct err *e);

/* ERR_INVALID with " (line:column)" of the offset behind the message, and in *e. */
int expr_error_at(struct str text, size_t offset, struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

#endif
