#include "init/spawner_main.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/vec.h"
#include "init/birth.h"
#include "init/boxpacket.h"
#include "init/holding.h"
#include "init/launch.h"
#include "sandbox/boxgroup.h"
#include "sandbox/droptree.h"
#include "sandbox/hostroot.h"
#include "sandbox/keptetc.h"
#include "sandbox/probe.h"
#include "sandbox/probe_recall.h"
#include "sandbox/spareroot.h"
#include "sandbox/subids.h"
#include "sandbox/userns.h"

enum { SERVER = 3, FIXED = 2, MAX_FILTER = 4096 };

struct spawner {
    struct launch_ground ground;
    struct hostroot host;
    struct probe probe;
    char *temporary; /* the data directory, if it goes with the server */
    char *recall;    /* the directory for what later spawners may recall, or NULL */
    char *recalled;  /* in it, the file of probe_recall.h */
    char *probed;    /* the data directory, while what was tried in it is still there */
    int signals;
    VEC(struct launch) launches;
};

/* True while there is a server. */
static bool
tell(const struct boxmsg *m, const int *fds, size_t n)
{
    struct err e = ERR_INIT;

    return boxpacket_put(SERVER, m, fds, n, &e) == 0;
}

static void
tell_failed(uint64_t tag, int code, const char *text)
{
    tell(&(struct boxmsg){.type = BOXMSG_FAILED, .tag = tag, .failed = {code, text}}, NULL, 0);
}

/* Whether what was recalled still holds, the next spawner finds out. */
static void
doubt(const struct spawner *s)
{
    if (s->recalled != NULL)
        probe_forget(s->recalled);
}

static int
map_filter(int fd, struct keeper_filter *ret, struct err *e)
{
    struct stat st;
    void *p;

    if (fstat(fd, &st) < 0)
        return err_errno(e, "system-call filter");
    if (st.st_size <= 0 || st.st_size % (off_t)sizeof(struct sock_filter) != 0 ||
        st.st_size > MAX_FILTER * (off_t)sizeof(struct sock_filter))
        return err_set(e, ERR_INVALID, "system-call filter: not 1 to %d instructions", MAX_FILTER);
    p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (p == MAP_FAILED)
        return err_errno(e, "system-call filter");
    ret->program = p;
    ret->instructions = (uint16_t)((size_t)st.st_size / sizeof(struct sock_filter));
    return 0;
}

/* HELLO's descriptors in their order; what is kept is set to -1 in `fds`. */
static int
take_descriptors(struct spawner *s, const struct boxmsg_hello *h, struct boxpacket_fds *fds,
                 struct err *e)
{
    size_t at = 0;

    s->ground.server = -1;
    if (fds->n != (size_t)h->has_filter + h->has_network + h->has_control)
        return err_set(e, ERR_BADREQUEST, "HELLO came with %zu descriptors", fds->n);
    if (h->has_filter && map_filter(fds->at[at++], &s->ground.filter, e) < 0)
        return e->code;
    if (h->has_network && map_filter(fds->at[at++], &s->ground.network, e) < 0)
        return e->code;
    if (h->has_control)
        s->ground.server = TAKE_FD(fds->at[at]);
    return 0;
}

static int
choose_level(struct spawner *s, int wanted, enum level *ret, struct err *e)
{
    char why[PROBE_TEXT];
    enum level best = probe_best(&s->probe, why);

    if (wanted < 0 || wanted >= LEVEL_COUNT)
        return err_set(e, ERR_INVALID, "isolation level %d is unknown", wanted);
    if (wanted != LEVEL_BEST && (enum level)wanted > best)
        return err_set(e, ERR_UNSUPPORTED, "isolation level %s is not to be had here: %s",
                       level_name((enum level)wanted), why);
    *ret = wanted == LEVEL_BEST ? best : (enum level)wanted;
    return 0;
}

/* An ordinary user moves into a namespace of its own, with the ids that it may give away. */
static int
enter_user_namespace(struct spawner *s, const char *data_dir, struct err *e)
{
    /* Only from the namespace in which a holder's was made can it be entered. */
    cleanup_close int above = holding_parent(data_dir);
    struct err why = ERR_INIT;
    struct subids subids, *with = NULL;
    int rc;

    if (above < 0 && s->probe.denied[PROBE_SUBIDS])
        err_set(&why, ERR_FORBIDDEN, "taken away by SLUICE_DENY");
    else if (above < 0 && subids_open(&subids, &why) == 0)
        with = &subids;
    rc = above >= 0 ? userns_enter(above, e) : userns_become_root(with, &why, e);
    if (rc < 0)
        return rc;
    s->ground.own_ids = subids_count();
    s->probe.have[PROBE_SUBIDS] = s->ground.own_ids > 1;
    if (s->ground.own_ids > 1)
        snprintf(s->probe.text[PROBE_SUBIDS], PROBE_TEXT, "a step may run as one of %u ids",
                 s->ground.own_ids);
    else
        snprintf(s->probe.text[PROBE_SUBIDS], PROBE_TEXT,
                 "a step has one id, runAsUser is without effect: %.120s", why.msg);
    return 0;
}

/* Into the namespaces in which roots are built. */
static int
enter_namespaces(struct spawner *s, const char *data_dir, struct err *e)
{
    if (!s->probe.root)
        return enter_user_namespace(s, data_dir, e);
    return unshare(CLONE_NEWNS) < 0 ? err_errno(e, "create a mount namespace") : 0;
}

static void
try_or_recall(struct spawner *s, const struct boxmsg_hello *h)
{
    if (h->recall != NULL) {
        s->recall = xstrdup(h->recall);
        s->recalled = xasprintf("%s/isolation", h->recall);
    }
    if (s->recalled != NULL && probe_recall(&s->probe, s->recalled, h->data_dir, h->id_base))
        return;
    s->probed = xstrdup(h->data_dir);
    probe_run(&s->probe, h->data_dir, h->id_base);
    if (s->recalled != NULL)
        probe_remember(&s->probe, s->recalled, h->data_dir, h->id_base);
}

static int
set_up(struct spawner *s, const struct boxmsg_hello *h, enum level *level, struct err *e)
{
    if (h->data_dir == NULL || h->data_dir[0] != '/')
        return err_set(e, ERR_BADREQUEST, "HELLO names no data directory");
    if (probe_deny(&s->probe, getenv("SLUICE_DENY"), e) < 0)
        return e->code;
    probe_begin(&s->probe);
    try_or_recall(s, h);
    s->ground.groups = boxgroup_new(&s->probe);
    if (!s->probe.have[PROBE_SECCOMP])
        s->ground.filter.instructions = 0;
    if (!s->probe.have[PROBE_NETWORK])
        s->ground.network.instructions = 0;
    s->ground.remember = !s->probe.have[PROBE_WAITKILL];
    if (choose_level(s, h->level, level, e) < 0)
        return e->code;
    s->ground.level = *level;
    if (*level == LEVEL_NONE)
        return 0;
    s->ground.host = &s->host;
    if (enter_namespaces(s, h->data_dir, e) < 0)
        return e->code;
    return hostroot_open(&s->host, &s->probe, *level, h->data_dir, h->shared, h->recall, e);
}

static void
tell_ready(const struct spawner *s, uint64_t tag, enum level level, const struct err *e)
{
    struct probe_finding findings[PROBE_COUNT];
    struct boxmsg m = {
        .type = BOXMSG_READY,
        .tag = tag,
        .ready = {.code = e->code,
                  .text = e->code != 0 ? e->msg : NULL,
                  .level = (int)level,
                  .findings = findings,
                  .findings_n = PROBE_COUNT,
                  .limits_memory = s->probe.have[PROBE_MEMORY],
                  .limits_pids = s->probe.have[PROBE_PIDS],
                  .limits_cpu = s->probe.have[PROBE_CPU]},
    };

    for (int i = 0; i < PROBE_COUNT; i++)
        findings[i] = (struct probe_finding){probe_name((enum probe_id)i), s->probe.have[i],
                                             s->probe.text[i]};
    tell(&m, NULL, 0);
}

/* The layers of the range that will be asked for first, while the server does something else; if
 * they cannot be made, the first attempt says why. */
static void
warm_up(struct spawner *s, uint32_t id_base)
{
    if (s->ground.host != NULL)
        spareroot_begin(s->ground.host, s->probe.root ? id_base : 0);
}

/* Removes what was tried. */
static void
tidy(struct spawner *s)
{
    if (s->probed != NULL)
        probe_tidy(s->probed);
    free(TAKE(s->probed));
}

/* The first message. */
static int
greet(struct spawner *s)
{
    cleanup_buf struct buf bytes = BUF_INIT;
    cleanup_arena struct arena a = ARENA_INIT;
    struct boxpacket_fds fds;
    struct err e = ERR_INIT;
    enum level level = LEVEL_NONE;
    struct boxmsg m = {.tag = 0};

    if (boxpacket_get(SERVER, &bytes, &fds, &e) <= 0)
        return -1;
    if (boxmsg_decode(buf_view(&bytes), &a, &m, &e) == 0) {
        if (m.type != BOXMSG_HELLO)
            err_set(&e, ERR_BADREQUEST, "%s came before HELLO", boxmsg_name(m.type));
        else if (take_descriptors(s, &m.hello, &fds, &e) == 0) {
            if (m.hello.temporary && m.hello.data_dir != NULL)
                s->temporary = xstrdup(m.hello.data_dir);
            (void)set_up(s, &m.hello, &level, &e);
        }
    }
    boxpacket_close_fds(&fds);
    tell_ready(s, m.tag, level, &e);
    if (e.code == 0 && (!s->probe.root || m.hello.id_base != 0))
        warm_up(s, m.hello.id_base);
    if (e.code != 0) {
        tidy(s);
        doubt(s);
    }
    return e.code;
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
        doubt(s);
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

    if (boxpacket_get(SERVER, &bytes, &fds, &e) <= 0)
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
        doubt(s);
    } else {
        tell(&(struct boxmsg){.type = BOXMSG_SPAWNED, .tag = l->tag, .spawned = {l->pid}},
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
            tell(&(struct boxmsg){.type = BOXMSG_ENDED, .tag = l->tag, .ended = {pid, status}},
                 NULL, 0);
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
        tidy(s);
}

static bool
serve(struct spawner *s)
{
    size_t n = s->launches.n;
    int events;
    cleanup_free struct pollfd *p = NEW_ARRAY(struct pollfd, n + FIXED);

    p[0] = (struct pollfd){.fd = SERVER, .events = POLLIN};
    p[1] = (struct pollfd){.fd = s->signals, .events = POLLIN};
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
    if (s->recall != NULL && s->probe.root && s->ground.level == LEVEL_FULL)
        keptetc_make(s->recall, "/etc");
}

int
spawner_main(void)
{
    struct spawner s = {.signals = -1};

    if (block_signals(&s) < 0)
        return 1;
    umask(022); /* the server's may be narrower; these directories are the steps' roots */
    (void)fcntl(SERVER, F_SETFD, FD_CLOEXEC);
    if (greet(&s) < 0)
        return 1;
    while (serve(&s)) {
    }
    if (s.temporary != NULL) {
        let_go_of_output();
        wait_for_server(&s);
        wait_for_launches(&s);
    }
    tidy(&s);
    boxgroup_free(s.ground.groups);
    if (s.ground.host != NULL)
        hostroot_done(s.ground.host);
    if (s.temporary != NULL)
        droptree(s.temporary);
    keep_for_later(&s);
    return 0;
}
