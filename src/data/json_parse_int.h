/*
 * json_parse_int - what the files of the JSON parser share.
 */
#ifndef DATA_JSON_PARSE_INT_H
#define DATA_JSON_PARSE_INT_H

#include "base/vec.h"
#include "data/json_int.h"

struct err;

struct json_parser {
    const char *text, *end;
    const struct json_limits *limits;
    struct err *e;
    struct json_doc *block;
    struct json *nodes; /* of the block */
    uint32_t n, cap;
    uint32_t open; /* index of the innermost open container, plus one; 0: none */
    unsigned depth;
    char *out_start, *out;
    VEC(char *) duplicates;
    bool done;
};

/* Sets the error with the position of `at` in front; returns NULL for the cursor. */
const char *json_parse_fail(struct json_parser *ps, int code, const char *at, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* The same for what stands at p in place of `what`. */
const char *json_parse_expected(struct json_parser *ps, const char *p, const char *what);

/* Room for more nodes; false with the error set. */
bool json_parse_grow(struct json_parser *ps);

/* The next node, read at p; or NULL. */
static inline struct json *
json_parse_push(struct json_parser *ps, enum json_type type, const char *p)
{
    struct json *v;

    if (__builtin_expect(ps->n == ps->cap, 0) && !json_parse_grow(ps))
        return NULL;
    v = &ps->nodes[ps->n];
    *v = (struct json){.index = ps->n++, .type = type};
    v->offset = (uint32_t)(p - ps->text) & JSON_NO_OFFSET;
    return v;
}

/* A string, p at its opening quote, into a new node; returns the cursor behind it. */
const char *json_parse_string(struct json_parser *ps, const char *p);

#endif
