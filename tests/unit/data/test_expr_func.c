/* The language's own functions and Argo's. */
#include "tests/unit/data/evaluating.h"

static int
evaluate(const char *text, struct buf *to, struct err *e)
{
    return evaluating_plain(text, to, e);
}

TEST(string_functions)
{
    CHECK_ALL({"trim('  a ')", "a"}, {"trim('__a__', '_')", "a"}, {"trimPrefix('abc', 'ab')", "c"},
              {"trimSuffix('abc', 'bc')", "a"},
              {"upper('stra\xc3\x9f"
               "e \xc3\xa9')",
               "STRA\xc3\x9f"
               "E \xc3\x89"},
              {"lower('\xd0\x96X')", "\xd0\xb6x"}, {"split('a,b,c', ',', 2)", "[\"a\",\"b,c\"]"},
              {"split('abc', '')", "[\"a\",\"b\",\"c\"]"},
              {"splitAfter('a,b', ',')", "[\"a,\",\"b\"]"}, {"split('', ',')", "[\"\"]"},
              {"replace('aaa', 'a', 'b')", "bbb"}, {"replace('aaa', 'a', 'b', 2)", "bba"},
              {"repeat('ab', 3)", "ababab"}, {"indexOf('apple pie', 'pie')", "6"},
              {"indexOf('a', 'x')", "-1"}, {"lastIndexOf('abcabc', 'abc')", "3"},
              {"hasPrefix('ab', 'a')", "true"}, {"hasSuffix('ab', 'a')", "false"},
              {"len('\xc3\xa9')", "1"}, {"join(['a', 'b'], '-')", "a-b"},
              {"join(['a', 'b'])", "ab"});
}

TEST(number_functions)
{
    CHECK_ALL({"max(5, 7)", "7"}, {"min([3, 1.5], 2)", "1.5"}, {"abs(-5)", "5"}, {"ceil(1.5)", "2"},
              {"floor(-1.5)", "-2"}, {"round(2.5)", "3"}, {"sum([1, 2, 3])", "6"},
              {"sum([{n: 1}, {n: 2}], .n)", "3"}, {"mean([1, 2])", "1.5"},
              {"median([3, 1, 2])", "2"}, {"median(1, 2)", "1.5"}, {"mean([])", "0"},
              {"bitand(6, 3)", "2"}, {"bitor(6, 3)", "7"}, {"bitxor(6, 3)", "5"},
              {"bitnand(6, 3)", "4"}, {"bitnot(6)", "-7"}, {"bitshl(1, 4)", "16"},
              {"bitshr(-8, 1)", "-4"}, {"bitushr(-1, 60)", "15"}, {"int('42')", "42"},
              {"int(3.9)", "3"}, {"float('1.5')", "1.5"}, {"int('-7')", "-7"});
}

TEST(array_and_map_functions)
{
    CHECK_ALL({"all([1, 2], # > 0)", "true"}, {"any([1, 2], # > 1)", "true"},
              {"one([1, 2], # > 1)", "true"}, {"none([1, 2], # > 1)", "false"},
              {"count([1, 2, 3], # > 1)", "2"}, {"count([true, false])", "1"},
              {"find([1, 2, 3], # > 1)", "2"}, {"findIndex([1, 2], # > 1)", "1"},
              {"findLast([1, 2, 3], # > 1)", "3"}, {"findLastIndex([1, 2, 3], # < 3)", "1"},
              {"first([1, 2])", "1"}, {"last([1, 2])", "2"}, {"first([]) ?? 'none'", "none"},
              {"take([1, 2, 3], 2)", "[1,2]"}, {"take([1], 5)", "[1]"},
              {"reverse([1, 2])", "[2,1]"}, {"uniq([1, 1.0, 2, 1])", "[1,2]"},
              {"concat([1], [2], [])", "[1,2]"}, {"flatten([1, [2, [3]], []])", "[1,2,3]"},
              {"sort([3, 1, 4])", "[1,3,4]"}, {"sort([3, 1, 4], 'desc')", "[4,3,1]"},
              {"sort(['b', 'a'])", "[\"a\",\"b\"]"},
              {"sortBy([{a: 2}, {a: 1}], .a)", "[{\"a\":1},{\"a\":2}]"},
              {"sortBy([{a: 1}, {a: 2}], 'a', 'desc')", "[{\"a\":2},{\"a\":1}]"},
              {"groupBy(1..4, # % 2 == 0 ? 'even' : 'odd')", "{\"even\":[2,4],\"odd\":[1,3]}"},
              {"countBy(['a', 'b', 'a'], #)", "{\"a\":2,\"b\":1}"},
              {"keys({b: 1, a: 2})", "[\"b\",\"a\"]"}, {"values({b: 1})", "[1]"},
              {"toPairs({a: 1})", "[[\"a\",1]]"}, {"fromPairs([['a', 1]])", "{\"a\":1}"},
              {"get({a: 1}, 'b') ?? 0", "0"}, {"get([1, 2], 1)", "2"}, {"len({a: 1})", "1"});
}

TEST(conversions_print_as_go_does)
{
    CHECK_ALL({"string(1e21)", "1e+21"}, {"string(1e-5)", "1e-05"}, {"string(100000.0)", "100000"},
              {"string(1234567.0)", "1.234567e+06"}, {"string([1, 'a'])", "[1 a]"},
              {"string({b: 1, a: nil})", "map[a:<nil> b:1]"}, {"string(true)", "true"},
              {"toJson('<a&b>')", "\"\\u003ca\\u0026b\\u003e\""},
              {"toJson([1, '2', {an: 'object'}])", "[1,\"2\",{\"an\":\"object\"}]"},
              {"toJSON({b: 1, a: [1]})", "{\n  \"a\": [\n    1\n  ],\n  \"b\": 1\n}"},
              {"fromJSON('{\"a\": [1, 2.5]}').a[1]", "2.5"}, {"toBase64('hello')", "aGVsbG8="},
              {"fromBase64('aGVsbG8=')", "hello"}, {"asInt('7') * 2", "14"},
              {"asFloat('0.5') / 2", "0.25"}, {"type(nil)", "nil"}, {"type({})", "map"},
              {"toJson({})", "{}"}, {"[]", "[]"}, {"{a: '<'}", "{\"a\":\"\\u003c\"}"});
}

TEST(jsonpath_selects)
{
    CHECK_ALL(
        {"jsonpath('{\"a\": [{\"n\": \"x\"}, {\"n\": \"y\"}]}', '$.a[*].n')", "[\"x\",\"y\"]"},
        {"jsonpath('{\"a\": [1, 2]}', '$.a[0]')", "1"},
        {"jsonpath('{\"a\": [1, 2]}', '$.a')", "[1,2]"},
        {"jsonpath('{\"a-b\": 1}', \"$['a-b']\")", "1"}, {"jsonpath('[1,2,3]', '$[-1]')", "3"},
        {"jsonpath('[1,2,3,4]', '$[1:3]')", "[2,3]"},
        {"jsonpath('{\"b\": 1, \"a\": 2}', '$')", "{\"a\":2,\"b\":1}"},
        {"jsonpath('{\"a\": {\"n\": 1, \"b\": {\"n\": 2}}}', '$..n')", "[1,2]"},
        {"jsonpath('[{\"age\": 3}, {\"age\": 5}]', '$[?(@.age > 4)]')", "[{\"age\":5}]"},
        {"jsonpath('{\"a\": 1, \"b\": 2}', \"$['a','b']\")", "[1,2]"});
}

TEST(times_and_durations)
{
    CHECK_ALL({"now().Year()", "2026"}, {"duration('1h').Seconds()", "3600"},
              {"duration('90m')", "5400000000000"}, {"string(duration('90m'))", "1h30m0s"},
              {"string(duration('1500ms') + duration('1us'))", "1.500001s"},
              {"date('2023-08-14')", "\"2023-08-14T00:00:00Z\""},
              {"string(date('2023-08-14T10:00:00Z'))", "2023-08-14 10:00:00 +0000 UTC"},
              {"date('2023-08-14') + duration('25h') > date('2023-08-15')", "true"},
              {"string(date('2024-03-01') - date('2024-02-28'))", "48h0m0s"},
              {"date('02/01/2006', '02/01/2006').Unix()", "1136160000"},
              {"date('2023-08-14 00:00:00', '2006-01-02 15:04:05', 'Europe/Zurich').Unix()",
               "1691964000"},
              {"date('2023-01-14 00:00:00', '2006-01-02 15:04:05', 'Europe/Zurich')",
               "\"2023-01-14T00:00:00+01:00\""},
              {"now(timezone('Asia/Tokyo')).Hour()", "9"},
              {"date('2023-08-14T01:02:03.456Z').Format('Jan _2 3:04PM .000 Mon')",
               "Aug 14 1:02AM .456 Mon"},
              {"date('2024-01-31').AddDate(0, 1, 0).Format('2006-01-02')", "2024-03-02"},
              {"date('Mon, 02 Jan 2006 15:04:05 MST').Hour()", "15"},
              {"duration('-1.5h').Minutes()", "-90"}, {"date('2024-12-31').YearDay()", "366"});
}

TESTS_MAIN(T_(string_functions), T_(number_functions), T_(array_and_map_functions),
           T_(conversions_print_as_go_does), T_(jsonpath_selects), T_(times_and_durations))
