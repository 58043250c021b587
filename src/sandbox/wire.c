#include "sandbox/wire.h"

#include <string.h>

static const char magic[4] = {'s', 'l', 'x', '1'};
enum { TEXT_NULL = -1 };

void
wire_fail(struct wire *w, const char *what)
{
    if (!w->failed) {
        w->failed = true;
        err_set(&w->err, ERR_BADREQUEST, "%s", what);
    }
    w->p = NULL;
    w->n = 0;
}

/* The next n bytes of the message, or NULL. */
static const char *
take(struct wire *w, size_t n)
{
    const char *p = w->p;

    if (w->failed)
        return NULL;
    if (n > w->n) {
        wire_fail(w, "the message ends too early");
        return NULL;
    }
    w->p += n;
    w->n -= n;
    return p;
}

static void
number(struct wire *w, uint64_t *value, size_t width)
{
    unsigned char bytes[8];
    const char *p;

    if (!wire_is_reading(w)) {
        for (size_t i = 0; i < width; i++)
            bytes[i] = (unsigned char)(*value >> (8 * i));
        buf_add(w->out, bytes, width);
        return;
    }
    *value = 0;
    p = take(w, width);
    for (size_t i = 0; p != NULL && i < width; i++)
        *value |= (uint64_t)(unsigned char)p[i] << (8 * i);
}

void
wire_u64(struct wire *w, uint64_t *value)
{
    number(w, value, 8);
}

void
wire_i64(struct wire *w, int64_t *value)
{
    uint64_t n = (uint64_t)*value;

    number(w, &n, 8);
    *value = (int64_t)n;
}

void
wire_u32(struct wire *w, uint32_t *value)
{
    uint64_t n = *value;

    number(w, &n, 4);
    *value = (uint32_t)n;
}

void
wire_int(struct wire *w, int *value)
{
    uint32_t n = (uint32_t)*value;

    wire_u32(w, &n);
    *value = (int)n;
}

void
wire_bool(struct wire *w, bool *value)
{
    uint64_t n = wire_is_reading(w) ? 0 : *value;

    number(w, &n, 1);
    if (n > 1)
        wire_fail(w, "a truth value is neither 0 nor 1");
    *value = n == 1;
}

void
wire_bytes(struct wire *w, struct str *value)
{
    uint32_t n = (uint32_t)value->n;

    if (!wire_is_reading(w)) {
        if (value->n >= UINT32_MAX) {
            wire_fail(w, "a field has more than 4 GiB");
            return;
        }
        wire_u32(w, &n);
        buf_add(w->out, value->p, value->n);
        return;
    }
    *value = STR_NULL;
    wire_u32(w, &n);
    value->p = take(w, n);
    value->n = value->p != NULL ? n : 0;
}

void
wire_text(struct wire *w, const char **value)
{
    uint32_t n = (uint32_t)TEXT_NULL;
    const char *p;

    if (!wire_is_reading(w)) {
        if (*value != NULL)
            n = (uint32_t)strlen(*value);
        wire_u32(w, &n);
        if (*value != NULL)
            buf_add(w->out, *value, (size_t)n + 1);
        return;
    }
    *value = NULL;
    wire_u32(w, &n);
    if (n == (uint32_t)TEXT_NULL)
        return;
    p = take(w, (size_t)n + 1);
    if (p == NULL)
        return;
    if (memchr(p, '\0', (size_t)n + 1) != p + n)
        wire_fail(w, "a text has a NUL in it, or none at its end");
    else
        *value = p;
}

void *
wire_list(struct wire *w, void *items, size_t *count, size_t item_size, size_t least)
{
    uint32_t n = (uint32_t)*count;

    if (!wire_is_reading(w)) {
        wire_u32(w, &n);
        return items;
    }
    *count = 0;
    wire_u32(w, &n);
    if (w->failed || n > w->n / least) {
        wire_fail(w, "a list is longer than its message");
        return NULL;
    }
    *count = n;
    return n != 0 ? arena_alloc(w->arena, n * item_size) : NULL;
}

void
wire_texts(struct wire *w, const char *const **list, size_t *n)
{
    size_t count = 0;
    const char **read;

    if (!wire_is_reading(w)) {
        while (*list != NULL && (*list)[count] != NULL)
            count++;
        wire_list(w, NULL, &count, 0, 1);
        for (size_t i = 0; i < count; i++) {
            const char *text = (*list)[i];

            wire_text(w, &text);
        }
        return;
    }
    (void)wire_list(w, NULL, &count, 1, 4);
    read = ARENA_ARRAY(w->arena, const char *, count + 1);
    for (size_t i = 0; i < count; i++) {
        wire_text(w, &read[i]);
        if (read[i] == NULL) {
            wire_fail(w, "a list of texts has a hole");
            count = i;
        }
    }
    *list = read;
    if (n != NULL)
        *n = count;
}

void
wire_write(struct wire *w, struct buf *out, uint32_t type)
{
    *w = (struct wire){.out = out};
    buf_add(out, magic, sizeof magic);
    wire_u32(w, &type);
}

void
wire_read(struct wire *w, struct str message, struct arena *a, uint32_t *ret_type)
{
    const char *p;

    *w = (struct wire){.p = message.p, .n = message.n, .arena = a};
    p = take(w, sizeof magic);
    if (p != NULL && memcmp(p, magic, sizeof magic) != 0)
        wire_fail(w, "these bytes are no message of this version");
    *ret_type = 0;
    wire_u32(w, ret_type);
}

int
wire_end(struct wire *w, struct err *e)
{
    if (!w->failed && wire_is_reading(w) && w->n != 0)
        wire_fail(w, "something follows the end of the message");
    if (w->failed) {
        *e = w->err;
        return e->code;
    }
    if (!wire_is_reading(w) && w->out->overflow)
        return err_set(e, ERR_TOOLARGE, "the message is larger than %zu bytes", w->out->max);
    return 0;
}
