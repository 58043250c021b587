/*
 * The loop: which message is next, when a turn is over, what follows one that could not be stored.
 */
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "core/core_int.h"
#include "store/db.h"
#include "store/store.h"

enum {
    FAILURE_PAUSE_US = 10 * 1000, /* doubled for each commit in a row that fails, up to the above */
    TIMER_RETRY_US = 1000 * 1000,
    TIDY_AFTER_US = 1000 * 1000,     /* without a commit: the log moves into the database; without
                                      * work: memory that can be spared goes back */
    TIDY_SHORT_US = 5 * 1000 * 1000, /* while the disk is full: look whether there is room again */
};

static bool
has(const struct core *c, int class)
{
    return !list_empty(&c->queues[class]) ||
           (class == MESSAGE_EVENT && core_timer_is_due(c, c->turn.now_us));
}

/* The class whose turn it is, or -1.  Each has as many goes a round as its weight; one that has
 * nothing to do does not hold up the others. */
static int
next_class(struct core *c)
{
    bool any = false;

    for (int i = 0; i < MESSAGE_CLASS_COUNT; i++) {
        if (!has(c, i))
            continue;
        any = true;
        if (c->credit[i] > 0) {
            c->credit[i]--;
            return i;
        }
    }
    if (!any)
        return -1;
    for (int i = 0; i < MESSAGE_CLASS_COUNT; i++)
        c->credit[i] = core_weights[i];
    return next_class(c);
}

static int64_t
monotonic_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* What a turn waits for before its commit. */
struct gathering {
    size_t want; /* requests; 0: not known yet */
    int64_t until_us;
};

/* Waits for more requests, if there is a reason to. */
static bool
linger(struct core *c, struct gathering *g)
{
    if (!c->o.lingers || c->turn.requests == 0)
        return false;
    if (g->want == 0) {
        g->want = linger_want(&c->linger, c->answered, c->turn.requests);
        g->until_us = monotonic_us() + linger_patience_us(&c->linger);
    }
    return c->turn.requests < g->want && core_linger(c, g->until_us);
}

/* Whoever got an answer from the last commit tends to come back while this turn runs: what came is
 * taken along, since the commit that lies ahead costs the same for it. */
static int
next_before_commit(struct core *c, struct gathering *g)
{
    int class = next_class(c);

    if (class >= 0 || !turn_will_write(&c->turn))
        return class;
    core_take_inbox(c);
    class = next_class(c);
    if (class >= 0 || !linger(c, g))
        return class;
    core_take_inbox(c);
    return next_class(c);
}

static void
run_timer(struct core *c, struct core_timer *timer)
{
    struct err e = ERR_INIT;

    if (turn_run_timer(&c->turn, timer, &e) < 0) {
        log_warn(NULL, "timer: %s; once more in a second", e.msg);
        core_timer_set(c, timer, c->turn.now_us + TIMER_RETRY_US);
    }
}

static void
run_next(struct core *c, int class)
{
    struct core_timer *timer =
        class == MESSAGE_EVENT ? core_timer_take_due(c, c->turn.now_us) : NULL;
    struct err e = ERR_INIT;
    struct message *m;

    if (timer != NULL) {
        run_timer(c, timer);
        return;
    }
    m = LIST_ITEM(c->queues[class].next, struct message, link);
    core_dequeue(c, m);
    c->messages++;
    if (class == MESSAGE_REQUEST) {
        c->turn.requests++;
        c->asked++;
    }
    if (turn_run_message(&c->turn, m, &e) < 0) {
        c->failed_messages++;
        log_debug(m->name, "%s: %s", core_class_names[class], e.msg);
    }
}

static bool
has_more(struct core *c)
{
    if (c->state != CORE_READY)
        return false;
    for (int i = 0; i < MESSAGE_CLASS_COUNT; i++) {
        if (!list_empty(&c->queues[i]))
            return true;
    }
    return core_timer_is_due(c, clock_wall_us(c->o.clock)) || !core_rest(c);
}

static void
publish_counters(struct core *c, int64_t start_us)
{
    uint64_t took = (uint64_t)(clock_boot_us(c->o.clock) - start_us);

    if (took > c->longest_turn_us)
        c->longest_turn_us = took;
    for (int i = 0; i < MESSAGE_CLASS_COUNT; i++)
        c->published[i] = c->queued[i];
    c->turns++;
}

/* Counts what fills caches: what was stored and what was asked. */
static uint64_t
work_done(const struct core *c)
{
    return c->commits + c->asked;
}

/* Something is in the log, memory may be spared, or the reserve is gone: look after it when things
 * are quiet.  Once: a core that has nothing to do sets no timer. */
static void
plan_tidy(struct core *c)
{
    bool is_short = store_is_short(c->o.store);

    if (core_timer_armed(&c->tidy))
        return;
    if (!is_short && db_log_bytes(store_db(c->o.store)) == 0 && work_done(c) == c->shrunk_at)
        return;
    c->tidy_from = work_done(c);
    core_timer_set(c, &c->tidy,
                   clock_wall_us(c->o.clock) + (is_short ? TIDY_SHORT_US : TIDY_AFTER_US));
}

static void
shrink(struct core *c)
{
    c->shrunk_at = work_done(c);
    for (size_t i = 0; i < c->parts.n; i++) {
        if (c->parts.at[i].module->shrink != NULL)
            c->parts.at[i].module->shrink(c->parts.at[i].self);
    }
    db_shrink(store_db(c->o.store));
    mem_give_back();
}

static void
tidy(void *arg)
{
    struct core *c = arg;

    if (store_is_short(c->o.store) ||
        clock_wall_us(c->o.clock) - c->last_commit_us >= TIDY_AFTER_US)
        (void)store_tidy(c->o.store);
    if (work_done(c) == c->tidy_from && work_done(c) != c->shrunk_at)
        shrink(c);
}

int
core_tidy_fired(struct core_timer *timer, struct turn *t, struct err *e)
{
    (void)timer, (void)e;
    turn_effect(t, tidy, turn_core(t));
    return 0;
}

/* The first failure is rebuilt from at once.  Where they follow one another, something that the
 * start itself repeats may be the cause: then with pauses. */
static void
commit_failed(struct core *c, const struct err *e)
{
    int64_t pause = 0;

    c->failed_commits++;
    c->failure = *e;
    /* Said once: as long as nothing changes, each new try fails in the same words. */
    if (c->failures == 0)
        log_error(store_dir(c->o.store), "%s; what waits for it is tried again", e->msg);
    else
        log_debug(store_dir(c->o.store), "%s", e->msg);
    if (e->code == ERR_FULL)
        store_disk_full(c->o.store);
    if (c->failures > 0)
        pause = (int64_t)FAILURE_PAUSE_US << (c->failures < 7 ? c->failures : 7);
    if (pause > CORE_REBUILD_PAUSE_US)
        pause = CORE_REBUILD_PAUSE_US;
    c->failures++;
    if (pause == 0) {
        core_rebuild(c);
        return;
    }
    c->state = CORE_REBUILDING;
    c->rebuild_at_us = clock_wall_us(c->o.clock) + pause;
}

static void
stored(struct core *c)
{
    if (c->failures > 0) {
        log_warn(store_dir(c->o.store), "changes are stored again");
        c->failures = 0;
    }
    if (c->turn.requests > 0) {
        linger_learn(&c->linger, c->turn.requests);
        c->answered = c->turn.requests;
    }
}

static void
take_turn(struct core *c)
{
    int64_t start = clock_boot_us(c->o.clock);
    struct gathering g = {.want = 0};
    struct err e = ERR_INIT;
    int class;

    core_take_inbox(c);
    turn_begin(&c->turn, c);
    for (int n = 0; n < CORE_TURN_MESSAGES && (class = next_before_commit(c, &g)) >= 0; n++) {
        run_next(c, class);
        if (c->turn.closed || db_broken(c->turn.db) != 0 ||
            clock_boot_us(c->o.clock) - start >= CORE_TURN_US)
            break;
    }
    if (turn_end(&c->turn, &e) < 0)
        commit_failed(c, &e);
    else if (c->turn.stored)
        stored(c);
    publish_counters(c, start);
}

bool
core_run_turn(struct core *c)
{
    CHECK(c->state != CORE_NEW && !c->turn.active);
    if (c->state == CORE_REBUILDING && clock_wall_us(c->o.clock) >= c->rebuild_at_us)
        core_rebuild(c);
    if (c->state != CORE_READY)
        return false;
    take_turn(c);
    if (c->state == CORE_READY)
        plan_tidy(c);
    return has_more(c);
}

int
core_run(struct core *c, int max)
{
    int turns = 0;

    while (turns < max) {
        turns++;
        if (!core_run_turn(c))
            break;
    }
    return turns;
}

int64_t
core_next_deadline(const struct core *c)
{
    if (c->state == CORE_REBUILDING)
        return c->rebuild_at_us;
    return c->state == CORE_READY && c->heap.n > 0 ? c->heap.at[0]->at_us : INT64_MAX;
}
