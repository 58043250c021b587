#include "runner/quantity.h"

#include <math.h>
#include <stddef.h>

#include "base/mem.h"

static const struct suffix {
    const char *text;
    double factor;
} suffixes[] = {
    {"", 1},        {"n", 1e-9},    {"u", 1e-6},    {"m", 1e-3},    {"k", 1e3},     {"M", 1e6},
    {"G", 1e9},     {"T", 1e12},    {"P", 1e15},    {"E", 1e18},    {"Ki", 0x1p10}, {"Mi", 0x1p20},
    {"Gi", 0x1p30}, {"Ti", 0x1p40}, {"Pi", 0x1p50}, {"Ei", 0x1p60},
};

/* Where the number ends.  "E" followed by a digit or sign is an exponent, alone it is a suffix. */
static size_t
number_length(struct str s)
{
    size_t n = 0;

    while (n < s.n && ((s.p[n] >= '0' && s.p[n] <= '9') || s.p[n] == '.'))
        n++;
    if (n == 0 || n + 1 >= s.n || (s.p[n] != 'e' && s.p[n] != 'E'))
        return n;

    size_t exponent = n + 1;

    if (s.p[exponent] == '-' || s.p[exponent] == '+')
        exponent++;
    if (exponent >= s.n || s.p[exponent] < '0' || s.p[exponent] > '9')
        return n;
    while (exponent < s.n && s.p[exponent] >= '0' && s.p[exponent] <= '9')
        exponent++;
    return exponent;
}

static bool
parse(struct str s, double scale, int64_t *ret)
{
    if (s.n > 0 && s.p[0] == '+')
        s = str_slice(s, 1, s.n);

    size_t n = number_length(s);
    struct str suffix = str_slice(s, n, s.n);
    double value;

    if (n == 0 || !str_to_double(str_slice(s, 0, n), &value))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
        if (!str_is(suffix, suffixes[i].text))
            continue;
        value *= suffixes[i].factor * scale;
        /* 0.1 * 1000 must not become 101 by its last bit. */
        value = ceil(value - 1e-6);
        if (!(value >= 0 && value <= 9.2e18))
            return false;
        *ret = (int64_t)value;
        return true;
    }
    return false;
}

bool
quantity_milli(struct str text, int64_t *ret)
{
    return parse(text, 1000, ret);
}

bool
quantity_value(struct str text, int64_t *ret)
{
    return parse(text, 1, ret);
}
