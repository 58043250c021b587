/* Conditions by govaluate's rules, quirks included. */
#include "tests/unit/test.h"

#include "base/buf.h"
#include "base/err.h"
#include "data/condition.h"

static void
check(const char *text, bool want)
{
    struct err e = ERR_INIT;
    bool got = !want;

    if (condition_eval(str_of(text), &got, &e) < 0)
        fail_msg("%s: %s", text, e.msg);
    if (got != want)
        fail_msg("%s is not %s", text, want ? "true" : "false");
}

static void
refuse(const char *text, const char *why)
{
    struct err e = ERR_INIT;
    bool got;

    if (condition_eval(str_of(text), &got, &e) == 0)
        fail_msg("%s was evaluated", text);
    CHECK_CONTAINS(e.msg, why);
}

TEST(what_workflows_are_known_to_use)
{
    check("foo == foo", true);
    check("a < b", true);
    check("Error in (Failed, Error)", true);
    check("!(Succeeded in (Failed, Error))", true);
    check("'ref/branch/master' == 'ref/branch/master'", true);
    check("true == true", true);
    check("heads == heads && 1 < 2", true);
}

TEST(numbers_are_floating_point)
{
    check("1/2 == 0.5", true);
    check("0x1F == 31", true);
    check("1 + 2 * 3 == 7", true);
    check("10 - 2 - 3 == 5", true);
    check("2 ** 3 ** 2 == 64", true);
    check("7 % 4 == 3", true);
    check("(6 & 3) == 2 && (6 | 3) == 7 && (6 ^ 3) == 5", true);
    check("1 << 4 == 16", true);
    check("~0 == -1", true);
    check("-5 < 3", true);
    check("42 == 42.0", true);
}

TEST(strings_words_and_types)
{
    check("\"30\" == 30", false);
    check("'42' == '42.0'", false);
    check("'a b' == \"a b\"", true);
    check("'' == ''", true);
    check("foo != bar", true);
    check("a + b == ab", true);
    check("a + 1 == 'a1'", true);
    check("foo =~ '^f.o$'", true);
    check("foo !~ 'x'", true);
    check("'a\\'b' == 'a\\'b'", true);
    check("true && !false", true);
    check("foo in (foo, x)", true);
    check("3 in (1, 2)", false);
    check("true ? false : true", false);
    check("(1 > 2 ? 5) ?? 7 == 7", true);
    check("", true);
}

TEST(dates_in_quotes_are_unix_times)
{
    check("'2014-01-02' > '2014-01-01'", true);
    check("'2014-01-01T00:00:00Z' == 1388534400", true);
    check("'2014-01-01 23:59:59' < '2014-01-02'", true);
    check("'2014-99-01' == '2014-99-01'", true); /* no date: text */
    check("'20-1' == 20", false);
}

TEST(the_right_side_of_a_decided_operator_does_not_count)
{
    check("false && a", false);
    check("true || a < 1", true);
    check("true || a - 1", true);
}

TEST(errors_have_upstreams_words)
{
    refuse(" == foo", "Invalid 'when' expression ' == foo': Cannot transition token types from");
    refuse("heads == @tails", "Invalid 'when' expression 'heads == @tails': Invalid token: '@' "
                              "(hint: try wrapping the affected "
                              "expression in quotes (\"))");
    refuse("{{steps.a}} == b", "Invalid token: '{{' (hint");
    refuse("a ==-5", "Invalid token: '==-'");
    refuse("my-value == x", "Value 'my' cannot be used with the modifier '-', it is not a number");
    refuse("a == 'b", "Unclosed string literal");
    refuse("\"it's\" == x",
           "Cannot transition token types from STRING [it] to VARIABLE [s]"); /* either quote ends
                                                                                 it */
    refuse("(a == b", "Unbalanced parenthesis");
    refuse("a ==", "Unexpected end of expression");
    refuse("a.b == c", "No parameter 'a' found.");
    refuse("1.2.3 == x", "Unable to parse numeric value '1.2.3' to float64");
    refuse("1 < a", "cannot be used with the comparator '<', it is not a number");
    refuse("1 && true",
           "Value '1' cannot be used with the logical operator '&&', it is not a bool");
    refuse("1 + 2", "Expected boolean evaluation for '1 + 2'. Got 3");
    refuse("foo", "Expected boolean evaluation for 'foo'. Got foo");
    refuse("foo in (foo)", "Value 'foo' cannot be used with the comparator 'in'");
    refuse("1 + '2014-01-02' == 3", "Cannot transition token types from MODIFIER [+] to TIME");
    refuse("a b", "Cannot transition token types from VARIABLE [a] to VARIABLE [b]");
    refuse("x =~ '('", "missing closing parenthesis");
}

TEST(hostile_text_meets_named_limits)
{
    cleanup_buf struct buf b = BUF_INIT;
    struct err e = ERR_INIT;
    bool got;

    buf_fill(&b, '(', 100000);
    buf_fill(&b, ')', 100000);
    CHECK_INT(condition_eval(buf_view(&b), &got, &e), ERR_TOOLARGE);
    buf_clear(&b);
    for (int i = 0; i < 20000; i++)
        buf_cstr(&b, "true?");
    buf_cstr(&b, "true");
    CHECK_INT(condition_eval(buf_view(&b), &got, &e), ERR_TOOLARGE);
    buf_fill(&b, 'x', CONDITION_MAX_TEXT);
    CHECK_INT(condition_eval(buf_view(&b), &got, &e), ERR_TOOLARGE);
}

TESTS_MAIN(T_(what_workflows_are_known_to_use), T_(numbers_are_floating_point),
           T_(strings_words_and_types), T_(dates_in_quotes_are_unix_times),
           T_(the_right_side_of_a_decided_operator_does_not_count), T_(errors_have_upstreams_words),
           T_(hostile_text_meets_named_limits))
