#include "io/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <time.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "io/descriptors.h"
#include "io/watch.h"

/* Sources are first copied to numbers from here on, so that no dup2 of the child overwrites one
 * that is still to be copied. */
enum { HIGH_FD = 512, MAX_FDS = 16 };

struct process {
    pid_t pid;
    int pidfd;
    struct watch *watch; /* NULL once it was reaped */
    process_exit_fn *on_exit;
    void *arg;
};

static int
copy_descriptors(const struct process_spec *spec, int high[MAX_FDS], struct err *e)
{
    for (size_t i = 0; i < MAX_FDS; i++)
        high[i] = -1;
    for (size_t i = 0; i < MAX_FDS && (i < 3 || i < spec->fds_n); i++) {
        int fd = i < spec->fds_n ? spec->fds[i] : -1;

        high[i] =
            fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, HIGH_FD) : open("/dev/null", O_RDWR | O_CLOEXEC);
        if (high[i] < 0)
            return err_errno(e, "copy a descriptor for '%s'", spec->path);
    }
    return 0;
}

static int
set_attributes(posix_spawnattr_t *attributes, bool own_group)
{
    sigset_t all, none;
    short flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;

    sigfillset(&all);
    sigemptyset(&none);
    posix_spawnattr_setsigdefault(attributes, &all);
    posix_spawnattr_setsigmask(attributes, &none);
    if (own_group)
        flags |= POSIX_SPAWN_SETPGROUP;
    return posix_spawnattr_setflags(attributes, flags);
}

static int
spawn(const struct process_spec *spec, const int high[MAX_FDS], pid_t *ret, struct err *e)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int rc;

    if (posix_spawn_file_actions_init(&actions) != 0)
        return err_set(e, ERR_UNAVAILABLE, "execute '%s': no memory", spec->path);
    posix_spawnattr_init(&attributes);
    set_attributes(&attributes, spec->own_group);
    for (int i = 0; i < MAX_FDS && high[i] >= 0; i++)
        posix_spawn_file_actions_adddup2(&actions, high[i], i);
    /* The prototype wants char *const *; nothing is written through it. */
    rc = posix_spawn(ret, spec->path, &actions, &attributes, (char *const *)(uintptr_t)spec->argv,
                     spec->env != NULL ? (char *const *)(uintptr_t)spec->env : environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (rc != 0) {
        errno = rc;
        return err_errno(e, "execute '%s'", spec->path);
    }
    return 0;
}

static int
start(const struct process_spec *spec, pid_t *ret_pid, int *ret_pidfd, struct err *e)
{
    int high[MAX_FDS], rc;

    CHECK(spec->fds_n <= MAX_FDS);
    rc = copy_descriptors(spec, high, e);
    if (rc == 0)
        rc = spawn(spec, high, ret_pid, e);
    for (size_t i = 0; i < MAX_FDS; i++)
        if (high[i] >= 0)
            close(high[i]);
    if (rc < 0)
        return rc;
    descriptors_restore(*ret_pid);
    *ret_pidfd = pidfd_open(*ret_pid, 0);
    if (*ret_pidfd < 0) {
        err_errno(e, "watch process %d", (int)*ret_pid);
        kill(*ret_pid, SIGKILL);
        waitpid(*ret_pid, NULL, 0);
        return e->code;
    }
    return 0;
}

static void
on_end(void *arg, int ready)
{
    struct process *p = arg;
    int status;

    (void)ready;
    if (waitpid(p->pid, &status, WNOHANG) != p->pid)
        return;
    watch_free(p->watch);
    p->watch = NULL;
    p->on_exit(p->arg, status);
}

struct process *
process_spawn(struct loop *l, const struct process_spec *spec, process_exit_fn *on_exit, void *arg,
              struct err *e)
{
    struct process *p = NEW(struct process);

    *p = (struct process){.pidfd = -1, .on_exit = on_exit, .arg = arg};
    if (start(spec, &p->pid, &p->pidfd, e) < 0) {
        process_free(p);
        return NULL;
    }
    p->watch = watch_new(l, p->pidfd, WATCH_READ, on_end, p, e);
    if (p->watch == NULL) {
        kill(p->pid, SIGKILL);
        waitpid(p->pid, NULL, 0);
        process_free(p);
        return NULL;
    }
    return p;
}

void
process_kill(struct process *p, int sig)
{
    if (p->watch != NULL)
        pidfd_send_signal(p->pidfd, sig, NULL, 0);
}

bool
process_wait(struct process *p, int timeout_ms)
{
    struct pollfd poll_end = {.fd = p->pidfd, .events = POLLIN};

    if (p->watch == NULL)
        return true;
    if (poll(&poll_end, 1, timeout_ms) <= 0 || waitpid(p->pid, NULL, WNOHANG) != p->pid)
        return false;
    watch_free(TAKE(p->watch));
    return true;
}

void
process_free(struct process *p)
{
    if (p == NULL)
        return;
    if (p->watch != NULL)
        waitpid(p->pid, NULL, WNOHANG);
    watch_free(p->watch);
    if (p->pidfd >= 0)
        close(p->pidfd);
    free(p);
}

/* Reads until the end of the pipe or the deadline; false at the deadline. */
static bool
drain(int fd, int64_t deadline_us, struct buf *output)
{
    for (;;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int64_t left_us = deadline_us - clock_boot_us(&clock_machine);
        char chunk[4096];

        if (left_us <= 0)
            return false;
        if (poll(&p, 1, (int)(left_us / 1000 + 1)) <= 0)
            continue;

        ssize_t n = read(fd, chunk, sizeof chunk);

        if (n == 0 || (n < 0 && errno != EINTR))
            return true;
        if (n > 0)
            buf_add(output, chunk, (size_t)n);
    }
}

int
process_run(const struct process_spec *spec, int timeout_ms, struct buf *output, struct err *e)
{
    int64_t deadline = clock_boot_us(&clock_machine) + timeout_ms * INT64_C(1000);
    cleanup_close int from = -1, to = -1, pidfd = -1;
    int pipes[2], fds[MAX_FDS], status;
    struct process_spec with = *spec;
    pid_t pid;

    if (pipe2(pipes, O_CLOEXEC) < 0)
        return err_errno(e, "make a pipe");
    from = pipes[0];
    to = pipes[1];
    memcpy(fds, (const int[]){-1, to, to}, 3 * sizeof *fds);
    for (size_t i = 3; i < spec->fds_n && i < MAX_FDS; i++)
        fds[i] = spec->fds[i];
    with.fds = fds;
    with.fds_n = spec->fds_n > 3 ? spec->fds_n : 3;
    if (start(&with, &pid, &pidfd, e) < 0)
        return e->code;
    close(TAKE_FD(to));

    bool ended = drain(from, deadline, output);

    if (!ended)
        pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (!ended)
        return err_set(e, ERR_TIMEOUT, "'%s' took longer than %d ms", spec->path, timeout_ms);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
