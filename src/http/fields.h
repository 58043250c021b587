/*
 * fields - the header fields of an HTTP message (RFC 9110, section 5), in their order.
 *
 * Names are compared without case and kept as they came.  Names and values are borrowed: from the
 * bytes of the message when it was parsed, from wherever the caller has them when it is being
 * built; so is the array, whose size the list knows.
 */
#ifndef HTTP_FIELDS_H
#define HTTP_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct buf;

enum { FIELDS_MAX = 128 }; /* of one message */

struct field {
    struct str name, value; /* the value without white space around it */
};

struct fields {
    struct field *at;
    size_t n, cap;
};

/* The value of the first field of that name, or STR_NULL. */
struct str fields_get(const struct fields *f, const char *name);
/* How many fields of that name there are. */
size_t fields_count(const struct fields *f, const char *name);
/* Whether a field of that name, taken as a comma-separated list over all its lines, holds the
 * token (compared without case): fields_has_token(f, "Connection", "close"). */
bool fields_has_token(const struct fields *f, const char *name, const char *token);
/* The same with the token's case minded. */
bool fields_has_exact_token(const struct fields *f, const char *name, const char *token);
/* False when the array is full. */
bool fields_add(struct fields *f, struct str name, struct str value);

/* Next item of a comma-separated list, without the white space around it; empty items are skipped.
 * False at the end. */
bool fields_next_item(struct str *rest, struct str *ret);

/* Equal but for the case of ASCII letters. */
bool fields_name_is(struct str name, const char *other);
bool fields_same(struct str a, struct str b);
/* A token of RFC 9110: what names of fields, methods and protocols are made of. */
bool fields_is_token(struct str s);
/* What may stand in a value: no control characters but HTAB. */
bool fields_is_value(struct str s);

#endif
