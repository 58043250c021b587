#include "schema/selector.h"

#include "base/buf.h"
#include "base/err.h"
#include "data/json.h"
#include "tests/unit/test.h"

static const char labels_text[] = "{\"app\":\"web\",\"tier\":\"front\",\"n\":\"7\"}";

static bool
matches(const char *selector, const char *labels)
{
    cleanup_selector struct selector *s = NULL;
    cleanup_json struct json_doc *doc = NULL;
    struct err e = ERR_INIT;

    if (selector_parse(str_of(selector), &s, &e) < 0)
        fail_msg("%s: %s", selector, e.msg);
    CHECK_INT(json_parse(str_of(labels), NULL, &doc, &e), 0);
    return selector_matches(s, json_root(doc));
}

TEST(selector_matches_as_kubectl_users_expect)
{
    static const struct {
        const char *selector;
        bool want;
    } cases[] = {
        {"", true},
        {"app=web", true},
        {"app==web,tier=front", true},
        {"app=db", false},
        {"app!=db", true},
        {"missing!=x", true},
        {"missing=x", false},
        {"missing=", false},
        {"app", true},
        {"!app", false},
        {"!missing", true},
        {"app in (db, web)", true},
        {"app in (db)", false},
        {"app notin (db), tier", true},
        {"missing notin (a)", true},
        {"n>6", true},
        {"n<7", false},
        {"app>1", false},
        {" app = web , tier in ( front ) ", true},
        {"in=1", false},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        if (matches(cases[i].selector, labels_text) != cases[i].want)
            fail_msg("%s", cases[i].selector);
}

TEST(selector_says_where_a_text_is_wrong)
{
    static const struct {
        const char *selector, *want;
    } cases[] = {
        {"a===b", "unable to parse requirement: found '=', expected: identifier"},
        {"a in b", "unable to parse requirement: found 'b' expected: '('"},
        {"a in (b", "unable to parse requirement: found '', expected: ',' or ')'"},
        {"a in (=)", "unable to parse requirement: found '=', expected: ',', ')' or identifier"},
        {"a=b,", "found '', expected: identifier after ','"},
        {",a", "found ',', expected: !, identifier, or 'end of string'"},
        {"a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"},
        {"a=b c", "found 'c', expected: ',' or 'end of string'"},
        {"!", "unable to parse requirement: found '', expected: identifier"},
        {"a>x", "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' "
                "operators, the value must be an integer"},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct selector *s = NULL;
        struct err e = ERR_INIT;

        CHECK_INT(selector_parse(str_of(cases[i].selector), &s, &e), ERR_BADREQUEST);
        CHECK_STR(e.msg, cases[i].want);
        CHECK_NULL(s);
    }
}

TEST(selector_says_what_is_wrong_with_fields)
{
    static const struct {
        const char *selector, *want;
    } cases[] = {
        {"a", "invalid selector: 'a'; can't understand 'a'"},
        {"a=1,b!2", "invalid selector: 'a=1,b!2'; can't understand 'b!2'"},
        {"a=b=c", "invalid field selector: unescaped character in value: 61"},
        {"a=b\\x", "invalid field selector: invalid escape sequence: \\x"},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct selector *s = NULL;
        struct err e = ERR_INIT;

        CHECK_INT(selector_parse_fields(str_of(cases[i].selector), &s, &e), ERR_BADREQUEST);
        CHECK_STR(e.msg, cases[i].want);
    }
}

TEST(selector_refuses_what_is_no_label)
{
    struct selector *s = NULL;
    struct err e = ERR_INIT;

    CHECK_INT(selector_parse(STR("a/b/c=d"), &s, &e), ERR_BADREQUEST);
    CHECK_CONTAINS(e.msg, "unable to parse requirement: <nil>: Invalid value: \"a/b/c\": a "
                          "qualified name must consist");
    CHECK_INT(selector_parse(STR("a=b@c"), &s, &e), ERR_BADREQUEST);
    CHECK_CONTAINS(e.msg, "values[0][a]: Invalid value: \"b@c\": a valid label must be");
    CHECK_INT(selector_parse(str_make("a=\0b", 4), &s, &e), ERR_BADREQUEST);
}

TEST(selector_reads_the_json_form)
{
    cleanup_json struct json_doc *doc = NULL;
    cleanup_selector struct selector *s = NULL;
    cleanup_buf struct buf text = BUF_INIT;
    struct err e = ERR_INIT;

    CHECK_INT(json_parse(STR("{\"matchLabels\":{\"a\":\"b\"},\"matchExpressions\":["
                             "{\"key\":\"c\",\"operator\":\"NotIn\",\"values\":[\"d\",\"e\"]},"
                             "{\"key\":\"f\",\"operator\":\"DoesNotExist\"}]}"),
                         NULL, &doc, &e),
              0);
    CHECK_INT(selector_from_json(json_root(doc), &s, &e), 0);
    selector_write(s, &text);
    CHECK_STR(buf_cstring(&text), "a=b,c notin (d,e),!f");
}

TEST(selector_refuses_a_json_form_that_makes_no_sense)
{
    static const struct {
        const char *json, *want;
    } cases[] = {
        {"{\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"in\"}]}",
         "matchExpressions[0]: operator 'in': expected In, NotIn, Exists or DoesNotExist"},
        {"{\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"In\"}]}",
         "matchExpressions[0]: values must not be empty for operator In"},
        {"{\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"Exists\",\"values\":[\"x\"]}]}",
         "matchExpressions[0]: values must be empty for operator Exists"},
        {"[]", "a label selector must be an object"},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        cleanup_json struct json_doc *doc = NULL;
        struct selector *s = NULL;
        struct err e = ERR_INIT;

        CHECK_INT(json_parse(str_of(cases[i].json), NULL, &doc, &e), 0);
        CHECK_TRUE(selector_from_json(json_root(doc), &s, &e) < 0);
        CHECK_STR(e.msg, cases[i].want);
    }
}

static struct str
field_value(void *arg, struct str key)
{
    (void)arg;
    return str_is(key, "metadata.name") ? STR("a,b") : STR_NULL;
}

TEST(selector_reads_field_selectors_with_escapes)
{
    cleanup_selector struct selector *s = NULL;
    struct err e = ERR_INIT;

    CHECK_INT(selector_parse_fields(STR("metadata.name=a\\,b,status.phase!=Running"), &s, &e), 0);
    CHECK_INT(selector_count(s), 2);
    CHECK_TRUE(selector_matches_fn(s, field_value, NULL));
    struct selector *bad = NULL;
    CHECK_INT(selector_parse_fields(STR("metadata.name"), &bad, &e), ERR_BADREQUEST);
}

TESTS_MAIN(T_(selector_matches_as_kubectl_users_expect), T_(selector_says_where_a_text_is_wrong),
           T_(selector_says_what_is_wrong_with_fields), T_(selector_refuses_what_is_no_label),
           T_(selector_reads_the_json_form), T_(selector_refuses_a_json_form_that_makes_no_sense),
           T_(selector_reads_field_selectors_with_escapes))
