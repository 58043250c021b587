/*
 * expr_parse_int - what the three parts of the parser share: expr_parse.c (values),
 * expr_parse_operators.c (what stands between them) and expr_parse_postfix.c (members, slices and
 * calls behind them).
 *
 * The first failure stays in rc and makes every further token an end, so that the functions need
 * no checks between their steps: they always return a node, and nobody looks at it.
 */
#ifndef DATA_EXPR_PARSE_INT_H
#define DATA_EXPR_PARSE_INT_H

#include "base/vec.h"
#include "data/expr_ast.h"
#include "data/expr_lex.h"

struct expr_local {
    struct str name;
    uint16_t slot;
};

struct expr_nodes {
    struct expr_node **at;
    size_t n, cap;
};

struct expr_parser {
    struct expr_program *program;
    struct expr_lex lex;
    struct expr_token token; /* the one at hand */
    struct err *e;
    int rc;
    unsigned depth;      /* of recursion */
    unsigned predicates; /* around this place */
    size_t nodes;
    VEC(struct expr_local) locals;
    VEC(struct str) names;
    VEC(struct regex *) regexes;
};

void expr_parse_next(struct expr_parser *p);
bool expr_parse_is(const struct expr_parser *p, enum expr_token_kind kind, const char *text);
void expr_parse_expect(struct expr_parser *p, enum expr_token_kind kind, const char *text);
void expr_parse_fail(struct expr_parser *p); /* "unexpected token" */
/* Another reason, with a name behind it. */
int expr_parse_fail_at(struct expr_parser *p, size_t offset, const char *what, struct str name);

struct expr_node *expr_parse_node(struct expr_parser *p, enum expr_op op, size_t offset);
void expr_parse_above(struct expr_parser *p, struct expr_node *n, const struct expr_node *child);
struct expr_node *expr_parse_const(struct expr_parser *p, struct expr_value v, size_t offset);
/* With up to three children. */
struct expr_node *expr_parse_with(struct expr_parser *p, enum expr_op op, size_t offset,
                                  struct expr_node *a, struct expr_node *b, struct expr_node *c);
struct expr_node *expr_parse_primary(struct expr_parser *p);
struct expr_node *expr_parse_expression(struct expr_parser *p, int precedence);
struct expr_node *expr_parse_sequence(struct expr_parser *p);

/* Whatever may follow a value. */
struct expr_node *expr_parse_postfix(struct expr_parser *p, struct expr_node *n);
/* name(...) with the token at "("; `first` (or NULL) is what a pipe passes. */
struct expr_node *expr_parse_call(struct expr_parser *p, struct str name, size_t offset,
                                  struct expr_node *first);
/* sprig.name(...) with the token at the dot. */
struct expr_node *expr_parse_sprig(struct expr_parser *p, size_t offset);
/* Expressions and commas up to the closing bracket, into n->args. */
void expr_parse_arguments(struct expr_parser *p, struct expr_node *n, const char *close);
/* Moves collected nodes into n->args. */
void expr_parse_take(struct expr_parser *p, struct expr_node *n, struct expr_nodes *nodes);
/* Notes the names of the environment below n. */
void expr_parse_names(struct expr_parser *p, const struct expr_node *n);

static inline bool
expr_parse_operator(const struct expr_parser *p, const char *text)
{
    return expr_parse_is(p, EXPR_TOKEN_OPERATOR, text);
}

static inline bool
expr_parse_bracket(const struct expr_parser *p, const char *text)
{
    return expr_parse_is(p, EXPR_TOKEN_BRACKET, text);
}

#endif
