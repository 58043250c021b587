#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "init/keeper.h"

static void
tell_exit(int connection, uint64_t tag, uint32_t number, int code, const char *text)
{
    struct boxmsg m = {
        .type = BOXMSG_EXITED, .tag = tag, .exited = {.exec = number, .code = code, .text = text}};

    if (connection >= 0)
        keeper_answer(connection, &m, NULL, 0);
}

static int
check(const struct keeper *k, const struct boxmsg *m, size_t fds_n, struct err *e)
{
    if (k->state != BOX_RUNNING && k->state != BOX_STOPPING)
        return err_set(e, ERR_CONFLICT, "the command is not running");
    if (k->spec->kind == BOX_HOLDER)
        return err_set(e, ERR_CONFLICT, "a holder of namespaces runs no commands");
    if (k->listeners.n >= KEEPER_MAX_LISTENERS)
        return err_set(e, ERR_TOOMANY, "what %d commands left behind is still running in there",
                       KEEPER_MAX_LISTENERS);
    if (m->exec.argv[0] == NULL)
        return err_set(e, ERR_INVALID, "no command is given");
    if (!m->exec.tty && fds_n < 3)
        return err_set(e, ERR_INVALID, "stdin, stdout and stderr must come with the request");
    return 0;
}

static int
make_terminal(const struct boxmsg *m, int *master, int stdio[3], struct err *e)
{
    struct winsize size = {
        .ws_row = (unsigned short)m->exec.rows,
        .ws_col = (unsigned short)m->exec.cols,
    };

    if (keeper_pty(master, &stdio[0], e) < 0)
        return e->code;
    if (size.ws_row != 0)
        (void)ioctl(*master, TIOCSWINSZ, &size);
    stdio[1] = stdio[2] = stdio[0];
    return 0;
}

void
keeper_exec_start(struct keeper *k, int connection, const struct boxmsg *m, int *fds, size_t fds_n)
{
    struct keeper_program p = {
        .argv = m->exec.argv,
        .env = m->exec.env[0] != NULL ? m->exec.env : k->spec->env,
        .cwd = m->exec.cwd != NULL ? m->exec.cwd : k->spec->cwd,
        .tty = m->exec.tty,
    };
    struct boxmsg started = {.type = BOXMSG_STARTED, .tag = m->tag};
    struct keeper_exec x = {.connection = connection, .pty = -1, .tag = m->tag};
    struct keeper_child c;
    cleanup_close int slave = -1;
    struct err e = ERR_INIT;
    char text[512];
    int code;

    if (check(k, m, fds_n, &e) < 0 || (p.tty && make_terminal(m, &x.pty, p.stdio, &e) < 0)) {
        keeper_refuse(connection, m->tag, &e);
        return;
    }
    if (p.tty)
        slave = p.stdio[0];
    for (int i = 0; i < 3 && !p.tty; i++)
        p.stdio[i] = fds[i];
    if (keeper_fork(k, &p, &c, &e) < 0) {
        keeper_refuse(connection, m->tag, &e);
        if (x.pty >= 0)
            close(x.pty);
        return;
    }
    x.number = started.started.exec = ++k->next_exec;
    x.pid = c.pid;
    if (m->exec.timeout_us > 0)
        x.kill_us = clock_boot_us(&clock_machine) + m->exec.timeout_us;
    keeper_answer(connection, &started, &x.pty, x.pty >= 0 ? 1 : 0);
    code = keeper_release(&c, text, sizeof text);
    if (code != 0) { /* its end is reaped like any other's, but the reason is told now */
        tell_exit(connection, m->tag, x.number, code, text);
        x.connection = -1;
    }
    vec_push(&k->execs, x);
}

void
keeper_exec_ended(struct keeper *k, pid_t pid, int status)
{
    for (size_t i = 0; i < k->execs.n; i++) {
        struct keeper_exec *x = &k->execs.at[i];

        if (x->pid != pid)
            continue;
        tell_exit(x->connection, x->tag, x->number, keeper_exit_code(status),
                  x->killed ? "it took longer than its time-out" : NULL);
        if (x->pty >= 0)
            close(x->pty);
        vec_swap_remove(&k->execs, i);
        return;
    }
}
