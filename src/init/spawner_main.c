#include "init/spawner_main.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "init/birth.h"
#include "init/boxpacket.h"
#include "init/spawner_int.h"
#include "sandbox/boxgroup.h"
#include "sandbox/droptree.h"
#include "sandbox/keptetc.h"
#include "sandbox/spareroot.h"

enum { FIXED = 3 };

static void
tell_failed(uint64_t tag, int code, const char *text)
{
    spawner_tell(&(struct boxmsg){.type = BOXMSG_FAILED, .tag = tag, .failed = {code, text}}, NULL,
                 0);
}

static void
on_spawn(struct spawner *s, const struct boxmsg *m, const struct boxpacket_fds *fds)
{
    struct launch l;
    struct err e = ERR_INIT;

    if (fds->n != (m->spawn.join ? 3 : 2)) {
        tell_failed(m->tag, ERR_BADREQUEST, "SPAWN came with the wrong number of descriptors");
        return;
    }
    if (launch_start(&s->ground, fds->at[0], fds->at[1], m->spawn.join ? fds->at[2] : -1, &l, &e) <
        0) {
        tell_failed(m->tag, e.code, e.msg);
        spawner_doubt(s);
        return;
    }
    l.tag = m->tag;
    vec_push(&s->launches, l);
}

/* False: the server is gone. */
static bool
on_server(struct spawner *s)
{
    cleanup_buf struct buf bytes = BUF_INIT;
    cleanup_arena struct arena a = ARENA_INIT;
    struct boxpacket_fds fds;
    struct err e = ERR_INIT;
    struct boxmsg m;

    if (boxpacket_get(SPAWNER_SERVER, &bytes, &fds, &e) <= 0)
        return false;
    if (boxmsg_decode(buf_view(&bytes), &a, &m, &e) < 0)
        tell_failed(m.tag, e.code, e.msg);
    else if (m.type == BOXMSG_SPAWN)
        on_spawn(s, &m, &fds);
    else
        tell_failed(m.tag, ERR_BADREQUEST, "this message is not for the spawner");
    boxpacket_close_fds(&fds);
    return true;
}

/* A child's report, or its end before one. */
static void
on_report(struct spawner *s, struct launch *l)
{
    struct birth_report r;
    ssize_t n = recv(l->sync, &r, sizeof r, MSG_DONTWAIT);
    cleanup_close int sync = -1;

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    sync = TAKE_FD(l->sync);
    if (n != (ssize_t)sizeof r) {
        tell_failed(l->tag, ERR_IO, "init died before the command could start");
    } else if (r.code != 0) {
        r.text[sizeof r.text - 1] = '\0';
        tell_failed(l->tag, r.code, r.text);
        spawner_doubt(s);
    } else {
        spawner_tell(&(struct boxmsg){.type = BOXMSG_SPAWNED, .tag = l->tag, .spawned = {l->pid}},
                     (const int[]){l->pidfd, sync}, l->pidfd >= 0 ? 2 : 0);
        if (l->pidfd >= 0) /* the server's now; a descriptor for each pod would run out */
            close(TAKE_FD(l->pidfd));
        return;
    }
    l->tag = 0; /* its end is nobody's business any more */
}

static void
on_end(struct spawner *s, pid_t pid, int status)
{
    for (size_t i = 0; i < s->launches.n; i++) {
        struct launch *l = &s->launches.at[i];

        if (l->pid != pid)
            continue;
        if (l->sync >= 0)
            on_report(s, l);
        if (l->tag != 0)
            spawner_tell(
                &(struct boxmsg){.type = BOXMSG_ENDED, .tag = l->tag, .ended = {pid, status}}, NULL,
                0);
        boxgroup_give(s->ground.groups, l->slot);
        if (l->sync >= 0)
            close(l->sync);
        if (l->pidfd >= 0)
            close(l->pidfd);
        vec_swap_remove(&s->launches, i);
        return;
    }
}

static void
reap(struct spawner *s)
{
    struct signalfd_siginfo info;
    int status;
    pid_t pid;

    while (read(s->signals, &info, sizeof info) > 0) {
    }
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        on_end(s, pid, status);
}

/* Everybody has been answered, and there is something that was put off. */
static bool
has_time(const struct spawner *s)
{
    for (size_t i = 0; i < s->launches.n; i++)
        if (s->launches.at[i].sync >= 0)
            return false;
    return s->probed != NULL || spareroot_is_wanted(s->ground.host);
}

/* Who asks next may find a root that is ready. */
static void
use_time(struct spawner *s)
{
    if (spareroot_is_wanted(s->ground.host))
        spareroot_make(s->ground.host);
    else
        spawner_tidy(s);
}

static bool
serve(struct spawner *s)
{
    size_t n = s->launches.n;
    struct hostroot *host = s->ground.host;
    struct err told_with_the_next_root = ERR_INIT;
    int events;
    cleanup_free struct pollfd *p = NEW_ARRAY(struct pollfd, n + FIXED);

    p[0] = (struct pollfd){.fd = SPAWNER_SERVER, .events = POLLIN};
    p[1] = (struct pollfd){.fd = s->signals, .events = POLLIN};
    p[2] = (struct pollfd){.fd = host != NULL ? host->watch : -1, .events = POLLIN};
    for (size_t i = 0; i < n; i++)
        p[FIXED + i] = (struct pollfd){.fd = s->launches.at[i].sync, .events = POLLIN};
    events = poll(p, n + FIXED, has_time(s) ? 0 : -1);
    if (events < 0)
        return errno == EINTR;
    if (events == 0)
        use_time(s);
    for (size_t i = 0; i < n; i++) {
        if (p[FIXED + i].revents != 0)
            on_report(s, &s->launches.at[i]);
    }
    if (p[1].revents != 0)
        reap(s);
    if (p[2].revents != 0)
        (void)hostroot_refresh(host, &told_with_the_next_root);
    return p[0].revents == 0 || on_server(s);
}

static int
block_signals(struct spawner *s)
{
    sigset_t chld;

    for (int sig = 1; sig < NSIG; sig++)
        (void)signal(sig, SIG_DFL);
    /* A terminal's Ctrl-C is the server's business. */
    (void)signal(SIGINT, SIG_IGN);
    (void)signal(SIGPIPE, SIG_IGN);
    sigemptyset(&chld);
    sigaddset(&chld, SIGCHLD);
    (void)sigprocmask(SIG_BLOCK, &chld, NULL);
    s->signals = signalfd(-1, &chld, SFD_CLOEXEC | SFD_NONBLOCK);
    return s->signals;
}

/* Until the attempts, which ended with the server, are reaped. */
static void
wait_for_launches(struct spawner *s)
{
    while (s->launches.n != 0) {
        struct pollfd p = {.fd = s->signals, .events = POLLIN};

        if (poll(&p, 1, -1) > 0)
            reap(s);
    }
}

/* Until the server, whose end closes the control pipe, has nothing open any more. */
static void
wait_for_server(const struct spawner *s)
{
    struct pollfd p = {.fd = s->ground.server, .events = POLLIN};

    while (p.fd >= 0 && poll(&p, 1, -1) < 0 && errno == EINTR) {
    }
}

/* Whoever reads what the server wrote through a pipe need not wait for us. */
static void
let_go_of_output(void)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++)
        (void)dup2(null, fd);
}

/* What took this one a while, the next one finds. */
static void
keep_for_later(const struct spawner *s)
{
    if (s->host.keeps)
        keptetc_make(s->recall, "/etc");
}

int
spawner_main(void)
{
    struct spawner s = {.signals = -1};

    if (block_signals(&s) < 0)
        return 1;
    umask(022); /* the server's may be narrower; these directories are the steps' roots */
    (void)fcntl(SPAWNER_SERVER, F_SETFD, FD_CLOEXEC);
    if (spawner_hello(&s) < 0)
        return 1;
    while (serve(&s)) {
    }
    if (s.temporary != NULL) {
        let_go_of_output();
        wait_for_server(&s);
        wait_for_launches(&s);
    }
    spawner_tidy(&s);
    boxgroup_free(s.ground.groups);
    if (s.ground.host != NULL)
        hostroot_done(s.ground.host);
    if (s.temporary != NULL)
        droptree(s.temporary);
    keep_for_later(&s);
    return 0;
}
