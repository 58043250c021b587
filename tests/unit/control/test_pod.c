/*
 * The Pod controller over a real store, with a runtime that only writes down what it is told and
 * says what the test wants.
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "api/apiserver.h"
#include "api/events.h"
#include "api/objects.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "control/control.h"
#include "control/drive.h"
#include "control/pod.h"
#include "core/controller.h"
#include "core/core.h"
#include "core/turn.h"
#include "data/json.h"
#include "io/file.h"
#include "io/loop.h"
#include "runner/runtime.h"
#include "store/store.h"
#include "tests/unit/test.h"

struct world {
    char dir[64];
    struct loop *loop;
    struct drive *drive;
    struct store *store;
    struct core *core;
    struct controllers *controllers;
    struct objects *objects;
    struct events *events;
    struct control *control;
    struct runtime runtime; /* the fake */
    struct buf told;
    char uid[64];
    const char *text; /* to create, or the name to delete */
    struct message message;
    bool done;
    char *seen; /* the Pod p as text */
};

static struct world *world; /* of the running test: the runtime's functions have no argument */

static void
keep_uid(struct plan *p)
{
    snprintf(world->uid, sizeof world->uid, "%s", p->uid);
}

static void
on_start(struct runtime *r, struct plan *p)
{
    (void)r;
    keep_uid(p);
    buf_printf(&world->told, "start %s; ", p->name);
}

static void
on_adopt(struct runtime *r, struct plan *p)
{
    (void)r;
    keep_uid(p);
    buf_printf(&world->told, "adopt %s %s/%u%s; ", p->name, p->attempts[0].container,
               p->attempts[0].number, p->attempts[0].ended ? " ended" : "");
}

static void
on_recovered(struct runtime *r)
{
    (void)r;
    buf_cstr(&world->told, "recovered; ");
}

static void
on_again(struct runtime *r, const char *uid, const char *container, unsigned attempt)
{
    (void)r;
    (void)uid;
    buf_printf(&world->told, "again %s/%u; ", container, attempt);
}

static void
on_stop(struct runtime *r, const char *uid, int64_t grace_us, const char *reason, const char *text)
{
    (void)r;
    (void)uid;
    (void)reason;
    (void)text;
    buf_printf(&world->told, "stop %ds; ", (int)(grace_us / 1000000));
}

static void
on_refresh(struct runtime *r, struct plan *newer)
{
    (void)r;
    buf_printf(&world->told, "refresh %s", newer->names != NULL ? "names" : "");
    for (size_t i = 0; i < newer->tokens_n; i++)
        buf_printf(&world->told, ", %s", newer->tokens[i].text);
    buf_cstr(&world->told, "; ");
}

/* In place of a token: whose it is, and how long it lives from when. */
static void
sign(void *arg, const struct apitoken *t, struct buf *to)
{
    (void)arg;
    buf_printf(to, "%.*s of %.*s for %ds from %d", STR_ARG(t->name), STR_ARG(t->pod_name),
               (int)((t->expires_us - t->issued_us) / 1000000),
               (int)(t->issued_us / 1000000 - 1700000000));
}

static void
on_release(struct runtime *r, const char *uid)
{
    (void)r;
    (void)uid;
    buf_cstr(&world->told, "release; ");
}

static void
on_forget(struct runtime *r, const char *uid)
{
    (void)r;
    (void)uid;
    buf_cstr(&world->told, "forget; ");
}

static const struct runtime_ops fake = {.name = "fake",
                                        .start = on_start,
                                        .adopt = on_adopt,
                                        .recovered = on_recovered,
                                        .again = on_again,
                                        .stop = on_stop,
                                        .refresh = on_refresh,
                                        .release = on_release,
                                        .forget = on_forget};

/* A process of the server begins. */
static void
begin(struct world *w)
{
    struct err e = ERR_INIT;
    struct core_options options = {.wake = drive_wake};
    struct control_config config;

    w->loop = loop_new_fake(INT64_C(1700000000) * 1000000);
    w->drive = drive_new(w->loop, &e);
    if (store_open(w->dir, NULL, &w->store, &e) < 0)
        fail_msg("%s", e.msg);
    options.store = w->store;
    options.clock = loop_clock(w->loop);
    options.wake_arg = w->drive;
    w->core = core_new(&options);
    w->controllers = controllers_new(w->core);
    w->objects = objects_new(w->core, w->controllers, kinds_builtin);
    w->events = events_new(w->core, w->objects);
    config = (struct control_config){.loop = w->loop,
                                     .core = w->core,
                                     .controllers = w->controllers,
                                     .objects = w->objects,
                                     .events = w->events,
                                     .data = w->dir,
                                     .ca = "PEM",
                                     .sign = sign};
    w->control = control_setup(&config, &e);
    control_set_api_address(w->control, "127.96.0.1");
    w->runtime.ops = &fake;
    control_set_runtime(w->control, &w->runtime);
    if (core_start(w->core, &e) < 0)
        fail_msg("%s", e.msg);
    drive_attach(w->drive, w->core);
}

/* ... and is killed: nothing is told to anybody. */
static void
end(struct world *w)
{
    drive_free(w->drive);
    core_free(w->core);
    controllers_free(w->controllers);
    events_free(w->events);
    objects_free(w->objects);
    loop_advance(w->loop, 0);
    control_free(w->control);
    store_close(w->store);
    loop_free(w->loop);
}

static void
expect_told(struct world *w, const char *story)
{
    loop_advance(w->loop, 0);
    CHECK_STR(buf_cstring(&w->told), story);
    buf_clear(&w->told);
}

static void
open_world(struct world *w)
{
    *w = (struct world){.dir = "/tmp/test_pod.XXXXXX"};
    CHECK_NOT_NULL(mkdtemp(w->dir));
    world = w;
    begin(w);
    expect_told(w, "recovered; ");
}

static void
close_world(struct world *w)
{
    struct err e = ERR_INIT;

    end(w);
    buf_done(&w->told);
    free(w->seen);
    CHECK_INT(file_remove_tree(AT_FDCWD, w->dir, &e), 0);
}

static int
run_create(struct message *m, struct turn *t, struct err *e)
{
    struct world *w = CONTAINER_OF(m, struct world, message);
    cleanup_json struct json_doc *doc = NULL;
    const struct kind *k;

    if (json_parse(str_of(w->text), &json_limits_default, &doc, e) < 0)
        return e->code;
    k = kind_find(kinds_builtin, json_str(json_get(json_root(doc), "kind")), STR_NULL);
    return objects_create(w->objects, t, k, STR("default"), json_root(doc), NULL, e);
}

static int
run_delete(struct message *m, struct turn *t, struct err *e)
{
    struct world *w = CONTAINER_OF(m, struct world, message);

    return objects_delete(w->objects, t, &kind_pod, STR("default"), str_of(w->text), NULL, NULL, e);
}

static int
run_look(struct message *m, struct turn *t, struct err *e)
{
    struct world *w = CONTAINER_OF(m, struct world, message);
    struct object *o = objects_find(w->objects, t, &kind_pod, STR("default"), STR("p"));

    (void)e;
    free(w->seen);
    w->seen = o != NULL ? str_dup(object_text(o)) : xstrdup("");
    object_unref(o);
    return 0;
}

static void
on_done(struct message *m, const struct err *why)
{
    struct world *w = CONTAINER_OF(m, struct world, message);

    if (why != NULL)
        fail_msg("%s", why->msg);
    w->done = true;
}

static void
ask(struct world *w, message_run_fn *run, const char *text)
{
    struct err e = ERR_INIT;

    w->text = text;
    w->done = false;
    w->message = (struct message){.class = MESSAGE_REQUEST, .run = run, .done = on_done};
    CHECK_INT(core_post(w->core, &w->message, &e), 0);
    loop_advance(w->loop, 0);
    CHECK_TRUE(w->done);
}

static const char *
look(struct world *w)
{
    ask(w, run_look, NULL);
    return w->seen;
}

static void
say(struct world *w, struct runtime_event event)
{
    event.uid = w->uid;
    if (event.container == NULL && event.type != RUNTIME_ENDED && event.type != RUNTIME_QUEUED)
        event.container = "main";
    event.at_us = loop_wall_us(w->loop);
    control_on_event(w->control, &event);
    loop_advance(w->loop, 0);
}

static uint64_t
commits(struct world *w)
{
    struct core_stats stats;

    core_stats(w->core, &stats);
    return stats.commits;
}

static const struct runtime_exit success = {.reason = "Completed", .started_us = 1, .ended_us = 2};
static const struct runtime_exit failure = {
    .code = 1, .reason = "Error", .started_us = 1, .ended_us = 2};

static const char simple[] =
    "{\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\"},\"spec\":{\"restartPolicy\":\"Never\","
    "\"containers\":[{\"name\":\"main\",\"image\":\"busybox\",\"command\":[\"true\"]}]}}";

TEST(a_step_without_work_costs_two_commits_intent_and_end)
{
    struct world w;
    uint64_t before;

    open_world(&w);
    before = commits(&w);
    ask(&w, run_create, simple);
    expect_told(&w, "start p; ");
    CHECK_INT(commits(&w) - before, 1); /* creation and intent in one turn */
    say(&w, (struct runtime_event){.type = RUNTIME_STARTED});
    say(&w, (struct runtime_event){.type = RUNTIME_EXITED, .exit = success});
    say(&w, (struct runtime_event){.type = RUNTIME_ENDED, .phase = "Succeeded"});
    expect_told(&w, "release; ");
    CHECK_INT(commits(&w) - before, 2);
    CHECK_CONTAINS(look(&w), "\"phase\":\"Succeeded\"");
    CHECK_CONTAINS(w.seen, "\"exitCode\":0,\"reason\":\"Completed\"");
    close_world(&w);
}

TEST(running_is_told_when_it_lasts)
{
    struct world w;

    open_world(&w);
    ask(&w, run_create, simple);
    say(&w, (struct runtime_event){.type = RUNTIME_STARTED});
    say(&w, (struct runtime_event){.type = RUNTIME_READINESS, .ready = true});
    CHECK_CONTAINS(look(&w), "\"phase\":\"Pending\"");
    loop_advance(w.loop, POD_HOLD_US);
    CHECK_CONTAINS(look(&w), "\"phase\":\"Running\"");
    CHECK_CONTAINS(w.seen, "\"type\":\"Ready\",\"status\":\"True\"");
    CHECK_CONTAINS(w.seen, "\"qosClass\":\"BestEffort\"");
    close_world(&w);
}

TEST(a_pod_that_waits_for_its_turn_says_for_what)
{
    struct world w;

    open_world(&w);
    ask(&w, run_create, simple);
    say(&w,
        (struct runtime_event){.type = RUNTIME_QUEUED, .message = "waiting for 2 other starts"});
    loop_advance(w.loop, POD_HOLD_US);
    CHECK_CONTAINS(look(&w), "\"reason\":\"Queued\",\"message\":\"waiting for 2 other starts\"");
    close_world(&w);
}

TEST(new_pods_may_run_when_all_recorded_ones_are_handed_over)
{
    struct world w;
    cleanup_free char *other = xstrdup(simple);

    open_world(&w);
    strstr(other, "\"p\"")[1] = 'q';
    ask(&w, run_create, simple);
    ask(&w, run_create, other);
    expect_told(&w, "start p; start q; ");
    end(&w);
    begin(&w);
    loop_advance(w.loop, 0);
    CHECK_CONTAINS(buf_cstring(&w.told), "adopt p main/0; ");
    CHECK_CONTAINS(buf_cstring(&w.told), "adopt q main/0; ");
    CHECK_STR(strstr(buf_cstring(&w.told), "recovered"), "recovered; ");
    close_world(&w);
}

TEST(another_attempt_is_committed_before_it_may_start_and_counted)
{
    struct world w;
    uint64_t before;

    open_world(&w);
    ask(&w, run_create, simple);
    say(&w, (struct runtime_event){.type = RUNTIME_STARTED});
    say(&w, (struct runtime_event){.type = RUNTIME_EXITED, .exit = failure});
    expect_told(&w, "start p; ");
    before = commits(&w);
    say(&w, (struct runtime_event){.type = RUNTIME_ATTEMPT, .attempt = 1});
    expect_told(&w, "again main/1; ");
    CHECK_INT(commits(&w) - before, 1);
    CHECK_CONTAINS(look(&w), "\"restartCount\":1");
    CHECK_CONTAINS(w.seen, "\"lastState\":{\"terminated\":{");
    close_world(&w);
}

TEST(a_fenced_attempt_counts_as_no_restart)
{
    struct world w;

    open_world(&w);
    ask(&w, run_create, simple);
    say(&w, (struct runtime_event){.type = RUNTIME_ATTEMPT, .attempt = 1, .fenced = true});
    expect_told(&w, "start p; again main/1; ");
    loop_advance(w.loop, POD_HOLD_US);
    CHECK_CONTAINS(look(&w), "\"restartCount\":0");
    close_world(&w);
}

TEST(a_restarted_server_adopts_what_it_had_recorded)
{
    struct world w;

    open_world(&w);
    ask(&w, run_create, simple);
    expect_told(&w, "start p; ");
    end(&w);
    begin(&w);
    expect_told(&w, "adopt p main/0; recovered; ");
    say(&w, (struct runtime_event){.type = RUNTIME_EXITED, .exit = failure});
    say(&w, (struct runtime_event){.type = RUNTIME_ATTEMPT, .attempt = 1});
    expect_told(&w, "again main/1; ");
    end(&w);
    begin(&w);
    expect_told(&w, "adopt p main/1; recovered; ");
    say(&w, (struct runtime_event){.type = RUNTIME_EXITED, .attempt = 1, .exit = success});
    say(&w, (struct runtime_event){.type = RUNTIME_ENDED, .phase = "Succeeded"});
    expect_told(&w, "release; ");
    end(&w);
    begin(&w);
    expect_told(&w, "recovered; ");
    CHECK_CONTAINS(look(&w), "\"phase\":\"Succeeded\"");
    CHECK_CONTAINS(w.seen, "\"restartCount\":1");
    close_world(&w);
}

TEST(a_missing_config_map_keeps_the_pod_waiting_until_it_is_there)
{
    struct world w;

    open_world(&w);
    ask(&w, run_create,
        "{\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\"},\"spec\":{\"containers\":[{\"name\":"
        "\"main\",\"image\":\"busybox\",\"envFrom\":[{\"configMapRef\":{\"name\":\"cm\"}}]}]}}");
    expect_told(&w, "");
    CHECK_CONTAINS(look(&w), "\"waiting\":{\"reason\":\"CreateContainerConfigError\",\"message\":"
                             "\"configmap \\\"cm\\\" not found\"}");
    ask(&w, run_create, "{\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"cm\"},\"data\":{}}");
    loop_advance(w.loop, 10 * 1000000);
    expect_told(&w, "start p; ");
    close_world(&w);
}

TEST(an_image_that_cannot_be_had_is_backed_off)
{
    struct world w;

    open_world(&w);
    ask(&w, run_create, simple);
    say(&w, (struct runtime_event){
                .type = RUNTIME_REFUSED, .reason = "ErrImagePull", .message = "no rule"});
    CHECK_CONTAINS(look(&w),
                   "\"waiting\":{\"reason\":\"ImagePullBackOff\",\"message\":\"no rule\"}");
    expect_told(&w, "start p; ");
    loop_advance(w.loop, 9 * 1000000);
    expect_told(&w, "");
    loop_advance(w.loop, 1000000);
    expect_told(&w, "start p; ");
    close_world(&w);
}

TEST(a_deleted_pod_is_stopped_first_and_forgotten_when_it_is_over)
{
    struct world w;

    open_world(&w);
    ask(&w, run_create, simple);
    say(&w, (struct runtime_event){.type = RUNTIME_STARTED});
    expect_told(&w, "start p; ");
    ask(&w, run_delete, "p");
    expect_told(&w, "stop 30s; ");
    CHECK_CONTAINS(look(&w), "\"deletionTimestamp\"");
    say(&w, (struct runtime_event){.type = RUNTIME_EXITED, .exit = failure});
    say(&w, (struct runtime_event){.type = RUNTIME_ENDED, .phase = "Failed"});
    expect_told(&w, "release; forget; ");
    CHECK_STR(look(&w), "");
    close_world(&w);
}

TEST(outputs_become_the_annotation_in_the_turn_of_the_end)
{
    struct world w;
    struct err e = ERR_INIT;
    struct json_doc *outputs = NULL;

    open_world(&w);
    ask(&w, run_create, simple);
    CHECK_INT(
        json_parse(STR("{\"exitCode\":0,\"result\":\"hi\"}"), &json_limits_default, &outputs, &e),
        0);
    say(&w,
        (struct runtime_event){.type = RUNTIME_ENDED, .phase = "Succeeded", .outputs = outputs});
    CHECK_CONTAINS(look(&w),
                   "\"sluice.dev/outputs\":\"{\\\"exitCode\\\":0,\\\"result\\\":\\\"hi\\\"}\"");
    json_doc_unref(outputs);
    close_world(&w);
}

TEST(a_claim_is_bound_at_once_and_a_pod_waits_for_one_that_is_missing)
{
    struct world w;

    open_world(&w);
    ask(&w, run_create,
        "{\"kind\":\"PersistentVolumeClaim\",\"metadata\":{\"name\":\"good\"},\"spec\":{"
        "\"accessModes\":[\"ReadWriteOnce\"],\"resources\":{\"requests\":{\"storage\":\"1Gi\"}}}}");
    ask(&w, run_create,
        "{\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\"},\"spec\":{\"containers\":[{\"name\":"
        "\"main\",\"image\":\"busybox\"}],\"volumes\":[{\"name\":\"v\",\"persistentVolumeClaim\":{"
        "\"claimName\":\"bad\"}}]}}");
    CHECK_CONTAINS(look(&w), "persistentvolumeclaim \\\"bad\\\" not found");
    ask(&w, run_delete, "p");
    CHECK_STR(look(&w), "");
    buf_clear(&w.told);
    ask(&w, run_create,
        "{\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\"},\"spec\":{\"containers\":[{\"name\":"
        "\"main\",\"image\":\"busybox\"}],\"volumes\":[{\"name\":\"v\",\"persistentVolumeClaim\":{"
        "\"claimName\":\"good\"}}]}}");
    expect_told(&w, "start p; ");
    close_world(&w);
}

TEST(a_token_is_replaced_when_a_fifth_of_its_time_is_left)
{
    struct world w;

    open_world(&w);
    ask(&w, run_create, "{\"kind\":\"ServiceAccount\",\"metadata\":{\"name\":\"default\"}}");
    ask(&w, run_create, simple);
    say(&w, (struct runtime_event){.type = RUNTIME_STARTED});
    expect_told(&w, "start p; ");
    loop_advance(w.loop, INT64_C(2885) * 1000000);
    expect_told(&w, "");
    loop_advance(w.loop, INT64_C(1000000));
    expect_told(&w, "refresh names, default of p for 3607s from 2885; ");
    loop_advance(w.loop, INT64_C(2886) * 1000000);
    expect_told(&w, "refresh names, default of p for 3607s from 5771; ");
    close_world(&w);
}

TESTS_MAIN(T_(a_token_is_replaced_when_a_fifth_of_its_time_is_left),
           T_(a_step_without_work_costs_two_commits_intent_and_end),
           T_(running_is_told_when_it_lasts), T_(a_pod_that_waits_for_its_turn_says_for_what),
           T_(new_pods_may_run_when_all_recorded_ones_are_handed_over),
           T_(another_attempt_is_committed_before_it_may_start_and_counted),
           T_(a_fenced_attempt_counts_as_no_restart),
           T_(a_restarted_server_adopts_what_it_had_recorded),
           T_(a_missing_config_map_keeps_the_pod_waiting_until_it_is_there),
           T_(an_image_that_cannot_be_had_is_backed_off),
           T_(a_deleted_pod_is_stopped_first_and_forgotten_when_it_is_over),
           T_(outputs_become_the_annotation_in_the_turn_of_the_end),
           T_(a_claim_is_bound_at_once_and_a_pod_waits_for_one_that_is_missing))
