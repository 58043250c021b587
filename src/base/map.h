/*
 * map - a hash table from text or 64-bit numbers to pointers.
 *
 * Open addressing, linear probing, keyed SipHash for text so that outside keys
 * cannot be chosen to collide.  Text keys are copied.  Values are borrowed.
 * One thread at a time; do not add or remove while iterating (map_each).
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct map_slot;

struct map {
    struct map_slot *slots;
    size_t n, cap; /* entries; slots (a power of two, or 0) */
};

#define MAP_INIT ((struct map){.slots = NULL})

void map_done(struct map *m);
#define cleanup_map __attribute__((cleanup(map_done)))

/* The value, or NULL. */
void *map_get(const struct map *m, struct str key);
/* Sets the value (not NULL); returns the one it replaces, or NULL. */
void *map_put(struct map *m, struct str key, void *value);
/* Removes; returns the value, or NULL. */
void *map_remove(struct map *m, struct str key);

/* The same with numbers for keys.  A map holds either kind, never both. */
void *map_get_u64(const struct map *m, uint64_t key);
void *map_put_u64(struct map *m, uint64_t key, void *value);
void *map_remove_u64(struct map *m, uint64_t key);

struct map_entry {
    size_t at; /* 0 before the first */
    struct str key;
    uint64_t number;
    void *value;
};

/* Steps to the next entry, in no particular order: start with a zeroed struct. */
bool map_next(const struct map *m, struct map_entry *it);
#define MAP_EACH(m, it) for (struct map_entry it = {0}; map_next((m), &it);)

/* The hash that the table uses for text: SipHash-2-4 with this process's random key. */
uint64_t map_hash(struct str s);

#endif
