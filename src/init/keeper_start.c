#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "init/keeper.h"
#include "sandbox/boxlink.h"
#include "sandbox/boxrecord.h"

enum { BACKLOG = 16 };

/* By its bare name from inside the directory: a socket's path has room for 107 bytes only. */
static int
open_control(struct keeper *k, struct err *e)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = BOX_CONTROL};

    k->listen = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (k->listen < 0 || fchdir(k->dir) < 0)
        return err_errno(e, "control socket");
    unlinkat(k->dir, BOX_CONTROL, 0);
    if (bind(k->listen, (struct sockaddr *)&address, sizeof address) < 0 ||
        listen(k->listen, BACKLOG) < 0)
        return err_errno(e, "control socket");
    return 0;
}

static int
open_outbox(struct keeper *k, struct err *e)
{
    if (k->spec->outputs_n == 0)
        return 0;
    if (mkdirat(k->dir, BOX_OUTBOX, 0700) < 0 && errno != EEXIST)
        return err_errno(e, "create the outbox");
    k->outbox = openat(k->dir, BOX_OUTBOX, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return k->outbox < 0 ? err_errno(e, "open the outbox") : 0;
}

/* Cancelled when the clock is set, so that a jump over the deadline is seen. */
static int
arm_deadline(struct keeper *k, struct err *e)
{
    struct itimerspec at = {
        .it_value = {.tv_sec = k->spec->deadline_us / CLOCK_SECOND,
                     .tv_nsec = k->spec->deadline_us % CLOCK_SECOND * 1000},
    };

    if (k->spec->deadline_us == 0)
        return 0;
    k->wall = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    if (k->wall < 0 ||
        timerfd_settime(k->wall, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &at, NULL) < 0)
        return err_errno(e, "set the deadline");
    return 0;
}

static int
open_namespaces(struct keeper *k, struct err *e)
{
    static const char *const names[] = {"user", "ipc", "uts", "mnt"};

    for (size_t i = 0; k->spec->kind == BOX_HOLDER && i < ARRAY_LEN(names); i++) {
        char path[32];

        snprintf(path, sizeof path, "/proc/self/ns/%s", names[i]);
        k->namespaces[i] = open(path, O_RDONLY | O_CLOEXEC);
        if (k->namespaces[i] < 0)
            return err_errno(e, "open '%s'", path);
    }
    return 0;
}

int
keeper_open(struct keeper *k, struct err *e)
{
    uint64_t cap = k->spec->log_bytes != 0 ? k->spec->log_bytes : BOXSPEC_LOG_BYTES;
    sigset_t chld;

    k->outbox = k->listen = k->signals = k->wall = k->pty = -1;
    for (size_t i = 0; i < ARRAY_LEN(k->namespaces); i++)
        k->namespaces[i] = -1;
    umask(077);
    sigemptyset(&chld);
    sigaddset(&chld, SIGCHLD);
    (void)sigprocmask(SIG_SETMASK, &chld, NULL);
    k->signals = signalfd(-1, &chld, SFD_CLOEXEC | SFD_NONBLOCK);
    if (k->signals < 0)
        return err_errno(e, "signalfd");
    k->record = boxrecord_reserve(k->dir, e);
    if (k->record < 0 || open_control(k, e) < 0 || open_outbox(k, e) < 0 ||
        arm_deadline(k, e) < 0 || open_namespaces(k, e) < 0)
        return e->code;
    return keeper_log_open(&k->log, k->dir, cap, k->spec->result_bytes, e);
}

static int
make_pipe(struct keeper *k, int stream, int *write_end, struct err *e)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) < 0)
        return err_errno(e, "pipe");
    keeper_log_attach(&k->log, stream, ends[0]);
    *write_end = ends[1];
    return 0;
}

/* What becomes 0, 1 and 2.  With a pty all three are one, and its output is the log's stdout. */
static int
make_stdio(struct keeper *k, int stdio[3], struct err *e)
{
    int hold[2];

    if (k->spec->tty) {
        if (keeper_pty(&k->pty, &stdio[0], e) < 0)
            return e->code;
        keeper_log_attach(&k->log, 0, fcntl(k->pty, F_DUPFD_CLOEXEC, 0));
        stdio[1] = fcntl(stdio[0], F_DUPFD_CLOEXEC, 0);
        stdio[2] = fcntl(stdio[0], F_DUPFD_CLOEXEC, 0);
        return stdio[1] < 0 || stdio[2] < 0 ? err_errno(e, "pty") : 0;
    }
    if (k->spec->stdin_open) {
        if (pipe2(hold, O_CLOEXEC) < 0)
            return err_errno(e, "pipe");
        stdio[0] = hold[0]; /* its other end stays open in this process for good */
    } else {
        stdio[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (stdio[0] < 0)
            return err_errno(e, "open '/dev/null'");
    }
    return make_pipe(k, 0, &stdio[1], e) < 0 ? e->code : make_pipe(k, 1, &stdio[2], e);
}

static void
close_all(int stdio[3])
{
    for (int i = 0; i < 3; i++) {
        if (stdio[i] >= 0)
            close(TAKE_FD(stdio[i]));
    }
}

static int
publish(struct keeper *k, struct err *e)
{
    k->started_us = clock_wall_us(&clock_machine);
    return boxrecord_publish(k->dir, k->record,
                             &(struct box_started){.id = k->spec->id, .at_us = k->started_us}, e);
}

/* Links are the machine's, and another attempt may hold the same one by the time that this one
 * loses the race: only the winner may touch them.  What goes wrong from there on can only be told
 * by the exit record. */
static void
make_links(struct keeper *k, struct keeper_child *c)
{
    struct err e = ERR_INIT;

    if (boxlink_make(k->spec->links, k->spec->links_n, &e) == 0) {
        k->linked = true;
        return;
    }
    k->start_code = KEEPER_NO_START;
    snprintf(k->start_error, sizeof k->start_error, "%s", e.msg);
    close(TAKE_FD(c->sync)); /* it ends by itself */
}

static int
start_command(struct keeper *k, struct err *e)
{
    struct keeper_program p = {.argv = k->spec->argv,
                               .env = k->spec->env,
                               .cwd = k->spec->cwd,
                               .stdio = {-1, -1, -1},
                               .tty = k->spec->tty};
    struct keeper_child c;
    int rc = make_stdio(k, p.stdio, e) < 0 ? e->code : keeper_fork(k, &p, &c, e);

    close_all(p.stdio);
    if (rc < 0)
        return e->code;
    if (publish(k, e) < 0) {
        kill(c.pid, SIGKILL);
        (void)waitpid(c.pid, NULL, 0);
        return e->code;
    }
    k->main = c.pid;
    make_links(k, &c);
    if (k->start_code == 0)
        k->start_code = keeper_release(&c, k->start_error, sizeof k->start_error);
    k->executed = k->start_code == 0;
    return 0;
}

int
keeper_start(struct keeper *k, struct err *e)
{
    int rc;

    k->state = BOX_STARTING;
    rc = k->spec->kind == BOX_HOLDER ? publish(k, e) : start_command(k, e);
    if (rc == 0)
        k->state = BOX_RUNNING;
    return rc;
}
