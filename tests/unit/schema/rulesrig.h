/*
 * rulesrig - what the rules say of objects that are given as YAML.
 */
#ifndef TESTS_RULESRIG_H
#define TESTS_RULESRIG_H

#include "base/buf.h"
#include "base/err.h"
#include "data/json.h"
#include "schema/problem.h"
#include "schema/rules.h"
#include "schema/schema.h"
#include "tests/unit/schema/objectrig.h"
#include "tests/unit/test.h"

static inline struct rules_kind
kind_of(const struct json *object)
{
    struct str kind = json_str(json_get(object, "kind"));

    return (struct rules_kind){.api_version = json_str(json_get(object, "apiVersion")),
                               .kind = kind,
                               .namespaced = !str_is(kind, "Namespace") && !str_is(kind, "Node")};
}

/* A line each; to be freed. */
static inline char *
problems_text(const struct problems *ps)
{
    struct buf text = BUF_INIT;

    for (size_t i = 0; i < ps->n; i++)
        buf_printf(&text, "%s %s\n", ps->at[i].reason + sizeof "FieldValue" - 1, ps->at[i].text);
    return buf_take(&text);
}

/* What is wrong with a new object, or (old not NULL) with the next one. */
static inline char *
wrong(const char *old_yaml, const char *yaml)
{
    cleanup_json struct json_doc *old = old_yaml != NULL ? object(old_yaml) : NULL,
                                 *next = object(yaml);
    cleanup_problems struct problems ps = PROBLEMS_INIT;
    struct rules_kind k = kind_of(json_root(next));

    if (old != NULL)
        rules_update(&k, json_root(old), json_root(next), &ps);
    else
        rules_create(&k, json_root(next), &ps);
    return problems_text(&ps);
}

#define CHECK_WRONG(yaml, want) CHECK_CHANGE(NULL, yaml, want)
#define CHECK_CHANGE(old, yaml, want) \
    do { \
        cleanup_free char *got_ = wrong(old, yaml); \
        CHECK_STR(got_, want); \
    } while (0)

/* The same of a write of its status. */
static inline char *
wrong_status(const char *old_yaml, const char *yaml)
{
    cleanup_json struct json_doc *old = object(old_yaml), *next = object(yaml);
    cleanup_problems struct problems ps = PROBLEMS_INIT;
    struct rules_kind k = kind_of(json_root(next));

    rules_update_status(&k, json_root(old), json_root(next), &ps);
    return problems_text(&ps);
}

#define CHECK_STATUS(old, yaml, want) \
    do { \
        cleanup_free char *got_ = wrong_status(old, yaml); \
        CHECK_STR(got_, want); \
    } while (0)
#define META "metadata: {name: x, namespace: ns}\n"
#define POD "apiVersion: v1\nkind: Pod\n" META "spec:\n"

#endif
