/*
 * expr_func - functions of the expression language as rows of tables.
 *
 * A row says name, arguments and function.  Arguments are one letter each:
 *
 *     s string    i integer (or a float without fraction)    n number    b boolean
 *     a array     m map     t time     d duration    x anything    c predicate, not evaluated
 *
 * behind "|" they are optional, and "*" repeats the letter before it.  The evaluator checks them
 * before it calls, so a function may rely on them; a predicate's place in `args` holds nil, and an
 * environment's scope has become a map.
 *
 * A function allocates with expr_alloc, charges loops with expr_steps, and answers 0 or an error.
 * Private to expr*.c and sprig*.c.
 */
#ifndef DATA_EXPR_FUNC_H
#define DATA_EXPR_FUNC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "data/expr_value.h"

struct expr_ctx;
struct expr_node;

struct expr_call {
    struct expr_ctx *ctx;
    const char *name;
    const struct expr_value *args;
    unsigned n;                      /* arguments given */
    const struct expr_node *closure; /* the predicate, or NULL */
};

typedef int expr_func_fn(const struct expr_call *c, struct expr_value *ret, struct err *e);

struct expr_func {
    const char *name; /* NULL ends a table */
    const char *types;
    expr_func_fn *call;
};

/* The language's own, and Argo's. */
extern const struct expr_func expr_array_funcs[];
extern const struct expr_func expr_closure_funcs[];
extern const struct expr_func expr_string_funcs[];
extern const struct expr_func expr_number_funcs[];
extern const struct expr_func expr_dict_funcs[];
extern const struct expr_func expr_time_funcs[];
extern const struct expr_func expr_convert_funcs[];
/* Methods of times and durations; the first argument is the receiver. */
extern const struct expr_func expr_time_methods[];

/* NULL if there is none.  `sprig` looks among sprig's. */
const struct expr_func *expr_func_find(struct str name, bool sprig);
const struct expr_func *expr_func_method(struct str name, enum expr_type receiver);
/* How many arguments it takes at least and at most (SIZE_MAX: any number). */
void expr_func_arity(const struct expr_func *f, size_t *least, size_t *most);
/* The letter for argument i; 0 beyond the last. */
char expr_func_type(const struct expr_func *f, size_t i);
/* ERR_INVALID: "invalid argument 2 for split: expected string, got int". */
int expr_func_check(const struct expr_call *c, const char *types, struct err *e);

/* For functions: */

/* Zeroed memory of the evaluation; NULL and ERR_TOOLARGE when over its limit. */
void *expr_alloc(struct expr_ctx *ctx, size_t size, struct err *e);
/* Counts work that is not visible as nodes; ERR_TOOLARGE when over the limit. */
int expr_steps(struct expr_ctx *ctx, size_t n, struct err *e);
/* expr_equal, counted. */
int expr_equal_counted(struct expr_ctx *ctx, struct expr_value a, struct expr_value b,
                       struct err *e);
/* A buffer that cannot outgrow the evaluation; give it to expr_return_text, which empties it. */
struct buf expr_buf(const struct expr_ctx *ctx);
int expr_return_text(struct expr_ctx *ctx, struct buf *b, struct expr_value *ret, struct err *e);
/* `n` values to fill; NULL when over the limit. */
struct expr_value *expr_items(struct expr_ctx *ctx, size_t n, struct err *e);
/* A map of `n` entries that the caller filled; equal keys: the last one counts. */
int expr_return_map(struct expr_ctx *ctx, struct expr_entry *entries, size_t n,
                    struct expr_value *ret, struct err *e);
/* The predicate for one item; `acc` may be NULL. */
int expr_apply(const struct expr_call *c, struct expr_value item, size_t index,
               const struct expr_value *acc, struct expr_value *ret, struct err *e);
/* Microseconds since 1970 by the evaluation's clock. */
int64_t expr_now_us(const struct expr_ctx *ctx);
/* ERR_INVALID with the function's name before the text. */
int expr_fail(const struct expr_call *c, struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* a < b of numbers, strings, times and durations: -1, 0, 1; ERR_INVALID otherwise. */
int expr_compare(struct expr_value a, struct expr_value b, int *ret, struct err *e);

static inline int64_t
expr_arg_int(const struct expr_call *c, unsigned i)
{
    return c->args[i].type == EXPR_INT ? c->args[i].integer : (int64_t)c->args[i].number;
}

#endif
