#include "base/buf.h"
#include "base/err.h"
#include "data/jsonpath.h"
#include "tests/unit/data/parsed.h"
#include "tests/unit/test.h"

static const char store[] = "{\"store\":{\"book\":[{\"title\":\"A\",\"price\":8.95,\"isbn\":\"1\"},"
                            "{\"title\":\"B\",\"price\":12.99},"
                            "{\"title\":\"C\",\"price\":22,\"tags\":[\"x\",\"y\"]}],\"bicycle\":{"
                            "\"color\":\"red\",\"price\":20}},"
                            "\"limit\":12.99,\"a.b\":{\"c d\":1},\"ok\":true,\"off\":false}";

/* What a path finds, with spaces between. */
static void
check_find(const char *path, const struct json *root, const char *want)
{
    cleanup_jsonpath_results struct jsonpath_results found = JSONPATH_RESULTS_INIT;
    cleanup_jsonpath struct jsonpath *p = NULL;
    cleanup_buf struct buf b = BUF_INIT;
    struct err e = ERR_INIT;

    if (jsonpath_compile(str_of(path), &p, &e) < 0 || jsonpath_find(p, root, &found, &e) < 0)
        fail_msg("%s", e.msg);
    for (size_t i = 0; i < found.n; i++) {
        if (i > 0)
            buf_char(&b, ' ');
        json_write(&b, found.at[i]);
    }
    if (strcmp(buf_cstring(&b), want) != 0)
        fail_msg("%s: %s, not %s", path, buf_cstring(&b), want);
}

static void
check_get(const char *path, const char *want)
{
    cleanup_json struct json_doc *d = parsed(store);

    check_find(path, json_root(d), want);
}

TEST(plain_paths_give_their_value)
{
    check_get("$.store.book[0].title", "\"A\"");
    check_get("$.store.book[-1].tags", "[\"x\",\"y\"]");
    check_get("$['store']['bicycle'].color", "\"red\"");
    check_get("$['a.b'][\"c d\"]", "1");
    check_get(".a\\.b['c d']", "1");
    check_get("limit", "12.99");
    check_get("@.ok", "true");
    check_get("$[\"store\"].bicycle", "{\"color\":\"red\",\"price\":20}");
}

TEST(other_paths_give_all_they_find)
{
    check_get("$.store.book[*].title", "\"A\" \"B\" \"C\"");
    check_get("$.store.*.color", "\"red\"");
    check_get("$..price", "8.95 12.99 22 20");
    check_get("$.store.book..tags[1]", "\"y\"");
    check_get("$.store.book[0,2].title", "\"A\" \"C\"");
    check_get("$.store.book[0]['title','price']", "\"A\" 8.95");
    check_get("$.store.book[1:].title", "\"B\" \"C\"");
    check_get("$.store.book[-2:].title", "\"B\" \"C\"");
    check_get("$.store.book[:-1].title", "\"A\" \"B\"");
    check_get("$.store.book[::2].title", "\"A\" \"C\"");
    check_get("$.store.book[-9:1].title", "\"A\"");
    check_get("$.store.book[5:].title", "");
    check_get("$.none[*]", "");
}

TEST(filters_choose_items)
{
    check_get("$.store.book[?(@.price > 10)].title", "\"B\" \"C\"");
    check_get("$.store.book[?(@.price >= 8.95 && @.price < 20)].title", "\"A\" \"B\"");
    check_get("$.store.book[?(@.title==\"A\" || @.title == 'C')].price", "8.95 22");
    check_get("$.store.book[?(@.isbn)].title", "\"A\"");
    check_get("$.store.book[?(!@.isbn)].title", "\"B\" \"C\"");
    check_get("$.store.book[?(@.price == $.limit)].title", "\"B\"");
    check_get("$.store.book[?(@.price != 22.0)].title", "\"A\" \"B\"");
    check_get("$.store.book[?(@.tags[?(@ == 'y')])].title", "\"C\"");
    check_get("$.store.book[?(!(@.price<=9) && (true==true))].title", "\"B\" \"C\"");
    check_get("$.store[?(@.color)].price", "20");
    check_get("$[?(@ == true)]", "true");
    check_get("$.store.book[?(@.title > 5)]", "");
}

TEST(what_is_absent_finds_nothing)
{
    check_get("$.store.pen", "");
    check_get("$.store.book[3]", "");
    check_get("$.store.book[-4]", "");
    check_get("$.limit.x", "");
    check_find("$.a", NULL, "");
}

static void
check_bad(const char *path, const char *message)
{
    struct jsonpath *p = NULL;
    struct err e = ERR_INIT;

    CHECK_INT(jsonpath_compile(str_of(path), &p, &e), ERR_BADREQUEST);
    CHECK_STR(e.msg, message);
}

TEST(errors_in_paths_have_a_column)
{
    check_bad("$.", "path '$.': column 3: expected a name");
    check_bad("$.a[",
              "path '$.a[': column 5: expected an index, a slice, a name in quotes, '*' or '?'");
    check_bad("$.a[0", "path '$.a[0': column 6: expected ']'");
    check_bad("$.a['x", "path '$.a['x': column 5: the quote does not end");
    check_bad("$a", "path '$a': column 2: expected '.', '[' or the end");
    check_bad("$.a[?(@.x ==)]",
              "path '$.a[?(@.x ==)]': column 13: expected a path, a number, a text in "
              "quotes, true, false or null");
    check_bad("$.a[?(@.x]", "path '$.a[?(@.x]': column 10: expected ')'");
    check_bad("$.a[::0]", "path '$.a[::0]': column 8: a slice's step must be positive");
    check_bad("$[99999999999]",
              "path '$[99999999999]': column 14: expected an integer of at most 32 bits");
}

TEST(nesting_and_work_have_limits)
{
    cleanup_buf struct buf b = BUF_INIT;
    struct jsonpath *p = NULL;
    struct err e = ERR_INIT;
    struct json_doc *d = NULL;
    cleanup_jsonpath_results struct jsonpath_results found = JSONPATH_RESULTS_INIT;

    buf_cstr(&b, "$[?(");
    buf_fill(&b, '(', 5000);
    CHECK_INT(jsonpath_compile(buf_view(&b), &p, &e), ERR_TOOLARGE);
    CHECK_STR(e.msg, "path nested deeper than the limit of 32 levels");
    buf_clear(&b);
    buf_fill(&b, '[', 300);
    buf_fill(&b, ']', 300);
    d = parsed(buf_cstring(&b));
    CHECK_INT(jsonpath_compile(STR("$..*..*..*..*"), &p, &e), 0);
    CHECK_INT(jsonpath_find(p, json_root(d), &found, &e), ERR_TOOLARGE);
    CHECK_STR(e.msg, "the path looks at more than the limit of 10000000 values");
    CHECK_INT(found.n, 0);
    jsonpath_free(p);
    json_doc_unref(d);
}

static void
check_template(const char *text, const char *want)
{
    cleanup_json struct json_doc *d =
        parsed("{\"kind\":\"List\",\"items\":[{\"metadata\":{\"name\":\"a\"},\"p\":[1,2]},{"
               "\"metadata\":{\"name\":\"b\"},"
               "\"p\":[]},{\"metadata\":{\"name\":\"c\"},\"p\":[3]}]}");
    cleanup_buf struct buf b = BUF_INIT;
    struct err e = ERR_INIT;

    if (jsonpath_template(str_of(text), json_root(d), &b, &e) < 0)
        fail_msg("%s", e.msg);
    CHECK_STR(buf_cstring(&b), want);
}

TEST(templates_print_as_kubectl_does)
{
    check_template("{.kind}", "List");
    check_template("kind is {.kind}{\"\\n\"}", "kind is List\n");
    check_template("{.items[*].metadata.name}", "a b c");
    check_template("{.items[0].metadata}", "{\"name\":\"a\"}");
    check_template("{.items[1:].p}", "[] [3]");
    check_template("{range .items[*]}{.metadata.name}={@.p[0]},{end}!", "a=1,b=,c=3,!");
    check_template("{range .items[*]}{range .p[*]}{@}-{$.kind}{'}'}{end};{end}",
                   "1-List}2-List};;3-List};");
    check_template("{range .none[*]}{.x}{end}{.absent}", "");
    check_template("{.items[?(@.metadata.name==\"b\")].p}", "[]");
    check_template("", "");
}

TEST(an_empty_path_is_the_whole_value)
{
    cleanup_json struct json_doc *d = parsed("{\"a\": [1, \"x\"]}");
    cleanup_buf struct buf b = BUF_INIT;
    struct err e = ERR_INIT;

    CHECK_INT(jsonpath_template(STR("{}"), json_root(d), &b, &e), 0);
    CHECK_STR(buf_cstring(&b), "{\"a\":[1,\"x\"]}");
}

TEST(errors_in_templates_are_told)
{
    cleanup_buf struct buf b = BUF_INIT;
    struct err e = ERR_INIT;

    CHECK_INT(jsonpath_template(STR("a{.x"), NULL, &b, &e), ERR_BADREQUEST);
    CHECK_STR(e.msg, "template: the brace at column 2 does not close");
    CHECK_INT(jsonpath_template(STR("{end}"), NULL, &b, &e), ERR_BADREQUEST);
    CHECK_INT(jsonpath_template(STR("{range .x}"), NULL, &b, &e), ERR_BADREQUEST);
    CHECK_STR(e.msg, "template: {range} without {end}");
    CHECK_INT(jsonpath_template(STR("{\"a\" b}"), NULL, &b, &e), ERR_BADREQUEST);
    CHECK_INT(jsonpath_template(STR("{.a..}"), NULL, &b, &e), ERR_BADREQUEST);
    CHECK_STR(buf_cstring(&b), "");
}

TESTS_MAIN(T_(plain_paths_give_their_value), T_(other_paths_give_all_they_find),
           T_(filters_choose_items), T_(what_is_absent_finds_nothing),
           T_(errors_in_paths_have_a_column), T_(nesting_and_work_have_limits),
           T_(templates_print_as_kubectl_does), T_(an_empty_path_is_the_whole_value),
           T_(errors_in_templates_are_told))
