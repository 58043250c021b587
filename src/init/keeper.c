#include "init/keeper.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "init/descent.h"

enum { MAX_CONNECTIONS = 64, FIXED = 6, KILL_ROUNDS = 1000 };

int
keeper_exit_code(int status)
{
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void
keeper_kill_all(const struct keeper *k, int sig)
{
    if (k->alone) {
        kill(-1, sig); /* every process of the namespace but this one */
        return;
    }
    if (sig == SIGKILL)
        descent_kill();
    else
        descent_signal(sig);
}

void
keeper_stop(struct keeper *k, int64_t grace_us)
{
    int64_t at = clock_boot_us(&clock_machine) + (grace_us > 0 ? grace_us : 0);

    k->stopped = true;
    if (k->kill_us == 0 || at < k->kill_us)
        k->kill_us = at;
    if (k->state != BOX_RUNNING)
        return;
    k->state = BOX_STOPPING;
    if (grace_us > 0 && k->main > 0)
        kill(k->main, SIGTERM);
}

/* Whose end is to be taken next; 0: nobody's. */
static pid_t
next_dead(void)
{
    siginfo_t info = {.si_pid = 0};

    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 ? info.si_pid : 0;
}

static void
reap(struct keeper *k)
{
    int status;
    pid_t pid;

    while ((pid = next_dead()) > 0) {
        /* The command's end is the end of its group, which is killed at once however fast it forks.
         * Until the command is reaped the group's number is nobody else's. */
        if (pid == k->main)
            kill(-pid, SIGKILL);
        if (waitpid(pid, &status, WNOHANG) != pid)
            continue;
        if (pid == k->main) {
            k->main = 0;
            k->status = status;
            k->ended_us = clock_wall_us(&clock_machine);
            k->state = BOX_SAVING;
        } else {
            keeper_exec_ended(k, pid, status);
        }
    }
}

static void
on_signal(struct keeper *k)
{
    struct signalfd_siginfo info;

    while (read(k->signals, &info, sizeof info) > 0) {
    }
    reap(k);
}

static void
on_wall(struct keeper *k)
{
    uint64_t count;

    /* ECANCELED: the clock was set; the time itself decides. */
    (void)!read(k->wall, &count, sizeof count);
    if (clock_wall_us(&clock_machine) < k->spec->deadline_us || k->deadline_hit)
        return;
    k->deadline_hit = true;
    keeper_stop(k, k->spec->grace_us);
    close(TAKE_FD(k->wall));
}

/* Carries out what is due, and returns the milliseconds to the next such moment, or -1. */
static int
run_timers(struct keeper *k)
{
    int64_t now = clock_boot_us(&clock_machine), next = 0;

    if (k->kill_us != 0) {
        if (k->kill_us <= now) {
            keeper_kill_all(k, SIGKILL);
            if (k->spec->kind == BOX_HOLDER)
                k->state = BOX_SAVING;
            k->kill_us = now + CLOCK_SECOND / 10; /* until it is gone */
        }
        next = k->kill_us;
    }
    for (size_t i = 0; i < k->execs.n; i++) {
        struct keeper_exec *x = &k->execs.at[i];

        if (x->kill_us == 0 || x->killed)
            continue;
        if (x->kill_us <= now) {
            kill(-x->pid, SIGKILL);
            kill(x->pid, SIGKILL);
            x->killed = true;
        } else if (next == 0 || x->kill_us < next) {
            next = x->kill_us;
        }
    }
    return next == 0 ? -1 : (int)((next - now) / 1000 + 1);
}

/* The fixed descriptors first, then the connections. */
static size_t
fill(const struct keeper *k, struct pollfd *p)
{
    const int fds[FIXED] = {
        k->signals, k->listen, k->server, k->wall, k->log.streams[0].fd, k->log.streams[1].fd,
    };
    size_t n = 0;

    for (size_t i = 0; i < FIXED; i++)
        p[n++] = (struct pollfd){.fd = fds[i], .events = fds[i] == k->server ? 0 : POLLIN};
    for (size_t i = 0; i < k->connections.n; i++)
        p[n++] = (struct pollfd){.fd = k->connections.at[i], .events = POLLIN};
    for (size_t i = 0; i < k->listeners.n && i < KEEPER_MAX_LISTENERS; i++)
        p[n++] = (struct pollfd){.fd = k->listeners.at[i], .events = POLLIN};
    return n;
}

static void
drop_listener(struct keeper *k, int fd)
{
    for (size_t i = 0; i < k->listeners.n; i++) {
        if (k->listeners.at[i] != fd)
            continue;
        vec_swap_remove(&k->listeners, i);
        close(fd);
        return;
    }
}

/* The network calls of the step's processes. */
static void
serve_listeners(struct keeper *k, const struct pollfd *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (p[i].revents & POLLIN ? !netcall_serve(&k->net, p[i].fd) : p[i].revents != 0)
            drop_listener(k, p[i].fd);
    }
}

static void
serve_connections(struct keeper *k, const struct pollfd *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (p[i].revents != 0 && !keeper_talk(k, p[i].fd))
            keeper_hang_up(k, p[i].fd);
    }
}

static void
serve(struct keeper *k)
{
    struct pollfd p[FIXED + MAX_CONNECTIONS + KEEPER_MAX_LISTENERS];
    int timeout = run_timers(k);
    size_t n = fill(k, p), behind = FIXED + k->connections.n;

    if (k->state == BOX_SAVING || (poll(p, n, timeout) < 0 && errno != EINTR))
        return;
    for (int i = 0; i < KEEPER_STREAMS; i++) {
        if (p[4 + i].revents != 0)
            keeper_log_read(&k->log, i);
    }
    if (p[2].revents & (POLLHUP | POLLERR)) {
        keeper_stop(k, 0);
        close(TAKE_FD(k->server));
    }
    if (p[3].revents != 0)
        on_wall(k);
    serve_listeners(k, p + behind, n - behind);
    serve_connections(k, p + FIXED, behind - FIXED);
    if (p[1].revents != 0 && k->connections.n < MAX_CONNECTIONS)
        keeper_accept(k);
    if (p[0].revents != 0)
        on_signal(k);
}

/* The command's end is the end of all: what it left behind is killed and reaped. */
static void
kill_rest(struct keeper *k)
{
    int status;
    pid_t pid = 0;

    for (int round = 0; round < KILL_ROUNDS && pid >= 0; round++) {
        keeper_kill_all(k, SIGKILL);
        pid = waitpid(-1, &status, 0);
        if (pid > 0)
            keeper_exec_ended(k, pid, status);
        while (pid > 0 && (pid = waitpid(-1, &status, WNOHANG)) > 0)
            keeper_exec_ended(k, pid, status);
    }
}

void
keeper_run(struct keeper *k)
{
    while (k->state != BOX_SAVING)
        serve(k);
    kill_rest(k);
    keeper_finish(k);
}
