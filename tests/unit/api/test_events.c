#include "api/events.h"

#include "api/objects.h"
#include "core/controller.h"
#include "data/json.h"
#include "tests/unit/core/rig.h"

struct world {
    struct rig rig;
    struct controllers *cs;
    struct objects *os;
    struct events *ev;
    struct message m;
    int (*fn)(struct world *w, struct turn *t, struct err *e);
    int said;
};

static int
run(struct message *m, struct turn *t, struct err *e)
{
    struct world *w = CONTAINER_OF(m, struct world, m);

    return w->fn(w, t, e);
}

static void
act(struct world *w, int (*fn)(struct world *w, struct turn *t, struct err *e))
{
    struct err e = ERR_INIT;

    w->fn = fn;
    w->m = (struct message){.class = MESSAGE_EVENT, .run = run};
    CHECK_INT(core_post(w->rig.core, &w->m, &e), 0);
    core_run(w->rig.core, 10);
}

static void
world_open(struct world *w)
{
    rig_open(&w->rig);
    w->cs = controllers_new(w->rig.core);
    w->os = objects_new(w->rig.core, w->cs, kinds_builtin);
    w->ev = events_new(w->rig.core, w->os);
    rig_start(&w->rig);
}

static void
world_close(struct world *w)
{
    w->rig.core = core_free(w->rig.core);
    events_free(w->ev);
    objects_free(w->os);
    controllers_free(w->cs);
    rig_close(&w->rig);
}

static struct object *
the_event(struct world *w, struct turn *t)
{
    struct objects_query q = {.kind = &kind_event};
    object_vec found = VEC_INIT;
    struct err e = ERR_INIT;
    struct object *o;

    CHECK_INT(objects_list(w->os, t, &q, &found, NULL, &e), 0);
    CHECK_TRUE(found.n <= 1);
    o = found.n > 0 ? object_ref(found.at[0]) : NULL;
    object_vec_done(&found);
    return o;
}

static int
make_pod(struct world *w, struct turn *t, struct err *e)
{
    struct json_doc *d = NULL;

    CHECK_INT(json_parse(STR("{\"metadata\":{\"name\":\"p\"}}"), &json_limits_default, &d, e), 0);
    CHECK_INT(objects_create(w->os, t, &kind_pod, STR("ns"), json_root(d), NULL, e), 0);
    json_doc_unref(d);
    return 0;
}

static int
say(struct world *w, struct turn *t, struct err *e)
{
    cleanup_object struct object *pod = objects_find(w->os, t, &kind_pod, STR("ns"), STR("p"));

    (void)e;
    events_record(w->ev, t, pod, "kubelet", EVENT_WARNING, "BackOff", "restarting %s", "main");
    return 0;
}

static int
say_and_fail(struct world *w, struct turn *t, struct err *e)
{
    say(w, t, e);
    return err_set(e, ERR_IO, "no");
}

static int
write_something(struct world *w, struct turn *t, struct err *e)
{
    (void)w;
    return rig_insert(t, "x", e);
}

static int
check_none(struct world *w, struct turn *t, struct err *e)
{
    (void)e;
    CHECK_NULL(the_event(w, t));
    return 0;
}

static int
check_three(struct world *w, struct turn *t, struct err *e)
{
    cleanup_object struct object *o = the_event(w, t);
    int64_t n = 0;

    (void)e;
    CHECK_NOT_NULL(o);
    CHECK_TRUE(json_int(object_at(o, "count"), &n));
    CHECK_INT(n, 3);
    CHECK_VIEW(json_str(object_at(o, "involvedObject.name")), "p");
    CHECK_VIEW(json_str(object_at(o, "involvedObject.kind")), "Pod");
    CHECK_VIEW(json_str(object_at(o, "message")), "restarting main");
    CHECK_VIEW(json_str(object_at(o, "type")), "Warning");
    CHECK_VIEW(json_str(object_at(o, "firstTimestamp")), "2023-11-14T22:13:20Z");
    CHECK_VIEW(json_str(object_at(o, "lastTimestamp")), "2023-11-14T22:13:25Z");
    CHECK_TRUE(str_starts(object_name(o), STR("p.")));
    return 0;
}

TEST(equal_events_count_and_wait_for_a_commit)
{
    struct world w;
    struct core_stats before, after;

    world_open(&w);
    act(&w, make_pod);
    core_stats(w.rig.core, &before);
    act(&w, say);
    act(&w, say_and_fail); /* that it failed does not unsay it */
    clock_manual_advance(&w.rig.clock, 5 * CLOCK_SECOND);
    act(&w, say);
    act(&w, check_none);
    core_stats(w.rig.core, &after);
    CHECK_INT(after.commits, before.commits);
    act(&w, write_something);
    act(&w, check_three);
    world_close(&w);
}

TEST(events_are_gone_after_a_quiet_hour)
{
    struct world w;

    world_open(&w);
    act(&w, make_pod);
    act(&w, say);
    act(&w, write_something);
    clock_manual_advance(&w.rig.clock, 3600 * CLOCK_SECOND - 1);
    act(&w, write_something);
    act(&w, say); /* not quiet */
    act(&w, write_something);
    clock_manual_advance(&w.rig.clock, 3600 * CLOCK_SECOND + 1);
    act(&w, write_something);
    act(&w, check_none);
    world_close(&w);
}

static int
say_something_new(struct world *w, struct turn *t, struct err *e)
{
    cleanup_object struct object *pod = objects_find(w->os, t, &kind_pod, STR("ns"), STR("p"));

    (void)e;
    events_record(w->ev, t, pod, "kubelet", EVENT_NORMAL, "Started", "started %d", w->said++);
    return 0;
}

static int
store_something_new(struct world *w, struct turn *t, struct err *e)
{
    say_something_new(w, t, e);
    return write_something(w, t, e);
}

/* The first ones are not known any more, the last ones are. */
static int
say_two_again(struct world *w, struct turn *t, struct err *e)
{
    cleanup_object struct object *pod = objects_find(w->os, t, &kind_pod, STR("ns"), STR("p"));

    events_record(w->ev, t, pod, "kubelet", EVENT_NORMAL, "Started", "started %d", 3);
    events_record(w->ev, t, pod, "kubelet", EVENT_NORMAL, "Started", "started %d", 1099);
    return write_something(w, t, e);
}

static int64_t
count_events(struct world *w, struct turn *t)
{
    struct objects_query q = {.kind = &kind_event};
    struct err e = ERR_INIT;
    int64_t n = 0;

    CHECK_INT(objects_count(w->os, t, &q, 5000, &n, &e), 0);
    return n;
}

static int
check_1101(struct world *w, struct turn *t, struct err *e)
{
    (void)e;
    CHECK_INT(count_events(w, t), 1101);
    return 0;
}

TEST(of_many_events_the_last_ones_count_on_and_all_go_after_an_hour)
{
    struct world w;

    world_open(&w);
    w.said = 0;
    act(&w, make_pod);
    for (int i = 0; i < 1100; i++) {
        clock_manual_advance(&w.rig.clock, CLOCK_SECOND);
        act(&w, store_something_new);
    }
    act(&w, say_two_again);
    act(&w, check_1101);
    clock_manual_advance(&w.rig.clock, 3600 * CLOCK_SECOND + 1);
    for (int i = 0; i < 100; i++) /* a few with each commit */
        act(&w, write_something);
    act(&w, check_none);
    world_close(&w);
}

static int
check_202(struct world *w, struct turn *t, struct err *e)
{
    (void)e;
    CHECK_INT(count_events(w, t), 202);
    return 0;
}

static int
say_the_last_again(struct world *w, struct turn *t, struct err *e)
{
    w->said--;
    return store_something_new(w, t, e);
}

TEST(the_last_events_count_on_after_a_quiet_time)
{
    struct world w;

    world_open(&w);
    w.said = 0;
    act(&w, make_pod);
    for (int i = 0; i < 201; i++) {
        clock_manual_advance(&w.rig.clock, CLOCK_SECOND / 10);
        act(&w, store_something_new);
    }
    for (int i = 0; i < 3; i++) {
        clock_manual_advance(&w.rig.clock, 2 * CLOCK_SECOND);
        core_run(w.rig.core, 10);
    }
    act(&w, say_the_last_again);
    w.said = 0;
    act(&w, store_something_new);
    act(&w, check_202);
    world_close(&w);
}

enum { UNSTORED = 150 };

static int
check_many(struct world *w, struct turn *t, struct err *e)
{
    (void)e;
    CHECK_INT(count_events(w, t), UNSTORED);
    return 0;
}

TEST(events_that_wait_for_a_commit_outlast_a_quiet_time)
{
    struct world w;

    world_open(&w);
    w.said = 0;
    act(&w, make_pod);
    for (int i = 0; i < UNSTORED; i++) {
        clock_manual_advance(&w.rig.clock, 1000);
        act(&w, say_something_new);
    }
    for (int i = 0; i < 3; i++) {
        clock_manual_advance(&w.rig.clock, 2 * CLOCK_SECOND);
        core_run(w.rig.core, 10);
    }
    act(&w, write_something);
    act(&w, check_many);
    world_close(&w);
}

TESTS_MAIN(T_(events_that_wait_for_a_commit_outlast_a_quiet_time),
           T_(the_last_events_count_on_after_a_quiet_time),
           T_(of_many_events_the_last_ones_count_on_and_all_go_after_an_hour),
           T_(equal_events_count_and_wait_for_a_commit), T_(events_are_gone_after_a_quiet_hour))
