/*
 * A small platform on the real core, store and objects: clients order workflows, a controller makes
 * their pods one after another, a runner outside starts each pod once and reports its exit, and a
 * clock tower counts to ten.  Whatever dies in between, the end is the same.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/events.h"
#include "api/objects.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "core/controller.h"
#include "core/core.h"
#include "core/core_timer.h"
#include "core/turn.h"
#include "data/json.h"
#include "store/attempts.h"
#include "store/db.h"
#include "store/store.h"
#include "tests/sim/sim.h"
#include "tests/sim/sim_vfs.h"
#include "tests/unit/data/parsed.h"
#include "tests/unit/test.h"

enum { ORDERS = 2, PODS = 3, TICKS = 10, TICK_US = 5000, RETRY_US = 3000, MAX_PROCESSES = 64 };

struct shop;

struct order {
    struct message m;
    struct shop *shop;
    char name[16];
    bool posted, told;
};

struct process {
    struct shop *shop;
    char attempt[64];
};

struct shop {
    struct sim *sim;
    struct controllers *cs;
    struct objects *os;
    struct events *ev;
    struct core_timer tower;
    struct order orders[ORDERS];
    int machine;   /* counts losses of power: the boot id */
    int ran, open; /* attempts that ran; messages that wait for their done() */
    int64_t last_rv;
    struct process processes[MAX_PROCESSES];
};

static int
create(struct shop *s, struct turn *t, const struct kind *k, const char *text, struct err *e)
{
    cleanup_json struct json_doc *d = parsed(text);

    return objects_create(s->os, t, k, STR("ns"), json_root(d), NULL, e);
}

static int
set_phase(struct shop *s, struct turn *t, const struct object *o, const char *phase, struct err *e)
{
    cleanup_free char *text = xasprintf("{\"phase\":\"%s\"}", phase);
    cleanup_json struct json_doc *d = parsed(text);

    return objects_set_status(s->os, t, o, json_root(d), NULL, e);
}

/* Clients: they ask again until somebody has said yes. */

static void post_order(struct sim *sim, void *arg);

static int
run_order(struct message *m, struct turn *t, struct err *e)
{
    struct order *o = CONTAINER_OF(m, struct order, m);
    cleanup_free char *text =
        xasprintf("{\"metadata\":{\"name\":\"%s\"},\"spec\":{\"count\":%d}}", o->name, PODS);

    return create(o->shop, t, &kind_workflow, text, e);
}

static void
order_done(struct message *m, const struct err *why)
{
    struct order *o = CONTAINER_OF(m, struct order, m);

    o->posted = false;
    sim_trace(o->shop->sim, "reply %s: %d", o->name, why != NULL ? why->code : 0);
    if (why == NULL || why->code == ERR_EXISTS)
        o->told = true;
    else
        sim_after(o->shop->sim, RETRY_US, post_order, o);
}

static void
post_order(struct sim *sim, void *arg)
{
    struct order *o = arg;
    struct err e = ERR_INIT;

    o->m = (struct message){.class = MESSAGE_REQUEST, .run = run_order, .done = order_done};
    o->posted = true;
    CHECK_INT(core_post(sim_core(sim), &o->m, &e), 0);
}

/* The workflow controller: the next pod when the last one is over. */

static int
next_pod(struct shop *s, struct turn *t, const struct object *wf, size_t n, struct err *e)
{
    cleanup_free char *text =
        xasprintf("{\"metadata\":{\"name\":\"%.*s-%zu\",\"ownerReferences\":[{\"apiVersion\":"
                  "\"argoproj.io/v1alpha1\",\"kind\":\"Workflow\",\"name\":\"%.*s\",\"uid\":"
                  "\"%.*s\",\"controller\":true}]}}",
                  STR_ARG(object_name(wf)), n, STR_ARG(object_name(wf)), STR_ARG(object_uid(wf)));

    return create(s, t, &kind_pod, text, e);
}

static int
wf_reconcile(void *self, struct turn *t, struct controller_pass *p, struct err *e)
{
    struct shop *s = self;
    cleanup_object struct object *wf = objects_find_uid(s->os, t, p->uid);
    struct objects_query q = {.kind = &kind_pod, .owner_uid = p->uid};
    cleanup_objects object_vec pods = VEC_INIT;
    size_t over = 0;

    if (objects_list(s->os, t, &q, &pods, NULL, e) < 0)
        return e->code;
    for (size_t i = 0; i < pods.n; i++)
        over += object_is_finished(pods.at[i]);
    if (over == PODS)
        return set_phase(s, t, wf, "Succeeded", e);
    if (over == pods.n) {
        events_record(s->ev, t, wf, "shop", EVENT_NORMAL, "Next", "pod %zu", pods.n);
        return next_pod(s, t, wf, pods.n, e);
    }
    return 0;
}

/* The runner: outside of the core, it keeps records on the disk. */

struct exit_report {
    struct message m;
    struct shop *shop;
    char attempt[64];
};

static int
run_exit(struct message *m, struct turn *t, struct err *e)
{
    struct exit_report *x = CONTAINER_OF(m, struct exit_report, m);
    cleanup_object struct object *pod = NULL;
    struct attempt_row row;

    if (attempts_get(turn_db(t), str_of(x->attempt), turn_arena(t), &row, e) < 0)
        return e->code;
    if (str_is(row.state, "exited"))
        return 0; /* reported twice */
    pod = objects_find_uid(x->shop->os, t, row.pod_uid);
    if (attempts_update(turn_db(t), row.id, STR("exited"), STR_NULL, e) < 0)
        return e->code;
    return set_phase(x->shop, t, pod, "Succeeded", e);
}

static void
exit_done(struct message *m, const struct err *why)
{
    struct exit_report *x = CONTAINER_OF(m, struct exit_report, m);

    (void)why; /* not stored: the record is looked at again when the core restores */
    x->shop->open--;
    free(x);
}

static void
report_exit(struct shop *s, const char *attempt)
{
    struct exit_report *x = NEW(struct exit_report);
    struct err e = ERR_INIT;

    x->m = (struct message){.class = MESSAGE_EVENT, .run = run_exit, .done = exit_done};
    x->shop = s;
    snprintf(x->attempt, sizeof x->attempt, "%s", attempt);
    s->open++;
    CHECK_INT(core_post(sim_core(s->sim), &x->m, &e), 0);
}

static void
process_exits(struct sim *sim, void *arg)
{
    struct process *p = arg;
    char name[80];

    snprintf(name, sizeof name, "exit/%s", p->attempt);
    CHECK_TRUE(sim_disk_put(sim_disk(sim), name, STR("0"), false));
    sim_trace(sim, "exit %s", p->attempt);
    report_exit(p->shop, p->attempt);
}

struct start {
    struct shop *shop;
    char attempt[64];
};

/* Whoever publishes `started` first has the attempt. */
static void
start_process(void *arg)
{
    const struct start *st = arg;
    struct shop *s = st->shop;
    struct process *p;
    char name[80];

    snprintf(name, sizeof name, "started/%s", st->attempt);
    if (!sim_disk_put(sim_disk(s->sim), name, STR("yes"), false))
        return;
    sim_trace(s->sim, "start %s", st->attempt);
    CHECK_TRUE(s->ran < MAX_PROCESSES);
    p = &s->processes[s->ran++];
    p->shop = s;
    snprintf(p->attempt, sizeof p->attempt, "%s", st->attempt);
    sim_after(s->sim, 1000 + (int64_t)sim_random(s->sim, 4) * 1000, process_exits, p);
}

static void
boot_id(const struct shop *s, char to[16])
{
    snprintf(to, 16, "boot-%d", s->machine);
}

static int
order_start(struct shop *s, struct turn *t, struct str pod_uid, int64_t n, struct err *e)
{
    struct start *st = ARENA_NEW(turn_arena(t), struct start);
    char boot[16];
    struct attempt_row row = {.pod_uid = pod_uid,
                              .container = STR("main"),
                              .n = n,
                              .state = STR("intended"),
                              .created_us = turn_now_us(t)};

    boot_id(s, boot);
    st->shop = s;
    snprintf(st->attempt, sizeof st->attempt, "%.*s-%d", STR_ARG(pod_uid), (int)n);
    row.id = str_of(st->attempt);
    row.boot_id = str_of(boot);
    turn_effect(t, start_process, st);
    return attempts_insert(turn_db(t), &row, e);
}

/* What became of an attempt that this process did not see start. */
static int
look_after(struct shop *s, struct turn *t, const struct attempt_row *row, struct err *e)
{
    char name[80], boot[16];
    struct start *st;

    boot_id(s, boot);
    snprintf(name, sizeof name, "exit/%.*s", STR_ARG(row->id));
    if (sim_disk_get(sim_disk(s->sim), name).p != NULL) {
        report_exit(s, row->id.p);
        return 0;
    }
    if (!str_is(row->boot_id, boot)) { /* lost with the machine: once more, as another attempt */
        if (attempts_update(turn_db(t), row->id, STR("lost"), STR_NULL, e) < 0)
            return e->code;
        return order_start(s, t, row->pod_uid, row->n + 1, e);
    }
    st = ARENA_NEW(turn_arena(t), struct start);
    st->shop = s;
    snprintf(st->attempt, sizeof st->attempt, "%.*s", STR_ARG(row->id));
    turn_effect(t, start_process, st); /* does nothing where it has started */
    return 0;
}

static int
pod_restore(void *self, struct turn *t, struct err *e)
{
    struct shop *s = self;
    struct attempt_row *rows;
    struct objects_query q = {.kind = &kind_pod};
    cleanup_objects object_vec pods = VEC_INIT;
    size_t n;

    if (attempts_list(turn_db(t), STR_NULL, turn_arena(t), &rows, &n, e) < 0 ||
        objects_list(s->os, t, &q, &pods, NULL, e) < 0)
        return e->code;
    for (size_t i = 0; i < n; i++) {
        if (look_after(s, t, &rows[i], e) < 0)
            return e->code;
    }
    for (size_t i = 0; i < pods.n; i++)
        controllers_wake(s->cs, "pods", object_uid(pods.at[i]));
    return 0;
}

static int
pod_reconcile(void *self, struct turn *t, struct controller_pass *p, struct err *e)
{
    struct shop *s = self;
    cleanup_object struct object *pod = objects_find_uid(s->os, t, p->uid);
    struct attempt_row *rows;
    size_t n;

    if (object_is_finished(pod))
        return 0;
    if (attempts_list(turn_db(t), p->uid, turn_arena(t), &rows, &n, e) < 0)
        return e->code;
    return n == 0 ? order_start(s, t, p->uid, 0, e) : 0;
}

/* The clock tower: a ConfigMap that counts, one tick every 5 ms after it was made. */

static int
tick(struct core_timer *timer, struct turn *t, struct err *e)
{
    struct shop *s = CONTAINER_OF(timer, struct shop, tower);
    cleanup_object struct object *o =
        objects_find(s->os, t, &kind_config_map, STR("ns"), STR("tower"));
    cleanup_free char *text = NULL;
    cleanup_json struct json_doc *d = NULL;
    int64_t n = 0;

    if (o == NULL)
        return create(s, t, &kind_config_map, "{\"metadata\":{\"name\":\"tower\"},\"count\":0}",
                      e) < 0
                   ? e->code
                   : (core_timer_set(turn_core(t), timer, turn_now_us(t) + TICK_US), 0);
    CHECK_TRUE(json_int(object_at(o, "count"), &n));
    if (n == TICKS)
        return 0;
    text = xasprintf("{\"metadata\":{\"name\":\"tower\"},\"count\":%d}", (int)n + 1);
    d = parsed(text);
    core_timer_set(turn_core(t), timer, turn_now_us(t) + TICK_US);
    return objects_update(s->os, t, &kind_config_map, STR("ns"), json_root(d), OBJECTS_ALL, NULL,
                          e);
}

static int
tower_restore(void *self, struct turn *t, struct err *e)
{
    struct shop *s = self;

    (void)e;
    core_timer_set(turn_core(t), &s->tower, turn_now_us(t) + TICK_US);
    return 0;
}

static void
tower_forget(void *self)
{
    core_timer_stop(&((struct shop *)self)->tower);
}

/* The world. */

static const char *const wf_watches[] = {"pods", NULL};
static const struct controller_row wf_row = {.name = "workflow",
                                             .resource = "workflows.argoproj.io",
                                             .watches = wf_watches,
                                             .reconcile = wf_reconcile};
static const struct controller_row pod_row = {
    .name = "pod", .resource = "pods", .restore = pod_restore, .reconcile = pod_reconcile};
static const struct core_module tower_module = {
    .name = "tower", .restore = tower_restore, .forget = tower_forget};

/* Versions reach those who listen in their order. */
static void
published(void *arg, const struct object *before, const struct object *now, bool gone)
{
    struct shop *s = arg;

    (void)before, (void)gone;
    CHECK_TRUE(object_rv(now) > s->last_rv);
    s->last_rv = object_rv(now);
    sim_trace(s->sim, "published %.*s", STR_ARG(object_name(now)));
}

static void
boot(struct sim *sim, void *arg)
{
    struct shop *s = arg;

    s->sim = sim;
    s->last_rv = 0;
    s->cs = controllers_new(sim_core(sim));
    s->os = objects_new(sim_core(sim), s->cs, kinds_builtin);
    s->ev = events_new(sim_core(sim), s->os);
    objects_on_published(s->os, published, s);
    core_timer_init(&s->tower, tick);
    core_add_module(sim_core(sim), &tower_module, s);
    controllers_add(s->cs, &wf_row, s);
    controllers_add(s->cs, &pod_row, s);
}

static void
halt(struct sim *sim, void *arg)
{
    struct shop *s = arg;

    (void)sim;
    s->ev = events_free(s->ev);
    s->os = objects_free(s->os);
    s->cs = controllers_free(s->cs);
}

static void
lost(struct sim *sim, void *arg)
{
    struct shop *s = arg;

    s->machine++;
    for (int i = 0; i < ORDERS; i++) { /* clients live elsewhere */
        if (!s->orders[i].told && !s->orders[i].posted)
            sim_after(sim, RETRY_US, post_order, &s->orders[i]);
    }
}

static const struct sim_world world = {.boot = boot, .halt = halt, .lost = lost};

static struct shop *
shop_new(uint64_t seed)
{
    struct shop *s = NEW(struct shop);

    sim_new(seed, &world, s);
    for (int i = 0; i < ORDERS; i++) {
        snprintf(s->orders[i].name, sizeof s->orders[i].name, "wf-%d", i);
        s->orders[i].shop = s;
        sim_after(s->sim, 1000 * i, post_order, &s->orders[i]);
    }
    return s;
}

static void
shop_free(struct shop *s)
{
    sim_free(s->sim);
    CHECK_INT(s->open, 0);
    free(s);
}

/* What must hold in the end. */

static int64_t
count(struct shop *s, const char *sql)
{
    struct db *d = store_db(sim_store(s->sim));
    struct err e = ERR_INIT;
    int64_t n = -1;

    CHECK_INT(stmt_get_int(db_stmt(d, sql), -1, &n, &e), 0);
    return n;
}

static void
check_end(struct shop *s, bool exactly_once)
{
    for (int i = 0; i < ORDERS; i++)
        CHECK_TRUE(s->orders[i].told);
    CHECK_INT(count(s, "SELECT count(*) FROM objects WHERE resource = 'workflows.argoproj.io'"),
              ORDERS);
    CHECK_INT(count(s, "SELECT count(*) FROM objects WHERE resource = 'workflows.argoproj.io'"
                       " AND finished = 1"),
              ORDERS);
    CHECK_INT(count(s, "SELECT count(*) FROM objects WHERE resource = 'pods'"), ORDERS * PODS);
    CHECK_INT(count(s, "SELECT count(*) FROM objects WHERE resource = 'pods' AND finished = 1"),
              ORDERS * PODS);
    CHECK_INT(count(s, "SELECT count(*) FROM attempts WHERE state = 'exited'"), ORDERS * PODS);
    CHECK_INT(count(s, "SELECT count(*) FROM attempts WHERE state = 'intended'"), 0);
    CHECK_INT(count(s, "SELECT v.json LIKE '%\"count\":10%' FROM objects o JOIN versions v ON"
                       " v.rv = o.rv WHERE o.name = 'tower'"),
              1);
    CHECK_INT(count(s, "SELECT count(*) FROM objects o LEFT JOIN versions v ON v.rv = o.rv"
                       " WHERE v.rv IS NULL"),
              0);
    CHECK_INT(controllers_busy(s->cs), 0);
    if (exactly_once)
        CHECK_INT(s->ran, ORDERS * PODS);
}

static uint64_t
run_to_end(struct shop *s)
{
    uint64_t history;

    CHECK_TRUE(sim_run(s->sim));
    check_end(s, s->machine == 0);
    history = sim_history(s->sim);
    shop_free(s);
    return history;
}

TEST(nothing_happens_and_all_is_well)
{
    run_to_end(shop_new(1));
}

TEST(one_seed_is_one_history)
{
    uint64_t histories[8];

    for (uint64_t seed = 0; seed < 8; seed++) {
        struct shop *a = shop_new(seed), *b = shop_new(seed);

        sim_crash_at(a->sim, 20 + (int64_t)seed, SIM_EITHER);
        sim_crash_at(b->sim, 20 + (int64_t)seed, SIM_EITHER);
        histories[seed] = run_to_end(a);
        CHECK_TRUE(run_to_end(b) == histories[seed]);
        for (uint64_t other = 0; other < seed; other++)
            CHECK_TRUE(histories[other] != histories[seed]);
    }
}

static int64_t
points_of(uint64_t seed)
{
    struct shop *s = shop_new(seed);
    int64_t n, start = sim_points(s->sim);

    CHECK_TRUE(sim_run(s->sim));
    n = sim_points(s->sim) - start;
    shop_free(s);
    return n;
}

static void
crash_everywhere(uint64_t seed, enum sim_crash how)
{
    int64_t points = points_of(seed);

    CHECK_TRUE(points > 50);
    for (int64_t n = 0; n < points; n++) {
        struct shop *s = shop_new(seed);

        sim_crash_at(s->sim, n, how);
        CHECK_TRUE(sim_run(s->sim));
        CHECK_INT(sim_crashes(s->sim), 1);
        check_end(s, how == SIM_KILL);
        shop_free(s);
    }
}

TEST(a_kill_at_any_point_changes_nothing_in_the_end)
{
    crash_everywhere(2, SIM_KILL);
}

TEST(a_loss_of_power_at_any_point_changes_nothing_in_the_end)
{
    crash_everywhere(3, SIM_POWER);
}

TEST(crash_after_crash_changes_nothing_in_the_end)
{
    for (uint64_t seed = 100; seed < 140; seed++) {
        struct shop *s = shop_new(seed);

        for (int i = 0; i < 6; i++) {
            sim_crash_at(s->sim, (int64_t)sim_random(s->sim, 25), SIM_EITHER);
            CHECK_TRUE(sim_run(s->sim));
        }
        run_to_end(s);
    }
}

/* Faults of the disk: each write, then each sync, fails once. */

static void
fail_everywhere(uint64_t seed, void (*inject)(struct sim_disk *d, int nth))
{
    bool reached = true;
    int n;

    for (n = 1; reached; n++) {
        struct shop *s = shop_new(seed);

        inject(sim_disk(s->sim), n);
        CHECK_TRUE(sim_run(s->sim));
        reached = sim_disk_has_failed(sim_disk(s->sim));
        check_end(s, true);
        if (reached) { /* and what is on the disk is as good as what was in memory */
            inject(sim_disk(s->sim), 0);
            sim_crash(s->sim, SIM_KILL);
            CHECK_TRUE(sim_run(s->sim));
            check_end(s, true);
        }
        shop_free(s);
    }
    CHECK_TRUE(n > 20);
}

TEST(each_write_may_fail_once)
{
    fail_everywhere(4, sim_disk_fail_write);
}

TEST(each_sync_may_fail_once)
{
    fail_everywhere(5, sim_disk_fail_sync);
}

static void
make_room(struct sim *sim, void *arg)
{
    (void)arg;
    sim_trace(sim, "room again");
    sim_disk_set_capacity(sim_disk(sim), 0);
}

TEST(a_full_disk_holds_things_up_and_no_more)
{
    int full = 0;

    for (int64_t more = 0; more < 200 * 1024; more += 8 * 1024) {
        struct shop *s = shop_new(6);
        struct core_stats stats;

        sim_disk_set_capacity(sim_disk(s->sim), sim_disk_bytes(sim_disk(s->sim)) + more);
        sim_after(s->sim, 20 * CLOCK_SECOND, make_room, NULL);
        CHECK_TRUE(sim_run(s->sim));
        core_stats(sim_core(s->sim), &stats);
        full += stats.failed_commits > 0;
        run_to_end(s);
    }
    CHECK_TRUE(full > 3);
}

TESTS_MAIN(T_(nothing_happens_and_all_is_well), T_(one_seed_is_one_history),
           T_(a_kill_at_any_point_changes_nothing_in_the_end),
           T_(a_loss_of_power_at_any_point_changes_nothing_in_the_end),
           T_(crash_after_crash_changes_nothing_in_the_end), T_(each_write_may_fail_once),
           T_(each_sync_may_fail_once), T_(a_full_disk_holds_things_up_and_no_more))
