#include "runner/process/spawner.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/list.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "io/packet.h"
#include "io/process.h"
#include "io/timer.h"
#include "sandbox/filter.h"

enum {
    SPAWNER_FD = 3,
    END_MS = 500, /* how long it may take to end when its socket closes */
};
#define FIRST_PAUSE_US (CLOCK_SECOND / 20)
#define LAST_PAUSE_US (CLOCK_SECOND * 5)

enum state { STARTING, READY, REFUSED, DEAD };

struct spawn_request {
    struct list link; /* in the spawner's list, in the order of arrival */
    struct spawner *spawner;
    uint64_t tag;
    bool sent;
    int spec_fd, dir_fd, join_fd; /* until sent; join_fd -1: none */
    spawn_fn *done;
    void *arg;
};

struct spawner {
    struct loop *loop;
    struct spawner_config config;
    char **shared;
    spawner_ready_fn *on_ready;
    void *arg;
    enum state state;
    struct process *process;
    struct packet *socket;
    struct timer restart;
    int64_t pause_us;
    int control_pipe[2]; /* its end ends attempts with die_with_server; -1: none */
    bool left;           /* it removes the data directory when this process is gone */
    struct list requests;
    struct map by_tag;
    uint64_t tags;
    char *refusal;
    struct task refuse;
};

static void
enter(struct spawner *s, enum state next)
{
    static const char *const names[] = {"starting", "ready", "refused", "dead"};

    log_debug("spawner", "%s -> %s", names[s->state], names[next]);
    s->state = next;
}

static void
request_free(struct spawn_request *r)
{
    list_remove(&r->link);
    if (r->sent)
        map_remove_u64(&r->spawner->by_tag, r->tag);
    if (r->spec_fd >= 0)
        close(r->spec_fd);
    if (r->dir_fd >= 0)
        close(r->dir_fd);
    if (r->join_fd >= 0)
        close(r->join_fd);
    free(r);
}

static void
answer(struct spawn_request *r, int code, const char *text, int pid, int fds[2])
{
    struct spawn_result result = {.code = code,
                                  .text = text,
                                  .pid = pid,
                                  .pidfd = fds != NULL ? fds[0] : -1,
                                  .life = fds != NULL ? fds[1] : -1};
    spawn_fn *done = r->done;
    void *arg = r->arg;

    request_free(r);
    if (done != NULL)
        done(arg, &result);
    if (fds != NULL) {
        fds[0] = result.pidfd;
        fds[1] = result.life;
    }
}

/* Fails the requests: all, or those that were sent. */
static void
fail_requests(struct spawner *s, bool sent_only, int code, const char *text)
{
    struct list old;

    list_init(&old);
    list_splice(&old, &s->requests);
    for (struct list *at = list_shift(&old); at != NULL; at = list_shift(&old)) {
        struct spawn_request *r = LIST_ITEM(at, struct spawn_request, link);

        if (sent_only && !r->sent)
            list_append(&s->requests, &r->link);
        else
            answer(r, code, text, 0, NULL);
    }
}

static int
send_message(struct spawner *s, const struct boxmsg *m, const int *fds, size_t fds_n, struct err *e)
{
    cleanup_buf struct buf b = BUF_INIT;

    if (boxmsg_encode(m, &b, e) < 0)
        return e->code;
    return packet_send(s->socket, buf_view(&b), fds, fds_n, e);
}

static void
send_request(struct spawn_request *r)
{
    struct spawner *s = r->spawner;
    bool join = r->join_fd >= 0;
    struct boxmsg m = {.type = BOXMSG_SPAWN, .tag = r->tag, .spawn = {.join = join}};
    int fds[] = {r->spec_fd, r->dir_fd, r->join_fd};
    struct err e = ERR_INIT;

    r->sent = true;
    map_put_u64(&s->by_tag, r->tag, r);
    if (send_message(s, &m, fds, join ? 3 : 2, &e) < 0)
        log_debug("spawner", "%s", e.msg); /* the socket's end follows, and answers */
    close(TAKE_FD(r->spec_fd));
    close(TAKE_FD(r->dir_fd));
    if (join)
        close(TAKE_FD(r->join_fd));
}

static void
send_waiting(struct spawner *s)
{
    struct spawn_request *r;

    LIST_EACH (r, &s->requests, struct spawn_request, link) {
        if (!r->sent)
            send_request(r);
    }
}

static void
ready(struct spawner *s, const struct boxmsg_ready *m)
{
    if (m->code == ERR_UNAVAILABLE) { /* it ends now, and another one is started */
        log_warn("spawner", "%s", m->text != NULL ? m->text : "it cannot start now");
        return;
    }
    if (m->code < 0) {
        enter(s, REFUSED);
        free(s->refusal);
        s->refusal = xstrdup(m->text != NULL ? m->text : "the sandbox cannot be had");
        s->on_ready(s->arg, m);
        fail_requests(s, false, ERR_UNSUPPORTED, s->refusal);
        return;
    }
    enter(s, READY);
    s->pause_us = 0;
    s->on_ready(s->arg, m);
    send_waiting(s);
}

static void
on_message(void *arg, struct str bytes, int *fds, size_t fds_n)
{
    struct spawner *s = arg;
    cleanup_arena struct arena a = ARENA_INIT;
    struct boxmsg m;
    struct spawn_request *r;
    struct err e = ERR_INIT;

    if (boxmsg_decode(bytes, &a, &m, &e) < 0) {
        log_error("spawner", "%s", e.msg);
        return;
    }
    if (m.type == BOXMSG_READY) {
        ready(s, &m.ready);
        return;
    }
    r = map_get_u64(&s->by_tag, m.tag);
    if (r == NULL || (m.type != BOXMSG_SPAWNED && m.type != BOXMSG_FAILED))
        return; /* cancelled, or ENDED: the attempt knows already */
    if (m.type == BOXMSG_SPAWNED)
        answer(r, 0, NULL, m.spawned.pid, fds_n == 2 ? fds : NULL);
    else
        answer(r, m.failed.code, m.failed.text, 0, NULL);
}

static void
died(struct spawner *s)
{
    packet_free(TAKE(s->socket));
    if (s->process != NULL)
        process_kill(s->process, SIGKILL);
    if (s->state == REFUSED)
        return;
    enter(s, DEAD);
    s->pause_us = s->pause_us == 0 ? FIRST_PAUSE_US : s->pause_us * 2;
    if (s->pause_us > LAST_PAUSE_US)
        s->pause_us = LAST_PAUSE_US;
    timer_after(&s->restart, s->pause_us);
    fail_requests(s, true, ERR_UNAVAILABLE, "the spawner ended");
}

static void
on_close(void *arg, const char *why)
{
    struct spawner *s = arg;

    if (s->state == READY || s->state == STARTING)
        log_warn("spawner", "%s; starting another", why);
    died(s);
}

static void
on_process_end(void *arg, int status)
{
    struct spawner *s = arg;

    log_debug("spawner", "ended with status %#x", (unsigned)status);
    process_free(TAKE(s->process));
    if (s->socket != NULL && s->state != REFUSED)
        died(s);
}

static const struct packet_handler handler = {on_message, on_close};

static int
say_hello(struct spawner *s, struct err *e)
{
    static const char *const none[] = {NULL};
    cleanup_close int filter = filter_memfd(false, e);
    cleanup_close int network = filter < 0 ? -1 : filter_memfd(true, e);
    struct boxmsg m = {
        .type = BOXMSG_HELLO,
        .hello = {.level = s->config.level,
                  .data_dir = s->config.data_dir,
                  .shared = s->shared != NULL ? (const char *const *)s->shared : none,
                  .id_base = s->config.id_base,
                  .recall = s->config.recall,
                  .has_filter = true,
                  .has_network = true,
                  .has_control = s->control_pipe[0] >= 0,
                  .temporary = s->config.temporary}};
    int fds[3];
    size_t n = 0;

    if (network < 0)
        return err_wrap(e, "compile the system-call filter");
    fds[n++] = filter;
    fds[n++] = network;
    if (s->control_pipe[0] >= 0)
        fds[n++] = s->control_pipe[0];
    return send_message(s, &m, fds, n, e);
}

static int
start(struct spawner *s, struct err *e)
{
    const char *const argv[] = {s->config.init_path, "--spawner", NULL};
    cleanup_close int ours = -1, theirs = -1;
    int pair[2];

    if (packet_pair(pair, e) < 0)
        return e->code;
    ours = pair[0];
    theirs = pair[1];
    process_free(TAKE(s->process));

    struct process_spec spec = {.path = s->config.init_path,
                                .argv = argv,
                                .fds = (const int[]){-1, STDERR_FILENO, STDERR_FILENO, theirs},
                                .fds_n = SPAWNER_FD + 1,
                                .own_group = true};

    s->process = process_spawn(s->loop, &spec, on_process_end, s, e);
    if (s->process == NULL)
        return err_wrap(e, "start the spawner");
    enter(s, STARTING);
    s->socket = packet_new(s->loop, TAKE_FD(ours), &handler, s, e);
    if (s->socket == NULL)
        return e->code;
    return say_hello(s, e);
}

static void
on_restart(void *arg)
{
    struct spawner *s = arg;
    struct err e = ERR_INIT;

    if (start(s, &e) < 0) {
        log_error("spawner", "%s", e.msg);
        died(s);
    }
}

/* Requests that come after the refusal are answered from the loop, as all are. */
static void
on_refuse(void *arg)
{
    struct spawner *s = arg;

    fail_requests(s, false, ERR_UNSUPPORTED, s->refusal);
}

static void
copy_config(struct spawner *s, const struct spawner_config *c)
{
    size_t n = 0;

    s->config = *c;
    s->config.init_path = xstrdup(c->init_path);
    s->config.data_dir = xstrdup(c->data_dir);
    s->config.recall = c->recall != NULL ? xstrdup(c->recall) : NULL;
    while (c->shared != NULL && c->shared[n] != NULL)
        n++;
    s->shared = NEW_ARRAY(char *, n + 1);
    for (size_t i = 0; i < n; i++)
        s->shared[i] = xstrdup(c->shared[i]);
}

struct spawner *
spawner_new(struct loop *l, const struct spawner_config *config, spawner_ready_fn *on_ready,
            void *arg, struct err *e)
{
    struct spawner *s = NEW(struct spawner);

    *s = (struct spawner){.loop = l, .on_ready = on_ready, .arg = arg, .control_pipe = {-1, -1}};
    copy_config(s, config);
    list_init(&s->requests);
    timer_init(&s->restart, l, on_restart, s);
    task_init(&s->refuse, l, on_refuse, s);
    if (config->die_with_server && pipe2(s->control_pipe, O_CLOEXEC) < 0) {
        err_errno(e, "make a pipe");
        spawner_free(s);
        return NULL;
    }
    if (start(s, e) < 0) {
        spawner_free(s);
        return NULL;
    }
    return s;
}

bool
spawner_leave(struct spawner *s)
{
    s->left = s->config.temporary && s->state == READY && s->process != NULL;
    return s->left;
}

void
spawner_free(struct spawner *s)
{
    if (s == NULL)
        return;
    timer_stop(&s->restart);
    task_cancel(&s->refuse);
    while (!list_empty(&s->requests))
        request_free(LIST_ITEM(s->requests.next, struct spawn_request, link));
    packet_free(s->socket);
    if (s->process != NULL && !s->left && !process_wait(s->process, END_MS)) {
        process_kill(s->process, SIGKILL);
        (void)process_wait(s->process, END_MS);
    }
    process_free(s->process);
    map_done(&s->by_tag);
    /* The end that tells the spawner to remove the directory comes with that of this process. */
    for (int i = 0; i < (s->left ? 1 : 2); i++)
        if (s->control_pipe[i] >= 0)
            close(s->control_pipe[i]);
    for (char **p = s->shared; p != NULL && *p != NULL; p++)
        free(*p);
    free(s->shared);
    free((char *)(uintptr_t)s->config.init_path);
    free((char *)(uintptr_t)s->config.data_dir);
    free((char *)(uintptr_t)s->config.recall);
    free(s->refusal);
    free(s);
}

struct spawn_request *
spawner_spawn(struct spawner *s, int spec_fd, int dir_fd, int join_fd, spawn_fn *done, void *arg)
{
    struct spawn_request *r = NEW(struct spawn_request);

    *r = (struct spawn_request){.spawner = s,
                                .tag = ++s->tags,
                                .spec_fd = fcntl(spec_fd, F_DUPFD_CLOEXEC, 3),
                                .dir_fd = fcntl(dir_fd, F_DUPFD_CLOEXEC, 3),
                                .join_fd = join_fd < 0 ? -1 : fcntl(join_fd, F_DUPFD_CLOEXEC, 3),
                                .done = done,
                                .arg = arg};
    list_append(&s->requests, &r->link);
    if (s->state == READY)
        send_request(r);
    else if (s->state == REFUSED)
        task_post(&s->refuse);
    return r;
}

void
spawn_cancel(struct spawn_request *r)
{
    if (r == NULL)
        return;
    r->done = NULL;
    if (!r->sent)
        request_free(r);
}
