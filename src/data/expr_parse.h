/*
 * expr_parse - tokens to tree.
 *
 * Operator precedence climbing, loosest first:
 *
 *     |  0    or ||  10    and &&  15    == != < > <= >= in matches contains startsWith endsWith 20
 *     ..  25    + -  30    not ! (prefix)  50    * / %  60    + - (prefix)  90    ** ^  100 (right)
 *     ??  500
 *
 * with ?: , let and ; around them, and member access, slices and calls behind a value.  Chained
 * comparisons (1 < x < 9) mean both.  Private to expr.c.
 */
#ifndef DATA_EXPR_PARSE_H
#define DATA_EXPR_PARSE_H

#include "data/expr_ast.h"

/* Fills p->root, slots, names and regexes of a program whose text and arena are set. */
int expr_parse(struct expr_program *p, struct err *e);

#endif
