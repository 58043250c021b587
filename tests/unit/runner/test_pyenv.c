/*
 * Environments when builders are killed.  The interpreter is this very program under the name
 * python3.99: it writes down when it begins and ends, and ends when the file `go` is there.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "io/file.h"
#include "runner/pyenv.h"
#include "tests/unit/test.h"

enum { PATIENCE_MS = 10 * 1000 };

static void
pause_ms(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 1000 * 1000}, NULL);
}

static void
append(const char *path, const char *line)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

    (void)!write(fd, line, strlen(line));
    close(fd);
}

/* `PREFIX/bin/python3.99 -I -m venv --without-pip VENV` */
static int
be_interpreter(const char *self, const char *venv)
{
    int prefix = (int)(strstr(self, "/bin/") - self);
    cleanup_free char *story = xasprintf("%.*s/story", prefix, self);
    cleanup_free char *go = xasprintf("%.*s/go", prefix, self);
    cleanup_free char *bin = xasprintf("%s/bin", venv);
    cleanup_free char *packages = xasprintf("%s/lib/python3.99/site-packages", venv);
    struct err e = ERR_INIT;

    if (file_mkdirs(AT_FDCWD, bin, 0700, &e) < 0 || file_mkdirs(AT_FDCWD, packages, 0700, &e) < 0)
        return 1;
    append(story, "begin ");
    for (int i = 0; i < PATIENCE_MS && access(go, F_OK) < 0; i++)
        pause_ms();
    append(story, "end ");
    return 0;
}

struct world {
    char dir[64];
    char *interpreter, *story, *go, *envs;
};

static void
open_world(struct world *w)
{
    cleanup_free char *pip = NULL, *init = NULL;
    char self[4096];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    struct err e = ERR_INIT;

    *w = (struct world){.dir = "/tmp/test_pyenv.XXXXXX"};
    CHECK_NOT_NULL(mkdtemp(w->dir));
    self[n] = '\0';
    w->interpreter = xasprintf("%s/bin/python3.99", w->dir);
    w->story = xasprintf("%s/story", w->dir);
    w->go = xasprintf("%s/go", w->dir);
    w->envs = xasprintf("%s/envs", w->dir);
    pip = xasprintf("%s/lib/python3.99/site-packages/pip", w->dir);
    init = xasprintf("%s/__init__.py", pip);
    CHECK_INT(file_mkparents(AT_FDCWD, w->interpreter, 0700, &e), 0);
    CHECK_INT(file_copy_tree(AT_FDCWD, self, AT_FDCWD, w->interpreter, &e), 0);
    CHECK_INT(chmod(w->interpreter, 0700), 0);
    CHECK_INT(file_mkdirs(AT_FDCWD, pip, 0700, &e), 0);
    CHECK_INT(file_write(AT_FDCWD, init, STR("# pip\n"), 0600, &e), 0);
}

static void
close_world(struct world *w)
{
    struct err e = ERR_INIT;

    CHECK_INT(file_remove_tree(AT_FDCWD, w->dir, &e), 0);
    free(w->interpreter);
    free(w->story);
    free(w->go);
    free(w->envs);
}

/* Another sluice that needs the environment. */
static pid_t
start_builder(const struct world *w)
{
    pid_t pid = fork();

    if (pid == 0) {
        cleanup_arena struct arena a = ARENA_INIT;
        struct pyenv env;
        struct err e = ERR_INIT;

        _exit(pyenv_ensure(w->envs, w->interpreter, &a, &env, &e) == 0 ? 0 : 1);
    }
    return pid;
}

static void
read_story(const struct world *w, struct buf *to)
{
    struct err e = ERR_INIT;

    buf_clear(to);
    (void)file_read(AT_FDCWD, w->story, 1000, to, &e);
}

static void
wait_for_story(const struct world *w, const char *story)
{
    cleanup_buf struct buf text = BUF_INIT;

    for (int i = 0; i < PATIENCE_MS; i++, pause_ms()) {
        read_story(w, &text);
        if (strcmp(buf_cstring(&text), story) == 0)
            return;
    }
    fail_msg("the story is '%s', not '%s'", buf_cstring(&text), story);
}

/* It waits for a lock, or has begun without one.  In a pid namespace /proc/locks is silent on locks
 * whose first owner is gone, so the system call that it waits in has to tell. */
static void
wait_until_it_waits(const struct world *w, pid_t builder)
{
    cleanup_free char *path = xasprintf("/proc/%d/syscall", (int)builder);
    cleanup_free char *mark = xasprintf("%d ", SYS_flock);
    cleanup_buf struct buf text = BUF_INIT;
    struct err e = ERR_INIT;

    for (int i = 0; i < PATIENCE_MS; i++, pause_ms()) {
        buf_clear(&text);
        (void)file_read(AT_FDCWD, path, 1 << 20, &text, &e);
        if (str_starts(buf_view(&text), str_of(mark)))
            return;
        read_story(w, &text);
        if (strcmp(buf_cstring(&text), "begin begin ") == 0)
            return;
    }
    fail_msg("it neither waits nor builds");
}

static int
exit_of(pid_t pid)
{
    int status = -1;

    CHECK_INT(waitpid(pid, &status, 0), pid);
    return status;
}

TEST(nobody_begins_anew_while_the_interpreter_of_a_killed_builder_still_writes)
{
    struct world w;
    pid_t killed, next;
    cleanup_buf struct buf text = BUF_INIT;

    open_world(&w);
    killed = start_builder(&w);
    wait_for_story(&w, "begin ");
    CHECK_INT(kill(killed, SIGKILL), 0);
    exit_of(killed);
    next = start_builder(&w);
    wait_until_it_waits(&w, next);
    append(w.go, "");
    CHECK_INT(exit_of(next), 0);
    wait_for_story(&w, "begin end begin end ");
    close_world(&w);
}

TEST(many_at_once_build_one_environment)
{
    enum { BUILDERS = 8 };
    struct world w;
    pid_t builders[BUILDERS];

    open_world(&w);
    append(w.go, "");
    for (int i = 0; i < BUILDERS; i++)
        builders[i] = start_builder(&w);
    for (int i = 0; i < BUILDERS; i++)
        CHECK_INT(exit_of(builders[i]), 0);
    wait_for_story(&w, "begin end ");
    close_world(&w);
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest all[] = {
        T_(nobody_begins_anew_while_the_interpreter_of_a_killed_builder_still_writes),
        T_(many_at_once_build_one_environment),
    };

    if (strstr(argv[0], "/bin/python3.99") != NULL)
        return be_interpreter(argv[0], argv[argc - 1]);
    return cmocka_run_group_tests_name(__FILE__, all, NULL, NULL);
}
