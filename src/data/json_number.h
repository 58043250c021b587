/*
 * json_number - JSON number text by value, exactly.
 *
 * Pure functions over text that json_is_number_text() accepts; any thread.
 */
#ifndef DATA_JSON_NUMBER_H
#define DATA_JSON_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "data/json.h"

/* +-0.DIGITS x 10^exponent.  The digits lie in the text, may have a point among them, and begin
 * and end with one other than 0; none: zero. */
struct json_decimal {
    bool negative;
    struct str digits;
    int64_t exponent;
};

struct json_decimal json_decimal(struct str text);
bool json_decimal_equal(const struct json_decimal *a, const struct json_decimal *b);

/* Plain digits while least <= exponent < most, else d.ddde-NN with at least so many digits of the
 * exponent. */
struct json_layout {
    int least, most, exponent_digits;
};

/* Go's encoding/json. */
extern const struct json_layout json_layout_go;

/* The shortest text that reads back as the value, which must be finite. */
void json_layout_double(struct buf *to, double value, const struct json_layout *layout);

#endif
