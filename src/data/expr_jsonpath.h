/*
 * expr_jsonpath - $.a.b[0], over values of an expression.
 *
 *     $          the root                [n] [-n]     an item
 *     .name      a field                 [a:b:step]   a slice
 *     ['name']   a field                 [a,'b']      several
 *     .* [*]     all of them             [?(@.x > 1)] those for which the filter holds
 *     ..name     at any depth
 *
 * A path of single steps has one value; one with a step that may select several has an array of
 * all.  A filter is an expression in which @ is the item.  Private to expr_convert.
 */
#ifndef DATA_EXPR_JSONPATH_H
#define DATA_EXPR_JSONPATH_H

#include "data/expr_eval.h"

/* ERR_INVALID: a malformed path, or a single step that selects nothing ("key 'x' not found"). */
int expr_jsonpath(struct expr_ctx *ctx, struct expr_value root, struct str path,
                  struct expr_value *ret, struct err *e);

#endif
