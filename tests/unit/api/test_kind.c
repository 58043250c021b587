#include "api/kind.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "data/json.h"
#include "tests/unit/test.h"

TEST(each_kind_is_named_once_and_its_resource_follows_from_its_names)
{
    for (const struct kind *const *k = kinds_builtin; *k != NULL; k++) {
        char resource[256], version[128];

        snprintf(resource, sizeof resource, "%s%s%s", (*k)->plural, (*k)->group[0] ? "." : "",
                 (*k)->group);
        CHECK_STR((*k)->resource, resource);
        kind_api_version(*k, version, sizeof version);
        CHECK_TRUE(kind_find(kinds_builtin, str_of((*k)->kind), str_of(version)) == *k);
        CHECK_TRUE(kind_of_resource(kinds_builtin, str_of((*k)->resource)) == *k);
    }
}

TEST(a_kind_is_found_by_its_name_and_version_or_its_name_alone)
{
    CHECK_TRUE(kind_find(kinds_builtin, STR("Workflow"), STR("argoproj.io/v1alpha1")) ==
               &kind_workflow);
    CHECK_TRUE(kind_find(kinds_builtin, STR("Pod"), STR_NULL) == &kind_pod);
    CHECK_NULL(kind_find(kinds_builtin, STR("Workflow"), STR("argoproj.io/v2")));
    CHECK_NULL(kind_find(kinds_builtin, STR("workflow"), STR_NULL));
    CHECK_NULL(kind_of_resource(kinds_builtin, STR("workflows")));
}

static bool
is_finished(const struct kind *k, const char *text)
{
    struct json_doc *d = NULL;
    struct err e = ERR_INIT;
    bool over;

    CHECK_INT(json_parse(str_of(text), &json_limits_default, &d, &e), 0);
    over = k->is_finished(json_root(d));
    json_doc_unref(d);
    return over;
}

TEST(a_phase_says_whether_an_object_is_finished)
{
    CHECK_TRUE(is_finished(&kind_pod, "{\"status\":{\"phase\":\"Succeeded\"}}"));
    CHECK_TRUE(is_finished(&kind_pod, "{\"status\":{\"phase\":\"Failed\"}}"));
    CHECK_FALSE(is_finished(&kind_pod, "{\"status\":{\"phase\":\"Running\"}}"));
    CHECK_FALSE(is_finished(&kind_pod, "{\"status\":7}"));
    CHECK_FALSE(is_finished(&kind_pod, "{}"));
    CHECK_TRUE(is_finished(&kind_workflow, "{\"status\":{\"phase\":\"Error\"}}"));
    CHECK_FALSE(is_finished(&kind_workflow, "{\"status\":{\"phase\":\"\"}}"));
    CHECK_TRUE(is_finished(&kind_config_map, "{}"));
}

TEST(a_table_grows_while_it_is_used_and_has_an_end)
{
    static const struct kind widget = {.kind = "Widget",
                                       .group = "demo.io",
                                       .version = "v1",
                                       .plural = "widgets",
                                       .resource = "widgets.demo.io",
                                       .verbs = KIND_VERBS_ALL};
    struct kind_table t;
    struct err e = ERR_INIT;

    kind_table_init(&t);
    CHECK_NULL(kind_of_path(t.rows, STR("demo.io"), STR("v1"), STR("widgets")));
    CHECK_INT(kind_table_add(&t, &widget, &e), 0);
    CHECK_TRUE(kind_of_path(t.rows, STR("demo.io"), STR("v1"), STR("widgets")) == &widget);
    CHECK_TRUE(kind_of_resource(t.rows, STR("pods")) == &kind_pod);
    while (kind_table_add(&t, &widget, &e) == 0)
        ;
    CHECK_INT(e.code, ERR_TOOMANY);
    CHECK_CONTAINS(e.msg, "512");
}

TESTS_MAIN(T_(a_table_grows_while_it_is_used_and_has_an_end),
           T_(each_kind_is_named_once_and_its_resource_follows_from_its_names),
           T_(a_kind_is_found_by_its_name_and_version_or_its_name_alone),
           T_(a_phase_says_whether_an_object_is_finished))
