/*
 * More workflows under simulation: what starts by the clock, asks servers, is memoized, runs
 * several containers, and what goes when it is over.  Whatever dies in between, the end is the
 * same.
 */
#include <stdlib.h>
#include <string.h>

#include "api/objects.h"
#include "base/buf.h"
#include "base/err.h"
#include "core/core.h"
#include "core/turn.h"
#include "data/json.h"
#include "tests/sim/flow_site.h"

/* Two children and no more, whatever dies; none twice, none forgotten. */
static const char cron[] = "metadata: {name: c}\n"
                           "spec:\n"
                           "  schedules: [\"* * * * *\"]\n"
                           "  timezone: UTC\n"
                           "  startingDeadlineSeconds: 30\n"
                           "  stopStrategy: {expression: cronworkflow.succeeded >= 2}\n"
                           "  workflowSpec:\n"
                           "    entrypoint: ok\n"
                           "    templates: [{name: ok, container: {image: i, command: [ok]}}]\n";

struct ask {
    struct message m;
    struct site *site;
    struct json_doc *found;
};

static int
run_list(struct message *m, struct turn *t, struct err *e)
{
    struct ask *a = CONTAINER_OF(m, struct ask, m);
    struct objects_query q = {.kind = &kind_workflow, .limit = 100};
    cleanup_objects object_vec found = VEC_INIT;
    cleanup_object struct object *o =
        objects_find(a->site->os, t, &kind_cron_workflow, STR("default"), STR("c"));
    struct json_build b = JSON_BUILD_INIT;

    CHECK_NOT_NULL(o);
    CHECK_TRUE(objects_list(a->site->os, t, &q, &found, NULL, e) >= 0);
    json_add_object(&b, NULL);
    json_add_value(&b, "cron", object_at(o, "status"));
    for (size_t i = 0; i < found.n; i++) {
        json_add_key(&b, object_name(found.at[i]));
        json_add_value(&b, NULL, object_at(found.at[i], "status.phase"));
    }
    json_end(&b);
    a->found = json_build_done(&b);
    return 0;
}

static char *
end_of_cron(struct site *s)
{
    struct ask a = {.m = {.class = MESSAGE_EVENT, .run = run_list}, .site = s};
    struct buf text = BUF_INIT;
    struct err e = ERR_INIT;

    CHECK_INT(core_post(sim_core(s->sim), &a.m, &e), 0);
    CHECK_TRUE(sim_run(s->sim));
    json_write(&text, json_root(a.found));
    json_doc_unref(a.found);
    return buf_take(&text);
}

TEST(a_crash_at_any_point_changes_nothing_for_what_starts_by_the_clock)
{
    struct site *s = site_new(10, cron);
    int64_t before = sim_points(s->sim), points;
    cleanup_free char *want = NULL;

    CHECK_TRUE(sim_run(s->sim));
    points = sim_points(s->sim) - before;
    want = end_of_cron(s);
    site_free(s);
    CHECK_CONTAINS(want, "\"succeeded\":2,\"failed\":0,\"phase\":\"Stopped\"");
    CHECK_TRUE(points > 10);
    for (int64_t n = 0; n < points; n++) {
        cleanup_free char *got = NULL;

        s = site_new(10, cron);
        sim_crash_at(s->sim, n, SIM_EITHER);
        CHECK_TRUE(sim_run(s->sim));
        got = end_of_cron(s);
        CHECK_STR(got, want);
        site_check_starts(s);
        site_free(s);
    }
}

#define ASKING(method) \
    "metadata: {name: wf}\n" \
    "spec:\n" \
    "  entrypoint: main\n" \
    "  templates:\n" \
    "  - name: main\n" \
    "    steps:\n" \
    "    - - {name: ask, template: ask}\n" \
    "    - - {name: say, template: say, arguments: {parameters: [{name: m, value:\n" \
    "          \"{{steps.ask.outputs.result}}\"}]}}\n" \
    "  - {name: ask, http: {method: " method ", url: http://fake/say/hi}}\n" \
    "  - name: say\n" \
    "    inputs: {parameters: [{name: m}]}\n" \
    "    container: {image: i, command: [say, \"{{inputs.parameters.m}}\"]}\n"

TEST(a_crash_at_any_point_asks_again_for_what_may_be_repeated)
{
    struct site_passed passed;
    cleanup_free char *want = site_undisturbed(11, ASKING("GET"), &passed);

    CHECK_CONTAINS(want, "\"result\":\"hi\"");
    CHECK_TRUE(passed.points > 10);
    for (int64_t n = 0; n < passed.points; n++) {
        struct site *s = site_new(11, ASKING("GET"));

        sim_crash_at(s->sim, n, SIM_EITHER);
        CHECK_TRUE(sim_run(s->sim));
        site_check_end(s, want);
        site_free(s);
    }
}

/* Whether it was heard may be unknown in the end; that it was sent twice may not happen. */
TEST(a_crash_at_any_point_repeats_no_post)
{
    struct site_passed passed;
    cleanup_free char *want = site_undisturbed(12, ASKING("POST"), &passed);
    int good = 0, unknown = 0;

    for (int64_t n = 0; n < passed.points; n++) {
        struct site *s = site_new(12, ASKING("POST"));
        cleanup_free char *got = NULL;

        sim_crash_at(s->sim, n, SIM_EITHER);
        CHECK_TRUE(sim_run(s->sim));
        got = site_end(s);
        if (strcmp(got, want) == 0) {
            good++;
            CHECK_STR(buf_cstring(&s->requester.log), "POST http://fake/say/hi\n");
        } else {
            unknown++;
            CHECK_CONTAINS(got, "is not repeated by itself");
            CHECK_TRUE(s->requester.log.n == 0 ||
                       strcmp(buf_cstring(&s->requester.log), "POST http://fake/say/hi\n") == 0);
        }
        site_free(s);
    }
    CHECK_TRUE(good > 0 && unknown > 0);
}

/* Two that ask for the same: the second finds what the first has kept. */
static const char memo[] =
    "metadata: {name: wf}\n"
    "spec:\n"
    "  entrypoint: main\n"
    "  templates:\n"
    "  - name: main\n"
    "    steps:\n"
    "    - - {name: one, template: kept, arguments: {parameters: [{name: m, value: a}]}}\n"
    "    - - {name: two, template: kept, arguments: {parameters: [{name: m, value: a}]}}\n"
    "      - {name: other, template: kept, arguments: {parameters: [{name: m, value: b}]}}\n"
    "    - - {name: say, template: say, arguments: {parameters: [{name: m,\n"
    "          value: \"{{steps.two.outputs.result}}\"}]}}\n"
    "  - name: kept\n"
    "    inputs: {parameters: [{name: m}]}\n"
    "    memoize: {key: \"{{inputs.parameters.m}}\", cache: {configMap: {name: cache}}}\n"
    "    container: {image: i, command: [say, \"{{inputs.parameters.m}}\"]}\n"
    "  - name: say\n"
    "    inputs: {parameters: [{name: m}]}\n"
    "    container: {image: i, command: [say, \"{{inputs.parameters.m}}\"]}\n";

TEST(a_crash_at_any_point_changes_nothing_for_what_is_memoized)
{
    cleanup_free char *end = site_undisturbed(13, memo, NULL);

    CHECK_CONTAINS(end, "\"hit\":true");
    CHECK_CONTAINS(end, "ConfigMap cache");
    CHECK_CONTAINS(end, "3 pods started\n");
    site_crash_everywhere(13, memo, SIM_KILL, 5);
    site_crash_everywhere(14, memo, SIM_POWER, 5);
}

/* Containers that wait for one another, in one pod. */
static const char set[] = "metadata: {name: wf}\n"
                          "spec:\n"
                          "  entrypoint: main\n"
                          "  onExit: ok\n"
                          "  templates:\n"
                          "  - name: main\n"
                          "    steps: [[{name: s, template: set}], [{name: t, template: ok}]]\n"
                          "  - name: set\n"
                          "    containerSet:\n"
                          "      containers:\n"
                          "      - {name: a, image: i, command: [ok]}\n"
                          "      - {name: b, image: i, command: [ok], dependencies: [a]}\n"
                          "      - {name: main, image: i, command: [say, hi], dependencies: [b]}\n"
                          "  - name: ok\n"
                          "    container: {image: i, command: [ok]}\n";

TEST(a_crash_at_any_point_changes_nothing_for_a_set_of_containers)
{
    cleanup_free char *end = site_undisturbed(15, set, NULL);

    CHECK_CONTAINS(end, "\"name\":\"wf[0].s.b\"");
    CHECK_CONTAINS(end, "\"type\":\"Container\"");
    CHECK_CONTAINS(end, "\"result\":\"hi\"");
    CHECK_CONTAINS(end, "3 pods started\n");
    site_crash_everywhere(15, set, SIM_KILL, 5);
    site_crash_everywhere(16, set, SIM_POWER, 5);
}

#define GOING(strategy) \
    "metadata: {name: wf}\n" \
    "spec:\n" \
    "  entrypoint: main\n" \
    "  podGC: {strategy: " strategy "}\n" \
    "  templates:\n" \
    "  - name: main\n" \
    "    steps:\n" \
    "    - - {name: l, template: exit, withItems: [0, 1], continueOn: {failed: true},\n" \
    "         arguments: {parameters: [{name: m, value: \"{{item}}\"}]}}\n" \
    "    - - {name: wait, template: wait}\n" \
    "  - {name: wait, suspend: {duration: 20s}}\n" \
    "  - name: exit\n" \
    "    inputs: {parameters: [{name: m}]}\n" \
    "    container: {image: i, command: [exit, \"{{inputs.parameters.m}}\"]}\n"

static void
check_going(uint64_t seed, const char *yaml, size_t left)
{
    cleanup_free char *end = site_undisturbed(seed, yaml, NULL);
    size_t pods = 0;

    for (const char *at = end; (at = strstr(at, "\nPod ")) != NULL; at++)
        pods++;
    CHECK_INT(pods, left);
    CHECK_CONTAINS(end, "2 pods started\n");
    site_crash_everywhere(seed, yaml, SIM_EITHER, 5);
}

TEST(a_crash_at_any_point_lets_no_pod_stay_that_is_to_go)
{
    check_going(17, GOING("OnPodCompletion"), 0);
    check_going(18, GOING("OnPodSuccess"), 1);
    check_going(19, GOING("OnWorkflowCompletion"), 0);
}

TESTS_MAIN(T_(a_crash_at_any_point_changes_nothing_for_what_starts_by_the_clock),
           T_(a_crash_at_any_point_asks_again_for_what_may_be_repeated),
           T_(a_crash_at_any_point_repeats_no_post),
           T_(a_crash_at_any_point_changes_nothing_for_what_is_memoized),
           T_(a_crash_at_any_point_changes_nothing_for_a_set_of_containers),
           T_(a_crash_at_any_point_lets_no_pod_stay_that_is_to_go))
