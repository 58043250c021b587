/* Templates that work on objects. */
#include "tests/unit/flow/story.h"

static const char *wanted_name_;
static const struct kind *wanted_kind_;
static struct json_doc *found_object_;

static bool
find_object(struct rig *r, struct turn *t)
{
    struct object *o =
        objects_find(r->objects, t, wanted_kind_,
                     wanted_kind_->namespaced ? STR("default") : STR(""), str_of(wanted_name_));

    json_doc_unref(found_object_);
    found_object_ = o != NULL ? json_doc_ref(object_doc(o)) : NULL;
    object_unref(o);
    return true;
}

/* The object, borrowed until the next one is asked for; NULL if there is none. */
static const struct json *
object_named(struct story *s, const struct kind *k, const char *name)
{
    wanted_kind_ = k;
    wanted_name_ = name;
    story_turn(s, find_object);
    return json_root(found_object_);
}

static void
story_end(struct story *s)
{
    json_doc_unref(TAKE(found_object_));
    story_close(s);
}

TEST(an_object_is_made_and_its_parts_are_outputs)
{
    struct story s;
    const struct json *made;

    story_open(&s);
    story_run(
        &s,
        "metadata: {name: wf}\n"
        "spec:\n"
        "  entrypoint: main\n"
        "  arguments: {parameters: [{name: who, value: me}]}\n"
        "  templates:\n"
        "  - name: main\n"
        "    steps:\n"
        "    - - {name: a, template: make}\n"
        "    - - {name: b, template: show, arguments: {parameters: [{name: m,\n"
        "         value: \"{{steps.a.outputs.parameters.name}}\"}]}}\n"
        "  - name: make\n"
        "    resource:\n"
        "      action: create\n"
        "      setOwnerReference: true\n"
        "      manifest: |\n"
        "        apiVersion: v1\n"
        "        kind: ConfigMap\n"
        "        metadata: {generateName: cfg-, labels: {who: \"{{workflow.parameters.who}}\"}}\n"
        "        data: {k: v, pod: \"{{pod.name}}\"}\n"
        "    outputs:\n"
        "      parameters:\n"
        "      - {name: name, valueFrom: {jsonPath: \"{.metadata.name}\"}}\n"
        "      - {name: all, valueFrom: {jsonPath: \"{}\"}}\n"
        "      - {name: k, valueFrom: {jqFilter: .data.k}}\n"
        "      - {name: pod, valueFrom: {jqFilter: .data.pod}}\n"
        "      - {name: none, valueFrom: {jqFilter: \"[.data|keys]\", default: d}}\n"
        "  - name: show\n"
        "    inputs: {parameters: [{name: m}]}\n"
        "    container: {image: i, command: [ok]}\n");
    story_is(&s, "Succeeded", NULL);
    CHECK_STR(story_status(&s, "progress"), "2/2");
    CHECK_STR(story_field(&s, "a", "type"), "Pod");
    CHECK_STR(story_output(&s, "a", "k"), "v");
    CHECK_CONTAINS(story_output(&s, "a", "pod"), "wf-make-");
    CHECK_STR(story_output(&s, "a", "none"), "d");
    CHECK_CONTAINS(story_output(&s, "a", "all"), "\"data\":{\"k\":\"v\"");
    CHECK_CONTAINS(story_output(&s, "a", "all"), "\"resourceVersion\"");
    CHECK_CONTAINS(story_input(&s, "b", "m"), "cfg-");
    made = object_named(&s, &kind_config_map, story_input(&s, "b", "m"));
    CHECK_NOT_NULL(made);
    CHECK_STR(json_cstr_or(json_at_path(made, "metadata.labels.who"), ""), "me");
    CHECK_STR(
        json_cstr_or(json_get(json_item(json_at_path(made, "metadata.ownerReferences"), 0), "name"),
                     ""),
        "wf");
    story_end(&s);
}

static const char waiting[] =
    "metadata: {name: wf}\n"
    "spec:\n"
    "  entrypoint: main\n"
    "  onExit: bye\n"
    "  templates:\n"
    "  - name: main\n"
    "    resource:\n"
    "      action: get\n"
    "      successCondition: status.phase in (Succeeded), status.num > 2\n"
    "      failureCondition: status.phase == Failed\n"
    "      manifest: |\n"
    "        {apiVersion: v1, kind: ConfigMap, metadata: {name: thing}}\n"
    "    outputs: {parameters: [{name: num, valueFrom: {jsonPath: \"{.status.num}\"}}]}\n"
    "  - name: bye\n"
    "    container: {image: i, command: [say, \"{{workflow.failures}}\"]}\n";

static const char *thing_;

static bool
change_thing(struct rig *r, struct turn *t)
{
    struct err e = ERR_INIT;
    struct json_doc *doc = NULL;
    int rc;

    CHECK_TRUE(yaml_parse_one(str_of(thing_), NULL, &doc, &e) >= 0);
    rc = objects_update(r->objects, t, &kind_config_map, STR("default"), json_root(doc),
                        OBJECTS_ALL, NULL, &e);
    json_doc_unref(doc);
    return rc >= 0;
}

static void
set_thing(struct story *s, const char *yaml)
{
    thing_ = yaml;
    story_turn(s, change_thing);
}

TEST(conditions_are_waited_for_across_a_restart)
{
    struct story s;

    story_open(&s);
    rig_create(&s.r, &kind_config_map, "metadata: {name: thing}\n");
    rig_create(&s.r, &kind_workflow, waiting);
    story_let_pass(&s, 5);
    story_is(&s, "Running", NULL);
    story_node_is(&s, "wf", "Running", NULL);
    CHECK_STR(story_field(&s, "wf", "reason"), "waiting for its conditions");
    set_thing(&s, "metadata: {name: thing}\nstatus: {phase: Succeeded, num: 2}\n");
    story_let_pass(&s, 2);
    story_node_is(&s, "wf", "Running", NULL);
    rig_shut(&s.r);
    rig_reopen(&s.r);
    set_thing(&s, "metadata: {name: thing}\nstatus: {phase: Succeeded, num: 3}\n");
    story_let_pass(&s, 2);
    story_go_on(&s);
    story_node_is(&s, "wf", "Succeeded", "");
    CHECK_STR(story_output(&s, "wf", "num"), "3");
    CHECK_STR(story_field(&s, "wf", "outputs.object"), "");
    story_end(&s);
}

TEST(what_a_stopped_one_remembered_is_no_output)
{
    struct story s;

    story_open(&s);
    rig_create(&s.r, &kind_config_map, "metadata: {name: thing}\n");
    rig_create(&s.r, &kind_workflow, waiting);
    story_let_pass(&s, 5);
    story_node_is(&s, "wf", "Running", NULL);
    story_edit(&s, "{\"shutdown\":\"Terminate\"}");
    story_go_on(&s);
    story_node_is(&s, "wf", "Failed", "workflow shutdown with strategy:  Terminate");
    CHECK_STR(story_field(&s, "wf", "outputs"), "");
    story_end(&s);
}

TEST(a_failure_condition_fails_the_step)
{
    struct story s;

    story_open(&s);
    rig_create(&s.r, &kind_config_map, "metadata: {name: thing}\n");
    rig_create(&s.r, &kind_workflow, waiting);
    set_thing(&s, "metadata: {name: thing}\nstatus: {phase: Failed}\n");
    story_let_pass(&s, 2);
    story_go_on(&s);
    story_node_is(&s, "wf", "Failed",
                  "main: Error (exit code 64): failure condition 'status.phase == Failed' "
                  "evaluated true");
    CHECK_CONTAINS(story_field(&s, "wf.onExit", "outputs.result"), "evaluated true");
    story_is(&s, "Failed", NULL);
    story_end(&s);
}

static bool
drop_thing(struct rig *r, struct turn *t)
{
    struct err e = ERR_INIT;

    return objects_delete(r->objects, t, &kind_config_map, STR("default"), STR("thing"), NULL, NULL,
                          &e) >= 0;
}

TEST(an_object_that_goes_away_is_a_failure)
{
    struct story s;

    story_open(&s);
    rig_create(&s.r, &kind_config_map, "metadata: {name: thing}\n");
    rig_create(&s.r, &kind_workflow, waiting);
    story_turn(&s, drop_thing);
    story_let_pass(&s, 2);
    story_go_on(&s);
    story_node_is(&s, "wf", "Failed",
                  "main: Error (exit code 64): configmaps \"thing\" was deleted while its "
                  "conditions were waited for");
    story_end(&s);
}

TEST(waiting_for_an_object_can_be_stopped)
{
    struct story s;

    story_open(&s);
    rig_create(&s.r, &kind_config_map, "metadata: {name: thing}\n");
    rig_create(&s.r, &kind_workflow, waiting);
    story_let_pass(&s, 2);
    story_edit(&s, "{\"shutdown\":\"Terminate\"}");
    story_go_on(&s);
    story_node_is(&s, "wf", "Failed", "workflow shutdown with strategy:  Terminate");
    story_is(&s, "Failed", "Stopped with strategy 'Terminate'");
    story_end(&s);
}

#define ACT(name, body) \
    "  - name: " name "\n    inputs: {parameters: [{name: m, default: '{}'}]}\n" \
    "    resource: {" body ", manifest: \"{{inputs.parameters.m}}\"}\n"
#define THING "apiVersion: v1, kind: ConfigMap, metadata: {name: thing}"

TEST(objects_are_applied_patched_replaced_and_deleted)
{
    struct story s;
    const struct json *o;

    story_open(&s);
    rig_create(&s.r, &kind_config_map, "metadata: {name: other, labels: {x: z}}\n");
    story_run(
        &s, STORY_MAIN
        "    steps:\n"
        "    - - {name: a, template: apply, arguments: {parameters: [{name: m, value:\n"
        "         \"{apiVersion: v1, kind: ConfigMap, metadata: {name: thing}, data: {a: '1', "
        "b: '2'}}\"}]}}\n"
        "    - - {name: b, template: apply, arguments: {parameters: [{name: m, value:\n"
        "         \"{apiVersion: v1, kind: ConfigMap, metadata: {name: thing}, data: {c: "
        "'3'}}\"}]}}\n"
        "    - - {name: c, template: merge, arguments: {parameters: [{name: m, value:\n"
        "         \"{apiVersion: v1, kind: ConfigMap, metadata: {name: thing}, data: {b: "
        "null}}\"}]}}\n"
        "    - - {name: d, template: json, arguments: {parameters: [{name: m, value:\n"
        "         \"[{op: add, path: /data/d, value: '4'}]\"}]}}\n"
        "    - - {name: e, template: sweep}\n"
        "    - - {name: f, template: drop, arguments: {parameters: [{name: m, value:\n"
        "         \"{apiVersion: v1, kind: ConfigMap, metadata: {name: nobody}}\"}]}}\n" ACT(
            "apply", "action: apply") ACT("merge", "action: patch, mergeStrategy: merge")
            ACT("json", "action: patch, mergeStrategy: json, flags: [configmap, thing]")
                ACT("drop", "action: delete") "  - name: sweep\n    resource: {action: delete, "
                                              "flags: [configmaps, --selector, x=z]}\n");
    story_is(&s, "Succeeded", NULL);
    o = object_named(&s, &kind_config_map, "thing");
    CHECK_STR(story_text_of_(&s, json_get(o, "data")), "{\"a\":\"1\",\"c\":\"3\",\"d\":\"4\"}");
    CHECK_NULL(object_named(&s, &kind_config_map, "other"));
    story_end(&s);
}

TEST(what_cannot_be_done_says_why)
{
    struct story s;

    story_open(&s);
    rig_create(&s.r, &kind_config_map, "metadata: {name: thing}\n");
    story_run(
        &s, STORY_MAIN
        "    dag:\n"
        "      failFast: false\n"
        "      tasks:\n"
        "      - {name: twice, template: create, arguments: {parameters: [{name: m, value:\n"
        "         \"{apiVersion: v1, kind: ConfigMap, metadata: {name: thing}}\"}]}}\n"
        "      - {name: kind, template: create, arguments: {parameters: [{name: m, value:\n"
        "         \"{apiVersion: kubeflow.org/v1, kind: TFJob, metadata: {name: x}}\"}]}}\n"
        "      - {name: none, template: get, arguments: {parameters: [{name: m, value:\n"
        "         \"{apiVersion: v1, kind: ConfigMap, metadata: {name: nobody}}\"}]}}\n"
        "      - {name: flag, template: flag, arguments: {parameters: [{name: m, value:\n"
        "         \"{apiVersion: v1, kind: ConfigMap, metadata: {name: thing}}\"}]}}\n"
        "      - {name: text, template: get, arguments: {parameters: [{name: m, value: \"just "
        "words\"}]}}\n"
        "      - {name: bad, template: bad}\n" ACT("create", "action: create") ACT("get",
                                                                                   "action: get")
            ACT("flag",
                "action: get, flags: [--kubeconfig=/x]") "  - name: bad\n    resource: {action: "
                                                         "get, successCondition: \"a b\", "
                                                         "manifest: \"{" THING "}\"}\n");
    story_node_is(&s, "twice", "Failed",
                  "main: Error (exit code 64): configmaps \"thing\" already exists");
    story_node_is(&s, "kind", "Failed",
                  "main: Error (exit code 64): no matches for kind \"TFJob\" "
                  "in version \"kubeflow.org/v1\"");
    story_node_is(&s, "none", "Failed",
                  "main: Error (exit code 64): configmaps \"nobody\" not found");
    story_node_is(&s, "flag", "Failed",
                  "main: Error (exit code 64): resource.flags: "
                  "--kubeconfig=/x cannot be used here");
    story_node_is(&s, "text", "Failed",
                  "main: Error (exit code 64): resource.manifest is not an object");
    story_node_is(&s, "bad", "Failed", NULL);
    CHECK_CONTAINS(story_field(&s, "bad", "message"), "condition 'a b' cannot be read");
    CHECK_STR(story_field(&s, "bad", "outputs.exitCode"), "64");
    story_end(&s);
}

TEST(a_workflow_may_start_another_and_wait_for_it)
{
    struct story s;

    story_open(&s);
    story_run(&s, STORY_MAIN
              "    resource:\n"
              "      action: create\n"
              "      successCondition: status.phase == Succeeded\n"
              "      failureCondition: status.phase in (Failed, Error)\n"
              "      manifest: |\n"
              "        apiVersion: argoproj.io/v1alpha1\n"
              "        kind: Workflow\n"
              "        metadata: {name: child}\n"
              "        spec:\n"
              "          entrypoint: e\n"
              "          templates: [{name: e, container: {image: i, command: [ok]}}]\n");
    story_is(&s, "Succeeded", NULL);
    CHECK_ORDER(&s, "child");
    story_end(&s);
}

TESTS_MAIN(T_(an_object_is_made_and_its_parts_are_outputs),
           T_(conditions_are_waited_for_across_a_restart),
           T_(what_a_stopped_one_remembered_is_no_output), T_(a_failure_condition_fails_the_step),
           T_(an_object_that_goes_away_is_a_failure), T_(waiting_for_an_object_can_be_stopped),
           T_(objects_are_applied_patched_replaced_and_deleted), T_(what_cannot_be_done_says_why),
           T_(a_workflow_may_start_another_and_wait_for_it))
