/*
 * buf - text being built.
 *
 * Grows by doubling and is always terminated by a NUL that does not count.  A
 * buffer may have a maximum: what would pass it is dropped and `overflow` stays
 * set, so that a builder checks once, at the end.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct buf {
    char *p; /* NULL while empty */
    size_t n, cap;
    size_t max; /* bytes; 0: no maximum */
    bool overflow;
};

#define BUF_INIT ((struct buf){.p = NULL})

/* Frees the text; the buffer is empty and usable again. */
void buf_done(struct buf *b);
#define cleanup_buf __attribute__((cleanup(buf_done)))

/* Room for `more` bytes behind the text; returns where they go, for buf_grew().  NULL (and
 * overflow set) if that would pass the maximum. */
char *buf_reserve(struct buf *b, size_t more);
void buf_grew(struct buf *b, size_t n);

void buf_add(struct buf *b, const void *p, size_t n);
void buf_str(struct buf *b, struct str s);
void buf_cstr(struct buf *b, const char *s);
void buf_char(struct buf *b, char c);
void buf_fill(struct buf *b, char c, size_t count);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

/* Keeps the memory, forgets the text. */
void buf_clear(struct buf *b);
/* Cuts the text to its first n bytes. */
void buf_cut(struct buf *b, size_t n);

/* The text, borrowed until the next change.  buf_cstring() is never NULL. */
struct str buf_view(const struct buf *b);
const char *buf_cstring(const struct buf *b);
/* The text, which now is the caller's to free; never NULL.  The buffer is empty again. */
char *buf_take(struct buf *b);

#endif
