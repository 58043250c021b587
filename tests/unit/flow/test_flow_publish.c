/* How often who watches a workflow hears of it. */
#include "tests/unit/flow/story.h"

static int versions_;

static void
count(void *arg, const struct object *before, const struct object *now, bool gone)
{
    (void)arg;
    (void)before;
    (void)gone;
    versions_ += object_kind(now) == &kind_workflow;
}

static void
begin(struct story *s, const char *yaml)
{
    story_open(s);
    objects_on_published(s->r.objects, count, NULL);
    rig_create(&s->r, &kind_workflow, yaml);
    core_run(s->r.core, 1000);
    versions_ = 0;
}

#define PAUSES \
    "metadata: {name: wf}\n" \
    "spec:\n" \
    "  entrypoint: main\n" \
    "  templates:\n" \
    "  - name: main\n" \
    "    steps: [[{name: a, template: pause}], [{name: b, template: pause}]]\n" \
    "  - {name: pause, suspend: {duration: \"4\"}}\n"

TEST(a_change_of_nodes_alone_is_a_version)
{
    struct story s;

    begin(&s, PAUSES);
    story_let_pass(&s, 2);
    versions_ = 0;
    story_let_pass(&s, 1);
    CHECK_INT(versions_, 0);
    story_let_pass(&s, 2);
    story_node_is(&s, "a", "Succeeded", "");
    story_node_is(&s, "b", "Running", "");
    CHECK_TRUE(versions_ == 1 || versions_ == 2); /* a's end, and b's begin in a later turn */
    versions_ = 0;
    story_let_pass(&s, 2);
    CHECK_INT(versions_, 0);
    story_close(&s);
}

#define CHAIN \
    "metadata: {name: wf}\n" \
    "spec:\n" \
    "  entrypoint: main\n" \
    "  parallelism: 1\n" \
    "  templates:\n" \
    "  - name: main\n" \
    "    steps: [[{name: a, template: ok, withSequence: {count: \"100\"}}]]\n" \
    "  - {name: ok, container: {image: i, command: [ok]}}\n"

TEST(many_changes_are_at_most_one_version_a_second)
{
    struct story s;

    begin(&s, CHAIN);
    for (int second = 0; second < 4; second++) {
        for (int i = 0; i < 20; i++)
            CHECK_TRUE(rig_step(&s.r));
        clock_manual_advance(&s.r.clock, CLOCK_SECOND);
        core_run(s.r.core, 1000);
    }
    CHECK_INT(versions_, 4);
    story_close(&s);
}

TESTS_MAIN(T_(a_change_of_nodes_alone_is_a_version),
           T_(many_changes_are_at_most_one_version_a_second))
