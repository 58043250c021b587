/* The status that a Workflow shows. */
#include "tests/unit/flow/story.h"

/* "PodRunning=True Completed=True ", with messages in brackets. */
static const char *
conditions(struct story *s)
{
    buf_clear(&s->text);
    JSON_EACH (it, json_at_path(json_root(s->wf), "status.conditions")) {
        const char *message = json_cstr_or(json_get(it.value, "message"), NULL);

        buf_printf(&s->text, "%s=%s%s%s%s ", rig_text(it.value, "type"),
                   rig_text(it.value, "status"), message != NULL ? "(" : "",
                   message != NULL ? message : "", message != NULL ? ")" : "");
    }
    return buf_cstring(&s->text);
}

STORY(conditions_follow_the_run)
{
    story_run(s, "metadata: {name: wf}\n"
                 "spec:\n"
                 "  entrypoint: main\n"
                 "  templates: [{name: main, container: {image: i, command: [serve]}}]\n");
    story_let_pass(s, 1);
    CHECK_STR(conditions(s), "PodRunning=True ");
    CHECK_STR(story_status(s, "phase"), "Running");
    CHECK_STR(story_status(s, "startedAt"), "2023-11-14T22:13:20Z");
    CHECK_STR(story_status(s, "finishedAt"), "null");
    CHECK_STR(story_status(s, "progress"), "0/1");
    story_edit(s, "{\"shutdown\":\"Terminate\"}");
    story_go_on(s);
    CHECK_STR(conditions(s), "PodRunning=False Completed=True ");
    story_is(s, "Failed", "Stopped with strategy 'Terminate'");
    CHECK_CONTAINS(story_status(s, "finishedAt"), "2023-11-14T22:13:2");
    CHECK_STR(story_status(s, "progress"), "1/1");
}

STORY(fields_without_effect_are_named_in_a_warning)
{
    story_run(s, "metadata: {name: wf}\n"
                 "spec:\n"
                 "  entrypoint: main\n"
                 "  nodeSelector: {disk: ssd}\n"
                 "  schedulerName: ''\n"
                 "  templates:\n"
                 "  - name: main\n"
                 "    tolerations: [{key: k, operator: Exists}]\n"
                 "    container: {image: i, command: [ok]}\n");
    CHECK_STR(
        conditions(s),
        "PodRunning=False Completed=True SpecWarning=True(nodeSelector, tolerations: no effect "
        "on a single machine) ");
}

STORY(an_invalid_spec_fails_with_its_first_problem)
{
    story_run(s, "metadata: {name: wf}\n"
                 "spec:\n"
                 "  entrypoint: mian\n"
                 "  templates: [{name: main, container: {image: i}}]\n");
    story_is(s, "Failed", "invalid spec: template name 'mian' undefined");
    CHECK_STR(conditions(s), "Completed=True ");
}

static struct rig_end
take_much(const struct json *pod)
{
    (void)pod;
    return (struct rig_end){.outputs = "{\"started_us\":1700000000000000,"
                                       "\"ended_us\":1700000010000000,"
                                       "\"samples\":{\"cpu_us\":4000000,"
                                       "\"memory_peak_bytes\":209715200}}"};
}

/* 4 seconds of CPU; 200 MiB for ten seconds. */
STORY(what_pods_took_is_summed_up_to_the_workflow)
{
    s->r.play = take_much;
    story_run(s, STORY_MAIN "    steps: [[{name: a, template: leaf}, {name: b, template: leaf}]]\n"
                            "  - {name: leaf, container: {image: i}}\n");
    story_is(s, "Succeeded", NULL);
    CHECK_STR(story_field(s, "a", "resourcesDuration"), "{\"cpu\":4,\"memory\":20}");
    CHECK_STR(story_field(s, "wf", "resourcesDuration"), "{\"cpu\":8,\"memory\":40}");
    CHECK_STR(story_status(s, "resourcesDuration"), "{\"cpu\":8,\"memory\":40}");
    rig_shut(&s->r);
    rig_reopen(&s->r);
    story_look(s);
    CHECK_STR(story_status(s, "resourcesDuration"), "{\"cpu\":8,\"memory\":40}");
}

TESTS_MAIN(T_(conditions_follow_the_run), T_(fields_without_effect_are_named_in_a_warning),
           T_(an_invalid_spec_fails_with_its_first_problem),
           T_(what_pods_took_is_summed_up_to_the_workflow))
