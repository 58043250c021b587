/* data templates: keys of the artifact store, and what expressions make of them. */
#include "store/blobs.h"
#include "tests/unit/flow/story.h"

static bool
keep(struct rig *r, struct turn *t)
{
    static const char *const keys[] = {"mlpipeline/in/b.csv", "mlpipeline/in/a.txt",
                                       "mlpipeline/in/deep/c.csv", "mlpipeline/other.csv",
                                       "bucket/in/z.csv"};
    struct err e = ERR_INIT;

    (void)t;
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        struct blob blob = {.key = str_of(keys[i]), .created_us = 1};

        snprintf(blob.id.text, sizeof blob.id.text, "%032zu", i);
        if (blobs_put(store_blobs(r->store), &blob, &e) < 0)
            fail_msg("%s", e.msg);
    }
    return true;
}

#define DATA(fields) \
    "metadata: {name: wf}\n" \
    "spec:\n" \
    "  entrypoint: main\n" \
    "  arguments: {parameters: [{name: end, value: .csv}]}\n" \
    "  templates:\n" \
    "  - name: main\n" \
    "    data: {" fields "}\n"

/* Runs it over the kept keys. */
static void
run(struct story *s, const char *yaml)
{
    story_open(s);
    story_turn(s, keep);
    story_run(s, yaml);
}

static const struct {
    const char *yaml, *result;
} good[] = {
    {DATA("source: {artifactPaths: {name: x, s3: {key: in/}}},\n"
          "      transformation: [{expression: data}]"),
     "[\"in/a.txt\",\"in/b.csv\",\"in/deep/c.csv\"]"},
    {DATA("source: {artifactPaths: {name: x, s3: {key: in/}}}, transformation: [\n"
          "      {expression: \"filter(data, {# endsWith '{{workflow.parameters.end}}'})\"},\n"
          "      {expression: \"map(data, {# + '!'})\"}]"),
     "[\"in/b.csv!\",\"in/deep/c.csv!\"]"},
    {DATA("source: {artifactPaths: {name: x, s3: {bucket: bucket, key: in}}},\n"
          "      transformation: [{expression: \"len(data)\"}]"),
     "1"},
    {DATA("source: {artifactPaths: {name: x, s3: {key: nothing/}}},\n"
          "      transformation: [{expression: data}]"),
     "[]"},
};

TEST(keys_are_listed_and_transformed)
{
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        struct story s;

        run(&s, good[i].yaml);
        story_is(&s, "Succeeded", NULL);
        CHECK_STR(story_field(&s, "wf", "outputs.result"), good[i].result);
        CHECK_STR(story_field(&s, "wf", "type"), "Pod");
        story_close(&s);
    }
}

static const struct {
    const char *yaml, *message;
} bad[] = {
    {DATA("source: {artifactPaths: {name: x}}, transformation: [{expression: data}]"),
     "data.source.artifactPaths names no place in the artifact store"},
    {DATA("source: {artifactPaths: {name: x, s3: {key: in/}}},\n"
          "      transformation: [{expression: data}, {expression: nothing}]"),
     "data.transformation[1].expression: "},
};

TEST(what_cannot_be_made_fails_the_step)
{
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct story s;

        run(&s, bad[i].yaml);
        story_node_is(&s, "wf", "Failed", NULL);
        CHECK_CONTAINS(story_field(&s, "wf", "message"), bad[i].message);
        story_close(&s);
    }
}

TESTS_MAIN(T_(keys_are_listed_and_transformed), T_(what_cannot_be_made_fails_the_step))
