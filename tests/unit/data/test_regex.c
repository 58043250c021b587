/* Regular expressions: matching, replacing, splitting hairs about empty matches, limits. */
#include "tests/unit/test.h"

#include "base/buf.h"
#include "base/err.h"
#include "data/regex.h"

static struct regex *
compile(const char *pattern)
{
    struct regex *r = NULL;
    struct err e = ERR_INIT;

    if (regex_compile(str_of(pattern), &r, &e) < 0)
        fail_msg("%s", e.msg);
    return r;
}

static void
check_replace(const char *pattern, const char *text, const char *with, const char *want)
{
    cleanup_regex struct regex *r = compile(pattern);
    cleanup_buf struct buf b = BUF_INIT;
    struct err e = ERR_INIT;

    CHECK_INT(regex_replace(r, str_of(text), str_of(with), false, &b, &e), 0);
    CHECK_STR(buf_cstring(&b), want);
}

TEST(a_match_knows_its_groups)
{
    cleanup_regex struct regex *r = compile("(?P<key>\\w+)=(\\d+)(x)?");
    struct regex_match m;
    struct err e = ERR_INIT;

    CHECK_INT(regex_find(r, STR(" abc=12 "), 0, &m, &e), 1);
    CHECK_INT(m.n, 4);
    CHECK_VIEW(m.at[0], "abc=12");
    CHECK_VIEW(m.at[1], "abc");
    CHECK_VIEW(m.at[2], "12");
    CHECK_NULL(m.at[3].p);
    CHECK_INT(regex_matches(r, STR("abc"), &e), 0);
    CHECK_INT(regex_matches(r, STR_NULL, &e), 0);
}

TEST(replacements_are_those_of_go)
{
    check_replace("a(x*)b", "-ab-axxb-", "T", "-T-T-");
    check_replace("a(x*)b", "-ab-axxb-", "$1", "--xx-");
    check_replace("a(x*)b", "-ab-axxb-", "$1W", "---");
    check_replace("a(x*)b", "-ab-axxb-", "${1}W", "-W-xxW-");
    check_replace("(?P<n>b)", "abc", "<${n}>$$", "a<b>$c");
    check_replace("x*", "abc", "-", "-a-b-c-");
    check_replace("a*", "baac", "-", "-b-c-");
    check_replace("\xc3\xa9?", "\xc3\xa9x", "-", "-x-");
    check_replace("^", "", "x", "x");
}

TEST(a_pattern_is_refused_with_a_sentence)
{
    struct regex *r = NULL;
    struct err e = ERR_INIT;

    CHECK_INT(regex_compile(STR("("), &r, &e), ERR_INVALID);
    CHECK_STR(e.msg, "pattern '(': missing closing parenthesis at 1");
    CHECK_INT(regex_compile(STR("(*LIMIT_MATCH=999999999)a"), &r, &e), ERR_INVALID);
    CHECK_INT(regex_compile(STR("\\C"), &r, &e), ERR_INVALID);
}

TEST(hostile_patterns_and_texts_end_in_an_error)
{
    cleanup_regex struct regex *r = compile("(a+)+(a+)+(a+)+$");
    struct err e = ERR_INIT;

    CHECK_INT(regex_matches(r, STR("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"), &e), ERR_TOOLARGE);
    CHECK_CONTAINS(e.msg, "steps to match");
    CHECK_INT(regex_matches(r, STR("\xff"), &e), ERR_INVALID);
}

TEST(quoted_text_matches_itself)
{
    cleanup_buf struct buf b = BUF_INIT;
    struct err e = ERR_INIT;

    regex_quote(&b, STR("a.b*[c]\\{d}^$|(e)+?"));
    CHECK_STR(buf_cstring(&b), "a\\.b\\*\\[c\\]\\\\\\{d\\}\\^\\$\\|\\(e\\)\\+\\?");
    cleanup_regex struct regex *r = compile(buf_cstring(&b));
    CHECK_INT(regex_matches(r, STR("a.b*[c]\\{d}^$|(e)+?"), &e), 1);
}

TESTS_MAIN(T_(a_match_knows_its_groups), T_(replacements_are_those_of_go),
           T_(a_pattern_is_refused_with_a_sentence), T_(hostile_patterns_and_texts_end_in_an_error),
           T_(quoted_text_matches_itself))
