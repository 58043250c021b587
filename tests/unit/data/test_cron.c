#include "data/cron.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/err.h"
#include "data/timestamp.h"
#include "data/zone.h"
#include "tests/unit/test.h"

static const char *
next(const char *schedule, const char *zone, const char *after)
{
    static char text[64];
    cleanup_zone struct zone *z = NULL;
    cleanup_buf struct buf out = BUF_INIT;
    struct err e = ERR_INIT;
    struct cron c;
    int64_t at;

    if (cron_parse(str_of(schedule), &c, &e) < 0) {
        snprintf(text, sizeof text, "%.63s", e.msg);
        return text;
    }
    CHECK_INT(zone_load(str_of(zone), &z, &e), 0);
    CHECK_TRUE(timestamp_parse(str_of(after), &at, &e) >= 0);
    at = cron_next(&c, z, at);
    if (at == 0)
        return "never";
    timestamp_write(&out, at);
    snprintf(text, sizeof text, "%s", buf_cstring(&out));
    return text;
}

#define NEXT(schedule, after, want) CHECK_STR(next(schedule, "UTC", after), want)
#define NEXT_IN(schedule, zone, after, want) CHECK_STR(next(schedule, zone, after), want)

TEST(fields_say_when)
{
    NEXT("* * * * *", "2024-01-01T00:00:00Z", "2024-01-01T00:01:00Z");
    NEXT("* * * * *", "2024-01-01T00:00:59Z", "2024-01-01T00:01:00Z");
    NEXT("5 5 5 * *", "2024-01-05T05:05:00Z", "2024-02-05T05:05:00Z");
    NEXT("*/20 * * * *", "2024-01-01T00:41:00Z", "2024-01-01T01:00:00Z");
    NEXT("7/20 * * * *", "2024-01-01T00:08:00Z", "2024-01-01T00:27:00Z");
    NEXT("0 9-17/4 * * *", "2024-01-01T13:00:00Z", "2024-01-01T17:00:00Z");
    NEXT("0 0 1 jan,JUL *", "2024-01-01T00:00:00Z", "2024-07-01T00:00:00Z");
    NEXT("0 0 * * mon-fri", "2024-01-05T12:00:00Z", "2024-01-08T00:00:00Z");
    NEXT("0 0 29 2 *", "2025-01-01T00:00:00Z", "2028-02-29T00:00:00Z");
    NEXT("0 0 30 2 *", "2025-01-01T00:00:00Z", "never");
    NEXT("59 23 31 12 *", "2024-12-31T23:59:00Z", "2025-12-31T23:59:00Z");
}

TEST(either_day_will_do_where_both_are_restricted)
{
    NEXT("0 0 13 * fri", "2024-09-01T00:00:00Z", "2024-09-06T00:00:00Z");
    NEXT("0 0 13 * *", "2024-09-01T00:00:00Z", "2024-09-13T00:00:00Z");
    NEXT("0 0 * * fri", "2024-09-06T00:00:00Z", "2024-09-13T00:00:00Z");
    /* A step makes a restriction of the star. */
    NEXT("0 0 */2 * mon", "2024-09-01T00:00:00Z", "2024-09-02T00:00:00Z");
}

TEST(words_say_when)
{
    NEXT("@hourly", "2024-01-01T00:30:00Z", "2024-01-01T01:00:00Z");
    NEXT("@daily", "2024-01-01T00:30:00Z", "2024-01-02T00:00:00Z");
    NEXT("@weekly", "2024-01-01T00:30:00Z", "2024-01-07T00:00:00Z");
    NEXT("@monthly", "2024-01-01T00:30:00Z", "2024-02-01T00:00:00Z");
    NEXT("@yearly", "2024-01-01T00:30:00Z", "2025-01-01T00:00:00Z");
    NEXT("@every 1h30m", "2024-01-01T00:30:00Z", "2024-01-01T02:00:00Z");
    NEXT("@every 10ms", "2024-01-01T00:00:00Z", "2024-01-01T00:00:01Z");
}

TEST(a_zone_has_its_own_clock)
{
    struct err e = ERR_INIT;
    struct cron c;

    NEXT_IN("0 9 * * *", "Asia/Tokyo", "2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z");
    NEXT_IN("30 5 * * *", "Asia/Kolkata", "2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z");
    /* 02:30 does not exist on that day in spring, and 01:30 comes twice in autumn. */
    NEXT_IN("30 2 * * *", "America/New_York", "2024-03-09T12:00:00Z", "2024-03-11T06:30:00Z");
    NEXT_IN("30 1 * * *", "America/New_York", "2024-11-03T00:00:00Z", "2024-11-03T05:30:00Z");
    NEXT_IN("30 1 * * *", "America/New_York", "2024-11-03T05:30:00Z", "2024-11-03T06:30:00Z");
    NEXT_IN("30 1 * * *", "America/New_York", "2024-11-03T06:30:00Z", "2024-11-04T06:30:00Z");
    CHECK_INT(cron_parse(STR("CRON_TZ=Europe/Zurich 0 0 * * *"), &c, &e), 0);
    CHECK_TRUE(str_is(c.zone, "Europe/Zurich"));
}

TEST(what_is_wrong_is_told)
{
    NEXT("", "2024-01-01T00:00:00Z", "empty schedule");
    NEXT("* * * *", "2024-01-01T00:00:00Z", "expected exactly 5 fields, found 4");
    NEXT("60 * * * *", "2024-01-01T00:00:00Z", "minute: '60' is not between 0 and 59");
    NEXT("* * * * 7", "2024-01-01T00:00:00Z", "day of week: '7' is not between 0 and 6");
    NEXT("* 5-3 * * *", "2024-01-01T00:00:00Z", "hour: '5-3' runs backwards");
    NEXT("*/0 * * * *", "2024-01-01T00:00:00Z", "minute: '0' is no step");
    NEXT("-1 * * * *", "2024-01-01T00:00:00Z", "minute: '-1' is not between 0 and 59");
    NEXT("@never", "2024-01-01T00:00:00Z",
         "expected @yearly, @monthly, @weekly, @daily, @hourly or @every");
    NEXT("@every soon", "2024-01-01T00:00:00Z", "expected a duration such as 1h30m behind @every");
}

TESTS_MAIN(T_(fields_say_when), T_(either_day_will_do_where_both_are_restricted),
           T_(words_say_when), T_(a_zone_has_its_own_clock), T_(what_is_wrong_is_told))
