#include "data/duration.h"

#include <inttypes.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"

struct unit {
    struct str name;
    int64_t ns;
};

static const struct unit units[] = {
    /* The longer names first: "ms" is not minutes. */
    {STR("ns"), 1},
    {STR("us"), DURATION_US},
    {STR("\xc2\xb5s"), DURATION_US}, /* micro sign */
    {STR("\xce\xbcs"), DURATION_US}, /* Greek mu */
    {STR("ms"), DURATION_MS},
    {STR("s"), DURATION_SECOND},
    {STR("m"), DURATION_MINUTE},
    {STR("h"), DURATION_HOUR},
    {STR("d"), DURATION_DAY},
};

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static const struct unit *
take_unit(struct str *rest)
{
    for (size_t i = 0; i < ARRAY_LEN(units); i++) {
        if (str_starts(*rest, units[i].name)) {
            *rest = str_slice(*rest, units[i].name.n, rest->n);
            return &units[i];
        }
    }
    return NULL;
}

/* digits [. digits], of which at least one, with its unit; adds to *ns.  Digits of the fraction
 * that are worth less than a nanosecond are dropped. */
static bool
take_part(struct str *rest, int64_t *ns)
{
    int64_t whole = 0, fraction = 0, scale = 1, value;
    const struct unit *unit;
    size_t i = 0, digits;

    for (; i < rest->n && is_digit(rest->p[i]); i++) {
        if (__builtin_mul_overflow(whole, 10, &whole) ||
            __builtin_add_overflow(whole, rest->p[i] - '0', &whole))
            return false;
    }
    digits = i;
    if (i < rest->n && rest->p[i] == '.') {
        for (i++; i < rest->n && is_digit(rest->p[i]); i++, digits++) {
            if (scale <= INT64_C(10000000000000)) {
                fraction = fraction * 10 + (rest->p[i] - '0');
                scale *= 10;
            }
        }
    }
    *rest = str_slice(*rest, i, rest->n);
    unit = take_unit(rest);
    if (digits == 0 || unit == NULL || __builtin_mul_overflow(whole, unit->ns, &value))
        return false;
    fraction = (int64_t)((__int128)fraction * unit->ns / scale);
    return !__builtin_add_overflow(value, fraction, &value) &&
           !__builtin_add_overflow(*ns, value, ns);
}

static int
refuse(struct str text, struct err *e)
{
    return err_set(e, ERR_BADREQUEST,
                   "'%.*s' is not a duration such as 90s, 1h30m, 2d or a number of seconds",
                   (int)(text.n < 100 ? text.n : 100), text.p);
}

int
duration_parse(struct str text, int64_t *ret_ns, struct err *e)
{
    struct str rest = text;
    bool minus = text.n != 0 && text.p[0] == '-';
    int64_t ns = 0;

    if (str_to_int(text, &ns)) {
        if (__builtin_mul_overflow(ns, DURATION_SECOND, ret_ns))
            return refuse(text, e);
        return 0;
    }
    if (minus || (text.n != 0 && text.p[0] == '+'))
        rest = str_slice(text, 1, text.n);
    if (rest.n == 0)
        return refuse(text, e);
    for (ns = 0; rest.n != 0;) {
        if (!take_part(&rest, &ns))
            return refuse(text, e);
    }
    *ret_ns = minus ? -ns : ns;
    return 0;
}

/* value / scale with as many decimals as it needs. */
static void
write_fraction(struct buf *to, uint64_t value, uint64_t scale)
{
    uint64_t rest = value % scale;

    buf_printf(to, "%" PRIu64, value / scale);
    if (rest == 0)
        return;
    buf_char(to, '.');
    while (rest != 0) {
        scale /= 10;
        buf_char(to, (char)('0' + rest / scale));
        rest %= scale;
    }
}

void
duration_write(struct buf *to, int64_t ns)
{
    uint64_t u = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;
    uint64_t minutes = u / (uint64_t)DURATION_MINUTE;

    if (ns < 0)
        buf_char(to, '-');
    if (u == 0) {
        buf_cstr(to, "0s");
    } else if (u < (uint64_t)DURATION_US) {
        buf_printf(to, "%" PRIu64 "ns", u);
    } else if (u < (uint64_t)DURATION_MS) {
        write_fraction(to, u, (uint64_t)DURATION_US);
        buf_cstr(to, "\xc2\xb5s");
    } else if (u < (uint64_t)DURATION_SECOND) {
        write_fraction(to, u, (uint64_t)DURATION_MS);
        buf_cstr(to, "ms");
    } else {
        if (minutes >= 60)
            buf_printf(to, "%" PRIu64 "h", minutes / 60);
        if (minutes != 0)
            buf_printf(to, "%" PRIu64 "m", minutes % 60);
        write_fraction(to, u % (uint64_t)DURATION_MINUTE, (uint64_t)DURATION_SECOND);
        buf_char(to, 's');
    }
}

static void
write_two(struct buf *to, int64_t a, char a_unit, int64_t b, char b_unit)
{
    buf_printf(to, "%" PRId64 "%c", a, a_unit);
    if (b != 0)
        buf_printf(to, "%" PRId64 "%c", b, b_unit);
}

void
duration_write_age(struct buf *to, int64_t ns)
{
    int64_t seconds = ns / DURATION_SECOND;
    int64_t minutes = seconds / 60, hours = seconds / 3600, days = hours / 24;

    if (seconds < -1)
        buf_cstr(to, "<invalid>");
    else if (seconds < 0)
        buf_cstr(to, "0s");
    else if (seconds < 120)
        buf_printf(to, "%" PRId64 "s", seconds);
    else if (minutes < 10)
        write_two(to, minutes, 'm', seconds % 60, 's');
    else if (minutes < 180)
        buf_printf(to, "%" PRId64 "m", minutes);
    else if (hours < 8)
        write_two(to, hours, 'h', minutes % 60, 'm');
    else if (hours < 48)
        buf_printf(to, "%" PRId64 "h", hours);
    else if (hours < 192)
        write_two(to, days, 'd', hours % 24, 'h');
    else if (days < 365 * 2)
        buf_printf(to, "%" PRId64 "d", days);
    else if (days < 365 * 8)
        write_two(to, days / 365, 'y', days % 365, 'd');
    else
        buf_printf(to, "%" PRId64 "y", days / 365);
}
