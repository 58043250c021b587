#include "io/loop.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "io/loop_int.h"

/* An eventfd of its own and not libuv's uv_async_t: that one has the loop spin, and then yield its
 * processor, until the sender is back from its system call. */
struct wake {
    struct loop *loop;
    atomic_uint sends; /* orders what was written before a send and what the function reads */
    loop_fn *fn;
    void *arg;
    int fd;             /* -1 on a fake loop */
    uv_poll_t *poll;    /* NULL there */
    struct task posted; /* in its place there */
};

static void
free_handle(uv_handle_t *h)
{
    free(h);
}

void
loop_close_handle(uv_handle_t *h)
{
    if (h != NULL && !uv_is_closing(h))
        uv_close(h, free_handle);
}

struct loop *
loop_new(struct err *e)
{
    struct loop *l = NEW(struct loop);
    int rc = uv_loop_init(&l->uv);

    if (rc < 0) {
        free(l);
        err_set(e, ERR_IO, "make an event loop: %s", uv_strerror(rc));
        return NULL;
    }
    list_init(&l->tasks);
    list_init(&l->fake_jobs);
    if (timer_open_descriptors(l, e) < 0) {
        loop_free(l);
        return NULL;
    }
    return l;
}

struct loop *
loop_new_fake(int64_t wall_us)
{
    struct loop *l = NEW(struct loop);

    l->fake = true;
    l->boot.fd = l->wall.fd = -1;
    clock_manual_init(&l->manual, wall_us);
    list_init(&l->tasks);
    list_init(&l->fake_jobs);
    return l;
}

void
loop_free(struct loop *l)
{
    if (l == NULL)
        return;
    timer_close_descriptors(l);
    if (!l->fake) {
        uv_run(&l->uv, UV_RUN_DEFAULT);
        CHECK(uv_loop_close(&l->uv) == 0);
    }
    vec_done(&l->boot.timers);
    vec_done(&l->wall.timers);
    free(l->scratch);
    free(l);
}

/* Only those posted before the call: a task that posts itself waits for the next pass. */
static bool
run_tasks(struct loop *l)
{
    struct list now;
    bool any = !list_empty(&l->tasks);

    list_init(&now);
    list_splice(&now, &l->tasks);
    for (struct list *link = list_shift(&now); link != NULL; link = list_shift(&now)) {
        struct task *t = LIST_ITEM(link, struct task, link);

        t->fn(t->arg);
    }
    return any;
}

static bool
run_ours(struct loop *l)
{
    bool any = run_tasks(l);

    if (timer_run_due(l))
        any = true;
    return any;
}

bool
loop_turn(struct loop *l, bool wait)
{
    bool any = run_ours(l);

    l->passes++;
    if (l->fake)
        return job_run_fake(l) || any;
    l->ran = false;
    if (wait && !any && !l->stopping && list_empty(&l->tasks)) {
        timer_arm_descriptors(l);
        uv_run(&l->uv, UV_RUN_ONCE);
    } else {
        uv_run(&l->uv, UV_RUN_NOWAIT);
    }
    return run_ours(l) || l->ran || any;
}

void
loop_run(struct loop *l)
{
    l->stopping = false;
    while (!l->stopping)
        if (!loop_turn(l, true) && l->fake)
            return;
}

void
loop_stop(struct loop *l)
{
    l->stopping = true;
}

const struct clock *
loop_clock(const struct loop *l)
{
    return l->fake ? &l->manual.clock : &clock_machine;
}

int64_t
loop_wall_us(const struct loop *l)
{
    return clock_wall_us(loop_clock(l));
}

int64_t
loop_boot_us(const struct loop *l)
{
    return clock_boot_us(loop_clock(l));
}

/* Everything that can run without time passing. */
static void
settle(struct loop *l)
{
    while (loop_turn(l, false))
        ;
}

void
loop_advance(struct loop *l, int64_t us)
{
    int64_t end = l->manual.boot + us, next;

    CHECK(l->fake);
    settle(l);
    while (timer_next_due(l, &next) && next <= end) {
        clock_manual_advance(&l->manual, next - l->manual.boot);
        settle(l);
    }
    clock_manual_advance(&l->manual, end - l->manual.boot);
}

void
loop_step_wall(struct loop *l, int64_t us)
{
    CHECK(l->fake);
    l->manual.wall += us;
}

void
task_init(struct task *t, struct loop *l, loop_fn *fn, void *arg)
{
    *t = (struct task){.loop = l, .fn = fn, .arg = arg};
    list_init(&t->link);
}

void
task_post(struct task *t)
{
    if (list_empty(&t->link))
        list_append(&t->loop->tasks, &t->link);
}

void
task_cancel(struct task *t)
{
    list_remove(&t->link);
}

void
loop_dump(const struct loop *l, struct buf *to)
{
    buf_printf(to, "passes %llu, timers %zu, jobs %zu, handles %u\n", (unsigned long long)l->passes,
               l->boot.timers.n + l->wall.timers.n, l->jobs, l->fake ? 0 : l->uv.active_handles);
}

static void
on_sent(uv_poll_t *p, int status, int events)
{
    struct wake *w = p->data;
    uint64_t sends;

    (void)status, (void)events;
    (void)!read(w->fd, &sends, sizeof sends);
    (void)atomic_load_explicit(&w->sends, memory_order_acquire);
    loop_ran(w->loop);
    w->fn(w->arg);
}

static int
open_event(struct wake *w, struct err *e)
{
    int rc;

    w->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (w->fd < 0)
        return err_errno(e, "make a wake-up for the event loop");
    w->poll = NEW(uv_poll_t);
    rc = uv_poll_init(&w->loop->uv, w->poll, w->fd);
    if (rc < 0) {
        free(TAKE(w->poll));
        return err_set(e, ERR_IO, "watch a wake-up of the event loop: %s", uv_strerror(rc));
    }
    w->poll->data = w;
    uv_poll_start(w->poll, UV_READABLE, on_sent);
    return 0;
}

struct wake *
wake_new(struct loop *l, loop_fn *fn, void *arg, struct err *e)
{
    struct wake *w = NEW(struct wake);

    *w = (struct wake){.loop = l, .fn = fn, .arg = arg, .fd = -1};
    task_init(&w->posted, l, fn, arg);
    if (!l->fake && open_event(w, e) < 0) {
        wake_free(w);
        return NULL;
    }
    return w;
}

void
wake_send(struct wake *w)
{
    const uint64_t one = 1;
    int fd = w->fd, kept = errno;

    if (fd < 0) {
        task_post(&w->posted);
        return;
    }
    /* From the write on fn may run, and free the wake. */
    atomic_fetch_add_explicit(&w->sends, 1, memory_order_release);
    while (write(fd, &one, sizeof one) < 0 && errno == EINTR) {
    }
    errno = kept; /* a signal handler may be here */
}

void
wake_free(struct wake *w)
{
    if (w == NULL)
        return;
    task_cancel(&w->posted);
    loop_close_handle((uv_handle_t *)w->poll);
    if (w->fd >= 0)
        close(w->fd);
    free(w);
}
