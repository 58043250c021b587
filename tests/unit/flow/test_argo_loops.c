/* Loops, nesting and recursion. */
#include "tests/unit/flow/story.h"

STORY(a_dag_in_steps_in_a_loop_in_a_retry_runs_as_a_whole_again)
{
    story_run(s, STORY_MAIN
              "    retryStrategy: {limit: \"2\"}\n"
              "    steps: [[{name: l, template: mid, withItems: [a, b],\n"
              "              arguments: {parameters: [{name: x, value: \"{{item}}\"}]}}]]\n"
              "  - name: mid\n"
              "    inputs: {parameters: [{name: x}]}\n"
              "    dag:\n"
              "      tasks:\n"
              "      - {name: one, template: ok}\n"
              "      - {name: two, depends: one, template: fickle,\n"
              "         arguments: {parameters: [{name: x, value: "
              "\"{{inputs.parameters.x}}\"}]}}\n" STORY_OK "  - name: fickle\n"
              "    inputs: {parameters: [{name: x}]}\n"
              "    retryStrategy: {limit: 1}\n"
              "    container: {image: i, command: [until, \"1\", \"{{retries}}\"]}\n");
    story_is(s, "Succeeded", NULL);
    story_node_is(s, "wf", "Succeeded", NULL);
    CHECK_STR(story_field(s, "wf", "type"), "Retry");
    story_node_is(s, "wf(0)", "Succeeded", NULL);
    CHECK_STR(story_field(s, "wf(0)", "type"), "Steps");
    CHECK_STR(story_field(s, "wf(0)", "nodeFlag.retried"), "true");
    story_node_is(s, "wf(0)[0].l(0:a).two(1)", "Succeeded", NULL);
    story_node_is(s, "wf(0)[0].l(1:b).two(0)", "Failed", "main: Error (exit code 1)");
    CHECK_STR(story_field(s, "wf(0)[0].l(1:b).two(0)", "displayName"), "two(0)");
    CHECK_STR(story_field(s, "wf(0)[0].l(1:b)", "displayName"), "l(1:b)");
    CHECK_STR(story_status(s, "progress"), "6/6");
}

STORY(steps_are_retried_as_a_whole)
{
    story_run(s, STORY_MAIN "    retryStrategy: {limit: 1}\n"
                            "    steps:\n"
                            "    - - {name: a, template: ok}\n"
                            "    - - {name: b, template: bad}\n" STORY_OK "  - name: bad\n"
                            "    container: {image: i, command: [exit, \"2\"]}\n");
    story_is(s, "Failed", "No more retries left");
    CHECK_ORDER(s, "wf(0)[0].a wf(0)[1].b wf(1)[0].a wf(1)[1].b");
    story_node_is(s, "wf(1)", "Failed", NULL);
    CHECK_CONTAINS(story_field(s, "wf(1)", "message"), "child 'wf-");
    story_node_is(s, "wf(1)[1]", "Failed", NULL);
}

STORY(a_dag_is_retried_as_a_whole)
{
    story_run(s,
              STORY_MAIN "    retryStrategy: {limit: 3}\n"
                         "    dag: {tasks: [{name: t, template: t}]}\n"
                         "  - name: t\n"
                         "    container: {image: i, command: [until, \"2\", \"{{retries}}\"]}\n");
    /* The retry is the DAG's: its leaf knows nothing of it, and fails each time. */
    story_is(s, "Failed", NULL);
    CHECK_ORDER(s, "wf(0).t wf(1).t wf(2).t wf(3).t");
}

STORY(items_may_be_maps_and_lists)
{
    story_run(s, STORY_MAIN
              "    steps:\n"
              "    - - name: t\n"
              "        template: say\n"
              "        arguments: {parameters: [{name: m, value: \"{{item.image}}-{{item.tag}} "
              "{{item}}\"}]}\n"
              "        withItems: [{image: debian, tag: 9.1}]\n"
              "      - name: u\n"
              "        template: say\n"
              "        arguments: {parameters: [{name: m, value: \"{{item}}\"}]}\n"
              "        withItems: [[a, 1], \"(x)\", true, 2.50]\n" STORY_SAY);
    story_is(s, "Succeeded", NULL);
    CHECK_STR(story_input(s, "t(0:image:debian,tag:9.1)", "m"),
              "debian-9.1 {\"image\":\"debian\",\"tag\":9.1}");
    CHECK_STR(story_input(s, "u(0:[\"a\" 1])", "m"), "[\"a\",1]");
    CHECK_STR(story_input(s, "u(1:x)", "m"), "(x)");
    CHECK_STR(story_input(s, "u(2:true)", "m"), "true");
}

STORY(a_list_may_come_from_a_result)
{
    story_run(
        s, STORY_MAIN
        "    dag:\n"
        "      tasks:\n"
        "      - {name: gen, template: gen}\n"
        "      - {name: use, depends: gen, template: say, withParam: "
        "\"{{tasks.gen.outputs.result}}\",\n"
        "         arguments: {parameters: [{name: m, value: \"{{item.n}}\"}]}}\n"
        "      - {name: sum, depends: use, template: say,\n"
        "         arguments: {parameters: [{name: m, value: \"{{tasks.use.outputs.result}}\"}]}}\n"
        "  - name: gen\n"
        "    script: {image: i, command: [say, '[{\"n\":1},{\"n\":\"x\"}]'], source: "
        "\"print()\"}\n" STORY_SAY);
    story_is(s, "Succeeded", NULL);
    CHECK_STR(story_input(s, "use(0:n:1)", "m"), "1");
    CHECK_STR(story_input(s, "use(1:n:x)", "m"), "x");
    CHECK_STR(story_field(s, "use", "type"), "TaskGroup");
    CHECK_STR(story_input(s, "sum", "m"), "[1,x]");
}

STORY(a_list_that_cannot_be_read_is_an_error_unless_the_step_would_not_run)
{
    story_run(s, STORY_MAIN
              "    steps:\n"
              "    - - {name: idle, template: say, withParam: \"oops\", when: \"1 == 2\",\n"
              "         arguments: {parameters: [{name: m, value: \"{{item}}\"}]}}\n"
              "    - - {name: bad, template: say, withParam: \"oops\",\n"
              "         arguments: {parameters: [{name: m, value: \"{{item}}\"}]}}\n" STORY_SAY);
    story_node_is(s, "idle", "Skipped", "when '1 == 2' evaluated false");
    story_node_is(s, "bad", "Error", NULL);
    CHECK_CONTAINS(story_field(s, "bad", "message"),
                   "withParam value could not be parsed as a JSON list: oops");
    story_node_is(s, "wf[1]", "Error", NULL);
    story_is(s, "Failed", NULL);
}

STORY(an_empty_list_skips_and_its_outputs_are_an_empty_list)
{
    story_run(s, STORY_MAIN "    dag:\n"
                            "      tasks:\n"
                            "      - {name: none, template: say, withParam: \"[]\",\n"
                            "         arguments: {parameters: [{name: m, value: \"{{item}}\"}]}}\n"
                            "      - {name: zero, template: say, withSequence: {count: 0},\n"
                            "         arguments: {parameters: [{name: m, value: \"{{item}}\"}]}}\n"
                            "      - {name: next, depends: none && zero, template: say,\n"
                            "         arguments: {parameters: [{name: m, value: "
                            "\"{{tasks.none.outputs.result}}\"}]}}\n" STORY_SAY);
    story_is(s, "Succeeded", NULL);
    story_node_is(s, "none", "Skipped", "Skipped, empty params");
    CHECK_STR(story_field(s, "none", "type"), "Skipped");
    story_node_is(s, "zero", "Skipped", "Skipped, empty params");
    CHECK_STR(story_input(s, "next", "m"), "[]");
}

STORY(sequences_count_up_and_down_in_a_format)
{
    story_run(
        s,
        "metadata: {name: wf}\n"
        "spec:\n"
        "  entrypoint: main\n"
        "  arguments: {parameters: [{name: k, value: \"2\"}]}\n"
        "  templates:\n"
        "  - name: main\n"
        "    steps:\n"
        "    - - {name: a, template: say, withSequence: {count: \"{{workflow.parameters.k}}\"},\n"
        "         arguments: {parameters: [{name: m, value: \"{{item}}\"}]}}\n"
        "      - {name: b, template: say, withSequence: {start: \"3\", end: 1},\n"
        "         arguments: {parameters: [{name: m, value: \"{{item}}\"}]}}\n"
        "      - {name: c, template: say, withSequence: {start: 10, count: 2, format: "
        "\"host-%03X.local\"},\n"
        "         arguments: {parameters: [{name: m, value: \"{{item}}\"}]}}\n"
        "      - {name: d, template: say, withSequence: {count: 2, format: \"%s\"},\n"
        "         continueOn: {error: true}, arguments: {parameters: [{name: m, value: "
        "\"{{item}}\"}]}}\n" STORY_SAY);
    story_is(s, "Succeeded", NULL);
    story_node_is(s, "a(1:1)", "Succeeded", NULL);
    story_node_is(s, "b(0:3)", "Succeeded", NULL);
    story_node_is(s, "b(2:1)", "Succeeded", NULL);
    story_node_is(s, "c(1:host-00B.local)", "Succeeded", NULL);
    story_node_is(s, "d", "Error", NULL);
}

STORY(outputs_of_a_loop_are_gathered_in_three_forms)
{
    story_run(s, STORY_MAIN
              "    steps:\n"
              "    - - {name: l, template: put, withItems: [1, 2], continueOn: {failed: true},\n"
              "         arguments: {parameters: [{name: m, value: \"{{item}}\"}]}}\n"
              "    - - name: z\n"
              "        template: show\n"
              "        arguments:\n"
              "          parameters:\n"
              "          - {name: all, value: \"{{steps.l.outputs.parameters}}\"}\n"
              "          - {name: p, value: \"{{steps.l.outputs.parameters.p}}\"}\n"
              "          - {name: q, value: \"{{steps.l.outputs.parameters.q}}\"}\n"
              "  - name: put\n"
              "    inputs: {parameters: [{name: m}]}\n"
              "    container: {image: i, command: [put, p, \"v{{inputs.parameters.m}}\",\n"
              "                                    q, '{\"k\":{{inputs.parameters.m}}}']}\n"
              "    outputs: {parameters: [{name: p, valueFrom: {path: /p}}, {name: q, valueFrom: "
              "{path: /q}}]}\n"
              "  - name: show\n"
              "    inputs: {parameters: [{name: all}, {name: p}, {name: q}]}\n"
              "    container: {image: i, command: [ok]}\n");
    story_is(s, "Succeeded", NULL);
    CHECK_STR(story_input(s, "z", "all"),
              "[{\"p\":\"v1\",\"q\":\"{\\\"k\\\":1}\"},{\"p\":\"v2\",\"q\":\"{\\\"k\\\":2}\"}]");
    CHECK_STR(story_input(s, "z", "p"), "[\"v1\",\"v2\"]");
    CHECK_STR(story_input(s, "z", "q"), "[{\"k\":1},{\"k\":2}]");
}

STORY(only_good_items_are_gathered)
{
    story_run(
        s, STORY_MAIN
        "    steps:\n"
        "    - - {name: l, template: maybe, withItems: [say, exit, say], continueOn: {failed: "
        "true},\n"
        "         arguments: {parameters: [{name: m, value: \"{{item}}\"}]}}\n"
        "    - - {name: z, template: show,\n"
        "         arguments: {parameters: [{name: r, value: \"{{steps.l.outputs.result}}\"}]}}\n"
        "  - name: maybe\n"
        "    inputs: {parameters: [{name: m}]}\n"
        "    container: {image: i, command: [\"{{inputs.parameters.m}}\", \"1\"]}\n"
        "  - name: show\n"
        "    inputs: {parameters: [{name: r}]}\n"
        "    container: {image: i, command: [ok]}\n");
    story_is(s, "Succeeded", NULL);
    CHECK_STR(story_input(s, "z", "r"), "[1,1]");
}

/* A result stands in the list as it is; a bare word makes that list no JSON. */
STORY(results_that_are_no_json_make_a_list_that_cannot_be_read)
{
    story_run(s, STORY_MAIN "    steps:\n"
                            "    - - {name: l, template: word, withItems: [1, 2]}\n"
                            "    - - {name: z, template: word, withParam: "
                            "\"{{steps.l.outputs.result}}\"}\n"
                            "  - {name: word, container: {image: i, command: [say, word]}}\n");
    story_node_is(s, "z", "Error", NULL);
    CHECK_CONTAINS(story_field(s, "z", "message"),
                   "withParam value could not be parsed as a JSON list: [word,word]: ");
}

STORY(a_condition_with_the_item_is_asked_for_each)
{
    story_run(s, STORY_MAIN
              "    steps:\n"
              "    - - {name: l, template: say, withItems: [1, 2, 3], when: \"{{item}} != 2\",\n"
              "         arguments: {parameters: [{name: m, value: \"{{item}}\"}]}}\n" STORY_SAY);
    story_is(s, "Succeeded", NULL);
    CHECK_ORDER(s, "wf[0].l(0:1) wf[0].l(2:3)");
    story_node_is(s, "l(1:2)", "Skipped", "when '2 != 2' evaluated false");
}

STORY(a_loop_takes_the_phase_of_a_bad_item)
{
    story_run(s, STORY_MAIN
              "    dag:\n"
              "      tasks:\n"
              "      - {name: l, template: maybe, withItems: [ok, exit],\n"
              "         arguments: {parameters: [{name: m, value: \"{{item}}\"}]}}\n"
              "      - {name: any, depends: l.AnySucceeded, template: maybe,\n"
              "         arguments: {parameters: [{name: m, value: ok}]}}\n"
              "      - {name: all, depends: l.AllFailed, template: maybe,\n"
              "         arguments: {parameters: [{name: m, value: ok}]}}\n"
              "  - name: maybe\n"
              "    inputs: {parameters: [{name: m}]}\n"
              "    container: {image: i, command: [\"{{inputs.parameters.m}}\", \"1\"]}\n");
    story_node_is(s, "l", "Failed", NULL);
    story_node_is(s, "any", "Succeeded", NULL);
    story_node_is(s, "all", "Omitted", NULL);
    /* The omitted leaf passes on what came before it. */
    story_is(s, "Failed", NULL);
}

STORY(a_template_may_call_itself_sixty_times)
{
    story_run(
        s, STORY_MAIN
        "    steps: [[{name: f, template: flip, arguments: {parameters: [{name: k, value: "
        "\"60\"}]}}]]\n"
        "  - name: flip\n"
        "    inputs: {parameters: [{name: k}]}\n"
        "    steps:\n"
        "    - - {name: coin, template: coin, arguments: {parameters: [{name: k,\n"
        "          value: \"{{=asInt(inputs.parameters.k) - 1}}\"}]}}\n"
        "    - - {name: again, template: flip, when: \"{{steps.coin.outputs.result}} > 0\",\n"
        "         arguments: {parameters: [{name: k, value: \"{{steps.coin.outputs.result}}\"}]}}\n"
        "  - name: coin\n"
        "    inputs: {parameters: [{name: k}]}\n"
        "    container: {image: i, command: [say, \"{{inputs.parameters.k}}\"]}\n");
    story_is(s, "Succeeded", NULL);
    CHECK_STR(story_status(s, "progress"), "60/60");
}

STORY(calls_without_an_end_are_an_error)
{
    story_run(s, STORY_MAIN "    steps: [[{name: m, template: main}]]\n");
    story_is(s, "Failed", NULL);
    CHECK_INT(json_count(json_at_path(json_root(s->wf), "status.nodes")), 201);
}

STORY(two_loops_advance_side_by_side)
{
    story_run(s, "metadata: {name: wf}\n"
                 "spec:\n"
                 "  entrypoint: main\n"
                 "  parallelism: 2\n"
                 "  templates:\n"
                 "  - name: main\n"
                 "    steps:\n"
                 "    - - {name: a, template: say, withItems: [1, 2, 3],\n"
                 "         arguments: {parameters: [{name: m, value: \"{{item}}\"}]}}\n"
                 "      - {name: b, template: say, withItems: [1, 2, 3],\n"
                 "         arguments: {parameters: [{name: m, value: \"{{item}}\"}]}}\n" STORY_SAY);
    story_is(s, "Succeeded", NULL);
    CHECK_ORDER(s, "wf[0].a(0:1) wf[0].a(1:2) wf[0].b(0:1) wf[0].a(2:3) wf[0].b(1:2) wf[0].b(2:3)");
}

TESTS_MAIN(T_(a_dag_in_steps_in_a_loop_in_a_retry_runs_as_a_whole_again),
           T_(steps_are_retried_as_a_whole), T_(a_dag_is_retried_as_a_whole),
           T_(items_may_be_maps_and_lists), T_(a_list_may_come_from_a_result),
           T_(a_list_that_cannot_be_read_is_an_error_unless_the_step_would_not_run),
           T_(an_empty_list_skips_and_its_outputs_are_an_empty_list),
           T_(sequences_count_up_and_down_in_a_format),
           T_(outputs_of_a_loop_are_gathered_in_three_forms), T_(only_good_items_are_gathered),
           T_(results_that_are_no_json_make_a_list_that_cannot_be_read),
           T_(a_condition_with_the_item_is_asked_for_each),
           T_(a_loop_takes_the_phase_of_a_bad_item), T_(a_template_may_call_itself_sixty_times),
           T_(calls_without_an_end_are_an_error), T_(two_loops_advance_side_by_side))
