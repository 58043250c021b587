/*
 * A command inside a running container: init forks it, so that it has the same namespaces, filter
 * and cgroup.  Its output comes through pipes of ours; its end over a connection of its own, whose
 * closing kills it.
 *
 *   both pipes ended and EXITED received, or the connection closed --> on_end
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
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
    struct exec_pipe pipes[2];
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
on_message(void *arg, struct str bytes, int *fds, size_t fds_n)
{
    struct attempt_exec *x = arg;
    cleanup_arena struct arena arena = ARENA_INIT;
    struct boxmsg m;
    struct err e = ERR_INIT;

    (void)fds;
    (void)fds_n;
    if (boxmsg_decode(bytes, &arena, &m, &e) < 0)
        ended(x, -1, e.msg);
    else if (m.type == BOXMSG_EXITED)
        ended(x, m.exited.code, m.exited.text);
    else if (m.type == BOXMSG_REFUSED)
        ended(x, -1, m.failed.text);
    else
        return;
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
open_pipes(struct attempt_exec *x, struct loop *l, int theirs[3], struct err *e)
{
    theirs[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (theirs[0] < 0)
        return err_errno(e, "open /dev/null");
    for (int i = 0; i < 2; i++) {
        struct exec_pipe *p = &x->pipes[i];
        int ends[2];

        if (pipe2(ends, O_CLOEXEC) < 0)
            return err_errno(e, "make a pipe");
        p->exec = x;
        p->stream = i + 1;
        p->fd = ends[0];
        theirs[i + 1] = ends[1];
        p->watch = watch_new(l, p->fd, WATCH_READ, on_output, p, e);
        if (p->watch == NULL)
            return e->code;
    }
    return 0;
}

static int
ask(struct attempt_exec *x, const char *const *argv, int64_t timeout_us, const int theirs[3],
    struct err *e)
{
    static const char *const none[] = {NULL};
    cleanup_buf struct buf b = BUF_INIT;
    struct boxmsg m = {.type = BOXMSG_EXEC,
                       .tag = 1,
                       .exec = {.argv = argv, .env = none, .timeout_us = timeout_us}};

    if (boxmsg_encode(&m, &b, e) < 0)
        return e->code;
    return packet_send(x->control, buf_view(&b), theirs, 3, e);
}

struct attempt_exec *
attempt_exec_open(struct loop *l, int dir_fd, const char *const *argv, int64_t timeout_us,
                  const struct attempt_exec_handler *handler, void *arg, struct err *e)
{
    struct attempt_exec *x = NEW(struct attempt_exec);
    int theirs[3] = {-1, -1, -1}, fd, rc;

    *x = (struct attempt_exec){.handler = handler, .arg = arg, .pipes = {{.fd = -1}, {.fd = -1}}};
    fd = packet_connect(dir_fd, BOX_CONTROL, e);
    if (fd >= 0)
        x->control = packet_new(l, fd, &exec_handler, x, e);
    rc = x->control != NULL ? open_pipes(x, l, theirs, e) : e->code;
    if (rc == 0)
        rc = ask(x, argv, timeout_us, theirs, e);
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
    close_pipe(&x->pipes[0]);
    close_pipe(&x->pipes[1]);
    free(x->error);
    free(x);
}
