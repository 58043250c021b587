/* Parameters, artifacts, globals, and templates of other objects. */
#include "tests/unit/flow/story.h"

#define KINDS \
    STORY_OK \
    STORY_SAY \
    "  - name: make\n" \
    "    container: {image: i, command: [keep, art]}\n" \
    "    outputs: {artifacts: [{name: art, path: /tmp/art}]}\n"

STORY(globals_are_known_to_later_steps_and_exit_handlers)
{
    story_run(
        s,
        "metadata: {name: wf}\n"
        "spec:\n"
        "  entrypoint: main\n"
        "  onExit: bye\n"
        "  templates:\n"
        "  - name: main\n"
        "    steps:\n"
        "    - - {name: a, template: give}\n"
        "    - - {name: b, template: say, arguments: {parameters: [{name: m,\n"
        "         value: \"{{workflow.outputs.parameters.g}}\"}]}}\n"
        "  - name: give\n"
        "    container: {image: i, command: [put, p, hello]}\n"
        "    outputs: {parameters: [{name: p, globalName: g, valueFrom: {path: /p}}]}\n"
        "  - name: bye\n"
        "    container: {image: i, command: [say, \"{{workflow.outputs.parameters.g}}\"]}\n" KINDS);
    story_is(s, "Succeeded", NULL);
    CHECK_STR(story_input(s, "b", "m"), "hello");
    CHECK_STR(story_field(s, "wf.onExit", "outputs.result"), "hello");
    CHECK_STR(story_status(s, "outputs.parameters"), "[{\"name\":\"g\",\"value\":\"hello\"}]");
}

STORY(artifacts_are_handed_on)
{
    story_run(
        s, STORY_MAIN
        "    dag:\n"
        "      tasks:\n"
        "      - {name: a, template: make}\n"
        "      - {name: b, depends: a, template: use, arguments: {artifacts: [\n"
        "         {name: in, from: \"{{tasks.a.outputs.artifacts.art}}\", subPath: \"x/y\"}]}}\n"
        "      - {name: c, depends: a, template: use, arguments: {artifacts: [\n"
        "         {name: in, fromExpression: \"1 == 1 ? tasks.a.outputs.artifacts.art : "
        "tasks.a.outputs.artifacts.art\"}]}}\n"
        "      - {name: d, template: use, arguments: {artifacts: [{name: in, raw: {data: \"some "
        "text\"}}]}}\n"
        "      - {name: e, depends: a, template: inner, arguments: {artifacts: [\n"
        "         {name: in, from: \"{{tasks.a.outputs.artifacts.art}}\"}]}}\n"
        "  - name: inner\n"
        "    inputs: {artifacts: [{name: in}]}\n"
        "    steps: [[{name: f, template: use, arguments: {artifacts: [\n"
        "      {name: in, from: \"{{inputs.artifacts.in}}\"}]}}]]\n"
        "  - name: use\n"
        "    inputs: {artifacts: [{name: in, path: /in}]}\n"
        "    container: {image: i, command: [say, \"{{inputs.artifacts.in.path}}\"]}\n" KINDS);
    story_is(s, "Succeeded", NULL);
    CHECK_CONTAINS(story_field(s, "a", "outputs.artifacts"), "\"s3\":{\"key\":\"wf/wf-make-");
    CHECK_CONTAINS(story_field(s, "b", "inputs.artifacts"), "/art.tgz/x/y\"");
    CHECK_CONTAINS(story_field(s, "c", "inputs.artifacts"), "/art.tgz\"");
    CHECK_STR(story_field(s, "d", "inputs.artifacts"),
              "[{\"name\":\"in\",\"path\":\"/in\",\"raw\":{\"data\":\"some text\"}}]");
    CHECK_CONTAINS(story_field(s, "f", "inputs.artifacts"), "/art.tgz\"");
    CHECK_STR(story_field(s, "f", "outputs.result"), "/in");
}

#define KEYED \
    "metadata: {name: wf}\n" \
    "spec:\n" \
    "  archiveLogs: true\n" \
    "  entrypoint: main\n" \
    "  templates:\n" \
    "  - name: main\n" \
    "    dag:\n" \
    "      tasks:\n" \
    "      - {name: a, template: make, arguments: {parameters: [{name: v, value: 7}]}}\n" \
    "      - {name: b, depends: a, template: use, arguments: {artifacts: [\n" \
    "         {name: in, from: \"{{tasks.a.outputs.artifacts.art}}\"}]}}\n" \
    "  - name: make\n" \
    "    inputs: {parameters: [{name: v}]}\n" \
    "    container: {image: i, command: [keep, art, own]}\n" \
    "    outputs: {artifacts: [{name: art, path: /tmp/art}, {name: own, path: /tmp/own,\n" \
    "      s3: {key: \"mine/{{inputs.parameters.v}}\"}}]}\n" \
    "  - name: use\n" \
    "    inputs: {artifacts: [{name: in, path: /in}]}\n" \
    "    container: {image: i, command: [ok]}\n"

TEST(artifacts_without_a_key_go_where_the_setting_says)
{
    struct story s;

    story_open_with_key(&s, "/all/{{workflow.namespace}}/{{workflow.name}}/"
                            "{{inputs.parameters.v}}/{{=workflow.name + '-x'}}/");
    story_run(&s, KEYED);
    story_is(&s, "Error", NULL);
    CHECK_STR(story_field(&s, "a", "outputs.artifacts"),
              "[{\"name\":\"art\",\"path\":\"/tmp/art\",\"s3\":"
              "{\"key\":\"all/default/wf/7/wf-x/art.tgz\"}},"
              "{\"name\":\"own\",\"path\":\"/tmp/own\",\"s3\":{\"key\":\"mine/7\"}},"
              "{\"name\":\"main-logs\",\"s3\":{\"key\":\"all/default/wf/7/wf-x/main.log\"}}]");
    CHECK_CONTAINS(story_field(&s, "b", "message"), "has a name that is not known");
    story_close(&s);
}

STORY(a_template_may_name_a_place_and_bucket_for_its_artifacts)
{
    story_run(
        s, KEYED
        "    archiveLocation: {s3: {bucket: other, key: \"x/{{workflow.name}}/{{pod.name}}\"},"
        " archiveLogs: true}\n");
    story_is(s, "Succeeded", NULL);
    CHECK_CONTAINS(story_field(s, "a", "outputs.artifacts"), "\"key\":\"wf/wf-make-");
    CHECK_CONTAINS(story_field(s, "b", "inputs.artifacts"), "/art.tgz\"");
    CHECK_CONTAINS(story_field(s, "b", "outputs.artifacts"),
                   "\"s3\":{\"bucket\":\"other\",\"key\":\"x/wf/wf-use-");
}

STORY(artifacts_that_are_not_there_matter_only_to_those_who_need_them)
{
    story_run(
        s, STORY_MAIN
        "    dag:\n"
        "      failFast: false\n"
        "      tasks:\n"
        "      - {name: a, template: make, when: \"1 == 2\"}\n"
        "      - {name: need, depends: a, template: use, arguments: {artifacts: [\n"
        "         {name: in, from: \"{{tasks.a.outputs.artifacts.art}}\"}]}}\n"
        "      - {name: may, depends: a, template: use, arguments: {artifacts: [\n"
        "         {name: in, optional: true, from: \"{{tasks.a.outputs.artifacts.art}}\"}]}}\n"
        "  - name: use\n"
        "    inputs: {artifacts: [{name: in, path: /in}]}\n"
        "    container: {image: i, command: [ok]}\n" KINDS);
    story_node_is(s, "need", "Error", NULL);
    CHECK_CONTAINS(story_field(s, "need", "message"), "absent optional");
    story_node_is(s, "may", "Succeeded", NULL);
    story_is(s, "Error", NULL);
}

STORY(outputs_of_a_skipped_step_have_their_defaults_or_are_absent)
{
    story_run(s, STORY_MAIN
              "    steps:\n"
              "    - - {name: a, template: give, when: \"1 == 2\"}\n"
              "    - - {name: with, template: say, arguments: {parameters: [{name: m,\n"
              "         value: \"{{steps.a.outputs.parameters.p}}\"}]}}\n"
              "      - {name: without, template: say, continueOn: {error: true}, arguments: "
              "{parameters: [\n"
              "         {name: m, value: \"{{steps.a.outputs.parameters.q}}\"}]}}\n"
              "      - {name: input, template: dflt, arguments: {parameters: [\n"
              "         {name: m, value: \"{{steps.a.outputs.parameters.q}}\"}]}}\n"
              "      - {name: expr, template: say, arguments: {parameters: [\n"
              "         {name: m, value: \"{{=steps.a.outputs?.parameters?.q ?? 'none'}}\"}]}}\n"
              "  - name: give\n"
              "    container: {image: i, command: [put, p, x, q, z]}\n"
              "    outputs: {parameters: [{name: p, valueFrom: {path: /p, default: dp}},\n"
              "                           {name: q, valueFrom: {path: /q}}]}\n"
              "  - name: dflt\n"
              "    inputs: {parameters: [{name: m, default: own}]}\n"
              "    container: {image: i, command: [ok]}\n" KINDS);
    story_is(s, "Succeeded", NULL);
    CHECK_STR(story_input(s, "with", "m"), "dp");
    story_node_is(s, "without", "Error", NULL);
    CHECK_CONTAINS(story_field(s, "without", "message"), "absent optional");
    CHECK_STR(story_input(s, "input", "m"), "own");
    CHECK_STR(story_input(s, "expr", "m"), "none");
    story_is(s, "Succeeded", NULL);
}

STORY(outputs_may_be_expressions_over_branches)
{
    story_run(s, STORY_MAIN
              "    steps: [[{name: in, template: branch}]]\n"
              "    outputs: {parameters: [{name: r, valueFrom: {parameter: "
              "\"{{steps.in.outputs.parameters.side}}\"}}]}\n"
              "  - name: branch\n"
              "    steps:\n"
              "    - - {name: heads, template: say, when: \"1 == 1\", arguments: {parameters: "
              "[{name: m, value: h}]}}\n"
              "      - {name: tails, template: say, when: \"1 == 2\", arguments: {parameters: "
              "[{name: m, value: t}]}}\n"
              "    outputs:\n"
              "      parameters:\n"
              "      - name: side\n"
              "        valueFrom: {expression: \"steps.heads.status == 'Succeeded' ? "
              "steps.heads.outputs.result : steps.tails.outputs.result\"}\n"
              "      - {name: other, valueFrom: {default: d, parameter: "
              "\"{{steps.tails.outputs.result}}\"}}\n" KINDS);
    story_is(s, "Succeeded", NULL);
    CHECK_STR(story_output(s, "in", "side"), "h");
    CHECK_STR(story_output(s, "in", "other"), "d");
    CHECK_STR(story_output(s, "wf", "r"), "h");
}

STORY(parameters_may_come_from_config_maps)
{
    rig_create(&s->r, &kind_config_map,
               "metadata: {name: cfg, labels: {workflows.argoproj.io/configmap-type: Parameter}}\n"
               "data: {msg: hello}\n");
    rig_create(&s->r, &kind_config_map, "metadata: {name: plain}\ndata: {msg: x}\n");
    story_run(
        s,
        "metadata: {name: wf}\n"
        "spec:\n"
        "  entrypoint: main\n"
        "  arguments:\n"
        "    parameters:\n"
        "    - {name: a, valueFrom: {configMapKeyRef: {name: cfg, key: msg}}}\n"
        "    - {name: b, valueFrom: {default: dflt, configMapKeyRef: {name: cfg, key: nope, "
        "optional: true}}}\n"
        "  templates:\n"
        "  - name: main\n"
        "    steps:\n"
        "    - - {name: x, template: from, arguments: {parameters: [{name: k, value: msg}]}}\n"
        "      - {name: z, template: bare, continueOn: {error: true}}\n"
        "  - name: from\n"
        "    inputs:\n"
        "      parameters:\n"
        "      - {name: k}\n"
        "      - {name: p, valueFrom: {configMapKeyRef: {name: cfg, key: msg}}}\n"
        "    container: {image: i, command: [say,\n"
        "      \"{{inputs.parameters.p}} {{workflow.parameters.a}} {{workflow.parameters.b}}\"]}\n"
        "  - name: bare\n"
        "    inputs: {parameters: [{name: p, valueFrom: {configMapKeyRef: {name: plain, key: "
        "msg}}}]}\n"
        "    container: {image: i, command: [ok]}\n");
    story_is(s, "Succeeded", NULL);
    CHECK_STR(story_field(s, "x", "outputs.result"), "hello hello dflt");
    CHECK_CONTAINS(story_field(s, "z", "message"), "ConfigMap 'plain' needs to have the label");
}

STORY(values_that_are_no_text_are_taken_as_written)
{
    story_run(
        s, "metadata: {name: wf}\n"
           "spec:\n"
           "  entrypoint: main\n"
           "  arguments: {parameters: [{name: a, value: true}, {name: b, value: 1.0}, {name: c, "
           "value: 5},\n"
           "              {name: tag, value: \"{{workflow.name}}-{{workflow.parameters.c}}\"}]}\n"
           "  templates:\n"
           "  - name: main\n"
           "    container: {image: i, command: [say, \"{{workflow.parameters.a}} "
           "{{workflow.parameters.b}} {{workflow.parameters.c}} {{workflow.parameters.tag}}\"]}\n");
    story_is(s, "Succeeded", NULL);
    CHECK_STR(story_field(s, "wf", "outputs.result"), "true 1.0 5 wf-5");
}

static bool
edit_template(struct rig *r, struct turn *t)
{
    struct err e = ERR_INIT;

    return objects_delete(r->objects, t, &kind_workflow_template, STR("default"), STR("lib"), NULL,
                          NULL, &e) >= 0;
}

STORY(templates_of_other_objects_are_frozen_when_first_used)
{
    static const char *const stored[][2] = {{"namespaced/lib/outer", "outer"},
                                            {"namespaced/lib/word", "word"},
                                            {"cluster/clib/word", "word"}};

    rig_create(&s->r, &kind_workflow_template,
               "metadata: {name: lib}\n"
               "spec:\n"
               "  templates:\n"
               "  - name: outer\n"
               "    inputs: {parameters: [{name: m}]}\n"
               "    steps: [[{name: in, template: word, arguments: {parameters: [{name: m,\n"
               "       value: \"{{inputs.parameters.m}}\"}]}}]]\n"
               "  - name: word\n"
               "    inputs: {parameters: [{name: m}]}\n"
               "    container: {image: i, command: [say, \"lib {{inputs.parameters.m}}\"]}\n");
    rig_create(&s->r, &kind_cluster_workflow_template,
               "metadata: {name: clib}\n"
               "spec:\n"
               "  templates:\n"
               "  - name: word\n"
               "    container: {image: i, command: [say, \"cluster\"]}\n");
    rig_create(&s->r, &kind_workflow,
               STORY_MAIN
               "    steps:\n"
               "    - - {name: a, templateRef: {name: lib, template: outer},\n"
               "         arguments: {parameters: [{name: m, value: one}]}}\n"
               "      - {name: k, templateRef: {name: clib, template: word, clusterScope: true}}\n"
               "    - - {name: b, templateRef: {name: lib, template: outer},\n"
               "         arguments: {parameters: [{name: m, value: two}]}}\n"
               "  - name: word\n"
               "    container: {image: i, command: [say, local]}\n");
    rig_step(&s->r);
    story_turn(s, edit_template);
    story_go_on(s);
    story_is(s, "Succeeded", NULL);
    CHECK_STR(story_field(s, "wf[0].a[0].in", "outputs.result"), "lib one");
    CHECK_STR(story_field(s, "wf[1].b[0].in", "outputs.result"), "lib two");
    CHECK_STR(story_field(s, "k", "outputs.result"), "cluster");
    CHECK_STR(story_field(s, "k", "templateScope"), "local/wf");
    CHECK_STR(story_field(s, "wf[0].a[0].in", "templateScope"), "namespaced/lib");
    CHECK_STR(story_field(s, "wf[0].a[0].in", "templateName"), "word");
    CHECK_STR(story_field(s, "a", "templateRef"), "{\"name\":\"lib\",\"template\":\"outer\"}");
    for (size_t i = 0; i < ARRAY_LEN(stored); i++) {
        const struct json *all = json_at_path(json_root(s->wf), "status.storedTemplates");

        CHECK_STR(json_cstr_or(json_get(json_get(all, stored[i][0]), "name"), ""), stored[i][1]);
    }
}

STORY(a_workflow_may_consist_of_a_template_object)
{
    rig_create(&s->r, &kind_workflow_template,
               "metadata: {name: lib}\n"
               "spec:\n"
               "  entrypoint: main\n"
               "  arguments: {parameters: [{name: a, value: la}, {name: b, value: lb}]}\n"
               "  templates:\n"
               "  - name: main\n"
               "    container: {image: i, command: [say, \"{{workflow.parameters.a}} "
               "{{workflow.parameters.b}}\"]}\n");
    rig_create(&s->r, &kind_workflow,
               "metadata: {name: wf}\n"
               "spec:\n"
               "  arguments: {parameters: [{name: b, value: wb}]}\n"
               "  workflowTemplateRef: {name: lib}\n");
    story_turn(s, edit_template);
    story_go_on(s);
    story_is(s, "Succeeded", NULL);
    CHECK_STR(story_field(s, "wf", "outputs.result"), "la wb");
    CHECK_STR(story_status(s, "storedWorkflowTemplateSpec.entrypoint"), "main");
    CHECK_STR(json_cstr_or(json_get(json_at_path(json_root(s->wf), "metadata.labels"),
                                    "workflows.argoproj.io/workflow-template"),
                           ""),
              "lib");
}

STORY(a_template_object_that_is_missing_fails_the_workflow)
{
    story_run(s, "metadata: {name: wf}\nspec: {workflowTemplateRef: {name: lib}}\n");
    story_is(s, "Failed", NULL);
    CHECK_CONTAINS(story_status(s, "message"), "workflow template lib not found");
}

static struct json_doc *found_pod_;

static bool
find_pod(struct rig *r, struct turn *t)
{
    struct object *o = objects_find(r->objects, t, &kind_pod, STR("default"), STR("wf"));

    found_pod_ = json_doc_ref(object_doc(o));
    object_unref(o);
    return true;
}

STORY(patches_change_the_pod)
{
    const struct json *spec;

    story_run(s, "metadata: {name: wf}\n"
                 "spec:\n"
                 "  entrypoint: main\n"
                 "  arguments: {parameters: [{name: mem, value: 99Mi}]}\n"
                 "  podSpecPatch: '{\"terminationGracePeriodSeconds\": 3}'\n"
                 "  templates:\n"
                 "  - name: main\n"
                 "    podSpecPatch: |\n"
                 "      containers:\n"
                 "      - name: main\n"
                 "        resources: {limits: {memory: \"{{workflow.parameters.mem}}\"}}\n"
                 "    container: {image: i, command: [ok]}\n");
    story_is(s, "Succeeded", NULL);
    story_turn(s, find_pod);
    spec = json_get(json_root(found_pod_), "spec");
    CHECK_VIEW(json_str(json_at_path(json_item(json_get(spec, "containers"), 0),
                                     "resources.limits.memory")),
               "99Mi");
    CHECK_VIEW(
        json_str(json_item(json_get(json_item(json_get(spec, "containers"), 0), "command"), 0)),
        "ok");
    CHECK_VIEW(json_scalar_text(json_get(spec, "terminationGracePeriodSeconds")), "3");
    json_doc_unref(found_pod_);
}

static bool
count_claims(struct rig *r, struct turn *t)
{
    struct objects_query q = {.kind = &kind_pvc, .ns = STR("default")};
    object_vec found = VEC_INIT;
    struct err e = ERR_INIT;

    CHECK_TRUE(objects_list(r->objects, t, &q, &found, NULL, &e) >= 0);
    r->pods_at_once = (int)found.n;
    object_vec_done(&found);
    return true;
}

STORY(claims_are_made_from_templates_and_go_after_success)
{
    rig_create(&s->r, &kind_workflow,
               "metadata: {name: wf}\n"
               "spec:\n"
               "  entrypoint: main\n"
               "  volumeClaimTemplates:\n"
               "  - metadata: {name: work}\n"
               "    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}\n"
               "  templates:\n"
               "  - name: main\n"
               "    container: {image: i, command: [ok], volumeMounts: [{name: work, mountPath: "
               "/work}]}\n");
    story_turn(s, count_claims);
    CHECK_INT(s->r.pods_at_once, 1);
    story_look(s);
    CHECK_STR(story_status(s, "persistentVolumeClaims"),
              "[{\"name\":\"wf-work\",\"persistentVolumeClaim\":{\"claimName\":\"wf-work\"}}]");
    story_go_on(s);
    story_is(s, "Succeeded", NULL);
    story_turn(s, count_claims);
    CHECK_INT(s->r.pods_at_once, 0);
}

TEST(claims_stay_after_a_failure_unless_they_go_after_any_end)
{
    static const struct {
        const char *strategy;
        int left;
    } cases[] = {{"OnWorkflowSuccess", 1}, {"OnWorkflowCompletion", 0}};

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        cleanup_free char *yaml = xasprintf("metadata: {name: wf}\n"
                                            "spec:\n"
                                            "  entrypoint: main\n"
                                            "  volumeClaimGC: {strategy: %s}\n"
                                            "  volumeClaimTemplates:\n"
                                            "  - metadata: {name: work}\n"
                                            "    spec: {accessModes: [ReadWriteOnce],\n"
                                            "           resources: {requests: {storage: 1Gi}}}\n"
                                            "  templates:\n"
                                            "  - name: main\n"
                                            "    container: {image: i, command: [exit, \"1\"]}\n",
                                            cases[i].strategy);
        struct story s;

        story_open(&s);
        story_run(&s, yaml);
        story_is(&s, "Failed", NULL);
        story_turn(&s, count_claims);
        CHECK_INT(s.r.pods_at_once, cases[i].left);
        story_close(&s);
    }
}

TESTS_MAIN(T_(globals_are_known_to_later_steps_and_exit_handlers), T_(artifacts_are_handed_on),
           T_(artifacts_without_a_key_go_where_the_setting_says),
           T_(a_template_may_name_a_place_and_bucket_for_its_artifacts),
           T_(artifacts_that_are_not_there_matter_only_to_those_who_need_them),
           T_(outputs_of_a_skipped_step_have_their_defaults_or_are_absent),
           T_(outputs_may_be_expressions_over_branches), T_(parameters_may_come_from_config_maps),
           T_(values_that_are_no_text_are_taken_as_written),
           T_(templates_of_other_objects_are_frozen_when_first_used),
           T_(a_workflow_may_consist_of_a_template_object),
           T_(a_template_object_that_is_missing_fails_the_workflow), T_(patches_change_the_pod),
           T_(claims_are_made_from_templates_and_go_after_success),
           T_(claims_stay_after_a_failure_unless_they_go_after_any_end))
