/* What people tell workflows that go on. */
#include "tests/unit/flow/commanding.h"

#define KINDS \
    STORY_OK \
    STORY_HANG \
    STORY_WAIT \
    STORY_SAY \
    "  - name: ask\n    inputs: {parameters: [{name: who, value: you}]}\n" \
    "    suspend: {}\n" \
    "    outputs: {parameters: [{name: a, globalName: all, valueFrom: {supplied: {}}},\n" \
    "      {name: b, valueFrom: {supplied: {}, default: \"b of {{inputs.parameters.who}}\"}}]}\n"

static const char two_waits[] =
    STORY_MAIN "    dag:\n"
               "      tasks:\n"
               "      - {name: one, template: wait}\n"
               "      - {name: two, template: wait}\n"
               "      - {name: next, depends: one, template: ok}\n"
               "      - {name: last, depends: two, template: ok}\n" KINDS;

static const char question[] =
    STORY_MAIN "    steps:\n"
               "    - - {name: q, template: ask}\n"
               "    - - {name: s, template: say, arguments: {parameters: [{name: m, value:\n"
               "          \"{{steps.q.outputs.parameters.a}} {{steps.q.outputs.parameters.b}}\n"
               "           {{workflow.outputs.parameters.all}}\"}]}}\n" KINDS;

static struct str
selector_of(const struct command *c)
{
    return c->selector != NULL ? str_of(c->selector) : STR_NULL;
}

static int
do_suspend(struct command *c, struct turn *t, const struct object *o, struct err *e)
{
    return argo_command_suspend(c->rig->flow, t, o, e);
}

static int
do_resume(struct command *c, struct turn *t, const struct object *o, struct err *e)
{
    return argo_command_resume(c->rig->flow, t, o, selector_of(c), e);
}

static int
do_stop(struct command *c, struct turn *t, const struct object *o, struct err *e)
{
    return argo_command_stop(c->rig->flow, t, o, selector_of(c), c->set.message, e);
}

static int
do_terminate(struct command *c, struct turn *t, const struct object *o, struct err *e)
{
    return argo_command_terminate(c->rig->flow, t, o, e);
}

static int
do_set(struct command *c, struct turn *t, const struct object *o, struct err *e)
{
    c->set.selector = selector_of(c);
    return argo_command_set(c->rig->flow, t, o, &c->set, e);
}

static const char *
set_outputs(struct story *s, const char *json, const char *phase)
{
    static struct command c;
    cleanup_json struct json_doc *doc = NULL;
    struct err e = ERR_INIT;

    CHECK_TRUE(json_parse(str_of(json), NULL, &doc, &e) >= 0);
    c = (struct command){
        .run = do_set,
        .selector = "displayName=q",
        .set = {.outputs = json_root(doc), .phase = phase != NULL ? str_of(phase) : STR_NULL}};
    return give(s, &c);
}

STORY(resume_ends_all_suspended_nodes)
{
    story_run(s, two_waits);
    story_is(s, "Running", NULL);
    story_node_is(s, "one", "Running", "");
    CHECK_STR(GIVE(s, .run = do_resume), "");
    story_go_on(s);
    story_is(s, "Succeeded", NULL);
    CHECK_STR(GIVE(s, .run = do_resume),
              "cannot resume a completed workflow: workflow: \"wf\", namespace: \"default\"");
}

STORY(resume_may_choose_nodes)
{
    story_run(s, two_waits);
    CHECK_STR(GIVE(s, .run = do_resume, .selector = "displayName=none"),
              "currently, set only targets suspend nodes: no suspend nodes matching "
              "nodeFieldSelector: displayName=none");
    CHECK_STR(GIVE(s, .run = do_resume, .selector = "displayName=two,templateName=wait"), "");
    story_go_on(s);
    story_node_is(s, "one", "Running", NULL);
    story_node_is(s, "last", "Succeeded", NULL);
    CHECK_NULL(story_node(s, "next"));
    CHECK_STR(GIVE(s, .run = do_stop, .selector = "name=wf.one", .set.message = STR("no")), "");
    story_go_on(s);
    story_node_is(s, "one", "Failed", "no");
    story_is(s, "Failed", NULL);
}

STORY(suspend_holds_new_nodes_back)
{
    rig_create(&s->r, &kind_workflow,
               STORY_MAIN
               "    steps: [[{name: a, template: ok}], [{name: b, template: ok}]]\n" KINDS);
    CHECK_STR(GIVE(s, .run = do_suspend), "");
    rig_step(&s->r);
    story_look(s);
    story_node_is(s, "a", "Succeeded", NULL);
    CHECK_NULL(story_node(s, "b"));
    CHECK_STR(GIVE(s, .run = do_resume), "");
    story_go_on(s);
    story_is(s, "Succeeded", NULL);
    CHECK_STR(GIVE(s, .run = do_suspend), "cannot suspend completed workflows");
}

static const char suspended[] = "metadata: {name: wf}\n"
                                "spec:\n"
                                "  entrypoint: ok\n"
                                "  suspend: true\n"
                                "  templates:\n" KINDS;

TEST(one_that_was_created_suspended_begins_when_it_is_resumed)
{
    struct story s;

    for (int restart = 0; restart < 2; restart++) {
        story_open(&s);
        story_run(&s, suspended);
        if (restart != 0) {
            rig_shut(&s.r);
            rig_reopen(&s.r);
            story_go_on(&s);
        }
        story_is(&s, "Running", "");
        CHECK_STR(story_status(&s, "nodes"), "{}");
        CHECK_ORDER(&s, "");
        CHECK_STR(GIVE(&s, .run = do_resume), "");
        story_go_on(&s);
        story_is(&s, "Succeeded", NULL);
        CHECK_ORDER(&s, "wf");
        story_close(&s);
    }
}

STORY(one_that_was_created_suspended_can_be_ended)
{
    story_run(s, suspended);
    CHECK_STR(GIVE(s, .run = do_terminate), "");
    story_go_on(s);
    story_is(s, "Failed", "workflow shutdown with strategy:  Terminate");
    CHECK_ORDER(s, "");
}

STORY(stop_and_terminate_end_it)
{
    story_run(s, two_waits);
    CHECK_STR(GIVE(s, .run = do_stop), "");
    story_go_on(s);
    story_is(s, "Failed", "Stopped with strategy 'Stop'");
    CHECK_STR(GIVE(s, .run = do_terminate),
              "cannot shutdown a completed workflow: workflow: \"wf\", namespace: \"default\"");
    story_run(s, "metadata: {name: other}\nspec:\n  entrypoint: wait\n  templates:\n" KINDS);
    CHECK_STR(GIVE(s, .run = do_terminate), "");
    story_go_on(s);
    story_is(s, "Failed", "Stopped with strategy 'Terminate'");
}

STORY(outputs_are_supplied_and_defaults_fill_the_rest)
{
    story_run(s, question);
    CHECK_STR(GIVE(s, .run = do_resume),
              "raw output parameter 'a' has not been set and does not have a default value");
    story_node_is(s, "q", "Running", NULL);
    CHECK_STR(set_outputs(s, "{\"c\":\"1\"}", NULL), "node is not expecting output parameter 'c'");
    CHECK_STR(set_outputs(s, "{\"a\":\"1\"}", NULL), "");
    CHECK_STR(story_output(s, "q", "a"), "1");
    CHECK_STR(set_outputs(s, "{\"a\":\"2\"}", NULL),
              "cannot set output parameter 'a' because it does not use valueFrom.raw or it was "
              "already set");
    rig_shut(&s->r);
    rig_reopen(&s->r);
    CHECK_STR(GIVE(s, .run = do_resume), "");
    story_go_on(s);
    story_is(s, "Succeeded", NULL);
    CHECK_STR(story_output(s, "q", "b"), "b of you");
    CHECK_STR(story_input(s, "s", "m"), "1 b of you 1");
    CHECK_CONTAINS(story_status(s, "outputs"), "{\"name\":\"all\",\"value\":\"1\"");
}

STORY(a_set_phase_ends_the_node)
{
    story_run(s, question);
    CHECK_STR(set_outputs(s, "{\"a\":\"1\"}", "Done"),
              "phase 'Done' cannot be set: expected Succeeded, Failed, Error, Skipped or Omitted");
    CHECK_STR(set_outputs(s, "{\"a\":\"1\"}", "Succeeded"), "");
    story_go_on(s);
    story_is(s, "Succeeded", NULL);
    CHECK_STR(GIVE(s, .run = do_set), "cannot set nodes of a completed workflow: workflow: "
                                      "\"wf\", namespace: \"default\"");
}

STORY(a_time_without_a_word_gives_defaults_or_an_error)
{
    story_run(s, STORY_MAIN "    suspend: {duration: \"5\"}\n"
                            "    outputs: {parameters: [{name: a, valueFrom: {supplied: {}}}]}\n");
    story_node_is(s, "wf", "Error",
                  "raw output parameter 'a' has not been set and does not have a default value");
}

TESTS_MAIN(T_(resume_ends_all_suspended_nodes), T_(resume_may_choose_nodes),
           T_(suspend_holds_new_nodes_back),
           T_(one_that_was_created_suspended_begins_when_it_is_resumed),
           T_(one_that_was_created_suspended_can_be_ended), T_(stop_and_terminate_end_it),
           T_(outputs_are_supplied_and_defaults_fill_the_rest), T_(a_set_phase_ends_the_node),
           T_(a_time_without_a_word_gives_defaults_or_an_error))
