/*
 * expr_ast - the tree of a compiled expression.
 *
 * Nodes and their text live in the program's arena and never change.  What is constant about a
 * name is folded while parsing: inputs.parameters['a-b'] is one EXPR_NAME whose text is
 * "inputs.parameters.a-b", so that evaluation asks the environment once.
 *
 * Private to expr*.c and sprig*.c.
 */
#ifndef DATA_EXPR_AST_H
#define DATA_EXPR_AST_H

#include <stdint.h>

#include "base/arena.h"
#include "data/expr.h"

struct regex;
struct expr_func;

enum expr_op {
    EXPR_CONST,  /* value */
    EXPR_NAME,   /* text: the dotted name; parts of it end at dots[] */
    EXPR_LOCAL,  /* slot */
    EXPR_ITEM,   /* # */
    EXPR_INDEX,  /* #index */
    EXPR_ACC,    /* #acc */
    EXPR_NOT,    /* a */
    EXPR_NEGATE, /* a */
    EXPR_PLUS,   /* a; the sign */
    EXPR_AND,    /* a && b */
    EXPR_OR,     /* a || b */
    EXPR_ELSE,   /* a ?? b */
    EXPR_IF,     /* a ? b : c */
    EXPR_BINARY, /* a binary b */
    EXPR_MATCH,  /* a matches regex, compiled ahead */
    EXPR_MEMBER, /* a[b]; optional: nil ends the chain */
    EXPR_CHAIN,  /* a; where a chain with ?. ends */
    EXPR_SLICE,  /* a[b:c]; b and c may be NULL */
    EXPR_LIST,   /* [args] */
    EXPR_OBJECT, /* {args[0]: args[1], ...} */
    EXPR_CALL,   /* func(args) */
    EXPR_METHOD, /* a.text(args) */
    EXPR_LET,    /* let slot = a; b */
    EXPR_THEN,   /* a; b */
};

enum expr_binary {
    EXPR_EQ,
    EXPR_NE,
    EXPR_LT,
    EXPR_LE,
    EXPR_GT,
    EXPR_GE,
    EXPR_IN,
    EXPR_MATCHES,
    EXPR_CONTAINS,
    EXPR_STARTS,
    EXPR_ENDS,
    EXPR_RANGE,
    EXPR_ADD,
    EXPR_SUB,
    EXPR_MUL,
    EXPR_DIV,
    EXPR_MOD,
    EXPR_POW,
};

struct expr_node {
    uint8_t op;     /* enum expr_op */
    uint8_t binary; /* enum expr_binary */
    bool optional;
    uint16_t height; /* of the tree below */
    uint16_t slot;
    uint32_t offset; /* in the text, for messages */
    uint32_t n;      /* args */
    union {
        struct {
            struct expr_node *a, *b, *c;
        };
        struct expr_value value;
    };
    struct expr_node **args;
    struct str text;
    uint32_t *dots; /* of a name: where its parts end, the last one being text.n; n of them */
    union {
        const struct expr_func *func;
        struct regex *regex;
    };
};

struct expr_program {
    struct arena arena; /* holds everything, the program included */
    struct str text;
    struct expr_node *root;
    unsigned slots; /* variables of let */
    size_t names_n;
    struct str *names;
    size_t regexes_n;
    struct regex **regexes;
};

#endif
