#include "base/buf.h"
#include "base/err.h"
#include "data/yaml.h"
#include "tests/unit/test.h"

/* Prints JSON as YAML, compares, and reads it back. */
static void
check_write(const char *json, const char *want)
{
    cleanup_json struct json_doc *d = NULL, *again = NULL;
    cleanup_buf struct buf b = BUF_INIT;
    struct err e = ERR_INIT;

    CHECK_INT(json_parse(str_of(json), NULL, &d, &e), 0);
    yaml_write(&b, json_root(d));
    if (want != NULL)
        CHECK_STR(buf_cstring(&b), want);
    if (yaml_parse_one(buf_view(&b), NULL, &again, &e) < 0)
        fail_msg("%s: %s", buf_cstring(&b), e.msg);
    if (!json_equal(json_root(d), json_root(again)))
        fail_msg("not the same:\n%s", buf_cstring(&b));
}

TEST(objects_are_printed_as_kubectl_does)
{
    check_write(
        "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"a\",\"labels\":{},"
        "\"creationTimestamp\":\"2024-05-17T09:31:42Z\"},\"spec\":{\"containers\":[{\"name\":"
        "\"main\",\"args\":[\"a\",\"b: c\",\"\"],\"command\":[]}],\"n\":1.50,\"t\":true,"
        "\"x\":null}}",
        "apiVersion: v1\n"
        "kind: Pod\n"
        "metadata:\n"
        "  creationTimestamp: \"2024-05-17T09:31:42Z\"\n"
        "  labels: {}\n"
        "  name: a\n"
        "spec:\n"
        "  containers:\n"
        "  - args:\n"
        "    - a\n"
        "    - 'b: c'\n"
        "    - \"\"\n"
        "    command: []\n"
        "    name: main\n"
        "  \"n\": 1.50\n"
        "  t: true\n"
        "  x: null\n");
}

TEST(strings_that_mean_something_else_are_quoted)
{
    check_write(
        "[\"yes\",\"1\",\"0x1f\",\"~\",\"null\",\"1e3\",\"1:30\",\"2001-01-01\",\"<<\",\".inf\","
        "\"- a\",\"#a\",\" a\",\"*a\",\"a #b\",\"it's\",\"v1.2.3\",\"1_0\",\"on\"]",
        "- \"yes\"\n- \"1\"\n- \"0x1f\"\n- \"~\"\n- \"null\"\n- \"1e3\"\n- \"1:30\"\n"
        "- \"2001-01-01\"\n- \"<<\"\n- \".inf\"\n- '- a'\n- '#a'\n- ' a'\n- '*a'\n- 'a #b'\n"
        "- it's\n- v1.2.3\n- \"1_0\"\n- \"on\"\n");
    check_write("{\"yes\":1,\"1\":2,\"\":3,\"a b\":4}", "\"\": 3\n\"1\": 2\na b: 4\n\"yes\": 1\n");
}

TEST(lines_become_literal_blocks)
{
    check_write("{\"a\":\"x\\ny\\n\",\"b\":\"x\\ny\",\"c\":\"x\\n\\n\",\"d\":\"  x\\ny\"}",
                "a: |\n  x\n  y\nb: |-\n  x\n  y\nc: |+\n  x\n\nd: |2-\n    x\n  y\n");
    check_write("[\"\\n\",\"\\n\\n\",\"\\na\",\"a \\nb\",\"a\\n "
                "b\",\"a\\r\\nb\",\"a\\tb\\nc\",\"a\\u0085b\",\"x\\n \"]",
                NULL);
}

TEST(any_text_survives)
{
    check_write(
        "[\"\\u0000\",\"\\u0007\",\"\\ufeff\",\"\\ud83d\\ude00\",\"\xc3\xa9\",\"\\u2028\",\"\\\\\","
        "\"\\\"\",\"---\",\"...\",\"--- a\",\"a:\",\":a\",\"?\",\"? a\",\"-\",\"!\",\"&\",\"%a\","
        "\"@a\",\"`a\",\"[a\",\"{a\",\"a, b\",\"a\\t\",\"\\ta\",\"a \",\"|\",\">\",\"=\"]",
        NULL);
    check_write("{\"a\\nb\":1,\"\\u0001\":{\"x\":[[],[[1]],{}]},\"? k\":[[\"a\",{\"b\":1}]]}",
                NULL);
    check_write("\"a plain root\"", "a plain root\n");
    check_write("[1e400,-0,18446744073709551616,1E+5]",
                "- 1e400\n- -0\n- 18446744073709551616\n- 1E+5\n");
    check_write(
        "{\"long\":\"word word word word word word word word word word word word word word word "
        "word word word word word  two: spaces word word word word word word word word word\"}",
        NULL);
}

TEST(keys_are_in_natural_order)
{
    check_write("{\"item10\":1,\"item2\":2,\"b\":3,\"B\":4,\"_a\":5,\"a-b\":6,\"a.b\":7,\"ab\":8,"
                "\"item02\":9}",
                "_a: 5\nB: 4\na-b: 6\na.b: 7\nab: 8\nb: 3\nitem2: 2\nitem02: 9\nitem10: 1\n");
}

TESTS_MAIN(T_(objects_are_printed_as_kubectl_does), T_(strings_that_mean_something_else_are_quoted),
           T_(lines_become_literal_blocks), T_(any_text_survives), T_(keys_are_in_natural_order))
