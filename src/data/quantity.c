#include "data/quantity.h"

#include <inttypes.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"

#define NANO ((__int128)1000000000)
#define MOST ((__int128)INT64_MAX * NANO)

enum { MOST_EXPONENT = 1000 };

struct suffix {
    struct str text;
    enum quantity_format format;
    int power; /* of 10, or of 2 */
};

static const struct suffix suffixes[] = {
    {STR("n"), QUANTITY_DECIMAL, -9}, {STR("u"), QUANTITY_DECIMAL, -6},
    {STR("m"), QUANTITY_DECIMAL, -3}, {STR(""), QUANTITY_DECIMAL, 0},
    {STR("k"), QUANTITY_DECIMAL, 3},  {STR("M"), QUANTITY_DECIMAL, 6},
    {STR("G"), QUANTITY_DECIMAL, 9},  {STR("T"), QUANTITY_DECIMAL, 12},
    {STR("P"), QUANTITY_DECIMAL, 15}, {STR("E"), QUANTITY_DECIMAL, 18},
    {STR("Ki"), QUANTITY_BINARY, 10}, {STR("Mi"), QUANTITY_BINARY, 20},
    {STR("Gi"), QUANTITY_BINARY, 30}, {STR("Ti"), QUANTITY_BINARY, 40},
    {STR("Pi"), QUANTITY_BINARY, 50}, {STR("Ei"), QUANTITY_BINARY, 60},
};

static __int128
clip(__int128 nano)
{
    return nano > MOST ? MOST : nano < -MOST ? -MOST : nano;
}

static bool
find_suffix(struct str s, enum quantity_format *format, int *power)
{
    int64_t exponent;
    bool plus;

    for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
        if (str_eq(s, suffixes[i].text)) {
            *format = suffixes[i].format;
            *power = suffixes[i].power;
            return true;
        }
    }
    if (s.n < 2 || (s.p[0] != 'e' && s.p[0] != 'E'))
        return false;
    plus = s.p[1] == '+';
    s = str_slice(s, plus ? 2 : 1, s.n);
    if (s.n == 0 || (plus && s.p[0] == '-') || !str_to_int(s, &exponent))
        return false;
    *format = QUANTITY_EXPONENT;
    *power = exponent > MOST_EXPONENT    ? MOST_EXPONENT
             : exponent < -MOST_EXPONENT ? -MOST_EXPONENT
                                         : (int)exponent;
    return true;
}

/* Digits with a point among them, times 10^shift, in units; rounded up and clipped.  The sum may
 * need a few digits more than the limit, so that it stops growing there. */
static __int128
scale_digits(struct str digits, int shift)
{
    __int128 value = 0;
    bool rest = false, behind_point = false;
    int decimals = 0;

    for (size_t i = 0; i < digits.n; i++) {
        if (digits.p[i] == '.') {
            behind_point = true;
        } else if (value > MOST) {
            decimals -= !behind_point; /* too large already: only its size counts */
        } else {
            value = value * 10 + (digits.p[i] - '0');
            decimals += behind_point;
        }
    }
    for (shift -= decimals; shift > 0 && value != 0 && value <= MOST; shift--)
        value *= 10;
    for (; shift < 0 && (value != 0 || rest); shift++) {
        rest = rest || value % 10 != 0;
        value /= 10;
        if (value == 0)
            break;
    }
    return value + rest;
}

static int
refuse(struct str text, struct err *e)
{
    return err_set(e, ERR_BADREQUEST, "'%.*s' is not a quantity such as 500m, 1.5, 64Mi, 2G or 1e3",
                   (int)(text.n < 100 ? text.n : 100), text.p);
}

int
quantity_parse(struct str text, struct quantity *ret, struct err *e)
{
    size_t start = text.n != 0 && (text.p[0] == '-' || text.p[0] == '+') ? 1 : 0, i = start;
    size_t digits = 0, points = 0;
    struct str number;
    __int128 nano;
    int power;

    for (; i < text.n && ((text.p[i] >= '0' && text.p[i] <= '9') || text.p[i] == '.'); i++) {
        if (text.p[i] == '.')
            points++;
        else
            digits++;
    }
    if (digits == 0 || points > 1 || !find_suffix(str_slice(text, i, text.n), &ret->format, &power))
        return refuse(text, e);
    number = str_slice(text, start, i);
    if (ret->format == QUANTITY_BINARY) {
        /* Nine decimals before the factor leave nothing out that counts: 2^10 or more times a
         * smaller one is cut in upstream's arithmetic as well. */
        nano = clip(scale_digits(number, 9));
        nano = nano > MOST >> power ? MOST : nano << power;
    } else {
        nano = clip(scale_digits(number, 9 + power));
    }
    ret->nano = text.p[0] == '-' ? -nano : nano;
    return 0;
}

int
quantity_cmp(struct quantity a, struct quantity b)
{
    return (a.nano > b.nano) - (a.nano < b.nano);
}

struct quantity
quantity_add(struct quantity a, struct quantity b)
{
    return (struct quantity){
        .nano = clip(a.nano + b.nano),
        .format = a.nano != 0 ? a.format : b.format,
    };
}

/* Division away from zero. */
static int64_t
divide_up(__int128 nano, __int128 by)
{
    __int128 value = nano / by + (nano % by > 0) - (nano % by < 0);

    return value > INT64_MAX ? INT64_MAX : value < -INT64_MAX ? -INT64_MAX : (int64_t)value;
}

int64_t
quantity_value(struct quantity q)
{
    return divide_up(q.nano, NANO);
}

int64_t
quantity_milli(struct quantity q)
{
    return divide_up(q.nano, NANO / 1000);
}

static void
write_binary(struct buf *to, int64_t value)
{
    static const char letters[] = "KMGTPE";
    int i = 0;

    for (; i < 6 && value != 0 && value % 1024 == 0; i++)
        value /= 1024;
    buf_printf(to, "%" PRId64, value);
    if (i != 0)
        buf_printf(to, "%ci", letters[i - 1]);
}

/* A fraction of a large number has more digits than 64 bits hold. */
static void
write_digits(struct buf *to, __int128 value)
{
    char digits[40];
    size_t at = sizeof digits;

    do {
        digits[--at] = (char)('0' + (int)(value % 10));
        value /= 10;
    } while (value != 0);
    buf_str(to, str_make(digits + at, sizeof digits - at));
}

/* In billionths, which are above zero: by thousands up to the suffix that fits. */
static void
write_thousands(struct buf *to, __int128 nano, bool exponent)
{
    static const char letters[] = "num kMGTPE";
    int i = 0;

    for (; i < 9 && nano % 1000 == 0; i++)
        nano /= 1000;
    write_digits(to, nano);
    if (i != 3 && exponent)
        buf_printf(to, "e%d", 3 * i - 9);
    else if (i != 3)
        buf_char(to, letters[i]);
}

void
quantity_write(struct buf *to, struct quantity q)
{
    __int128 magnitude = q.nano < 0 ? -q.nano : q.nano;

    if (q.nano == 0) {
        buf_char(to, '0');
        return;
    }
    if (q.nano < 0)
        buf_char(to, '-');
    if (q.format == QUANTITY_BINARY && magnitude % NANO == 0 && magnitude >= 1024 * NANO)
        write_binary(to, (int64_t)(magnitude / NANO));
    else
        write_thousands(to, magnitude, q.format == QUANTITY_EXPONENT);
}
