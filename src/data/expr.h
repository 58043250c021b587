/*
 * expr - the expression language of workflows: compile once, evaluate often.
 *
 * The language is expr-lang as of its release 1.17
 * (https://expr-lang.org/docs/language-definition), with Argo's additions: asInt, asFloat, toJson,
 * jsonpath and sprig.<function>.  Text goes through a lexer (expr_lex) and a parser (expr_parse)
 * into a tree (expr_ast) that lives in the program's arena; expr_eval walks it.  Functions are rows
 * of tables (expr_func), by theme in expr_array, expr_closure, expr_string, expr_number, expr_dict,
 * expr_convert, expr_time and sprig_*; a name that no row has is refused when the text is compiled.
 *
 * The environment is a set of dotted names ("inputs.parameters.my-param").  `inputs.parameters`
 * is a scope: it may be indexed, listed and printed like a map, but nobody builds that map.
 *
 * Hostile text is expected: length, nesting, steps, memory and the size of ranges have limits
 * with names (struct expr_limits), and every error is one line with what and where.
 *
 * A program is immutable once compiled and may be evaluated by any thread; each evaluation has an
 * arena and an environment of its own.
 */
#ifndef DATA_EXPR_H
#define DATA_EXPR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "base/str.h"
#include "data/expr_value.h"

struct arena;
struct buf;
struct clock;
struct err;
struct expr_program;

/* What the environment knows of a dotted name; a name may be both ("workflow.parameters" is the
 * JSON of all of them and the beginning of each). */
struct expr_binding {
    bool found;              /* it has a value */
    bool scope;              /* names that begin with it and a dot exist */
    struct expr_value value; /* if found; must live as long as the evaluation's result */
};

typedef struct expr_binding expr_lookup_fn(void *arg, struct str name);
/* Calls `each` for every name that has a value and begins with `prefix` and a dot ("": all). */
typedef void expr_each_fn(void *arg, struct str prefix,
                          void (*each)(void *to, struct str name, struct expr_value value),
                          void *to);

struct expr_env {
    expr_lookup_fn *lookup; /* NULL: no names at all */
    expr_each_fn *each;     /* NULL: scopes cannot be listed and look empty */
    void *arg;
    const struct clock *clock;        /* of now(); NULL: the machine's */
    const struct expr_limits *limits; /* NULL: expr_limits_default */
};

struct expr_limits {
    size_t steps;  /* tree nodes visited, items touched */
    size_t memory; /* bytes that one evaluation may allocate */
    size_t range;  /* items of one a..b */
};

enum {
    EXPR_MAX_TEXT = 64 * 1024, /* bytes of an expression */
    EXPR_MAX_DEPTH = 400,      /* nesting of its parts */
    EXPR_MAX_NODES = 10000,
};
extern const struct expr_limits expr_limits_default; /* 1,000,000; 64 MiB; 1,000,000 */

/* ERR_INVALID with the column in *e and in the text: "unexpected token ')' (1:5)", "unknown
 * function sprig.foo (1:1)"; ERR_TOOLARGE naming the limit.  Caller frees with expr_free. */
int expr_compile(struct str text, struct expr_program **ret, struct err *e);
void expr_free(struct expr_program *p); /* NULL is fine */
MEM_DEFINE_CLEANUP(struct expr_program *, expr_free)
#define cleanup_expr CLEANUP(expr_free)

/* The names of the environment that the program mentions, each as long as it is constant
 * ("inputs.parameters.a" of inputs.parameters['a'].b is followed by nothing constant), without
 * repetition, in order of appearance.  Borrowed from the program. */
size_t expr_names(const struct expr_program *p, const struct str **ret);
/* Whether it mentions the name, or one that begins with it and a dot. */
bool expr_mentions(const struct expr_program *p, struct str name);

/* The result lives in `a` and in what the environment lends.  ERR_NOTFOUND: a name whose first
 * part is unknown; ERR_INVALID: wrong types and the like; ERR_TOOLARGE: a limit, named. */
int expr_eval(const struct expr_program *p, const struct expr_env *env, struct arena *a,
              struct expr_value *ret, struct err *e);
/* The same, adding the result's text: a string raw, everything else JSON. */
int expr_eval_text(const struct expr_program *p, const struct expr_env *env, struct buf *to,
                   struct err *e);
/* The same for a condition: ERR_INVALID if the result is not a boolean. */
int expr_eval_bool(const struct expr_program *p, const struct expr_env *env, bool *ret,
                   struct err *e);

#endif
