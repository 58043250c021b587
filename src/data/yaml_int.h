/*
 * yaml_int - the reader of YAML streams; for the yaml*.c files only.
 *
 * The reader drives a JSON builder and keeps, beside each node, where it was
 * written.  A frame stands for each open collection.  What an anchor names is
 * copied when it is complete, because nodes of the builder move when a merge
 * key is carried out; its text is not, because text never moves away.
 */
#ifndef DATA_YAML_INT_H
#define DATA_YAML_INT_H

#include <yaml.h>

#include "base/map.h"
#include "base/vec.h"
#include "data/json_int.h"
#include "data/yaml.h"

struct err;

struct yaml_anchor {
    struct json *nodes; /* NULL: still open */
    struct json_place *places;
    uint32_t n;
    size_t text;     /* bytes that a copy's text takes */
    unsigned height; /* nested collections in it */
};

struct yaml_frame {
    uint32_t node;
    bool object;
    unsigned height;            /* of what it contains, itself too */
    struct yaml_anchor *anchor; /* to complete at its end, or NULL */
    uint32_t merge;             /* index of the key node "<<", or 0 */
};

struct yaml_reader {
    yaml_parser_t parser;
    const struct yaml_limits *limits;
    struct err *e;
    struct json_build build;
    VEC(struct json_place) places; /* of the builder's nodes */
    VEC(struct yaml_frame) frames;
    VEC(struct yaml_anchor *) anchors; /* all of the document */
    struct map names;                  /* of anchors; borrows from the above */
    VEC(char *) duplicates;            /* paths of keys that were dropped */
    size_t copied;                     /* nodes held by anchors */
};

/* yaml_parse() without looking for JSON first. */
int yaml_read(struct str text, const struct yaml_limits *limits, struct yaml_docs *docs,
              struct err *e);
void yaml_docs_add(struct yaml_docs *docs, struct json_doc *d, int line);

/* Sets the error with its position in front, and returns its code. */
int yaml_fail(struct yaml_reader *y, int code, struct json_place at, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
struct json_place yaml_place(yaml_mark_t mark);

/* Gives the builder's new nodes a place; ERR_TOOLARGE when that passes a limit. */
int yaml_note(struct yaml_reader *y, struct json_place at);

/* A scalar as the next value or, if a key is due, as a key. */
int yaml_add_scalar(struct yaml_reader *y, const yaml_event_t *event);

/* Anchors: a name for what comes next (NULL for none), its completion with nodes [from, n) of the
 * builder, and a use. */
struct yaml_anchor *yaml_anchor_begin(struct yaml_reader *y, const yaml_char_t *name);
int yaml_anchor_end(struct yaml_reader *y, struct yaml_anchor *a, uint32_t from, unsigned height);
int yaml_add_alias(struct yaml_reader *y, const yaml_event_t *event);
void yaml_anchors_clear(struct yaml_reader *y);

/* Carries out the merge key of the mapping that is about to end. */
int yaml_merge(struct yaml_reader *y, const struct yaml_frame *f);

static inline bool
yaml_key_is_due(const struct yaml_reader *y)
{
    return y->frames.n != 0 && vec_last(&y->frames).object && !y->build.keyed;
}

#endif
