#include "cli/screentime.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"

enum { MINUTE = 60, HOUR = 60 * MINUTE, DAY = 24 * HOUR, WEEK = 7 * DAY, MONTH = 30 * DAY };
enum { YEAR = 12 * MONTH };

/* A fixed-width decimal at *at; moves behind it. */
static bool
digits(struct str s, size_t *at, size_t width, int *ret)
{
    *ret = 0;
    for (size_t i = 0; i < width; i++, (*at)++) {
        if (*at >= s.n || s.p[*at] < '0' || s.p[*at] > '9')
            return false;
        *ret = *ret * 10 + (s.p[*at] - '0');
    }
    return true;
}

static bool
letter(struct str s, size_t *at, char lower, char upper)
{
    if (*at >= s.n || (s.p[*at] != lower && s.p[*at] != upper))
        return false;
    (*at)++;
    return true;
}

static bool
fraction(struct str s, size_t *at, int64_t *us)
{
    int64_t scale = CLOCK_SECOND / 10;
    size_t first;

    *us = 0;
    if (*at >= s.n || s.p[*at] != '.')
        return true;
    first = ++*at;
    for (; *at < s.n && s.p[*at] >= '0' && s.p[*at] <= '9'; (*at)++, scale /= 10)
        *us += (s.p[*at] - '0') * scale;
    return *at > first;
}

static bool
offset(struct str s, size_t *at, int64_t *seconds)
{
    int hours, minutes, sign;

    *seconds = 0;
    if (letter(s, at, 'z', 'Z'))
        return true;
    if (*at >= s.n || (s.p[*at] != '+' && s.p[*at] != '-'))
        return false;
    sign = s.p[(*at)++] == '-' ? -1 : 1;
    if (!digits(s, at, 2, &hours) || !letter(s, at, ':', ':') || !digits(s, at, 2, &minutes))
        return false;
    *seconds = (int64_t)sign * (hours * HOUR + minutes * MINUTE);
    return hours < 24 && minutes < 60;
}

bool
screentime_parse(struct str text, int64_t *ret)
{
    struct tm tm = {0};
    size_t at = 0;
    int64_t us, zone;

    if (!digits(text, &at, 4, &tm.tm_year) || !letter(text, &at, '-', '-') ||
        !digits(text, &at, 2, &tm.tm_mon) || !letter(text, &at, '-', '-') ||
        !digits(text, &at, 2, &tm.tm_mday) || !letter(text, &at, 't', 'T') ||
        !digits(text, &at, 2, &tm.tm_hour) || !letter(text, &at, ':', ':') ||
        !digits(text, &at, 2, &tm.tm_min) || !letter(text, &at, ':', ':') ||
        !digits(text, &at, 2, &tm.tm_sec) || !fraction(text, &at, &us) ||
        !offset(text, &at, &zone) || at != text.n)
        return false;
    if (tm.tm_mon < 1 || tm.tm_mon > 12 || tm.tm_mday < 1 || tm.tm_mday > 31 || tm.tm_hour > 23 ||
        tm.tm_min > 59 || tm.tm_sec > 60)
        return false;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    *ret = ((int64_t)timegm(&tm) - zone) * CLOCK_SECOND + us;
    return true;
}

static int64_t
seconds_of(int64_t us)
{
    return llabs(us / CLOCK_SECOND);
}

void
screentime_short(struct buf *to, int64_t us)
{
    int64_t s = seconds_of(us);

    if (s < MINUTE)
        buf_printf(to, "%" PRId64 "s", s);
    else if (s < HOUR)
        buf_printf(to, "%" PRId64 "m", s / MINUTE);
    else if (s < DAY)
        buf_printf(to, "%" PRId64 "h", s / HOUR);
    else
        buf_printf(to, "%" PRId64 "d", s / DAY);
}

/* What one unit is called up to a limit; the last row has no limit.  The odd row for a year and a
 * half is upstream's rounding. */
static const struct unit {
    int64_t below; /* seconds */
    int64_t size;
    const char *name;
} units[] = {
    {MINUTE, 1, "second"}, {HOUR, MINUTE, "minute"}, {DAY, HOUR, "hour"},       {WEEK, DAY, "day"},
    {MONTH, WEEK, "week"}, {YEAR, MONTH, "month"},   {INT64_MAX, YEAR, "year"},
};

static void
largest_unit(struct buf *to, int64_t s)
{
    const struct unit *u = units;
    int64_t count;

    while (s >= u->below)
        u++;
    count = s / u->size;
    if (u->size == YEAR && s >= 18 * (int64_t)MONTH && s < 2 * (int64_t)YEAR)
        count = 2;
    buf_printf(to, "%" PRId64 " %s%s", count, u->name, count == 1 ? "" : "s");
}

void
screentime_long(struct buf *to, int64_t us)
{
    int64_t s = seconds_of(us);

    largest_unit(to, s);
    if (s < MINUTE)
        return;
    if (s < HOUR)
        buf_printf(to, " %" PRId64 " seconds", s % MINUTE);
    else if (s < DAY)
        buf_printf(to, " %" PRId64 " minutes", s % HOUR / MINUTE);
    else
        buf_printf(to, " %" PRId64 " hours", s % DAY / HOUR);
}

void
screentime_ago(struct buf *to, int64_t at_us, int64_t now_us)
{
    int64_t s = seconds_of(now_us - at_us);

    if (s == 0) {
        buf_cstr(to, "now");
        return;
    }
    largest_unit(to, s);
    buf_cstr(to, at_us <= now_us ? " ago" : " from now");
}

void
screentime_moment(struct buf *to, int64_t at_us, int64_t now_us)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t s = at_us / CLOCK_SECOND;
    struct tm tm = {0};
    long zone;

    localtime_r(&s, &tm);
    zone = tm.tm_gmtoff / MINUTE;
    buf_printf(to, "%s %s %02d %02d:%02d:%02d %c%02ld%02ld (", days[tm.tm_wday], months[tm.tm_mon],
               tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, zone < 0 ? '-' : '+', labs(zone) / 60,
               labs(zone) % 60);
    screentime_ago(to, at_us, now_us);
    buf_char(to, ')');
}
