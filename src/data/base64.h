/*
 * base64 - RFC 4648, sections 4 and 5, strictly.
 *
 * base64_decode() accepts exactly what encoding produces: no white space, padding
 * where the alphabet has it, and no bits set that are thrown away, so that one value
 * has one text.  Pure functions; any thread.
 */
#ifndef DATA_BASE64_H
#define DATA_BASE64_H

#include <stdbool.h>

#include "base/str.h"

struct buf;
struct err;

enum base64_alphabet {
    BASE64_STANDARD,   /* + and /, padded with = */
    BASE64_URL,        /* - and _, padded */
    BASE64_URL_NO_PAD, /* - and _, without padding, as in tokens */
};

void base64_encode(struct str bytes, enum base64_alphabet alphabet, struct buf *to);

/* Appends the bytes.  ERR_BADREQUEST naming the place; then `to` is as before. */
int base64_decode(struct str text, enum base64_alphabet alphabet, struct buf *to, struct err *e);
/* The standard alphabet as Go's decoder takes it: line breaks are skipped, and bits that no byte
 * holds are ignored.  False, with `to` as before, if it is none. */
bool base64_decode_loose(struct str text, struct buf *to);

#endif
