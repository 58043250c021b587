#include "base/buf.h"
#include "base/err.h"
#include "data/duration.h"
#include "tests/unit/test.h"

TEST(go_durations_days_and_plain_seconds_are_read)
{
    static const struct {
        const char *text;
        int64_t want;
    } cases[] = {{"20", 20 * DURATION_SECOND},
                 {"-5", -5 * DURATION_SECOND},
                 {"1h30m", 90 * DURATION_MINUTE},
                 {"1.5s", 1500 * DURATION_MS},
                 {".5m", 30 * DURATION_SECOND},
                 {"2d", 2 * DURATION_DAY},
                 {"1d2h3m4s5ms6us7ns", INT64_C(93784005006007)},
                 {"-1.000000001s", -1000000001},
                 {"+3\xc2\xb5s", 3000},
                 {"0", 0},
                 {"0.1234567891234567s", 123456789},
                 {"9223372036.854775807s", INT64_MAX}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err e = ERR_INIT;
        int64_t ns;

        if (duration_parse(str_of(cases[i].text), &ns, &e) < 0)
            fail_msg("%s", e.msg);
        CHECK_INT(ns, cases[i].want);
    }
}

TEST(other_text_is_no_duration)
{
    static const char *const bad[] = {"",
                                      "-",
                                      "+",
                                      "s",
                                      "1x",
                                      "1h 30m",
                                      ".s",
                                      "1..5s",
                                      "1.5",
                                      "99999999999d",
                                      "9223372036854775807",
                                      "1m-",
                                      " 1s",
                                      "3.s.",
                                      "9223372036.854775808s"};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err e = ERR_INIT;
        int64_t ns;

        if (duration_parse(str_of(bad[i]), &ns, &e) != ERR_BADREQUEST)
            fail_msg("'%s' was read", bad[i]);
    }
}

TEST(durations_are_printed_as_go_does)
{
    static const struct {
        int64_t ns;
        const char *want;
    } cases[] = {{0, "0s"},
                 {1, "1ns"},
                 {1100, "1.1\xc2\xb5s"},
                 {2200000, "2.2ms"},
                 {1500 * DURATION_MS, "1.5s"},
                 {5 * DURATION_MINUTE + 1, "5m0.000000001s"},
                 {90 * DURATION_MINUTE, "1h30m0s"},
                 {-DURATION_DAY, "-24h0m0s"},
                 {INT64_MIN, "-2562047h47m16.854775808s"}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cleanup_buf struct buf b = BUF_INIT;

        duration_write(&b, cases[i].ns);
        CHECK_STR(buf_cstring(&b), cases[i].want);
    }
}

TEST(ages_have_kubectls_steps)
{
    static const struct {
        int64_t seconds;
        const char *want;
    } cases[] = {{-2, "<invalid>"}, {-1, "0s"},       {0, "0s"},        {119, "119s"},
                 {120, "2m"},       {125, "2m5s"},    {600, "10m"},     {10799, "179m"},
                 {10800, "3h"},     {12000, "3h20m"}, {28800, "8h"},    {172800, "2d"},
                 {183600, "2d3h"},  {691200, "8d"},   {63072000, "2y"}, {64800000, "2y20d"},
                 {252288000, "8y"}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cleanup_buf struct buf b = BUF_INIT;

        duration_write_age(&b, cases[i].seconds * DURATION_SECOND);
        CHECK_STR(buf_cstring(&b), cases[i].want);
    }
}

TESTS_MAIN(T_(go_durations_days_and_plain_seconds_are_read), T_(other_text_is_no_duration),
           T_(durations_are_printed_as_go_does), T_(ages_have_kubectls_steps))
