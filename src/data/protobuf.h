/*
 * protobuf - the wire format of protocol buffers, field by field.
 *
 * A message is a row of fields, each a number, a wire type and a value; what they mean says a
 * schema.  Groups, which the format gave up long ago, are refused.
 * Source: the encoding page of the protocol buffers documentation.
 *
 * Pure functions over borrowed bytes; any thread.
 */
#ifndef DATA_PROTOBUF_H
#define DATA_PROTOBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct err;

enum protobuf_wire {
    PROTOBUF_VARINT = 0,
    PROTOBUF_FIXED64 = 1,
    PROTOBUF_BYTES = 2, /* text, bytes, a message, or packed numbers */
    PROTOBUF_FIXED32 = 5,
};

struct protobuf_field {
    uint32_t number; /* 1 to 2^29-1 */
    enum protobuf_wire wire;
    uint64_t value;   /* of all wire types but bytes */
    struct str bytes; /* of wire type bytes: borrowed; of others none, but p tells the place */
};

/* Takes the first field off *rest: 1; 0 when nothing is left; ERR_BADREQUEST for what is no field.
 */
int protobuf_next(struct str *rest, struct protobuf_field *ret, struct err *e);
/* Takes a varint off *rest, as in packed numbers.  ERR_BADREQUEST if there is none. */
int protobuf_varint(struct str *rest, uint64_t *ret, struct err *e);
/* Whether a field says nothing: zero, no bytes, or a message of such fields. */
bool protobuf_is_empty(const struct protobuf_field *field);

#endif
