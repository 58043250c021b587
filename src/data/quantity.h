/*
 * quantity - amounts of resources: "500m" of a CPU, "1.5Gi" of memory, "2e3".
 *
 * Kubernetes' resource.Quantity: a decimal number with a suffix, either a power of
 * 1024 (Ki to Ei), a power of 1000 (n u m, none, k M G T P E) or an exponent.  A
 * value is held exactly in billionths, the finest that the format knows (smaller
 * fractions are rounded up there and here); what is beyond 2^63-1 counts as that.
 *
 * Pure functions; any thread.
 */
#ifndef DATA_QUANTITY_H
#define DATA_QUANTITY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct buf;
struct err;

enum quantity_format {
    QUANTITY_DECIMAL,  /* 1500m, 2k */
    QUANTITY_BINARY,   /* 1536Mi */
    QUANTITY_EXPONENT, /* 2e3 */
};

struct quantity {
    __int128 nano;
    enum quantity_format format; /* that of its text, which sums keep */
};

/* ERR_BADREQUEST with the text in the message. */
int quantity_parse(struct str text, struct quantity *ret, struct err *e);

/* Below, at or above zero as a is less than, equal to or more than b. */
int quantity_cmp(struct quantity a, struct quantity b);
/* The format is that of a, unless a is zero. */
struct quantity quantity_add(struct quantity a, struct quantity b);

/* Whole units and thousandths, rounded up; clipped to what fits. */
int64_t quantity_value(struct quantity q);
int64_t quantity_milli(struct quantity q);

/* The canonical form: the largest suffix of its format that leaves no fraction.  A binary quantity
 * below 1024, or with a fraction, is written in the decimal format. */
void quantity_write(struct buf *to, struct quantity q);

#endif
