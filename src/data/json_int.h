/*
 * json_int - how a JSON document lies in memory; for the json_*.c and yaml*.c files only.
 *
 * One block:
 *
 *     struct json_doc | nodes[n] | lines[lines_n] or places[n] | text, JSON_PAD bytes
 *
 * A node is 16 bytes.  It knows its own index, so that from a bare `const struct
 * json *` one subtraction finds the document and with it the text; offsets in
 * place of pointers let the block move while it grows and let a subtree be copied
 * with two memcpy and an addition per node.
 *
 *     type       a                     b
 *     STRING     offset of its text    length
 *     NUMBER     offset of its text    length
 *     ARRAY      nodes, itself too     items
 *     OBJECT     nodes, itself too     fields
 *     BOOL       0 or 1                -
 *
 * The content of a container follows it; in an object each value follows its key,
 * a STRING node.  While a container is open, `a` holds the index of the one
 * around it plus one, or 0: that is the parser's and the builder's stack.  Texts lie in the order
 * of their nodes and end with a NUL.
 */
#ifndef DATA_JSON_INT_H
#define DATA_JSON_INT_H

#include <stdatomic.h>
#include <stdint.h>

#include "data/json.h"

enum {
    JSON_PAD = 32,                /* readable bytes behind the text, for 16-byte loads */
    JSON_OFFSET_BITS = 28,        /* 256 MiB, JSON_MAX_BYTES */
    JSON_LISTED_DUPLICATES = 100, /* further ones take effect, but are not listed */
};
#define JSON_NONE UINT32_MAX /* no node */
#define JSON_NO_OFFSET ((1u << JSON_OFFSET_BITS) - 1)

struct json {
    uint32_t index;
    uint32_t type : 3;
    uint32_t plain : 1; /* a string that needs neither escapes nor a check when written */
    uint32_t offset : JSON_OFFSET_BITS; /* in the text it was parsed from */
    uint32_t a, b;
};
_Static_assert(sizeof(struct json) == 16, "the size of a node");

struct json_place {
    uint32_t line, col;
};

struct json_doc {
    atomic_uint refs;
    uint32_t n;            /* nodes */
    size_t bytes;          /* of the block */
    const char *text;      /* in the block */
    const uint32_t *lines; /* where each line but the first begins, or NULL */
    size_t lines_n;
    const struct json_place *places; /* of each node, or NULL */
    char **duplicates;               /* paths, on the heap, or NULL */
    size_t duplicates_n;
    struct json nodes[];
};

static inline const struct json_doc *
json_doc_of(const struct json *v)
{
    return (const struct json_doc *)((const char *)(v - v->index) -
                                     offsetof(struct json_doc, nodes));
}

static inline const char *
json_text_of(const struct json *v)
{
    return json_doc_of(v)->text + v->a;
}

static inline struct str
json_view(const struct json *v)
{
    return str_make(json_text_of(v), v->b);
}

static inline bool
json_is_container(const struct json *v)
{
    return v->type >= JSON_ARRAY;
}

/* Nodes that v takes, itself too. */
static inline uint32_t
json_span(const struct json *v)
{
    return json_is_container(v) ? v->a : 1;
}

/* A block for `nodes` nodes; `nodes` of `old` are kept (which may be NULL).  NULL if out of
 * memory: then `old` is unchanged. */
struct json_doc *json_doc_resize(struct json_doc *old, size_t nodes);

/* What goes into a finished document besides its nodes.  All is copied, except the list of
 * duplicates, which the document takes. */
struct json_parts {
    uint32_t n;
    struct str text;
    const uint32_t *lines;
    size_t lines_n;
    const struct json_place *places; /* one per node */
    char **duplicates;
    size_t duplicates_n;
};

/* Makes a document with one reference of a block from json_doc_resize(), which it replaces.  NULL
 * if out of memory: then nothing has changed. */
struct json_doc *json_doc_finish(struct json_doc *block, const struct json_parts *parts);

/* Looks for equal keys in the object at `at`, the last container of the nodes, whose text is
 * `text`.  Returns the index of the first key node that repeats an earlier one, and that one in
 * *first; else JSON_NONE.  Linear in the number of fields. */
uint32_t json_find_duplicate(const struct json *nodes, uint32_t at, uint32_t end, const char *text,
                             uint32_t *first);
/* Removes from such an object each field whose key occurs again later, and returns the new end;
 * calls `found` for each.  `places`, if not NULL, are those of the nodes and move with them. */
uint32_t json_drop_duplicates(struct json *nodes, struct json_place *places, uint32_t at,
                              uint32_t end, const char *text,
                              void (*found)(void *owner, uint32_t key), void *owner);
/* The path of `node`, whose containers are open, `open` being the innermost, plus one. */
void json_path_open(const struct json *nodes, const char *text, uint32_t open, uint32_t node,
                    struct buf *to);

/* The key nodes of an object in the order of their text; the caller frees the array. */
const struct json **json_sorted_keys(const struct json *object);

/* Adds n nodes that lie outside of the builder while their text lies in it, with a copy of the
 * text; for aliases. */
void json_build_repeat(struct json_build *b, const struct json *nodes, uint32_t n);

/* json_build_done() with a line and column for each node, and duplicates, which the document takes.
 */
struct json_doc *json_build_done_places(struct json_build *b, const struct json_place *places,
                                        char **duplicates, size_t duplicates_n);

#endif
