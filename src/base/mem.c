#include "base/mem.h"

#include <malloc.h>
#include <string.h>

#include "base/err.h"

_Noreturn void
mem_exhausted(void)
{
    static const char text[] = "sluice: out of memory\n";
    ssize_t ignored = write(STDERR_FILENO, text, sizeof text - 1);

    (void)ignored;
    _exit(MEM_EXIT);
}

void *
xcalloc(size_t count, size_t size)
{
    void *p = calloc(count != 0 ? count : 1, size != 0 ? size : 1);

    if (p == NULL)
        mem_exhausted();
    return p;
}

void *
xrealloc(void *p, size_t count, size_t size)
{
    size_t bytes;
    void *q;

    if (__builtin_mul_overflow(count, size, &bytes))
        mem_exhausted();
    q = realloc(p, bytes != 0 ? bytes : 1);
    if (q == NULL)
        mem_exhausted();
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
        mem_exhausted();
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

void
mem_give_back(void)
{
    (void)malloc_trim(0);
}
