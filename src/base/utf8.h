/*
 * utf8 - sequences of UTF-8: which bytes are one, and what becomes of bytes that are none.
 *
 * Pure; any thread.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct buf;

/* Bytes of the sequence at p, which is before end: 1 to 4, or 0 if it is none. */
size_t utf8_length(const char *p, const char *end);
/* Writes one; returns the bytes, at most 4. */
size_t utf8_put(char *to, uint32_t rune);
/* Appends s, each byte that belongs to no well-formed sequence replaced by U+FFFD. */
void utf8_clean(struct str s, struct buf *to);

#endif
