#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "init/boxpacket.h"
#include "init/keeper.h"

enum { MAX_SIGNAL = 64 };

void
keeper_answer(int connection, struct boxmsg *m, const int *fds, size_t fds_n)
{
    struct err ignored;

    /* An asker that does not read is no reason to wait. */
    (void)boxpacket_put(connection, m, fds, fds_n, &ignored);
}

void
keeper_refuse(int connection, uint64_t tag, const struct err *why)
{
    struct boxmsg m = {
        .type = BOXMSG_REFUSED,
        .tag = tag,
        .failed = {.code = why->code, .text = why->msg},
    };

    keeper_answer(connection, &m, NULL, 0);
}

static void
done(int connection, uint64_t tag)
{
    keeper_answer(connection, &(struct boxmsg){.type = BOXMSG_DONE, .tag = tag}, NULL, 0);
}

static void
refuse(int connection, uint64_t tag, int code, const char *why)
{
    struct err e;

    err_set(&e, code, "%s", why);
    keeper_refuse(connection, tag, &e);
}

static uint64_t
cpu_us(void)
{
    struct rusage u;

    getrusage(RUSAGE_CHILDREN, &u);
    return (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000 +
           (uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static void
on_status(struct keeper *k, int connection, const struct boxmsg *q)
{
    struct boxmsg m = {
        .type = BOXMSG_STATE,
        .tag = q->tag,
        .state = {.state = (int)k->state,
                  .id = k->spec->id,
                  .started_us = k->started_us,
                  .stop_us = k->kill_us,
                  .cpu_us = cpu_us(),
                  .memory_bytes = boxgroup_usage(&k->group),
                  .memory_peak = boxgroup_peak(&k->group),
                  .execs = (uint32_t)k->execs.n},
    };

    keeper_answer(connection, &m, NULL, 0);
}

static void
on_signal_request(struct keeper *k, int connection, const struct boxmsg *q)
{
    int sig = q->signal.signal;

    if (sig < 1 || sig > MAX_SIGNAL) {
        refuse(connection, q->tag, ERR_INVALID, "no such signal");
        return;
    }
    if (k->main <= 0) {
        refuse(connection, q->tag, ERR_CONFLICT, "the command has ended");
        return;
    }
    if (q->signal.all)
        keeper_kill_all(k, sig);
    else if (kill(-k->main, sig) < 0)
        kill(k->main, sig);
    done(connection, q->tag);
}

static void
on_resize(struct keeper *k, int connection, const struct boxmsg *q)
{
    struct winsize size = {
        .ws_row = (unsigned short)q->resize.rows,
        .ws_col = (unsigned short)q->resize.cols,
    };
    int pty = q->resize.exec == 0 ? k->pty : -1;

    for (size_t i = 0; i < k->execs.n && q->resize.exec != 0; i++) {
        if (k->execs.at[i].number == q->resize.exec)
            pty = k->execs.at[i].pty;
    }
    if (pty < 0 || ioctl(pty, TIOCSWINSZ, &size) < 0)
        refuse(connection, q->tag, ERR_NOTFOUND, "it has no terminal");
    else
        done(connection, q->tag);
}

static void
on_namespaces(struct keeper *k, int connection, const struct boxmsg *q)
{
    struct boxmsg m = {.type = BOXMSG_DONE, .tag = q->tag};

    if (k->namespaces[0] < 0)
        refuse(connection, q->tag, ERR_CONFLICT, "this is no holder of namespaces");
    else
        keeper_answer(connection, &m, k->namespaces, ARRAY_LEN(k->namespaces));
}

static void
dispatch(struct keeper *k, int connection, const struct boxmsg *q, int *fds, size_t fds_n)
{
    switch (q->type) {
    case BOXMSG_STATUS:
        on_status(k, connection, q);
        break;
    case BOXMSG_SIGNAL:
        on_signal_request(k, connection, q);
        break;
    case BOXMSG_STOP:
        keeper_stop(k, q->stop.grace_us);
        done(connection, q->tag);
        break;
    case BOXMSG_EXEC:
        keeper_exec_start(k, connection, q, fds, fds_n);
        break;
    case BOXMSG_RESIZE:
        on_resize(k, connection, q);
        break;
    case BOXMSG_NAMESPACES:
        on_namespaces(k, connection, q);
        break;
    default:
        refuse(connection, q->tag, ERR_BADREQUEST, "this message is not for an init");
    }
}

void
keeper_accept(struct keeper *k)
{
    int fd = accept4(k->listen, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd >= 0)
        vec_push(&k->connections, fd);
}

bool
keeper_talk(struct keeper *k, int connection)
{
    cleanup_arena struct arena a = ARENA_INIT;
    cleanup_buf struct buf bytes = BUF_INIT;
    struct boxpacket_fds fds = BOXPACKET_FDS_NONE;
    struct err e = ERR_INIT;
    struct boxmsg m;
    int rc = boxpacket_get(connection, &bytes, &fds, &e);

    if (rc <= 0)
        return rc == 0 && e.code == ERR_UNAVAILABLE;
    if (boxmsg_decode(buf_view(&bytes), &a, &m, &e) < 0)
        keeper_refuse(connection, 0, &e);
    else
        dispatch(k, connection, &m, fds.at, fds.n);
    boxpacket_close_fds(&fds);
    return true;
}

void
keeper_hang_up(struct keeper *k, int connection)
{
    for (size_t i = 0; i < k->execs.n; i++) {
        if (k->execs.at[i].connection != connection)
            continue;
        k->execs.at[i].connection = -1;
        kill(-k->execs.at[i].pid, SIGKILL);
        kill(k->execs.at[i].pid, SIGKILL);
    }
    for (size_t i = 0; i < k->connections.n; i++) {
        if (k->connections.at[i] == connection) {
            vec_swap_remove(&k->connections, i);
            break;
        }
    }
    close(connection);
}
