#include "base/mem.h"

#include <string.h>

#include "base/err.h"

/* Says so without allocating and leaves as a kill would: no atexit handlers, no half-done work. */
static _Noreturn void
out_of_memory(void)
{
    static const char text[] = "sluice: out of memory\n";
    ssize_t ignored = write(STDERR_FILENO, text, sizeof text - 1);

    (void)ignored;
    _exit(137);
}

void *
xcalloc(size_t count, size_t size)
{
    void *p = calloc(count != 0 ? count : 1, size != 0 ? size : 1);

    if (p == NULL)
        out_of_memory();
    return p;
}

void *
xrealloc(void *p, size_t count, size_t size)
{
    size_t bytes;
    void *q;

    if (__builtin_mul_overflow(count, size, &bytes))
        out_of_memory();
    q = realloc(p, bytes != 0 ? bytes : 1);
    if (q == NULL)
        out_of_memory();
    return q;
}

void *
xmemdup(const void *p, size_t n)
{
    void *q = xrealloc(NULL, n, 1);

    if (n != 0)
        memcpy(q, p, n);
    return q;
}

char *
xstrndup(const char *s, size_t n)
{
    char *q = xrealloc(NULL, n + 1, 1);

    if (n != 0)
        memcpy(q, s, n);
    q[n] = '\0';
    return q;
}

char *
xstrdup(const char *s)
{
    return xstrndup(s, strlen(s));
}

char *
xvasprintf(const char *fmt, va_list ap)
{
    char *text;

    if (vasprintf(&text, fmt, ap) < 0)
        out_of_memory();
    return text;
}

char *
xasprintf(const char *fmt, ...)
{
    va_list ap;
    char *text;

    va_start(ap, fmt);
    text = xvasprintf(fmt, ap);
    va_end(ap);
    return text;
}

void *
mem_try(size_t size, size_t limit, const char *what, struct err *e)
{
    void *p;

    if (size > limit) {
        err_set(e, ERR_TOOLARGE, "%s is %zu bytes, more than the limit of %zu", what, size, limit);
        return NULL;
    }
    p = malloc(size != 0 ? size : 1);
    if (p == NULL)
        err_set(e, ERR_UNAVAILABLE, "no memory for %s of %zu bytes", what, size);
    return p;
}
