/*
 * A command inside a running container: init forks it, so that it has the same namespaces, filter
 * and cgroup.  Its output comes through pipes of ours, or from the terminal that init makes; its
 * end over a connection of its own, whose closing kills it.
 *
 *   all output ended and EXITED received, or the connection closed --> on_end
 *
 * A terminal may be held open by what the command left behind: its output ends with the command.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "io/packet.h"
#include "io/watch.h"
#include "runner/process/attempt.h"
#include "sandbox/boxmsg.h"
#include "sandbox/boxrecord.h"

struct exec_pipe {
    struct attempt_exec *exec;
    int stream, fd;
    struct watch *watch;
};

struct attempt_exec {
    const struct attempt_exec_handler *handler;
    void *arg;
    struct packet *control;
    struct exec_pipe pipes[2]; /* the terminal is the first */
    struct exec_input {
        int fd; /* -1: closed */
        struct watch *watch;
        struct buf waiting;
        bool ended;
    } input;
    struct loop *loop;
    bool tty, held;
    uint32_t number, rows, cols; /* number 0: not known yet */
    bool exited;
    int code;
    char *error;
    bool *freed;
};

static void
close_pipe(struct exec_pipe *p)
{
    watch_free(TAKE(p->watch));
    if (p->fd >= 0)
        close(TAKE_FD(p->fd));
}

static void
close_input(struct exec_input *in)
{
    watch_free(TAKE(in->watch));
    buf_done(&in->waiting);
    if (in->fd >= 0)
        close(TAKE_FD(in->fd));
}

static void
finish_if_done(struct attempt_exec *x)
{
    if (x->exited && x->pipes[0].fd < 0 && x->pipes[1].fd < 0)
        x->handler->on_end(x->arg, x->code, x->error);
}

static void
on_output(void *arg, int ready)
{
    struct exec_pipe *p = arg;
    struct attempt_exec *x = p->exec;
    char chunk[16 * 1024];
    ssize_t n = read(p->fd, chunk, sizeof chunk);
    bool freed = false;

    (void)ready;
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        close_pipe(p);
        finish_if_done(x);
        return;
    }
    x->freed = &freed;
    x->handler->on_output(x->arg, p->stream, str_make(chunk, (size_t)n));
    if (!freed)
        x->freed = NULL;
}

void
attempt_exec_hold(struct attempt_exec *x, bool hold)
{
    x->held = hold;
    for (int i = 0; i < 2; i++) {
        if (x->pipes[i].watch != NULL)
            watch_set(x->pipes[i].watch, hold ? 0 : WATCH_READ);
    }
}

/* Input. */

static void
write_input(struct attempt_exec *x)
{
    struct exec_input *in = &x->input;
    ssize_t n;

    while (in->fd >= 0 && in->waiting.n > 0) {
        n = write(in->fd, in->waiting.p, in->waiting.n);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            break;
        if (n < 0) { /* nobody reads it any more */
            close_input(in);
            return;
        }
        memmove(in->waiting.p, in->waiting.p + n, in->waiting.n - (size_t)n);
        buf_cut(&in->waiting, in->waiting.n - (size_t)n);
    }
    if (in->waiting.n == 0 && in->ended)
        close_input(in);
    else if (in->watch != NULL)
        watch_set(in->watch, in->waiting.n > 0 ? WATCH_WRITE : 0);
}

static void
on_writable(void *arg, int ready)
{
    struct attempt_exec *x = arg;

    (void)ready;
    write_input(x);
    if (x->input.waiting.n == 0 && !x->input.ended && x->handler->on_input != NULL)
        x->handler->on_input(x->arg);
}

/* Takes fd. */
static int
open_input(struct attempt_exec *x, int fd, struct err *e)
{
    x->input.fd = fd;
    if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
        return err_errno(e, "make input non-blocking");
    x->input.watch = watch_new(x->loop, fd, 0, on_writable, x, e);
    return x->input.watch != NULL ? 0 : e->code;
}

bool
attempt_exec_input(struct attempt_exec *x, struct str bytes)
{
    if (x->input.ended || (x->input.fd < 0 && !x->tty))
        return true; /* it is not wanted */
    buf_str(&x->input.waiting, bytes);
    write_input(x);
    return x->input.waiting.n == 0;
}

/* A terminal has no end of its own: ^D says it to whoever reads a line. */
void
attempt_exec_end_input(struct attempt_exec *x)
{
    if (x->tty) {
        (void)attempt_exec_input(x, STR("\004"));
        return;
    }
    x->input.ended = true;
    write_input(x);
}

static void
ended(struct attempt_exec *x, int code, const char *error)
{
    if (x->exited)
        return;
    x->exited = true;
    x->code = code;
    x->error = error != NULL ? xstrdup(error) : NULL;
}

static void
send_size(struct attempt_exec *x)
{
    cleanup_buf struct buf b = BUF_INIT;
    struct boxmsg m = {.type = BOXMSG_RESIZE,
                       .tag = 2,
                       .resize = {.exec = x->number, .rows = x->rows, .cols = x->cols}};
    struct err e = ERR_INIT;

    if (x->number == 0 || x->rows == 0 || x->cols == 0)
        return;
    if (boxmsg_encode(&m, &b, &e) < 0 || packet_send(x->control, buf_view(&b), NULL, 0, &e) < 0)
        log_debug(NULL, "the size of a terminal: %s", e.msg);
}

void
attempt_exec_resize(struct attempt_exec *x, unsigned rows, unsigned cols)
{
    x->rows = rows;
    x->cols = cols;
    send_size(x);
}

/* The terminal is both: what it shows is output, what is written to it input. */
static int
take_terminal(struct attempt_exec *x, int *fds, size_t fds_n, struct err *e)
{
    struct exec_pipe *p = &x->pipes[0];

    if (fds_n == 0)
        return err_set(e, ERR_IO, "no terminal came with the command");
    p->exec = x;
    p->stream = 1;
    p->fd = TAKE_FD(fds[0]);
    p->watch = watch_new(x->loop, p->fd, x->held ? 0 : WATCH_READ, on_output, p, e);
    if (p->watch == NULL || open_input(x, fcntl(p->fd, F_DUPFD_CLOEXEC, 0), e) < 0)
        return e->code;
    on_writable(x, WATCH_WRITE); /* what came before it; whoever waited with more may go on */
    return 0;
}

static void
started(struct attempt_exec *x, const struct boxmsg *m, int *fds, size_t fds_n)
{
    struct err e = ERR_INIT;

    x->number = m->started.exec;
    if (x->tty && take_terminal(x, fds, fds_n, &e) < 0)
        ended(x, -1, e.msg);
    send_size(x);
}

/* What the command has said to its terminal before it ended. */
static void
drain_terminal(struct attempt_exec *x)
{
    struct exec_pipe *p = &x->pipes[0];
    char chunk[16 * 1024];
    ssize_t n;

    while (p->fd >= 0 && (n = read(p->fd, chunk, sizeof chunk)) > 0)
        x->handler->on_output(x->arg, p->stream, str_make(chunk, (size_t)n));
    close_pipe(p);
}

static void
on_message(void *arg, struct str bytes, int *fds, size_t fds_n)
{
    struct attempt_exec *x = arg;
    cleanup_arena struct arena arena = ARENA_INIT;
    struct boxmsg m;
    struct err e = ERR_INIT;

    if (boxmsg_decode(bytes, &arena, &m, &e) < 0)
        ended(x, -1, e.msg);
    else if (m.type == BOXMSG_EXITED)
        ended(x, m.exited.code, m.exited.text);
    else if (m.type == BOXMSG_REFUSED)
        ended(x, -1, m.failed.text);
    else if (m.type == BOXMSG_STARTED)
        started(x, &m, fds, fds_n);
    if (!x->exited)
        return;
    if (x->tty)
        drain_terminal(x);
    finish_if_done(x);
}

static void
on_close(void *arg, const char *why)
{
    struct attempt_exec *x = arg;

    ended(x, -1, why);
    close_pipe(&x->pipes[0]);
    close_pipe(&x->pipes[1]);
    finish_if_done(x);
}

static const struct packet_handler exec_handler = {on_message, on_close};

static int
open_stdin(struct attempt_exec *x, bool input, int *theirs, struct err *e)
{
    int ends[2];

    if (!input) {
        *theirs = open("/dev/null", O_RDONLY | O_CLOEXEC);
        return *theirs < 0 ? err_errno(e, "open /dev/null") : 0;
    }
    if (pipe2(ends, O_CLOEXEC) < 0)
        return err_errno(e, "make a pipe");
    *theirs = ends[0];
    return open_input(x, ends[1], e);
}

static int
open_pipes(struct attempt_exec *x, bool input, int theirs[3], struct err *e)
{
    if (open_stdin(x, input, &theirs[0], e) < 0)
        return e->code;
    for (int i = 0; i < 2; i++) {
        struct exec_pipe *p = &x->pipes[i];
        int ends[2];

        if (pipe2(ends, O_CLOEXEC) < 0)
            return err_errno(e, "make a pipe");
        p->exec = x;
        p->stream = i + 1;
        p->fd = ends[0];
        theirs[i + 1] = ends[1];
        p->watch = watch_new(x->loop, p->fd, WATCH_READ, on_output, p, e);
        if (p->watch == NULL)
            return e->code;
    }
    return 0;
}

static int
ask(struct attempt_exec *x, const struct attempt_exec_spec *spec, const int theirs[3],
    struct err *e)
{
    static const char *const none[] = {NULL};
    cleanup_buf struct buf b = BUF_INIT;
    struct boxmsg m = {
        .type = BOXMSG_EXEC,
        .tag = 1,
        .exec = {
            .argv = spec->argv, .env = none, .tty = spec->tty, .timeout_us = spec->timeout_us}};

    if (boxmsg_encode(&m, &b, e) < 0)
        return e->code;
    return packet_send(x->control, buf_view(&b), theirs, spec->tty ? 0 : 3, e);
}

struct attempt_exec *
attempt_exec_open(struct loop *l, int dir_fd, const struct attempt_exec_spec *spec,
                  const struct attempt_exec_handler *handler, void *arg, struct err *e)
{
    struct attempt_exec *x = NEW(struct attempt_exec);
    int theirs[3] = {-1, -1, -1}, fd, rc;

    *x = (struct attempt_exec){.handler = handler,
                               .arg = arg,
                               .loop = l,
                               .tty = spec->tty,
                               .input = {.fd = -1},
                               .pipes = {{.fd = -1}, {.fd = -1}}};
    fd = packet_connect(dir_fd, BOX_CONTROL, e);
    if (fd >= 0)
        x->control = packet_new(l, fd, &exec_handler, x, e);
    rc = x->control != NULL ? 0 : e->code;
    if (rc == 0 && !spec->tty)
        rc = open_pipes(x, spec->input, theirs, e);
    if (rc == 0)
        rc = ask(x, spec, theirs, e);
    for (int i = 0; i < 3; i++)
        if (theirs[i] >= 0)
            close(theirs[i]);
    if (rc < 0) {
        attempt_exec_free(x);
        return NULL;
    }
    return x;
}

void
attempt_exec_free(struct attempt_exec *x)
{
    if (x == NULL)
        return;
    if (x->freed != NULL)
        *x->freed = true;
    packet_free(x->control);
    close_input(&x->input);
    close_pipe(&x->pipes[0]);
    close_pipe(&x->pipes[1]);
    free(x->error);
    free(x);
}
