/*
 * protobody_int - what protobody.c and protobody_leaf.c know of each other.
 *
 * The fields of a message may come in any order, those of a list between others, and a message may
 * come in pieces.  So a message is read into a row of all its fields, sorted by number; each field
 * of the schema then looks for its own.
 */
#ifndef SCHEMA_PROTOBODY_INT_H
#define SCHEMA_PROTOBODY_INT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "data/json.h"
#include "data/protobuf.h"
#include "schema/schema.h"

struct err;
struct problems;

/* Fields of one message, by number; those of one number in the order of the bytes. */
struct protobody_row {
    struct protobuf_field *at;
    size_t n;
};

/* One decoding. */
struct protobody {
    struct json_build build;
    struct arena arena; /* of the rows */
    struct buf path;    /* of the message that is read */
    struct problems *problems;
    unsigned depth;
    struct err *e;
};

/* The fields of a message that came in pieces; usually one. */
int protobody_row(struct protobody *r, struct protobody_row pieces, struct protobody_row *ret);
/* Those of one number. */
struct protobody_row protobody_of_number(struct protobody_row row, unsigned number);

static inline struct protobody_row
protobody_one(struct protobuf_field *field)
{
    return (struct protobody_row){field, 1};
}

/* How a scalar, or an item of a list of them, is written. */
enum protobuf_wire protobody_wire_of(enum schema_form form);
/* Whether values of a leaf are messages. */
bool protobody_is_message(enum schema_form form);
/* Each adds one value; null where the bytes mean none. */
int protobody_add_leaf(struct protobody *r, enum schema_form form, struct protobody_row row);
int protobody_add_scalar(struct protobody *r, enum schema_form form,
                         const struct protobuf_field *field);
/* Adds the numbers of a list that came in one field, one after another. */
int protobody_add_packed(struct protobody *r, enum schema_form form, struct str rest);

#endif
