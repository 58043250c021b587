#include "core/controller.h"

#include "tests/unit/core/rig.h"

/* A controller that tells what it is asked to do. */
struct watcher {
    struct rig *rig;
    struct controllers *cs;
    int failures;
    int again; /* times that it asks to look again at once */
    int64_t later_us;
    bool wakes_itself;
};

static int
reconcile(void *self, struct turn *t, struct controller_pass *p, struct err *e)
{
    struct watcher *w = self;

    buf_printf(&w->rig->story, "%.*s ", STR_ARG(p->uid));
    if (rig_insert(t, "pass", e) < 0)
        return e->code;
    if (w->wakes_itself) {
        w->wakes_itself = false;
        controllers_wake(w->cs, "things", p->uid);
    }
    if (w->again-- > 0)
        p->again_at_us = turn_now_us(t);
    else
        p->again_at_us = w->later_us, w->later_us = 0;
    return w->failures-- > 0 ? err_set(e, ERR_IO, "no") : 0;
}

static int
finalize(void *self, struct turn *t, struct controller_pass *p, struct err *e)
{
    (void)t, (void)e;
    buf_printf(&((struct watcher *)self)->rig->story, "finalize-%.*s ", STR_ARG(p->uid));
    return 0;
}

static int
gone(void *self, struct turn *t, struct str uid, struct err *e)
{
    (void)t, (void)e;
    buf_printf(&((struct watcher *)self)->rig->story, "gone-%.*s ", STR_ARG(uid));
    return 0;
}

static const char *const watched[] = {"parts", NULL};
static const struct controller_row row = {.name = "thing",
                                          .resource = "things",
                                          .watches = watched,
                                          .reconcile = reconcile,
                                          .finalize = finalize,
                                          .gone = gone};

static enum controller_state
lookup(void *arg, struct turn *t, const char *resource, struct str uid)
{
    (void)arg, (void)t, (void)resource;
    return uid.p[0] == 'g'   ? CONTROLLER_GONE
           : uid.p[0] == 'd' ? CONTROLLER_DELETING
           : uid.p[0] == 'f' ? CONTROLLER_FOREIGN
                             : CONTROLLER_ALIVE;
}

static int
wake_all(void *arg, struct turn *t, const char *resource, struct err *e)
{
    struct watcher *w = arg;

    (void)t, (void)e;
    controllers_wake(w->cs, resource, STR("restored"));
    return 0;
}

static struct watcher
open_rig(struct rig *r)
{
    struct watcher w = {.rig = r};

    rig_open(r);
    w.cs = controllers_new(r->core);
    return w;
}

static void
start(struct rig *r, struct watcher *w)
{
    controllers_add(w->cs, &row, w);
    controllers_set_lookup(w->cs, lookup, NULL, w);
    rig_start(r);
}

static void
end(struct rig *r, struct watcher *w)
{
    r->core = core_free(r->core);
    controllers_free(w->cs);
    rig_close(r);
}

TEST(a_key_that_waits_is_worked_on_once)
{
    struct rig r;
    struct watcher w = open_rig(&r);

    start(&r, &w);
    controllers_wake(w.cs, "things", STR("a"));
    controllers_wake(w.cs, "things", STR("b"));
    controllers_wake(w.cs, "things", STR("a"));
    controllers_wake(w.cs, "others", STR("c"));
    CHECK_INT(controllers_busy(w.cs), 2);
    CHECK_TRUE(r.wakes > 0);
    core_run_turn(r.core);
    CHECK_STR(buf_cstring(&r.story), "a b ");
    CHECK_INT(controllers_busy(w.cs), 0);
    end(&r, &w);
}

TEST(a_key_woken_while_it_runs_runs_once_more_in_the_same_turn)
{
    struct rig r;
    struct watcher w = open_rig(&r);
    struct core_stats s;

    w.wakes_itself = true;
    start(&r, &w);
    controllers_wake(w.cs, "things", STR("a"));
    core_run_turn(r.core);
    CHECK_STR(buf_cstring(&r.story), "a a ");
    core_stats(r.core, &s);
    CHECK_INT(s.commits, 1);
    end(&r, &w);
}

TEST(owned_changes_wake_the_owner)
{
    struct rig r;
    struct watcher w = open_rig(&r);
    const struct str owners[] = {STR("a"), STR("foreign")};

    start(&r, &w);
    controllers_changed(w.cs, "parts", STR("part"), owners, 2);
    controllers_changed(w.cs, "unwatched", STR("x"), owners, 2);
    controllers_changed(w.cs, "things", STR("b"), NULL, 0);
    core_run_turn(r.core);
    CHECK_STR(buf_cstring(&r.story), "a b ");
    end(&r, &w);
}

TEST(deleting_and_gone_objects_get_their_own_functions)
{
    struct rig r;
    struct watcher w = open_rig(&r);

    start(&r, &w);
    controllers_wake(w.cs, "things", STR("d1"));
    controllers_wake(w.cs, "things", STR("g1"));
    core_run_turn(r.core);
    CHECK_STR(buf_cstring(&r.story), "finalize-d1 gone-g1 ");
    end(&r, &w);
}

TEST(a_pass_that_fails_is_taken_back_and_repeated_with_growing_pauses)
{
    struct rig r;
    struct watcher w = open_rig(&r);

    w.failures = 3;
    start(&r, &w);
    controllers_wake(w.cs, "things", STR("a"));
    core_run_turn(r.core);
    CHECK_INT(rig_rows(&r), 0);
    CHECK_TRUE(core_next_deadline(r.core) == r.clock.wall + 10 * 1000);
    clock_manual_advance(&r.clock, 9999);
    core_run(r.core, 10);
    CHECK_STR(buf_cstring(&r.story), "a ");
    clock_manual_advance(&r.clock, 1);
    core_run(r.core, 10);
    CHECK_TRUE(core_next_deadline(r.core) == r.clock.wall + 20 * 1000);
    clock_manual_advance(&r.clock, 20 * 1000);
    core_run(r.core, 10);
    CHECK_TRUE(core_next_deadline(r.core) == r.clock.wall + 40 * 1000);
    clock_manual_advance(&r.clock, 40 * 1000);
    core_run(r.core, 10);
    CHECK_STR(buf_cstring(&r.story), "a a a a ");
    CHECK_INT(rig_rows(&r), 1);
    CHECK_INT(controllers_busy(w.cs), 0);
    end(&r, &w);
}

TEST(bounded_work_goes_on_at_once_and_later_work_later)
{
    struct rig r;
    struct watcher w = open_rig(&r);

    w.again = 2;
    w.later_us = RIG_START_S * CLOCK_SECOND + 500;
    start(&r, &w);
    controllers_wake(w.cs, "things", STR("a"));
    core_run_turn(r.core);
    CHECK_STR(buf_cstring(&r.story), "a a a ");
    CHECK_TRUE(core_next_deadline(r.core) == r.clock.wall + 500);
    clock_manual_advance(&r.clock, 500);
    core_run(r.core, 10);
    CHECK_STR(buf_cstring(&r.story), "a a a a ");
    end(&r, &w);
}

TEST(repeats_of_many_keys_are_spread)
{
    struct rig r;
    struct watcher w = open_rig(&r);
    char name[16];

    w.failures = 250;
    start(&r, &w);
    for (int i = 0; i < 250; i++) {
        snprintf(name, sizeof name, "a%d", i);
        controllers_wake(w.cs, "things", str_of(name));
    }
    core_run(r.core, 10);
    buf_clear(&r.story);
    clock_manual_advance(&r.clock, 10 * 1000);
    core_run(r.core, 10);
    CHECK_TRUE(r.story.n > 0);
    CHECK_TRUE(controllers_busy(w.cs) > 0 && controllers_busy(w.cs) < 60); /* the rest has slots */
    clock_manual_advance(&r.clock, CLOCK_SECOND);
    core_run(r.core, 10);
    CHECK_INT(controllers_busy(w.cs), 0);
    end(&r, &w);
}

TEST(unfinished_objects_are_woken_at_start)
{
    struct rig r;
    struct watcher w = open_rig(&r);

    controllers_add(w.cs, &row, &w);
    controllers_set_lookup(w.cs, lookup, wake_all, &w);
    rig_start(&r);
    core_run_turn(r.core);
    CHECK_STR(buf_cstring(&r.story), "restored ");
    end(&r, &w);
}

TESTS_MAIN(T_(a_key_that_waits_is_worked_on_once),
           T_(a_key_woken_while_it_runs_runs_once_more_in_the_same_turn),
           T_(owned_changes_wake_the_owner), T_(deleting_and_gone_objects_get_their_own_functions),
           T_(a_pass_that_fails_is_taken_back_and_repeated_with_growing_pauses),
           T_(bounded_work_goes_on_at_once_and_later_work_later),
           T_(repeats_of_many_keys_are_spread), T_(unfinished_objects_are_woken_at_start))
