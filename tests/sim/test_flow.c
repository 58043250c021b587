/*
 * Workflows under simulation: whatever dies in between, the end is the same, and what was started
 * was started once.
 *
 * A workflow runs once undisturbed; its end (phases, outputs, edges of every node, without times)
 * is what every other run must come to: killed at each crash point, without power at each crash
 * point, with each write and each sync failing, and on a disk that fills up.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/objects.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "core/controller.h"
#include "core/core.h"
#include "core/turn.h"
#include "data/json.h"
#include "data/yaml.h"
#include "flow/argo/argo.h"
#include "flow/argo/argo_cron.h"
#include "flow/argo/argo_nodes.h"
#include "flow/argo/argo_rerun.h"
#include "flow/flow.h"
#include "store/store.h"
#include "tests/sim/fake_runtime.h"
#include "tests/sim/sim.h"
#include "tests/sim/sim_vfs.h"
#include "tests/unit/flow/fake_requester.h"
#include "tests/unit/test.h"

enum { RETRY_US = 3000, ANSWER_US = 50000 };

struct site {
    struct sim *sim;
    struct controllers *cs;
    struct objects *os;
    struct flow *flow;
    struct argo_cron *cron;
    struct fake_runtime *runtime;
    struct fake_requester requester;
    struct message m; /* of the client, who asks until somebody has said yes */
    struct json_doc *wanted;
    bool posted, told;
    bool retries;          /* what is posted is a retry, no creation */
    size_t started_before; /* attempts, when the retry was first asked for */
    int losses;
};

static const struct flow_language *const languages[] = {&argo_language, NULL};

static void post(struct sim *sim, void *arg);

static int
run_create(struct message *m, struct turn *t, struct err *e)
{
    struct site *s = CONTAINER_OF(m, struct site, m);
    const struct argo_rerun again = {.restart_successful = false};
    cleanup_object struct object *o = NULL;

    /* Who asks again looks first: what began since then began because of the retry. */
    if (s->retries && fake_runtime_started(s->runtime) > s->started_before)
        return 0;
    if (s->retries) {
        o = objects_find(s->os, t, &kind_workflow, STR("default"), STR("wf"));
        CHECK_NOT_NULL(o);
        return argo_rerun_retry(s->flow, t, o, &again, e);
    }
    return objects_create(s->os, t,
                          json_at_path(json_root(s->wanted), "spec.workflowSpec") != NULL
                              ? &kind_cron_workflow
                              : &kind_workflow,
                          STR("default"), json_root(s->wanted), NULL, e);
}

static void
created(struct message *m, const struct err *why)
{
    struct site *s = CONTAINER_OF(m, struct site, m);

    s->posted = false;
    /* It may have been done although nobody could say so. */
    if (why == NULL || why->code == ERR_EXISTS || why->code == ERR_BADREQUEST)
        s->told = true;
    else
        sim_after(s->sim, RETRY_US, post, s);
}

static void
post(struct sim *sim, void *arg)
{
    struct site *s = arg;
    struct err e = ERR_INIT;

    s->m = (struct message){.class = MESSAGE_REQUEST, .run = run_create, .done = created};
    s->posted = true;
    CHECK_INT(core_post(sim_core(sim), &s->m, &e), 0);
}

/* One that asks may be gone when the answer comes. */
static void
answer(struct sim *sim, void *arg)
{
    struct site *s = arg;
    const char *name = fake_requester_answer(&s->requester);

    (void)sim;
    if (name != NULL)
        flow_answered(s->flow, name);
}

static void
on_ask(void *arg)
{
    struct site *s = arg;

    sim_after(s->sim, (int64_t)sim_random(s->sim, ANSWER_US), answer, s);
}

static void
boot(struct sim *sim, void *arg)
{
    struct site *s = arg;
    struct flow_options options = {.languages = languages, .requester = &s->requester.face};

    s->sim = sim;
    if (s->runtime == NULL) {
        s->runtime = fake_runtime_new(sim);
        fake_requester_init(&s->requester);
        s->requester.on_ask = on_ask;
        s->requester.arg = s;
    }
    s->cs = controllers_new(sim_core(sim));
    s->os = objects_new(sim_core(sim), s->cs, kinds_builtin);
    fake_runtime_boot(s->runtime, s->cs, s->os);
    s->flow = flow_new(sim_core(sim), s->cs, s->os, &options);
    s->cron = argo_cron_new(sim_core(sim), s->cs, s->os);
}

static void
halt(struct sim *sim, void *arg)
{
    struct site *s = arg;

    (void)sim;
    fake_requester_die(&s->requester);
    flow_free(s->flow);
    argo_cron_free(s->cron);
    s->os = objects_free(s->os);
    s->cs = controllers_free(s->cs);
}

static void
lost(struct sim *sim, void *arg)
{
    struct site *s = arg;

    s->losses++;
    fake_runtime_lost(s->runtime);
    if (!s->told && !s->posted)
        sim_after(sim, RETRY_US, post, s);
}

static const struct sim_world world = {.boot = boot, .halt = halt, .lost = lost};

static struct site *
site_new(uint64_t seed, const char *yaml)
{
    struct site *s = NEW(struct site);
    struct err e = ERR_INIT;

    log_set_level(LOG_ERROR + 1);
    if (yaml_parse_one(str_of(yaml), NULL, &s->wanted, &e) < 0)
        fail_msg("%s", e.msg);
    sim_new(seed, &world, s);
    sim_after(s->sim, 0, post, s);
    return s;
}

static void
site_free(struct site *s)
{
    sim_free(s->sim);
    fake_runtime_free(s->runtime);
    fake_requester_done(&s->requester);
    json_doc_unref(s->wanted);
    free(s);
}

/* How it ended. */

struct ask {
    struct message m;
    struct site *site;
    struct json_doc *found;
    struct buf objects; /* all that there are, by kind and name */
};

static int
list_objects(struct ask *a, struct turn *t, const struct kind *kind, struct err *e)
{
    const struct objects_query q = {.kind = kind, .limit = 10000};
    cleanup_objects object_vec all = VEC_INIT;

    if (objects_list(a->site->os, t, &q, &all, NULL, e) < 0)
        return e->code;
    for (size_t i = 0; i < all.n; i++) {
        const struct object *o = all.at[i];

        buf_printf(&a->objects, "%s %.*s %s\n", kind->kind, STR_ARG(object_name(o)),
                   json_cstr_or(object_at(o, "status.phase"), ""));
    }
    return 0;
}

static int
run_compose(struct message *m, struct turn *t, struct err *e)
{
    struct ask *a = CONTAINER_OF(m, struct ask, m);
    cleanup_object struct object *o =
        objects_find(a->site->os, t, &kind_workflow, STR("default"), STR("wf"));

    CHECK_NOT_NULL(o);
    for (size_t i = 0; kinds_builtin[i] != NULL; i++) {
        if (kinds_builtin[i] != &kind_event && list_objects(a, t, kinds_builtin[i], e) < 0)
            return e->code;
    }
    return argo_nodes_compose(turn_db(t), o, &a->found, e);
}

static int
by_name(const void *a, const void *b)
{
    return str_cmp(json_str(json_get(*(const struct json *const *)a, "name")),
                   json_str(json_get(*(const struct json *const *)b, "name")));
}

static void
write_node(struct buf *to, const struct json *node)
{
    static const char *const times[] = {"startedAt", "finishedAt", "stages", "resourcesDuration",
                                        NULL};
    struct json_build b = JSON_BUILD_INIT;
    struct json_doc *doc;

    json_add_object(&b, NULL);
    json_add_fields(&b, node, times);
    json_end(&b);
    doc = json_build_done(&b);
    json_write(to, json_root(doc));
    buf_char(to, '\n');
    json_doc_unref(doc);
}

/* Pods of which an attempt was ever started, also of those that are gone by now. */
static size_t
pods_started(const struct site *s)
{
    size_t n = fake_runtime_started(s->runtime), pods = 0;

    for (size_t i = 0; i < n; i++) {
        const char *id = fake_runtime_attempt(s->runtime, i);
        size_t k = 0, uid = (size_t)(strrchr(id, '-') - id) + 1;

        while (strncmp(id, fake_runtime_attempt(s->runtime, k), uid) != 0)
            k++;
        pods += k == i;
    }
    return pods;
}

/* Everything that must be the same in every history.  The caller frees. */
static char *
end_of(struct site *s)
{
    struct ask a = {.m = {.class = MESSAGE_EVENT, .run = run_compose}, .site = s};
    VEC(const struct json *) nodes = VEC_INIT;
    const struct json *status;
    struct buf text = BUF_INIT;
    struct err e = ERR_INIT;

    CHECK_INT(core_post(sim_core(s->sim), &a.m, &e), 0);
    CHECK_TRUE(sim_run(s->sim));
    CHECK_NOT_NULL(a.found);
    status = json_get(json_root(a.found), "status");
    buf_printf(&text, "%s %s %s\n", json_cstr_or(json_get(status, "phase"), ""),
               json_cstr_or(json_get(status, "message"), ""),
               json_cstr_or(json_get(status, "progress"), ""));
    JSON_EACH (it, json_get(status, "nodes")) {
        vec_push(&nodes, it.value);
    }
    qsort(nodes.at, nodes.n, sizeof *nodes.at, by_name);
    for (size_t i = 0; i < nodes.n; i++)
        write_node(&text, nodes.at[i]);
    buf_str(&text, buf_view(&a.objects));
    buf_printf(&text, "%zu pods started\n", pods_started(s));
    buf_done(&a.objects);
    vec_done(&nodes);
    json_doc_unref(a.found);
    return buf_take(&text);
}

/* No attempt twice; without a loss of power, one for each pod. */
static void
check_starts(struct site *s)
{
    size_t n = fake_runtime_started(s->runtime);

    for (size_t i = 0; i < n; i++) {
        const char *id = fake_runtime_attempt(s->runtime, i);

        for (size_t k = 0; k < i; k++)
            CHECK_TRUE(strcmp(id, fake_runtime_attempt(s->runtime, k)) != 0);
        if (s->losses == 0)
            CHECK_STR(id + strlen(id) - 2, "-0");
    }
}

static void
check_end(struct site *s, const char *want)
{
    cleanup_free char *got = end_of(s);

    CHECK_TRUE(s->told);
    CHECK_STR(got, want);
    check_starts(s);
    CHECK_INT(controllers_busy(s->cs), 0);
}

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

/* Crash points, and those of them that lie before an effect. */
struct passed {
    int64_t points, effects;
};

static char *
undisturbed(uint64_t seed, const char *yaml, struct passed *passed)
{
    struct site *s = site_new(seed, yaml);
    struct passed before = {sim_points(s->sim), sim_effects(s->sim)};
    char *end;

    CHECK_TRUE(sim_run(s->sim));
    if (passed != NULL)
        *passed = (struct passed){sim_points(s->sim) - before.points,
                                  sim_effects(s->sim) - before.effects};
    end = end_of(s);
    check_starts(s);
    site_free(s);
    return end;
}

TEST(undisturbed_it_ends_as_it_should)
{
    cleanup_free char *end = undisturbed(1, rich, NULL);

    CHECK_CONTAINS(end, "Succeeded  14/14\n");
    CHECK_CONTAINS(end, "\"name\":\"wf.slow\",\"displayName\":\"slow\"");
    CHECK_CONTAINS(end, "[\\\"1\\\",\\\"2\\\"]");
    CHECK_CONTAINS(end, "\"name\":\"wf.slow.onExit\"");
    CHECK_CONTAINS(end, "ConfigMap thing");
    CHECK_CONTAINS(end, "13 pods started\n");
}

TEST(the_order_of_events_does_not_matter)
{
    cleanup_free char *want = undisturbed(1, rich, NULL);

    for (uint64_t seed = 2; seed < 12; seed++) {
        cleanup_free char *got = undisturbed(seed, rich, NULL);

        CHECK_STR(got, want);
    }
}

static void
crash_everywhere(uint64_t seed, const char *yaml, enum sim_crash how)
{
    struct passed passed;
    cleanup_free char *want = undisturbed(seed, yaml, &passed);
    int64_t effects = 0;

    for (int64_t n = 0; n < passed.points; n++) {
        struct site *s = site_new(seed, yaml);

        sim_crash_at(s->sim, n, how);
        CHECK_TRUE(sim_run(s->sim));
        CHECK_INT(sim_crashes(s->sim), 1);
        effects += strcmp(sim_crashed_at(s->sim), "effect") == 0;
        check_end(s, want);
        site_free(s);
    }
    /* Before each: that of the creation, the starts and ends of pods, and others. */
    CHECK_INT(effects, passed.effects);
    CHECK_TRUE(effects > 15);
}

TEST(a_kill_at_any_point_changes_nothing_in_the_end)
{
    crash_everywhere(3, rich, SIM_KILL);
}

/* A seed decides, too, where turns end: whether a workflow begins in the one that creates it. */
TEST(it_changes_nothing_either_wherever_turns_end)
{
    for (uint64_t seed = 20; seed < 30; seed++)
        crash_everywhere(seed, small, SIM_KILL);
}

TEST(a_loss_of_power_at_any_point_changes_nothing_in_the_end)
{
    crash_everywhere(4, rich, SIM_POWER);
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
    struct passed passed;
    cleanup_free char *want = undisturbed(9, small, &passed);

    for (int64_t n = 0; n < passed.points; n++) {
        for (int64_t more = 0; more < SOON; more++) {
            struct site *s = site_new(9, small);

            sim_crash_at(s->sim, n, SIM_KILL);
            CHECK_TRUE(sim_run_until(s->sim, has_crashed, NULL));
            sim_crash_at(s->sim, more, SIM_EITHER);
            CHECK_TRUE(sim_run(s->sim));
            check_end(s, want);
            site_free(s);
        }
    }
}

TEST(crash_after_crash_changes_nothing_in_the_end)
{
    cleanup_free char *want = undisturbed(5, rich, NULL);

    for (uint64_t seed = 100; seed < 115; seed++) {
        struct site *s = site_new(seed, rich);

        for (int i = 0; i < 6; i++) {
            sim_crash_at(s->sim, (int64_t)sim_random(s->sim, 30), SIM_EITHER);
            CHECK_TRUE(sim_run(s->sim));
        }
        check_end(s, want);
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
    sim_after(s->sim, 0, post, s);
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
    cleanup_free char *first = end_of(s), *want = NULL;
    const char *pods = strstr(first, "5 pods started\n"); /* a, b, b, b, exit */
    int64_t before = sim_points(s->sim), points;

    CHECK_CONTAINS(first, "Failed");
    CHECK_NOT_NULL(pods);
    retry(s);
    points = sim_points(s->sim) - before;
    want = end_of(s);
    CHECK_TRUE(strncmp(want, first, (size_t)(pods - first)) == 0);
    CHECK_CONTAINS(want, "8 pods started\n"); /* b, b, exit once more */
    check_end(s, want);
    site_free(s);
    CHECK_TRUE(points > 10);
    for (int64_t n = 0; n < points; n++) {
        s = failed_site();
        sim_crash_at(s->sim, n, SIM_EITHER);
        retry(s);
        check_end(s, want);
        site_free(s);
    }
}

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
        check_starts(s);
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
    struct passed passed;
    cleanup_free char *want = undisturbed(11, ASKING("GET"), &passed);

    CHECK_CONTAINS(want, "\"result\":\"hi\"");
    CHECK_TRUE(passed.points > 10);
    for (int64_t n = 0; n < passed.points; n++) {
        struct site *s = site_new(11, ASKING("GET"));

        sim_crash_at(s->sim, n, SIM_EITHER);
        CHECK_TRUE(sim_run(s->sim));
        check_end(s, want);
        site_free(s);
    }
}

/* Whether it was heard may be unknown in the end; that it was sent twice may not happen. */
TEST(a_crash_at_any_point_repeats_no_post)
{
    struct passed passed;
    cleanup_free char *want = undisturbed(12, ASKING("POST"), &passed);
    int good = 0, unknown = 0;

    for (int64_t n = 0; n < passed.points; n++) {
        struct site *s = site_new(12, ASKING("POST"));
        cleanup_free char *got = NULL;

        sim_crash_at(s->sim, n, SIM_EITHER);
        CHECK_TRUE(sim_run(s->sim));
        got = end_of(s);
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

static void
fail_everywhere(uint64_t seed, void (*inject)(struct sim_disk *d, int nth), int least)
{
    cleanup_free char *want = undisturbed(seed, small, NULL);
    bool reached = true;
    int n;

    for (n = 1; reached; n++) {
        struct site *s = site_new(seed, small);

        inject(sim_disk(s->sim), n);
        CHECK_TRUE(sim_run(s->sim));
        reached = sim_disk_has_failed(sim_disk(s->sim));
        inject(sim_disk(s->sim), 0);
        check_end(s, want);
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
    cleanup_free char *want = undisturbed(8, small, NULL);
    int full = 0;

    for (int64_t more = 0; more < 240 * 1024; more += 16 * 1024) {
        struct site *s = site_new(8, small);
        struct core_stats stats;

        sim_disk_set_capacity(sim_disk(s->sim), sim_disk_bytes(sim_disk(s->sim)) + more);
        sim_after(s->sim, 20 * CLOCK_SECOND, make_room, NULL);
        CHECK_TRUE(sim_run(s->sim));
        core_stats(sim_core(s->sim), &stats);
        full += stats.failed_commits > 0;
        check_end(s, want);
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
           T_(a_crash_at_any_point_changes_nothing_for_what_starts_by_the_clock),
           T_(a_crash_at_any_point_asks_again_for_what_may_be_repeated),
           T_(a_crash_at_any_point_repeats_no_post), T_(each_write_may_fail_once),
           T_(each_sync_may_fail_once), T_(a_full_disk_holds_things_up_and_no_more))
