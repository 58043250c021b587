/*
 * expr_vars - a set of dotted names and their texts, as an environment for expressions and tags.
 *
 * The names of a workflow come in layers (globals, a template's inputs, the outputs of its
 * siblings, a loop's item): a set has an optional parent that it asks for what it does not have.
 * Adding a name also notes its beginnings, so that a look-up of "inputs.parameters" is one probe
 * and nothing is ever built as nested maps.
 *
 * Names and texts are copied.  A parent is borrowed and must outlive its children.  Changed by
 * one thread; read by any while nobody changes it.
 */
#ifndef DATA_EXPR_VARS_H
#define DATA_EXPR_VARS_H

#include "base/arena.h"
#include "base/map.h"
#include "base/str.h"
#include "data/expr.h"

struct expr_vars {
    struct map names; /* to struct expr_var */
    struct arena arena;
    const struct expr_vars *parent;
};

/* `parent` may be NULL. */
void expr_vars_init(struct expr_vars *v, const struct expr_vars *parent);
void expr_vars_done(struct expr_vars *v);
#define cleanup_expr_vars __attribute__((cleanup(expr_vars_done)))

/* Adds or replaces. */
void expr_vars_set(struct expr_vars *v, struct str name, struct str text);
void expr_vars_set_cstr(struct expr_vars *v, const char *name, const char *text);

/* The set as an environment; borrowed. */
struct expr_env expr_vars_env(const struct expr_vars *v);

#endif
