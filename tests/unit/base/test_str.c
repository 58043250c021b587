#include "base/str.h"

#include "tests/unit/test.h"

TEST(str_cut_gives_one_piece_after_another)
{
    struct str rest = STR("a,,b");

    CHECK_VIEW(str_cut(&rest, ','), "a");
    CHECK_VIEW(str_cut(&rest, ','), "");
    CHECK_VIEW(str_cut(&rest, ','), "b");
    CHECK_NULL(rest.p);
}

TEST(str_to_int_takes_the_whole_text_or_nothing)
{
    int64_t n = 0;

    CHECK_TRUE(str_to_int(STR("-9223372036854775808"), &n));
    CHECK_TRUE(n == INT64_MIN);
    CHECK_TRUE(str_to_int(STR("9223372036854775807"), &n));
    CHECK_TRUE(n == INT64_MAX);
    CHECK_FALSE(str_to_int(STR("9223372036854775808"), &n));
    CHECK_FALSE(str_to_int(STR("-9223372036854775809"), &n));
    CHECK_FALSE(str_to_int(STR(""), &n));
    CHECK_FALSE(str_to_int(STR("-"), &n));
    CHECK_FALSE(str_to_int(STR("+1"), &n));
    CHECK_FALSE(str_to_int(STR(" 1"), &n));
    CHECK_FALSE(str_to_int(STR("1x"), &n));
}

TEST(str_find_looks_from_where_it_is_told)
{
    CHECK_INT(str_find(STR("abcabc"), STR("bc"), 0), 1);
    CHECK_INT(str_find(STR("abcabc"), STR("bc"), 2), 4);
    CHECK_INT(str_find(STR("abcabc"), STR("bc"), 5), -1);
    CHECK_INT(str_find(STR("abc"), STR(""), 3), 3);
    CHECK_INT(str_find(STR("abc"), STR("a"), 9), -1);
}

TEST(str_trim_takes_white_space_off_both_ends)
{
    CHECK_VIEW(str_trim(STR(" \t a b\r\n")), "a b");
    CHECK_VIEW(str_trim(STR("  ")), "");
}

TESTS_MAIN(T_(str_cut_gives_one_piece_after_another),
           T_(str_to_int_takes_the_whole_text_or_nothing), T_(str_find_looks_from_where_it_is_told),
           T_(str_trim_takes_white_space_off_both_ends))
