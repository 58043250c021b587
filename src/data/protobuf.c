#include "data/protobuf.h"

#include "base/err.h"

enum { VARINT_MAX_BYTES = 10, NUMBER_MAX = (1 << 29) - 1, EMPTY_MAX_DEPTH = 32 };

int
protobuf_varint(struct str *rest, uint64_t *ret, struct err *e)
{
    uint64_t value = 0;

    for (size_t i = 0; i < rest->n && i < VARINT_MAX_BYTES; i++) {
        uint8_t byte = (uint8_t)rest->p[i];

        /* Bits beyond the 64th are dropped, as other decoders do. */
        value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if ((byte & 0x80) == 0) {
            *rest = str_slice(*rest, i + 1, rest->n);
            *ret = value;
            return 0;
        }
    }
    return err_set(e, ERR_BADREQUEST, "a number ends too early");
}

static int
take_fixed(struct str *rest, size_t size, uint64_t *ret, struct err *e)
{
    *ret = 0;
    if (rest->n < size)
        return err_set(e, ERR_BADREQUEST, "a number of %zu bytes ends too early", size);
    for (size_t i = 0; i < size; i++)
        *ret |= (uint64_t)(uint8_t)rest->p[i] << (8 * i);
    *rest = str_slice(*rest, size, rest->n);
    return 0;
}

static int
take_bytes(struct str *rest, struct str *ret, struct err *e)
{
    uint64_t n;

    if (protobuf_varint(rest, &n, e) < 0)
        return e->code;
    if (n > rest->n)
        return err_set(e, ERR_BADREQUEST, "%llu bytes are announced and %zu are there",
                       (unsigned long long)n, rest->n);
    *ret = str_slice(*rest, 0, (size_t)n);
    *rest = str_slice(*rest, (size_t)n, rest->n);
    return 0;
}

int
protobuf_next(struct str *rest, struct protobuf_field *ret, struct err *e)
{
    uint64_t tag;
    int rc;

    if (rest->n == 0)
        return 0;
    if (protobuf_varint(rest, &tag, e) < 0)
        return e->code;
    if (tag >> 3 == 0 || tag >> 3 > NUMBER_MAX)
        return err_set(e, ERR_BADREQUEST, "%llu is no field number",
                       (unsigned long long)(tag >> 3));
    *ret = (struct protobuf_field){.number = (uint32_t)(tag >> 3), .bytes = str_make(rest->p, 0)};
    switch (tag & 7) {
    case PROTOBUF_VARINT:
        ret->wire = PROTOBUF_VARINT;
        rc = protobuf_varint(rest, &ret->value, e);
        break;
    case PROTOBUF_FIXED64:
        ret->wire = PROTOBUF_FIXED64;
        rc = take_fixed(rest, 8, &ret->value, e);
        break;
    case PROTOBUF_BYTES:
        ret->wire = PROTOBUF_BYTES;
        rc = take_bytes(rest, &ret->bytes, e);
        break;
    case PROTOBUF_FIXED32:
        ret->wire = PROTOBUF_FIXED32;
        rc = take_fixed(rest, 4, &ret->value, e);
        break;
    default:
        rc = err_set(e, ERR_BADREQUEST, "wire type %d is not known", (int)(tag & 7));
        break;
    }
    return rc < 0 ? err_wrap(e, "field %u", ret->number) : 1;
}

static bool
is_empty_message(struct str rest, unsigned depth)
{
    struct protobuf_field field;
    struct err e = ERR_INIT;
    int rc;

    while ((rc = protobuf_next(&rest, &field, &e)) > 0) {
        if (field.wire != PROTOBUF_BYTES ? field.value != 0 : field.bytes.n > 0)
            if (depth == 0 || field.wire != PROTOBUF_BYTES ||
                !is_empty_message(field.bytes, depth - 1))
                return false;
    }
    return rc == 0;
}

bool
protobuf_is_empty(const struct protobuf_field *field)
{
    if (field->wire != PROTOBUF_BYTES)
        return field->value == 0;
    return is_empty_message(field->bytes, EMPTY_MAX_DEPTH);
}
