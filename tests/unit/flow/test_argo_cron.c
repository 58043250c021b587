/* Workflows that start by the clock.  The rig's clock begins at 2023-11-14T22:13:20Z. */
#include <stdlib.h>

#include "tests/unit/flow/story.h"

#define CRON(more) \
    "metadata: {name: c, labels: {mine: x}}\n" \
    "spec:\n" more "  timezone: UTC\n" \
    "  workflowMetadata: {labels: {child: \"yes\"}}\n" \
    "  workflowSpec:\n" \
    "    entrypoint: main\n" \
    "    templates: [{name: main, container: {image: i, command: [ok]}}]\n"

/* 22:14:00, 22:15:00, ... */
enum { FIRST = RIG_START_S + 40, MINUTE = 60 };

struct day {
    struct story s;
    struct json_doc *cron; /* as it is */
    size_t children, running;
    char names[1024]; /* of the children, with spaces */
};

static struct day *looking_;

static bool
look(struct rig *r, struct turn *t)
{
    struct day *d = looking_;
    struct objects_query q = {.kind = &kind_workflow, .ns = STR("default"), .limit = 1000};
    struct object *cron =
        objects_find(r->objects, t, &kind_cron_workflow, STR("default"), STR("c"));
    object_vec found = VEC_INIT;
    struct err e = ERR_INIT;

    json_doc_unref(d->cron);
    d->cron = cron != NULL ? json_doc_ref(object_doc(cron)) : NULL;
    object_unref(cron);
    CHECK_TRUE(objects_list(r->objects, t, &q, &found, NULL, &e) >= 0);
    d->children = found.n;
    d->running = 0;
    d->names[0] = '\0';
    for (size_t i = 0; i < found.n; i++) {
        size_t n = strlen(d->names);

        d->running += !object_is_finished(found.at[i]);
        snprintf(d->names + n, sizeof d->names - n, "%s%.*s", n != 0 ? " " : "",
                 STR_ARG(object_name(found.at[i])));
    }
    object_vec_done(&found);
    return true;
}

static void
see(struct day *d)
{
    looking_ = d;
    story_turn(&d->s, look);
}

/* Until that second of the clock; `steps`: pods end meanwhile. */
static void
wait_until(struct day *d, int64_t second, bool steps)
{
    while (d->s.r.clock.wall < second * CLOCK_SECOND) {
        clock_manual_advance(&d->s.r.clock, CLOCK_SECOND);
        core_run(d->s.r.core, 1000);
        while (steps && rig_step(&d->s.r)) {
        }
    }
    see(d);
}

static void
day_open(struct day *d, const char *yaml)
{
    *d = (struct day){.children = 0};
    story_open(&d->s);
    rig_create(&d->s.r, &kind_cron_workflow, yaml);
    see(d);
}

static void
day_close(struct day *d)
{
    json_doc_unref(d->cron);
    story_close(&d->s);
}

static const char *
field(struct day *d, const char *path)
{
    return story_text_of_(&d->s, json_at_path(json_root(d->cron), path));
}

TEST(a_child_is_made_at_each_time)
{
    struct day d;

    day_open(&d, CRON("  schedules: [\"* * * * *\"]\n"));
    CHECK_INT(d.children, 0);
    CHECK_STR(field(&d, "status.phase"), "Active");
    wait_until(&d, FIRST, true);
    CHECK_STR(d.names, "c-1700000040");
    CHECK_STR(field(&d, "status.lastScheduledTime"), "2023-11-14T22:14:00Z");
    story_turn_to(&d.s, "c-1700000040");
    story_is(&d.s, "Succeeded", NULL);
    CHECK_STR(json_cstr_or(json_get(json_at_path(json_root(d.s.wf), "metadata.labels"),
                                    "workflows.argoproj.io/cron-workflow"),
                           ""),
              "c");
    CHECK_STR(json_cstr_or(json_at_path(json_root(d.s.wf), "metadata.labels.child"), ""), "yes");
    CHECK_STR(json_cstr_or(json_get(json_at_path(json_root(d.s.wf), "metadata.annotations"),
                                    "workflows.argoproj.io/scheduled-time"),
                           ""),
              "2023-11-14T22:14:00Z");
    wait_until(&d, FIRST + MINUTE, true);
    CHECK_STR(d.names, "c-1700000040 c-1700000100");
    CHECK_STR(field(&d, "status.succeeded"), "2");
    CHECK_STR(field(&d, "status.active"), "[]");
    /* Three that succeeded are kept. */
    wait_until(&d, FIRST + 4 * MINUTE, true);
    CHECK_STR(d.names, "c-1700000160 c-1700000220 c-1700000280");
    CHECK_STR(field(&d, "status.succeeded"), "5");
    day_close(&d);
}

TEST(schedules_that_coincide_make_one_child)
{
    struct day d;

    day_open(&d, CRON("  schedules: [\"* * * * *\", \"*/2 * * * *\"]\n"));
    wait_until(&d, FIRST + MINUTE, true);
    CHECK_STR(d.names, "c-1700000040 c-1700000100");
    CHECK_CONTAINS(field(&d, "metadata.annotations"),
                   "CRON_TZ=UTC * * * * *,CRON_TZ=UTC */2 * * * *");
    day_close(&d);
}

TEST(policies_say_what_becomes_of_those_that_run)
{
    struct day d;

    day_open(&d, CRON("  schedule: \"* * * * *\"\n  concurrencyPolicy: Forbid\n"));
    wait_until(&d, FIRST + MINUTE, false);
    CHECK_STR(d.names, "c-1700000040");
    CHECK_CONTAINS(field(&d, "status.active"), "\"name\":\"c-1700000040\"");
    day_close(&d);
    day_open(&d, CRON("  schedule: \"* * * * *\"\n  concurrencyPolicy: Replace\n"));
    wait_until(&d, FIRST + MINUTE, false);
    rig_step(&d.s.r);
    see(&d);
    CHECK_STR(d.names, "c-1700000040 c-1700000100");
    story_turn_to(&d.s, "c-1700000040");
    story_is(&d.s, "Failed", "Stopped with strategy 'Terminate'");
    day_close(&d);
    day_open(&d, CRON("  schedule: \"* * * * *\"\n"));
    wait_until(&d, FIRST + MINUTE, false);
    CHECK_INT(d.running, 2);
    day_close(&d);
}

TEST(a_suspended_one_makes_none)
{
    struct day d;

    day_open(&d, CRON("  schedule: \"* * * * *\"\n  suspend: true\n"));
    wait_until(&d, FIRST + MINUTE, true);
    CHECK_INT(d.children, 0);
    day_close(&d);
}

static void
pause_and_reopen(struct day *d, int64_t second)
{
    rig_shut(&d->s.r);
    clock_manual_advance(&d->s.r.clock, second * CLOCK_SECOND - d->s.r.clock.wall);
    rig_reopen(&d->s.r);
    see(d);
}

TEST(after_a_pause_the_last_missed_time_is_made_up_for)
{
    struct day d;

    day_open(&d, CRON("  schedule: \"* * * * *\"\n  startingDeadlineSeconds: 20\n"));
    wait_until(&d, FIRST, true);
    pause_and_reopen(&d, FIRST + 5 * MINUTE + 10);
    CHECK_STR(d.names, "c-1700000040 c-1700000340");
    /* Too late for the one before. */
    wait_until(&d, FIRST + 5 * MINUTE + 20, true);
    pause_and_reopen(&d, FIRST + 7 * MINUTE + 30);
    CHECK_STR(d.names, "c-1700000040 c-1700000340");
    wait_until(&d, FIRST + 8 * MINUTE, true);
    CHECK_STR(d.names, "c-1700000040 c-1700000340 c-1700000520");
    day_close(&d);
    day_open(&d, CRON("  schedule: \"* * * * *\"\n"));
    wait_until(&d, FIRST, true);
    pause_and_reopen(&d, FIRST + MINUTE + 10);
    CHECK_STR(d.names, "c-1700000040");
    day_close(&d);
}

TEST(conditions_decide_whether_and_for_how_long)
{
    struct day d;

    day_open(&d, CRON("  schedule: \"* * * * *\"\n"
                      "  when: \"{{= cronworkflow.lastScheduledTime == nil "
                      "&& cronworkflow.failed == 0 }}\"\n"));
    wait_until(&d, FIRST + MINUTE, true);
    CHECK_INT(d.children, 1);
    day_close(&d);
    day_open(&d, CRON("  schedule: \"* * * * *\"\n"
                      "  when: \"'{{cronworkflow.name}}' == 'd'\"\n"));
    wait_until(&d, FIRST, true);
    CHECK_INT(d.children, 0);
    day_close(&d);
    day_open(&d, CRON("  schedule: \"* * * * *\"\n"
                      "  stopStrategy: {expression: cronworkflow.succeeded >= 2}\n"));
    wait_until(&d, FIRST + 5 * MINUTE, true);
    CHECK_STR(d.names, "c-1700000040 c-1700000100");
    CHECK_STR(field(&d, "status.phase"), "Stopped");
    CHECK_CONTAINS(field(&d, "metadata.labels"),
                   "\"cronworkflows.argoproj.io/completed\":\"true\"");
    day_close(&d);
}

TEST(conditions_know_the_object_and_the_time)
{
    struct day d;

    day_open(&d, CRON("  schedule: \"* * * * *\"\n"
                      "  when: \"'{{cronworkflow.namespace}} {{cronworkflow.failed}} "
                      "{{cronworkflow.succeeded}}' == 'default 0 0' && "
                      "{{=now().Unix()}} == 1700000040\"\n"));
    wait_until(&d, FIRST + MINUTE, true);
    CHECK_STR(d.names, "c-1700000040");
    day_close(&d);
}

TEST(what_is_wrong_is_a_condition)
{
    struct day d;

    day_open(&d, CRON("  schedule: \"* * *\"\n"));
    CHECK_CONTAINS(field(&d, "status.conditions"), "SpecError");
    CHECK_CONTAINS(field(&d, "status.conditions"), "expected exactly 5 fields, found 3");
    day_close(&d);
    day_open(&d, CRON("  schedule: \"* * * * *\"\n  when: \"a <\"\n"));
    wait_until(&d, FIRST, true);
    CHECK_CONTAINS(field(&d, "status.conditions"), "SubmissionError");
    day_close(&d);
}

TESTS_MAIN(T_(a_child_is_made_at_each_time), T_(schedules_that_coincide_make_one_child),
           T_(policies_say_what_becomes_of_those_that_run), T_(a_suspended_one_makes_none),
           T_(after_a_pause_the_last_missed_time_is_made_up_for),
           T_(conditions_decide_whether_and_for_how_long),
           T_(conditions_know_the_object_and_the_time), T_(what_is_wrong_is_a_condition))
