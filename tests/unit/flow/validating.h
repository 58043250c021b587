/*
 * validating - what the tests of validate share: YAML in, problems as lines out.
 */
#ifndef TESTS_UNIT_FLOW_VALIDATING_H
#define TESTS_UNIT_FLOW_VALIDATING_H

#include "base/buf.h"
#include "base/err.h"
#include "data/json.h"
#include "data/yaml.h"
#include "flow/argo/validate.h"
#include "schema/problem.h"
#include "tests/unit/test.h"

/* The problems of an object, one "LINE: TEXT" after another. */
static char *
validate_yaml_with(const char *yaml, const struct validate_options *options)
{
    cleanup_json struct json_doc *doc = NULL;
    cleanup_problems struct problems ps = PROBLEMS_INIT;
    struct buf lines = BUF_INIT;
    struct err e = ERR_INIT;

    if (yaml_parse_one(str_of(yaml), NULL, &doc, &e) < 0)
        fail_msg("%s", e.msg);
    validate_object(doc, json_root(doc), options, &ps);
    for (size_t i = 0; i < ps.n; i++)
        buf_printf(&lines, "%d: %s%s\n", ps.at[i].line,
                   ps.at[i].kind == PROBLEM_WARNING ? "warning: " : "", ps.at[i].text);
    return buf_take(&lines);
}

#define WORKFLOW "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {generateName: t-}\n"

/* A spec, whose first line is line 4, submitted as a Workflow. */
#define CHECK_SPEC(spec, want) \
    do { \
        const struct validate_options options_ = {.mode = VALIDATE_SUBMIT}; \
        cleanup_free char *got_ = validate_yaml_with(WORKFLOW spec, &options_); \
        CHECK_STR(got_, want); \
    } while (0)

/* An object of any kind. */
#define CHECK_OBJECT(mode_, yaml, want) \
    do { \
        const struct validate_options options_ = {.mode = (mode_)}; \
        cleanup_free char *got_ = validate_yaml_with(yaml, &options_); \
        CHECK_STR(got_, want); \
    } while (0)

#endif
