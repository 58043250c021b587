/*
 * wire - how structs travel between server, spawner and init.
 *
 * One function per struct lists its fields; the same list writes and reads, so the two ends cannot
 * disagree:
 *
 *     static void
 *     point_fields(struct wire *w, struct point *p)
 *     {
 *         wire_u32(w, &p->x);
 *         wire_text(w, &p->name);
 *     }
 *
 * Bytes: numbers little-endian in their full width; a bool is one byte, 0 or 1; text is a u32
 * length, the bytes and a NUL (length 0xffffffff: NULL, nothing follows); a list is a u32 count and
 * its items.  A message begins with the magic "slx1" and a u32 type.
 *
 * Reading trusts nothing: every length is checked against what is left, text must not contain NUL,
 * a count must fit the bytes that are left, and nothing may follow the last field.  The first
 * mistake is kept (wire_end() reports it); later reads give zeros, so a list of fields needs no
 * checks of its own.  Text that was read points into the message.  Pure; any thread.
 */
#ifndef SANDBOX_WIRE_H
#define SANDBOX_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

struct wire {
    struct buf *out; /* writing; NULL while reading */
    const char *p;   /* reading: the rest */
    size_t n;
    struct arena *arena; /* reading: where lists go */
    bool failed;
    struct err err; /* the first mistake */
};

void wire_write(struct wire *w, struct buf *out, uint32_t type);
/* Checks magic and returns the type in *ret_type; a mistake is kept, as everywhere. */
void wire_read(struct wire *w, struct str message, struct arena *a, uint32_t *ret_type);
/* 0, or the first mistake as ERR_BADREQUEST (reading), ERR_TOOLARGE (the buffer's maximum). */
int wire_end(struct wire *w, struct err *e);
/* Keeps a mistake of the caller's own checking; `what` is a sentence fragment. */
void wire_fail(struct wire *w, const char *what);

static inline bool
wire_is_reading(const struct wire *w)
{
    return w->out == NULL;
}

void wire_bool(struct wire *w, bool *value);
void wire_u32(struct wire *w, uint32_t *value);
void wire_u64(struct wire *w, uint64_t *value);
void wire_i64(struct wire *w, int64_t *value);
/* An int in 32 bits. */
void wire_int(struct wire *w, int *value);
void wire_text(struct wire *w, const char **value);
/* Bytes that may contain NUL; read ones are borrowed from the message. */
void wire_bytes(struct wire *w, struct str *value);
/* A list of texts, NULL-terminated when read (and never NULL then); *n may be NULL. */
void wire_texts(struct wire *w, const char *const **list, size_t *n);

/* The frame of a list of structs: reads or writes the count, makes room when reading (zeroed, in
 * the arena), and returns the items.  `least` is the smallest number of bytes an item takes. */
void *wire_list(struct wire *w, void *items, size_t *count, size_t item_size, size_t least);
#define WIRE_LIST(w, items, count, least, fields) \
    do { \
        (items) = wire_list((w), (items), &(count), sizeof *(items), (least)); \
        for (size_t wire_i_ = 0; wire_i_ < (count); wire_i_++) \
            fields((w), &(items)[wire_i_]); \
    } while (0)

#endif
