/*
 * json_dup - equal keys in one object.
 *
 * Every object of every document is checked when it closes, so the common case,
 * few keys and none equal, has to cost next to nothing: a table of bytes on the
 * stack, filled by a hash of each key's length and ends.  That hash can be fooled,
 * which costs at most SMALL comparisons per key.  Larger objects use the keyed hash
 * of base/map, which cannot.
 */
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "data/json_int.h"

enum { SMALL = 64, SMALL_SLOTS = 256 };

static inline uint32_t
next_key(const struct json *nodes, uint32_t key)
{
    return key + 1 + json_span(&nodes[key + 1]);
}

static inline bool
same_key(const struct json *nodes, const char *text, uint32_t a, uint32_t b)
{
    return nodes[a].b == nodes[b].b &&
           memcmp(text + nodes[a].a, text + nodes[b].a, nodes[a].b) == 0;
}

/* Of a key's length and its first and last eight bytes; text has JSON_PAD bytes to spare. */
static inline unsigned
quick_hash(const struct json *key, const char *text)
{
    uint64_t first, last;
    const char *p = text + key->a;

    memcpy(&first, p, sizeof first);
    if (key->b < 8) {
        last = first = first & ((UINT64_C(1) << (8 * key->b)) - 1);
    } else {
        memcpy(&last, p + key->b - 8, sizeof last);
    }
    first = (first ^ (last * UINT64_C(0x9e3779b97f4a7c15)) ^ key->b) * UINT64_C(0xff51afd7ed558ccd);
    return (unsigned)(first >> 56);
}

static uint32_t
find_small(const struct json *nodes, uint32_t at, uint32_t end, const char *text, uint32_t *first)
{
    uint8_t slots[SMALL_SLOTS] = {0}; /* position in keys, plus one */
    uint32_t keys[SMALL];
    unsigned n = 0;

    for (uint32_t key = at + 1; key < end; key = next_key(nodes, key)) {
        unsigned slot = quick_hash(&nodes[key], text);

        for (; slots[slot] != 0; slot = (slot + 1) % SMALL_SLOTS) {
            if (same_key(nodes, text, keys[slots[slot] - 1], key)) {
                *first = keys[slots[slot] - 1];
                return key;
            }
        }
        keys[n++] = key;
        slots[slot] = (uint8_t)n;
    }
    return JSON_NONE;
}

/* A table of key nodes, for any number of them. */
struct keys {
    uint32_t *slots; /* index of the key node; 0, which is no key, if free */
    size_t mask;
};

static struct keys
keys_for(size_t n)
{
    struct keys t = {.mask = 15};

    while (t.mask < n * 2)
        t.mask = t.mask * 2 + 1;
    t.slots = NEW_ARRAY(uint32_t, t.mask + 1);
    return t;
}

/* The slot that holds an equal key, or the free one where it belongs. */
static uint32_t *
keys_slot(struct keys *t, const struct json *nodes, const char *text, uint32_t key)
{
    size_t at = map_hash(str_make(text + nodes[key].a, nodes[key].b)) & t->mask;

    while (t->slots[at] != 0 && !same_key(nodes, text, t->slots[at], key))
        at = (at + 1) & t->mask;
    return &t->slots[at];
}

static uint32_t
find_large(const struct json *nodes, uint32_t at, uint32_t end, const char *text, uint32_t *first)
{
    struct keys t = keys_for(nodes[at].b);
    uint32_t found = JSON_NONE;

    for (uint32_t key = at + 1; key < end; key = next_key(nodes, key)) {
        uint32_t *slot = keys_slot(&t, nodes, text, key);

        if (*slot != 0) {
            *first = *slot;
            found = key;
            break;
        }
        *slot = key;
    }
    free(t.slots);
    return found;
}

uint32_t
json_find_duplicate(const struct json *nodes, uint32_t at, uint32_t end, const char *text,
                    uint32_t *first)
{
    if (nodes[at].b <= SMALL)
        return find_small(nodes, at, end, text, first);
    return find_large(nodes, at, end, text, first);
}

/* Moves the nodes of one field down to `to`; returns the index behind them. */
static uint32_t
move_field(struct json *nodes, struct json_place *places, uint32_t to, uint32_t key,
           uint32_t behind)
{
    memmove(&nodes[to], &nodes[key], (behind - key) * sizeof *nodes);
    if (places != NULL)
        memmove(&places[to], &places[key], (behind - key) * sizeof *places);
    for (uint32_t i = 0; i < behind - key; i++)
        nodes[to + i].index = to + i;
    return to + (behind - key);
}

uint32_t
json_drop_duplicates(struct json *nodes, struct json_place *places, uint32_t at, uint32_t end,
                     const char *text, void (*found)(void *owner, uint32_t key), void *owner)
{
    struct keys last = keys_for(nodes[at].b);
    uint32_t to = at + 1, key, behind;

    for (key = at + 1; key < end; key = next_key(nodes, key))
        *keys_slot(&last, nodes, text, key) = key;
    /* Marked first and moved then: neither the look-up nor the path of a field may meet nodes that
     * have moved. */
    for (key = at + 1; key < end; key = next_key(nodes, key)) {
        if (*keys_slot(&last, nodes, text, key) != key) {
            found(owner, key);
            nodes[key].type = JSON_ABSENT;
        }
    }
    for (key = at + 1; key < end; key = behind) {
        behind = next_key(nodes, key);
        if (nodes[key].type != JSON_ABSENT)
            to = move_field(nodes, places, to, key, behind);
        else
            nodes[at].b--;
    }
    free(last.slots);
    return to;
}
