/* Retries, time limits, early ends, pauses, exit handlers and hooks. */
#include "tests/unit/flow/story.h"

#define KINDS \
    STORY_OK \
    STORY_BAD \
    STORY_HANG \
    STORY_SAY

STORY(a_retry_ends_when_its_expression_says_so)
{
    story_run(s,
              STORY_MAIN "    retryStrategy:\n"
                         "      limit: \"10\"\n"
                         "      expression: asInt(lastRetry.exitCode) > 1 && asInt(retries) < 2\n"
                         "    container: {image: i, command: [exit, \"3\"]}\n");
    story_is(s, "Failed", "retryStrategy.expression evaluated to false");
    CHECK_ORDER(s, "wf(0) wf(1) wf(2)");
}

STORY(an_attempt_knows_the_one_before)
{
    story_run(s,
              STORY_MAIN "    retryStrategy: {limit: 1}\n"
                         "    container: {image: i, command: [exit, \"3\"],\n"
                         "      args: [\"{{retries}} {{lastRetry.exitCode}} {{lastRetry.status}} "
                         "{{lastRetry.message}}\"]}\n");
    story_is(s, "Failed", "No more retries left");
}

STORY(policies_tell_failures_from_errors)
{
    story_run(s, STORY_MAIN "    steps:\n"
                            "    - - {name: a, template: on-error, continueOn: {failed: true}}\n"
                            "      - {name: b, template: always, continueOn: {failed: true}}\n"
                            "      - {name: c, template: transient, continueOn: {failed: true}}\n"
                            "  - name: on-error\n"
                            "    retryStrategy: {limit: 2, retryPolicy: OnError}\n"
                            "    container: {image: i, command: [exit, \"1\"]}\n"
                            "  - name: always\n"
                            "    retryStrategy: {limit: 1, retryPolicy: Always}\n"
                            "    container: {image: i, command: [exit, \"1\"]}\n"
                            "  - name: transient\n"
                            "    retryStrategy: {limit: 1, retryPolicy: OnTransientError}\n"
                            "    container: {image: i, command: [exit, \"1\"]}\n");
    story_is(s, "Succeeded", NULL);
    story_node_is(s, "a", "Failed", "main: Error (exit code 1)");
    CHECK_NULL(story_node(s, "a(1)"));
    story_node_is(s, "b", "Failed", "No more retries left");
    story_node_is(s, "b(1)", "Failed", NULL);
    CHECK_NULL(story_node(s, "c(1)"));
}

STORY(pauses_grow_to_a_cap_and_end_at_a_duration)
{
    story_run(
        s, STORY_MAIN
        "    retryStrategy:\n"
        "      backoff: {duration: \"10s\", factor: \"3\", cap: \"20s\", maxDuration: \"1m\"}\n"
        "    container: {image: i, command: [exit, \"1\"]}\n");
    /* At 0, 10, 30, 50 s; the next would be at 70 s-> */
    story_is(s, "Failed", "Backoff would exceed max duration limit");
    CHECK_ORDER(s, "wf(0) wf(1) wf(2) wf(3)");
    CHECK_STR(story_status(s, "finishedAt"), "2023-11-14T22:14:10Z");
}

STORY(a_pause_says_how_long_it_is)
{
    rig_create(&s->r, &kind_workflow,
               STORY_MAIN "    retryStrategy: {limit: 1, backoff: {duration: 1m10s}}\n"
                          "    container: {image: i, command: [exit, \"1\"]}\n");
    rig_step(&s->r);
    story_look(s);
    story_node_is(s, "wf", "Running", "Backoff for 1 minutes 10 seconds");
    story_go_on(s);
    story_is(s, "Failed", "No more retries left");
}

/* Nothing is tried after that, so it may say so even where its policy or limit would end it. */
TEST(the_longest_duration_is_looked_at_before_policy_and_limit)
{
    static const char *const more[] = {"limit: 0", "retryPolicy: OnError"};

    for (size_t i = 0; i < ARRAY_LEN(more); i++) {
        cleanup_free char *yaml = xasprintf(
            STORY_MAIN "    retryStrategy: {%s, backoff: {duration: 1m, maxDuration: 30s}}\n"
                       "    container: {image: i, command: [exit, \"1\"]}\n",
            more[i]);
        struct story s;

        story_open(&s);
        story_run(&s, yaml);
        story_is(&s, "Failed", "Backoff would exceed max duration limit");
        CHECK_ORDER(&s, "wf(0)");
        story_close(&s);
    }
}

STORY(an_attempt_that_lasts_longer_than_all_may_is_the_last)
{
    rig_create(&s->r, &kind_workflow,
               STORY_MAIN
               "    retryStrategy: {limit: 5, backoff: {duration: 1s, maxDuration: 30s}}\n"
               "    container: {image: i, command: [exit, \"1\"]}\n");
    story_let_pass(s, 31);
    story_go_on(s);
    story_is(s, "Failed", "Max duration limit exceeded");
    CHECK_ORDER(s, "wf(0)");
}

STORY(a_strategy_of_the_workflow_counts_for_templates_without_one)
{
    story_run(s, "metadata: {name: wf}\n"
                 "spec:\n"
                 "  entrypoint: main\n"
                 "  retryStrategy: {limit: 1}\n"
                 "  templates:\n"
                 "  - name: main\n"
                 "    steps: [[{name: a, template: bad}]]\n" KINDS);
    CHECK_ORDER(s, "wf(0)[0].a(0) wf(0)[0].a(1) wf(1)[0].a(0) wf(1)[0].a(1)");
    story_is(s, "Failed", NULL);
}

STORY(a_leaf_may_take_only_so_long)
{
    story_run(s, "metadata: {name: wf}\n"
                 "spec:\n"
                 "  entrypoint: main\n"
                 "  arguments: {parameters: [{name: t, value: \"10s\"}]}\n"
                 "  templates:\n"
                 "  - name: main\n"
                 "    steps: [[{name: a, template: slow, continueOn: {failed: true}}], [{name: b, "
                 "template: ok}]]\n"
                 "  - name: slow\n"
                 "    timeout: \"{{workflow.parameters.t}}\"\n"
                 "    container: {image: i, command: [hang]}\n" KINDS);
    story_node_is(s, "a", "Failed",
                  "Pod was active on the node longer than the specified deadline");
    story_is(s, "Succeeded", NULL);
}

STORY(a_workflow_may_take_only_so_long_and_exit_handlers_run_afterwards)
{
    story_run(s, "metadata: {name: wf}\n"
                 "spec:\n"
                 "  entrypoint: main\n"
                 "  onExit: bye\n"
                 "  activeDeadlineSeconds: 30\n"
                 "  arguments: {parameters: [{name: t, value: \"30\"}]}\n"
                 "  templates:\n"
                 "  - name: main\n"
                 "    steps: [[{name: a, template: hang}], [{name: b, template: ok}]]\n"
                 "  - name: bye\n"
                 "    retryStrategy: {limit: 2}\n"
                 "    container: {image: i, command: [until, \"1\", \"{{retries}}\"]}\n" KINDS);
    story_node_is(s, "a", "Failed", "Step exceeded its deadline");
    CHECK_NULL(story_node(s, "b"));
    story_node_is(s, "wf.onExit", "Succeeded", NULL);
    CHECK_ORDER(s, "wf[0].a wf.onExit(0) wf.onExit(1)");
    story_is(s, "Failed", NULL);
}

static const char stoppable[] = "metadata: {name: wf}\n"
                                "spec:\n"
                                "  entrypoint: main\n"
                                "  onExit: ok\n"
                                "  templates:\n"
                                "  - name: main\n"
                                "    dag:\n"
                                "      tasks:\n"
                                "      - {name: a, template: hang}\n"
                                "      - {name: b, template: ok, depends: a}\n"
                                "      - {name: w, template: wait}\n" STORY_WAIT KINDS;

STORY(stop_ends_everything_but_the_exit_handler)
{
    story_run(s, stoppable);
    story_is(s, "Running", NULL);
    story_edit(s, "{\"shutdown\":\"Stop\"}");
    story_go_on(s);
    story_node_is(s, "a", "Failed", "workflow shutdown with strategy:  Stop");
    story_node_is(s, "w", "Failed", "workflow shutdown with strategy:  Stop");
    CHECK_ORDER(s, "wf.a wf.onExit");
    story_is(s, "Failed", "Stopped with strategy 'Stop'");
}

STORY(terminate_ends_everything)
{
    story_run(s, stoppable);
    story_edit(s, "{\"shutdown\":\"Terminate\"}");
    story_go_on(s);
    story_node_is(s, "a", "Failed", "workflow shutdown with strategy:  Terminate");
    CHECK_ORDER(s, "wf.a");
    CHECK_NULL(story_node(s, "wf.onExit"));
    story_is(s, "Failed", "Stopped with strategy 'Terminate'");
}

STORY(terminate_after_stop_ends_the_exit_handler_too)
{
    story_run(s, "metadata: {name: wf}\n"
                 "spec:\n"
                 "  entrypoint: hang\n"
                 "  onExit: hang\n"
                 "  templates:\n" KINDS);
    story_edit(s, "{\"shutdown\":\"Stop\"}");
    story_go_on(s);
    story_is(s, "Running", NULL);
    story_node_is(s, "wf.onExit", "Pending", NULL);
    story_edit(s, "{\"shutdown\":\"Terminate\"}");
    story_go_on(s);
    story_node_is(s, "wf.onExit", "Failed", "workflow shutdown with strategy:  Terminate");
    story_is(s, "Failed", "Stopped with strategy 'Terminate'");
}

STORY(a_stopped_retry_does_not_try_again)
{
    story_run(s, STORY_MAIN "    retryStrategy: {limit: 5}\n"
                            "    container: {image: i, command: [hang]}\n");
    story_edit(s, "{\"shutdown\":\"Stop\"}");
    story_go_on(s);
    CHECK_ORDER(s, "wf(0)");
    story_node_is(s, "wf(0)", "Failed", "workflow shutdown with strategy:  Stop");
    story_is(s, "Failed", "Stopped with strategy 'Stop'");
}

STORY(a_suspended_workflow_starts_nothing_until_it_is_let_go)
{
    story_run(s, "metadata: {name: wf}\n"
                 "spec:\n"
                 "  entrypoint: main\n"
                 "  suspend: true\n"
                 "  templates:\n"
                 "  - name: main\n"
                 "    steps: [[{name: a, template: ok}], [{name: b, template: ok}]]\n" KINDS);
    story_is(s, "Running", NULL);
    CHECK_ORDER(s, "");
    story_edit(s, "{\"suspend\":false}");
    story_go_on(s);
    CHECK_ORDER(s, "wf[0].a wf[1].b");
    story_is(s, "Succeeded", NULL);
}

STORY(a_suspend_template_waits_for_its_duration)
{
    story_run(s, STORY_MAIN
              "    steps: [[{name: w, template: wait, arguments: {parameters: [{name: d, "
              "value: 1m}]}}],\n"
              "            [{name: a, template: ok}]]\n"
              "  - name: wait\n"
              "    inputs: {parameters: [{name: d}]}\n"
              "    suspend: {duration: \"{{inputs.parameters.d}}\"}\n" KINDS);
    story_is(s, "Succeeded", NULL);
    CHECK_STR(story_field(s, "w", "type"), "Suspend");
    CHECK_STR(story_field(s, "w", "startedAt"), "2023-11-14T22:13:20Z");
    CHECK_STR(story_field(s, "w", "finishedAt"), "2023-11-14T22:14:20Z");
}

STORY(a_bad_exit_handler_spoils_a_good_run)
{
    story_run(s, "metadata: {name: wf}\n"
                 "spec:\n"
                 "  entrypoint: ok\n"
                 "  hooks: {exit: {template: bad}}\n"
                 "  templates:\n" KINDS);
    story_node_is(s, "wf", "Succeeded", NULL);
    story_node_is(s, "wf.onExit", "Failed", NULL);
    story_is(s, "Failed", "main: Error (exit code 1)");
}

STORY(exit_handlers_know_what_failed)
{
    story_run(s, "metadata: {name: wf}\n"
                 "spec:\n"
                 "  entrypoint: main\n"
                 "  onExit: bye\n"
                 "  templates:\n"
                 "  - name: main\n"
                 "    steps: [[{name: a, template: bad}]]\n"
                 "  - name: bye\n"
                 "    steps: [[{name: s, template: say, arguments: {parameters: [{name: m,\n"
                 "       value: \"{{workflow.status}} {{workflow.failures}}\"}]}}]]\n" KINDS);
    /* The entry node, its group and the step: everything that ended badly. */
    CHECK_CONTAINS(story_input(s, "s", "m"), "Failed \"[{\\\"displayName\\\":\\\"wf\\\"");
    CHECK_CONTAINS(story_input(s, "s", "m"), "{\\\"displayName\\\":\\\"[0]\\\"");
    CHECK_CONTAINS(
        story_input(s, "s", "m"),
        "{\\\"displayName\\\":\\\"a\\\",\\\"message\\\":\\\"main: Error (exit code 1)\\\","
        "\\\"templateName\\\":\\\"bad\\\",\\\"phase\\\":\\\"Failed\\\","
        "\\\"podName\\\":\\\"wf-bad-");
    story_is(s, "Failed", NULL);
}

STORY(exit_handlers_know_that_nothing_failed)
{
    story_run(s, "metadata: {name: wf}\n"
                 "spec:\n"
                 "  entrypoint: ok\n"
                 "  onExit: bye\n"
                 "  templates:\n"
                 "  - name: bye\n"
                 "    steps: [[{name: s, template: say, arguments: {parameters: [{name: m,\n"
                 "       value: \"{{workflow.failures}}\"}]}}]]\n" KINDS);
    CHECK_STR(story_input(s, "s", "m"), "\"null\"");
}

STORY(a_step_has_an_exit_handler_of_its_own)
{
    story_run(s,
              STORY_MAIN "    steps:\n"
                         "    - - name: a\n"
                         "        template: make\n"
                         "        hooks:\n"
                         "          exit:\n"
                         "            template: say\n"
                         "            arguments: {parameters: [{name: m, value: "
                         "\"{{steps.a.outputs.parameters.p}}\"}]}\n"
                         "    - - {name: b, template: ok, onExit: bad}\n"
                         "    - - {name: c, template: ok}\n"
                         "  - name: make\n"
                         "    container: {image: i, command: [put, p, v]}\n"
                         "    outputs: {parameters: [{name: p, valueFrom: {path: /p}}]}\n" KINDS);
    CHECK_ORDER(s, "wf[0].a wf[0].a.onExit wf[1].b wf[1].b.onExit wf[2].c");
    CHECK_STR(story_field(s, "wf[0].a.onExit", "outputs.result"), "v");
    CHECK_STR(story_field(s, "wf[0].a.onExit", "nodeFlag.hooked"), "true");
    /* A bad exit handler of a step fails nothing. */
    story_node_is(s, "wf[1].b.onExit", "Failed", NULL);
    story_is(s, "Succeeded", NULL);
}

STORY(hooks_run_once_when_their_expression_comes_true)
{
    story_run(s,
              "metadata: {name: wf}\n"
              "spec:\n"
              "  entrypoint: main\n"
              "  hooks:\n"
              "    running: {expression: 'workflow.status == \"Running\"', template: ok}\n"
              "    never: {expression: 'workflow.status == \"Error\"', template: ok}\n"
              "  templates:\n"
              "  - name: main\n"
              "    steps:\n"
              "    - - name: a\n"
              "        template: bad\n"
              "        continueOn: {failed: true}\n"
              "        hooks:\n"
              "          failed: {expression: 'steps[\"a\"].status == \"Failed\"', template: ok}\n"
              "          good: {expression: 'steps[\"a\"].status == \"Succeeded\"', template: ok}\n"
              "    - - {name: b, template: ok}\n" KINDS);
    CHECK_ORDER(s, "wf.hooks.running wf[0].a wf[0].a.hooks.failed wf[1].b");
    CHECK_NULL(story_node(s, "wf.hooks.never"));
    CHECK_NULL(story_node(s, "wf[0].a.hooks.good"));
    story_is(s, "Succeeded", NULL);
}

STORY(an_exit_handler_that_cannot_be_started_spoils_its_step)
{
    story_run(s, STORY_MAIN
              "    dag:\n"
              "      tasks:\n"
              "      - name: a\n"
              "        template: ok\n"
              "        hooks: {exit: {template: cfg}}\n"
              "  - name: cfg\n"
              "    inputs: {parameters: [{name: p, valueFrom: {configMapKeyRef: {name: none, "
              "key: k}}}]}\n"
              "    container: {image: i, command: [ok]}\n" KINDS);
    story_node_is(s, "wf.a.onExit", "Error", NULL);
    story_is(s, "Error", NULL);
}

TESTS_MAIN(T_(a_retry_ends_when_its_expression_says_so), T_(an_attempt_knows_the_one_before),
           T_(policies_tell_failures_from_errors), T_(pauses_grow_to_a_cap_and_end_at_a_duration),
           T_(a_pause_says_how_long_it_is),
           T_(the_longest_duration_is_looked_at_before_policy_and_limit),
           T_(an_attempt_that_lasts_longer_than_all_may_is_the_last),
           T_(a_strategy_of_the_workflow_counts_for_templates_without_one),
           T_(a_leaf_may_take_only_so_long),
           T_(a_workflow_may_take_only_so_long_and_exit_handlers_run_afterwards),
           T_(stop_ends_everything_but_the_exit_handler), T_(terminate_ends_everything),
           T_(terminate_after_stop_ends_the_exit_handler_too),
           T_(a_stopped_retry_does_not_try_again),
           T_(a_suspended_workflow_starts_nothing_until_it_is_let_go),
           T_(a_suspend_template_waits_for_its_duration), T_(a_bad_exit_handler_spoils_a_good_run),
           T_(exit_handlers_know_what_failed), T_(exit_handlers_know_that_nothing_failed),
           T_(a_step_has_an_exit_handler_of_its_own),
           T_(hooks_run_once_when_their_expression_comes_true),
           T_(an_exit_handler_that_cannot_be_started_spoils_its_step))
