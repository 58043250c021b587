/* Metadata that a workflow gives itself, and limits that are changed while it runs. */
#include "tests/unit/flow/story.h"

static const char *
label(struct story *s, const char *key)
{
    return json_cstr_or(json_get(json_at_path(json_root(s->wf), "metadata.labels"), key), "(none)");
}

static const char *
annotation(struct story *s, const char *key)
{
    return json_cstr_or(json_get(json_at_path(json_root(s->wf), "metadata.annotations"), key),
                        "(none)");
}

static const char labelled[] =
    "metadata: {name: wf, labels: {own: kept, both: old}, annotations: {a: kept}}\n"
    "spec:\n"
    "  entrypoint: main\n"
    "  arguments: {parameters: [{name: who, value: me}]}\n"
    "  workflowMetadata:\n"
    "    labels: {both: new, tag: \"{{workflow.parameters.who}}\"}\n"
    "    annotations: {note: \"by {{workflow.parameters.who}}\"}\n"
    "    labelsFrom: {from: {expression: \"workflow.parameters.who + '-' + workflow.name\"}}\n"
    "  templates:\n"
    "  - name: main\n"
    "    steps: [[{name: w, template: wait}],\n"
    "            [{name: s, template: say}]]\n"
    "  - name: wait\n"
    "    suspend: {duration: 10s}\n"
    "  - name: say\n"
    "    container: {image: i, command: [say, \"{{workflow.labels.from}} "
    "{{workflow.labels.both}}\"]}\n";

static bool
change_label(struct rig *r, struct turn *t)
{
    struct err e = ERR_INIT;
    struct object *o = objects_find(r->objects, t, &kind_workflow, STR("default"), STR("wf"));
    struct json_build b = JSON_BUILD_INIT;
    struct json_doc *next;

    json_add_object(&b, NULL);
    json_add_fields(&b, object_root(o), (const char *const[]){"metadata", NULL});
    json_add_object(&b, "metadata");
    json_add_fields(&b, object_at(o, "metadata"), (const char *const[]){"labels", NULL});
    json_add_object(&b, "labels");
    json_add_cstr(&b, "both", "changed");
    json_end(&b);
    json_end(&b);
    json_end(&b);
    next = json_build_done(&b);
    CHECK_TRUE(objects_update(r->objects, t, &kind_workflow, STR("default"), json_root(next),
                              OBJECTS_SPEC, NULL, &e) >= 0);
    json_doc_unref(next);
    object_unref(o);
    return true;
}

STORY(metadata_is_added_once_when_the_run_begins)
{
    rig_create(&s->r, &kind_workflow, labelled);
    story_look(s);
    CHECK_STR(label(s, "own"), "kept");
    CHECK_STR(label(s, "both"), "new");
    CHECK_STR(label(s, "tag"), "me");
    CHECK_STR(label(s, "from"), "me-wf");
    CHECK_STR(annotation(s, "a"), "kept");
    CHECK_STR(annotation(s, "note"), "by me");
    story_turn(s, change_label);
    story_look(s);
    CHECK_STR(label(s, "both"), "changed");
    rig_shut(&s->r);
    rig_reopen(&s->r);
    story_go_on(s);
    story_is(s, "Succeeded", NULL);
    CHECK_STR(label(s, "both"), "changed");
    CHECK_STR(label(s, "workflows.argoproj.io/completed"), "true");
    CHECK_STR(story_status(s, "startedAt"), "2023-11-14T22:13:20Z");
    CHECK_STR(story_field(s, "s", "outputs.result"), "me-wf new");
}

STORY(metadata_that_cannot_be_set_fails_the_workflow)
{
    story_run(s, "metadata: {name: wf}\n"
                 "spec:\n"
                 "  entrypoint: main\n"
                 "  workflowMetadata: {labelsFrom: {num: {expression: \"1 + 1\"}}}\n"
                 "  templates: [{name: main, container: {image: i, command: [ok]}}]\n");
    story_is(s, "Failed", NULL);
    CHECK_CONTAINS(story_status(s, "message"),
                   "failed to set workflow metadata: failed to "
                   "evaluate label \"num\": expression \"1 + 1\" gives no string");
}

STORY(a_value_that_is_no_label_fails_the_workflow)
{
    story_run(s, "metadata: {name: wf}\n"
                 "spec:\n"
                 "  entrypoint: main\n"
                 "  workflowMetadata: {labels: {x: \"{{workflow.name}} and more\"}}\n"
                 "  templates: [{name: main, container: {image: i, command: [ok]}}]\n");
    story_is(s, "Failed", NULL);
    CHECK_CONTAINS(story_status(s, "message"),
                   "invalid label value \"wf and more\" for label \"x\"");
}

STORY(a_deadline_of_zero_ends_a_run_at_once)
{
    rig_create(&s->r, &kind_workflow,
               "metadata: {name: wf}\n"
               "spec:\n"
               "  entrypoint: main\n"
               "  onExit: ok\n"
               "  templates:\n"
               "  - name: main\n"
               "    container: {image: i, command: [hang]}\n" STORY_OK);
    story_edit(s, "{\"activeDeadlineSeconds\":0}");
    story_go_on(s);
    story_is(s, "Failed", "Step exceeded its deadline");
    CHECK_ORDER(s, "wf wf.onExit");
}

TESTS_MAIN(T_(metadata_is_added_once_when_the_run_begins),
           T_(metadata_that_cannot_be_set_fails_the_workflow),
           T_(a_value_that_is_no_label_fails_the_workflow),
           T_(a_deadline_of_zero_ends_a_run_at_once))
