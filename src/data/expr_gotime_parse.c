#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

#include "base/arena.h"
#include "base/err.h"
#include "data/expr_gotime.h"
#include "data/expr_layout.h"

struct fields {
    int64_t year;
    int month, day, yearday;
    int hour, minute, second;
    int32_t nanos;
    bool pm_known, pm;
    bool offset_known;
    int32_t offset;
    struct str zone;
};

/* A number of at least `least` and at most `most` digits, cut off *s. */
static bool
take_number(struct str *s, size_t least, size_t most, int *ret)
{
    size_t n = 0;
    int v = 0;

    while (n < s->n && n < most && isdigit((unsigned char)s->p[n]))
        v = v * 10 + (s->p[n++] - '0');
    if (n < least)
        return false;
    *s = str_slice(*s, n, s->n);
    *ret = v;
    return true;
}

static bool
take_name(struct str *s, const char *const *names, size_t count, size_t length, int *ret)
{
    for (size_t i = 0; i < count; i++) {
        size_t n = length != 0 ? length : strlen(names[i]);

        if (s->n >= n && strncasecmp(s->p, names[i], n) == 0) {
            *s = str_slice(*s, n, s->n);
            *ret = (int)i;
            return true;
        }
    }
    return false;
}

/* Fractions of a second may follow the seconds even where the layout has none. */
static bool
take_fraction(struct str *s, int32_t *nanos)
{
    size_t n = 1;
    int32_t v = 0, unit = 100000000;

    while (n < s->n && isdigit((unsigned char)s->p[n])) {
        v += (s->p[n++] - '0') * unit;
        unit /= 10;
    }
    if (n == 1)
        return false;
    *nanos = v;
    *s = str_slice(*s, n, s->n);
    return true;
}

static bool
take_offset(struct str *s, struct str layout, struct fields *f)
{
    int hours, minutes = 0, seconds = 0;
    bool colon = layout.n > 3 && layout.p[3] == ':';
    bool negative;

    f->offset_known = true;
    if (layout.p[0] == 'Z' && s->n > 0 && s->p[0] == 'Z') {
        *s = str_slice(*s, 1, s->n);
        f->zone = STR("UTC");
        return true;
    }
    if (s->n == 0 || (s->p[0] != '+' && s->p[0] != '-'))
        return false;
    negative = s->p[0] == '-';
    *s = str_slice(*s, 1, s->n);
    if (!take_number(s, 2, 2, &hours))
        return false;
    for (size_t at = 3, part = 0; at < layout.n; at += colon ? 3 : 2, part++) {
        if (colon) {
            if (s->n == 0 || s->p[0] != ':')
                return false;
            *s = str_slice(*s, 1, s->n);
        }
        if (!take_number(s, 2, 2, part == 0 ? &minutes : &seconds))
            return false;
    }
    if (hours > 24 || minutes > 59 || seconds > 59)
        return false;
    f->offset = hours * 3600 + minutes * 60 + seconds;
    if (negative)
        f->offset = -f->offset;
    return true;
}

/* Three or four capital letters, or UTC. */
static bool
take_zone(struct str *s, struct fields *f)
{
    size_t n = 0;

    while (n < s->n && n < 5 && isupper((unsigned char)s->p[n]))
        n++;
    if (n < 3)
        return false;
    f->zone = str_slice(*s, 0, n);
    *s = str_slice(*s, n, s->n);
    return true;
}

static bool
take_date(struct str *s, const struct expr_layout *e, struct fields *f)
{
    int v;

    switch (e->kind) {
    case LAYOUT_YEAR:
        if (!take_number(s, 4, 4, &v))
            return false;
        f->year = v;
        return true;
    case LAYOUT_YEAR2:
        if (!take_number(s, 2, 2, &v))
            return false;
        f->year = v >= 69 ? 1900 + v : 2000 + v;
        return true;
    case LAYOUT_MONTH_NAME:
    case LAYOUT_MONTH_SHORT:
        if (!take_name(s, expr_layout_months, 12, e->kind == LAYOUT_MONTH_SHORT ? 3 : 0, &v))
            return false;
        f->month = v + 1;
        return true;
    case LAYOUT_DAY_NAME:
    case LAYOUT_DAY_SHORT:
        return take_name(s, expr_layout_days, 7, e->kind == LAYOUT_DAY_SHORT ? 3 : 0, &v);
    case LAYOUT_MONTH:
    case LAYOUT_MONTH2:
        return take_number(s, e->kind == LAYOUT_MONTH2 ? 2 : 1, 2, &f->month) && f->month >= 1 &&
               f->month <= 12;
    case LAYOUT_DAY_BLANK:
        if (s->n > 0 && s->p[0] == ' ')
            *s = str_slice(*s, 1, s->n);
        return take_number(s, 1, 2, &f->day);
    case LAYOUT_DAY:
    case LAYOUT_DAY2:
        return take_number(s, e->kind == LAYOUT_DAY2 ? 2 : 1, 2, &f->day);
    case LAYOUT_YEARDAY:
        return take_number(s, 3, 3, &f->yearday) && f->yearday >= 1 && f->yearday <= 366;
    default:
        if (!str_starts(*s, e->text))
            return false;
        *s = str_slice(*s, e->text.n, s->n);
        return true;
    }
}

static bool
take_seconds(struct str *s, const struct expr_layout *e, struct str rest, struct fields *f)
{
    struct expr_layout next;

    if (!take_number(s, e->kind == LAYOUT_SECOND2 ? 2 : 1, 2, &f->second) || f->second > 59)
        return false;
    if (s->n > 1 && s->p[0] == '.' && isdigit((unsigned char)s->p[1]) &&
        !(expr_layout_next(&rest, &next) &&
          (next.kind == LAYOUT_FRACTION || next.kind == LAYOUT_FRACTION_TRIM)))
        return take_fraction(s, &f->nanos);
    return true;
}

static bool
take_clock(struct str *s, const struct expr_layout *e, struct str rest, struct fields *f)
{
    static const char *const halves[] = {"AM", "PM"};
    int v;

    switch (e->kind) {
    case LAYOUT_HOUR24:
        return take_number(s, 2, 2, &f->hour) && f->hour < 24;
    case LAYOUT_HOUR12:
    case LAYOUT_HOUR12_2:
        return take_number(s, e->kind == LAYOUT_HOUR12 ? 1 : 2, 2, &f->hour) && f->hour <= 12;
    case LAYOUT_MINUTE:
    case LAYOUT_MINUTE2:
        return take_number(s, e->kind == LAYOUT_MINUTE ? 1 : 2, 2, &f->minute) && f->minute < 60;
    case LAYOUT_SECOND:
    case LAYOUT_SECOND2:
        return take_seconds(s, e, rest, f);
    case LAYOUT_FRACTION:
    case LAYOUT_FRACTION_TRIM:
        if (s->n > 0 && (s->p[0] == '.' || s->p[0] == ','))
            return take_fraction(s, &f->nanos);
        return e->kind == LAYOUT_FRACTION_TRIM;
    case LAYOUT_PM:
    case LAYOUT_PM_LOWER:
        f->pm_known = true;
        if (!take_name(s, halves, 2, 2, &v))
            return false;
        f->pm = v == 1;
        return true;
    case LAYOUT_ZONE_NAME:
        return take_zone(s, f);
    case LAYOUT_OFFSET:
        return take_offset(s, e->text, f);
    default:
        return take_date(s, e, f);
    }
}

static bool
is_date(const struct fields *f)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = f->year % 4 == 0 && (f->year % 100 != 0 || f->year % 400 == 0);

    return f->day >= 1 && f->day <= lengths[f->month - 1] + (f->month == 2 && leap);
}

/* What the fields say, in the zone they name or else in `zone`. */
static struct expr_value
assemble(struct arena *a, struct fields *f, struct str zone)
{
    int64_t days = expr_gotime_days(f->year, f->month, f->day), local;
    struct expr_value t;

    if (f->yearday > 0)
        days = expr_gotime_days(f->year, 1, 1) + f->yearday - 1;
    if (f->pm_known)
        f->hour = f->hour % 12 + (f->pm ? 12 : 0);
    local = days * 86400 + f->hour * 3600 + f->minute * 60 + f->second;
    t = expr_gotime_utc(local - f->offset, f->nanos);
    if (f->offset_known || f->zone.n > 0) {
        t.time.at.offset = f->offset;
        t.time.zone = f->zone.n > 0 ? str_dup_arena(a, f->zone) : f->offset == 0 ? "UTC" : "";
        if (t.time.zone[0] == '\0')
            t.time.zone = arena_printf(a, "%+03d%02d", f->offset / 3600, abs(f->offset) / 60 % 60);
        return t;
    }
    /* The offset of a local time: that of the instant which the first guess gives. */
    t = expr_gotime_in(a, t, zone);
    t = expr_gotime_in(a, expr_gotime_utc(local - t.time.at.offset, f->nanos), zone);
    return expr_gotime_in(a, expr_gotime_utc(local - t.time.at.offset, f->nanos), zone);
}

int
expr_gotime_parse(struct arena *a, struct str text, struct str layout, struct str zone,
                  struct expr_value *ret, struct err *e)
{
    struct fields f = {.month = 1, .day = 1};
    struct str s = text, rest = layout;
    struct expr_layout element;
    bool ok = true;

    while (ok && expr_layout_next(&rest, &element))
        ok = take_clock(&s, &element, rest, &f);
    if (!ok || s.n > 0)
        return err_set(e, ERR_INVALID,
                       "parsing time \"%.*s\" as \"%.*s\": it is not written like that",
                       STR_ARG(str_slice(text, 0, 100)), STR_ARG(str_slice(layout, 0, 100)));
    if (!is_date(&f))
        return err_set(e, ERR_INVALID, "parsing time \"%.*s\": day out of range",
                       STR_ARG(str_slice(text, 0, 100)));
    *ret = assemble(a, &f, zone);
    return 0;
}
