#include "base/buf.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

enum { FIRST_SIZE = 64 };

void
buf_done(struct buf *b)
{
    free(b->p);
    b->p = NULL;
    b->n = b->cap = 0;
    b->overflow = false;
}

char *
buf_reserve(struct buf *b, size_t more)
{
    size_t need = b->n + more + 1;

    if (b->max != 0 && b->n + more > b->max) {
        b->overflow = true;
        return NULL;
    }
    if (need > b->cap) {
        size_t cap = b->cap == 0 ? FIRST_SIZE : b->cap * 2;

        if (cap < need)
            cap = need;
        b->p = xrealloc(b->p, cap, 1);
        b->cap = cap;
    }
    return b->p + b->n;
}

void
buf_grew(struct buf *b, size_t n)
{
    b->n += n;
    b->p[b->n] = '\0';
}

void
buf_add(struct buf *b, const void *p, size_t n)
{
    char *to = buf_reserve(b, n);

    if (to == NULL)
        return;
    if (n != 0)
        memcpy(to, p, n);
    buf_grew(b, n);
}

void
buf_str(struct buf *b, struct str s)
{
    buf_add(b, s.p, s.n);
}

void
buf_cstr(struct buf *b, const char *s)
{
    buf_add(b, s, strlen(s));
}

void
buf_char(struct buf *b, char c)
{
    buf_add(b, &c, 1);
}

void
buf_fill(struct buf *b, char c, size_t count)
{
    char *to = buf_reserve(b, count);

    if (to == NULL)
        return;
    memset(to, c, count);
    buf_grew(b, count);
}

void
buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
    va_list again;
    char *to;
    int n;

    va_copy(again, ap);
    n = vsnprintf(NULL, 0, fmt, ap);
    to = n >= 0 ? buf_reserve(b, (size_t)n) : NULL;
    if (to != NULL) {
        vsnprintf(to, (size_t)n + 1, fmt, again);
        buf_grew(b, (size_t)n);
    }
    va_end(again);
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    buf_vprintf(b, fmt, ap);
    va_end(ap);
}

void
buf_clear(struct buf *b)
{
    buf_cut(b, 0);
    b->overflow = false;
}

void
buf_cut(struct buf *b, size_t n)
{
    if (b->p == NULL || n > b->n)
        return;
    b->n = n;
    b->p[n] = '\0';
}

struct str
buf_view(const struct buf *b)
{
    return str_make(buf_cstring(b), b->n);
}

const char *
buf_cstring(const struct buf *b)
{
    return b->p != NULL ? b->p : "";
}

char *
buf_take(struct buf *b)
{
    char *text = b->p != NULL ? b->p : xstrdup("");

    b->p = NULL;
    b->n = b->cap = 0;
    b->overflow = false;
    return text;
}
