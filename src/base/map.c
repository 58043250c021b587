#include "base/map.h"

#include <stdlib.h>
#include <sys/random.h>

#include "base/mem.h"

enum { FIRST_SLOTS = 16 };

struct map_slot {
    uint64_t hash;
    uint64_t number; /* the key of a number map */
    char *key;       /* the key of a text map, owned */
    size_t key_size;
    void *value; /* NULL: the slot is free */
};

static uint64_t
rotate(uint64_t x, int bits)
{
    return (x << bits) | (x >> (64 - bits));
}

struct sip {
    uint64_t v0, v1, v2, v3;
};

static inline void
sip_round(struct sip *s)
{
    s->v0 += s->v1, s->v1 = rotate(s->v1, 13) ^ s->v0, s->v0 = rotate(s->v0, 32);
    s->v2 += s->v3, s->v3 = rotate(s->v3, 16) ^ s->v2;
    s->v0 += s->v3, s->v3 = rotate(s->v3, 21) ^ s->v0;
    s->v2 += s->v1, s->v1 = rotate(s->v1, 17) ^ s->v2, s->v2 = rotate(s->v2, 32);
}

static const uint64_t *
process_key(void)
{
    static uint64_t key[2];
    static bool ready;

    /* Two threads that meet here at the very first use would only draw twice before any table
     * exists: main() makes one before it starts a thread. */
    if (!ready) {
        if (getrandom(key, sizeof key, 0) != (ssize_t)sizeof key)
            abort();
        ready = true;
    }
    return key;
}

/* SipHash-2-4, Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012. */
uint64_t
map_hash(struct str s)
{
    const uint64_t *key = process_key();
    struct sip sip = {key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d,
                      key[0] ^ 0x6c7967656e657261, key[1] ^ 0x7465646279746573};
    uint64_t last = (uint64_t)s.n << 56, word;
    size_t i;

    for (i = 0; i + 8 <= s.n; i += 8) {
        memcpy(&word, s.p + i, 8);
        sip.v3 ^= word;
        sip_round(&sip);
        sip_round(&sip);
        sip.v0 ^= word;
    }
    for (size_t shift = 0; i < s.n; i++, shift += 8)
        last |= (uint64_t)(unsigned char)s.p[i] << shift;
    sip.v3 ^= last;
    sip_round(&sip);
    sip_round(&sip);
    sip.v0 ^= last;
    sip.v2 ^= 0xff;
    for (int round = 0; round < 4; round++)
        sip_round(&sip);
    return sip.v0 ^ sip.v1 ^ sip.v2 ^ sip.v3;
}

/* The finalizer of MurmurHash3: numbers here are ours, so it need not be keyed. */
static uint64_t
hash_number(uint64_t x)
{
    x = (x ^ (x >> 33)) * 0xff51afd7ed558ccd;
    x = (x ^ (x >> 33)) * 0xc4ceb9fe1a85ec53;
    return x ^ (x >> 33);
}

/* What is looked for: its hash and its key, text (p not NULL) or number. */
struct probe {
    uint64_t hash, number;
    struct str text;
    bool is_text;
};

static struct probe
probe_text(struct str key)
{
    return (struct probe){.hash = map_hash(key), .text = key, .is_text = true};
}

static struct probe
probe_number(uint64_t number)
{
    return (struct probe){.hash = hash_number(number), .number = number};
}

static bool
matches(const struct map_slot *slot, const struct probe *p)
{
    if (slot->hash != p->hash)
        return false;
    return p->is_text ? str_eq(str_make(slot->key, slot->key_size), p->text)
                      : slot->number == p->number;
}

/* The slot that holds the key, or the free one where it would go; NULL in a map without slots. */
static struct map_slot *
find(const struct map *m, const struct probe *p)
{
    if (m->cap == 0)
        return NULL;
    for (size_t i = p->hash & (m->cap - 1);; i = (i + 1) & (m->cap - 1)) {
        if (m->slots[i].value == NULL || matches(&m->slots[i], p))
            return &m->slots[i];
    }
}

static void
resize(struct map *m, size_t cap)
{
    struct map old = *m;

    m->slots = NEW_ARRAY(struct map_slot, cap);
    m->cap = cap;
    for (size_t i = 0; i < old.cap; i++) {
        size_t to = old.slots[i].hash & (cap - 1);

        if (old.slots[i].value == NULL)
            continue;
        while (m->slots[to].value != NULL)
            to = (to + 1) & (cap - 1);
        m->slots[to] = old.slots[i];
    }
    free(old.slots);
}

static void *
get(const struct map *m, const struct probe *p)
{
    struct map_slot *slot = find(m, p);

    return slot != NULL ? slot->value : NULL;
}

static void *
put(struct map *m, const struct probe *p, void *value)
{
    struct map_slot *slot;
    void *old;

    if (m->cap == 0 || m->n * 4 >= m->cap * 3)
        resize(m, m->cap != 0 ? m->cap * 2 : FIRST_SLOTS);
    slot = find(m, p);
    old = slot->value;
    if (old == NULL) {
        *slot = (struct map_slot){.hash = p->hash, .number = p->number};
        if (p->is_text) {
            slot->key = str_dup(p->text);
            slot->key_size = p->text.n;
        }
        m->n++;
    }
    slot->value = value;
    return old;
}

/* Closes the gap behind a removed slot, so that probes need no tombstones (Knuth 6.4, R). */
static void
close_gap(struct map *m, size_t gap)
{
    size_t mask = m->cap - 1;

    for (size_t i = (gap + 1) & mask; m->slots[i].value != NULL; i = (i + 1) & mask) {
        size_t home = m->slots[i].hash & mask;

        if (((i - home) & mask) >= ((i - gap) & mask)) {
            m->slots[gap] = m->slots[i];
            m->slots[i] = (struct map_slot){.value = NULL};
            gap = i;
        }
    }
}

static void *
take(struct map *m, const struct probe *p)
{
    struct map_slot *slot = find(m, p);
    void *old;

    if (slot == NULL || slot->value == NULL)
        return NULL;
    old = slot->value;
    free(slot->key);
    *slot = (struct map_slot){.value = NULL};
    m->n--;
    close_gap(m, (size_t)(slot - m->slots));
    return old;
}

void
map_done(struct map *m)
{
    for (size_t i = 0; i < m->cap; i++)
        free(m->slots[i].key);
    free(m->slots);
    *m = MAP_INIT;
}

void *
map_get(const struct map *m, struct str key)
{
    struct probe p = probe_text(key);

    return get(m, &p);
}

void *
map_put(struct map *m, struct str key, void *value)
{
    struct probe p = probe_text(key);

    return put(m, &p, value);
}

void *
map_remove(struct map *m, struct str key)
{
    struct probe p = probe_text(key);

    return take(m, &p);
}

void *
map_get_u64(const struct map *m, uint64_t key)
{
    struct probe p = probe_number(key);

    return get(m, &p);
}

void *
map_put_u64(struct map *m, uint64_t key, void *value)
{
    struct probe p = probe_number(key);

    return put(m, &p, value);
}

void *
map_remove_u64(struct map *m, uint64_t key)
{
    struct probe p = probe_number(key);

    return take(m, &p);
}

bool
map_next(const struct map *m, struct map_entry *it)
{
    for (size_t i = it->at; i < m->cap; i++) {
        const struct map_slot *slot = &m->slots[i];

        if (slot->value == NULL)
            continue;
        *it = (struct map_entry){.at = i + 1,
                                 .key = str_make(slot->key, slot->key_size),
                                 .number = slot->number,
                                 .value = slot->value};
        return true;
    }
    return false;
}
