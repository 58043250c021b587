#include "schema/merge.h"

#include "base/buf.h"
#include "base/err.h"
#include "data/json.h"
#include "schema/schema.h"
#include "tests/unit/data/parsed.h"
#include "tests/unit/test.h"

static char *
text_of(const struct json_doc *doc)
{
    struct buf text = BUF_INIT;

    json_write(&text, json_root(doc));
    return buf_take(&text);
}

/* The merged text, or the error's. */
static char *
strategic(const struct schema *s, const char *base, const char *patch)
{
    cleanup_json struct json_doc *b = parsed(base), *p = parsed(patch), *merged = NULL;
    struct err e = ERR_INIT;

    if (merge_strategic(s, json_root(b), json_root(p), &merged, &e) < 0)
        return xstrdup(e.msg);
    return text_of(merged);
}

#define CHECK_STRATEGIC(type, base, patch, want) \
    do { \
        cleanup_free char *got_ = \
            strategic(type != NULL ? schema_type(STR("v1"), str_of(type)) : NULL, base, patch); \
        CHECK_STR(got_, want); \
    } while (0)

TEST(merge_strategic_merges_containers_by_name)
{
    CHECK_STRATEGIC("PodSpec",
                    "{\"containers\":[{\"name\":\"wait\",\"image\":\"w\"},{\"name\":\"main\","
                    "\"image\":\"m\"}]}",
                    "{\"containers\":[{\"name\":\"main\",\"resources\":{\"limits\":{\"cpu\":2}}}]}",
                    "{\"containers\":[{\"name\":\"wait\",\"image\":\"w\"},{\"name\":\"main\","
                    "\"image\":\"m\",\"resources\":{\"limits\":{\"cpu\":2}}}]}");
}

TEST(merge_strategic_puts_new_items_before_those_that_nothing_orders)
{
    CHECK_STRATEGIC("PodSpec", "{\"containers\":[{\"name\":\"a\"},{\"name\":\"b\"}]}",
                    "{\"containers\":[{\"name\":\"b\",\"image\":\"i\"},{\"name\":\"new\"}]}",
                    "{\"containers\":[{\"name\":\"a\"},{\"name\":\"b\",\"image\":\"i\"},{\"name\":"
                    "\"new\"}]}");
    CHECK_STRATEGIC("PodSpec", "{\"containers\":[{\"name\":\"a\"}]}",
                    "{\"containers\":[{\"name\":\"new\"}]}",
                    "{\"containers\":[{\"name\":\"new\"},{\"name\":\"a\"}]}");
    CHECK_STRATEGIC("PodSpec", "{\"containers\":[{\"name\":\"a\"}]}",
                    "{\"$setElementOrder/containers\":[{\"name\":\"a\"},{\"name\":\"new\"}],"
                    "\"containers\":[{\"name\":\"new\"}]}",
                    "{\"containers\":[{\"name\":\"a\"},{\"name\":\"new\"}]}");
}

TEST(merge_strategic_replaces_lists_without_a_key)
{
    CHECK_STRATEGIC("Container",
                    "{\"args\":[\"a\",\"b\"],\"env\":[{\"name\":\"x\",\"value\":\"1\"}]}",
                    "{\"args\":[\"c\"],\"env\":[{\"name\":\"y\",\"value\":\"2\"}]}",
                    "{\"args\":[\"c\"],\"env\":[{\"name\":\"y\",\"value\":\"2\"},{\"name\":\"x\","
                    "\"value\":\"1\"}]}");
    CHECK_STRATEGIC((const char *)NULL, "{\"a\":[{\"name\":\"x\"}]}", "{\"a\":[{\"name\":\"y\"}]}",
                    "{\"a\":[{\"name\":\"y\"}]}");
}

TEST(merge_strategic_removes_what_is_null_and_what_it_is_told_to)
{
    CHECK_STRATEGIC("PodSpec", "{\"hostname\":\"h\",\"subdomain\":\"s\"}", "{\"hostname\":null}",
                    "{\"subdomain\":\"s\"}");
    CHECK_STRATEGIC("PodSpec", "{\"containers\":[{\"name\":\"a\"},{\"name\":\"b\"}]}",
                    "{\"containers\":[{\"name\":\"a\",\"$patch\":\"delete\"}]}",
                    "{\"containers\":[{\"name\":\"b\"}]}");
    CHECK_STRATEGIC("PodSpec", "{\"containers\":[{\"name\":\"a\"}]}",
                    "{\"containers\":[{\"$patch\":\"replace\"},{\"name\":\"b\"}]}",
                    "{\"containers\":[{\"name\":\"b\"}]}");
    CHECK_STRATEGIC("PodSpec", "{\"securityContext\":{\"runAsUser\":1,\"runAsGroup\":2}}",
                    "{\"securityContext\":{\"$patch\":\"replace\",\"runAsUser\":3}}",
                    "{\"securityContext\":{\"runAsUser\":3}}");
    CHECK_STRATEGIC("PodSpec", "{\"nodeSelector\":{\"a\":\"1\"}}",
                    "{\"nodeSelector\":{\"$patch\":\"delete\"}}", "{\"nodeSelector\":{}}");
}

TEST(merge_strategic_keeps_only_the_alternative_that_it_is_told_to)
{
    CHECK_STRATEGIC("PodSpec", "{\"volumes\":[{\"name\":\"v\",\"hostPath\":{\"path\":\"/x\"}}]}",
                    "{\"volumes\":[{\"name\":\"v\",\"$retainKeys\":[\"name\",\"emptyDir\"],"
                    "\"emptyDir\":{}}]}",
                    "{\"volumes\":[{\"name\":\"v\",\"emptyDir\":{}}]}");
}

TEST(merge_strategic_treats_finalizers_as_a_set)
{
    cleanup_free char *got = strategic(
        schema_type(STR("meta.k8s.io/v1"), STR("ObjectMeta")), "{\"finalizers\":[\"a\",\"b\"]}",
        "{\"finalizers\":[\"c\"],\"$deleteFromPrimitiveList/finalizers\":[\"a\"]}");

    CHECK_STR(got, "{\"finalizers\":[\"c\",\"b\"]}");
}

TEST(merge_strategic_refuses_an_item_without_its_key)
{
    CHECK_STRATEGIC("PodSpec", "{}", "{\"containers\":[{\"image\":\"i\"}]}",
                    "containers: an item has no name, by which items are merged");
    CHECK_STRATEGIC("PodSpec", "{}", "{\"securityContext\":{\"$patch\":\"add\"}}",
                    "securityContext: $patch must be replace, delete or merge, not 'add'");
}

TEST(merge_strategic_does_not_touch_its_inputs_and_can_be_repeated)
{
    static const char base[] = "{\"containers\":[{\"name\":\"a\",\"env\":[{\"name\":\"x\"}]}]}";
    static const char patch[] = "{\"containers\":[{\"name\":\"a\",\"env\":[{\"name\":\"y\"}]}]}";
    const struct schema *s = schema_type(STR("v1"), STR("PodSpec"));
    cleanup_free char *once = strategic(s, base, patch), *twice = strategic(s, once, patch);

    CHECK_STR(once, twice);
}

TEST(merge_patch_follows_the_cases_of_rfc_7386)
{
    static const char *const cases[][3] = {
        {"{\"a\":\"b\"}", "{\"a\":\"c\"}", "{\"a\":\"c\"}"},
        {"{\"a\":\"b\"}", "{\"b\":\"c\"}", "{\"a\":\"b\",\"b\":\"c\"}"},
        {"{\"a\":\"b\"}", "{\"a\":null}", "{}"},
        {"{\"a\":[\"b\"]}", "{\"a\":\"c\"}", "{\"a\":\"c\"}"},
        {"{\"a\":{\"b\":\"c\"}}", "{\"a\":{\"b\":\"d\",\"c\":null}}", "{\"a\":{\"b\":\"d\"}}"},
        {"{\"a\":[{\"b\":\"c\"}]}", "{\"a\":[1]}", "{\"a\":[1]}"},
        {"[\"a\"]", "[\"c\"]", "[\"c\"]"},
        {"{\"a\":\"b\"}", "[\"c\"]", "[\"c\"]"},
        {"{\"e\":null}", "{\"a\":1}", "{\"e\":null,\"a\":1}"},
        {"[1]", "{\"a\":\"b\",\"c\":null}", "{\"a\":\"b\"}"},
        {"{}", "{\"a\":{\"bb\":{\"ccc\":null}}}", "{\"a\":{\"bb\":{}}}"},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        cleanup_json struct json_doc *base = parsed(cases[i][0]), *patch = parsed(cases[i][1]);
        cleanup_json struct json_doc *merged = merge_patch(json_root(base), json_root(patch));
        cleanup_free char *got = text_of(merged);

        CHECK_STR(got, cases[i][2]);
    }
}

static char *
patched(const char *base, const char *operations)
{
    cleanup_json struct json_doc *b = parsed(base), *p = parsed(operations), *merged = NULL;
    struct err e = ERR_INIT;

    if (merge_json_patch(json_root(b), json_root(p), &merged, &e) < 0)
        return xstrdup(e.msg);
    return text_of(merged);
}

TEST(merge_json_patch_follows_the_cases_of_rfc_6902)
{
    static const char *const cases[][3] = {
        {"{\"foo\":\"bar\"}", "[{\"op\":\"add\",\"path\":\"/baz\",\"value\":1}]",
         "{\"foo\":\"bar\",\"baz\":1}"},
        {"{\"a\":[1,2]}", "[{\"op\":\"add\",\"path\":\"/a/1\",\"value\":9}]", "{\"a\":[1,9,2]}"},
        {"{\"a\":[1]}", "[{\"op\":\"add\",\"path\":\"/a/-\",\"value\":[2]}]", "{\"a\":[1,[2]]}"},
        {"{\"a\":1,\"b\":2}", "[{\"op\":\"remove\",\"path\":\"/a\"}]", "{\"b\":2}"},
        {"{\"a\":[1,2,3]}", "[{\"op\":\"remove\",\"path\":\"/a/1\"}]", "{\"a\":[1,3]}"},
        {"{\"a\":1,\"b\":2}", "[{\"op\":\"replace\",\"path\":\"/a\",\"value\":null}]",
         "{\"a\":null,\"b\":2}"},
        {"{\"a\":{\"x\":1},\"b\":{}}", "[{\"op\":\"move\",\"from\":\"/a/x\",\"path\":\"/b/y\"}]",
         "{\"a\":{},\"b\":{\"y\":1}}"},
        {"{\"a\":[1,2,3,4]}", "[{\"op\":\"move\",\"from\":\"/a/1\",\"path\":\"/a/3\"}]",
         "{\"a\":[1,3,4,2]}"},
        {"{\"a\":{\"x\":[1]}}",
         "[{\"op\":\"copy\",\"from\":\"/a\",\"path\":\"/b\"},"
         "{\"op\":\"add\",\"path\":\"/b/x/-\",\"value\":2}]",
         "{\"a\":{\"x\":[1]},\"b\":{\"x\":[1,2]}}"},
        {"{\"a/b\":1,\"~\":2}",
         "[{\"op\":\"test\",\"path\":\"/a~1b\",\"value\":1.0},"
         "{\"op\":\"remove\",\"path\":\"/~0\"}]",
         "{\"a/b\":1}"},
        {"{\"a\":1}", "[{\"op\":\"replace\",\"path\":\"\",\"value\":[]}]", "[]"},
        {"{\"\":1}", "[{\"op\":\"remove\",\"path\":\"/\"}]", "{}"},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        cleanup_free char *got = patched(cases[i][0], cases[i][1]);

        CHECK_STR(got, cases[i][2]);
    }
}

TEST(merge_json_patch_says_which_operation_is_wrong)
{
    static const char *const cases[][2] = {
        {"[{\"op\":\"remove\",\"path\":\"/x\"}]", "operation 0 (remove /x): there is no 'x'"},
        {"[{\"op\":\"add\",\"path\":\"/x/y\",\"value\":1}]",
         "operation 0 (add /x/y): there is no 'x'"},
        {"[{\"op\":\"test\",\"path\":\"/a\",\"value\":2}]",
         "operation 0 (test /a): the value is another one"},
        {"[{\"op\":\"add\",\"path\":\"/a/b\",\"value\":1}]",
         "operation 0 (add /a/b): 'b' lies in a value that is no object or array"},
        {"[{\"op\":\"add\",\"path\":\"/l/2\",\"value\":1}]",
         "operation 0 (add /l/2): '2' is no index of an array of 1 items"},
        {"[{\"op\":\"add\",\"path\":\"/l/00\",\"value\":1}]",
         "operation 0 (add /l/00): '00' is no index of an array of 1 items"},
        {"[{\"op\":\"add\",\"path\":\"/b\"}]", "operation 0 (add /b): 'value' is missing"},
        {"[{\"op\":\"add\",\"path\":\"b\",\"value\":1}]",
         "operation 0 (add b): a path must begin with '/'"},
        {"[{\"op\":\"paint\",\"path\":\"/a\"}]",
         "operation 0 (paint /a): 'op' must be add, remove, replace, move, copy or test"},
        {"[{\"op\":\"move\",\"from\":\"/l\",\"path\":\"/l/0\"}]",
         "operation 0 (move /l/0): a value cannot be moved into itself"},
        {"{}", "a JSON patch must be an array of operations"},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        cleanup_free char *got = patched("{\"a\":1,\"l\":[0]}", cases[i][0]);

        CHECK_STR(got, cases[i][1]);
    }
}

TEST(merge_json_patch_does_not_grow_without_end)
{
    cleanup_buf struct buf ops = BUF_INIT;
    cleanup_free char *got = NULL;

    buf_char(&ops, '[');
    for (int i = 0; i < 60; i++)
        buf_printf(&ops, "%s{\"op\":\"copy\",\"from\":\"\",\"path\":\"/f%d\"}", i ? "," : "", i);
    buf_char(&ops, ']');
    got = patched("{\"a\":1}", buf_cstring(&ops));
    CHECK_CONTAINS(got, "the patch takes too much work");
}

TESTS_MAIN(T_(merge_strategic_merges_containers_by_name),
           T_(merge_strategic_puts_new_items_before_those_that_nothing_orders),
           T_(merge_strategic_replaces_lists_without_a_key),
           T_(merge_strategic_removes_what_is_null_and_what_it_is_told_to),
           T_(merge_strategic_keeps_only_the_alternative_that_it_is_told_to),
           T_(merge_strategic_treats_finalizers_as_a_set),
           T_(merge_strategic_refuses_an_item_without_its_key),
           T_(merge_strategic_does_not_touch_its_inputs_and_can_be_repeated),
           T_(merge_patch_follows_the_cases_of_rfc_7386),
           T_(merge_json_patch_follows_the_cases_of_rfc_6902),
           T_(merge_json_patch_says_which_operation_is_wrong),
           T_(merge_json_patch_does_not_grow_without_end))
