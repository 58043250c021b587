#include "cli/screentime.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "cli/treetable.h"
#include "data/json.h"

enum { MINUTE = 60, HOUR = 60 * MINUTE, DAY = 24 * HOUR, WEEK = 7 * DAY, MONTH = 30 * DAY };
enum { YEAR = 12 * MONTH };

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

/* "now", "4 hours ago", "1 minute from now". */
static void
write_distance(struct buf *to, int64_t at_us, int64_t now_us)
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
    write_distance(to, at_us, now_us);
    buf_char(to, ')');
}

void
screentime_stamp(struct buf *to, int64_t at_us)
{
    time_t s = at_us / CLOCK_SECOND;
    char text[64];
    struct tm tm;

    localtime_r(&s, &tm);
    strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S %z %Z", &tm);
    buf_cstr(to, text);
}

/* As Go prints a duration of whole seconds: "1h0m5s", "1m5s", "14s". */
static void
go_duration(struct buf *to, int64_t s)
{
    if (s >= 3600)
        buf_printf(to, "%" PRId64 "h", s / 3600);
    if (s >= 60)
        buf_printf(to, "%" PRId64 "m", s % 3600 / 60);
    buf_printf(to, "%" PRId64 "s", s % 60);
}

/* What one second of a resource stands for. */
static const char *
denominator(struct str resource)
{
    static const struct {
        const char *resource, *amount;
    } amounts[] = {{"memory", "100Mi"}, {"storage", "10Gi"}, {"ephemeral-storage", "10Gi"}};

    for (size_t i = 0; i < ARRAY_LEN(amounts); i++) {
        if (str_is(resource, amounts[i].resource))
            return amounts[i].amount;
    }
    return "1";
}

void
screentime_resources(struct buf *to, const struct json *durations)
{
    const char *comma = "";

    JSON_EACH (it, durations) {
        int64_t s;

        if (!json_int(it.value, &s))
            continue;
        buf_cstr(to, comma);
        go_duration(to, s > 0 ? s : 0);
        buf_printf(to, "*(%s ", denominator(it.key));
        treetable_clean(to, it.key);
        buf_char(to, ')');
        comma = ",";
    }
}
