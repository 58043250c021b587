/*
 * arena - many allocations with one lifetime, freed together.
 *
 * A request, a reconcile pass or a parse has one; nothing in it is freed alone.
 * Memory comes zeroed and aligned for any type.  One thread at a time.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena_chunk;

struct arena {
    struct arena_chunk *chunks; /* the newest first */
    size_t used, size;          /* of the newest chunk */
    size_t total;               /* bytes held in all chunks */
};

#define ARENA_INIT ((struct arena){.chunks = NULL})

/* Frees everything; the arena is empty and usable again. */
void arena_done(struct arena *a);

void *arena_alloc(struct arena *a, size_t size)
    __attribute__((returns_nonnull, malloc, alloc_size(2)));
char *arena_strdup(struct arena *a, const char *s) __attribute__((returns_nonnull));
char *arena_printf(struct arena *a, const char *fmt, ...)
    __attribute__((returns_nonnull, format(printf, 2, 3)));

#define ARENA_NEW(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define ARENA_ARRAY(a, type, n) ((type *)arena_alloc((a), sizeof(type) * (n)))
#define cleanup_arena __attribute__((cleanup(arena_done)))

#endif
