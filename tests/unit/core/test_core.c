#include "core/core.h"

#include <pthread.h>

#include "tests/unit/core/rig.h"

/* A message that writes its text and tells a story. */
struct ask {
    struct message m;
    struct rig *rig;
    const char *text;
    bool fails;
    _Atomic int *left;
    int (*more)(struct ask *a, struct turn *t, struct err *e);
};

static void
tell_effect(void *arg)
{
    struct ask *a = arg;

    buf_printf(&a->rig->story, "effect %s; ", a->text);
}

static void
tell_undo(void *arg)
{
    struct ask *a = arg;

    buf_printf(&a->rig->story, "undo %s; ", a->text);
}

static void
tell_finally(void *arg)
{
    struct ask *a = arg;

    buf_printf(&a->rig->story, "finally %s; ", a->text);
}

static int
run(struct message *m, struct turn *t, struct err *e)
{
    struct ask *a = CONTAINER_OF(m, struct ask, m);

    buf_printf(&a->rig->story, "run %s; ", a->text);
    turn_undo(t, tell_undo, a);
    turn_effect(t, tell_effect, a);
    turn_finally(t, tell_finally, a);
    if (rig_insert(t, a->text, e) < 0)
        return e->code;
    if (a->more != NULL && a->more(a, t, e) < 0)
        return e->code;
    return a->fails ? err_set(e, ERR_INVALID, "no %s", a->text) : 0;
}

static void
done(struct message *m, const struct err *why)
{
    struct ask *a = CONTAINER_OF(m, struct ask, m);

    buf_printf(&a->rig->story, "done %s%s%s; ", a->text, why != NULL ? ": " : "",
               why != NULL ? err_reason(why->code) : "");
}

static struct ask
ask(struct rig *r, const char *text)
{
    return (struct ask){
        .m = {.class = MESSAGE_REQUEST, .run = run, .done = done}, .rig = r, .text = text};
}

static void
post(struct rig *r, struct ask *a)
{
    struct err e = ERR_INIT;

    CHECK_INT(core_post(r->core, &a->m, &e), 0);
}

TEST(effects_and_replies_leave_in_order_after_the_commit)
{
    struct rig r;
    struct ask a, b;

    rig_open(&r);
    rig_start(&r);
    a = ask(&r, "a");
    b = ask(&r, "b");
    post(&r, &a);
    post(&r, &b);
    CHECK_INT(r.wakes, 1); /* the second finds the core awake already */
    CHECK_FALSE(core_run_turn(r.core));
    CHECK_STR(buf_cstring(&r.story), "run a; run b; effect a; done a; effect b; done b; "
                                     "finally a; finally b; ");
    CHECK_INT(rig_rows(&r), 2);
    rig_close(&r);
}

static struct ask *late;

/* Posts another one, as a second thread would while this one runs. */
static int
post_late(struct ask *a, struct turn *t, struct err *e)
{
    (void)t;
    return core_post(a->rig->core, &late->m, e);
}

static int
only_post_late(struct message *m, struct turn *t, struct err *e)
{
    return post_late(CONTAINER_OF(m, struct ask, m), t, e);
}

TEST(what_comes_before_a_commit_is_part_of_it)
{
    struct rig r;
    struct ask a, b;
    struct core_stats s;

    rig_open(&r);
    rig_start(&r);
    a = ask(&r, "a");
    a.more = post_late;
    b = ask(&r, "b");
    late = &b;
    post(&r, &a);
    CHECK_FALSE(core_run_turn(r.core));
    CHECK_INT(rig_rows(&r), 2);
    core_stats(r.core, &s);
    CHECK_INT(s.commits, 1);

    buf_clear(&r.story);
    a.m.run = only_post_late; /* without a change nobody waits for others */
    post(&r, &a);
    CHECK_TRUE(core_run_turn(r.core));
    CHECK_STR(buf_cstring(&r.story), "done a; ");
    core_run_turn(r.core);
    CHECK_INT(rig_rows(&r), 3);
    rig_close(&r);
}

TEST(a_message_that_fails_is_taken_back_alone)
{
    struct rig r;
    struct ask a, b, c;

    rig_open(&r);
    rig_start(&r);
    a = ask(&r, "a");
    b = ask(&r, "b");
    c = ask(&r, "c");
    b.fails = true;
    post(&r, &a);
    post(&r, &b);
    post(&r, &c);
    core_run_turn(r.core);
    CHECK_STR(buf_cstring(&r.story),
              "run a; run b; undo b; run c; effect a; done a; done b: Invalid; effect c; done c; "
              "finally a; finally b; finally c; ");
    CHECK_INT(rig_rows(&r), 2);
    rig_close(&r);
}

static int
refuse(void *arg, struct turn *t, struct err *e)
{
    struct rig *r = arg;

    (void)t;
    buf_cstr(&r->story, "flush; ");
    return err_set(e, ERR_IO, "no");
}

static int
flush_fails(struct ask *a, struct turn *t, struct err *e)
{
    (void)e;
    turn_before_commit(t, refuse, a->rig);
    turn_before_commit(t, refuse, a->rig);
    return 0;
}

static int
story_restore(void *self, struct turn *t, struct err *e)
{
    (void)t, (void)e;
    buf_cstr(&((struct rig *)self)->story, "restore; ");
    return 0;
}

static void
story_forget(void *self)
{
    buf_cstr(&((struct rig *)self)->story, "forget; ");
}

TEST(a_turn_that_cannot_be_stored_is_taken_back_and_memory_is_rebuilt)
{
    static const struct core_module module = {
        .name = "story", .restore = story_restore, .forget = story_forget};
    struct rig r;
    struct ask a, b;
    struct core_stats s;

    rig_open(&r);
    core_add_module(r.core, &module, &r);
    rig_start(&r);
    buf_clear(&r.story);
    a = ask(&r, "a");
    b = ask(&r, "b");
    b.more = flush_fails;
    post(&r, &a);
    post(&r, &b);
    core_run_turn(r.core);
    CHECK_STR(buf_cstring(&r.story),
              "run a; run b; flush; undo b; undo a; done a: ServiceUnavailable; "
              "done b: ServiceUnavailable; finally a; finally b; forget; restore; ");
    CHECK_INT(rig_rows(&r), 0);
    core_stats(r.core, &s);
    CHECK_INT(s.failed_commits, 1);
    CHECK_INT(s.rebuilds, 1);
    CHECK_INT(s.requests, 0);

    buf_clear(&r.story);
    a = ask(&r, "again");
    post(&r, &a);
    core_run_turn(r.core);
    CHECK_INT(rig_rows(&r), 1);
    rig_close(&r);
}

static int restores_to_fail;

static int
restore_perhaps(void *self, struct turn *t, struct err *e)
{
    (void)self;
    if (rig_insert(t, "half", e) < 0)
        return e->code;
    return restores_to_fail-- > 0 ? err_set(e, ERR_IO, "no") : 0;
}

TEST(a_rebuild_that_fails_is_tried_again_from_the_start_a_second_later)
{
    static const struct core_module first = {
        .name = "first", .restore = story_restore, .forget = story_forget};
    static const struct core_module second = {.name = "second", .restore = restore_perhaps};
    struct rig r;
    struct ask a, b;

    rig_open(&r);
    core_add_module(r.core, &first, &r);
    core_add_module(r.core, &second, &r);
    restores_to_fail = 0;
    rig_start(&r);
    CHECK_INT(rig_rows(&r), 1);
    a = ask(&r, "a");
    a.more = flush_fails;
    post(&r, &a);
    restores_to_fail = 2;
    core_run_turn(r.core);
    b = ask(&r, "b");
    post(&r, &b);
    buf_clear(&r.story);
    CHECK_TRUE(core_next_deadline(r.core) == r.clock.wall + CLOCK_SECOND);
    CHECK_FALSE(core_run_turn(r.core));
    CHECK_STR(buf_cstring(&r.story), "");
    clock_manual_advance(&r.clock, CLOCK_SECOND);
    core_run_turn(r.core); /* fails once more */
    CHECK_STR(buf_cstring(&r.story), "forget; restore; ");
    CHECK_INT(rig_rows(&r), 1);
    clock_manual_advance(&r.clock, CLOCK_SECOND);
    core_run_turn(r.core);
    CHECK_STR(buf_cstring(&r.story),
              "forget; restore; forget; restore; run b; effect b; done b; finally b; ");
    CHECK_INT(rig_rows(&r), 3);
    rig_close(&r);
}

TEST(commits_that_fail_in_a_row_are_followed_by_pauses)
{
    struct rig r;
    struct ask a, b;

    rig_open(&r);
    rig_start(&r);
    a = ask(&r, "a");
    a.more = flush_fails;
    b = a;
    post(&r, &a);
    core_run_turn(r.core);
    post(&r, &b);
    core_run_turn(r.core);
    CHECK_TRUE(core_next_deadline(r.core) == r.clock.wall + 20 * 1000);
    a = ask(&r, "later");
    post(&r, &a);
    CHECK_FALSE(core_run_turn(r.core)); /* not yet */
    CHECK_INT(rig_rows(&r), 0);
    clock_manual_advance(&r.clock, 20 * 1000);
    core_run_turn(r.core);
    CHECK_INT(rig_rows(&r), 1);
    rig_close(&r);
}

static int
count_flush(void *arg, struct turn *t, struct err *e)
{
    struct rig *r = arg;

    (void)e;
    CHECK_TRUE(turn_is_flushing(t));
    buf_cstr(&r->story, "flush; ");
    return rig_insert(t, "flushed", e);
}

static int
only_flush(struct message *m, struct turn *t, struct err *e)
{
    (void)e;
    turn_before_commit(t, count_flush, CONTAINER_OF(m, struct ask, m)->rig);
    return 0;
}

static int
ride(void *arg, struct turn *t, struct err *e)
{
    buf_cstr(&((struct rig *)arg)->story, "rider; ");
    return rig_insert(t, "rider", e);
}

static int
do_nothing(struct message *m, struct turn *t, struct err *e)
{
    (void)m, (void)t, (void)e;
    return 0;
}

TEST(a_flush_hook_runs_once_and_riders_only_join_turns_that_write)
{
    struct rig r;
    struct ask a, b, idle;
    struct core_stats s;

    rig_open(&r);
    core_add_rider(r.core, ride, &r);
    rig_start(&r);
    idle = ask(&r, "idle");
    idle.m.run = do_nothing;
    post(&r, &idle);
    core_run_turn(r.core);
    CHECK_STR(buf_cstring(&r.story), "done idle; ");
    core_stats(r.core, &s);
    CHECK_INT(s.commits, 0);
    buf_clear(&r.story);
    a = ask(&r, "a");
    b = ask(&r, "b");
    a.m.run = b.m.run = only_flush;
    post(&r, &a);
    post(&r, &b);
    core_run_turn(r.core);
    CHECK_STR(buf_cstring(&r.story), "flush; rider; done a; done b; ");
    CHECK_INT(rig_rows(&r), 2);
    rig_close(&r);
}

TEST(requests_over_the_limit_are_refused)
{
    struct rig r;
    struct ask *asks = NEW_ARRAY(struct ask, CORE_MAX_REQUESTS + 1);
    struct err e = ERR_INIT;
    struct core_stats s;

    rig_open(&r);
    rig_start(&r);
    for (int i = 0; i < CORE_MAX_REQUESTS; i++) {
        asks[i] = ask(&r, "x");
        post(&r, &asks[i]);
    }
    asks[CORE_MAX_REQUESTS] = ask(&r, "late");
    CHECK_INT(core_post(r.core, &asks[CORE_MAX_REQUESTS].m, &e), ERR_TOOMANY);
    CHECK_CONTAINS(e.msg, "1024 requests");
    CHECK_INT(core_run(r.core, 100), 4); /* 256 messages a turn */
    core_stats(r.core, &s);
    CHECK_INT(s.requests, 0);
    CHECK_INT(s.refused, 1);
    CHECK_INT(core_post(r.core, &asks[CORE_MAX_REQUESTS].m, &e), 0);
    core_run_turn(r.core);
    CHECK_INT(rig_rows(&r), CORE_MAX_REQUESTS + 1);
    free(asks);
    rig_close(&r);
}

static int
note_class(struct message *m, struct turn *t, struct err *e)
{
    struct ask *a = CONTAINER_OF(m, struct ask, m);

    (void)t, (void)e;
    buf_cstr(&a->rig->story, a->text);
    return 0;
}

TEST(classes_share_a_turn_by_weight)
{
    struct rig r;
    struct ask asks[36];

    rig_open(&r);
    rig_start(&r);
    for (int i = 0; i < 36; i++) {
        asks[i] = ask(&r, i < 18 ? "e" : i < 27 ? "r" : "w");
        asks[i].m = (struct message){.class = i < 18   ? MESSAGE_EVENT
                                              : i < 27 ? MESSAGE_REQUEST
                                                       : MESSAGE_WORK,
                                     .run = note_class};
        post(&r, &asks[i]);
    }
    core_run_turn(r.core);
    CHECK_STR(buf_cstring(&r.story), "eeeeeeeerrrrwwwweeeeeeeerrrrwwwweerw");
    rig_close(&r);
}

TEST(messages_that_wait_when_the_core_ends_are_told)
{
    struct rig r;
    struct ask a;

    rig_open(&r);
    rig_start(&r);
    a = ask(&r, "a");
    post(&r, &a);
    r.core = core_free(r.core);
    CHECK_STR(buf_cstring(&r.story), "done a: ServiceUnavailable; ");
    rig_close(&r);
}

static bool
die_at(void *arg, const char *where)
{
    return strcmp(arg, where) == 0;
}

static void
check_death(const char *where, const char *story, int rows)
{
    struct rig r;
    struct ask a;
    char place[32];
    struct core_options o;

    rig_open(&r);
    r.core = core_free(r.core);
    snprintf(place, sizeof place, "%s", where);
    o = (struct core_options){
        .store = r.store, .clock = &r.clock.clock, .probe = die_at, .probe_arg = place};
    r.core = core_new(&o);
    rig_start(&r);
    a = ask(&r, "a");
    post(&r, &a);
    CHECK_FALSE(core_run_turn(r.core));
    CHECK_TRUE(core_is_dead(r.core));
    CHECK_STR(buf_cstring(&r.story), story);
    CHECK_INT(rig_rows(&r), rows);
    rig_close(&r);
}

TEST(a_core_that_dies_lets_nothing_leave)
{
    check_death("before commit", "run a; undo a; done a: ServiceUnavailable; finally a; ", 0);
    check_death("after commit", "run a; done a: ServiceUnavailable; finally a; ", 1);
    check_death("done", "run a; effect a; done a: ServiceUnavailable; finally a; ", 1);
}

TEST(a_quiet_core_moves_the_log_into_the_database)
{
    struct rig r;
    struct ask a;

    rig_open(&r);
    rig_start(&r);
    a = ask(&r, "a");
    post(&r, &a);
    core_run_turn(r.core);
    CHECK_TRUE(db_log_bytes(store_db(r.store)) > 0);
    CHECK_TRUE(core_next_deadline(r.core) == r.clock.wall + CLOCK_SECOND);
    clock_manual_advance(&r.clock, CLOCK_SECOND);
    core_run_turn(r.core);
    CHECK_INT(db_log_bytes(store_db(r.store)), 0);
    CHECK_TRUE(core_next_deadline(r.core) == INT64_MAX); /* and then it sleeps */
    rig_close(&r);
}

static int
count_restore(void *self, struct turn *t, struct err *e)
{
    (void)self, (void)t, (void)e;
    return 0;
}

static void
count_shrink(void *self)
{
    ++*(int *)self;
}

TEST(a_quiet_core_frees_what_it_can_spare_once)
{
    static const struct core_module module = {
        .name = "ample", .restore = count_restore, .shrink = count_shrink};
    struct rig r;
    struct ask a;
    int shrinks = 0;

    rig_open(&r);
    core_add_module(r.core, &module, &shrinks);
    rig_start(&r);
    for (int i = 0; i < 3; i++) { /* not quiet */
        a = ask(&r, "a");
        post(&r, &a);
        core_run_turn(r.core);
        clock_manual_advance(&r.clock, CLOCK_SECOND / 2);
        core_run_turn(r.core);
    }
    CHECK_INT(shrinks, 0);
    clock_manual_advance(&r.clock, 2 * CLOCK_SECOND);
    core_run(r.core, 3);
    clock_manual_advance(&r.clock, 2 * CLOCK_SECOND);
    core_run(r.core, 3);
    CHECK_INT(shrinks, 1);
    CHECK_TRUE(core_next_deadline(r.core) == INT64_MAX);
    rig_close(&r);
}

/* Threads. */

enum { POSTERS = 4, POSTS = 200 };

struct poster {
    struct rig *rig;
    struct ask asks[POSTS];
    _Atomic int *left;
    pthread_t thread;
};

static int
count_run(struct message *m, struct turn *t, struct err *e)
{
    return rig_insert(t, CONTAINER_OF(m, struct ask, m)->text, e) < 0 ? e->code : 0;
}

static void
count_done(struct message *m, const struct err *why)
{
    CHECK_NULL(why);
    --*CONTAINER_OF(m, struct ask, m)->left;
}

static void *
post_all(void *arg)
{
    struct poster *p = arg;
    struct err e = ERR_INIT;

    for (int i = 0; i < POSTS; i++) {
        p->asks[i] =
            (struct ask){.m = {.class = MESSAGE_EVENT, .run = count_run, .done = count_done},
                         .text = "x",
                         .left = p->left};
        if (core_post(p->rig->core, &p->asks[i].m, &e) < 0)
            return p;
    }
    return NULL;
}

static void
run_many(const struct core_options *more, struct rig *rig)
{
    struct poster *posters = NEW_ARRAY(struct poster, POSTERS);
    _Atomic int left = POSTERS * POSTS;

    rig_open_as(rig, more);
    rig_start(rig);
    for (int i = 0; i < POSTERS; i++) {
        posters[i].rig = rig;
        posters[i].left = &left;
        CHECK_INT(pthread_create(&posters[i].thread, NULL, post_all, &posters[i]), 0);
    }
    while (left > 0) {
        struct core_stats s;

        core_run_turn(rig->core);
        core_stats(rig->core, &s);
    }
    for (int i = 0; i < POSTERS; i++) {
        void *wrong;

        CHECK_INT(pthread_join(posters[i].thread, &wrong), 0);
        CHECK_NULL(wrong);
    }
    CHECK_INT(rig_rows(rig), POSTERS * POSTS);
    free(posters);
    rig_close(rig);
}

TEST(many_threads_may_post)
{
    struct rig r;

    run_many(&(struct core_options){.clock = NULL}, &r);
}

TEST(many_threads_may_post_to_a_core_that_waits_for_them)
{
    struct rig r;

    run_many(&(struct core_options){.clock = &clock_machine, .lingers = true}, &r);
}

TESTS_MAIN(T_(effects_and_replies_leave_in_order_after_the_commit),
           T_(what_comes_before_a_commit_is_part_of_it),
           T_(a_message_that_fails_is_taken_back_alone),
           T_(a_turn_that_cannot_be_stored_is_taken_back_and_memory_is_rebuilt),
           T_(a_rebuild_that_fails_is_tried_again_from_the_start_a_second_later),
           T_(commits_that_fail_in_a_row_are_followed_by_pauses),
           T_(a_flush_hook_runs_once_and_riders_only_join_turns_that_write),
           T_(requests_over_the_limit_are_refused), T_(classes_share_a_turn_by_weight),
           T_(messages_that_wait_when_the_core_ends_are_told),
           T_(a_core_that_dies_lets_nothing_leave),
           T_(a_quiet_core_moves_the_log_into_the_database),
           T_(a_quiet_core_frees_what_it_can_spare_once), T_(many_threads_may_post),
           T_(many_threads_may_post_to_a_core_that_waits_for_them))
