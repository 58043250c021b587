/*
 * condition - the `when` of a step: one line of text, after all tags were put in, true or false.
 *
 * The rules are those of govaluate (https://github.com/Knetic/govaluate, MANUAL.md), because what
 * people wrote for Argo relies on them: all numbers are floating point, an unquoted word is a
 * string, a quoted string that looks like a date is a number (its unix time), `==` of different
 * types is false while `<` of different types is an error.  That is a smaller and different
 * language from the one in expr.h; the two share nothing.
 *
 * Grammar, loosest first:
 *
 *     list     = ternary {"," ternary}
 *     ternary  = or [("?" | "??") ternary [":" ternary]]
 *     or       = and {"||" and}            and      = compare {"&&" compare}
 *     compare  = bits {("=="|"!="|"<"|"<="|">"|">="|"=~"|"!~"|"in") bits}
 *     bits     = shift {("&"|"|"|"^") shift}   shift = sum {("<<"|">>") sum}
 *     sum      = product {("+"|"-") product}   product = power {("*"|"/"|"%") power}
 *     power    = value {"**" value}
 *     value    = number | string | word | "true" | "false" | "(" [list] ")" | ("!"|"-"|"~") value
 *
 * Pure; any thread.
 */
#ifndef DATA_CONDITION_H
#define DATA_CONDITION_H

#include <stdbool.h>

#include "base/str.h"

struct err;

enum { CONDITION_MAX_TEXT = 256 * 1024, CONDITION_MAX_DEPTH = 200, CONDITION_MAX_TOKENS = 50000 };

/* 0 and *ret; ERR_INVALID with upstream's words: "Invalid 'when' expression '<e>': <why> (hint:
 * try wrapping the affected expression in quotes (\"))" or "Expected boolean evaluation for '<e>'.
 * Got <v>"; ERR_TOOLARGE naming the limit. */
int condition_eval(struct str text, bool *ret, struct err *e);

#endif
