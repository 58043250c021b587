/*
 * A binary heap of pointers, ordered by deadline and then by the order of setting.  A timer knows
 * its place in it, so that moving and stopping cost a sift as well.
 */
#include "core/core_timer.h"

#include "base/log.h"
#include "core/core_int.h"

void
core_timer_init(struct core_timer *timer, core_timer_fn *fire)
{
    *timer = (struct core_timer){.fire = fire};
}

bool
core_timer_armed(const struct core_timer *timer)
{
    return timer->heap_at_ != 0;
}

static bool
before(const struct core_timer *a, const struct core_timer *b)
{
    return a->at_us != b->at_us ? a->at_us < b->at_us : a->seq_ < b->seq_;
}

static void
place(struct core *c, size_t at, struct core_timer *timer)
{
    c->heap.at[at] = timer;
    timer->heap_at_ = (int)at + 1;
}

static void
sift_up(struct core *c, size_t at)
{
    struct core_timer *timer = c->heap.at[at];

    while (at > 0 && before(timer, c->heap.at[(at - 1) / 2])) {
        place(c, at, c->heap.at[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    place(c, at, timer);
}

static void
sift_down(struct core *c, size_t at)
{
    struct core_timer *timer = c->heap.at[at];
    size_t child;

    while ((child = 2 * at + 1) < c->heap.n) {
        if (child + 1 < c->heap.n && before(c->heap.at[child + 1], c->heap.at[child]))
            child++;
        if (!before(c->heap.at[child], timer))
            break;
        place(c, at, c->heap.at[child]);
        at = child;
    }
    place(c, at, timer);
}

static void
take_out(struct core *c, struct core_timer *timer)
{
    size_t at = (size_t)timer->heap_at_ - 1;
    struct core_timer *last = vec_pop(&c->heap);

    timer->heap_at_ = 0;
    if (last == timer)
        return;
    place(c, at, last);
    sift_up(c, at);
    sift_down(c, (size_t)last->heap_at_ - 1);
}

static void
put_in(struct core *c, struct core_timer *timer)
{
    vec_push(&c->heap, timer);
    sift_up(c, c->heap.n - 1);
}

/* Undo: the timer as it was before a message touched it. */
struct was {
    struct core_timer *timer;
    struct core *core;
    bool armed;
    int64_t at_us;
    uint64_t seq;
};

static void
put_back(void *arg)
{
    const struct was *w = arg;

    if (core_timer_armed(w->timer))
        take_out(w->core, w->timer);
    w->timer->at_us = w->at_us;
    w->timer->seq_ = w->seq;
    if (w->armed)
        put_in(w->core, w->timer);
}

static void
remember(struct core *c, struct core_timer *timer)
{
    struct turn *t = &c->turn;
    struct was *w;

    if (!t->in_message)
        return;
    w = ARENA_NEW(&t->arena, struct was);
    *w = (struct was){.timer = timer,
                      .core = c,
                      .armed = core_timer_armed(timer),
                      .at_us = timer->at_us,
                      .seq = timer->seq_};
    turn_undo(t, put_back, w);
}

void
core_timer_set(struct core *c, struct core_timer *timer, int64_t at_us)
{
    if (core_timer_armed(timer) && timer->at_us == at_us)
        return;
    remember(c, timer);
    if (core_timer_armed(timer))
        take_out(c, timer);
    timer->at_us = at_us;
    timer->seq_ = ++c->timer_seq;
    timer->core_ = c;
    put_in(c, timer);
}

void
core_timer_stop(struct core_timer *timer)
{
    if (!core_timer_armed(timer))
        return;
    remember(timer->core_, timer);
    take_out(timer->core_, timer);
}

bool
core_timer_is_due(const struct core *c, int64_t now_us)
{
    return c->heap.n > 0 && c->heap.at[0]->at_us <= now_us;
}

struct core_timer *
core_timer_take_due(struct core *c, int64_t now_us)
{
    struct core_timer *first;

    if (!core_timer_is_due(c, now_us))
        return NULL;
    first = c->heap.at[0];
    take_out(c, first);
    return first;
}
