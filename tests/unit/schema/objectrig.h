/* objectrig - objects that are given as YAML, as the server holds them. */
#ifndef TESTS_UNIT_SCHEMA_OBJECTRIG_H
#define TESTS_UNIT_SCHEMA_OBJECTRIG_H

#include "base/err.h"
#include "data/json.h"
#include "data/yaml.h"
#include "schema/defaults.h"
#include "schema/problem.h"
#include "schema/schema.h"
#include "schema/typed.h"
#include "tests/unit/test.h"

/* Decoded, with defaults; the caller unrefs. */
static inline struct json_doc *
object(const char *yaml)
{
    cleanup_json struct json_doc *body = NULL, *typed = NULL;
    cleanup_problems struct problems ps = PROBLEMS_INIT;
    struct err e = ERR_INIT;
    const struct schema *s;

    if (yaml_parse_one(str_of(yaml), NULL, &body, &e) < 0)
        fail_msg("%s", e.msg);
    s = schema_lookup(json_str(json_get(json_root(body), "apiVersion")),
                      json_str(json_get(json_root(body), "kind")));
    if (typed_decode(s, body, &typed, &ps, &e) < 0)
        fail_msg("%s", e.msg);
    return defaults_apply(s, typed);
}

#endif
