#include "schema/schema.h"

#include "tests/unit/test.h"

static const struct schema *
pod(void)
{
    return schema_lookup(STR("v1"), STR("Pod"));
}

TEST(schema_finds_kinds_by_version_and_name)
{
    CHECK_NOT_NULL(pod());
    CHECK_NOT_NULL(schema_lookup(STR("argoproj.io/v1alpha1"), STR("CronWorkflow")));
    CHECK_NULL(schema_lookup(STR("v1"), STR("Workflow")));
    CHECK_NULL(schema_lookup(STR("v1"), STR("PodSpec")));
    CHECK_NULL(schema_lookup(STR(""), STR("")));
    CHECK_STR(schema_name(schema_type(STR("v1"), STR("PodSpec"))), "PodSpec");
}

TEST(schema_walks_a_path_through_lists_and_maps)
{
    const struct schema *s = schema_at(pod(), "spec.containers[].resources.limits{}");

    CHECK_NOT_NULL(s);
    CHECK_INT(schema_form(s), SCHEMA_QUANTITY);
    CHECK_STR(schema_name(schema_at(pod(), "spec.containers")), "[]Container");
    CHECK_STR(schema_name(schema_at(pod(), "metadata.labels")), "map[string]string");
    CHECK_NULL(schema_at(pod(), "spec.containers.image"));
    CHECK_NULL(schema_at(pod(), "spec.nothing"));
    CHECK_NULL(schema_at(pod(), "spec.containers{}"));
}

TEST(schema_knows_how_lists_merge)
{
    struct schema_field f;
    const struct schema *container = schema_type(STR("v1"), STR("Container"));

    CHECK_TRUE(schema_field(container, STR("ports"), &f));
    CHECK_STR(f.merge_key, "containerPort");
    CHECK_STR(f.list_keys, "containerPort,protocol");
    CHECK_TRUE(schema_field(container, STR("volumeMounts"), &f));
    CHECK_STR(f.merge_key, "mountPath");
    CHECK_TRUE(schema_field(container, STR("args"), &f));
    CHECK_NULL(f.merge_key);
    CHECK_TRUE((f.flags & SCHEMA_ATOMIC) != 0);
    CHECK_TRUE(schema_field(schema_at(pod(), "metadata"), STR("finalizers"), &f));
    CHECK_TRUE((f.flags & SCHEMA_SET) != 0);
}

TEST(schema_gives_defaults_and_help)
{
    struct schema_field f;

    CHECK_TRUE(schema_field(schema_at(pod(), "spec"), STR("restartPolicy"), &f));
    CHECK_STR(f.default_json, "\"Always\"");
    CHECK_STR(f.help, "Always, OnFailure or Never");
    CHECK_FALSE(schema_field(schema_at(pod(), "spec"), STR("restart"), &f));
}

TEST(schema_takes_the_own_type_before_one_of_another_version)
{
    const struct schema *s =
        schema_at(schema_lookup(STR("argoproj.io/v1alpha1"), STR("Workflow")), "spec.podResources");

    CHECK_STR(schema_name(s), "ResourceRequirements");
    s = schema_at(schema_lookup(STR("argoproj.io/v1alpha1"), STR("Workflow")),
                  "spec.templates[].inputs.parameters[].value");
    CHECK_INT(schema_form(s), SCHEMA_ANY_STRING);
    s = schema_at(schema_lookup(STR("argoproj.io/v1alpha1"), STR("Workflow")),
                  "spec.templates[].steps[][].withItems[]");
    CHECK_INT(schema_form(s), SCHEMA_ANY);
}

TEST(schema_lists_every_kind_once_and_every_field_in_order)
{
    const char *version, *kind;
    const struct schema *s;
    size_t n = 0;

    while (schema_kind_at(n, &version, &kind, &s)) {
        CHECK_TRUE(schema_lookup(str_of(version), str_of(kind)) == s);
        for (size_t i = 1; i < schema_field_count(s); i++)
            CHECK_TRUE(str_cmp(schema_field_at(s, i - 1).name, schema_field_at(s, i).name) < 0);
        n++;
    }
    CHECK_TRUE(n >= 15);
}

TESTS_MAIN(T_(schema_finds_kinds_by_version_and_name),
           T_(schema_walks_a_path_through_lists_and_maps), T_(schema_knows_how_lists_merge),
           T_(schema_gives_defaults_and_help),
           T_(schema_takes_the_own_type_before_one_of_another_version),
           T_(schema_lists_every_kind_once_and_every_field_in_order))
