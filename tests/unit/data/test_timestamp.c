#include <time.h>

#include "base/buf.h"
#include "base/err.h"
#include "data/timestamp.h"
#include "tests/unit/test.h"

static int64_t
parse(const char *text)
{
    struct err e = ERR_INIT;
    int64_t us;

    if (timestamp_parse(str_of(text), &us, &e) < 0)
        fail_msg("%s", e.msg);
    return us;
}

TEST(rfc_3339_is_read_in_any_zone)
{
    CHECK_INT(parse("1970-01-01T00:00:00Z"), 0);
    CHECK_INT(parse("2024-05-17T09:31:42Z"), INT64_C(1715938302000000));
    CHECK_INT(parse("2024-05-17T11:31:42.5+02:00"), INT64_C(1715938302500000));
    CHECK_INT(parse("2024-05-17t04:01:42.1234567-05:30"), INT64_C(1715938302123456));
    CHECK_INT(parse("1969-12-31T23:59:59.999999Z"), -1);
    CHECK_INT(parse("0000-03-01T00:00:00Z"), INT64_C(-62162035200) * 1000000);
}

TEST(other_text_is_no_time)
{
    static const char *const bad[] = {"",
                                      "2024-05-17",
                                      "2024-02-30T00:00:00Z",
                                      "2023-02-29T00:00:00Z",
                                      "2024-13-01T00:00:00Z",
                                      "2024-05-17T24:00:00Z",
                                      "2024-05-17T09:31:42",
                                      "2024-05-17T09:31:42.Z",
                                      "2024-05-17T09:31:42Zx",
                                      "2024-00-01T00:00:00Z",
                                      "2024-05-17 09:31:42Z",
                                      "24-05-17T09:31:42Z",
                                      "2024-05-17T09:31:42+2:00"};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err e = ERR_INIT;
        int64_t us;

        if (timestamp_parse(str_of(bad[i]), &us, &e) != ERR_BADREQUEST)
            fail_msg("'%s' was read", bad[i]);
    }
}

TEST(writing_reverses_reading)
{
    cleanup_buf struct buf b = BUF_INIT;

    timestamp_write(&b, INT64_C(1715938302999999));
    CHECK_STR(buf_cstring(&b), "2024-05-17T09:31:42Z");
    for (int64_t day = -719468; day < 2932896; day += 97) { /* years 0 to 9999 */
        struct timestamp_parts t = timestamp_split(day * 86400 * TIMESTAMP_SECOND + 1);

        CHECK_INT(timestamp_join(&t), day * 86400 * TIMESTAMP_SECOND + 1);
    }
}

/* The pattern is made of the letter under test. */
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

TEST(letters_agree_with_the_c_library)
{
    static const char letters[] = "ABCDFHIMRSTUVWXYabdehjklmnpruwxyz";
    static const int64_t times[] = {0,          951782400,  1715938302, 1704067199,
                                    1735689600, 1609459199, 1230768000};
    static const size_t count = sizeof times / sizeof *times;

    for (size_t i = 0; i < count; i++) {
        for (const char *p = letters; *p != '\0'; p++) {
            char pattern[] = {'%', *p, '\0'}, want[64];
            cleanup_buf struct buf b = BUF_INIT;
            time_t seconds = (time_t)times[i];
            struct tm tm;

            gmtime_r(&seconds, &tm);
            tm.tm_isdst = 0;
            strftime(want, sizeof want, pattern, &tm);
            CHECK_TRUE(timestamp_write_letter(&b, times[i] * TIMESTAMP_SECOND, *p));
            if (strcmp(buf_cstring(&b), want) != 0)
                fail_msg("%%%c of %lld: '%s', not '%s'", *p, (long long)seconds, buf_cstring(&b),
                         want);
        }
    }
}

TEST(letters_of_its_own_tell_the_time_to_the_microsecond)
{
    cleanup_buf struct buf b = BUF_INIT;

    for (const char *p = "sLfv"; *p != '\0'; p++) {
        CHECK_TRUE(timestamp_write_letter(&b, INT64_C(1715938302012345), *p));
        buf_char(&b, ' ');
    }
    CHECK_STR(buf_cstring(&b), "1715938302 012 012345 17-May-2024 ");
    CHECK_FALSE(timestamp_write_letter(&b, 0, 'Q'));
    CHECK_FALSE(timestamp_write_letter(&b, 0, (char)0xc3));
}

TESTS_MAIN(T_(rfc_3339_is_read_in_any_zone), T_(other_text_is_no_time),
           T_(writing_reverses_reading), T_(letters_agree_with_the_c_library),
           T_(letters_of_its_own_tell_the_time_to_the_microsecond))
