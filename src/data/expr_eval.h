/*
 * expr_eval - walks a program's tree.
 *
 * One struct expr_ctx per evaluation carries what it may use up.  The frames of predicates (#,
 * #acc, #index) form a list on the C stack; variables of let have a slot each, which is enough
 * because nothing recurses.  Private to expr*.c.
 */
#ifndef DATA_EXPR_EVAL_H
#define DATA_EXPR_EVAL_H

#include "data/expr_ast.h"

struct expr_frame {
    const struct expr_frame *outer;
    struct expr_value item;
    size_t index;
    const struct expr_value *acc; /* NULL outside of reduce */
};

struct expr_ctx {
    const struct expr_program *program;
    const struct expr_env *env;
    const struct expr_limits *limits;
    struct arena *arena;
    size_t steps, memory; /* used so far */
    struct expr_value *slots;
    const struct expr_frame *frame;
};

/* Containers inside each other that a value may have. */
enum { EXPR_MAX_VALUE_DEPTH = 200 };

/* 0; EXPR_SHORT inside of a chain that ?. ended; an error. */
enum { EXPR_SHORT = 1 };
int expr_eval_node(struct expr_ctx *ctx, const struct expr_node *n, struct expr_value *ret,
                   struct err *e);

/* expr_ops.c */
int expr_binary(struct expr_ctx *ctx, enum expr_binary op, struct expr_value a, struct expr_value b,
                struct expr_value *ret, struct err *e);
/* from[key] */
int expr_fetch(struct expr_ctx *ctx, struct expr_value from, struct expr_value key,
               struct expr_value *ret, struct err *e);
int expr_slice(struct expr_ctx *ctx, struct expr_value from, const struct expr_value *first,
               const struct expr_value *last, struct expr_value *ret, struct err *e);

/* expr_scope.c */
/* The name's value: text, a scope, or what follows from fetching part by part. */
int expr_name(struct expr_ctx *ctx, const struct expr_node *n, struct expr_value *ret,
              struct err *e);
/* A scope's member; nil if there is none. */
int expr_scope_get(struct expr_ctx *ctx, struct str scope, struct str key, struct expr_value *ret,
                   struct err *e);
/* A scope as a map of maps; other values stay. */
int expr_materialize(struct expr_ctx *ctx, struct expr_value *v, struct err *e);

#endif
