/*
 * json_place - where a value is: its path, and its line and column.
 *
 * Neither is stored with the value.  A path is found by walking down from the
 * root, skipping what does not contain the value; a line by bisecting the list of
 * line starts with the value's offset.
 */
#include "base/buf.h"
#include "data/json_int.h"

static bool
is_plain_key(struct str key)
{
    for (size_t i = 0; i < key.n; i++) {
        char c = key.p[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '_' || c == '-' || c == '$'))
            return false;
    }
    return key.n != 0;
}

/* One step of a path: ".key" (without the dot at the start) or ["odd key"]. */
static void
write_key(struct buf *to, struct str key)
{
    if (!is_plain_key(key)) {
        buf_char(to, '[');
        json_write_string(to, key);
        buf_char(to, ']');
        return;
    }
    if (to->n != 0)
        buf_char(to, '.');
    buf_str(to, key);
}

/* Adds the step from the container at `at` to the child that is or contains `node`, where children
 * from `open` on have no span yet; returns that child.  A key counts as its value. */
static uint32_t
step(const struct json *nodes, const char *text, uint32_t at, uint32_t node, struct buf *to)
{
    uint32_t child = at + 1;
    size_t i = 0;

    if (nodes[at].type == JSON_ARRAY) {
        for (; child != node && child + json_span(&nodes[child]) <= node; i++)
            child += json_span(&nodes[child]);
        buf_printf(to, "[%zu]", i);
        return child;
    }
    while (child != node && child + 1 != node && child + 1 + json_span(&nodes[child + 1]) <= node)
        child += 1 + json_span(&nodes[child + 1]);
    write_key(to, str_make(text + nodes[child].a, nodes[child].b));
    return child + 1;
}

void
json_path_open(const struct json *nodes, const char *text, uint32_t open, uint32_t node,
               struct buf *to)
{
    uint32_t chain[JSON_MAX_DEPTH], n = 0;

    /* An open container has its parent where a closed one has its span, so each step is told
     * which open child is next and stops there. */
    for (uint32_t at = open; at != 0 && n < JSON_MAX_DEPTH; at = nodes[at - 1].a)
        chain[n++] = at - 1;
    for (; n != 0; n--)
        step(nodes, text, chain[n - 1], n > 1 ? chain[n - 2] : node, to);
}

void
json_path(const struct json_doc *d, const struct json *v, struct buf *to)
{
    uint32_t at = 0;

    while (at != v->index)
        at = step(d->nodes, d->text, at, v->index, to);
}

static struct json_position
position_of_offset(const struct json_doc *d, uint32_t offset)
{
    size_t low = 0, high = d->lines_n; /* lines that begin at or before the offset */

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (d->lines[middle] <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    return (struct json_position){
        .line = (int)low + 1,
        .col = (int)(offset - (low != 0 ? d->lines[low - 1] : 0)) + 1,
    };
}

struct json_position
json_position(const struct json_doc *d, const struct json *v)
{
    if (d == NULL || v == NULL)
        return (struct json_position){0, 0};
    if (d->places != NULL)
        return (struct json_position){(int)d->places[v->index].line, (int)d->places[v->index].col};
    if (v->offset == JSON_NO_OFFSET)
        return (struct json_position){0, 0};
    return position_of_offset(d, v->offset);
}

struct json_position
json_key_position(const struct json_doc *d, const struct json *value)
{
    return json_position(d, value != NULL && value->index != 0 ? value - 1 : NULL);
}
