#include "data/expr_gotime.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "data/expr_layout.h"

static int64_t
floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* Days are counted from 0000-03-01, so that the leap day is a year's last:
 * https://howardhinnant.github.io/date_algorithms.html */
int64_t
expr_gotime_days(int64_t year, int64_t month, int64_t day)
{
    int64_t era, of_era, of_year;

    year += floor_div(month - 1, 12);
    month = month - 12 * floor_div(month - 1, 12);
    year -= month <= 2;
    era = floor_div(year, 400);
    of_era = year - era * 400;
    of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

struct expr_civil
expr_gotime_civil(int64_t local)
{
    int64_t days = floor_div(local, 86400), left = local - days * 86400;
    int64_t z = days + 719468, era = floor_div(z, 146097), doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    struct expr_civil c = {.day = (int)(doy - (153 * mp + 2) / 5 + 1),
                           .month = (int)(mp < 10 ? mp + 3 : mp - 9),
                           .hour = (int)(left / 3600),
                           .minute = (int)(left / 60 % 60),
                           .second = (int)(left % 60)};

    c.year = yoe + era * 400 + (c.month <= 2);
    c.weekday = (int)(days + 4 - 7 * floor_div(days + 4, 7));
    c.yearday = (int)(days - expr_gotime_days(c.year, 1, 1) + 1);
    return c;
}

struct expr_value
expr_gotime_utc(int64_t seconds, int32_t nanos)
{
    return (struct expr_value){.type = EXPR_TIME,
                               .time = {.at = {.seconds = seconds, .nanos = nanos}, .zone = "UTC"}};
}

static void
format_offset(struct buf *to, int32_t offset, struct str text)
{
    int seconds = abs(offset);

    if (text.p[0] == 'Z' && offset == 0) {
        buf_char(to, 'Z');
        return;
    }
    buf_printf(to, "%c%02d", offset < 0 ? '-' : '+', seconds / 3600);
    if (text.n >= 5) {
        const char *colon = text.p[3] == ':' ? ":" : "";

        buf_printf(to, "%s%02d", colon, seconds / 60 % 60);
        if (text.n >= 7 && text.n != 6)
            buf_printf(to, "%s%02d", colon, seconds % 60);
    }
}

static void
format_fraction(struct buf *to, int32_t nanos, struct expr_layout *e)
{
    char digits[16];
    size_t n = e->text.n - 1 > 9 ? 9 : e->text.n - 1;

    snprintf(digits, sizeof digits, "%09d", nanos);
    if (e->kind == LAYOUT_FRACTION_TRIM) {
        while (n > 0 && digits[n - 1] == '0')
            n--;
        if (n == 0)
            return;
    }
    buf_char(to, e->text.p[0]);
    buf_add(to, digits, n);
}

static void
format_date(struct buf *to, const struct expr_civil *c, const struct expr_layout *e)
{
    switch (e->kind) {
    case LAYOUT_YEAR:
        buf_printf(to, "%04lld", (long long)c->year);
        break;
    case LAYOUT_YEAR2:
        buf_printf(to, "%02d", (int)(llabs(c->year) % 100));
        break;
    case LAYOUT_MONTH_NAME:
        buf_cstr(to, expr_layout_months[c->month - 1]);
        break;
    case LAYOUT_MONTH_SHORT:
        buf_add(to, expr_layout_months[c->month - 1], 3);
        break;
    case LAYOUT_MONTH:
    case LAYOUT_MONTH2:
        buf_printf(to, e->kind == LAYOUT_MONTH ? "%d" : "%02d", c->month);
        break;
    case LAYOUT_DAY_NAME:
        buf_cstr(to, expr_layout_days[c->weekday]);
        break;
    case LAYOUT_DAY_SHORT:
        buf_add(to, expr_layout_days[c->weekday], 3);
        break;
    case LAYOUT_DAY:
        buf_printf(to, "%d", c->day);
        break;
    case LAYOUT_DAY2:
    case LAYOUT_DAY_BLANK:
        buf_printf(to, e->kind == LAYOUT_DAY2 ? "%02d" : "%2d", c->day);
        break;
    case LAYOUT_YEARDAY:
        buf_printf(to, "%03d", c->yearday);
        break;
    default:
        buf_str(to, e->text);
    }
}

static void
format_clock(struct buf *to, const struct expr_civil *c, const struct expr_layout *e)
{
    int twelve = c->hour % 12 == 0 ? 12 : c->hour % 12;

    switch (e->kind) {
    case LAYOUT_HOUR24:
        buf_printf(to, "%02d", c->hour);
        break;
    case LAYOUT_HOUR12:
    case LAYOUT_HOUR12_2:
        buf_printf(to, e->kind == LAYOUT_HOUR12 ? "%d" : "%02d", twelve);
        break;
    case LAYOUT_MINUTE:
    case LAYOUT_MINUTE2:
        buf_printf(to, e->kind == LAYOUT_MINUTE ? "%d" : "%02d", c->minute);
        break;
    case LAYOUT_SECOND:
    case LAYOUT_SECOND2:
        buf_printf(to, e->kind == LAYOUT_SECOND ? "%d" : "%02d", c->second);
        break;
    case LAYOUT_PM:
        buf_cstr(to, c->hour >= 12 ? "PM" : "AM");
        break;
    case LAYOUT_PM_LOWER:
        buf_cstr(to, c->hour >= 12 ? "pm" : "am");
        break;
    default:
        format_date(to, c, e);
    }
}

void
expr_gotime_format(struct buf *to, struct expr_value v, struct str layout)
{
    struct expr_civil c = expr_gotime_civil(v.time.at.seconds + v.time.at.offset);
    struct expr_layout e;

    while (expr_layout_next(&layout, &e)) {
        if (e.kind == LAYOUT_ZONE_NAME)
            buf_cstr(to, v.time.zone);
        else if (e.kind == LAYOUT_OFFSET)
            format_offset(to, v.time.at.offset, e.text);
        else if (e.kind == LAYOUT_FRACTION || e.kind == LAYOUT_FRACTION_TRIM)
            format_fraction(to, v.time.at.nanos, &e);
        else
            format_clock(to, &c, &e);
    }
}

/* Durations. */

static const struct {
    const char *name;
    int64_t nanos;
} units[] = {{"ns", 1},       {"us", 1000},      {"\xc2\xb5s", 1000}, {"\xce\xbcs", 1000},
             {"ms", 1000000}, {"s", 1000000000}, {"m", 60000000000},  {"h", 3600000000000}};

/* The unit that `s` begins with: its nanoseconds, and *n its length; 0 if none. */
static int64_t
find_unit(struct str s, size_t *n)
{
    *n = 0;
    while (*n < s.n && s.p[*n] != '.' && (s.p[*n] < '0' || s.p[*n] > '9'))
        (*n)++;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (str_is(str_slice(s, 0, *n), units[i].name))
            return units[i].nanos;
    }
    return 0;
}

/* One number with its unit, cut off *s. */
static bool
parse_part(struct str *s, double *nanos)
{
    size_t digits = 0, unit_n;
    double number;
    int64_t unit;

    while (digits < s->n && (s->p[digits] == '.' || (s->p[digits] >= '0' && s->p[digits] <= '9')))
        digits++;
    if (digits == 0 || (digits == 1 && s->p[0] == '.'))
        return false;
    unit = find_unit(str_slice(*s, digits, s->n), &unit_n);
    char text[64];
    snprintf(text, sizeof text, "0%.*s0", STR_ARG(str_slice(*s, 0, digits)));
    if (memchr(s->p, '.', digits) == NULL)
        text[strlen(text) - 1] = '\0';
    if (unit == 0 || digits > 40 || !str_to_double(str_of(text), &number))
        return false;
    *nanos += number * (double)unit;
    *s = str_slice(*s, digits + unit_n, s->n);
    return true;
}

int
expr_gotime_parse_duration(struct str text, int64_t *ret, struct err *e)
{
    struct str s = text;
    bool negative = s.n > 0 && s.p[0] == '-';
    double nanos = 0;

    if (s.n > 0 && (s.p[0] == '-' || s.p[0] == '+'))
        s = str_slice(s, 1, s.n);
    if (str_is(s, "0")) {
        *ret = 0;
        return 0;
    }
    do {
        if (s.n == 0 || !parse_part(&s, &nanos))
            return err_set(e, ERR_INVALID, "time: invalid duration \"%.*s\"",
                           STR_ARG(str_slice(text, 0, 100)));
    } while (s.n > 0);
    if (nanos >= 9.2233720368547758e18)
        return err_set(e, ERR_INVALID, "time: invalid duration \"%.*s\"",
                       STR_ARG(str_slice(text, 0, 100)));
    *ret = (int64_t)(negative ? -nanos : nanos);
    return 0;
}
