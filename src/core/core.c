#include "core/core.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/random.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "core/core_int.h"
#include "store/db.h"
#include "store/store.h"

#define WEIGHT(id, name, weight, help) weight,
#define NAME(id, name, weight, help) name,
const unsigned core_weights[] = {MESSAGE_CLASSES(WEIGHT)};
const char *const core_class_names[] = {MESSAGE_CLASSES(NAME)};

/* Life. */

const struct clock *
core_clock(const struct core *c)
{
    return c->o.clock;
}

/* With the clock that does not jump. */
static void
init_condition(pthread_cond_t *ret)
{
    pthread_condattr_t how;

    pthread_condattr_init(&how);
    pthread_condattr_setclock(&how, CLOCK_MONOTONIC);
    pthread_cond_init(ret, &how);
    pthread_condattr_destroy(&how);
}

struct core *
core_new(const struct core_options *o)
{
    struct core *c = NEW(struct core);

    c->o = *o;
    if (c->o.clock == NULL)
        c->o.clock = &clock_machine;
    if (c->o.max_requests == 0)
        c->o.max_requests = CORE_MAX_REQUESTS;
    for (int i = 0; i < MESSAGE_CLASS_COUNT; i++)
        list_init(&c->queues[i]);
    list_init(&c->inbox);
    pthread_mutex_init(&c->lock, NULL);
    init_condition(&c->came);
    core_timer_init(&c->tidy, core_tidy_fired);
    c->turn.core = c;
    return c;
}

static void
forget_all(struct core *c)
{
    for (size_t i = c->parts.n; i-- > 0;) {
        if (c->parts.at[i].module->forget != NULL)
            c->parts.at[i].module->forget(c->parts.at[i].self);
    }
}

void
core_take_inbox(struct core *c)
{
    struct list taken, *link;

    list_init(&taken);
    pthread_mutex_lock(&c->lock);
    list_splice(&taken, &c->inbox);
    c->awake = true;
    pthread_mutex_unlock(&c->lock);
    while ((link = list_shift(&taken)) != NULL)
        core_enqueue(c, LIST_ITEM(link, struct message, link));
}

struct core *
core_free(struct core *c)
{
    struct err why = ERR_INIT;
    struct list *link;

    if (c == NULL)
        return NULL;
    err_set(&why, ERR_UNAVAILABLE, "the server is stopping");
    forget_all(c);
    core_take_inbox(c);
    for (int i = 0; i < MESSAGE_CLASS_COUNT; i++) {
        while ((link = list_shift(&c->queues[i])) != NULL) {
            struct message *m = LIST_ITEM(link, struct message, link);

            if (m->done != NULL)
                m->done(m, &why);
        }
    }
    core_timer_stop(&c->tidy);
    turn_done(&c->turn);
    vec_done(&c->parts);
    vec_done(&c->riders);
    vec_done(&c->heap);
    pthread_cond_destroy(&c->came);
    pthread_mutex_destroy(&c->lock);
    free(c);
    return NULL;
}

void
core_add_module(struct core *c, const struct core_module *m, void *self)
{
    CHECK(c->state == CORE_NEW);
    vec_push(&c->parts, ((struct core_part){.module = m, .self = self}));
}

void
core_add_rider(struct core *c, int (*fn)(void *arg, struct turn *t, struct err *e), void *arg)
{
    vec_push(&c->riders, ((struct turn_hook){.fn = fn, .arg = arg}));
}

/* Every module is restored in a turn of its own, so that a large one does not make the others' undo
 * wait, and so that later ones see what earlier ones wrote. */
static int
restore_all(struct core *c, struct err *e)
{
    for (size_t i = 0; i < c->parts.n; i++) {
        const struct core_part *part = &c->parts.at[i];
        int rc;

        if (part->module->restore == NULL)
            continue;
        turn_begin(&c->turn, c);
        rc = turn_run_restore(&c->turn, part, e);
        if (rc < 0)
            turn_abandon(&c->turn, e);
        else
            rc = turn_end(&c->turn, e);
        if (rc < 0)
            return err_wrap(e, "restore %s", part->module->name);
        if (rc > 0)
            return 0; /* the simulation killed us */
    }
    return 0;
}

int
core_start(struct core *c, struct err *e)
{
    CHECK(c->state == CORE_NEW);
    if (restore_all(c, e) < 0)
        return e->code;
    if (c->state != CORE_DEAD)
        c->state = CORE_READY;
    return 0;
}

/* After a commit that failed: memory may hold what the store does not. */
void
core_rebuild(struct core *c)
{
    struct err e = ERR_INIT;

    c->rebuilds++;
    c->state = CORE_REBUILDING;
    forget_all(c);
    if (restore_all(c, &e) < 0) {
        log_error(NULL, "rebuild from the store: %s; next try in a second", e.msg);
        c->rebuild_at_us = clock_wall_us(c->o.clock) + CORE_REBUILD_PAUSE_US;
        if (e.code == ERR_FULL)
            store_disk_full(c->o.store);
    } else if (c->state != CORE_DEAD) {
        log_debug(NULL, "rebuilt from the store");
        c->state = CORE_READY;
    }
}

const struct err *
core_failure(const struct core *c)
{
    return c->failures > 0 ? &c->failure : NULL;
}

/* Messages. */

void
core_enqueue(struct core *c, struct message *m)
{
    list_append(&c->queues[m->class], &m->link);
    c->queued[m->class]++;
}

void
core_dequeue(struct core *c, struct message *m)
{
    list_remove(&m->link);
    c->queued[m->class]--;
}

static int
count_request(struct core *c, struct err *e)
{
    if (++c->requests <= c->o.max_requests)
        return 0;
    c->requests--;
    c->refused++;
    return err_set(e, ERR_TOOMANY, "%zu requests are waiting already; try again in a second",
                   c->o.max_requests);
}

int
core_post(struct core *c, struct message *m, struct err *e)
{
    bool wake;

    if (m->class == MESSAGE_REQUEST && count_request(c, e) < 0)
        return e->code;
    pthread_mutex_lock(&c->lock);
    wake = !c->awake && list_empty(&c->inbox);
    list_append(&c->inbox, &m->link);
    if (c->lingering)
        pthread_cond_signal(&c->came);
    pthread_mutex_unlock(&c->lock);
    if (wake && c->o.wake != NULL)
        c->o.wake(c->o.wake_arg);
    return 0;
}

bool
core_linger(struct core *c, int64_t until_us)
{
    const struct timespec until = {.tv_sec = until_us / 1000000,
                                   .tv_nsec = until_us % 1000000 * 1000};
    bool came;

    pthread_mutex_lock(&c->lock);
    c->lingering = true;
    while (list_empty(&c->inbox) && pthread_cond_timedwait(&c->came, &c->lock, &until) == 0)
        ;
    c->lingering = false;
    came = !list_empty(&c->inbox);
    pthread_mutex_unlock(&c->lock);
    return came;
}

bool
core_rest(struct core *c)
{
    bool empty;

    pthread_mutex_lock(&c->lock);
    empty = list_empty(&c->inbox);
    if (empty)
        c->awake = false;
    pthread_mutex_unlock(&c->lock);
    return empty;
}

/* Facts. */

/* Up to 256 bytes the system gives whole. */
static void
fill_random(struct core *c)
{
    ssize_t got;

    while ((got = getrandom(c->random, sizeof c->random, 0)) < 0)
        CHECK(errno == EINTR);
    CHECK(got == (ssize_t)sizeof c->random);
    c->random_left = sizeof c->random;
}

void
core_random(struct core *c, void *to, size_t n)
{
    CHECK(n <= sizeof c->random);
    if (c->o.random != NULL) {
        c->o.random(c->o.random_arg, to, n);
        return;
    }
    if (c->random_left < n)
        fill_random(c);
    c->random_left -= n;
    memcpy(to, c->random + c->random_left, n);
}

struct turn *
core_turn(struct core *c)
{
    return c->turn.active ? &c->turn : NULL;
}

bool
core_is_dead(const struct core *c)
{
    return c->state == CORE_DEAD;
}

void
core_stats(const struct core *c, struct core_stats *ret)
{
    *ret = (struct core_stats){
        .turns = c->turns,
        .commits = c->commits,
        .failed_commits = c->failed_commits,
        .messages = c->messages,
        .failed_messages = c->failed_messages,
        .rebuilds = c->rebuilds,
        .refused = c->refused,
        .requests = c->requests,
        .commit_us = c->commit_us,
        .longest_turn_us = c->longest_turn_us,
    };
    for (int i = 0; i < MESSAGE_CLASS_COUNT; i++)
        ret->queued[i] = c->published[i];
}

void
core_dump(const struct core *c, struct buf *to)
{
    struct core_stats s;

    core_stats(c, &s);
    buf_printf(
        to,
        "[core]\nturns %" PRIu64 ", commits %" PRIu64 " (%" PRIu64 " failed), messages %" PRIu64
        " (%" PRIu64 " failed), rebuilds %" PRIu64 ", timers %zu\n",
        s.turns, s.commits, s.failed_commits, s.messages, s.failed_messages, s.rebuilds, c->heap.n);
    for (int i = 0; i < MESSAGE_CLASS_COUNT; i++)
        buf_printf(to, "queue %s %" PRIu64 ", weight %u\n", core_class_names[i], s.queued[i],
                   core_weights[i]);
    buf_cstr(to, "[store]\n");
    db_dump(store_db(c->o.store), to);
    for (size_t i = 0; i < c->parts.n; i++) {
        const struct core_part *part = &c->parts.at[i];

        if (part->module->dump == NULL)
            continue;
        buf_printf(to, "[%s]\n", part->module->name);
        part->module->dump(part->self, to);
    }
}
