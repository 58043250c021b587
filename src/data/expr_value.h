/*
 * expr_value - what an expression computes with.
 *
 * The expression language has Go's types behind it, and people see the difference: 1 is an
 * integer and 1.0 is not, what comes out of JSON is always a float, a map prints with sorted
 * keys, 1e21 has an exponent and 1e20 has none in JSON.  So this is a value type of its own, beside
 * data/json.h, whose numbers are text.
 *
 * A value is small and passed by copy.  Whatever it points to (text, items, entries) lives in the
 * arena it was made in, or is borrowed from the caller for as long as the evaluation; nothing is
 * freed alone and nothing is changed after it was made.
 *
 * No thread of its own; nothing here fails.
 */
#ifndef DATA_EXPR_VALUE_H
#define DATA_EXPR_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct arena;
struct buf;
struct json;
struct expr_map;

enum expr_type {
    EXPR_NIL,
    EXPR_BOOL,
    EXPR_INT,
    EXPR_FLOAT,
    EXPR_STRING,
    EXPR_ARRAY,
    EXPR_MAP,
    EXPR_TIME,     /* an instant and the zone it is shown in */
    EXPR_DURATION, /* nanoseconds */
    EXPR_ZONE,     /* a time zone */
    EXPR_SCOPE,    /* "inputs.parameters": names of the environment that share a beginning */
};

/* An instant and the offset of the zone it is shown in. */
struct expr_instant {
    int64_t seconds; /* since 1970 UTC */
    int32_t nanos;   /* 0-999999999 */
    int32_t offset;  /* of its zone at that instant, in seconds east of UTC */
};

struct expr_value {
    enum expr_type type;
    uint32_t n; /* items of an array */
    union {
        bool boolean;
        int64_t integer; /* also a duration's nanoseconds */
        double number;
        struct str text; /* also a scope's path, and a zone's name */
        struct {
            union {
                const struct expr_value *items;
                const struct expr_map *map;
            };
            uint32_t weight; /* about the bytes of its text, parts counted as often as they occur */
            uint32_t depth;  /* of containers in each other; 1 for one with nothing nested */
        };
        struct {
            struct expr_instant at;
            const char *zone; /* abbreviation or name, never NULL */
        } time;
    };
};

struct expr_entry {
    struct str key;
    struct expr_value value;
};

/* Entries in the order in which they were added; keys are unique. */
struct expr_map {
    size_t n;
    const struct expr_entry *entries;
};

#define EXPR_NIL_VALUE ((struct expr_value){.type = EXPR_NIL})

static inline struct expr_value
expr_bool(bool b)
{
    return (struct expr_value){.type = EXPR_BOOL, .boolean = b};
}

static inline struct expr_value
expr_int(int64_t i)
{
    return (struct expr_value){.type = EXPR_INT, .integer = i};
}

static inline struct expr_value
expr_float(double d)
{
    return (struct expr_value){.type = EXPR_FLOAT, .number = d};
}

/* The text is borrowed. */
static inline struct expr_value
expr_string(struct str s)
{
    return (struct expr_value){.type = EXPR_STRING, .text = s};
}

/* Containers of borrowed parts.  They know their weight and depth, so that whoever computes can
 * refuse a small value that would print as a huge one. */
struct expr_value expr_array(const struct expr_value *items, size_t n);
struct expr_value expr_map_value(const struct expr_map *m);

static inline struct expr_value
expr_duration(int64_t nanos)
{
    return (struct expr_value){.type = EXPR_DURATION, .integer = nanos};
}

/* "nil", "bool", "int", "float", "string", "array", "map", "time.Time", "time.Duration",
 * "time.Location": what type() answers. */
const char *expr_type_name(enum expr_type type);

static inline bool
expr_is_number(struct expr_value v)
{
    return v.type == EXPR_INT || v.type == EXPR_FLOAT;
}

static inline double
expr_as_double(struct expr_value v)
{
    return v.type == EXPR_INT ? (double)v.integer : v.number;
}

/* The entry's value under the key, or NULL; NULL too if v is no map. */
const struct expr_value *expr_map_get(struct expr_value v, struct str key);

/* Deep equality, as `==` has it: integers and floats by value, arrays in order, maps without
 * regard to it, different types unequal. */
bool expr_equal(struct expr_value a, struct expr_value b);

/* The whole text as a float, as Go reads one: decimal, no white space. */
bool expr_text_to_float(struct str s, double *ret);

/* A JSON value as Go's decoder gives it (every number a float), copied into the arena. */
struct expr_value expr_from_json(struct arena *a, const struct json *v);

/* JSON as Go's encoder writes it: sorted keys, <, > and & escaped unless `raw`; `indent` is the
 * text of one step ("" or NULL: compact).  NaN and infinities are written as null. */
void expr_write_json(struct buf *to, struct expr_value v, const char *indent, bool raw);
/* What Go's %v prints: [1 2], map[a:1], <nil>, 1e+06. */
void expr_write_plain(struct buf *to, struct expr_value v);
/* What an expression tag leaves behind: a string raw, everything else JSON. */
void expr_write_result(struct buf *to, struct expr_value v);
/* The shortest text that reads back as d.  With an exponent below 1e-6 and from 1e21 in JSON, below
 * 1e-4 and from 1e6 otherwise. */
void expr_write_float(struct buf *to, double d, bool json);

#endif
