#include "schema/leaf.h"

#include <stdint.h>
#include <stdio.h>

#include "data/json.h"

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t
skip_digits(struct str s, size_t i)
{
    while (i < s.n && is_digit(s.p[i]))
        i++;
    return i;
}

/* Digits with at most one point among them; the index behind, or `i` if there is no digit. */
static size_t
skip_decimal(struct str s, size_t i)
{
    size_t whole = skip_digits(s, i), end = whole;

    if (end < s.n && s.p[end] == '.')
        end = skip_digits(s, end + 1);
    return end - i > (end > whole ? 1 : 0) ? end : i;
}

bool
leaf_is_quantity(struct str s)
{
    static const char *const suffixes[] = {"",  "n", "u",  "m",  "k",  "M",  "G",  "T",
                                           "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};
    size_t i = s.n > 0 && (s.p[0] == '+' || s.p[0] == '-') ? 1 : 0;
    size_t end = skip_decimal(s, i);
    struct str suffix = str_slice(s, end, s.n);

    if (end == i)
        return false;
    for (size_t k = 0; k < ARRAY_LEN(suffixes); k++)
        if (str_is(suffix, suffixes[k]))
            return true;
    if (suffix.p[0] != 'e' && suffix.p[0] != 'E')
        return false;
    i = suffix.n > 1 && (suffix.p[1] == '+' || suffix.p[1] == '-') ? 2 : 1;
    return suffix.n > i && skip_digits(suffix, i) == suffix.n;
}

/* Each 'd' of the pattern is a digit, everything else stands for itself. */
static bool
matches(struct str s, const char *pattern)
{
    for (size_t i = 0; pattern[i] != '\0'; i++)
        if (i >= s.n || (pattern[i] == 'd' ? !is_digit(s.p[i]) : s.p[i] != pattern[i]))
            return false;
    return true;
}

static int
two_digits(struct str s, size_t i)
{
    return (s.p[i] - '0') * 10 + (s.p[i + 1] - '0');
}

bool
leaf_is_time(struct str s)
{
    size_t i = 19;

    if (!matches(s, "dddd-dd-ddTdd:dd:dd") || two_digits(s, 5) < 1 || two_digits(s, 5) > 12 ||
        two_digits(s, 8) < 1 || two_digits(s, 8) > 31 || two_digits(s, 11) > 23 ||
        two_digits(s, 14) > 59 || two_digits(s, 17) > 60)
        return false;
    if (i < s.n && s.p[i] == '.') {
        i = skip_digits(s, i + 1);
        if (i == 20)
            return false;
    }
    s = str_slice(s, i, s.n);
    return str_is(s, "Z") || (s.n == 6 && (matches(s, "+dd:dd") || matches(s, "-dd:dd")));
}

bool
leaf_is_duration(struct str s)
{
    static const char *const units[] = {"ns", "us", "\xc2\xb5s", "ms", "s", "m", "h"};
    size_t i = s.n > 0 && (s.p[0] == '+' || s.p[0] == '-') ? 1 : 0;

    if (str_is(str_slice(s, i, s.n), "0"))
        return true;
    if (i == s.n)
        return false;
    while (i < s.n) {
        size_t end = skip_decimal(s, i), unit = end;

        while (unit < s.n && !is_digit(s.p[unit]) && s.p[unit] != '.')
            unit++;
        bool known = false;
        for (size_t k = 0; k < ARRAY_LEN(units); k++)
            known |= str_is(str_slice(s, end, unit), units[k]);
        if (end == i || !known)
            return false;
        i = unit;
    }
    return true;
}

bool
leaf_is_base64(struct str s)
{
    size_t count = 0, padding = 0;

    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];

        if (c == '\n' || c == '\r')
            continue;
        count++;
        if (c == '=')
            padding++;
        else if (padding > 0 || !((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || is_digit(c) ||
                                  c == '+' || c == '/'))
            return false;
    }
    return count % 4 == 0 && padding <= 2;
}

static const char *
expects_text(enum schema_form form, struct str text)
{
    switch (form) {
    case SCHEMA_BYTES:
        return leaf_is_base64(text) ? NULL : "base64 string";
    case SCHEMA_QUANTITY:
        return leaf_is_quantity(text) ? NULL : "quantity such as 500m, 2 or 1Gi";
    case SCHEMA_TIME:
    case SCHEMA_MICROTIME:
        return leaf_is_time(text) ? NULL : "RFC 3339 time such as 2026-01-31T12:00:00Z";
    case SCHEMA_DURATION:
        return leaf_is_duration(text) ? NULL : "duration such as 1h30m";
    default:
        return NULL;
    }
}

const char *
leaf_expects(enum schema_form form, const struct json *v)
{
    enum json_type type = json_type(v);
    int64_t n = 0;

    switch (form) {
    case SCHEMA_ANY:
        return NULL;
    case SCHEMA_BOOL:
        return type == JSON_BOOL ? NULL : "boolean";
    case SCHEMA_INT32:
        if (type == JSON_NUMBER && json_int(v, &n) && (n < INT32_MIN || n > INT32_MAX))
            return "integer of 32 bits";
        return type == JSON_NUMBER && json_int(v, &n) ? NULL : "integer";
    case SCHEMA_INT64:
        return type == JSON_NUMBER && json_int(v, &n) ? NULL : "integer";
    case SCHEMA_DOUBLE:
        return type == JSON_NUMBER ? NULL : "number";
    case SCHEMA_INT_OR_STRING:
        return type == JSON_STRING || (type == JSON_NUMBER && json_int(v, &n))
                   ? NULL
                   : "integer or string";
    case SCHEMA_ANY_STRING:
        return type == JSON_STRING || type == JSON_NUMBER || type == JSON_BOOL
                   ? NULL
                   : "string, number or boolean";
    case SCHEMA_QUANTITY:
        if (type == JSON_NUMBER)
            return expects_text(form, json_number_text(v));
        break;
    default:
        break;
    }
    return type == JSON_STRING ? expects_text(form, json_str(v)) : "string";
}
