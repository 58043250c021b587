/*
 * json_pretty - output for people, and with sorted keys.
 *
 * The same walk serves both: a frame per open container, which in sorted output
 * holds its fields in the order of their keys.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/vec.h"
#include "data/json_int.h"

enum { INDENT = 4 };

struct style {
    bool lines, sorted;
};

struct frame {
    const struct json *container;
    const struct json *next;    /* node, unless sorted */
    const struct json **fields; /* key nodes by key, if sorted */
    uint32_t i;                 /* items or fields written */
};

static int
by_key(const void *a, const void *b)
{
    return str_cmp(json_view(*(const struct json *const *)a),
                   json_view(*(const struct json *const *)b));
}

const struct json **
json_sorted_keys(const struct json *object)
{
    const struct json **keys = NEW_ARRAY(const struct json *, object->b);
    const struct json *key = object + 1;

    for (uint32_t i = 0; i < object->b; i++, key += 1 + json_span(key + 1))
        keys[i] = key;
    qsort(keys, object->b, sizeof(struct json *), by_key);
    return keys;
}

static void
new_line(struct buf *to, const struct style *style, size_t depth)
{
    if (style->lines) {
        buf_char(to, '\n');
        buf_fill(to, ' ', depth * INDENT);
    }
}

/* The frame's next value, behind what comes before it; NULL at its end. */
static const struct json *
next_value(struct buf *to, struct frame *f, const struct style *style, size_t depth)
{
    const struct json *v;

    if (f->i == f->container->b)
        return NULL;
    if (f->i != 0)
        buf_char(to, ',');
    new_line(to, style, depth);
    v = f->fields != NULL ? f->fields[f->i] : f->next;
    if (f->container->type == JSON_OBJECT) {
        json_write_string(to, json_view(v));
        buf_cstr(to, style->lines ? ": " : ":");
        v++;
    }
    f->next = v + json_span(v);
    f->i++;
    return v;
}

static void
write_styled(struct buf *to, const struct json *v, const struct style *style)
{
    VEC(struct frame) frames = VEC_INIT;

    do {
        if (v == NULL) {
            struct frame done = vec_pop(&frames);

            free(done.fields);
            new_line(to, style, frames.n);
            buf_char(to, done.container->type == JSON_OBJECT ? '}' : ']');
        } else if (json_is_container(v) && v->b != 0) {
            struct frame f = {.container = v, .next = v + 1};

            if (style->sorted && v->type == JSON_OBJECT)
                f.fields = json_sorted_keys(v);
            vec_push(&frames, f);
            buf_char(to, v->type == JSON_OBJECT ? '{' : '[');
        } else {
            json_write(to, v);
        }
        if (frames.n != 0)
            v = next_value(to, &vec_last(&frames), style, frames.n);
    } while (frames.n != 0);
    vec_done(&frames);
}

void
json_write_pretty(struct buf *to, const struct json *v)
{
    if (v == NULL)
        json_write(to, v);
    else
        write_styled(to, v, &(struct style){.lines = true});
}

void
json_write_sorted(struct buf *to, const struct json *v)
{
    if (v == NULL)
        json_write(to, v);
    else
        write_styled(to, v, &(struct style){.sorted = true});
}
