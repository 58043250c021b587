/* Conditions, dependencies, limits: what runs, what does not, and what that means for the whole. */
#include "tests/unit/flow/story.h"

#define KINDS \
    STORY_OK \
    STORY_BAD \
    "  - name: wrong\n    inputs: {parameters: [{name: p}]}\n" \
    "    container: {image: i, command: [ok]}\n" STORY_SAY

STORY(conditions_see_text_and_say_what_is_wrong)
{
    story_run(
        s, "metadata: {name: wf}\n"
           "spec:\n"
           "  entrypoint: main\n"
           "  arguments: {parameters: [{name: q, value: \"it's\"}, {name: d, value: a-b}]}\n"
           "  templates:\n"
           "  - name: main\n"
           "    steps:\n"
           "    - - {name: quoted, template: ok, when: \"\\\"{{workflow.parameters.d}}\\\" == "
           "\\\"a-b\\\"\"}\n"
           "      - {name: expr, template: ok, when: \"{{= workflow.parameters.d == 'a-b' }}\"}\n"
           "      - {name: empty, template: ok, when: \"'' != ''\"}\n"
           "      - {name: number, template: ok, when: \"3 in (1, 2, 3) && 2.0 == 2\"}\n"
           "    - - {name: broken, template: ok, when: \"'{{workflow.parameters.q}}' == 'x'\",\n"
           "         continueOn: {error: true}}\n"
           "      - {name: text, template: ok, when: \"foo\", continueOn: {error: true}}\n" KINDS);
    story_node_is(s, "quoted", "Succeeded", NULL);
    story_node_is(s, "expr", "Succeeded", NULL);
    story_node_is(s, "empty", "Skipped", "when '\'\' != \'\'' evaluated false");
    CHECK_STR(story_field(s, "empty", "type"), "Skipped");
    story_node_is(s, "number", "Succeeded", NULL);
    story_node_is(s, "broken", "Error", NULL);
    CHECK_CONTAINS(story_field(s, "broken", "message"), "Invalid 'when' expression");
    story_node_is(s, "text", "Error", NULL);
    CHECK_CONTAINS(story_field(s, "text", "message"),
                   "Expected boolean evaluation for 'foo'. Got foo");
    story_is(s, "Succeeded", NULL);
}

STORY(an_error_of_a_step_makes_its_group_error_and_the_template_failed)
{
    story_run(s, STORY_MAIN "    dag: {tasks: [{name: inner, template: inner}]}\n"
                            "  - name: inner\n"
                            "    steps:\n"
                            "    - - {name: x, template: ok, when: \"a b\"}\n"
                            "    - - {name: later, template: ok}\n" KINDS);
    story_node_is(s, "wf.inner[0].x", "Error", NULL);
    story_node_is(s, "wf.inner[0]", "Error", NULL);
    story_node_is(s, "wf.inner", "Failed", NULL);
    CHECK_NULL(story_node(s, "later"));
    story_is(s, "Failed", NULL);
    CHECK_ORDER(s, "");
}

STORY(steps_go_on_after_what_they_may_ignore)
{
    story_run(s,
              STORY_MAIN "    steps:\n"
                         "    - - {name: a, template: bad, continueOn: {failed: true}}\n"
                         "    - - {name: b, template: ok, when: \"{{steps.a.status}} == Failed && "
                         "{{steps.a.exitCode}} == 1\"}\n"
                         "    - - {name: c, template: bad, continueOn: {error: true}}\n"
                         "    - - {name: d, template: ok}\n" KINDS);
    story_node_is(s, "wf[0]", "Succeeded", NULL);
    story_node_is(s, "b", "Succeeded", NULL);
    story_node_is(s, "wf[2]", "Failed", NULL);
    CHECK_NULL(story_node(s, "d"));
    story_is(s, "Failed", NULL);
}

STORY(depends_knows_how_a_task_ended)
{
    story_run(
        s, STORY_MAIN
        "    dag:\n"
        "      tasks:\n"
        "      - {name: good, template: ok}\n"
        "      - {name: bad-one, template: bad}\n"
        "      - {name: err, template: wrong, arguments: {parameters: [{name: p,\n"
        "         valueFrom: {configMapKeyRef: {name: none, key: k}}}]}}\n"
        "      - {name: skip, template: ok, when: \"1 == 2\"}\n"
        "      - {name: omit, template: ok, depends: bad-one.Succeeded}\n"
        "      - {name: t1, template: ok, depends: \"bad-one.Failed && err.Errored\"}\n"
        "      - {name: t2, template: ok, depends: \"skip.Skipped && omit.Omitted\"}\n"
        "      - {name: t3, template: ok, depends: \"good && !bad-one.Succeeded\"}\n"
        "      - {name: t4, template: ok, depends: \"skip && good\"}\n"
        "      - {name: t5, template: ok, depends: \"skip.Succeeded || err.Succeeded\"}\n" KINDS);
    story_node_is(s, "err", "Error", NULL);
    story_node_is(s, "omit", "Omitted", "omitted: depends condition not met");
    story_node_is(s, "t1", "Succeeded", NULL);
    story_node_is(s, "t2", "Succeeded", NULL);
    story_node_is(s, "t3", "Succeeded", NULL);
    story_node_is(s, "t4", "Succeeded", NULL);
    story_node_is(s, "t5", "Omitted", NULL);
}

STORY(a_failure_that_a_task_waited_for_is_none)
{
    story_run(s, STORY_MAIN
              "    dag:\n"
              "      tasks:\n"
              "      - {name: a, template: bad}\n"
              "      - {name: b, template: ok, depends: a.Failed || a.Succeeded}\n" KINDS);
    story_is(s, "Succeeded", "");
}

STORY(a_dag_takes_the_phase_of_its_first_bad_target)
{
    story_run(s,
              STORY_MAIN "    dag:\n"
                         "      tasks:\n"
                         "      - {name: err, template: wrong, arguments: {parameters: [{name: p,\n"
                         "         valueFrom: {configMapKeyRef: {name: none, key: k}}}]}}\n"
                         "      - {name: other, template: ok}\n" KINDS);
    story_is(s, "Error", NULL);
    CHECK_ORDER(s, "wf.other");
}

STORY(tasks_that_no_target_needs_do_not_run)
{
    story_run(s, "metadata: {name: wf}\n"
                 "spec:\n"
                 "  entrypoint: main\n"
                 "  arguments: {parameters: [{name: t, value: \"c e\"}]}\n"
                 "  templates:\n"
                 "  - name: main\n"
                 "    dag:\n"
                 "      target: \"{{workflow.parameters.t}}\"\n"
                 "      tasks:\n"
                 "      - {name: a, template: ok}\n"
                 "      - {name: b, template: bad}\n"
                 "      - {name: c, template: ok, dependencies: [a]}\n"
                 "      - {name: d, template: ok, dependencies: [a]}\n"
                 "      - {name: e, template: ok}\n" KINDS);
    story_is(s, "Succeeded", NULL);
    CHECK_ORDER(s, "wf.a wf.e wf.c");
    CHECK_NULL(story_node(s, "d"));
}

STORY(fail_fast_with_parallelism_starts_no_more)
{
    story_run(s, STORY_MAIN
              "    parallelism: 1\n"
              "    failFast: true\n"
              "    steps:\n"
              "    - - {name: l, template: pick, withItems: [ok, exit, ok],\n"
              "         arguments: {parameters: [{name: c, value: \"{{item}}\"}]}}\n"
              "  - name: pick\n"
              "    inputs: {parameters: [{name: c}]}\n"
              "    container: {image: i, command: [\"{{inputs.parameters.c}}\", \"1\"]}\n");
    CHECK_ORDER(s, "wf[0].l(0:ok) wf[0].l(1:exit)");
    story_is(s, "Failed", "template has failed or errored children and failFast enabled");
    CHECK_INT(s->r.most_at_once, 1);
}

STORY(without_fail_fast_all_items_run)
{
    story_run(s, STORY_MAIN "    parallelism: 1\n"
                            "    dag:\n"
                            "      failFast: false\n"
                            "      tasks:\n"
                            "      - {name: a, template: bad}\n"
                            "      - {name: b, template: ok}\n"
                            "      - {name: c, template: ok, dependencies: [b]}\n" KINDS);
    CHECK_ORDER(s, "wf.a wf.b wf.c");
    story_is(s, "Failed", "");
}

STORY(a_nested_template_counts_as_one_child)
{
    story_run(s, STORY_MAIN
              "    parallelism: 1\n"
              "    steps:\n"
              "    - - {name: l, template: two, withSequence: {count: 3}}\n"
              "  - name: two\n"
              "    dag: {tasks: [{name: a, template: ok}, {name: b, template: ok}]}\n" KINDS);
    story_is(s, "Succeeded", NULL);
    CHECK_INT(s->r.most_at_once, 2);
    CHECK_ORDER(s, "wf[0].l(0:0).a wf[0].l(0:0).b wf[0].l(1:1).a wf[0].l(1:1).b "
                   "wf[0].l(2:2).a wf[0].l(2:2).b");
}

STORY(templates_may_stand_where_they_are_called)
{
    story_run(s, STORY_MAIN
              "    steps:\n"
              "    - - name: a\n"
              "        inline:\n"
              "          inputs: {parameters: [{name: m}]}\n"
              "          container: {image: i, command: [say, \"{{inputs.parameters.m}}\"]}\n"
              "        arguments: {parameters: [{name: m, value: x}]}\n"
              "    - - name: b\n"
              "        inline:\n"
              "          dag:\n"
              "            tasks:\n"
              "            - name: c\n"
              "              inline: {container: {image: i, command: [ok]}}\n");
    story_is(s, "Succeeded", NULL);
    CHECK_ORDER(s, "wf[0].a wf[1].b.c");
    CHECK_STR(story_field(s, "a", "outputs.result"), "x");
}

static bool
delete_pods(struct rig *r, struct turn *t)
{
    struct err e = ERR_INIT;
    struct objects_delete at_once = {.grace_seconds = 0};

    return objects_delete(r->objects, t, &kind_pod, STR("default"), STR("wf"), &at_once, NULL,
                          &e) >= 0;
}

STORY(a_pod_that_is_deleted_is_an_error)
{
    rig_create(&s->r, &kind_workflow, STORY_MAIN "    container: {image: i, command: [hang]}\n");
    story_turn(s, delete_pods);
    story_go_on(s);
    story_is(s, "Error", "pod deleted");
}

STORY(a_name_that_is_taken_is_an_error)
{
    rig_create(&s->r, &kind_pod, "metadata: {name: wf}\nspec: {}\n");
    story_run(s, STORY_MAIN "    container: {image: i, command: [ok]}\n");
    story_is(s, "Error", "pods \"wf\" already exists");
}

enum { CHAIN = 30000 };

/* The last of them decides, and hears of the first through all between them. */
STORY(a_failure_is_handed_down_a_chain_of_any_length)
{
    struct buf yaml = BUF_INIT;

    buf_cstr(&yaml, "metadata: {name: wf}\n"
                    "spec:\n"
                    "  entrypoint: main\n"
                    "  templates:\n" KINDS "  - name: main\n"
                    "    dag:\n"
                    "      tasks:\n"
                    "      - {name: t0, template: bad}\n");
    for (int i = 1; i < CHAIN; i++)
        buf_printf(&yaml, "      - {name: t%d, template: ok, dependencies: [t%d]}\n", i, i - 1);
    rig_create(&s->r, &kind_workflow, buf_cstring(&yaml));
    rig_finish(&s->r);
    buf_done(&yaml);
    story_look(s);
    story_is(s, "Failed", NULL);
    story_node_is(s, "t29999", "Omitted", NULL);
}

TESTS_MAIN(T_(conditions_see_text_and_say_what_is_wrong),
           T_(an_error_of_a_step_makes_its_group_error_and_the_template_failed),
           T_(steps_go_on_after_what_they_may_ignore), T_(depends_knows_how_a_task_ended),
           T_(a_failure_that_a_task_waited_for_is_none),
           T_(a_dag_takes_the_phase_of_its_first_bad_target),
           T_(tasks_that_no_target_needs_do_not_run), T_(fail_fast_with_parallelism_starts_no_more),
           T_(without_fail_fast_all_items_run), T_(a_nested_template_counts_as_one_child),
           T_(templates_may_stand_where_they_are_called), T_(a_pod_that_is_deleted_is_an_error),
           T_(a_name_that_is_taken_is_an_error), T_(a_failure_is_handed_down_a_chain_of_any_length))
