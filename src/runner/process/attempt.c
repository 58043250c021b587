#include "runner/process/attempt.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "io/packet.h"
#include "io/timer.h"
#include "io/watch.h"
#include "runner/process/spawner.h"
#include "sandbox/boxmsg.h"
#include "sandbox/boxrecord.h"

enum attempt_state { NEW_, SPAWNING, ADOPTING, RUNNING, ENDED, FENCED, FAILED };

struct attempt {
    struct loop *loop;
    char *id;
    int dir;
    const struct attempt_handler *handler;
    void *arg;
    enum attempt_state state;
    struct spawn_request *request;
    int pidfd, life;        /* -1 for those that were adopted */
    struct watch *watch;    /* of `life`, for those that we have spawned */
    struct packet *control; /* to init; for adopted ones its end is init's */
    bool same_boot;
    bool lost_race; /* init was faster than our fence */
    bool stop_asked;
    int64_t stop_grace_us;
    struct task look;    /* attempt_adopt() answers from the loop */
    struct timer answer; /* until init has said that it is the one */
};

/* A living init answers at once; one that does not in this time is stuck or somebody else. */
#define ANSWER_US (10 * CLOCK_SECOND)

static void
enter(struct attempt *a, enum attempt_state next)
{
    static const char *const names[] = {"new",   "spawning", "adopting", "running",
                                        "ended", "fenced",   "failed"};

    log_debug(a->id, "attempt: %s -> %s", names[a->state], names[next]);
    a->state = next;
}

static bool
is_final(const struct attempt *a)
{
    return a->state == ENDED || a->state == FENCED || a->state == FAILED;
}

static void
let_go(struct attempt *a)
{
    timer_stop(&a->answer);
    watch_free(TAKE(a->watch));
    packet_free(TAKE(a->control));
    if (a->pidfd >= 0)
        close(TAKE_FD(a->pidfd));
    if (a->life >= 0)
        close(TAKE_FD(a->life));
}

/* Init is gone, or has nothing left to do but that: what it recorded counts. */
static void
end(struct attempt *a)
{
    cleanup_arena struct arena arena = ARENA_INIT;
    struct box_exit x;
    struct err e = ERR_INIT;
    bool recorded;

    if (is_final(a))
        return;
    let_go(a);
    recorded = boxrecord_read_exit(a->dir, &arena, &x, &e) == 0;
    if (!recorded && e.code != ERR_NOTFOUND)
        log_warn(a->id, "exit record: %s", e.msg);
    enter(a, ENDED);
    a->handler->on_end(a->arg, recorded ? &x : NULL);
}

static int
send_control(struct attempt *a, const struct boxmsg *m, struct err *e)
{
    cleanup_buf struct buf b = BUF_INIT;

    if (boxmsg_encode(m, &b, e) < 0)
        return e->code;
    return packet_send(a->control, buf_view(&b), NULL, 0, e);
}

static void
running(struct attempt *a, int64_t at_us)
{
    timer_stop(&a->answer);
    enter(a, RUNNING);
    if (a->stop_asked)
        attempt_stop(a, a->stop_grace_us);
    a->handler->on_started(a->arg, at_us);
}

static void
on_message(void *arg, struct str bytes, int *fds, size_t fds_n)
{
    struct attempt *a = arg;
    cleanup_arena struct arena arena = ARENA_INIT;
    struct boxmsg m;
    struct err e = ERR_INIT;

    (void)fds;
    (void)fds_n;
    if (boxmsg_decode(bytes, &arena, &m, &e) < 0) {
        log_warn(a->id, "init: %s", e.msg);
        return;
    }
    if (m.type == BOXMSG_STATE && a->state == ADOPTING) {
        if (m.state.id != NULL && strcmp(m.state.id, a->id) == 0)
            running(a, m.state.started_us);
        else
            log_error(a->id, "another attempt answers its control socket");
    }
}

static void
on_close(void *arg, const char *why)
{
    struct attempt *a = arg;

    log_debug(a->id, "control socket: %s", why);
    packet_free(TAKE(a->control));
    if (a->watch == NULL)
        end(a); /* adopted: the connection stands for init */
}

static const struct packet_handler control_handler = {on_message, on_close};

static int
connect_control(struct attempt *a, struct err *e)
{
    int fd;

    if (a->control != NULL)
        return 0;
    fd = packet_connect(a->dir, BOX_CONTROL, e);
    if (fd < 0)
        return e->code;
    a->control = packet_new(a->loop, fd, &control_handler, a, e);
    return a->control != NULL ? 0 : e->code;
}

static void
on_life(void *arg, int ready)
{
    (void)ready;
    end(arg);
}

static void
fence(struct attempt *a)
{
    struct err e = ERR_INIT;
    int rc = boxrecord_fence(a->dir, a->id, loop_wall_us(a->loop), &e);

    if (rc == 0) {
        enter(a, FENCED);
        a->handler->on_fenced(a->arg);
    } else if (rc == ERR_EXISTS && !a->lost_race) {
        a->lost_race = true; /* init published in this instant, and most likely lives */
        task_post(&a->look);
    } else if (rc == ERR_EXISTS) {
        end(a);
    } else {
        log_error(a->id, "fence: %s", e.msg);
        enter(a, FAILED);
        a->handler->on_failed(a->arg, e.code, e.msg);
    }
}

/* The record says whether it is the server's fence or an init's start. */
static bool
has_started(struct attempt *a, bool *fenced)
{
    cleanup_arena struct arena arena = ARENA_INIT;
    struct box_started started;
    struct err e = ERR_INIT;
    bool there = boxrecord_read_started(a->dir, &arena, &started, &e) == 0;

    *fenced = there && started.fenced;
    return there;
}

/* The order matters: the exit record is looked for last (in end()), because init writes it before
 * it stops answering. */
static void
on_look(void *arg)
{
    struct attempt *a = arg;
    struct boxmsg ask = {.type = BOXMSG_STATUS, .tag = 1};
    struct err e = ERR_INIT;
    bool fenced;

    if (!has_started(a, &fenced)) {
        if (a->same_boot)
            fence(a);
        else
            end(a);
        return;
    }
    if (fenced) {
        enter(a, FENCED);
        a->handler->on_fenced(a->arg);
        return;
    }
    if (!a->same_boot || connect_control(a, &e) < 0 || send_control(a, &ask, &e) < 0) {
        log_debug(a->id, "adopt: %s", e.msg);
        end(a);
        return;
    }
    timer_after(&a->answer, ANSWER_US);
}

static void
on_no_answer(void *arg)
{
    struct attempt *a = arg;

    log_error(a->id, "init does not answer its control socket");
    end(a);
}

void
attempt_adopt(struct attempt *a, bool same_boot)
{
    a->same_boot = same_boot;
    enter(a, ADOPTING);
    task_post(&a->look);
}

static void
on_spawned(void *arg, struct spawn_result *r)
{
    struct attempt *a = arg;
    struct err e = ERR_INIT;

    a->request = NULL;
    if (r->code == ERR_UNAVAILABLE || r->code == ERR_EXISTS) {
        attempt_adopt(a, true);
        return;
    }
    if (r->code < 0) {
        enter(a, FAILED);
        a->handler->on_failed(a->arg, r->code, r->text != NULL ? r->text : "unknown error");
        return;
    }
    a->pidfd = TAKE_FD(r->pidfd);
    a->life = TAKE_FD(r->life);
    a->watch = a->life >= 0 ? watch_new(a->loop, a->life, WATCH_READ, on_life, a, &e) : NULL;
    if (a->watch == NULL) {
        attempt_adopt(a, true); /* its control socket tells the end as well */
        return;
    }
    running(a, loop_wall_us(a->loop));
}

void
attempt_spawn(struct attempt *a, struct spawner *s, int spec_fd, int join_fd)
{
    enter(a, SPAWNING);
    a->request = spawner_spawn(s, spec_fd, a->dir, join_fd, on_spawned, a);
}

void
attempt_stop(struct attempt *a, int64_t grace_us)
{
    struct boxmsg m = {.type = BOXMSG_STOP, .tag = 2, .stop = {.grace_us = grace_us}};
    struct err e = ERR_INIT;

    if (a->state != RUNNING) {
        if (!a->stop_asked || grace_us < a->stop_grace_us)
            a->stop_grace_us = grace_us;
        a->stop_asked = true;
        return;
    }
    if (connect_control(a, &e) == 0 && send_control(a, &m, &e) == 0)
        return;
    /* Without its socket init cannot be asked; its end is the command's. */
    log_warn(a->id, "stop: %s; killing it", e.msg);
    if (a->pidfd >= 0)
        pidfd_send_signal(a->pidfd, SIGKILL, NULL, 0);
}

int
attempt_signal(struct attempt *a, int sig, struct err *e)
{
    struct boxmsg m = {.type = BOXMSG_SIGNAL, .tag = 3, .signal = {.signal = sig, .all = true}};

    if (a->state != RUNNING)
        return err_set(e, ERR_CONFLICT, "the container is not running");
    if (connect_control(a, e) < 0)
        return e->code;
    return send_control(a, &m, e);
}

int
attempt_dir(const struct attempt *a)
{
    return a->dir;
}

bool
attempt_is_running(const struct attempt *a)
{
    return a->state == RUNNING;
}

struct attempt *
attempt_new(struct loop *l, int dir_fd, const char *id, const struct attempt_handler *handler,
            void *arg)
{
    struct attempt *a = NEW(struct attempt);

    *a = (struct attempt){.loop = l,
                          .id = xstrdup(id),
                          .dir = dir_fd,
                          .handler = handler,
                          .arg = arg,
                          .pidfd = -1,
                          .life = -1};
    task_init(&a->look, l, on_look, a);
    timer_init(&a->answer, l, on_no_answer, a);
    return a;
}

void
attempt_free(struct attempt *a)
{
    if (a == NULL)
        return;
    spawn_cancel(a->request);
    task_cancel(&a->look);
    let_go(a);
    close(a->dir);
    free(a->id);
    free(a);
}
