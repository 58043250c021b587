/* The artifact repository that a workflow refers to: a ConfigMap's key, or the namespace's own. */
#include "tests/unit/flow/story.h"

#define KEEPS(ref) \
    "metadata: {name: wf}\n" \
    "spec:\n" \
    "  entrypoint: main\n" ref "  templates:\n" \
    "  - name: main\n" \
    "    container: {image: i, command: [keep, art]}\n" \
    "    outputs: {artifacts: [{name: art, path: /tmp/art}]}\n"

#define REPOSITORY \
    "  one: |\n" \
    "    archiveLogs: true\n" \
    "    s3: {bucket: mine, keyFormat: \"deep/{{workflow.name}}/x\"}\n" \
    "  two: |\n" \
    "    s3: {bucket: other}\n" \
    "  bad: \"{\"\n"

static const char named[] = "metadata: {name: places}\ndata:\n" REPOSITORY;
static const char usual[] =
    "metadata:\n"
    "  name: artifact-repositories\n"
    "  annotations: {workflows.argoproj.io/default-artifact-repository: two}\n"
    "data:\n" REPOSITORY;

STORY(a_reference_gives_bucket_key_format_and_logs)
{
    rig_create(&s->r, &kind_config_map, named);
    story_run(s, KEEPS("  artifactRepositoryRef: {configMap: places, key: one}\n"
                       "  workflowMetadata: {labels: {a: b}}\n"));
    story_is(s, "Succeeded", NULL);
    CHECK_STR(story_status(s, "artifactRepositoryRef.configMap"), "places");
    CHECK_STR(story_status(s, "artifactRepositoryRef.key"), "one");
    CHECK_STR(story_status(s, "artifactRepositoryRef.namespace"), "default");
    CHECK_STR(story_status(s, "artifactRepositoryRef.artifactRepository.s3.bucket"), "mine");
    CHECK_CONTAINS(story_field(s, "wf", "outputs.artifacts"), "\"key\":\"deep/wf/x/art.tgz\"");
    CHECK_CONTAINS(story_field(s, "wf", "outputs.artifacts"), "main-logs");
}

STORY(without_a_reference_the_namespaces_default_counts)
{
    rig_create(&s->r, &kind_config_map, usual);
    story_run(s, KEEPS(""));
    story_is(s, "Succeeded", NULL);
    CHECK_STR(story_status(s, "artifactRepositoryRef.key"), "two");
    CHECK_STR(story_status(s, "artifactRepositoryRef.artifactRepository.s3.bucket"), "other");
}

STORY(without_a_default_a_map_that_nobody_refers_to_says_nothing)
{
    rig_create(&s->r, &kind_config_map,
               "metadata: {name: artifact-repositories}\ndata:\n" REPOSITORY);
    story_run(s, KEEPS(""));
    story_is(s, "Succeeded", NULL);
    CHECK_STR(story_status(s, "artifactRepositoryRef.key"), "");
}

TEST(a_reference_that_leads_nowhere_is_an_error_of_the_run)
{
    static const struct {
        const char *wf, *why;
    } cases[] = {
        {KEEPS("  artifactRepositoryRef: {configMap: nosuch, key: one}\n"),
         "failed to find any artifact repository for ref \"nosuch#one\": there is no ConfigMap "
         "nosuch"},
        {KEEPS("  artifactRepositoryRef: {configMap: places, key: nosuch}\n"),
         "for ref \"places#nosuch\": the ConfigMap has no key nosuch"},
        {KEEPS("  artifactRepositoryRef: {configMap: places, key: bad}\n"),
         "for ref \"places#bad\": its text is no YAML: "},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct story s;

        story_open(&s);
        rig_create(&s.r, &kind_config_map, named);
        story_run(&s, cases[i].wf);
        CHECK_STR(story_status(&s, "phase"), "Error");
        CHECK_CONTAINS(story_status(&s, "message"), cases[i].why);
        story_close(&s);
    }
}

TESTS_MAIN(T_(a_reference_gives_bucket_key_format_and_logs),
           T_(without_a_reference_the_namespaces_default_counts),
           T_(without_a_default_a_map_that_nobody_refers_to_says_nothing),
           T_(a_reference_that_leads_nowhere_is_an_error_of_the_run))
