#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "data/json.h"
#include "tests/unit/data/parsed.h"
#include "tests/unit/test.h"

static void
check_print(const char *text, const char *want)
{
    cleanup_json struct json_doc *d = parsed(text);
    cleanup_buf struct buf b = BUF_INIT;

    json_write(&b, json_root(d));
    CHECK_STR(buf_cstring(&b), want);
}

static void
check_same(const char *text)
{
    check_print(text, text);
}

static void
check_refused_n(struct str text, int code, const char *message)
{
    struct err e = ERR_INIT;
    struct json_doc *d = NULL;

    CHECK_INT(json_parse(text, NULL, &d, &e), code);
    CHECK_NULL(d);
    CHECK_STR(e.msg, message);
}

static void
check_refused(const char *text, const char *message)
{
    check_refused_n(str_of(text), ERR_BADREQUEST, message);
}

TEST(numbers_keep_their_text)
{
    check_same("[0.1,1e3,1.0,-0,9007199254740993,18446744073709551615,12345678901234567890.5]");
    check_same("[1E+3,0.10,-0.0,1e-400,0]");
}

TEST(strings_are_decoded_and_escaped_only_where_they_must)
{
    check_print("\"a\\u0041\\/\\n\\u00e9\\ud83d\\ude00\\u0007\\\"\\\\\"",
                "\"aA/\\n\xc3\xa9\xf0\x9f\x98\x80\\u0007\\\"\\\\\"");
    check_same("\"0123456789abcdef0123456789abcdef\xc3\xa9 0123456789abcdef\"");
    check_same("\"\\u0000\\b\\t\\n\\f\\r\\u001f\x7f\"");
}

TEST(a_string_may_hold_nul)
{
    cleanup_json struct json_doc *d = parsed("{\"a\\u0000b\":\"x\\u0000y\"}");
    struct str s = json_str(json_get_str(json_root(d), STR("a\0b")));

    CHECK_INT(s.n, 3);
    assert_memory_equal(s.p, "x\0y", 4);
    check_same("{\"a\\u0000b\":\"x\\u0000y\"}");
}

TEST(lone_surrogates_are_refused)
{
    check_refused("\"\\ud800\"", "line 1 column 2: lone surrogate \\ud800 in a string");
    check_refused("\"\\udc00\"", "line 1 column 2: lone surrogate \\udc00 in a string");
    check_refused("\"\\ud800\\ud800\"", "line 1 column 2: lone surrogate \\ud800 in a string");
    check_refused("\"\\ud800\\n\"", "line 1 column 2: lone surrogate \\ud800 in a string");
}

TEST(bytes_that_are_not_utf8_are_refused)
{
    static const char *const bad[] = {"\x80",
                                      "\xc0\x80",
                                      "\xc1\xbf",
                                      "\xe0\x9f\xbf",
                                      "\xed\xa0\x80",
                                      "\xf0\x8f\xbf\xbf",
                                      "\xf4\x90\x80\x80",
                                      "\xf5\x80\x80\x80",
                                      "\xc3",
                                      "\xe2\x82",
                                      "\xff"};
    static const char *const good[] = {"\xc2\x80",        "\xdf\xbf",     "\xe0\xa0\x80",
                                       "\xed\x9f\xbf",    "\xee\x80\x80", "\xf0\x90\x80\x80",
                                       "\xf4\x8f\xbf\xbf"};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct json_doc *d = NULL;
        struct err e = ERR_INIT;
        char text[16];

        snprintf(text, sizeof text, "\"%s\"", bad[i]);
        CHECK_INT(json_parse(str_of(text), NULL, &d, &e), ERR_BADREQUEST);
        CHECK_CONTAINS(e.msg, "line 1 column 2: byte 0x");
        CHECK_CONTAINS(e.msg, "is not UTF-8");
    }
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        char text[16];

        snprintf(text, sizeof text, "\"%s\"", good[i]);
        check_same(text);
    }
}

TEST(syntax_errors_say_where_and_what_was_expected)
{
    check_refused("", "line 1 column 1: expected a value, found the end of the text");
    check_refused("{\n  \"a\": 1,\n  b: 2}",
                  "line 3 column 3: expected a key in quotes, found 'b'");
    check_refused("{\"a\" 1}", "line 1 column 6: expected ':' after a key, found '1'");
    check_refused("[1 2]", "line 1 column 4: expected ',' or ']', found '2'");
    check_refused("{\"a\":1]", "line 1 column 7: expected ',' or '}', found ']'");
    check_refused("[1,]", "line 1 column 4: expected a value, found ']'");
    check_refused("{\"a\":1,}", "line 1 column 8: expected a key in quotes, found '}'");
    check_refused("[", "line 1 column 2: expected a value, found the end of the text");
    check_refused("1 x", "line 1 column 3: expected the end of the text, found 'x'");
    check_refused("\"ab", "line 1 column 4: expected '\"' at the end of a string, found the end of "
                          "the text");
    check_refused("\"a\nb\"",
                  "line 1 column 3: control byte 0x0a in a string, which must be written "
                  "as an escape");
    check_refused("\"\\x\"",
                  "line 1 column 3: expected one of \"\\/bfnrtu after a backslash, found "
                  "'x'");
    check_refused("\"\\u12g4\"",
                  "line 1 column 6: expected four hexadecimal digits after \\u, found 'g'");
    check_refused("\xef\xbb\xbf{}", "line 1 column 1: expected a value, found byte 0xef");
    check_refused("nul", "line 1 column 1: expected a value, found 'n'");
    check_refused("NaN", "line 1 column 1: expected a value, found 'N'");
}

TEST(numbers_that_json_does_not_know_are_refused)
{
    check_refused("01", "line 1 column 1: a number must not begin with 0");
    check_refused("-", "line 1 column 2: expected a digit, found the end of the text");
    check_refused("1.", "line 1 column 3: expected a digit after '.', found the end of the text");
    check_refused("1e+", "line 1 column 4: expected a digit in the exponent, found the end of the "
                         "text");
    check_refused(".5", "line 1 column 1: expected a value, found '.'");
    check_refused("+1", "line 1 column 1: expected a value, found '+'");
    check_refused("0x10", "line 1 column 2: expected the end of the text, found 'x'");
}

TEST(depth_and_size_have_limits_that_the_message_names)
{
    enum { DEEP = 10000 };
    static char text[2 * DEEP + 1];
    const struct json_limits small = {.bytes = 4, .depth = 2, .refuse_duplicates = true};
    struct json_doc *d = NULL;
    struct err e = ERR_INIT;

    memset(text, '[', DEEP);
    memset(text + DEEP, ']', DEEP);
    check_refused_n(str_make(text, 2 * DEEP), ERR_TOOLARGE,
                    "line 1 column 1001: nested deeper than the limit of 1000 levels");
    CHECK_INT(json_parse(STR("[[1]]"), &small, &d, &e), ERR_TOOLARGE);
    CHECK_STR(e.msg, "5 bytes of JSON are over the limit of 4 bytes");
    CHECK_INT(json_parse(STR("[[]]"), &small, &d, &e), 0);
    json_doc_unref(d);
    memset(text, '[', 1000);
    memset(text + 1000, ']', 1000);
    text[2000] = '\0';
    check_same(text);
}

TEST(depth_beyond_the_default_does_not_use_the_call_stack)
{
    enum { DEEP = 200000 };
    const struct json_limits limits = {.bytes = JSON_MAX_BYTES, .depth = DEEP};
    char *text = malloc(2 * DEEP);
    struct json_doc *d = NULL, *copy;
    struct err e = ERR_INIT;
    cleanup_buf struct buf b = BUF_INIT;

    memset(text, '[', DEEP);
    memset(text + DEEP, ']', DEEP);
    CHECK_INT(json_parse(str_make(text, 2 * DEEP), &limits, &d, &e), 0);
    copy = json_copy(json_root(d));
    CHECK_TRUE(json_equal(json_root(d), json_root(copy)));
    json_write(&b, json_root(d));
    CHECK_INT(b.n, 2 * DEEP);
    buf_clear(&b);
    json_write_sorted(&b, json_root(d));
    CHECK_INT(b.n, 2 * DEEP);
    json_doc_unref(d);
    json_doc_unref(copy);
    free(text);
}

TEST(duplicate_keys_are_refused_with_both_places)
{
    check_refused("{\"spec\": [{\"a\": 1,\n \"b\": {},\n \"a\": 2}]}",
                  "line 3 column 2: duplicate key \"spec[0].a\", first at line 1 column 12");
}

TEST(duplicate_keys_are_dropped_and_listed_when_that_is_asked)
{
    const struct json_limits limits = {.bytes = JSON_MAX_BYTES, .depth = 10};
    const char *const *paths;
    struct json_doc *d = NULL;
    struct err e = ERR_INIT;
    cleanup_buf struct buf b = BUF_INIT;

    CHECK_INT(
        json_parse(STR("{\"a\":{\"x\":[1,2],\"y.z\":1,\"x\":3,\"y.z\":[{}],\"x\":{\"k\":[4]}},"
                       "\"b\":[0,{\"c\":\"b\",\"c\":\"c\"}],\"a\":{\"b\":5}}"),
                   &limits, &d, &e),
        0);
    json_write(&b, json_root(d));
    CHECK_STR(buf_cstring(&b), "{\"b\":[0,{\"c\":\"c\"}],\"a\":{\"b\":5}}");
    CHECK_INT(json_doc_duplicates(d, &paths), 5);
    CHECK_STR(paths[0], "a.x");
    CHECK_STR(paths[1], "a[\"y.z\"]");
    CHECK_STR(paths[2], "a.x");
    CHECK_STR(paths[3], "b[1].c");
    CHECK_STR(paths[4], "a");
    CHECK_INT(json_count(json_root(d)), 2);
    json_doc_unref(d);
}

TEST(large_objects_are_checked_for_duplicates_too)
{
    enum { FIELDS = 50000 };
    const struct json_limits lax = {.bytes = JSON_MAX_BYTES, .depth = 10};
    struct json_doc *d = NULL;
    struct err e = ERR_INIT;
    cleanup_buf struct buf b = BUF_INIT;
    int64_t value;

    buf_char(&b, '{');
    for (int i = 0; i < FIELDS; i++)
        buf_printf(&b, "\"key%d\":%d,", i, i);
    buf_cstr(&b, "\"key77\":-1}");
    CHECK_INT(json_parse(buf_view(&b), NULL, &d, &e), ERR_BADREQUEST);
    CHECK_CONTAINS(e.msg, "duplicate key \"key77\", first at line 1 column ");
    CHECK_INT(json_parse(buf_view(&b), &lax, &d, &e), 0);
    CHECK_INT(json_count(json_root(d)), FIELDS);
    CHECK_TRUE(json_int(json_get(json_root(d), "key77"), &value));
    CHECK_INT(value, -1);
    CHECK_TRUE(json_int(json_get(json_root(d), "key49999"), &value));
    CHECK_INT(value, 49999);
    json_doc_unref(d);
}

TEST(reading_chains_through_what_is_absent)
{
    cleanup_json struct json_doc *d =
        parsed("{\"metadata\":{\"name\":\"a\",\"n\":null},\"list\":[1,[2],{\"x\":3}],\"t\":true}");
    const struct json *root = json_root(d);
    size_t count = 0;

    CHECK_VIEW(json_str(json_at_path(root, "metadata.name")), "a");
    CHECK_STR(json_cstr_or(json_at_path(root, "metadata.name"), "-"), "a");
    CHECK_STR(json_cstr_or(json_at_path(root, "metadata.none.none"), "-"), "-");
    CHECK_NULL(json_str(json_get(root, "list")).p);
    CHECK_TRUE(json_is_null(json_at_path(root, "metadata.n")));
    CHECK_TRUE(json_is_null(NULL));
    CHECK_INT(json_type(NULL), JSON_ABSENT);
    CHECK_INT(json_type(json_item(json_get(root, "list"), 2)), JSON_OBJECT);
    CHECK_NULL(json_item(json_get(root, "list"), 3));
    CHECK_VIEW(json_scalar_text(json_get(json_item(json_get(root, "list"), 2), "x")), "3");
    CHECK_VIEW(json_scalar_text(json_get(root, "t")), "true");
    CHECK_TRUE(json_bool_or(json_get(root, "t"), false));
    CHECK_TRUE(json_bool_or(json_get(root, "list"), true));
    JSON_EACH (it, root) {
        CHECK_INT(it.index, count);
        CHECK_TRUE(json_get_str(root, it.key) == it.value);
        count++;
    }
    CHECK_INT(count, 3);
    JSON_EACH (it, json_get(root, "list")) {
        CHECK_NULL(it.key.p);
        CHECK_TRUE(json_item(json_get(root, "list"), it.index) == it.value);
        count++;
    }
    CHECK_INT(count, 6);
    JSON_EACH (it, json_get(root, "none"))
        fail_msg("an absent value has content");
    JSON_EACH (it, json_get(root, "t"))
        fail_msg("a scalar has content");
}

static bool
int_of(const char *text, int64_t *ret)
{
    cleanup_json struct json_doc *d = parsed(text);

    return json_int(json_root(d), ret);
}

TEST(integers_are_taken_however_they_are_written)
{
    static const struct {
        const char *text;
        int64_t want;
    } good[] = {{"0", 0},
                {"-0", 0},
                {"1.0", 1},
                {"1e3", 1000},
                {"-12.50e1", -125},
                {"1000e-3", 1},
                {"0.001e3", 1},
                {"120000e-4", 12},
                {"9223372036854775807", INT64_MAX},
                {"-9223372036854775808", INT64_MIN},
                {"0e999999999999999999999", 0},
                {"9007199254740993", 9007199254740993}};
    static const char *const bad[] = {"0.5",   "1e-1",          "9223372036854775808",
                                      "1e19",  "1e99999999999", "1.01",
                                      "\"1\"", "true",          "-9223372036854775809"};
    int64_t value;

    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        if (!int_of(good[i].text, &value) || value != good[i].want)
            fail_msg("%s", good[i].text);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (int_of(bad[i], &value))
            fail_msg("%s", bad[i]);
    }
}

TEST(an_integer_or_its_text_is_taken_where_both_may_be)
{
    cleanup_json struct json_doc *d = parsed("[7,\"-8\",\"8x\",true]");
    int64_t value;

    CHECK_TRUE(json_int_or_string(json_item(json_root(d), 0), &value) && value == 7);
    CHECK_TRUE(json_int_or_string(json_item(json_root(d), 1), &value) && value == -8);
    CHECK_FALSE(json_int_or_string(json_item(json_root(d), 2), &value));
    CHECK_FALSE(json_int_or_string(json_item(json_root(d), 3), &value));
}

TEST(doubles_out_of_range_are_none)
{
    cleanup_json struct json_doc *d = parsed("[0.1,1e400,-2.5e3]");
    double value;

    CHECK_TRUE(json_double(json_item(json_root(d), 0), &value) && value == 0.1);
    CHECK_FALSE(json_double(json_item(json_root(d), 1), &value));
    CHECK_TRUE(json_double(json_item(json_root(d), 2), &value) && value == -2500);
}

static bool
equal(const char *a, const char *b)
{
    cleanup_json struct json_doc *x = parsed(a), *y = parsed(b);

    return json_equal(json_root(x), json_root(y)) && json_equal(json_root(y), json_root(x));
}

TEST(equality_looks_at_values)
{
    CHECK_TRUE(
        equal("{\"a\":1,\"b\":[1.0,{\"c\":null}]}", "{\"b\":[1e0,{\"c\":null}],\"a\":1.00}"));
    CHECK_TRUE(equal("-0", "0.0e5"));
    CHECK_TRUE(equal("1200", "1.2e3"));
    CHECK_TRUE(equal("10.50", "0.105e2"));
    CHECK_FALSE(equal("9007199254740993", "9007199254740992"));
    CHECK_FALSE(equal("1", "-1"));
    CHECK_FALSE(equal("1", "10"));
    CHECK_FALSE(equal("12", "1.3e1"));
    CHECK_FALSE(equal("{\"a\":1}", "{\"b\":1}"));
    CHECK_FALSE(equal("{\"a\":1}", "{\"a\":1,\"b\":1}"));
    CHECK_FALSE(equal("{\"a\":1,\"b\":2}", "{\"b\":1,\"a\":2}"));
    CHECK_FALSE(equal("[1,2]", "[2,1]"));
    CHECK_FALSE(equal("\"1\"", "1"));
    CHECK_FALSE(equal("true", "false"));
    CHECK_TRUE(json_equal(NULL, NULL));
}

TEST(paths_and_positions_are_told_of_any_value)
{
    cleanup_json struct json_doc *d =
        parsed("{\n  \"spec\": {\"templates\": [1,\n    {\"a/b\": {\"c\": true}}]}\n}\n");
    const struct json *item = json_item(json_at_path(json_root(d), "spec.templates"), 1);
    const struct json *v = json_get(json_get(item, "a/b"), "c");
    struct json_position at = json_position(d, v);
    cleanup_buf struct buf b = BUF_INIT;

    json_path(d, v, &b);
    CHECK_STR(buf_cstring(&b), "spec.templates[1][\"a/b\"].c");
    CHECK_INT(at.line, 3);
    CHECK_INT(at.col, 19);
    at = json_key_position(d, v);
    CHECK_INT(at.col, 14);
    at = json_position(d, json_root(d));
    CHECK_INT(at.line, 1);
    CHECK_INT(at.col, 1);
    buf_clear(&b);
    json_path(d, json_root(d), &b);
    CHECK_STR(buf_cstring(&b), "");
}

TEST(a_document_lives_until_its_last_reference_goes)
{
    struct json_doc *d = parsed("[\"x\"]"), *again = json_doc_ref(d);

    json_doc_unref(d);
    CHECK_VIEW(json_str(json_item(json_root(again), 0)), "x");
    CHECK_TRUE(json_doc_bytes(again) > 32);
    json_doc_unref(again);
    json_doc_unref(NULL);
    CHECK_NULL(json_root(NULL));
}

TEST(random_cuts_of_a_text_never_crash)
{
    static const char text[] =
        "{\"a\":[1.5e3,\"\\u00e9\\ud83d\\ude00\xc3\xa9\",true,{\"b\":null}]}";

    for (size_t n = 0; n < sizeof text - 1; n++) {
        char *copy = malloc(n != 0 ? n : 1); /* on the heap, so that ASan sees a read behind it */
        struct json_doc *d = NULL;
        struct err e = ERR_INIT;

        memcpy(copy, text, n);
        CHECK_INT(json_parse(str_make(copy, n), NULL, &d, &e), ERR_BADREQUEST);
        CHECK_INT(e.line, 1);
        free(copy);
    }
}

TESTS_MAIN(T_(numbers_keep_their_text), T_(strings_are_decoded_and_escaped_only_where_they_must),
           T_(a_string_may_hold_nul), T_(lone_surrogates_are_refused),
           T_(bytes_that_are_not_utf8_are_refused),
           T_(syntax_errors_say_where_and_what_was_expected),
           T_(numbers_that_json_does_not_know_are_refused),
           T_(depth_and_size_have_limits_that_the_message_names),
           T_(depth_beyond_the_default_does_not_use_the_call_stack),
           T_(duplicate_keys_are_refused_with_both_places),
           T_(duplicate_keys_are_dropped_and_listed_when_that_is_asked),
           T_(large_objects_are_checked_for_duplicates_too),
           T_(reading_chains_through_what_is_absent),
           T_(integers_are_taken_however_they_are_written),
           T_(an_integer_or_its_text_is_taken_where_both_may_be), T_(doubles_out_of_range_are_none),
           T_(equality_looks_at_values), T_(paths_and_positions_are_told_of_any_value),
           T_(a_document_lives_until_its_last_reference_goes),
           T_(random_cuts_of_a_text_never_crash))
