/*
 * json_number - numbers by value.
 *
 * A number is kept as it was written.  Comparing two, or asking for an integer,
 * looks at it as  0.DIGITS x 10^exponent  with neither leading nor trailing zeros
 * among the digits, without leaving the text: so 1e3, 1000 and 1000.0 are one
 * number, and none is rounded however long it is.
 */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "data/json_number.h"

#define MOST_EXPONENT INT64_C(100000000000000000)

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The exponent behind 'e'; beyond any use it stays at the end of its range. */
static int64_t
exponent_of(struct str s)
{
    bool minus = s.n != 0 && s.p[0] == '-';
    int64_t value = 0;

    for (size_t i = s.n != 0 && !is_digit(s.p[0]) ? 1 : 0; i < s.n; i++) {
        value = value * 10 + (s.p[i] - '0');
        if (value > MOST_EXPONENT)
            value = MOST_EXPONENT;
    }
    return minus ? -value : value;
}

struct json_decimal
json_decimal(struct str text)
{
    struct json_decimal d = {.negative = text.n != 0 && text.p[0] == '-'};
    size_t i = d.negative ? 1 : 0, last = 0;
    int64_t point = -1; /* significant places before the point, once it was met */
    int64_t places = 0, leading = 0;
    bool significant = false;

    for (; i < text.n && (is_digit(text.p[i]) || text.p[i] == '.'); i++) {
        if (text.p[i] == '.') {
            point = places;
            continue;
        }
        places++;
        if (text.p[i] != '0') {
            if (!significant) {
                significant = true;
                d.digits.p = text.p + i;
                leading = places - 1;
            }
            last = i + 1;
        }
    }
    if (point < 0)
        point = places;
    if (!significant) {
        d.negative = false; /* there is one zero */
        return d;
    }
    d.digits.n = (size_t)(text.p + last - d.digits.p);
    d.exponent = point - leading;
    if (i < text.n)
        d.exponent += exponent_of(str_slice(text, i + 1, text.n));
    return d;
}

/* The next digit at *at of the digits, skipping a point; '0' behind the last. */
static char
next_digit(const struct json_decimal *d, size_t *at)
{
    if (*at < d->digits.n && d->digits.p[*at] == '.')
        ++*at;
    return *at < d->digits.n ? d->digits.p[(*at)++] : '0';
}

bool
json_decimal_equal(const struct json_decimal *a, const struct json_decimal *b)
{
    size_t i = 0, j = 0;

    if (a->negative != b->negative || (a->digits.n == 0) != (b->digits.n == 0) ||
        (a->digits.n != 0 && a->exponent != b->exponent))
        return false;
    while (i < a->digits.n || j < b->digits.n) {
        if (next_digit(a, &i) != next_digit(b, &j))
            return false;
    }
    return true;
}

/* False if it has a fraction or does not fit. */
static bool
decimal_int(const struct json_decimal *d, int64_t *ret)
{
    int64_t value = 0;
    size_t at = 0;

    if (d->digits.n == 0) {
        *ret = 0;
        return true;
    }
    if (d->exponent <= 0 || d->exponent > 19)
        return false;
    /* Summed up below zero, where the range is larger by one. */
    for (int64_t i = 0; i < d->exponent; i++) {
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, next_digit(d, &at) - '0', &value))
            return false;
    }
    if (at < d->digits.n)
        return false; /* a fraction is left */
    if (!d->negative && __builtin_sub_overflow(0, value, &value))
        return false;
    *ret = value;
    return true;
}

bool
json_int(const struct json *v, int64_t *ret)
{
    struct json_decimal d;

    if (json_type(v) != JSON_NUMBER)
        return false;
    d = json_decimal(json_number_text(v));
    return decimal_int(&d, ret);
}

bool
json_int_or_string(const struct json *v, int64_t *ret)
{
    return json_int(v, ret) || (json_type(v) == JSON_STRING && str_to_int(json_str(v), ret));
}

bool
json_double(const struct json *v, double *ret)
{
    double value;

    if (json_type(v) != JSON_NUMBER)
        return false;
    value = strtod(json_number_text(v).p, NULL); /* terminated, and checked when it was read */
    if (!isfinite(value))
        return false;
    *ret = value;
    return true;
}

bool
json_is_number_text(struct str s)
{
    size_t i = s.n != 0 && s.p[0] == '-' ? 1 : 0, start = i;

    while (i < s.n && is_digit(s.p[i]))
        i++;
    if (i == start || (s.p[start] == '0' && i - start > 1))
        return false;
    if (i < s.n && s.p[i] == '.') {
        for (start = ++i; i < s.n && is_digit(s.p[i]);)
            i++;
        if (i == start)
            return false;
    }
    if (i < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
        i++;
        if (i < s.n && (s.p[i] == '+' || s.p[i] == '-'))
            i++;
        for (start = i; i < s.n && is_digit(s.p[i]);)
            i++;
        if (i == start)
            return false;
    }
    return i == s.n;
}

/* DIGITS x 10^(point - count), written out with its point. */
static void
layout_plain(struct buf *to, const char *digits, int count, int point)
{
    if (point <= 0) {
        buf_cstr(to, "0.");
        buf_fill(to, '0', (size_t)-point);
        buf_add(to, digits, (size_t)count);
    } else if (point >= count) {
        buf_add(to, digits, (size_t)count);
        buf_fill(to, '0', (size_t)(point - count));
    } else {
        buf_printf(to, "%.*s.%.*s", point, digits, count - point, digits + point);
    }
}

const struct json_layout json_layout_go = {.least = -6, .most = 21, .exponent_digits = 1};

enum { MOST_DIGITS = 17 };

/* The fewest digits that read back as the value, as in d.ddd x 10^exponent; returns how many.  15
 * nearly always do and 17 always; denormal numbers may need fewer than 15 that are no zeros. */
static int
shortest(double value, char digits[MOST_DIGITS + 1], int *exponent)
{
    char text[40];
    int count = 0;

    for (int n = value < DBL_MIN ? 1 : 15; n <= MOST_DIGITS; n++) {
        snprintf(text, sizeof text, "%.*e", n - 1, value);
        if (strtod(text, NULL) == value)
            break;
    }
    for (const char *p = text; *p != 'e'; p++) {
        if (is_digit(*p))
            digits[count++] = *p;
    }
    while (count > 1 && digits[count - 1] == '0')
        count--;
    digits[count] = '\0';
    *exponent = (int)exponent_of(str_of(strchr(text, 'e') + 1));
    return count;
}

void
json_layout_double(struct buf *to, double value, const struct json_layout *layout)
{
    char digits[MOST_DIGITS + 1];
    int exponent, count = shortest(fabs(value), digits, &exponent);

    if (signbit(value))
        buf_char(to, '-');
    if (value == 0)
        buf_char(to, '0');
    else if (exponent >= layout->least && exponent < layout->most)
        layout_plain(to, digits, count, exponent + 1);
    else
        buf_printf(to, "%c%s%se%c%0*d", digits[0], count > 1 ? "." : "", digits + 1,
                   exponent < 0 ? '-' : '+', layout->exponent_digits, abs(exponent));
}
