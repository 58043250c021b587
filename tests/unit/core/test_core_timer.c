#include "core/core_timer.h"

#include "tests/unit/core/rig.h"

struct alarm {
    struct core_timer timer;
    struct rig *rig;
    const char *text;
    int failures;
};

static int
ring(struct core_timer *timer, struct turn *t, struct err *e)
{
    struct alarm *a = CONTAINER_OF(timer, struct alarm, timer);

    buf_printf(&a->rig->story, "%s%s ", a->text, a->failures > 0 ? "?" : "");
    if (rig_insert(t, a->text, e) < 0)
        return e->code;
    return a->failures-- > 0 ? err_set(e, ERR_IO, "not now") : 0;
}

static struct alarm
alarm_of(struct rig *r, const char *text)
{
    struct alarm a = {.rig = r, .text = text};

    core_timer_init(&a.timer, ring);
    return a;
}

TEST(timers_fire_in_the_order_of_their_deadlines)
{
    struct rig r;
    struct alarm a[40];
    int64_t now;

    rig_open(&r);
    rig_start(&r);
    now = r.clock.wall;
    for (int i = 0; i < 40; i++) {
        static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h"};

        a[i] = alarm_of(&r, names[(i * 5) % 8]);
        core_timer_set(r.core, &a[i].timer, now + 1000 * ((i * 5) % 8 + 1));
    }
    for (int i = 8; i < 40; i++)
        core_timer_stop(&a[i].timer);
    core_timer_stop(&a[39].timer);
    CHECK_TRUE(core_next_deadline(r.core) == now + 1000);
    clock_manual_advance(&r.clock, 3999);
    core_run_turn(r.core);
    CHECK_STR(buf_cstring(&r.story), "a b c ");
    clock_manual_advance(&r.clock, 60 * CLOCK_SECOND); /* a suspend, or a step of the clock */
    core_run_turn(r.core);
    CHECK_STR(buf_cstring(&r.story), "a b c d e f g h ");
    rig_close(&r);
}

TEST(equal_deadlines_fire_in_the_order_of_setting)
{
    struct rig r;
    struct alarm a, b, c;

    rig_open(&r);
    rig_start(&r);
    a = alarm_of(&r, "a");
    b = alarm_of(&r, "b");
    c = alarm_of(&r, "c");
    core_timer_set(r.core, &c.timer, 5);
    core_timer_set(r.core, &a.timer, 5);
    core_timer_set(r.core, &b.timer, 6);
    core_timer_set(r.core, &b.timer, 5);
    core_run_turn(r.core);
    CHECK_STR(buf_cstring(&r.story), "c a b ");
    CHECK_FALSE(core_timer_armed(&a.timer));
    rig_close(&r);
}

TEST(a_timer_whose_work_fails_fires_again_a_second_later)
{
    struct rig r;
    struct alarm a;

    rig_open(&r);
    rig_start(&r);
    a = alarm_of(&r, "a");
    a.failures = 1;
    core_timer_set(r.core, &a.timer, r.clock.wall);
    core_run_turn(r.core);
    CHECK_INT(rig_rows(&r), 0);
    clock_manual_advance(&r.clock, CLOCK_SECOND - 1);
    core_run_turn(r.core);
    CHECK_STR(buf_cstring(&r.story), "a? ");
    clock_manual_advance(&r.clock, 1);
    core_run_turn(r.core);
    CHECK_STR(buf_cstring(&r.story), "a? a ");
    CHECK_INT(rig_rows(&r), 1);
    rig_close(&r);
}

struct meddler {
    struct message m;
    struct rig *rig;
    struct alarm *set, *move, *stop;
};

static int
meddle(struct message *m, struct turn *t, struct err *e)
{
    struct meddler *x = CONTAINER_OF(m, struct meddler, m);

    core_timer_set(turn_core(t), &x->set->timer, 1);
    core_timer_set(turn_core(t), &x->move->timer, 2);
    core_timer_set(turn_core(t), &x->move->timer, 3);
    core_timer_stop(&x->stop->timer);
    return err_set(e, ERR_INVALID, "no");
}

TEST(what_a_failing_message_did_to_timers_is_taken_back)
{
    struct rig r;
    struct alarm set, move, stop;
    struct meddler x;
    struct err e = ERR_INIT;

    rig_open(&r);
    rig_start(&r);
    set = alarm_of(&r, "set");
    move = alarm_of(&r, "move");
    stop = alarm_of(&r, "stop");
    core_timer_set(r.core, &move.timer, r.clock.wall + 2000);
    core_timer_set(r.core, &stop.timer, r.clock.wall + 1000);
    x = (struct meddler){.m = {.class = MESSAGE_EVENT, .run = meddle},
                         .rig = &r,
                         .set = &set,
                         .move = &move,
                         .stop = &stop};
    CHECK_INT(core_post(r.core, &x.m, &e), 0);
    core_run_turn(r.core);
    CHECK_FALSE(core_timer_armed(&set.timer));
    CHECK_TRUE(core_next_deadline(r.core) == r.clock.wall + 1000);
    clock_manual_advance(&r.clock, 2000);
    core_run_turn(r.core);
    CHECK_STR(buf_cstring(&r.story), "stop move ");
    rig_close(&r);
}

TESTS_MAIN(T_(timers_fire_in_the_order_of_their_deadlines),
           T_(equal_deadlines_fire_in_the_order_of_setting),
           T_(a_timer_whose_work_fails_fires_again_a_second_later),
           T_(what_a_failing_message_did_to_timers_is_taken_back))
