#include "io/timer.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "io/loop_int.h"

static bool
earlier(const struct timer *a, const struct timer *b)
{
    return a->due_us != b->due_us ? a->due_us < b->due_us : a->order < b->order;
}

static void
place(struct timer_heap *h, size_t i, struct timer *t)
{
    h->timers.at[i] = t;
    t->at = i + 1;
}

static void
sift_up(struct timer_heap *h, size_t i, struct timer *t)
{
    while (i > 0 && earlier(t, h->timers.at[(i - 1) / 2])) {
        place(h, i, h->timers.at[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    place(h, i, t);
}

static void
sift_down(struct timer_heap *h, size_t i, struct timer *t)
{
    for (size_t child; (child = 2 * i + 1) < h->timers.n; i = child) {
        if (child + 1 < h->timers.n && earlier(h->timers.at[child + 1], h->timers.at[child]))
            child++;
        if (!earlier(h->timers.at[child], t))
            break;
        place(h, i, h->timers.at[child]);
    }
    place(h, i, t);
}

static struct timer_heap *
heap_of(const struct timer *t)
{
    return t->wall ? &t->loop->wall : &t->loop->boot;
}

void
timer_init(struct timer *t, struct loop *l, loop_fn *fn, void *arg)
{
    *t = (struct timer){.loop = l, .fn = fn, .arg = arg};
}

static void
arm(struct timer *t, bool wall, int64_t due_us)
{
    timer_stop(t);
    t->wall = wall;
    t->due_us = due_us;
    t->order = t->loop->orders++;

    struct timer_heap *h = heap_of(t);

    vec_push(&h->timers, t);
    sift_up(h, h->timers.n - 1, t);
}

void
timer_after(struct timer *t, int64_t pause_us)
{
    int64_t now = loop_boot_us(t->loop);

    arm(t, false, pause_us > INT64_MAX - now ? INT64_MAX : now + pause_us);
}

void
timer_at(struct timer *t, int64_t wall_us)
{
    arm(t, true, wall_us);
}

void
timer_stop(struct timer *t)
{
    if (t->at == 0)
        return;

    struct timer_heap *h = heap_of(t);
    size_t i = t->at - 1;
    struct timer *last = vec_pop(&h->timers);

    t->at = 0;
    if (last == t)
        return;
    if (i > 0 && earlier(last, h->timers.at[(i - 1) / 2]))
        sift_up(h, i, last);
    else
        sift_down(h, i, last);
}

bool
timer_is_armed(const struct timer *t)
{
    return t->at != 0;
}

/* Timers armed by those that run wait for the next pass, so that a pause of 0 cannot starve the
 * rest: `limit` is the order of the first one of them. */
static bool
run_heap(struct timer_heap *h, int64_t now_us, uint64_t limit)
{
    bool any = false;

    while (h->timers.n > 0 && h->timers.at[0]->due_us <= now_us && h->timers.at[0]->order < limit) {
        struct timer *t = h->timers.at[0];

        timer_stop(t);
        t->fn(t->arg);
        any = true;
    }
    return any;
}

bool
timer_run_due(struct loop *l)
{
    uint64_t limit = l->orders;
    bool any = false;

    if (l->boot.timers.n > 0)
        any = run_heap(&l->boot, loop_boot_us(l), limit);
    if (l->wall.timers.n > 0 && run_heap(&l->wall, loop_wall_us(l), limit))
        any = true;
    return any;
}

bool
timer_next_due(const struct loop *l, int64_t *ret_boot_us)
{
    bool any = false;

    if (l->boot.timers.n > 0) {
        *ret_boot_us = l->boot.timers.at[0]->due_us;
        any = true;
    }
    if (l->wall.timers.n > 0) {
        int64_t due = l->wall.timers.at[0]->due_us - loop_wall_us(l) + loop_boot_us(l);

        if (!any || due < *ret_boot_us)
            *ret_boot_us = due;
        any = true;
    }
    if (any && *ret_boot_us < loop_boot_us(l))
        *ret_boot_us = loop_boot_us(l);
    return any;
}

/* An earlier setting than needed only wakes the loop once too often, so it stays. */
static void
arm_descriptor(struct timer_heap *h, int flags)
{
    int64_t due = h->timers.n > 0 ? h->timers.at[0]->due_us : 0;

    if (due < 1)
        due = 1; /* 0 would disarm */
    if (h->timers.n == 0 || (h->armed_us > 0 && h->armed_us <= due))
        return;

    struct itimerspec at = {
        .it_value = {.tv_sec = due / CLOCK_SECOND, .tv_nsec = due % CLOCK_SECOND * 1000}};

    CHECK(timerfd_settime(h->fd, flags, &at, NULL) == 0);
    h->armed_us = due;
}

void
timer_arm_descriptors(struct loop *l)
{
    arm_descriptor(&l->boot, TFD_TIMER_ABSTIME);
    arm_descriptor(&l->wall, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET);
}

/* Reading says either that it is time, or (ECANCELED) that the wall clock was set; in both cases
 * the heaps are looked at after this anyway. */
static void
on_timerfd(uv_poll_t *p, int status, int events)
{
    struct timer_heap *h = p->data;
    uint64_t count;

    (void)status;
    (void)events;
    if (read(h->fd, &count, sizeof count) < 0 && errno == EAGAIN)
        return;
    h->armed_us = 0;
}

static int
open_descriptor(struct loop *l, struct timer_heap *h, int clock, struct err *e)
{
    h->fd = timerfd_create(clock, TFD_CLOEXEC | TFD_NONBLOCK);
    if (h->fd < 0)
        return err_errno(e, "make a timer");
    h->poll = NEW(uv_poll_t);

    int rc = uv_poll_init(&l->uv, h->poll, h->fd);

    if (rc < 0) {
        free(h->poll);
        h->poll = NULL;
        return err_set(e, ERR_IO, "watch a timer: %s", uv_strerror(rc));
    }
    h->poll->data = h;
    uv_poll_start(h->poll, UV_READABLE, on_timerfd);
    return 0;
}

int
timer_open_descriptors(struct loop *l, struct err *e)
{
    l->boot.fd = l->wall.fd = -1;
    if (open_descriptor(l, &l->boot, CLOCK_BOOTTIME, e) < 0)
        return e->code;
    return open_descriptor(l, &l->wall, CLOCK_REALTIME, e);
}

static void
close_descriptor(struct timer_heap *h)
{
    if (h->poll != NULL)
        loop_close_handle((uv_handle_t *)h->poll);
    if (h->fd >= 0)
        close(h->fd);
    h->poll = NULL;
    h->fd = -1;
}

void
timer_close_descriptors(struct loop *l)
{
    close_descriptor(&l->boot);
    close_descriptor(&l->wall);
}
