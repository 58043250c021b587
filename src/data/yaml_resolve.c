#include "data/yaml_resolve.h"

#include <stdint.h>

#include "base/buf.h"
#include "base/mem.h"
#include "data/json.h"

struct word {
    const char *text;
    enum yaml_kind kind;
};

static const struct word words[] = {
    {"", YAML_NULL},           {"~", YAML_NULL},          {"null", YAML_NULL},
    {"Null", YAML_NULL},       {"NULL", YAML_NULL},       {"y", YAML_TRUE},
    {"Y", YAML_TRUE},          {"yes", YAML_TRUE},        {"Yes", YAML_TRUE},
    {"YES", YAML_TRUE},        {"true", YAML_TRUE},       {"True", YAML_TRUE},
    {"TRUE", YAML_TRUE},       {"on", YAML_TRUE},         {"On", YAML_TRUE},
    {"ON", YAML_TRUE},         {"n", YAML_FALSE},         {"N", YAML_FALSE},
    {"no", YAML_FALSE},        {"No", YAML_FALSE},        {"NO", YAML_FALSE},
    {"false", YAML_FALSE},     {"False", YAML_FALSE},     {"FALSE", YAML_FALSE},
    {"off", YAML_FALSE},       {"Off", YAML_FALSE},       {"OFF", YAML_FALSE},
    {".nan", YAML_NOT_FINITE}, {".NaN", YAML_NOT_FINITE}, {".NAN", YAML_NOT_FINITE},
    {".inf", YAML_NOT_FINITE}, {".Inf", YAML_NOT_FINITE}, {".INF", YAML_NOT_FINITE},
    {"<<", YAML_MERGE},
};

enum { LONGEST_WORD = 5 };

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t
digits_from(struct str s, size_t i)
{
    while (i < s.n && is_digit(s.p[i]))
        i++;
    return i;
}

/* The unsigned value of digits in a base; false if there are none, another character, or too many.
 */
static bool
read_digits(struct str s, unsigned base, uint64_t *ret)
{
    uint64_t value = 0;

    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        unsigned digit = is_digit(c)            ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
                         : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10
                                                : base;

        if (digit >= base || __builtin_mul_overflow(value, base, &value) ||
            __builtin_add_overflow(value, digit, &value))
            return false;
    }
    *ret = value;
    return s.n != 0;
}

/* An integer with a prefix that tells its base; s has no sign. */
static bool
read_prefixed(struct str s, uint64_t *ret)
{
    if (s.n < 2 || s.p[0] != '0')
        return false;
    switch (s.p[1] | 0x20) {
    case 'x':
        return read_digits(str_slice(s, 2, s.n), 16, ret);
    case 'o':
        return read_digits(str_slice(s, 2, s.n), 8, ret);
    case 'b':
        return read_digits(str_slice(s, 2, s.n), 2, ret);
    default:
        return read_digits(str_slice(s, 1, s.n), 8, ret);
    }
}

/* [0-9]+ . [0-9]* exponent, or . [0-9]+ exponent, without its sign: written as JSON does, which
 * wants a digit before the point and behind it and no zeros in front. */
static enum yaml_kind
read_decimal(struct str s, struct buf *to)
{
    size_t whole = digits_from(s, 0), fraction = whole, end, start = 0;
    bool point = whole < s.n && s.p[whole] == '.';
    struct str exponent;

    if (point)
        fraction = digits_from(s, whole + 1);
    if (whole == 0 && fraction < 2)
        return YAML_STRING;
    end = fraction;
    if (end < s.n && (s.p[end] | 0x20) == 'e') {
        size_t digits = end + 1;

        if (digits < s.n && (s.p[digits] == '+' || s.p[digits] == '-'))
            digits++;
        end = digits_from(s, digits);
        if (end == digits)
            return YAML_STRING;
    }
    if (end != s.n)
        return YAML_STRING;
    while (start + 1 < whole && s.p[start] == '0')
        start++;
    exponent = str_slice(s, fraction, end);
    buf_str(to, whole != 0 ? str_slice(s, start, whole) : STR("0"));
    if (fraction > whole + 1)
        buf_str(to, str_slice(s, whole, fraction));
    buf_str(to, exponent);
    return point || exponent.n != 0 ? YAML_FLOAT : YAML_INT;
}

static enum yaml_kind
read_number(struct str s, struct buf *to)
{
    bool minus = s.p[0] == '-';
    struct str bare = minus || s.p[0] == '+' ? str_slice(s, 1, s.n) : s;
    uint64_t value;

    if (read_prefixed(bare, &value) && !(minus && value > (uint64_t)INT64_MAX + 1)) {
        buf_printf(to, "%s%llu", minus && value != 0 ? "-" : "", (unsigned long long)value);
        return YAML_INT;
    }
    if (minus)
        buf_char(to, '-');
    return read_decimal(bare, to);
}

static enum yaml_kind
find_word(struct str s)
{
    if (s.n > LONGEST_WORD)
        return YAML_STRING;
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (str_is(s, words[i].text))
            return words[i].kind;
    }
    if (s.n == LONGEST_WORD && (s.p[0] == '+' || s.p[0] == '-') && s.p[1] == '.' &&
        find_word(str_slice(s, 1, s.n)) == YAML_NOT_FINITE && (s.p[2] | 0x20) == 'i')
        return YAML_NOT_FINITE;
    return YAML_STRING;
}

enum yaml_kind
yaml_resolve(struct str s, bool only_true_false, struct buf *number)
{
    enum yaml_kind kind = find_word(s);
    cleanup_buf struct buf plain = BUF_INIT, text = BUF_INIT;

    if (only_true_false && (kind == YAML_TRUE || kind == YAML_FALSE) && (s.p[0] | 0x20) != 't' &&
        (s.p[0] | 0x20) != 'f')
        return YAML_STRING;
    if (kind != YAML_STRING)
        return kind;
    if (!is_digit(s.p[0]) && s.p[0] != '+' && s.p[0] != '-' && s.p[0] != '.')
        return YAML_STRING;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != '_')
            buf_char(&plain, s.p[i]);
    }
    kind = read_number(buf_view(&plain), &text);
    if (kind != YAML_STRING && number != NULL)
        buf_str(number, buf_view(&text));
    return kind;
}

/* yyyy-m-d, alone or followed by a time of day. */
static bool
looks_like_time(struct str s)
{
    size_t month, day;

    if (digits_from(s, 0) != 4 || s.n < 6 || s.p[4] != '-')
        return false;
    month = digits_from(s, 5);
    if (month == 5 || month >= s.n || s.p[month] != '-')
        return false;
    day = digits_from(s, month + 1);
    if (day == month + 1)
        return false;
    return day == s.n || s.p[day] == 'T' || s.p[day] == 't' || s.p[day] == ' ';
}

/* Digits in groups with colons between them: 1:30, 190:20:30.15. */
static bool
looks_like_base_60(struct str s)
{
    size_t i = s.n != 0 && (s.p[0] == '-' || s.p[0] == '+') ? 1 : 0;

    if (i == s.n || !is_digit(s.p[i]) || str_find_char(s, ':', 0) < 0)
        return false;
    for (; i < s.n; i++) {
        if (!is_digit(s.p[i]) && s.p[i] != ':' && s.p[i] != '_' && s.p[i] != '.')
            return false;
    }
    return true;
}

bool
yaml_is_plainly_string(struct str s)
{
    return yaml_resolve(s, false, NULL) == YAML_STRING && !looks_like_time(s) &&
           !looks_like_base_60(s);
}
