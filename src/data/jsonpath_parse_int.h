/* jsonpath_parse_int - the text of a path while it is read; for jsonpath_parse*.c only. */
#ifndef DATA_JSONPATH_PARSE_INT_H
#define DATA_JSONPATH_PARSE_INT_H

#include "data/jsonpath_int.h"

struct jsonpath_parser {
    struct str s;
    size_t at;
    unsigned nesting;
    struct jsonpath *path;
    struct err *e;
};

/* The next character; NUL at the end. */
static inline char
jsonpath_parse_peek(const struct jsonpath_parser *r)
{
    return r->at < r->s.n ? r->s.p[r->at] : '\0';
}

/* False, and *r->e says what is wrong and where. */
bool jsonpath_parse_fail(struct jsonpath_parser *r, const char *what);
/* Behind white space. */
void jsonpath_parse_skip(struct jsonpath_parser *r);
/* Behind white space and the token, if that is next. */
bool jsonpath_parse_take(struct jsonpath_parser *r, const char *token);
/* One level deeper; whoever entered decreases `nesting`. */
bool jsonpath_parse_enter(struct jsonpath_parser *r);
/* A text in quotes, in the path's arena. */
bool jsonpath_parse_quoted(struct jsonpath_parser *r, struct str *ret);
/* Whether no name goes on with it. */
bool jsonpath_parse_ends_name(char c);
/* The steps that follow here; none is fine. */
bool jsonpath_parse_steps(struct jsonpath_parser *r, struct jsonpath_step **ret);
/* jsonpath_parse_filter.c: a condition; NULL if it is none. */
struct jsonpath_test *jsonpath_parse_filter(struct jsonpath_parser *r);

#endif
