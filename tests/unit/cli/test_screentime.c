#include "tests/unit/test.h"

#include <stdlib.h>
#include <time.h>

#include "base/buf.h"
#include "base/clock.h"
#include "cli/screentime.h"

/* 2026-03-01T10:02:00Z */
#define NOW INT64_C(1772359320000000)

typedef void text_fn(struct buf *to, int64_t us);

static void
check_duration(text_fn *fn, int64_t seconds, const char *want)
{
    cleanup_buf struct buf got = BUF_INIT;

    fn(&got, seconds * CLOCK_SECOND);
    CHECK_STR(buf_cstring(&got), want);
}

TEST(short_durations_have_one_unit)
{
    check_duration(screentime_short, 0, "0s");
    check_duration(screentime_short, 59, "59s");
    check_duration(screentime_short, 60, "1m");
    check_duration(screentime_short, 3599, "59m");
    check_duration(screentime_short, 86399, "23h");
    check_duration(screentime_short, 400 * 86400, "400d");
    check_duration(screentime_short, -3, "3s");
}

TEST(long_durations_have_two_units)
{
    check_duration(screentime_long, 0, "0 seconds");
    check_duration(screentime_long, 1, "1 second");
    check_duration(screentime_long, 26, "26 seconds");
    check_duration(screentime_long, 65, "1 minute 5 seconds");
    check_duration(screentime_long, 7200, "2 hours 0 minutes");
    check_duration(screentime_long, 90000, "1 day 1 hours");
}

static void
check_ago(int64_t seconds, const char *want)
{
    cleanup_buf struct buf got = BUF_INIT, end = BUF_INIT;

    screentime_moment(&got, NOW - seconds * CLOCK_SECOND, NOW);
    buf_printf(&end, " (%s)", want);
    CHECK_TRUE(str_ends(buf_view(&got), buf_view(&end)));
}

TEST(moments_are_told_relative_to_now)
{
    check_ago(0, "now");
    check_ago(1, "1 second ago");
    check_ago(4 * 3600 + 59, "4 hours ago");
    check_ago(-120, "2 minutes from now");
    check_ago(8 * 86400, "1 week ago");
    check_ago(40 * 86400, "1 month ago");
    check_ago(600 * 86400, "2 years ago");
}

TEST(moments_are_shown_in_the_local_zone)
{
    cleanup_buf struct buf got = BUF_INIT;

    setenv("TZ", "NST+3:30", 1);
    tzset();
    screentime_moment(&got, NOW - 90 * CLOCK_SECOND, NOW);
    CHECK_STR(buf_cstring(&got), "Sun Mar 01 06:30:30 -0330 (1 minute ago)");
}

TESTS_MAIN(T_(short_durations_have_one_unit), T_(long_durations_have_two_units),
           T_(moments_are_told_relative_to_now), T_(moments_are_shown_in_the_local_zone))
