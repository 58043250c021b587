#include "base/buf.h"
#include "base/err.h"
#include "data/yaml.h"
#include "tests/unit/test.h"

/* The documents of a text as JSON, one a line. */
static void
check_read(const char *text, const char *want)
{
    cleanup_yaml_docs struct yaml_docs docs = YAML_DOCS_INIT;
    cleanup_buf struct buf b = BUF_INIT;
    struct err e = ERR_INIT;

    if (yaml_parse(str_of(text), NULL, &docs, &e) < 0)
        fail_msg("%s: %s", text, e.msg);
    for (size_t i = 0; i < docs.n; i++) {
        if (i != 0)
            buf_char(&b, '\n');
        json_write(&b, json_root(docs.at[i].json));
    }
    CHECK_STR(buf_cstring(&b), want);
}

static void
check_refused_within(const struct yaml_limits *limits, const char *text, int code,
                     const char *message)
{
    cleanup_yaml_docs struct yaml_docs docs = YAML_DOCS_INIT;
    struct err e = ERR_INIT;

    CHECK_INT(yaml_parse(str_of(text), limits, &docs, &e), code);
    CHECK_STR(e.msg, message);
    CHECK_INT(docs.n, 0);
}

static void
check_refused(const char *text, const char *message)
{
    check_refused_within(NULL, text, ERR_BADREQUEST, message);
}

TEST(plain_scalars_have_the_types_of_go_yaml)
{
    check_read("[yes, Yes, YES, y, Y, on, On, true, True, TRUE]",
               "[true,true,true,true,true,true,true,true,true,true]");
    check_read("[no, n, N, off, OFF, false, False]", "[false,false,false,false,false,false,false]");
    check_read("[~, null, Null, NULL, nULL, yEs, oN]",
               "[null,null,null,null,\"nULL\",\"yEs\",\"oN\"]");
    check_read("a:\nb: ''\n", "{\"a\":null,\"b\":\"\"}");
    check_read(
        "[2001-01-01, 2001-12-14t21:59:43.10-05:00, 1:30, 12e, 1.2.3, 0xZ, _1, '-', .]",
        "[\"2001-01-01\",\"2001-12-14t21:59:43.10-05:00\",\"1:30\",\"12e\",\"1.2.3\",\"0xZ\","
        "\"_1\",\"-\",\".\"]");
}

TEST(numbers_keep_their_text_or_get_the_nearest_of_json)
{
    check_read("[0, -0, 1.0, 1e3, 0.10, 12345678901234567890123, 1.50E+3, 9007199254740993]",
               "[0,-0,1.0,1e3,0.10,12345678901234567890123,1.50E+3,9007199254740993]");
    check_read("[0755, 0o755, 0x1F, -0x1f, 0b101, 1_000, +5, 089, -017, 0xffffffffffffffff]",
               "[493,493,31,-31,5,1000,5,89,-15,18446744073709551615]");
    check_read("[5., .5, -.5e3, 012.50, +1_0.5]", "[5,0.5,-0.5e3,12.50,10.5]");
}

TEST(quotes_and_tags_decide)
{
    check_read("- 'yes'\n- \"1\"\n- |\n  7\n", "[\"yes\",\"1\",\"7\\n\"]");
    check_read("- !!str 1\n- !!int \"7\"\n- !!float 1\n- !!bool 'yes'\n- !!null ''\n- ! 5\n"
               "- !!timestamp 2001-01-01\n- !!binary aGVs\n  bG8=\n",
               "[\"1\",7,1,true,null,\"5\",\"2001-01-01\",\"hello\"]");
    check_refused("a: !!int x", "line 1 column 4: 'x' is not an integer, as its tag !!int says");
    check_refused("a: !thing x", "line 1 column 4: unknown tag '!thing' of a scalar");
    check_refused("a: !thing {}", "line 1 column 4: unknown tag '!thing' of a mapping");
    check_refused("a: !!binary '*'", "line 1 column 4: '*' is not base64 of UTF-8 text, as its tag "
                                     "!!binary says");
}

TEST(what_json_cannot_hold_is_refused)
{
    check_refused("a:\n  - .inf", "line 2 column 5: '.inf' is a number that JSON cannot hold");
    check_refused("-.Inf", "line 1 column 1: '-.Inf' is a number that JSON cannot hold");
    check_refused(".nan", "line 1 column 1: '.nan' is a number that JSON cannot hold");
}

TEST(keys_become_text)
{
    check_read(
        "1: a\ntrue: b\nno: c\n1.5: d\n'2': e\n0x10: f\n",
        "{\"1\":\"a\",\"true\":\"b\",\"false\":\"c\",\"1.5\":\"d\",\"2\":\"e\",\"16\":\"f\"}");
    check_refused("? [a]\n: b\n", "line 1 column 3: expected a scalar as key, found a sequence");
    check_refused("~: b\n", "line 1 column 1: expected a key, found null");
}

TEST(equal_keys_are_refused_with_both_places)
{
    check_refused("spec:\n  - a: 1\n    b: 2\n    a: 3\n",
                  "line 4 column 5: duplicate key \"spec[0].a\", first at line 2 column 5");
    check_refused("1: a\n'1': b\n",
                  "line 2 column 1: duplicate key \"1\", first at line 1 column 1");
}

TEST(of_equal_keys_the_last_one_stays_when_that_is_asked)
{
    struct yaml_limits limits = yaml_limits_default;
    cleanup_yaml_docs struct yaml_docs docs = YAML_DOCS_INIT;
    cleanup_buf struct buf b = BUF_INIT;
    struct err e = ERR_INIT;
    const char *const *paths;

    limits.allow_duplicates = true;
    CHECK_INT(yaml_parse(STR("m:\n  a: {x: 1}\n  b: 2\n  a: [3]\n  <<: {c: 4}\n---\nn: 1\n"),
                         &limits, &docs, &e),
              0);
    json_write(&b, json_root(docs.at[0].json));
    CHECK_STR(buf_cstring(&b), "{\"m\":{\"b\":2,\"a\":[3],\"c\":4}}");
    CHECK_INT(json_doc_duplicates(docs.at[0].json, &paths), 1);
    CHECK_STR(paths[0], "m.a");
    CHECK_INT(json_position(docs.at[0].json, json_at_path(json_root(docs.at[0].json), "m.a")).line,
              4);
    CHECK_INT(json_doc_duplicates(docs.at[1].json, &paths), 0);
}

TEST(only_true_and_false_are_booleans_when_that_is_asked)
{
    struct yaml_limits limits = yaml_limits_default;
    struct json_doc *d = NULL;
    cleanup_buf struct buf b = BUF_INIT;
    struct err e = ERR_INIT;

    limits.only_true_false = true;
    CHECK_INT(yaml_parse_one(STR("y: [yes, n, on, True, false, ~]\n"), &limits, &d, &e), 0);
    json_write(&b, json_root(d));
    CHECK_STR(buf_cstring(&b), "{\"y\":[\"yes\",\"n\",\"on\",true,false,null]}");
    json_doc_unref(d);
}

TEST(streams_give_their_documents_with_their_lines)
{
    cleanup_yaml_docs struct yaml_docs docs = YAML_DOCS_INIT;
    struct err e = ERR_INIT;

    check_read("---\na: 1\n---\n# nothing\n---\n\nb: 2\n...\n---\nnull\n", "{\"a\":1}\n{\"b\":2}");
    CHECK_INT(yaml_parse(STR("# c\na: 1\n---\n\n- b\n"), NULL, &docs, &e), 0);
    CHECK_INT(docs.n, 2);
    CHECK_INT(docs.at[0].line, 2);
    CHECK_INT(docs.at[1].line, 5);
    check_read("", "");
    check_read("# only a comment\n", "");
}

TEST(one_document_may_be_demanded)
{
    struct json_doc *d = NULL;
    struct err e = ERR_INIT;

    CHECK_INT(yaml_parse_one(STR(""), NULL, &d, &e), ERR_BADREQUEST);
    CHECK_STR(e.msg, "expected a YAML document, found none");
    CHECK_INT(yaml_parse_one(STR("a: 1\n---\nb: 1\n"), NULL, &d, &e), ERR_BADREQUEST);
    CHECK_STR(e.msg, "line 3: expected one YAML document, found 2");
    CHECK_INT(yaml_parse_one(STR("a: 1\n"), NULL, &d, &e), 0);
    json_doc_unref(d);
}

TEST(values_know_their_line_and_column)
{
    struct json_doc *d = NULL;
    struct err e = ERR_INIT;
    struct json_position at;
    const struct json *v;

    CHECK_INT(yaml_parse_one(STR("a:\n  - x\n  - b: \xc3\xa9 \n    c: &k [1]\n    d: *k\n"), NULL,
                             &d, &e),
              0);
    v = json_item(json_get(json_root(d), "a"), 1);
    at = json_position(d, json_get(v, "b"));
    CHECK_INT(at.line, 3);
    CHECK_INT(at.col, 8);
    at = json_key_position(d, json_get(v, "c"));
    CHECK_INT(at.line, 4);
    CHECK_INT(at.col, 5);
    at = json_position(d, json_item(json_get(v, "d"), 0));
    CHECK_INT(at.line, 4);
    json_doc_unref(d);
}

TEST(aliases_are_copies)
{
    check_read("a: &x {k: [1, two]}\nb: *x\nc: [*x, *x]\n",
               "{\"a\":{\"k\":[1,\"two\"]},\"b\":{\"k\":[1,\"two\"]},\"c\":[{\"k\":[1,\"two\"]},"
               "{\"k\":[1,\"two\"]}]}");
    check_read("- &x 1\n- &x two\n- *x\n- *x : v\n", "[1,\"two\",\"two\",{\"two\":\"v\"}]");
    check_refused("a: *x\n", "line 1 column 4: no anchor &x comes before its alias");
    check_refused("a: &x [*x]\n", "line 1 column 8: anchor &x contains its own alias");
    check_refused("- &x [1]\n- *x : v\n",
                  "line 2 column 3: expected a string or number as key, found array");
    check_refused("a: &x 1\n---\nb: *x\n", "line 3 column 4: no anchor &x comes before its alias");
}

TEST(merge_keys_are_carried_out)
{
    check_read("base: &b {x: 1, yy: [2, {z: q}]}\nmore: &m {yy: 5, w: 6}\n"
               "a:\n  <<: *b\n  x: own\nc:\n  v: 0\n  <<: [*m, *b]\n",
               "{\"base\":{\"x\":1,\"yy\":[2,{\"z\":\"q\"}]},\"more\":{\"yy\":5,\"w\":6},"
               "\"a\":{\"x\":\"own\",\"yy\":[2,{\"z\":\"q\"}]},"
               "\"c\":{\"v\":0,\"yy\":5,\"w\":6,\"x\":1}}");
    check_read("a: {'<<': 1}\n", "{\"a\":{\"<<\":1}}");
    check_read(
        "a: &o\n  <<: {k: &i v}\n  l: &j {m: p}\nb: [*i, *o, *j]\n",
        "{\"a\":{\"l\":{\"m\":\"p\"},\"k\":\"v\"},\"b\":[\"v\",{\"l\":{\"m\":\"p\"},\"k\":\"v\"},"
        "{\"m\":\"p\"}]}");
    check_refused(
        "a:\n  <<: 5\n",
        "line 2 column 7: expected a mapping or a list of mappings to merge, found number");
}

TEST(alias_bombs_are_refused)
{
    const struct yaml_limits few = {.bytes = 1000, .depth = 20, .nodes = 1000};

    check_refused_within(
        NULL,
        "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
        "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
        "d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
        "e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\n"
        "f: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\n"
        "g: &g [*f,*f,*f,*f,*f,*f,*f,*f,*f,*f]\n"
        "h: [*g,*g,*g,*g,*g,*g,*g,*g,*g,*g]\n",
        ERR_TOOLARGE,
        "line 7 column 11: aliases expand to more than the limit of 4000000 values "
        "in one document");
    check_refused_within(
        &few,
        "- &a "
        "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234\n"
        "- [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n",
        ERR_TOOLARGE,
        "line 2 column 34: aliases expand to more than the limit of 1000 bytes in one document");
    check_refused_within(
        &few, "- &a [[[[[[[[[[1]]]]]]]]]]\n- [[[[[[[[[*a]]]]]]]]]\n- [[[[[[[[[[*a]]]]]]]]]]\n",
        ERR_TOOLARGE, "line 3 column 13: nested deeper than the limit of 20 levels");
}

TEST(depth_and_size_have_limits)
{
    enum { DEEP = 10000 };
    const struct yaml_limits few = {.bytes = 10, .depth = 20, .nodes = 3};
    static char text[DEEP + 1];

    memset(text, '[', DEEP);
    check_refused_within(NULL, text, ERR_TOOLARGE,
                         "line 1 column 1001: nested deeper than the limit of 1000 levels");
    check_refused_within(&few, "[1, 2, 3]", ERR_TOOLARGE,
                         "line 1 column 8: more than the limit of 3 values in one document");
    check_refused_within(&few, "[1, 2, 3, 4]", ERR_TOOLARGE,
                         "12 bytes of YAML are over the limit of 10 bytes");
}

TEST(syntax_errors_have_a_place)
{
    check_refused("a: b: c\n", "line 1 column 5: mapping values are not allowed in this context");
    check_refused(
        "a: [1, 2\nb: 3\n",
        "line 2 column 2: did not find expected ',' or ']' while parsing a flow sequence, "
        "which begins on line 1");
    check_refused("a: 1\nb: \xff\n", "line 2 column 4: invalid leading UTF-8 octet (0xff)");
}

TEST(json_is_read_as_json)
{
    check_read("{\"a\":\t\"\\ud83d\\ude00\\/\"}\n", "{\"a\":\"\xf0\x9f\x98\x80/\"}");
    check_read("{a: 1, b: yes}", "{\"a\":1,\"b\":true}");
}

TESTS_MAIN(T_(plain_scalars_have_the_types_of_go_yaml),
           T_(numbers_keep_their_text_or_get_the_nearest_of_json), T_(quotes_and_tags_decide),
           T_(what_json_cannot_hold_is_refused), T_(keys_become_text),
           T_(equal_keys_are_refused_with_both_places),
           T_(of_equal_keys_the_last_one_stays_when_that_is_asked),
           T_(only_true_and_false_are_booleans_when_that_is_asked),
           T_(streams_give_their_documents_with_their_lines), T_(one_document_may_be_demanded),
           T_(values_know_their_line_and_column), T_(aliases_are_copies),
           T_(merge_keys_are_carried_out), T_(alias_bombs_are_refused),
           T_(depth_and_size_have_limits), T_(syntax_errors_have_a_place), T_(json_is_read_as_json))
