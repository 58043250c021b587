/*
 * expr_utf8 - characters of text, for the functions of expressions.
 *
 * Go's functions over strings count and map characters ("runes"); bytes that are no UTF-8 count as
 * one character each.  Case mapping covers what the C library's C.UTF-8 tables would and needs no
 * locale: Latin, Greek, Cyrillic and Armenian letters.  Private to expr*.c and sprig*.c.
 */
#ifndef DATA_EXPR_UTF8_H
#define DATA_EXPR_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct buf;

enum { EXPR_BAD_CHAR = 0xfffd };

/* The character at *at, which moves behind it.  Bytes that are none give EXPR_BAD_CHAR, one each.
 */
uint32_t expr_utf8_get(struct str s, size_t *at);
void expr_utf8_put(struct buf *b, uint32_t c);
size_t expr_utf8_count(struct str s);

uint32_t expr_utf8_upper(uint32_t c);
uint32_t expr_utf8_lower(uint32_t c);
bool expr_utf8_is_letter(uint32_t c);
bool expr_utf8_is_space(uint32_t c);
static inline bool
expr_utf8_is_digit(uint32_t c)
{
    return c >= '0' && c <= '9';
}

#endif
