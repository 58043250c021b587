/* Mutexes and semaphores, of workflows and of templates. */
#include "tests/unit/flow/story.h"

#define LOOP(sync) \
    "spec:\n" \
    "  entrypoint: main\n" \
    "  templates:\n" \
    "  - name: main\n" \
    "    steps: [[{name: s, template: t, withItems: [a, b, c, d]}]]\n" \
    "  - name: t\n" \
    "    synchronization: " sync "\n" \
    "    container: {image: i, command: [ok]}\n"

#define ONE(name, sync) \
    "metadata: {name: " name "}\n" \
    "spec:\n" \
    "  entrypoint: t\n" \
    "  synchronization: " sync "\n" \
    "  templates: [{name: t, container: {image: i, command: [ok]}}]\n"

#define MUTEX "{mutexes: [{name: m}]}"
#define SEMAPHORE "{semaphores: [{configMapKeyRef: {name: limits, key: k}}]}"

STORY(a_mutex_lets_one_step_in_at_a_time)
{
    rig_create(&s->r, &kind_workflow, "metadata: {name: wf}\n" LOOP(MUTEX));
    story_look(s);
    story_node_is(s, "s(0:a)", "Pending", "");
    story_node_is(s, "s(1:b)", "Pending", "Waiting for default/Mutex/m lock. Lock status: 0/1");
    CHECK_STR(story_field(s, "s(1:b)", "synchronizationStatus.waiting"), "default/Mutex/m");
    CHECK_STR(story_field(s, "s(1:b)", "type"), "Pod");
    story_let_pass(s, 2);
    story_look(s);
    CHECK_CONTAINS(
        story_status(s, "synchronization"),
        "{\"mutex\":{\"holding\":[{\"mutex\":\"default/Mutex/m\",\"holder\":\"default/wf/wf-");
    CHECK_CONTAINS(story_status(s, "synchronization"), "\"waiting\":[{\"mutex\":");
    CHECK_TRUE(rig_step(&s->r));
    story_look(s);
    story_node_is(s, "s(1:b)", "Pending", "");
    story_go_on(s);
    CHECK_ORDER(s, "wf[0].s(0:a) wf[0].s(1:b) wf[0].s(2:c) wf[0].s(3:d)");
    CHECK_INT(s->r.most_at_once, 1);
    story_is(s, "Succeeded", NULL);
    CHECK_STR(story_status(s, "synchronization"), "");
}

static const char *limit_;

static bool
set_limit(struct rig *r, struct turn *t)
{
    struct err e = ERR_INIT;
    cleanup_json struct json_doc *doc = NULL;
    cleanup_free char *text =
        xasprintf("{\"metadata\":{\"name\":\"limits\"},\"data\":{\"k\":\"%s\"}}", limit_);

    CHECK_TRUE(json_parse(str_of(text), NULL, &doc, &e) >= 0);
    return objects_update(r->objects, t, &kind_config_map, STR("default"), json_root(doc),
                          OBJECTS_ALL, NULL, &e) >= 0;
}

STORY(a_semaphore_has_the_limit_of_its_config_map_even_when_that_changes)
{
    rig_create(&s->r, &kind_config_map, "{metadata: {name: limits}, data: {k: \"2\"}}");
    rig_create(&s->r, &kind_workflow, "metadata: {name: wf}\n" LOOP(SEMAPHORE));
    story_look(s);
    story_node_is(s, "s(1:b)", "Pending", "");
    story_node_is(s, "s(2:c)", "Pending",
                  "Waiting for default/ConfigMap/limits/k lock. Lock status: 0/2");
    limit_ = "3";
    story_turn(s, set_limit);
    story_look(s);
    story_node_is(s, "s(2:c)", "Pending", "");
    story_node_is(s, "s(3:d)", "Pending",
                  "Waiting for default/ConfigMap/limits/k lock. Lock status: 0/2");
    story_go_on(s);
    CHECK_INT(s->r.most_at_once, 3);
    story_is(s, "Succeeded", NULL);
}

STORY(a_workflow_waits_for_its_lock_before_it_begins)
{
    rig_create(&s->r, &kind_workflow, ONE("one", MUTEX));
    rig_create(&s->r, &kind_workflow, ONE("two", "{mutex: {name: m}}"));
    story_look(s);
    story_is(s, "Pending", "Waiting for default/Mutex/m lock. Lock status: 0/1");
    CHECK_STR(story_status(s, "startedAt"), "null");
    CHECK_STR(
        story_status(s, "synchronization"),
        "{\"mutex\":{\"waiting\":[{\"mutex\":\"default/Mutex/m\",\"holder\":\"default/one\"}]}}");
    CHECK_TRUE(rig_step(&s->r));
    story_go_on(s);
    story_is(s, "Succeeded", NULL);
    CHECK_ORDER(s, "one two");
    CHECK_INT(s->r.most_at_once, 1);
}

STORY(priority_goes_before_age)
{
    rig_create(&s->r, &kind_workflow, ONE("one", MUTEX));
    rig_create(&s->r, &kind_workflow, ONE("two", MUTEX));
    rig_create(&s->r, &kind_workflow, ONE("three", MUTEX "\n  priority: 5"));
    story_go_on(s);
    CHECK_ORDER(s, "one three two");
}

STORY(several_locks_are_taken_together_and_in_turn)
{
    rig_create(&s->r, &kind_workflow, ONE("one", "{mutexes: [{name: a}]}"));
    rig_create(&s->r, &kind_workflow, ONE("two", "{mutexes: [{name: a}, {name: b}]}"));
    /* b is free, but somebody was there before. */
    rig_create(&s->r, &kind_workflow, ONE("three", "{mutexes: [{name: b}]}"));
    story_look(s);
    story_is(s, "Pending", "Waiting for default/Mutex/b lock. Lock status: 1/1");
    story_go_on(s);
    CHECK_ORDER(s, "one two three");
    CHECK_INT(s->r.most_at_once, 1);
}

STORY(a_restart_keeps_who_holds_and_who_waits)
{
    rig_create(&s->r, &kind_workflow, ONE("one", MUTEX));
    rig_create(&s->r, &kind_workflow, ONE("two", MUTEX));
    rig_create(&s->r, &kind_workflow, "metadata: {name: wf}\n" LOOP(MUTEX));
    for (int i = 0; i < 6; i++) {
        rig_shut(&s->r);
        rig_reopen(&s->r);
        CHECK_TRUE(rig_step(&s->r));
    }
    story_go_on(s);
    CHECK_ORDER(s, "one two wf[0].s(0:a) wf[0].s(1:b) wf[0].s(2:c) wf[0].s(3:d)");
    CHECK_INT(s->r.most_at_once, 1);
    story_is(s, "Succeeded", NULL);
}

STORY(whoever_is_stopped_or_deleted_makes_room)
{
    rig_create(&s->r, &kind_workflow, ONE("one", MUTEX));
    rig_create(&s->r, &kind_workflow, ONE("two", MUTEX));
    story_edit(s, "{\"shutdown\":\"Terminate\"}");
    story_look(s);
    story_is(s, "Failed", "workflow shutdown with strategy:  Terminate");
    rig_create(&s->r, &kind_workflow, ONE("three", MUTEX));
    story_turn_to(s, "one");
    story_edit(s, "{\"shutdown\":\"Terminate\"}");
    story_turn_to(s, "three");
    story_go_on(s);
    story_is(s, "Succeeded", NULL);
}

STORY(a_waiting_step_can_be_stopped)
{
    rig_create(&s->r, &kind_workflow, "metadata: {name: wf}\n" LOOP(MUTEX));
    story_edit(s, "{\"shutdown\":\"Terminate\"}");
    story_go_on(s);
    story_node_is(s, "s(3:d)", "Failed", "workflow shutdown with strategy:  Terminate");
    story_is(s, "Failed", NULL);
}

STORY(a_retry_holds_its_lock_over_all_attempts)
{
    story_run(s,
              STORY_MAIN "    steps: [[{name: s, template: t, withItems: [a, b]}]]\n"
                         "  - name: t\n"
                         "    retryStrategy: {limit: 1}\n"
                         "    synchronization: " MUTEX "\n"
                         "    container: {image: i, command: [until, \"1\", \"{{retries}}\"]}\n");
    CHECK_ORDER(s, "wf[0].s(0:a)(0) wf[0].s(0:a)(1) wf[0].s(1:b)(0) wf[0].s(1:b)(1)");
    story_is(s, "Succeeded", NULL);
}

STORY(a_name_may_be_made_of_inputs)
{
    rig_create(&s->r, &kind_workflow,
               STORY_MAIN
               "    steps: [[{name: s, template: t, withItems: [x, y, x, y], arguments:\n"
               "      {parameters: [{name: p, value: \"{{item}}\"}]}}]]\n"
               "  - name: t\n"
               "    inputs: {parameters: [{name: p}]}\n"
               "    synchronization: {mutexes: [{name: \"m-{{inputs.parameters.p}}\"}]}\n"
               "    container: {image: i, command: [ok]}\n");
    story_go_on(s);
    CHECK_INT(s->r.most_at_once, 2);
    story_is(s, "Succeeded", NULL);
}

STORY(a_limit_that_cannot_be_read_is_told)
{
    story_run(s, ONE("wf", SEMAPHORE));
    story_is(s, "Failed",
             "Failed to acquire the synchronization lock. configmaps \"limits\" not found");
    story_run(s, "metadata: {name: other}\n" LOOP(SEMAPHORE));
    story_node_is(s, "s(0:a)", "Error",
                  "Failed to acquire the synchronization lock. configmaps \"limits\" not found");
    story_run(s, ONE("third", "{mutexes: [{name: m, database: true}]}"));
    story_is(s, "Failed", "synchronization.mutexes: there is no synchronization database here");
}

TESTS_MAIN(T_(a_mutex_lets_one_step_in_at_a_time),
           T_(a_semaphore_has_the_limit_of_its_config_map_even_when_that_changes),
           T_(a_workflow_waits_for_its_lock_before_it_begins), T_(priority_goes_before_age),
           T_(several_locks_are_taken_together_and_in_turn),
           T_(a_restart_keeps_who_holds_and_who_waits),
           T_(whoever_is_stopped_or_deleted_makes_room), T_(a_waiting_step_can_be_stopped),
           T_(a_retry_holds_its_lock_over_all_attempts), T_(a_name_may_be_made_of_inputs),
           T_(a_limit_that_cannot_be_read_is_told))
