#include "schema/check.h"

#include "base/buf.h"
#include "base/err.h"
#include "data/json.h"
#include "data/yaml.h"
#include "schema/problem.h"
#include "schema/schema.h"
#include "tests/unit/test.h"

/* Checks YAML text as a kind and gives the problems as lines "LINE:COL PATH: TEXT". */
static char *
check(const char *version, const char *kind, const char *yaml, unsigned flags)
{
    cleanup_json struct json_doc *doc = NULL;
    cleanup_problems struct problems ps = PROBLEMS_INIT;
    struct buf lines = BUF_INIT;
    struct err e = ERR_INIT;

    if (yaml_parse_one(str_of(yaml), NULL, &doc, &e) < 0)
        fail_msg("%s", e.msg);
    check_value(schema_lookup(str_of(version), str_of(kind)), doc, json_root(doc), flags, &ps);
    for (size_t i = 0; i < ps.n; i++)
        buf_printf(&lines, "%d:%d %s: %s\n", ps.at[i].line, ps.at[i].col, ps.at[i].path,
                   ps.at[i].text);
    return buf_take(&lines);
}

#define CHECK_LINES(version, kind, flags, yaml, want) \
    do { \
        cleanup_free char *got_ = check(version, kind, yaml, flags); \
        CHECK_STR(got_, want); \
    } while (0)

TEST(check_names_an_unknown_field_by_its_path_and_place)
{
    CHECK_LINES("v1", "Pod", CHECK_IGNORE_REQUIRED,
                "spec:\n"
                "  containers:\n"
                "  - name: a\n"
                "    imagee: b\n",
                "4:5 spec.containers[0].imagee: unknown field \"spec.containers[0].imagee\"\n");
    CHECK_LINES("v1", "Pod", CHECK_IGNORE_REQUIRED | CHECK_IGNORE_UNKNOWN, "spec: {x: 1}\n", "");
}

TEST(check_says_what_was_expected_and_what_came)
{
    CHECK_LINES("argoproj.io/v1alpha1", "Workflow", CHECK_IGNORE_REQUIRED,
                "spec:\n  entrypoint: [a]\n",
                "2:15 spec.entrypoint: spec.entrypoint must be a string (got array)\n");
    CHECK_LINES("argoproj.io/v1alpha1", "Workflow", CHECK_IGNORE_REQUIRED,
                "spec: {arguments: {parameters: {name: a}}}\n",
                "1:32 spec.arguments.parameters: spec.arguments.parameters must be an array (got "
                "object)\n");
    CHECK_LINES("v1", "Pod", CHECK_IGNORE_REQUIRED, "spec: {containers: [{args: [1]}]}\n",
                "1:29 spec.containers[0].args[0]: spec.containers[0].args[0] must be a string (got "
                "number 1)\n");
    CHECK_LINES("v1", "Pod", CHECK_IGNORE_REQUIRED, "spec: {hostNetwork: 'yes'}\n",
                "1:21 spec.hostNetwork: spec.hostNetwork must be a boolean (got string yes)\n");
}

TEST(check_collects_all_problems)
{
    CHECK_LINES("v1", "ConfigMap", CHECK_IGNORE_REQUIRED, "data: {a: 1, b: []}\nx: 1\n",
                "1:11 data.a: data.a must be a string (got number 1)\n"
                "1:17 data.b: data.b must be a string (got array)\n"
                "2:1 x: unknown field \"x\"\n");
}

TEST(check_takes_null_for_absent)
{
    CHECK_LINES("v1", "Pod", CHECK_IGNORE_REQUIRED,
                "metadata: {creationTimestamp: null, labels: null}\nspec: null\n", "");
}

TEST(check_asks_for_required_fields_unless_told_otherwise)
{
    CHECK_LINES("v1", "Pod", 0, "spec: {}\n", "1:7 spec.containers: spec.containers is required\n");
}

TEST(check_knows_the_leaf_types)
{
    CHECK_LINES("v1", "Pod", CHECK_IGNORE_REQUIRED,
                "spec:\n"
                "  containers:\n"
                "  - resources: {limits: {cpu: 1, memory: 1Gi, a: 1e3, b: 1x}}\n"
                "    livenessProbe: {httpGet: {port: http}, periodSeconds: 1.5}\n"
                "    readinessProbe: {httpGet: {port: 80}, periodSeconds: 3000000000}\n",
                "3:58 spec.containers[0].resources.limits.b: spec.containers[0].resources.limits.b "
                "must be a quantity such as 500m, 2 or 1Gi (got string 1x)\n"
                "4:59 spec.containers[0].livenessProbe.periodSeconds: "
                "spec.containers[0].livenessProbe.periodSeconds must be an integer (got number "
                "1.5)\n"
                "5:58 spec.containers[0].readinessProbe.periodSeconds: "
                "spec.containers[0].readinessProbe.periodSeconds must be an integer of 32 bits "
                "(got number 3000000000)\n");
    CHECK_LINES("v1", "Secret", CHECK_IGNORE_REQUIRED, "data: {a: aGk=, b: '?', c: \"aG\\nk=\"}\n",
                "1:20 data.b: data.b must be a base64 string (got string ?)\n");
    CHECK_LINES("argoproj.io/v1alpha1", "Workflow", CHECK_IGNORE_REQUIRED,
                "spec:\n"
                "  arguments: {parameters: [{name: a, value: 1.50}, {name: b, value: true},\n"
                "    {name: c, value: [1]}]}\n"
                "  templates: [{retryStrategy: {limit: '3'}}, {retryStrategy: {limit: 3}}]\n",
                "3:22 spec.arguments.parameters[2].value: spec.arguments.parameters[2].value must "
                "be a string, number or boolean (got array)\n");
}

TEST(check_stops_counting_texts_at_the_limit)
{
    cleanup_problems struct problems ps = PROBLEMS_INIT;
    cleanup_buf struct buf text = BUF_INIT;
    cleanup_json struct json_doc *doc = NULL;
    struct err e = ERR_INIT;

    buf_char(&text, '{');
    for (int i = 0; i < 250; i++)
        buf_printf(&text, "%s\"f%d\":1", i > 0 ? "," : "", i);
    buf_char(&text, '}');
    CHECK_INT(json_parse(buf_view(&text), NULL, &doc, &e), 0);
    check_value(schema_lookup(STR("v1"), STR("Pod")), doc, json_root(doc), CHECK_IGNORE_REQUIRED,
                &ps);
    CHECK_INT(ps.n, PROBLEMS_MAX);
    CHECK_INT(ps.dropped, 150);
}

TEST(problem_texts_are_cut_when_a_manifest_makes_them_long)
{
    cleanup_problems struct problems ps = PROBLEMS_INIT;
    cleanup_free char *lots = NEW_ARRAY(char, 2 * PROBLEM_TEXT_MAX + 1);

    memset(lots, 'x', 2 * PROBLEM_TEXT_MAX);
    problems_add(&ps, PROBLEM_INVALID, NULL, NULL, "%s", lots);
    CHECK_INT(strlen(ps.at[0].text), PROBLEM_TEXT_MAX);
    CHECK_STR(ps.at[0].text + PROBLEM_TEXT_MAX - 3, "...");
}

TESTS_MAIN(T_(check_names_an_unknown_field_by_its_path_and_place),
           T_(check_says_what_was_expected_and_what_came), T_(check_collects_all_problems),
           T_(check_takes_null_for_absent),
           T_(check_asks_for_required_fields_unless_told_otherwise), T_(check_knows_the_leaf_types),
           T_(check_stops_counting_texts_at_the_limit),
           T_(problem_texts_are_cut_when_a_manifest_makes_them_long))
