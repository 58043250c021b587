/*
 * expr_text - operations on text that the language's and sprig's functions share under different
 * names and argument orders.  All allocate from the evaluation.
 *
 * Private to expr*.c and sprig*.c.
 */
#ifndef DATA_EXPR_TEXT_H
#define DATA_EXPR_TEXT_H

#include "data/expr_func.h"

/* Without characters of `set` (or white space if it is NULL) at either end. */
struct str expr_text_trim(struct str s, const struct str *set, bool left, bool right);
struct str expr_text_trim_prefix(struct str s, struct str prefix);
struct str expr_text_trim_suffix(struct str s, struct str suffix);
/* Each character through `change`. */
int expr_text_change(struct expr_ctx *ctx, struct str s, uint32_t (*change)(uint32_t),
                     struct expr_value *ret, struct err *e);
/* Pieces between (or with, behind them) separators; an empty separator splits into characters; at
 * most `limit` pieces, any number if negative. */
int expr_text_split(struct expr_ctx *ctx, struct str s, struct str separator, int64_t limit,
                    bool keep, struct expr_value *ret, struct err *e);
/* At most `limit` replacements, any number if negative. */
int expr_text_replace(struct expr_ctx *ctx, struct str s, struct str from, struct str to,
                      int64_t limit, struct expr_value *ret, struct err *e);
int expr_text_repeat(const struct expr_call *c, struct str s, int64_t count, struct expr_value *ret,
                     struct err *e);

#endif
