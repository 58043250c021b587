/* What a leaf becomes by what its pod says. */
#include "tests/unit/flow/story.h"

static const char workflow[] =
    "metadata: {name: wf}\n"
    "spec:\n"
    "  entrypoint: main\n"
    "  templates: [{name: main, container: {image: i, command: [hang]}}]\n";

static const char *status_, *outputs_;

/* The only pod there is gets that status, and the annotation with what it left. */
static bool
set_status(struct rig *r, struct turn *t)
{
    struct objects_query q = {.kind = &kind_pod, .ns = STR("default"), .limit = 2};
    cleanup_objects object_vec pods = VEC_INIT;
    cleanup_json struct json_doc *status = NULL, *next = NULL;
    struct json_build b = JSON_BUILD_INIT;
    const struct json *meta;
    struct err e = ERR_INIT;

    if (objects_list(r->objects, t, &q, &pods, NULL, &e) < 0 ||
        yaml_parse_one(str_of(status_), NULL, &status, &e) < 0)
        fail_msg("%s", e.msg);
    CHECK_INT(pods.n, 1);
    meta = object_at(pods.at[0], "metadata");
    json_add_object(&b, NULL);
    json_add_fields(&b, object_root(pods.at[0]), (const char *const[]){"metadata", "status", NULL});
    json_add_object(&b, "metadata");
    json_add_fields(&b, meta, (const char *const[]){"annotations", NULL});
    json_add_object(&b, "annotations");
    json_add_fields(&b, json_get(meta, "annotations"), NULL);
    if (outputs_ != NULL)
        json_add_cstr(&b, "sluice.dev/outputs", outputs_);
    json_end(&b);
    json_end(&b);
    json_add_value(&b, "status", json_root(status));
    json_end(&b);
    next = json_build_done(&b);
    if (objects_update(r->objects, t, &kind_pod, STR("default"), json_root(next), OBJECTS_ALL, NULL,
                       &e) < 0)
        fail_msg("%s", e.msg);
    return true;
}

#define ENDED(name, code, more) \
    "{name: " name ", state: {terminated: {exitCode: " #code ", reason: " more "}}}"
#define MAIN_WELL ENDED("main", 0, "Completed")

static const struct {
    const char *pod, *outputs;
    const char *phase, *message;
} cases[] = {
    {"{phase: Pending, reason: Unschedulable, message: 0/1 nodes are there}", NULL, "Pending",
     "Unschedulable: 0/1 nodes are there"},
    {"{phase: Pending, containerStatuses: [{name: main, state: {waiting: {\n"
     "  reason: ImagePullBackOff, message: no such image}}}]}",
     NULL, "Pending", "ImagePullBackOff: no such image"},
    {"{phase: Pending, containerStatuses: [{name: main, state: {waiting: {\n"
     "  reason: ImagePullBackOff}}}]}",
     NULL, "Pending", "ImagePullBackOff"},
    {"{phase: Running}", NULL, "Running", ""},
    {"{phase: Succeeded, containerStatuses: [" MAIN_WELL "]}", NULL, "Succeeded", ""},
    {"{phase: Failed, containerStatuses: [" ENDED("main", 3, "Error") "]}", NULL, "Failed",
     "main: Error (exit code 3)"},
    {"{phase: Failed, containerStatuses: [" ENDED("main", 3, "Error, message: it said so") "]}",
     NULL, "Failed", "main: Error (exit code 3): it said so"},
    {"{phase: Failed, containerStatuses: [" ENDED("main", 137, "OOMKilled") "]}", NULL, "Failed",
     "main: OOMKilled (exit code 137)"},
    {"{phase: Failed, initContainerStatuses: [" ENDED(
         "init", 64, "Error, message: no input") "],\n"
                                                 "  containerStatuses: [{name: main, state: "
                                                 "{waiting: {reason: PodInitializing}}}]}",
     NULL, "Error", "init: Error (exit code 64): no input"},
    {"{phase: Failed, reason: InputFailed, message: no input}", NULL, "Error",
     "init: Error (exit code 64): no input"},
    {"{phase: Failed, containerStatuses: [" MAIN_WELL "]}", "{\"error\":\"open /x: no such file\"}",
     "Error", "wait: Error (exit code 64): open /x: no such file"},
    {"{phase: Failed, containerStatuses: [" ENDED("main", 2, "Error") "]}",
     "{\"error\":\"open /x: no such file\"}", "Failed", "main: Error (exit code 2)"},
    {"{phase: Failed, containerStatuses: [{name: main, state: {waiting: {\n"
     "  reason: CreateContainerError, message: no such user}}}]}",
     NULL, "Error",
     "Pod failed before main container starts due to CreateContainerError: no such user"},
    {"{phase: Failed, containerStatuses: [" MAIN_WELL ", " ENDED("side", 5, "Error") "]}", NULL,
     "Failed", "side: Error (exit code 5)"},
    {"{phase: Failed, reason: DeadlineExceeded, message: too long,\n"
     "  containerStatuses: [" ENDED("main", 137, "Error") "]}",
     NULL, "Failed", "too long"},
    {"{phase: Failed, reason: Evicted, message: the disk is full,\n"
     "  containerStatuses: [" ENDED("main", 137, "Error") "]}",
     NULL, "Failed", "the disk is full"},
};

TEST(its_phase_and_message_follow_from_the_status_of_its_pod)
{
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct story s;

        story_open(&s);
        rig_create(&s.r, &kind_workflow, workflow);
        status_ = cases[i].pod;
        outputs_ = cases[i].outputs;
        story_turn(&s, set_status);
        story_look(&s);
        story_node_is(&s, "wf", cases[i].phase, cases[i].message);
        story_close(&s);
    }
}

static struct json_doc *pod_;

static struct rig_end
note_pod(const struct json *pod)
{
    json_doc_unref(pod_);
    pod_ = json_copy(pod);
    return (struct rig_end){.exit_code = 0};
}

static const char *
meta_of_pod(const char *list, const char *key)
{
    return json_cstr_or(json_get(json_get(json_get(json_root(pod_), "metadata"), list), key), "");
}

STORY(a_pod_says_what_it_belongs_to)
{
    s->r.play = note_pod;
    rig_create(&s->r, &kind_workflow,
               "metadata: {name: wf}\n"
               "spec:\n"
               "  entrypoint: main\n"
               "  onExit: bye\n"
               "  templates:\n"
               "  - {name: main, steps: [[{name: a, template: bye}]]}\n"
               "  - {name: bye, container: {image: i}}\n");
    CHECK_TRUE(rig_step(&s->r));
    CHECK_STR(meta_of_pod("labels", "workflows.argoproj.io/workflow"), "wf");
    CHECK_STR(meta_of_pod("labels", "workflows.argoproj.io/on-exit"), "");
    CHECK_STR(meta_of_pod("annotations", "workflows.argoproj.io/node-name"), "wf[0].a");
    story_look(s);
    CHECK_STR(meta_of_pod("annotations", "workflows.argoproj.io/node-id"),
              story_field(s, "a", "id"));
    CHECK_TRUE(rig_step(&s->r));
    CHECK_STR(meta_of_pod("labels", "workflows.argoproj.io/on-exit"), "true");
    CHECK_STR(meta_of_pod("annotations", "workflows.argoproj.io/node-name"), "wf.onExit");
    story_look(s);
    CHECK_STR(json_cstr_or(json_get(json_at_path(json_root(s->wf), "metadata.annotations"),
                                    "workflows.argoproj.io/pod-name-format"),
                           ""),
              "v2");
    json_doc_unref(TAKE(pod_));
}

TESTS_MAIN(T_(a_pod_says_what_it_belongs_to),
           T_(its_phase_and_message_follow_from_the_status_of_its_pod))
