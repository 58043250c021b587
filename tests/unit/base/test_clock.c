/* Clocks, dates, and sequences of UTF-8. */
#include "base/buf.h"
#include "base/civil.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "tests/unit/test.h"

TEST(dates_go_both_ways_over_leap_days_and_eras)
{
    static const struct {
        int64_t days;
        struct civil date;
    } known[] = {{0, {1970, 1, 1}},      {-1, {1969, 12, 31}},    {11016, {2000, 2, 29}},
                 {11017, {2000, 3, 1}},  {-25509, {1900, 2, 28}}, {-25508, {1900, 3, 1}},
                 {19675, {2023, 11, 14}}};

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        struct civil got = civil_date(known[i].days);

        CHECK_INT(got.year, known[i].date.year);
        CHECK_INT(got.month, known[i].date.month);
        CHECK_INT(got.day, known[i].date.day);
        CHECK_INT(civil_days(got.year, got.month, got.day), known[i].days);
    }
    for (int64_t days = -1000000; days < 1000000; days += 97) {
        struct civil date = civil_date(days);

        CHECK_INT(civil_days(date.year, date.month, date.day), days);
    }
}

TEST(stamps_have_as_many_digits_as_are_asked_for)
{
    static const char form[] = "0000-00-00T00:00:00.000000000Z";
    char text[CLOCK_STAMP_SIZE];

    for (int digits = 3; digits <= 9; digits += 3) {
        size_t n = clock_stamp(text, digits);

        CHECK_INT(n, 21 + (size_t)digits);
        CHECK_INT(strlen(text), n);
        CHECK_INT(text[n - 1], 'Z');
        for (size_t i = 0; i < n - 1; i++)
            CHECK_TRUE(form[i] == '0' ? text[i] >= '0' && text[i] <= '9' : text[i] == form[i]);
    }
    CHECK_TRUE(strcmp(text, "2024") > 0);
}

TEST(bytes_that_are_no_utf8_are_replaced_one_by_one)
{
    struct buf to = BUF_INIT;

    utf8_clean(STR("a\xc3\xa4\xc3(\xed\xa0\x80\xf4\x90z\xe2\x82"), &to);
    CHECK_STR(buf_cstring(&to), "a\xc3\xa4\xef\xbf\xbd(\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
                                "\xef\xbf\xbd\xef\xbf\xbdz\xef\xbf\xbd\xef\xbf\xbd");
    buf_done(&to);
}

TESTS_MAIN(T_(dates_go_both_ways_over_leap_days_and_eras),
           T_(stamps_have_as_many_digits_as_are_asked_for),
           T_(bytes_that_are_no_utf8_are_replaced_one_by_one))
