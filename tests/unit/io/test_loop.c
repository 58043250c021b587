#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/err.h"
#include "io/file.h"
#include "io/job.h"
#include "io/packet.h"
#include "io/process.h"
#include "io/timer.h"
#include "tests/unit/test.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/buf.h"

struct seen {
    struct loop *loop;
    struct timer timer;
    char order[16];
    int n, calls;
};

struct named {
    struct seen *seen;
    struct timer timer;
    char name;
};

static void
note(void *arg)
{
    struct named *t = arg;

    t->seen->order[t->seen->n++] = t->name;
}

TEST(timers_run_in_the_order_of_their_times_and_equal_ones_in_that_of_arming)
{
    struct loop *l = loop_new_fake(1000);
    struct seen seen = {.loop = l};
    struct named t[4];
    const int64_t pauses[] = {30, 10, 10, 20};

    for (int i = 0; i < 4; i++) {
        t[i] = (struct named){.seen = &seen, .name = (char)('a' + i)};
        timer_init(&t[i].timer, l, note, &t[i]);
        timer_after(&t[i].timer, pauses[i]);
    }
    loop_advance(l, 9);
    CHECK_INT(seen.n, 0);
    loop_advance(l, 100);
    CHECK_STR(seen.order, "bcda");
    loop_free(l);
}

TEST(a_stopped_timer_does_not_run_and_one_moved_runs_at_its_new_time)
{
    struct loop *l = loop_new_fake(0);
    struct seen seen = {.loop = l};
    struct named a = {&seen, .name = 'a'}, b = {&seen, .name = 'b'};

    timer_init(&a.timer, l, note, &a);
    timer_init(&b.timer, l, note, &b);
    timer_after(&a.timer, 10);
    timer_after(&b.timer, 10);
    timer_stop(&a.timer);
    timer_after(&b.timer, 50);
    loop_advance(l, 49);
    CHECK_STR(seen.order, "");
    loop_advance(l, 1);
    CHECK_STR(seen.order, "b");
    loop_free(l);
}

TEST(a_deadline_follows_the_wall_clock_and_a_pause_does_not)
{
    struct loop *l = loop_new_fake(1000000);
    struct seen seen = {.loop = l};
    struct named wall = {&seen, .name = 'w'}, boot = {&seen, .name = 'b'};

    timer_init(&wall.timer, l, note, &wall);
    timer_init(&boot.timer, l, note, &boot);
    timer_at(&wall.timer, 1000000 + 500);
    timer_after(&boot.timer, 500);
    loop_step_wall(l, 10000); /* somebody sets the clock forward */
    loop_turn(l, false);
    CHECK_STR(seen.order, "w");
    loop_advance(l, 500);
    CHECK_STR(seen.order, "wb");
    loop_free(l);
}

TEST(many_timers_armed_and_stopped_at_random_come_out_sorted)
{
    enum { N = 500 };
    struct loop *l = loop_new_fake(0);
    struct seen seen = {.loop = l};
    static struct named t[N];
    unsigned seed = 7;
    int64_t last = -1;

    (void)seen;
    for (int i = 0; i < N; i++) {
        timer_init(&t[i].timer, l, note, &t[i]);
        seed = seed * 1103515245 + 12345;
        timer_after(&t[i].timer, seed % 10007);
    }
    for (int i = 0; i < N; i += 3)
        timer_stop(&t[i].timer);
    for (int i = 0; i < N; i++) {
        /* Walk the armed ones by taking the earliest again and again. */
        struct timer *first = NULL;

        for (int k = 0; k < N; k++)
            if (timer_is_armed(&t[k].timer) && (first == NULL || t[k].timer.due_us < first->due_us))
                first = &t[k].timer;
        if (first == NULL)
            break;
        CHECK_TRUE(first->due_us >= last);
        last = first->due_us;
        timer_stop(first);
    }
    CHECK_TRUE(last >= 0);
    loop_free(l);
}

static void
count(void *arg)
{
    struct seen *s = arg;

    s->calls++;
    loop_stop(s->loop);
}

TEST(a_task_posted_twice_runs_once)
{
    struct loop *l = loop_new_fake(0);
    struct seen seen = {.loop = l};
    struct task t;

    task_init(&t, l, count, &seen);
    task_post(&t);
    task_post(&t);
    loop_advance(l, 0);
    CHECK_INT(seen.calls, 1);
    task_post(&t);
    task_cancel(&t);
    loop_advance(l, 0);
    CHECK_INT(seen.calls, 1);
    loop_free(l);
}

static void
work(void *arg)
{
    *(int *)arg = 7;
}

struct job_seen {
    int value; /* first */
    struct loop *loop;
    bool done;
};

static void
done(void *arg)
{
    struct job_seen *s = arg;

    s->done = true;
    loop_stop(s->loop);
}

TEST(a_job_works_on_another_thread_and_completes_on_the_loop)
{
    struct err e = ERR_INIT;
    struct loop *l = loop_new(&e);
    struct job_seen s = {.loop = l};

    CHECK_NOT_NULL(l);
    job_run(l, work, done, &s);
    CHECK_INT(job_count(l), 1);
    loop_run(l);
    CHECK_TRUE(s.done);
    CHECK_INT(s.value, 7);
    CHECK_INT(job_count(l), 0);
    loop_free(l);
}

TEST(a_real_loop_waits_for_its_timers)
{
    struct err e = ERR_INIT;
    struct loop *l = loop_new(&e);
    struct seen s = {.loop = l};
    int64_t began = loop_boot_us(l);

    timer_init(&s.timer, l, count, &s);
    timer_after(&s.timer, 20000);
    loop_run(l);
    CHECK_INT(s.calls, 1);
    CHECK_TRUE(loop_boot_us(l) - began >= 20000);
    timer_at(&s.timer, loop_wall_us(l) + 10000);
    loop_run(l);
    CHECK_INT(s.calls, 2);
    loop_free(l);
}

struct exited {
    struct loop *loop;
    int status;
};

static void
on_end(void *arg, int status)
{
    struct exited *x = arg;

    x->status = status;
    loop_stop(x->loop);
}

TEST(a_child_tells_its_end)
{
    struct err e = ERR_INIT;
    struct loop *l = loop_new(&e);
    struct exited x = {.loop = l};
    const char *const argv[] = {"sh", "-c", "exit 7", NULL};
    struct process_spec spec = {.path = "/bin/sh", .argv = argv};
    struct process *p = process_spawn(l, &spec, on_end, &x, &e);

    CHECK_NOT_NULL(p);
    loop_run(l);
    CHECK_INT(WEXITSTATUS(x.status), 7);
    process_free(p);
    loop_free(l);
}

TEST(a_program_that_is_not_there_is_an_error_that_names_it)
{
    struct err e = ERR_INIT;
    struct loop *l = loop_new(&e);
    const char *const argv[] = {"x", NULL};
    struct process_spec spec = {.path = "/no/such/program", .argv = argv};

    CHECK_NULL(process_spawn(l, &spec, on_end, NULL, &e));
    CHECK_STR(e.msg, "execute '/no/such/program': No such file or directory");
    loop_free(l);
}

TEST(a_program_that_is_run_to_its_end_gives_output_and_exit_code)
{
    struct err e = ERR_INIT;
    cleanup_buf struct buf out = BUF_INIT;
    const char *const argv[] = {"sh", "-c", "echo a; echo b >&2; exit 3", NULL};
    struct process_spec spec = {.path = "/bin/sh", .argv = argv};

    CHECK_INT(process_run(&spec, 10000, &out, &e), 3);
    CHECK_STR(buf_cstring(&out), "a\nb\n");
}

struct peer {
    struct loop *loop;
    struct buf got;
    size_t fds;
    bool closed;
};

static void
on_message(void *arg, struct str message, int *fds, size_t fds_n)
{
    struct peer *p = arg;

    (void)fds;
    buf_str(&p->got, message);
    buf_char(&p->got, '|');
    p->fds += fds_n;
}

static void
on_close(void *arg, const char *why)
{
    struct peer *p = arg;

    CHECK_STR(why, "connection closed");
    p->closed = true;
    loop_stop(p->loop);
}

TEST(packets_keep_their_borders_and_carry_descriptors)
{
    static const struct packet_handler handler = {on_message, on_close};
    struct err e = ERR_INIT;
    struct loop *l = loop_new(&e);
    struct peer a = {.loop = l}, b = {.loop = l};
    int pair[2], null = open("/dev/null", O_RDONLY);
    struct packet *pa, *pb;

    CHECK_INT(packet_pair(pair, &e), 0);
    pa = packet_new(l, pair[0], &handler, &a, &e);
    pb = packet_new(l, pair[1], &handler, &b, &e);
    CHECK_INT(packet_send(pa, STR("one"), &null, 1, &e), 0);
    CHECK_INT(packet_send(pa, STR("two"), NULL, 0, &e), 0);
    packet_free(pa);
    loop_run(l);
    CHECK_STR(buf_cstring(&b.got), "one|two|");
    CHECK_INT(b.fds, 1);
    CHECK_TRUE(b.closed);
    CHECK_TRUE(packet_send(pb, STR("x"), NULL, 0, &e) < 0);
    packet_free(pb);
    close(null);
    buf_done(&b.got);
    loop_free(l);
}

TEST(more_packets_than_the_socket_holds_all_arrive)
{
    static const struct packet_handler handler = {on_message, on_close};
    enum { N = 2000 };
    struct err e = ERR_INIT;
    struct loop *l = loop_new(&e);
    struct peer a = {.loop = l}, b = {.loop = l};
    int pair[2];
    struct packet *pa, *pb;

    CHECK_INT(packet_pair(pair, &e), 0);
    pa = packet_new(l, pair[0], &handler, &a, &e);
    pb = packet_new(l, pair[1], &handler, &b, &e);
    for (int i = 0; i < N; i++)
        CHECK_INT(packet_send(pa, STR("0123456789012345678901234567890123456789"), NULL, 0, &e), 0);
    while (b.got.n < N * 41)
        loop_turn(l, true);
    CHECK_INT(b.got.n, N * 41);
    packet_free(pa);
    packet_free(pb);
    buf_done(&b.got);
    loop_free(l);
}

TEST(what_cannot_be_sent_is_refused_and_the_connection_goes_on)
{
    static const struct packet_handler handler = {on_message, on_close};
    enum { MANY = 100 * 1000 };
    static char large[PACKET_MAX_BYTES + 1];
    struct err e = ERR_INIT;
    struct loop *l = loop_new(&e);
    struct peer a = {.loop = l}, b = {.loop = l};
    int pair[2], null = open("/dev/null", O_RDONLY), many[PACKET_MAX_FDS + 1], sent = 0;
    struct rlimit before, none;
    struct packet *pa, *pb;

    CHECK_INT(packet_pair(pair, &e), 0);
    pa = packet_new(l, pair[0], &handler, &a, &e);
    pb = packet_new(l, pair[1], &handler, &b, &e);
    CHECK_INT(packet_send(pa, str_make(large, sizeof large), NULL, 0, &e), ERR_TOOLARGE);
    CHECK_INT(packet_send(pa, STR(""), NULL, 0, &e), ERR_TOOLARGE);
    for (int i = 0; i <= PACKET_MAX_FDS; i++)
        many[i] = null;
    CHECK_INT(packet_send(pa, STR("x"), many, PACKET_MAX_FDS + 1, &e), ERR_TOOLARGE);

    /* The socket is full, and there is no descriptor with which the message could wait. */
    CHECK_INT(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = (struct rlimit){.rlim_cur = 3, .rlim_max = before.rlim_max};
    CHECK_INT(setrlimit(RLIMIT_NOFILE, &none), 0);
    while (sent < MANY && packet_send(pa, STR("x"), &null, 1, &e) == 0)
        sent++;
    CHECK_TRUE(sent > 0 && sent < MANY);
    CHECK_INT(setrlimit(RLIMIT_NOFILE, &before), 0);
    CHECK_INT(packet_send(pa, STR("last"), &null, 1, &e), 0);
    while (b.got.n < (size_t)sent * 2 + 5)
        loop_turn(l, true);
    CHECK_INT(b.fds, sent + 1);
    CHECK_FALSE(b.closed);
    packet_free(pa);
    packet_free(pb);
    close(null);
    buf_done(&b.got);
    loop_free(l);
}

struct shot {
    struct loop *loop;
    struct wake *wake, *noise;
    atomic_bool over;
    int left;
};

static void *
send_once(void *wake)
{
    wake_send(wake);
    return NULL;
}

static void
aim_again(void *arg)
{
    struct shot *s = arg;
    struct err e = ERR_INIT;
    pthread_t thread;

    wake_free(s->wake);
    s->wake = NULL;
    if (s->left-- == 0) {
        loop_stop(s->loop);
        return;
    }
    s->wake = wake_new(s->loop, aim_again, s, &e);
    CHECK_NOT_NULL(s->wake);
    CHECK_INT(pthread_create(&thread, NULL, send_once, s->wake), 0);
    CHECK_INT(pthread_detach(thread), 0);
}

static void
ignore_noise(void *arg)
{
    (void)arg;
}

static void *
make_noise(void *arg)
{
    struct shot *s = arg;

    while (!atomic_load(&s->over))
        wake_send(s->noise);
    return NULL;
}

/* The loop may be awake for another one's sake, and run the function before the sender is back. */
TEST(what_a_wake_up_runs_may_free_it)
{
    struct err e = ERR_INIT;
    struct loop *l = loop_new(&e);
    struct shot s = {.loop = l, .left = 2000};
    pthread_t thread;

    s.noise = wake_new(l, ignore_noise, NULL, &e);
    CHECK_NOT_NULL(s.noise);
    CHECK_INT(pthread_create(&thread, NULL, make_noise, &s), 0);
    aim_again(&s);
    loop_run(l);
    atomic_store(&s.over, true);
    CHECK_INT(pthread_join(thread, NULL), 0);
    CHECK_INT(s.left, -1);
    CHECK_NULL(s.wake);
    wake_free(s.noise);
    loop_free(l);
}

TESTS_MAIN(T_(timers_run_in_the_order_of_their_times_and_equal_ones_in_that_of_arming),
           T_(a_stopped_timer_does_not_run_and_one_moved_runs_at_its_new_time),
           T_(a_deadline_follows_the_wall_clock_and_a_pause_does_not),
           T_(many_timers_armed_and_stopped_at_random_come_out_sorted),
           T_(a_task_posted_twice_runs_once),
           T_(a_job_works_on_another_thread_and_completes_on_the_loop),
           T_(a_real_loop_waits_for_its_timers), T_(a_child_tells_its_end),
           T_(a_program_that_is_not_there_is_an_error_that_names_it),
           T_(a_program_that_is_run_to_its_end_gives_output_and_exit_code),
           T_(packets_keep_their_borders_and_carry_descriptors),
           T_(more_packets_than_the_socket_holds_all_arrive),
           T_(what_cannot_be_sent_is_refused_and_the_connection_goes_on),
           T_(what_a_wake_up_runs_may_free_it))
