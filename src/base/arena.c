#include "base/arena.h"

#include <stdalign.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

enum { FIRST_CHUNK = 4096, LARGEST_CHUNK = 256 * 1024 };

struct arena_chunk {
    struct arena_chunk *next;
    alignas(max_align_t) char bytes[];
};

void
arena_done(struct arena *a)
{
    while (a->chunks != NULL) {
        struct arena_chunk *next = a->chunks->next;

        free(a->chunks);
        a->chunks = next;
    }
    *a = ARENA_INIT;
}

/* Chunks double in size, so that a large parse makes few and a small one stays small. */
static void
add_chunk(struct arena *a, size_t at_least)
{
    size_t size = a->size == 0 ? FIRST_CHUNK : a->size * 2;
    struct arena_chunk *chunk;

    if (size > LARGEST_CHUNK)
        size = LARGEST_CHUNK;
    if (size < at_least)
        size = at_least;
    chunk = xcalloc(1, sizeof *chunk + size);
    chunk->next = a->chunks;
    a->chunks = chunk;
    a->used = 0;
    a->size = size;
    a->total += size;
}

void *
arena_alloc(struct arena *a, size_t size)
{
    size_t aligned = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    void *p;

    if (a->chunks == NULL || a->size - a->used < aligned)
        add_chunk(a, aligned);
    p = a->chunks->bytes + a->used;
    a->used += aligned;
    return p;
}

char *
arena_strdup(struct arena *a, const char *s)
{
    size_t n = strlen(s) + 1;

    return memcpy(arena_alloc(a, n), s, n);
}

char *
arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list ap, again;
    char *text;
    int n;

    va_start(ap, fmt);
    va_copy(again, ap);
    n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    text = arena_alloc(a, (size_t)n + 1);
    vsnprintf(text, (size_t)n + 1, fmt, again);
    va_end(again);
    return text;
}
