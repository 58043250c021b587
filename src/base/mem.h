/*
 * mem - allocation and lifetimes.
 *
 * A small allocation that fails ends the process, as kill -9 would: the store
 * makes that safe.  A size that comes from outside goes through mem_try(),
 * which has a limit and returns an error.  Locals that own something carry a
 * cleanup attribute; TAKE() hands the ownership on.
 *
 * Any thread.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct err;

/* Says that memory is exhausted, without allocating, and leaves as a kill would: no atexit
 * handlers, no half-done work.  For those who get ERR_UNAVAILABLE where no answer but the right one
 * will do. */
enum { MEM_EXIT = 137 }; /* as of a process that SIGKILL ended */
_Noreturn void mem_exhausted(void);
/* Zeroed memory; never NULL. */
void *xcalloc(size_t count, size_t size) __attribute__((returns_nonnull, malloc));
/* As realloc, except that it never returns NULL; a product that overflows ends the process. */
void *xrealloc(void *p, size_t count, size_t size) __attribute__((returns_nonnull));
char *xstrdup(const char *s) __attribute__((returns_nonnull, malloc));
char *xstrndup(const char *s, size_t n) __attribute__((returns_nonnull, malloc));
void *xmemdup(const void *p, size_t n) __attribute__((returns_nonnull, malloc));
char *xasprintf(const char *fmt, ...)
    __attribute__((returns_nonnull, malloc, format(printf, 1, 2)));
char *xvasprintf(const char *fmt, va_list ap)
    __attribute__((returns_nonnull, malloc, format(printf, 1, 0)));

/* Memory for a size that somebody outside chose.  Over `limit` (named in the message as `what`):
 * ERR_TOOLARGE; not to be had: ERR_UNAVAILABLE; in both cases NULL. */
void *mem_try(size_t size, size_t limit, const char *what, struct err *e);

/* Gives pages that hold nothing any more back to the system; free() alone keeps most of them. */
void mem_give_back(void);

#define NEW(type) ((type *)xcalloc(1, sizeof(type)))
#define NEW_ARRAY(type, n) ((type *)xcalloc((n), sizeof(type)))
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* The value of a pointer variable, which becomes NULL: ownership moves to the receiver. */
#define TAKE(p) \
    ({ \
        __auto_type taken_ = (p); \
        (p) = NULL; \
        taken_; \
    })

/* The same for a file descriptor, which becomes -1. */
#define TAKE_FD(fd) \
    ({ \
        int taken_ = (fd); \
        (fd) = -1; \
        taken_; \
    })

#define CONTAINER_OF(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

static inline void
mem_cleanup_free_(void *p)
{
    free(*(void **)p);
}

static inline void
mem_cleanup_close_(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

static inline void
mem_cleanup_file_(FILE **f)
{
    if (*f != NULL)
        fclose(*f);
}

#define cleanup_free __attribute__((cleanup(mem_cleanup_free_)))
#define cleanup_close __attribute__((cleanup(mem_cleanup_close_)))
#define cleanup_file __attribute__((cleanup(mem_cleanup_file_)))

/* Declares CLEANUP(function) for variables of the pointer type `type`, which function frees. */
#define MEM_DEFINE_CLEANUP(type, function) \
    static inline void mem_cleanup_##function##_(type *p) \
    { \
        if (*p != NULL) \
            function(*p); \
    }
#define CLEANUP(function) __attribute__((cleanup(mem_cleanup_##function##_)))

#endif
