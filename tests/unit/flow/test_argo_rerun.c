/* Workflows that are over run again. */
#include "tests/unit/flow/commanding.h"

#define KINDS \
    STORY_OK \
    STORY_BAD \
    STORY_SAY

/* What fails until the world has changed. */
static bool world_is_good_;

static struct rig_end
play(const struct json *pod)
{
    struct rig_end end = story_play_(pod);

    if (world_is_good_)
        end.exit_code = 0;
    return end;
}

static int
do_retry(struct command *c, struct turn *t, const struct object *o, struct err *e)
{
    return argo_rerun_retry(c->rig->flow, t, o, &c->rerun, e);
}

static int
do_resubmit(struct command *c, struct turn *t, const struct object *o, struct err *e)
{
    struct object *next = NULL;
    int rc = argo_rerun_resubmit(c->rig->flow, t, o, &c->rerun, &next, e);

    if (rc >= 0) {
        free(c->rig->name);
        c->rig->name = str_dup(object_name(next));
        object_unref(next);
    }
    return rc;
}

static void
begin(struct story *s, const char *yaml)
{
    world_is_good_ = false;
    story_open(s);
    s->r.play = play;
    story_run(s, yaml);
    story_is(s, "Failed", NULL);
    buf_clear(&s->r.order);
    world_is_good_ = true;
}

/* Retries, and goes on to the end, which must be good; `restart`: by way of a restart. */
static void
retry(struct story *s, bool restart)
{
    CHECK_STR(GIVE(s, .run = do_retry), "");
    story_is(s, "Running", "");
    CHECK_STR(story_status(s, "finishedAt"), "null");
    if (restart) {
        rig_shut(&s->r);
        rig_reopen(&s->r);
    }
    story_go_on(s);
    story_is(s, "Succeeded", "");
}

static const char diamond[] =
    "metadata: {name: wf}\n"
    "spec:\n"
    "  entrypoint: main\n"
    "  onExit: bye\n"
    "  templates:\n"
    "  - name: main\n"
    "    dag:\n"
    "      tasks:\n"
    "      - {name: a, template: say, arguments: {parameters: [{name: m, value: x}]}}\n"
    "      - {name: b, depends: a, template: ok}\n"
    "      - {name: c, depends: a, template: bad}\n"
    "      - {name: d, depends: b && c, template: say, arguments: {parameters: [{name: m, value:\n"
    "          \"{{tasks.a.outputs.result}}\"}]}}\n"
    "      - {name: e, depends: b, template: ok}\n"
    "  - name: bye\n    container: {image: i, command: [ok]}\n" KINDS;

TEST(what_failed_and_what_came_after_it_is_done_again)
{
    struct story s;

    for (int restart = 0; restart < 2; restart++) {
        begin(&s, diamond);
        story_is(&s, "Failed", NULL);
        story_node_is(&s, "d", "Omitted", NULL);
        retry(&s, restart != 0);
        CHECK_ORDER(&s, "wf.c wf.d wf.onExit");
        CHECK_STR(story_input(&s, "d", "m"), "x");
        story_close(&s);
    }
}

/* Each takes four seconds of CPU. */
static struct rig_end
play_busily(const struct json *pod)
{
    struct rig_end end = play(pod);

    end.outputs = "{\"started_us\":1700000000000000,\"ended_us\":1700000010000000,"
                  "\"samples\":{\"cpu_us\":4000000,\"memory_peak_bytes\":209715200}}";
    return end;
}

STORY(what_removed_attempts_took_counts_no_more)
{
    world_is_good_ = false;
    s->r.play = play_busily;
    story_run(s, STORY_MAIN
              "    steps: [[{name: a, template: ok}], [{name: b, template: bad}]]\n" KINDS);
    CHECK_STR(story_status(s, "resourcesDuration"), "{\"cpu\":8,\"memory\":40}");
    world_is_good_ = true;
    retry(s, false);
    CHECK_STR(story_status(s, "resourcesDuration"), "{\"cpu\":8,\"memory\":40}");
}

TEST(of_a_loop_only_the_items_that_failed)
{
    struct story s;

    for (int restart = 0; restart < 2; restart++) {
        begin(&s, STORY_MAIN
              "    steps:\n"
              "    - - {name: l, template: t, withItems: [0, 1, 0, 3], arguments:\n"
              "         {parameters: [{name: num, value: \"{{item}}\"}]}}\n"
              "    - - {name: z, template: ok}\n"
              "  - name: t\n"
              "    inputs: {parameters: [{name: num}]}\n"
              "    container: {image: i, command: [exit, \"{{inputs.parameters.num}}\"]}\n" KINDS);
        retry(&s, restart != 0);
        CHECK_ORDER(&s, "wf[0].l(1:1) wf[0].l(3:3) wf[1].z");
        story_close(&s);
    }
}

TEST(a_retry_node_begins_with_its_first_attempt)
{
    struct story s;

    begin(&s, STORY_MAIN "    steps: [[{name: good, template: fickle}, {name: r, template: try}]]\n"
                         "  - name: fickle\n"
                         "    retryStrategy: {limit: 1}\n"
                         "    container: {image: i, command: [until, \"1\", \"{{retries}}\"]}\n"
                         "  - name: try\n"
                         "    retryStrategy: {limit: 1}\n"
                         "    container: {image: i, command: [exit, \"1\"]}\n");
    story_node_is(&s, "r", "Failed", "No more retries left");
    retry(&s, false);
    CHECK_ORDER(&s, "wf[0].r(0)");
    CHECK_NULL(story_node(&s, "wf[0].r(1)"));
    story_node_is(&s, "wf[0].good(0)", "Failed", NULL);
    story_close(&s);
}

TEST(nested_groups_keep_what_ended_well)
{
    struct story s;

    begin(&s, STORY_MAIN
          "    dag: {tasks: [{name: in, template: inner}, {name: z, depends: in, template: ok}]}\n"
          "  - name: inner\n"
          "    steps:\n"
          "    - - {name: a, template: ok}\n"
          "    - - {name: b, template: ok}\n"
          "      - {name: c, template: bad, hooks: {exit: {template: say, arguments:\n"
          "           {parameters: [{name: m, value: \"{{steps.c.status}}\"}]}}}}\n"
          "    - - {name: d, template: ok}\n" KINDS);
    retry(&s, true);
    CHECK_ORDER(&s, "wf.in[1].c wf.in[1].c.onExit wf.in[2].d wf.z");
    CHECK_STR(story_input(&s, "wf.in[1].c.onExit", "m"), "Succeeded");
    story_close(&s);
}

TEST(a_workflow_of_one_step_runs_it_again)
{
    struct story s;

    begin(&s, "metadata: {name: wf}\nspec:\n  entrypoint: bad\n  templates:\n" KINDS);
    retry(&s, false);
    CHECK_ORDER(&s, "wf");
    story_close(&s);
}

TEST(only_an_exit_handler_that_failed)
{
    struct story s;

    begin(&s, "metadata: {name: wf}\nspec:\n  entrypoint: ok\n  onExit: bad\n  templates:\n" KINDS);
    story_is(&s, "Failed", NULL);
    retry(&s, false);
    CHECK_ORDER(&s, "wf.onExit");
    story_close(&s);
}

STORY(one_that_was_terminated_goes_on)
{
    rig_create(&s->r, &kind_workflow, diamond);
    rig_step(&s->r);
    story_edit(s, "{\"shutdown\":\"Terminate\"}");
    story_go_on(s);
    story_is(s, "Failed", "Stopped with strategy 'Terminate'");
    s->r.play = play;
    world_is_good_ = true;
    buf_clear(&s->r.order);
    retry(s, false);
    CHECK_CONTAINS(buf_cstring(&s->r.order), "wf.d");
    CHECK_NULL(strstr(buf_cstring(&s->r.order), "wf.a"));
}

static const char *
retry_with(struct story *s, struct argo_rerun how, const char *parameters)
{
    static struct command c;
    cleanup_json struct json_doc *doc = NULL;
    struct err e = ERR_INIT;

    c = (struct command){.run = do_retry, .rerun = how};
    if (parameters != NULL) {
        CHECK_TRUE(json_parse(str_of(parameters), NULL, &doc, &e) >= 0);
        c.rerun.parameters = json_root(doc);
    }
    return give(s, &c);
}

TEST(good_nodes_run_again_where_they_are_chosen)
{
    struct story s;

    begin(&s, diamond);
    retry(&s, false);
    buf_clear(&s.r.order);
    CHECK_STR(retry_with(&s, (struct argo_rerun){.restart_successful = true}, NULL),
              "To retry a succeeded workflow, set the options restartSuccessful and "
              "nodeFieldSelector");
    CHECK_STR(retry_with(
                  &s,
                  (struct argo_rerun){.restart_successful = true, .selector = STR("displayName=b")},
                  NULL),
              "");
    story_go_on(&s);
    story_is(&s, "Succeeded", NULL);
    CHECK_ORDER(&s, "wf.b wf.d wf.e wf.onExit");
    story_close(&s);
}

TEST(arguments_may_be_others_the_second_time)
{
    struct story s;

    begin(&s, "metadata: {name: wf}\n"
              "spec:\n"
              "  entrypoint: main\n"
              "  arguments: {parameters: [{name: p, value: one}, {name: q, value: same}]}\n"
              "  templates:\n"
              "  - name: main\n"
              "    steps: [[{name: b, template: bad}], [{name: s, template: say, arguments:\n"
              "      {parameters: [{name: m, value: \"{{workflow.parameters.p}}\n"
              "        {{workflow.parameters.q}}\"}]}}]]\n" KINDS);
    CHECK_STR(retry_with(&s, (struct argo_rerun){.restart_successful = false}, "{\"p\":\"two\"}"),
              "");
    rig_shut(&s.r);
    rig_reopen(&s.r);
    story_go_on(&s);
    CHECK_STR(story_input(&s, "s", "m"), "two same");
    story_close(&s);
}

STORY(a_spec_that_was_refused_is_looked_at_again)
{
    story_run(s, "metadata: {name: wf}\nspec:\n  entrypoint: none\n  templates:\n" KINDS);
    story_is(s, "Failed", "invalid spec: template name 'none' undefined");
    story_edit(s, "{\"entrypoint\":\"ok\"}");
    CHECK_STR(GIVE(s, .run = do_retry), "");
    story_go_on(s);
    story_is(s, "Succeeded", NULL);
}

STORY(one_that_runs_is_refused)
{
    rig_create(&s->r, &kind_workflow, diamond);
    CHECK_STR(GIVE(s, .run = do_retry), "Cannot retry a workflow in phase Running");
}

TEST(locks_are_asked_for_again)
{
    struct story s;

    begin(&s, "metadata: {name: wf}\n"
              "spec:\n"
              "  entrypoint: main\n"
              "  synchronization: {mutexes: [{name: m}]}\n"
              "  templates:\n"
              "  - name: main\n"
              "    steps: [[{name: a, template: ok}, {name: b, template: bad}]]\n" KINDS);
    rig_create(&s.r, &kind_workflow,
               "metadata: {name: other}\n"
               "spec:\n"
               "  entrypoint: ok\n"
               "  synchronization: {mutexes: [{name: m}]}\n"
               "  templates:\n" KINDS);
    story_turn_to(&s, "wf");
    CHECK_STR(GIVE(&s, .run = do_retry), "");
    story_let_pass(&s, 2);
    story_is(&s, "Pending", "Waiting for default/Mutex/m lock. Lock status: 0/1");
    story_go_on(&s);
    story_is(&s, "Succeeded", NULL);
    CHECK_ORDER(&s, "other wf[0].b");
    story_close(&s);
}

TEST(a_resubmission_is_a_new_workflow)
{
    struct story s;

    begin(&s, "metadata: {name: wf, labels: {mine: x}}\n"
              "spec:\n  entrypoint: bad\n  templates:\n" KINDS);
    CHECK_STR(GIVE(&s, .run = do_resubmit), "");
    story_go_on(&s);
    story_is(&s, "Succeeded", NULL);
    CHECK_STR(json_cstr_or(json_get(json_at_path(json_root(s.wf), "metadata.labels"),
                                    "workflows.argoproj.io/resubmitted-from-workflow"),
                           ""),
              "wf");
    CHECK_STR(json_cstr_or(json_at_path(json_root(s.wf), "metadata.labels.mine"), ""), "x");
    CHECK_TRUE(str_starts(str_of(s.r.name), STR("wf-")));
    story_turn_to(&s, "wf");
    story_is(&s, "Failed", NULL);
    story_close(&s);
}

TESTS_MAIN(T_(what_failed_and_what_came_after_it_is_done_again),
           T_(what_removed_attempts_took_counts_no_more), T_(of_a_loop_only_the_items_that_failed),
           T_(a_retry_node_begins_with_its_first_attempt), T_(nested_groups_keep_what_ended_well),
           T_(a_workflow_of_one_step_runs_it_again), T_(only_an_exit_handler_that_failed),
           T_(one_that_was_terminated_goes_on), T_(good_nodes_run_again_where_they_are_chosen),
           T_(arguments_may_be_others_the_second_time),
           T_(a_spec_that_was_refused_is_looked_at_again), T_(one_that_runs_is_refused),
           T_(locks_are_asked_for_again), T_(a_resubmission_is_a_new_workflow))
