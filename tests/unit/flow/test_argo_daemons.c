/* Daemons: they serve those behind them, and end with the template in which they were called. */
#include "tests/unit/flow/story.h"

#define KINDS \
    STORY_OK \
    STORY_BAD \
    "  - name: serve\n    daemon: true\n    container: {image: i, command: [serve]}\n" \
    "  - name: quit\n    daemon: true\n    container: {image: i, command: [ok]}\n" STORY_SAY

static const char in_steps[] =
    STORY_MAIN "    steps:\n"
               "    - - {name: d, template: serve}\n"
               "    - - {name: a, template: say, arguments: {parameters: [{name: m, value:\n"
               "          \"{{steps.d.ip}} {{steps.d.status}}\"}]}}\n"
               "    - - {name: b, template: ok}\n" KINDS;

TEST(a_daemon_of_steps_serves_later_groups)
{
    struct story s;

    for (int restart = 0; restart < 2; restart++) {
        story_open(&s);
        rig_create(&s.r, &kind_workflow, in_steps);
        (void)rig_step(&s.r); /* the daemon runs */
        story_look(&s);
        story_node_is(&s, "d", "Running", "");
        CHECK_STR(story_field(&s, "d", "daemoned"), "true");
        CHECK_STR(story_field(&s, "d", "podIP"), "10.0.0.7");
        story_node_is(&s, "wf[0]", "Succeeded", NULL);
        if (restart != 0) {
            rig_shut(&s.r);
            rig_reopen(&s.r);
        }
        CHECK_TRUE(rig_step(&s.r));
        story_look(&s);
        CHECK_STR(story_input(&s, "a", "m"), "10.0.0.7 Running");
        story_node_is(&s, "d", "Running", "");
        if (restart != 0) {
            rig_shut(&s.r);
            rig_reopen(&s.r);
        }
        story_go_on(&s);
        CHECK_ORDER(&s, "wf[1].a wf[2].b wf[0].d");
        story_node_is(&s, "d", "Succeeded", "");
        CHECK_STR(story_field(&s, "d", "daemoned"), "");
        story_is(&s, "Succeeded", NULL);
        story_close(&s);
    }
}

STORY(a_daemon_of_a_dag_lets_its_dependants_go)
{
    story_run(s, STORY_MAIN "    dag:\n"
                            "      tasks:\n"
                            "      - {name: d, template: serve}\n"
                            "      - {name: a, depends: d, template: say, arguments: {parameters:\n"
                            "          [{name: m, value: \"{{tasks.d.ip}}\"}]}}\n"
                            "      - {name: b, depends: d.Daemoned && a, template: ok}\n"
                            "      - {name: c, depends: d.Failed, template: ok}\n" KINDS);
    CHECK_ORDER(s, "wf.a wf.b wf.d");
    CHECK_STR(story_input(s, "a", "m"), "10.0.0.7");
    story_node_is(s, "c", "Omitted", NULL);
    story_is(s, "Succeeded", NULL);
}

STORY(a_daemon_lives_as_long_as_the_template_around_it)
{
    story_run(
        s, STORY_MAIN
        "    dag: {tasks: [{name: in, template: inner}, {name: z, depends: in, template: ok}]}\n"
        "  - name: inner\n"
        "    steps: [[{name: d, template: serve}], [{name: a, template: ok}]]\n" KINDS);
    CHECK_ORDER(s, "wf.in[1].a wf.in[0].d wf.z");
    story_is(s, "Succeeded", NULL);
}

STORY(retries_and_loops_of_daemons_let_others_go)
{
    story_run(s, STORY_MAIN "    steps:\n"
                            "    - - {name: d, template: try}\n"
                            "      - {name: l, template: serve, withItems: [x, z]}\n"
                            "    - - {name: a, template: say, arguments: {parameters:\n"
                            "          [{name: m, value: \"{{steps.d.ip}}\"}]}}\n"
                            "  - name: try\n"
                            "    daemon: true\n"
                            "    retryStrategy: {limit: 2}\n"
                            "    container: {image: i, command: [serve]}\n" KINDS);
    CHECK_ORDER(s, "wf[1].a wf[0].d(0) wf[0].l(0:x) wf[0].l(1:z)");
    CHECK_STR(story_input(s, "a", "m"), "10.0.0.7");
    story_node_is(s, "wf[0].d", "Succeeded", NULL);
    story_is(s, "Succeeded", NULL);
}

STORY(daemons_take_no_place_under_parallelism)
{
    story_run(s, "metadata: {name: wf}\n"
                 "spec:\n"
                 "  entrypoint: main\n"
                 "  parallelism: 1\n"
                 "  templates:\n"
                 "  - name: main\n"
                 "    parallelism: 1\n"
                 "    steps: [[{name: d, template: serve}], [{name: a, template: ok}]]\n" KINDS);
    story_is(s, "Succeeded", NULL);
}

STORY(a_failure_behind_it_ends_the_daemon_well)
{
    story_run(s, STORY_MAIN
              "    steps: [[{name: d, template: serve}], [{name: a, template: bad}]]\n" KINDS);
    story_node_is(s, "d", "Succeeded", NULL);
    story_is(s, "Failed", NULL);
}

STORY(a_daemon_that_ends_by_itself_has_failed)
{
    story_run(s, STORY_MAIN
              "    steps: [[{name: d, template: quit}], [{name: a, template: ok}]]\n" KINDS);
    story_node_is(s, "d", "Failed", "the daemon ended by itself");
    story_is(s, "Failed", NULL);
}

STORY(a_daemon_alone_is_not_needed)
{
    story_run(s, "metadata: {name: wf}\nspec:\n  entrypoint: serve\n  templates:\n" KINDS);
    story_is(s, "Succeeded", NULL);
}

STORY(an_early_end_takes_daemons_along)
{
    rig_create(&s->r, &kind_workflow, in_steps);
    (void)rig_step(&s->r);
    story_edit(s, "{\"shutdown\":\"Terminate\"}");
    story_go_on(s);
    story_node_is(s, "d", "Failed", NULL);
    story_is(s, "Failed", "Stopped with strategy 'Terminate'");
}

TESTS_MAIN(T_(a_daemon_of_steps_serves_later_groups), T_(a_daemon_of_a_dag_lets_its_dependants_go),
           T_(a_daemon_lives_as_long_as_the_template_around_it),
           T_(retries_and_loops_of_daemons_let_others_go),
           T_(daemons_take_no_place_under_parallelism),
           T_(a_failure_behind_it_ends_the_daemon_well),
           T_(a_daemon_that_ends_by_itself_has_failed), T_(a_daemon_alone_is_not_needed),
           T_(an_early_end_takes_daemons_along))
