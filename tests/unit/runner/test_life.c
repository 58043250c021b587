#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "data/json.h"
#include "io/loop.h"
#include "runner/life.h"
#include "runner/podio.h"
#include "runner/podspec.h"
#include "tests/unit/test.h"

#define SECOND INT64_C(1000000)

/* A pod whose containers do what the test says; everything that life asks for is written down. */
struct stage {
    struct loop *loop;
    struct arena arena;
    struct json_doc *doc;
    struct podspec *spec;
    struct plan *plan;
    struct life *life;
    struct buf story;
    bool over;
};

static void
do_launch(void *arg, size_t c, unsigned attempt)
{
    struct stage *s = arg;

    buf_printf(&s->story, "launch %.*s/%u; ", STR_ARG(s->spec->containers[c].name), attempt);
}

static void
do_terminate(void *arg, size_t c, int64_t grace_us)
{
    struct stage *s = arg;

    buf_printf(&s->story, "stop %.*s %ds; ", STR_ARG(s->spec->containers[c].name),
               (int)(grace_us / SECOND));
}

static void
do_probe(void *arg, size_t c, enum life_probe which, const struct podspec_probe *probe)
{
    struct stage *s = arg;

    (void)probe;
    buf_printf(&s->story, "probe %.*s %d; ", STR_ARG(s->spec->containers[c].name), (int)which);
}

static void
do_emit(void *arg, const struct runtime_event *event)
{
    struct stage *s = arg;

    if (event->type == RUNTIME_ATTEMPT) {
        buf_printf(&s->story, "want %s/%u%s; ", event->container, event->attempt,
                   event->fenced ? " fenced" : "");
    } else if (event->type == RUNTIME_WAITING) {
        buf_printf(&s->story, "%s %s; ", event->container, event->reason);
    } else if (event->type == RUNTIME_READINESS) {
        buf_printf(&s->story, "%s %s; ", event->container, event->ready ? "ready" : "unready");
    }
}

static void
do_over(void *arg)
{
    struct stage *s = arg;

    s->over = true;
}

static const struct life_driver driver = {do_launch, do_terminate, do_probe, do_emit, do_over};

static void
open_stage(struct stage *s, const char *text)
{
    struct err e = ERR_INIT;

    *s = (struct stage){.loop = loop_new_fake(1000 * SECOND)};
    if (json_parse(str_of(text), &json_limits_default, &s->doc, &e) < 0 ||
        podspec_parse(json_root(s->doc), &s->arena, &s->spec, &e) < 0)
        fail_msg("%s", e.msg);
    s->plan = plan_new();
    s->plan->uid = xstrdup("u1");
    s->plan->namespace = xstrdup("ns");
    s->plan->name = xstrdup("p");
    s->plan->attempts = NEW_ARRAY(struct plan_attempt, s->spec->containers_n);
    for (size_t i = 0; i < s->spec->containers_n; i++)
        s->plan->attempts[s->plan->attempts_n++].container = str_dup(s->spec->containers[i].name);
    s->life = life_new(s->loop, s->spec, s->plan, &driver, s);
}

/* What was asked for since the last look. */
static void
expect(struct stage *s, const char *story)
{
    loop_advance(s->loop, 0);
    CHECK_STR(buf_cstring(&s->story), story);
    buf_clear(&s->story);
}

static void
exits(struct stage *s, size_t c, int code)
{
    int64_t now = loop_wall_us(s->loop);
    struct runtime_exit x = {.code = code, .reason = "Error", .started_us = now, .ended_us = now};

    life_exited(s->life, c, &x);
}

static void
starts(struct stage *s, size_t c)
{
    life_started(s->life, c, loop_wall_us(s->loop), "host");
}

static void
close_stage(struct stage *s)
{
    life_free(s->life);
    plan_unref(s->plan);
    json_doc_unref(s->spec->io->doc);
    json_doc_unref(s->doc);
    arena_done(&s->arena);
    buf_done(&s->story);
    loop_free(s->loop);
}

#define META "{\"metadata\":{\"name\":\"p\",\"namespace\":\"ns\",\"uid\":\"u1\"},"
#define C(name) "{\"name\":\"" name "\",\"image\":\"busybox\"}"

TEST(init_containers_run_one_after_another_and_then_all_others)
{
    struct stage s;

    open_stage(&s, META "\"spec\":{\"restartPolicy\":\"Never\",\"initContainers\":[" C("i1") "," C(
                       "i2") "],\"containers\":[" C("a") "," C("b") "]}}");
    expect(&s, "");
    life_go(s.life);
    expect(&s, "launch i1/0; ");
    starts(&s, 0);
    expect(&s, "i1 ready; ");
    exits(&s, 0, 0);
    expect(&s, "launch i2/0; ");
    starts(&s, 1);
    exits(&s, 1, 0);
    expect(&s, "i2 ready; launch a/0; launch b/0; ");
    starts(&s, 2);
    starts(&s, 3);
    exits(&s, 2, 0);
    expect(&s, "a ready; b ready; ");
    CHECK_FALSE(s.over);
    exits(&s, 3, 0);
    expect(&s, "");
    CHECK_TRUE(s.over);
    CHECK_TRUE(life_verdict(s.life).succeeded);
    close_stage(&s);
}

TEST(a_failed_init_container_ends_a_pod_that_never_restarts)
{
    struct stage s;

    open_stage(&s, META "\"spec\":{\"restartPolicy\":\"Never\",\"initContainers\":[" C(
                       "i") "],\"containers\":[" C("a") "]}}");
    life_go(s.life);
    expect(&s, "launch i/0; ");
    starts(&s, 0);
    exits(&s, 0, 3);
    expect(&s, "i ready; ");
    CHECK_TRUE(s.over);
    CHECK_FALSE(life_verdict(s.life).succeeded);
    CHECK_NULL(life_exit(s.life, 1));
    close_stage(&s);
}

TEST(a_restarted_container_waits_ten_seconds_from_the_second_time_on_and_twice_as_long_each_time)
{
    struct stage s;

    open_stage(&s, META "\"spec\":{\"restartPolicy\":\"OnFailure\",\"containers\":[" C("a") "]}}");
    life_go(s.life);
    expect(&s, "launch a/0; ");
    starts(&s, 0);
    exits(&s, 0, 1);
    expect(&s, "a ready; want a/1; ");
    life_again(s.life, 0, 1);
    expect(&s, "launch a/1; ");
    starts(&s, 0);
    exits(&s, 0, 1);
    expect(&s, "a ready; a CrashLoopBackOff; ");
    loop_advance(s.loop, 10 * SECOND - 1);
    expect(&s, "");
    loop_advance(s.loop, 1);
    expect(&s, "want a/2; ");
    life_again(s.life, 0, 2);
    starts(&s, 0);
    exits(&s, 0, 1);
    expect(&s, "launch a/2; a ready; a CrashLoopBackOff; ");
    loop_advance(s.loop, 20 * SECOND);
    expect(&s, "want a/3; ");
    life_again(s.life, 0, 3);
    starts(&s, 0);
    exits(&s, 0, 0);
    expect(&s, "launch a/3; a ready; ");
    CHECK_TRUE(s.over);
    CHECK_TRUE(life_verdict(s.life).succeeded);
    close_stage(&s);
}

TEST(sidecars_start_before_main_and_are_stopped_after_it_the_last_first)
{
    struct stage s;

    open_stage(&s, META
               "\"spec\":{\"restartPolicy\":\"Never\",\"initContainers\":[{\"name\":\"s1\","
               "\"image\":\"x\",\"restartPolicy\":\"Always\"},{\"name\":\"s2\",\"image\":\"x\","
               "\"restartPolicy\":\"Always\"}],\"containers\":[" C("a") "]}}");
    life_go(s.life);
    expect(&s, "launch s1/0; ");
    starts(&s, 0);
    expect(&s, "s1 ready; launch s2/0; ");
    starts(&s, 1);
    expect(&s, "s2 ready; launch a/0; ");
    starts(&s, 2);
    exits(&s, 2, 0);
    expect(&s, "a ready; stop s2 30s; stop s1 30s; ");
    exits(&s, 1, 143);
    exits(&s, 0, 143);
    expect(&s, "");
    CHECK_TRUE(s.over);
    CHECK_TRUE(life_verdict(s.life).succeeded);
    close_stage(&s);
}

TEST(a_workflows_sidecar_gets_thirty_seconds_and_its_143_is_no_failure)
{
    struct stage s;

    open_stage(&s,
               "{\"metadata\":{\"name\":\"p\",\"namespace\":\"ns\",\"uid\":\"u1\",\"annotations\":{"
               "\"sluice.dev/io\":\"{\\\"main\\\":[\\\"main\\\"],\\\"sidecars\\\":[\\\"db\\\"]}\"}}"
               ",\"spec\":{\"restartPolicy\":\"Never\",\"terminationGracePeriodSeconds\":5,"
               "\"containers\":[" C("main") "," C("db") "]}}");
    life_go(s.life);
    expect(&s, "launch main/0; launch db/0; ");
    starts(&s, 0);
    starts(&s, 1);
    exits(&s, 0, 0);
    expect(&s, "main ready; db ready; stop db 30s; ");
    exits(&s, 1, 143);
    expect(&s, "");
    CHECK_TRUE(s.over);
    CHECK_TRUE(life_verdict(s.life).succeeded);
    close_stage(&s);
}

#define ORDERED(io) \
    "{\"metadata\":{\"name\":\"p\",\"namespace\":\"ns\",\"uid\":\"u1\",\"annotations\":{" \
    "\"sluice.dev/io\":\"" io "\"}},\"spec\":{\"restartPolicy\":\"Never\",\"containers\":[" C( \
        "c") "," C("a") "," C("b") "]}}"

TEST(a_container_comes_after_those_that_it_depends_on)
{
    struct stage s;

    open_stage(&s, ORDERED("{\\\"after\\\":{\\\"b\\\":[\\\"a\\\"],\\\"c\\\":[\\\"b\\\"]}}"));
    life_go(s.life);
    expect(&s, "launch a/0; ");
    starts(&s, 1);
    exits(&s, 1, 0);
    expect(&s, "a ready; launch b/0; ");
    starts(&s, 2);
    exits(&s, 2, 0);
    expect(&s, "b ready; launch c/0; ");
    starts(&s, 0);
    exits(&s, 0, 0);
    expect(&s, "c ready; ");
    CHECK_TRUE(s.over);
    CHECK_TRUE(life_verdict(s.life).succeeded);
    close_stage(&s);
}

TEST(what_comes_after_a_failed_container_never_runs)
{
    struct stage s;

    open_stage(&s, ORDERED("{\\\"after\\\":{\\\"b\\\":[\\\"a\\\"],\\\"c\\\":[\\\"b\\\"]}}"));
    life_go(s.life);
    expect(&s, "launch a/0; ");
    starts(&s, 1);
    exits(&s, 1, 1);
    expect(&s, "a ready; ");
    CHECK_TRUE(s.over);
    CHECK_FALSE(life_verdict(s.life).succeeded);
    CHECK_NULL(life_exit(s.life, 0));
    close_stage(&s);
}

TEST(a_container_that_failed_may_run_again_after_a_pause_of_its_own)
{
    struct stage s;

    open_stage(&s, ORDERED("{\\\"after\\\":{\\\"b\\\":[\\\"a\\\"],\\\"c\\\":[\\\"b\\\"]},"
                           "\\\"retries\\\":1,\\\"retryPauseUs\\\":2000000}"));
    life_go(s.life);
    expect(&s, "launch a/0; ");
    starts(&s, 1);
    exits(&s, 1, 1);
    expect(&s, "a ready; ");
    loop_advance(s.loop, 2 * SECOND);
    expect(&s, "want a/1; ");
    life_again(s.life, 1, 1);
    starts(&s, 1);
    exits(&s, 1, 0);
    expect(&s, "launch a/1; a ready; launch b/0; ");
    life_stop(s.life, 0, NULL, NULL);
    close_stage(&s);
}

TEST(the_deadline_stops_everything_and_says_so)
{
    struct stage s;

    open_stage(&s, META "\"spec\":{\"restartPolicy\":\"Never\",\"activeDeadlineSeconds\":60,"
                        "\"containers\":[" C("a") "]}}");
    life_go(s.life);
    expect(&s, "launch a/0; ");
    starts(&s, 0);
    loop_advance(s.loop, 59 * SECOND);
    expect(&s, "a ready; ");
    loop_advance(s.loop, SECOND);
    expect(&s, "stop a 30s; ");
    exits(&s, 0, 143);
    expect(&s, "");
    CHECK_TRUE(s.over);
    CHECK_FALSE(life_verdict(s.life).succeeded);
    CHECK_STR(life_verdict(s.life).reason, "DeadlineExceeded");
    CHECK_STR(life_verdict(s.life).message,
              "Pod was active on the node longer than the specified deadline");
    close_stage(&s);
}

TEST(a_fenced_attempt_is_replaced_at_once)
{
    struct stage s;

    open_stage(&s, META "\"spec\":{\"restartPolicy\":\"Never\",\"containers\":[" C("a") "]}}");
    life_fenced(s.life, 0);
    expect(&s, "");
    life_go(s.life);
    expect(&s, "want a/1 fenced; ");
    life_again(s.life, 0, 1);
    expect(&s, "launch a/1; ");
    life_fenced(s.life, 0); /* the spawner died while it was starting */
    expect(&s, "want a/2 fenced; ");
    close_stage(&s);
}

TEST(a_liveness_probe_that_fails_three_times_stops_the_container_which_then_runs_again)
{
    struct stage s;

    open_stage(
        &s,
        META "\"spec\":{\"restartPolicy\":\"Always\",\"containers\":[{\"name\":\"a\",\"image\":"
             "\"x\",\"livenessProbe\":{\"exec\":{\"command\":[\"true\"]},\"periodSeconds\":5}}]}}");
    life_go(s.life);
    expect(&s, "launch a/0; ");
    starts(&s, 0);
    expect(&s, "a ready; probe a 2; ");
    for (int i = 0; i < 2; i++) {
        life_probed(s.life, 0, LIFE_LIVENESS, false, "no");
        loop_advance(s.loop, 5 * SECOND);
        expect(&s, "probe a 2; ");
    }
    life_probed(s.life, 0, LIFE_LIVENESS, false, "no");
    expect(&s, "stop a 30s; ");
    exits(&s, 0, 137);
    expect(&s, "want a/1; ");
    close_stage(&s);
}

TEST(a_startup_probe_holds_the_readiness_probe_back)
{
    struct stage s;

    open_stage(&s, META
               "\"spec\":{\"restartPolicy\":\"Never\",\"containers\":[{\"name\":\"a\",\"image\":"
               "\"x\",\"startupProbe\":{\"exec\":{\"command\":[\"x\"]},\"periodSeconds\":1},"
               "\"readinessProbe\":{\"exec\":{\"command\":[\"y\"]},\"successThreshold\":1}}]}}");
    life_go(s.life);
    expect(&s, "launch a/0; ");
    starts(&s, 0);
    expect(&s, "probe a 0; ");
    life_probed(s.life, 0, LIFE_STARTUP, false, "not yet");
    loop_advance(s.loop, SECOND);
    expect(&s, "probe a 0; ");
    life_probed(s.life, 0, LIFE_STARTUP, true, "");
    expect(&s, "a unready; probe a 1; ");
    life_probed(s.life, 0, LIFE_READINESS, true, "");
    expect(&s, "a ready; ");
    close_stage(&s);
}

TEST(a_pod_that_is_stopped_before_it_ran_is_over_at_once_and_has_failed)
{
    struct stage s;

    open_stage(&s, META "\"spec\":{\"restartPolicy\":\"Never\",\"containers\":[" C("a") "]}}");
    life_stop(s.life, 0, "Evicted", "no room");
    expect(&s, "");
    CHECK_TRUE(s.over);
    CHECK_FALSE(life_verdict(s.life).succeeded);
    CHECK_STR(life_verdict(s.life).reason, "Evicted");
    close_stage(&s);
}

TEST(a_shorter_grace_is_passed_on_a_longer_one_is_not)
{
    struct stage s;

    open_stage(&s, META "\"spec\":{\"restartPolicy\":\"Never\",\"containers\":[" C("a") "]}}");
    life_go(s.life);
    expect(&s, "launch a/0; ");
    life_stop(s.life, 20 * SECOND, NULL, NULL);
    expect(&s, "stop a 20s; ");
    life_stop(s.life, 40 * SECOND, NULL, NULL);
    expect(&s, "");
    life_stop(s.life, 0, NULL, NULL);
    expect(&s, "stop a 0s; ");
    close_stage(&s);
}

TESTS_MAIN(
    T_(init_containers_run_one_after_another_and_then_all_others),
    T_(a_failed_init_container_ends_a_pod_that_never_restarts),
    T_(a_restarted_container_waits_ten_seconds_from_the_second_time_on_and_twice_as_long_each_time),
    T_(sidecars_start_before_main_and_are_stopped_after_it_the_last_first),
    T_(a_workflows_sidecar_gets_thirty_seconds_and_its_143_is_no_failure),
    T_(a_container_comes_after_those_that_it_depends_on),
    T_(what_comes_after_a_failed_container_never_runs),
    T_(a_container_that_failed_may_run_again_after_a_pause_of_its_own),
    T_(the_deadline_stops_everything_and_says_so), T_(a_fenced_attempt_is_replaced_at_once),
    T_(a_liveness_probe_that_fails_three_times_stops_the_container_which_then_runs_again),
    T_(a_startup_probe_holds_the_readiness_probe_back),
    T_(a_pod_that_is_stopped_before_it_ran_is_over_at_once_and_has_failed),
    T_(a_shorter_grace_is_passed_on_a_longer_one_is_not))
