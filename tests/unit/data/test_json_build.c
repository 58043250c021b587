#include <math.h>

#include "base/buf.h"
#include "base/err.h"
#include "data/json.h"
#include "tests/unit/test.h"

static void
check_done(struct json_build *b, const char *want)
{
    cleanup_json struct json_doc *d = json_build_done(b);
    cleanup_buf struct buf text = BUF_INIT;

    json_write(&text, json_root(d));
    CHECK_STR(buf_cstring(&text), want);
}

TEST(a_document_is_built_in_order)
{
    cleanup_json_build struct json_build b = JSON_BUILD_INIT;

    json_add_object(&b, NULL);
    json_add_cstr(&b, "kind", "Pod");
    json_add_array(&b, "args");
    json_add_int(&b, NULL, INT64_MIN);
    json_add_bool(&b, NULL, true);
    json_add_null(&b, NULL);
    json_add_number(&b, NULL, STR("18446744073709551615"));
    json_add_printf(&b, NULL, "%d-%s", 7, "x");
    json_end(&b);
    json_add_key(&b, STR("a\"b"));
    json_add_object(&b, NULL);
    json_end(&b);
    json_end(&b);
    check_done(&b, "{\"kind\":\"Pod\",\"args\":[-9223372036854775808,true,null,"
                   "18446744073709551615,\"7-x\"],\"a\\\"b\":{}}");
    json_add_cstr(&b, NULL, "again");
    check_done(&b, "\"again\"");
}

TEST(doubles_are_laid_out_as_go_does)
{
    static const struct {
        double value;
        const char *want;
    } cases[] = {{0.1, "0.1"},       {3, "3"},
                 {-2.5, "-2.5"},     {1e20, "100000000000000000000"},
                 {1e21, "1e+21"},    {1e-6, "0.000001"},
                 {1.5e-7, "1.5e-7"}, {0, "0"},
                 {-0.0, "-0"},       {123456.789, "123456.789"},
                 {5e-324, "5e-324"}, {0.30000000000000004, "0.30000000000000004"},
                 {NAN, "null"},      {-INFINITY, "null"}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cleanup_json_build struct json_build b = JSON_BUILD_INIT;

        json_add_double(&b, NULL, cases[i].value);
        check_done(&b, cases[i].want);
    }
}

TEST(values_and_fields_are_copied_deeply)
{
    static const char *const except[] = {"b", NULL};
    cleanup_json_build struct json_build b = JSON_BUILD_INIT;
    struct json_doc *d = NULL;
    struct err e = ERR_INIT;

    CHECK_INT(json_parse(STR("{\"a\":[1,{\"x\":\"y\\n\"}],\"b\":2,\"c\":[[],true]}"), NULL, &d, &e),
              0);
    json_add_array(&b, NULL);
    json_add_value(&b, NULL, json_root(d));
    json_add_value(&b, NULL, NULL);
    json_add_value(&b, NULL, json_get(json_root(d), "c"));
    json_add_object(&b, NULL);
    json_add_cstr(&b, "first", "1");
    json_add_fields(&b, json_root(d), except);
    json_add_fields(&b, NULL, NULL);
    json_add_value(&b, "last", json_at_path(json_root(d), "b"));
    json_end(&b);
    json_end(&b);
    json_doc_unref(d);
    check_done(&b, "[{\"a\":[1,{\"x\":\"y\\n\"}],\"b\":2,\"c\":[[],true]},[[],true],"
                   "{\"first\":\"1\",\"a\":[1,{\"x\":\"y\\n\"}],\"c\":[[],true],\"last\":2}]");
}

TEST(a_copy_outlives_its_source_and_has_no_position)
{
    struct json_doc *d = NULL, *copy;
    struct err e = ERR_INIT;
    cleanup_buf struct buf text = BUF_INIT;

    CHECK_INT(json_parse(STR("{\"a\":{\"b\":[\"c\",1.50]}}"), NULL, &d, &e), 0);
    copy = json_copy(json_get(json_root(d), "a"));
    json_doc_unref(d);
    json_write(&text, json_root(copy));
    CHECK_STR(buf_cstring(&text), "{\"b\":[\"c\",1.50]}");
    CHECK_VIEW(json_str(json_item(json_get(json_root(copy), "b"), 0)), "c");
    CHECK_INT(json_position(copy, json_root(copy)).line, 0);
    json_doc_unref(copy);
    CHECK_NULL(json_copy(NULL));
}

TEST(what_is_not_utf8_becomes_a_replacement_character)
{
    cleanup_json_build struct json_build b = JSON_BUILD_INIT;
    cleanup_buf struct buf text = BUF_INIT;

    json_add_str(&b, NULL, STR("ok \xc3\xa9 bad \xff\xc3(\xed\xa0\x80 end"));
    check_done(&b, "\"ok \xc3\xa9 bad \xef\xbf\xbd\xef\xbf\xbd(\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
                   " end\"");
    json_write_escaped(&text, STR("a\"b\n"));
    CHECK_STR(buf_cstring(&text), "a\\\"b\\n");
}

TEST(pretty_and_sorted_output_have_their_layout)
{
    struct json_doc *d = NULL;
    struct err e = ERR_INIT;
    cleanup_buf struct buf text = BUF_INIT;

    CHECK_INT(json_parse(STR("{\"b\":[1,{}],\"a\":{\"z\":[],\"y\":null}}"), NULL, &d, &e), 0);
    json_write_pretty(&text, json_root(d));
    CHECK_STR(buf_cstring(&text), "{\n    \"b\": [\n        1,\n        {}\n    ],\n    \"a\": {\n"
                                  "        \"z\": [],\n        \"y\": null\n    }\n}");
    buf_clear(&text);
    json_write_sorted(&text, json_root(d));
    CHECK_STR(buf_cstring(&text), "{\"a\":{\"y\":null,\"z\":[]},\"b\":[1,{}]}");
    buf_clear(&text);
    json_write_pretty(&text, NULL);
    json_write_sorted(&text, json_item(json_get(json_root(d), "b"), 0));
    CHECK_STR(buf_cstring(&text), "null1");
    json_doc_unref(d);
}

TEST(a_buffer_with_a_maximum_takes_what_fits_exactly)
{
    struct json_doc *d = NULL;
    struct err e = ERR_INIT;
    cleanup_buf struct buf text = BUF_INIT;

    text.max = 7;
    CHECK_INT(json_parse(STR("[\"abc\"]"), NULL, &d, &e), 0);
    json_write(&text, json_root(d));
    CHECK_STR(buf_cstring(&text), "[\"abc\"]");
    CHECK_FALSE(text.overflow);
    json_write(&text, json_root(d));
    CHECK_TRUE(text.overflow);
    json_doc_unref(d);
}

TESTS_MAIN(T_(a_document_is_built_in_order), T_(doubles_are_laid_out_as_go_does),
           T_(values_and_fields_are_copied_deeply),
           T_(a_copy_outlives_its_source_and_has_no_position),
           T_(what_is_not_utf8_becomes_a_replacement_character),
           T_(pretty_and_sorted_output_have_their_layout),
           T_(a_buffer_with_a_maximum_takes_what_fits_exactly))
