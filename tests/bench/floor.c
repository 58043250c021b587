#include "tests/bench/floor.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/bench/bare_spawn.h"

enum { APPEND = 8192 };

struct worker {
    pid_t pid;
    int fd; /* a number of steps goes out, one byte comes back when they are done */
};

struct floor {
    size_t n;
    struct worker workers[];
};

static _Noreturn void
fail(const char *what)
{
    perror(what);
    exit(1);
}

static void
append(int fd)
{
    static const char block[APPEND];

    if (write(fd, block, sizeof block) != (ssize_t)sizeof block || fdatasync(fd) < 0)
        fail("floor: append");
}

static _Noreturn void
work(const char *dir, int fd)
{
    cleanup_free char *spawns = xasprintf("%s/spawns", dir), *path = xasprintf("%s/appends", dir);
    struct bare_spawn *bare = bare_spawn_open(spawns);
    int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    size_t n;

    if (file < 0)
        fail("floor: file");
    while (read(fd, &n, sizeof n) == (ssize_t)sizeof n) {
        while (n-- > 0) {
            append(file);
            bare_spawn_once(bare);
            append(file);
        }
        if (write(fd, "d", 1) != 1)
            break;
    }
    bare_spawn_close(bare);
    _exit(0);
}

static void
start(struct floor *f, const char *dir)
{
    cleanup_free char *own = xasprintf("%s/%zu", dir, f->n);
    struct worker *w = &f->workers[f->n];
    int pair[2];

    if (mkdir(own, 0755) < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        fail("floor");
    *w = (struct worker){.pid = fork(), .fd = pair[0]};
    if (w->pid < 0)
        fail("floor: fork");
    if (w->pid == 0) {
        /* Those of the workers before it too: their ends must be the parent's alone. */
        for (size_t i = 0; i <= f->n; i++)
            close(f->workers[i].fd);
        work(own, pair[1]);
    }
    close(pair[1]);
    f->n++;
}

struct floor *
floor_new(const char *dir, size_t workers)
{
    struct floor *f = xcalloc(1, sizeof *f + workers * sizeof f->workers[0]);

    if (mkdir(dir, 0755) < 0)
        fail("floor: directory");
    while (f->n < workers)
        start(f, dir);
    return f;
}

static void
ask(const struct worker *w, size_t n)
{
    if (write(w->fd, &n, sizeof n) != (ssize_t)sizeof n)
        fail("floor: worker");
}

static void
await(const struct worker *w)
{
    char done;

    if (read(w->fd, &done, 1) != 1)
        fail("floor: worker");
}

void
floor_step(struct floor *f)
{
    ask(&f->workers[0], 1);
    await(&f->workers[0]);
}

void
floor_steps(struct floor *f, size_t n)
{
    for (size_t i = 0; i < f->n; i++)
        ask(&f->workers[i], n / f->n + (i < n % f->n));
    for (size_t i = 0; i < f->n; i++)
        await(&f->workers[i]);
}

void
floor_free(struct floor *f)
{
    for (size_t i = 0; i < f->n; i++) {
        close(f->workers[i].fd);
        (void)waitpid(f->workers[i].pid, NULL, 0);
    }
    free(f);
}
