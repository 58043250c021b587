#include "data/timestamp.h"

#include "base/buf.h"
#include "base/civil.h"
#include "base/err.h"

static void
date_of(int64_t days, struct timestamp_parts *t)
{
    struct civil date = civil_date(days);

    t->day = date.day;
    t->month = date.month;
    t->year = date.year;
    t->week_day = (int)(((days % 7) + 11) % 7); /* 1970 began on a Thursday */
    t->year_day = (int)(days - civil_days(t->year, 1, 1));
}

struct timestamp_parts
timestamp_split(int64_t us)
{
    struct timestamp_parts t = {0};
    int64_t seconds = civil_floor_div(us, TIMESTAMP_SECOND),
            days = civil_floor_div(seconds, CIVIL_DAY_SECONDS);
    int in_day = (int)(seconds - days * CIVIL_DAY_SECONDS);

    date_of(days, &t);
    t.hour = in_day / 3600;
    t.minute = in_day / 60 % 60;
    t.second = in_day % 60;
    t.micro = (int)(us - seconds * TIMESTAMP_SECOND);
    return t;
}

int64_t
timestamp_join(const struct timestamp_parts *t)
{
    int64_t seconds = civil_days(t->year, t->month, t->day) * CIVIL_DAY_SECONDS + t->hour * 3600 +
                      t->minute * 60 + t->second;

    return seconds * TIMESTAMP_SECOND + t->micro;
}

/* `n` digits with a value in [low, high], from the front of *rest. */
static bool
take(struct str *rest, int n, int low, int high, int *ret)
{
    int value = 0;

    if (rest->n < (size_t)n)
        return false;
    for (int i = 0; i < n; i++) {
        if (rest->p[i] < '0' || rest->p[i] > '9')
            return false;
        value = value * 10 + (rest->p[i] - '0');
    }
    *rest = str_slice(*rest, (size_t)n, rest->n);
    *ret = value;
    return value >= low && value <= high;
}

static bool
take_char(struct str *rest, char c)
{
    if (rest->n == 0 || (rest->p[0] != c && rest->p[0] != (c | 0x20)))
        return false;
    *rest = str_slice(*rest, 1, rest->n);
    return true;
}

static bool
take_fraction(struct str *rest, int *ret)
{
    int scale = 100000, digits = 0;

    *ret = 0;
    if (!take_char(rest, '.') && !take_char(rest, ','))
        return true;
    for (; rest->n != 0 && rest->p[0] >= '0' && rest->p[0] <= '9'; digits++, scale /= 10) {
        *ret += (rest->p[0] - '0') * scale;
        *rest = str_slice(*rest, 1, rest->n);
    }
    return digits != 0;
}

/* Z, or how far the clock there is ahead. */
static bool
take_zone(struct str *rest, int *ret_minutes)
{
    int hours = 0, minutes = 0;
    bool behind = rest->n != 0 && rest->p[0] == '-';

    *ret_minutes = 0;
    if (take_char(rest, 'Z'))
        return true;
    if (rest->n == 0 || (rest->p[0] != '+' && !behind))
        return false;
    *rest = str_slice(*rest, 1, rest->n);
    if (!take(rest, 2, 0, 23, &hours) || !take_char(rest, ':') || !take(rest, 2, 0, 59, &minutes))
        return false;
    *ret_minutes = (hours * 60 + minutes) * (behind ? -1 : 1);
    return true;
}

static int
days_in_month(int year, int month)
{
    static const signed char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return month == 2 && leap ? 29 : days[month - 1];
}

int
timestamp_parse(struct str text, int64_t *ret_us, struct err *e)
{
    struct timestamp_parts t = {0};
    struct str rest = text;
    int ahead = 0;

    if (!take(&rest, 4, 0, 9999, &t.year) || !take_char(&rest, '-') ||
        !take(&rest, 2, 1, 12, &t.month) || !take_char(&rest, '-') ||
        !take(&rest, 2, 1, days_in_month(t.year, t.month), &t.day) || !take_char(&rest, 'T') ||
        !take(&rest, 2, 0, 23, &t.hour) || !take_char(&rest, ':') ||
        !take(&rest, 2, 0, 59, &t.minute) || !take_char(&rest, ':') ||
        !take(&rest, 2, 0, 59, &t.second) || !take_fraction(&rest, &t.micro) ||
        !take_zone(&rest, &ahead) || rest.n != 0)
        return err_set(e, ERR_BADREQUEST, "'%.*s' is not a time such as 2024-05-17T09:31:42Z",
                       (int)(text.n < 100 ? text.n : 100), text.p);
    *ret_us = timestamp_join(&t) - ahead * 60 * TIMESTAMP_SECOND;
    return 0;
}

static void
write_seconds(struct buf *to, const struct timestamp_parts *t)
{
    buf_printf(to, "%04d-%02d-%02dT%02d:%02d:%02d", t->year, t->month, t->day, t->hour, t->minute,
               t->second);
}

void
timestamp_write(struct buf *to, int64_t us)
{
    struct timestamp_parts t = timestamp_split(us);

    write_seconds(to, &t);
    buf_char(to, 'Z');
}

void
timestamp_write_micro(struct buf *to, int64_t us)
{
    struct timestamp_parts t = timestamp_split(us);

    write_seconds(to, &t);
    buf_printf(to, ".%06dZ", t.micro);
}
