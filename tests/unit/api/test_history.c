#include "api/history.h"

#include "api/objects.h"
#include "core/controller.h"
#include "data/json.h"
#include "tests/unit/core/rig.h"

enum { KEPT = 3, MANY = 120 };
#define DAY_US (24 * 3600 * CLOCK_SECOND)

struct world {
    struct rig rig;
    struct controllers *cs;
    struct objects *os;
    struct history *h;
};

static void
boot(struct world *w)
{
    w->cs = controllers_new(w->rig.core);
    w->os = objects_new(w->rig.core, w->cs, kinds_builtin);
    w->h = history_new(w->rig.core, w->os, &kind_pod, KEPT, DAY_US);
    rig_start(&w->rig);
}

static void
world_open(struct world *w)
{
    rig_open(&w->rig);
    boot(w);
}

static void
halt(struct world *w)
{
    w->rig.core = core_free(w->rig.core);
    history_free(w->h);
    w->os = objects_free(w->os);
    w->cs = controllers_free(w->cs);
}

static void
restart(struct world *w)
{
    halt(w);
    rig_reboot(&w->rig);
    boot(w);
}

static void
world_close(struct world *w)
{
    halt(w);
    rig_close(&w->rig);
}

/* Messages that each do one thing to pods FIRST to LAST. */
struct deed {
    struct message m;
    struct world *w;
    int first, last;
    const char *status;  /* of new or existing pods */
    const char *between; /* further fields of metadata */
};

static int
do_one(struct deed *d, struct turn *t, int i, struct err *e)
{
    cleanup_free char *text =
        xasprintf("{\"metadata\":{\"name\":\"p%d\"%s},\"spec\":{\"containers\":[]}}", i,
                  d->between != NULL ? d->between : "");
    cleanup_free char *name = xasprintf("p%d", i);
    cleanup_object struct object *o = objects_find(d->w->os, t, &kind_pod, STR("ns"), str_of(name));
    cleanup_json struct json_doc *doc = NULL, *status = NULL;

    if (json_parse(str_of(text), NULL, &doc, e) < 0 ||
        json_parse(str_of(d->status), NULL, &status, e) < 0)
        return e->code;
    if (o == NULL && objects_create(d->w->os, t, &kind_pod, STR("ns"), json_root(doc), &o, e) < 0)
        return e->code;
    return objects_set_status(d->w->os, t, o, json_root(status), NULL, e);
}

static int
run_deed(struct message *m, struct turn *t, struct err *e)
{
    struct deed *d = CONTAINER_OF(m, struct deed, m);

    for (int i = d->first; i <= d->last; i++)
        if (do_one(d, t, i, e) < 0)
            fail_msg("%s", e->msg);
    return 0;
}

static void
finish(struct world *w, int first, int last, const char *status, const char *between)
{
    struct deed d = {.m = {.class = MESSAGE_REQUEST, .run = run_deed},
                     .w = w,
                     .first = first,
                     .last = last,
                     .status = status,
                     .between = between};
    struct err e = ERR_INIT;

    CHECK_INT(core_post(w->rig.core, &d.m, &e), 0);
    core_run(w->rig.core, 20);
}

/* "p3 p5", by name. */
struct look {
    struct message m;
    struct world *w;
    struct buf names;
};

static int
run_look(struct message *m, struct turn *t, struct err *e)
{
    struct look *l = CONTAINER_OF(m, struct look, m);
    struct objects_query q = {.kind = &kind_pod, .limit = 1000};
    cleanup_objects object_vec found = VEC_INIT;

    if (objects_list(l->w->os, t, &q, &found, NULL, e) < 0)
        fail_msg("%s", e->msg);
    for (size_t i = 0; i < found.n; i++)
        buf_printf(&l->names, "%s%.*s", i > 0 ? " " : "", STR_ARG(object_name(found.at[i])));
    return 0;
}

static void
check_pods(struct world *w, const char *names)
{
    struct look l = {.m = {.class = MESSAGE_REQUEST, .run = run_look}, .w = w, .names = BUF_INIT};
    struct err e = ERR_INIT;

    CHECK_INT(core_post(w->rig.core, &l.m, &e), 0);
    core_run(w->rig.core, 20);
    CHECK_STR(buf_cstring(&l.names), names);
    buf_done(&l.names);
}

static void
pass_time(struct world *w, int64_t us)
{
    clock_manual_advance(&w->rig.clock, us);
    core_run(w->rig.core, 1000);
}

#define OVER "{\"phase\":\"Succeeded\"}"
#define RUNS "{\"phase\":\"Running\"}"

TEST(the_oldest_finished_objects_go_when_there_are_more_than_the_limit)
{
    struct world w;

    world_open(&w);
    finish(&w, 0, 1, RUNS, NULL);
    finish(&w, 2, 2, OVER, NULL);
    finish(&w, 3, 5, OVER, NULL);
    check_pods(&w, "p0 p1 p2 p3 p4 p5");
    pass_time(&w, HISTORY_PAUSE_US);
    check_pods(&w, "p0 p1 p3 p4 p5");
    finish(&w, 0, 0, OVER, NULL);
    pass_time(&w, HISTORY_PAUSE_US);
    check_pods(&w, "p0 p1 p4 p5");
    world_close(&w);
}

TEST(after_a_restart_the_order_is_as_before)
{
    struct world w;

    world_open(&w);
    for (int i = 9; i >= 5; i--)
        finish(&w, i, i, OVER, NULL);
    restart(&w);
    check_pods(&w, "p5 p6 p7 p8 p9");
    pass_time(&w, HISTORY_PAUSE_US);
    check_pods(&w, "p5 p6 p7");
    finish(&w, 1, 1, OVER, NULL);
    pass_time(&w, HISTORY_PAUSE_US);
    check_pods(&w, "p1 p5 p6");
    world_close(&w);
}

TEST(many_go_in_batches)
{
    struct world w;

    world_open(&w);
    finish(&w, 0, MANY - 1, OVER, NULL);
    clock_manual_advance(&w.rig.clock, HISTORY_PAUSE_US);
    core_run_turn(w.rig.core);
    restart(&w); /* one batch is gone for good, the rest goes after the restart */
    pass_time(&w, HISTORY_PAUSE_US);
    pass_time(&w, CLOCK_SECOND);
    pass_time(&w, CLOCK_SECOND);
    check_pods(&w, "p117 p118 p119");
    world_close(&w);
}

TEST(an_object_that_others_hold_is_only_asked_to_go)
{
    struct world w;

    world_open(&w);
    finish(&w, 0, 0, OVER, ",\"finalizers\":[\"example.com/held\"]");
    finish(&w, 1, 4, OVER, NULL);
    pass_time(&w, HISTORY_PAUSE_US);
    check_pods(&w, "p0 p2 p3 p4");
    finish(&w, 5, 5, OVER, NULL);
    pass_time(&w, HISTORY_PAUSE_US);
    check_pods(&w, "p0 p3 p4 p5");
    world_close(&w);
}

TEST(what_finished_too_long_ago_goes)
{
    struct world w;

    world_open(&w);
    finish(&w, 0, 0, OVER, NULL);
    pass_time(&w, DAY_US / 2);
    finish(&w, 1, 1, OVER, NULL);
    pass_time(&w, DAY_US / 2 - CLOCK_SECOND);
    check_pods(&w, "p0 p1");
    pass_time(&w, CLOCK_SECOND);
    check_pods(&w, "p1");
    restart(&w);
    pass_time(&w, DAY_US / 2 - CLOCK_SECOND);
    check_pods(&w, "p1");
    pass_time(&w, CLOCK_SECOND);
    check_pods(&w, "");
    world_close(&w);
}

TEST(the_age_is_that_of_the_end_where_the_status_says_it)
{
    struct world w;

    world_open(&w);
    finish(&w, 0, 0, "{\"phase\":\"Succeeded\",\"finishedAt\":\"2001-01-01T00:00:00Z\"}", NULL);
    check_pods(&w, "p0");
    pass_time(&w, HISTORY_PAUSE_US);
    check_pods(&w, "");
    world_close(&w);
}

static int measured_;

static void
count_measure(void *arg)
{
    (void)arg;
    measured_++;
}

/* Tells the history in a turn. */
struct telling {
    struct message m;
    struct history *h;
    int64_t bytes;
};

static int
run_tell(struct message *m, struct turn *t, struct err *e)
{
    const struct telling *l = CONTAINER_OF(m, struct telling, m);

    (void)e;
    history_measured(l->h, t, l->bytes);
    return 0;
}

static void
tell(struct world *w, int64_t bytes)
{
    struct telling l = {.m = {.class = MESSAGE_WORK, .run = run_tell}, .h = w->h, .bytes = bytes};
    struct err e = ERR_INIT;

    CHECK_INT(core_post(w->rig.core, &l.m, &e), 0);
    core_run(w->rig.core, 20);
}

TEST(as_many_go_as_take_more_than_the_bytes)
{
    struct world w;

    measured_ = 0;
    world_open(&w);
    history_limit_bytes(w.h, 1000, count_measure, NULL);
    finish(&w, 0, 2, OVER, NULL);
    CHECK_INT(measured_, 0);
    pass_time(&w, HISTORY_MEASURE_US);
    CHECK_INT(measured_, 1);
    tell(&w, 1000);
    pass_time(&w, HISTORY_MEASURE_US);
    check_pods(&w, "p0 p1 p2");
    CHECK_INT(measured_, 1); /* nothing has changed */
    tell(&w, 3000);
    check_pods(&w, "p2");
    pass_time(&w, HISTORY_MEASURE_US);
    CHECK_INT(measured_, 2);
    tell(&w, 1001);
    check_pods(&w, "");
    world_close(&w);
}

TEST(many_are_counted_piece_by_piece_while_others_come_and_go)
{
    struct world w;

    world_open(&w);
    finish(&w, 1000, 1000 + HISTORY_PAGE / 2, OVER, NULL);
    finish(&w, 3000, 3000 + HISTORY_PAGE / 2, OVER, NULL);
    restart(&w);
    clock_manual_advance(&w.rig.clock, HISTORY_PAUSE_US);
    core_run_turn(w.rig.core); /* the first page, and what it shows to be too many goes */
    finish(&w, 500, 500, OVER, NULL);
    finish(&w, 9000, 9000, OVER, NULL);
    for (int i = 0; i < 25; i++)
        pass_time(&w, CLOCK_SECOND);
    check_pods(&w, "p3500 p500 p9000");
    world_close(&w);
}

TESTS_MAIN(T_(as_many_go_as_take_more_than_the_bytes),
           T_(many_are_counted_piece_by_piece_while_others_come_and_go),
           T_(what_finished_too_long_ago_goes),
           T_(the_age_is_that_of_the_end_where_the_status_says_it),
           T_(the_oldest_finished_objects_go_when_there_are_more_than_the_limit),
           T_(after_a_restart_the_order_is_as_before), T_(many_go_in_batches),
           T_(an_object_that_others_hold_is_only_asked_to_go))
