#include "tests/unit/test.h"

#include <stdio.h>

#include "base/err.h"
#include "cli/treenode.h"
#include "data/json.h"

static struct json_doc *
parse(const char *text)
{
    struct json_doc *d = NULL;
    struct err e = ERR_INIT;

    CHECK_INT(json_parse(str_of(text), &json_limits_default, &d, &e), 0);
    return d;
}

/* The children's names, joined. */
static void
check_children(const struct treenode_forest *f, const char *id, const char *want)
{
    const struct treenode *n = map_get(&f->by_id, str_of(id));
    char got[256] = "";

    CHECK_NOT_NULL(n);
    for (size_t i = 0; i < n->children.n; i++) {
        size_t used = strlen(got);

        snprintf(got + used, sizeof got - used, "%s%.*s", i > 0 ? " " : "",
                 STR_ARG(n->children.at[i]->name));
    }
    CHECK_STR(got, want);
}

TEST(a_group_holds_what_it_lists_and_a_boundary_the_rest)
{
    cleanup_json struct json_doc *d =
        parse("{\"s\":{\"type\":\"Steps\"},"
              "\"g\":{\"type\":\"StepGroup\",\"displayName\":\"[0]\",\"boundaryID\":\"s\","
              "\"children\":[\"p\"]},"
              "\"p\":{\"type\":\"Pod\",\"displayName\":\"p\",\"boundaryID\":\"s\"},"
              "\"q\":{\"type\":\"Pod\",\"displayName\":\"q\",\"boundaryID\":\"s\"}}");
    cleanup_treenode_forest struct treenode_forest f = TREENODE_FOREST_INIT;

    treenode_forest_read(&f, json_root(d));
    check_children(&f, "s", "[0] q");
    check_children(&f, "g", "p");
    CHECK_NOT_NULL(treenode_root(&f, STR("s")));
    CHECK_NULL(treenode_root(&f, STR("g")));
    CHECK_NULL(treenode_root(&f, STR("p")));
    CHECK_NULL(treenode_root(&f, STR("nobody")));
}

TEST(siblings_are_ordered_by_start_then_index_then_name)
{
    cleanup_json struct json_doc *d = parse(
        "{\"d\":{\"type\":\"DAG\"},"
        "\"1\":{\"type\":\"Pod\",\"displayName\":\"x(10:a)\",\"boundaryID\":\"d\",\"startedAt\":"
        "\"2026-03-01T10:00:01.1Z\"},"
        "\"2\":{\"type\":\"Pod\",\"displayName\":\"x(9:b)\",\"boundaryID\":\"d\",\"startedAt\":"
        "\"2026-03-01T10:00:01.9Z\"},"
        "\"3\":{\"type\":\"Pod\",\"displayName\":\"b\",\"boundaryID\":\"d\",\"startedAt\":\"2026-"
        "03-01T10:00:02Z\"},"
        "\"4\":{\"type\":\"Pod\",\"displayName\":\"a\",\"boundaryID\":\"d\",\"startedAt\":\"2026-"
        "03-01T10:00:02Z\"},"
        "\"5\":{\"type\":\"Pod\",\"displayName\":\"z\",\"boundaryID\":\"d\",\"startedAt\":null}}");
    cleanup_treenode_forest struct treenode_forest f = TREENODE_FOREST_INIT;

    treenode_forest_read(&f, json_root(d));
    check_children(&f, "d", "z x(9:b) x(10:a) a b");
}

TEST(what_is_malformed_or_of_no_known_type_hangs_nowhere)
{
    cleanup_json struct json_doc *d = parse(
        "{\"d\":{\"type\":\"DAG\",\"boundaryID\":\"d\"},\"n\":7,"
        "\"t\":{\"type\":\"TaskGroup\",\"boundaryID\":\"d\"},"
        "\"r\":{\"type\":\"Retry\",\"displayName\":\"r\",\"children\":[\"r\",\"n\",7,\"gone\"]}}");
    cleanup_treenode_forest struct treenode_forest f = TREENODE_FOREST_INIT;

    treenode_forest_read(&f, json_root(d));
    check_children(&f, "d", "");
    check_children(&f, "r", "");
    CHECK_NULL(treenode_root(&f, STR("t")));
    CHECK_NULL(map_get(&f.by_id, STR("n")));
}

TESTS_MAIN(T_(a_group_holds_what_it_lists_and_a_boundary_the_rest),
           T_(siblings_are_ordered_by_start_then_index_then_name),
           T_(what_is_malformed_or_of_no_known_type_hangs_nowhere))
