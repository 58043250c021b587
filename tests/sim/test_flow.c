/*
 * Workflows under simulation: whatever dies in between, the end is the same, and what was started
 * was started once.
 *
 * A workflow runs once undisturbed; its end (phases, outputs, edges of every node, without times)
 * is what every other run must come to: killed at each crash point, without power at each crash
 * point, with each write and each sync failing, and on a disk that fills up.
 */
#include <string.h>

#include "base/clock.h"
#include "core/core.h"
#include "tests/sim/flow_site.h"

/* Loops, retries with a pause, hooks, an exit handler, a pause, a time-out, a skipped step, locks,
 * a daemon, an object that can be made only once. */
static const char rich[] =
    "metadata: {name: wf}\n"
    "spec:\n"
    "  entrypoint: main\n"
    "  onExit: bye\n"
    "  synchronization: {mutexes: [{name: whole}]}\n"
    "  templates:\n"
    "  - name: main\n"
    "    parallelism: 2\n"
    "    dag:\n"
    "      tasks:\n"
    "      - {name: gen, template: say, arguments: {parameters: [{name: m, value: \"[1,2]\"}]}}\n"
    "      - {name: each, depends: gen, template: pair, withParam: "
    "\"{{tasks.gen.outputs.result}}\",\n"
    "         arguments: {parameters: [{name: m, value: \"{{item}}\"}]}}\n"
    "      - {name: slow, depends: gen, template: slow, hooks: {exit: {template: say, arguments: "
    "{\n"
    "         parameters: [{name: m, value: \"{{tasks.slow.status}}\"}]}}}}\n"
    "      - {name: rest, depends: \"each && slow.Failed\", template: wait}\n"
    "      - {name: thing, template: thing, depends: gen}\n"
    "      - {name: serve, template: serve}\n"
    "      - {name: client, template: say, depends: serve, arguments: {parameters: [\n"
    "         {name: m, value: \"{{tasks.serve.ip}}\"}]}}\n"
    "      - {name: nope, depends: gen, template: say, when: \"1 == 2\",\n"
    "         arguments: {parameters: [{name: m, value: x}]}}\n"
    "      - {name: sum, depends: rest && nope, template: say, arguments: {parameters: [\n"
    "         {name: m, value: \"{{tasks.each.outputs.parameters.out}}\"}]}}\n"
    "  - name: pair\n"
    "    inputs: {parameters: [{name: m}]}\n"
    "    steps:\n"
    "    - - {name: one, template: fickle}\n"
    "    - - {name: two, template: say, arguments: {parameters: [{name: m,\n"
    "          value: \"{{inputs.parameters.m}}\"}]}}\n"
    "    outputs: {parameters: [{name: out, valueFrom: {parameter: "
    "\"{{steps.two.outputs.result}}\"}}]}\n"
    "  - name: fickle\n"
    "    synchronization: {mutexes: [{name: one}]}\n"
    "    retryStrategy: {limit: 2, backoff: {duration: 1s}}\n"
    "    container: {image: i, command: [until, \"1\", \"{{retries}}\"]}\n"
    "  - name: thing\n"
    "    resource: {action: create, successCondition: metadata.name == thing,\n"
    "      manifest: '{apiVersion: v1, kind: ConfigMap, metadata: {name: thing}}'}\n"
    "    outputs: {parameters: [{name: it, valueFrom: {jsonPath: '{.metadata.name}'}}]}\n"
    "  - name: slow\n"
    "    timeout: 5s\n"
    "    container: {image: i, command: [hang]}\n"
    "  - name: serve\n"
    "    daemon: true\n"
    "    container: {image: i, command: [hang]}\n"
    "  - name: wait\n"
    "    suspend: {duration: 2s}\n"
    "  - name: say\n"
    "    inputs: {parameters: [{name: m}]}\n"
    "    container: {image: i, command: [say, \"{{inputs.parameters.m}}\"]}\n"
    "  - name: bye\n"
    "    steps: [[{name: word, template: say, arguments: {parameters: [{name: m,\n"
    "      value: \"{{workflow.status}}\"}]}}]]\n";

/* Small, for the tests that run it very often. */
static const char small[] = "metadata: {name: wf}\n"
                            "spec:\n"
                            "  entrypoint: main\n"
                            "  onExit: ok\n"
                            "  templates:\n"
                            "  - name: main\n"
                            "    steps:\n"
                            "    - - {name: l, template: fickle, withItems: [a, b]}\n"
                            "    - - {name: z, template: ok}\n"
                            "  - name: fickle\n"
                            "    retryStrategy: {limit: 1}\n"
                            "    container: {image: i, command: [until, \"1\", \"{{retries}}\"]}\n"
                            "  - name: ok\n"
                            "    container: {image: i, command: [ok]}\n";

TEST(undisturbed_it_ends_as_it_should)
{
    cleanup_free char *end = site_undisturbed(1, rich, NULL);

    CHECK_CONTAINS(end, "Succeeded  14/14\n");
    CHECK_CONTAINS(end, "\"name\":\"wf.slow\",\"displayName\":\"slow\"");
    CHECK_CONTAINS(end, "[\\\"1\\\",\\\"2\\\"]");
    CHECK_CONTAINS(end, "\"name\":\"wf.slow.onExit\"");
    CHECK_CONTAINS(end, "ConfigMap thing");
    CHECK_CONTAINS(end, "13 pods started\n");
}

TEST(the_order_of_events_does_not_matter)
{
    cleanup_free char *want = site_undisturbed(1, rich, NULL);

    for (uint64_t seed = 2; seed < 12; seed++) {
        cleanup_free char *got = site_undisturbed(seed, rich, NULL);

        CHECK_STR(got, want);
    }
}

TEST(a_kill_at_any_point_changes_nothing_in_the_end)
{
    site_crash_everywhere(3, rich, SIM_KILL, 15);
}

/* A seed decides, too, where turns end: whether a workflow begins in the one that creates it. */
TEST(it_changes_nothing_either_wherever_turns_end)
{
    for (uint64_t seed = 20; seed < 30; seed++)
        site_crash_everywhere(seed, small, SIM_KILL, 15);
}

TEST(a_loss_of_power_at_any_point_changes_nothing_in_the_end)
{
    site_crash_everywhere(4, rich, SIM_POWER, 15);
}

static bool
has_crashed(struct sim *sim, void *arg)
{
    (void)arg;
    return sim_crashes(sim) > 0;
}

/* What the process that came after the first kill had begun is itself cut short. */
TEST(a_second_kill_soon_after_the_first_changes_nothing_in_the_end)
{
    enum { SOON = 8 };
    struct site_passed passed;
    cleanup_free char *want = site_undisturbed(9, small, &passed);

    for (int64_t n = 0; n < passed.points; n++) {
        for (int64_t more = 0; more < SOON; more++) {
            struct site *s = site_new(9, small);

            sim_crash_at(s->sim, n, SIM_KILL);
            CHECK_TRUE(sim_run_until(s->sim, has_crashed, NULL));
            sim_crash_at(s->sim, more, SIM_EITHER);
            CHECK_TRUE(sim_run(s->sim));
            site_check_end(s, want);
            site_free(s);
        }
    }
}

TEST(crash_after_crash_changes_nothing_in_the_end)
{
    cleanup_free char *want = site_undisturbed(5, rich, NULL);

    for (uint64_t seed = 100; seed < 115; seed++) {
        struct site *s = site_new(seed, rich);

        for (int i = 0; i < 6; i++) {
            sim_crash_at(s->sim, (int64_t)sim_random(s->sim, 30), SIM_EITHER);
            CHECK_TRUE(sim_run(s->sim));
        }
        site_check_end(s, want);
        site_free(s);
    }
}

/* Fails the same way each time, so that the end is the same as well. */
static const char failing[] =
    "metadata: {name: wf}\n"
    "spec:\n"
    "  entrypoint: main\n"
    "  onExit: ok\n"
    "  templates:\n"
    "  - name: main\n"
    "    dag:\n"
    "      tasks:\n"
    "      - {name: a, template: ok}\n"
    "      - {name: b, depends: a, template: t, withItems: [0, 1, 2], arguments:\n"
    "          {parameters: [{name: m, value: \"{{item}}\"}]}}\n"
    "      - {name: c, depends: b, template: ok}\n"
    "  - name: t\n"
    "    inputs: {parameters: [{name: m}]}\n"
    "    container: {image: i, command: [exit, \"{{inputs.parameters.m}}\"]}\n"
    "  - name: ok\n"
    "    container: {image: i, command: [ok]}\n";

static void
retry(struct site *s)
{
    s->retries = true;
    s->started_before = fake_runtime_started(s->runtime);
    s->told = false;
    sim_after(s->sim, 0, site_post, s);
    CHECK_TRUE(sim_run(s->sim));
}

static struct site *
failed_site(void)
{
    struct site *s = site_new(9, failing);

    CHECK_TRUE(sim_run(s->sim));
    return s;
}

TEST(a_crash_at_any_point_of_a_retry_changes_nothing_in_the_end)
{
    struct site *s = failed_site();
    cleanup_free char *first = site_end(s), *want = NULL;
    const char *pods = strstr(first, "5 pods started\n"); /* a, b, b, b, exit */
    int64_t before = sim_points(s->sim), points;

    CHECK_CONTAINS(first, "Failed");
    CHECK_NOT_NULL(pods);
    retry(s);
    points = sim_points(s->sim) - before;
    want = site_end(s);
    CHECK_TRUE(strncmp(want, first, (size_t)(pods - first)) == 0);
    CHECK_CONTAINS(want, "8 pods started\n"); /* b, b, exit once more */
    site_check_end(s, want);
    site_free(s);
    CHECK_TRUE(points > 10);
    for (int64_t n = 0; n < points; n++) {
        s = failed_site();
        sim_crash_at(s->sim, n, SIM_EITHER);
        retry(s);
        site_check_end(s, want);
        site_free(s);
    }
}

static void
fail_everywhere(uint64_t seed, void (*inject)(struct sim_disk *d, int nth), int least)
{
    cleanup_free char *want = site_undisturbed(seed, small, NULL);
    bool reached = true;
    int n;

    for (n = 1; reached; n++) {
        struct site *s = site_new(seed, small);

        inject(sim_disk(s->sim), n);
        CHECK_TRUE(sim_run(s->sim));
        reached = sim_disk_has_failed(sim_disk(s->sim));
        inject(sim_disk(s->sim), 0);
        site_check_end(s, want);
        site_free(s);
    }
    CHECK_TRUE(n > least);
}

TEST(each_write_may_fail_once)
{
    fail_everywhere(6, sim_disk_fail_write, 20);
}

TEST(each_sync_may_fail_once)
{
    fail_everywhere(7, sim_disk_fail_sync, 5);
}

static void
make_room(struct sim *sim, void *arg)
{
    (void)arg;
    sim_disk_set_capacity(sim_disk(sim), 0);
}

TEST(a_full_disk_holds_things_up_and_no_more)
{
    cleanup_free char *want = site_undisturbed(8, small, NULL);
    int full = 0;

    for (int64_t more = 0; more < 240 * 1024; more += 16 * 1024) {
        struct site *s = site_new(8, small);
        struct core_stats stats;

        sim_disk_set_capacity(sim_disk(s->sim), sim_disk_bytes(sim_disk(s->sim)) + more);
        sim_after(s->sim, 20 * CLOCK_SECOND, make_room, NULL);
        CHECK_TRUE(sim_run(s->sim));
        core_stats(sim_core(s->sim), &stats);
        full += stats.failed_commits > 0;
        site_check_end(s, want);
        site_free(s);
    }
    CHECK_TRUE(full > 3);
}

TESTS_MAIN(T_(undisturbed_it_ends_as_it_should), T_(the_order_of_events_does_not_matter),
           T_(a_kill_at_any_point_changes_nothing_in_the_end),
           T_(it_changes_nothing_either_wherever_turns_end),
           T_(a_loss_of_power_at_any_point_changes_nothing_in_the_end),
           T_(a_second_kill_soon_after_the_first_changes_nothing_in_the_end),
           T_(crash_after_crash_changes_nothing_in_the_end),
           T_(a_crash_at_any_point_of_a_retry_changes_nothing_in_the_end),
           T_(each_write_may_fail_once), T_(each_sync_may_fail_once),
           T_(a_full_disk_holds_things_up_and_no_more))
