#include "tests/unit/flow/rig.h"

#define HEAD "metadata: {name: wf}\nspec:\n  entrypoint: main\n  templates:\n"
#define STEP \
    "  - name: step\n    inputs: {parameters: [{name: m}]}\n" \
    "    container: {image: alpine, command: [echo], args: [\"{{inputs.parameters.m}}\"]}\n"

static const struct json *
phase_is(struct json_doc *wf, const char *display, const char *phase)
{
    const struct json *node = rig_node(wf, display);

    if (node == NULL)
        fail_msg("no node %s", display);
    if (strcmp(rig_text(node, "phase"), phase) != 0)
        fail_msg("%s is %s, not %s: %s", display, rig_text(node, "phase"), phase,
                 rig_text(node, "message"));
    return node;
}

static void
check_phase(struct json_doc *wf, const char *want)
{
    const struct json *status = json_get(json_root(wf), "status");
    struct buf text = BUF_INIT;

    if (strcmp(rig_text(status, "phase"), want) == 0)
        return;
    json_write_pretty(&text, status);
    fail_msg("not %s: %s", want, buf_cstring(&text));
}

TEST(a_container_runs_to_its_end)
{
    struct rig r;
    struct json_doc *wf;

    rig_open(&r);
    rig_create(&r, &kind_workflow,
               HEAD "  - name: main\n    container: {image: alpine, command: [\"true\"]}\n");
    rig_finish(&r);
    wf = rig_workflow(&r);
    check_phase(wf, "Succeeded");
    CHECK_STR(rig_text(phase_is(wf, "wf", "Succeeded"), "type"), "Pod");
    CHECK_STR(json_cstr_or(json_at_path(json_root(wf), "status.progress"), ""), "1/1");
    json_doc_unref(wf);
    rig_close(&r);
}

static struct rig_end
results(const struct json *pod)
{
    const char *name = json_cstr_or(json_at_path(pod, "metadata.name"), "");

    (void)name;
    return (struct rig_end){0, "{\"result\":\"7\",\"parameters\":{\"p\":\"v\"}}"};
}

TEST(steps_run_group_after_group_and_hand_results_on)
{
    struct rig r;
    struct json_doc *wf;
    const struct json *node;

    rig_open(&r);
    r.play = results;
    rig_create(&r, &kind_workflow,
               HEAD
               "  - name: main\n    steps:\n"
               "    - - {name: a, template: step, arguments: {parameters: [{name: m, value: x}]}}\n"
               "    - - {name: b, template: step, arguments: {parameters: [{name: m, value: "
               "\"{{steps.a.outputs.result}}\"}]}}\n"
               "      - {name: c, template: step, when: \"{{steps.a.outputs.result}} == 8\", "
               "arguments: {parameters: [{name: m, value: x}]}}\n" STEP);
    rig_finish(&r);
    wf = rig_workflow(&r);
    check_phase(wf, "Succeeded");
    CHECK_STR(buf_cstring(&r.order), "wf[0].a wf[1].b");
    node = phase_is(wf, "b", "Succeeded");
    CHECK_STR(
        json_cstr_or(json_get(json_item(json_at_path(node, "inputs.parameters"), 0), "value"), ""),
        "7");
    node = phase_is(wf, "c", "Skipped");
    CHECK_STR(rig_text(node, "message"), "when '7 == 8' evaluated false");
    json_doc_unref(wf);
    rig_close(&r);
}

static struct rig_end
fail_c(const struct json *pod)
{
    struct str name = json_str(json_at_path(pod, "metadata.annotations"));
    const char *node = json_cstr_or(
        json_get(json_at_path(pod, "metadata.annotations"), "workflows.argoproj.io/node-name"), "");

    (void)name;
    return (struct rig_end){strstr(node, ".C") != NULL ? 1 : 0, NULL};
}

TEST(a_dag_omits_what_cannot_run_and_takes_the_phase_of_its_targets)
{
    struct rig r;
    struct json_doc *wf;

    rig_open(&r);
    r.play = fail_c;
    rig_create(&r, &kind_workflow,
               HEAD
               "  - name: main\n    dag:\n      tasks:\n"
               "      - {name: A, template: step, arguments: {parameters: [{name: m, value: x}]}}\n"
               "      - {name: C, depends: A, template: step, arguments: {parameters: [{name: m, "
               "value: x}]}}\n"
               "      - {name: D, depends: C, template: step, arguments: {parameters: [{name: m, "
               "value: x}]}}\n"
               "      - {name: E, depends: C.Failed, template: step, arguments: {parameters: "
               "[{name: m, value: x}]}}\n" STEP);
    rig_finish(&r);
    wf = rig_workflow(&r);
    CHECK_STR(buf_cstring(&r.order), "wf.A wf.C wf.E");
    phase_is(wf, "C", "Failed");
    CHECK_STR(rig_text(phase_is(wf, "D", "Omitted"), "message"),
              "omitted: depends condition not met");
    phase_is(wf, "E", "Succeeded");
    check_phase(wf, "Failed");
    json_doc_unref(wf);
    rig_close(&r);
}

TEST(a_loop_runs_its_items_and_gathers_results)
{
    struct rig r;
    struct json_doc *wf;
    const struct json *node;

    rig_open(&r);
    r.play = results;
    rig_create(&r, &kind_workflow,
               HEAD "  - name: main\n    dag:\n      tasks:\n"
                    "      - {name: L, template: step, withItems: [x, {k: 1}], arguments: "
                    "{parameters: [{name: m, value: \"{{item}}\"}]}}\n"
                    "      - {name: Z, depends: L, template: step, arguments: {parameters: [{name: "
                    "m, value: \"{{tasks.L.outputs.result}}\"}]}}\n" STEP);
    rig_finish(&r);
    wf = rig_workflow(&r);
    check_phase(wf, "Succeeded");
    phase_is(wf, "L(0:x)", "Succeeded");
    phase_is(wf, "L(1:k:1)", "Succeeded");
    CHECK_STR(rig_text(phase_is(wf, "L", "Succeeded"), "type"), "TaskGroup");
    node = phase_is(wf, "Z", "Succeeded");
    CHECK_STR(
        json_cstr_or(json_get(json_item(json_at_path(node, "inputs.parameters"), 0), "value"), ""),
        "[7,7]");
    json_doc_unref(wf);
    rig_close(&r);
}

static struct rig_end
fail_twice(const struct json *pod)
{
    const char *node = json_cstr_or(
        json_get(json_at_path(pod, "metadata.annotations"), "workflows.argoproj.io/node-name"), "");

    return (struct rig_end){strstr(node, "(2)") != NULL ? 0 : 3, NULL};
}

TEST(a_retry_pauses_and_tries_again)
{
    struct rig r;
    struct json_doc *wf;
    int64_t start;

    rig_open(&r);
    r.play = fail_twice;
    start = r.clock.wall;
    rig_create(
        &r, &kind_workflow,
        HEAD "  - name: main\n    retryStrategy: {limit: 5, backoff: {duration: '10', factor: 2}}\n"
             "    container: {image: alpine, command: [\"true\"]}\n");
    rig_finish(&r);
    wf = rig_workflow(&r);
    check_phase(wf, "Succeeded");
    CHECK_STR(buf_cstring(&r.order), "wf(0) wf(1) wf(2)");
    CHECK_TRUE(r.clock.wall - start >= 30 * CLOCK_SECOND);
    CHECK_STR(rig_text(phase_is(wf, "wf", "Succeeded"), "type"), "Retry");
    json_doc_unref(wf);
    rig_close(&r);
}

TEST(exit_handlers_run_after_the_end_and_know_it)
{
    struct rig r;
    struct json_doc *wf;

    rig_open(&r);
    r.play = fail_c;
    rig_create(
        &r, &kind_workflow,
        "metadata: {name: wf}\nspec:\n  entrypoint: main\n  onExit: bye\n  templates:\n"
        "  - name: main\n    dag: {tasks: [{name: C, template: step, arguments: {parameters: "
        "[{name: m, value: x}]}}]}\n"
        "  - name: bye\n    steps: [[{name: say, template: step, when: \"{{workflow.status}} == "
        "Failed\", arguments: {parameters: [{name: m, value: \"{{workflow.status}}\"}]}}]]\n" STEP);
    rig_finish(&r);
    wf = rig_workflow(&r);
    check_phase(wf, "Failed");
    CHECK_STR(buf_cstring(&r.order), "wf.C wf.onExit[0].say");
    json_doc_unref(wf);
    rig_close(&r);
}

TEST(parallelism_limits_pods)
{
    struct rig r;
    struct json_doc *wf;

    rig_open(&r);
    rig_create(&r, &kind_workflow,
               "metadata: {name: wf}\nspec:\n  entrypoint: main\n  parallelism: 2\n  templates:\n"
               "  - name: main\n    steps: [[{name: l, template: step, withSequence: {count: 20}, "
               "arguments: {parameters: [{name: m, value: \"{{item}}\"}]}}]]\n" STEP);
    rig_finish(&r);
    wf = rig_workflow(&r);
    check_phase(wf, "Succeeded");
    CHECK_INT(r.most_at_once, 2);
    phase_is(wf, "l(19:19)", "Succeeded");
    json_doc_unref(wf);
    rig_close(&r);
}

TEST(a_run_goes_on_after_a_restart)
{
    struct rig r;
    struct json_doc *wf;

    rig_open(&r);
    r.play = results;
    rig_create(&r, &kind_workflow,
               HEAD "  - name: main\n    dag:\n      tasks:\n"
                    "      - {name: L, template: step, withSequence: {count: 5}, arguments: "
                    "{parameters: [{name: m, value: \"{{item}}\"}]}}\n"
                    "      - {name: S, depends: L, template: in}\n"
                    "      - {name: Z, depends: S, template: step, arguments: {parameters: [{name: "
                    "m, value: \"{{tasks.L.outputs.result}}\"}]}}\n"
                    "  - name: in\n    steps: [[{name: x, template: step, arguments: {parameters: "
                    "[{name: m, value: x}]}}], [{name: w, template: step, arguments: {parameters: "
                    "[{name: m, value: \"{{steps.x.outputs.result}}\"}]}}]]\n" STEP);
    for (int i = 0; i < 9; i++) {
        rig_shut(&r);
        rig_reopen(&r);
        rig_step(&r);
    }
    rig_finish(&r);
    wf = rig_workflow(&r);
    check_phase(wf, "Succeeded");
    CHECK_STR(buf_cstring(&r.order), "wf.L(0:0) wf.L(1:1) wf.L(2:2) wf.L(3:3) wf.L(4:4) "
                                     "wf.S[0].x wf.S[1].w wf.Z");
    json_doc_unref(wf);
    rig_close(&r);
}

TESTS_MAIN(T_(a_container_runs_to_its_end), T_(steps_run_group_after_group_and_hand_results_on),
           T_(a_dag_omits_what_cannot_run_and_takes_the_phase_of_its_targets),
           T_(a_loop_runs_its_items_and_gathers_results), T_(a_retry_pauses_and_tries_again),
           T_(exit_handlers_run_after_the_end_and_know_it), T_(parallelism_limits_pods),
           T_(a_run_goes_on_after_a_restart))
