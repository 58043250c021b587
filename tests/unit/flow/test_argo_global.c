/* Variables: every name that a template may use, and what it stands for. */
#include "tests/unit/flow/story.h"

STORY(a_workflow_is_known_by_its_metadata_and_spec)
{
    story_run(s, "metadata:\n"
                 "  name: wf\n"
                 "  labels: {l: lv}\n"
                 "  annotations: {a.b/c: av,\n"
                 "    workflows.argoproj.io/scheduled-time: '2024-01-02T03:04:05Z'}\n"
                 "spec:\n"
                 "  entrypoint: main\n"
                 "  serviceAccountName: sa\n"
                 "  priority: 5\n"
                 "  arguments: {parameters: [{name: p, value: pv}, {name: q, value: 2}]}\n"
                 "  templates:\n"
                 "  - name: main\n"
                 "    container:\n"
                 "      image: i\n"
                 "      command: [say, '{{workflow.name}} {{workflow.namespace}}\n"
                 "        {{workflow.mainEntrypoint}} {{workflow.serviceAccountName}}\n"
                 "        {{workflow.priority}} {{workflow.scheduledTime}}\n"
                 "        {{workflow.parameters.p}} {{workflow.parameters}}\n"
                 "        {{workflow.parameters.json}} {{workflow.labels.l}}\n"
                 "        {{workflow.annotations.a.b/c}} {{workflow.status}}\n"
                 "        {{workflow.creationTimestamp}} {{workflow.creationTimestamp.RFC3339}}\n"
                 "        {{workflow.creationTimestamp.s}} {{workflow.creationTimestamp.Y}}']\n");
    CHECK_STR(story_field(s, "wf", "outputs.result"),
              "wf default main sa 5 2024-01-02T03:04:05Z pv "
              "[{\"name\":\"p\",\"value\":\"pv\"},{\"name\":\"q\",\"value\":\"2\"}] "
              "[{\"name\":\"p\",\"value\":\"pv\"},{\"name\":\"q\",\"value\":\"2\"}] lv av Running "
              "2023-11-14T22:13:20Z 2023-11-14T22:13:20Z 1700000000 2023");
}

STORY(labels_and_annotations_are_known_as_a_whole)
{
    story_run(s, "metadata: {name: wf, labels: {l: lv}, annotations: {a: av}}\n"
                 "spec:\n"
                 "  entrypoint: main\n"
                 "  templates:\n"
                 "  - name: main\n"
                 "    container: {image: i, command: [say, '{{workflow.labels}}\n"
                 "      {{workflow.labels.json}} {{workflow.annotations}}\n"
                 "      {{workflow.annotations.json}}']}\n");
    CHECK_STR(story_field(s, "wf", "outputs.result"),
              "{\"l\":\"lv\"} {\"l\":\"lv\"} {\"a\":\"av\"} {\"a\":\"av\"}");
}

#define WAIT_THEN_SAY(text) \
    "metadata: {name: wf}\n" \
    "spec:\n" \
    "  entrypoint: main\n" \
    "  onExit: bye\n" \
    "  templates:\n" \
    "  - name: main\n" \
    "    steps:\n" \
    "    - - {name: pause, template: pause}\n" \
    "    - - {name: a, template: say, arguments: {parameters: [{name: m, value: \"" text \
    "\"}]}}\n" \
    "  - {name: pause, suspend: {duration: '5'}}\n" STORY_SAY "  - name: bye\n" \
    "    container: {image: i, command: [say, '{{workflow.status}} {{workflow.duration}}']}\n"

STORY(status_and_duration_are_those_of_the_moment)
{
    story_run(s, WAIT_THEN_SAY("{{workflow.status}} {{workflow.duration}}"));
    story_let_pass(s, 5);
    story_go_on(s);
    CHECK_STR(story_field(s, "a", "outputs.result"), "Running 5.000000");
    CHECK_STR(story_field(s, "wf.onExit", "outputs.result"), "Succeeded 5.000000");
}

STORY(expressions_read_the_clock_of_the_core)
{
    story_run(s, WAIT_THEN_SAY("{{=now().Unix()}} {{=sprig.unixEpoch(sprig.now())}} "
                               "{{=asFloat(workflow.duration) + 1}}"));
    story_let_pass(s, 5);
    story_go_on(s);
    CHECK_STR(story_field(s, "a", "outputs.result"), "1700000005 1700000005 6");
}

STORY(a_template_knows_its_node_and_its_inputs)
{
    story_run(s, STORY_MAIN
              "    steps:\n"
              "    - - {name: a, template: leaf, arguments: {parameters: [{name: m, value: x}]}}\n"
              "  - name: leaf\n"
              "    inputs:\n"
              "      parameters: [{name: m}]\n"
              "      artifacts: [{name: f, path: /in/f, raw: {data: d}}]\n"
              "    outputs:\n"
              "      parameters: [{name: o, valueFrom: {path: /out/o, default: d}}]\n"
              "      artifacts: [{name: g, path: /out/g, optional: true}]\n"
              "    retryStrategy: {limit: 1}\n"
              "    container: {image: i, command: [say, '{{node.name}} {{inputs.parameters.m}}\n"
              "      {{inputs.parameters}} {{inputs.artifacts.f.path}}\n"
              "      {{outputs.parameters.o.path}} {{outputs.artifacts.g.path}} {{pod.name}}\n"
              "      {{retries}} <{{lastRetry.status}}> {{lastRetry.exitCode}}\n"
              "      {{lastRetry.duration}} <{{lastRetry.message}}>']}\n");
    CHECK_STR(story_field(s, "wf[0].a(0)", "outputs.result"),
              "wf[0].a(0) x [{\"name\":\"m\",\"value\":\"x\"}] /in/f /out/o /out/g "
              "wf-leaf-177500394 0 <> 0 0 <>");
}

#define FACTS(group) \
    "{{" group ".a.id}} {{" group ".a.status}} {{" group ".a.exitCode}} {{" group \
    ".a.startedAt}} {{" group ".a.finishedAt}} {{" group ".a.hostNodeName}} {{" group \
    ".a.outputs.result}} {{" group ".name}} {{node.name}}"

STORY(later_steps_know_how_earlier_ones_went)
{
    story_run(s, STORY_MAIN
              "    steps:\n"
              "    - - {name: a, template: say, arguments: {parameters: [{name: m, value: r}]}}\n"
              "    - - {name: b, template: say, arguments: {parameters:\n"
              "          [{name: m, value: '" FACTS("steps") "'}]}}\n" STORY_SAY);
    CHECK_STR(
        story_field(s, "b", "outputs.result"),
        "wf-3986212215 Succeeded 0 2023-11-14T22:13:20Z 2023-11-14T22:13:20Z localhost r wf wf");
}

STORY(tasks_know_how_those_before_them_went)
{
    story_run(s, STORY_MAIN
              "    dag:\n"
              "      tasks:\n"
              "      - {name: a, template: say, arguments: {parameters: [{name: m, value: r}]}}\n"
              "      - {name: b, template: say, depends: a, arguments: {parameters:\n"
              "          [{name: m, value: '" FACTS("tasks") "'}]}}\n" STORY_SAY);
    CHECK_STR(
        story_field(s, "b", "outputs.result"),
        "wf-2962115457 Succeeded 0 2023-11-14T22:13:20Z 2023-11-14T22:13:20Z localhost r wf wf");
}

TESTS_MAIN(T_(a_workflow_is_known_by_its_metadata_and_spec),
           T_(labels_and_annotations_are_known_as_a_whole),
           T_(status_and_duration_are_those_of_the_moment),
           T_(expressions_read_the_clock_of_the_core), T_(a_template_knows_its_node_and_its_inputs),
           T_(later_steps_know_how_earlier_ones_went), T_(tasks_know_how_those_before_them_went))
