#include "tests/bench/served.h"
#include "sandbox/droptree.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"

static pid_t running; /* to be ended with the program */

void
served_die(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    fprintf(stderr, "%s: ", program_invocation_short_name);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
    va_end(ap);
    exit(1);
}

double
served_now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* The server. */

static void
kill_server(void)
{
    if (running > 0)
        kill(running, SIGKILL);
}

static void
read_ready(struct served *s)
{
    struct err e = ERR_INIT;
    char line[256];
    size_t n = 0;
    char *host;

    while (n < sizeof line - 1 && read(s->output, line + n, 1) == 1 && line[n] != '\n')
        n++;
    line[n] = '\0';
    host = strstr(line, "http://");
    if (host == NULL || address_parse(str_of(host + strlen("http://")), &s->at, &e) < 0)
        served_die("no address in '%s'", line);
}

static void
spawn(struct served *s)
{
    const char *build = getenv("SLUICE_BUILD");
    cleanup_free char *program = xasprintf("%s/sluice", build != NULL ? build : "build/plain");
    cleanup_free char *data = xasprintf("%s/data", s->dir);
    char up[] = "up", with_data[] = "--data", listen[] = "--listen", tls[] = "--tls-listen";
    char any[] = "127.0.0.1:0";
    char *argv[] = {program, up, with_data, data, listen, any, tls, any, NULL};
    posix_spawn_file_actions_t actions;
    int pair[2];

    (void)unsetenv("SLUICE_ROOT"); /* sluice takes such names for its settings */
    (void)unsetenv("SLUICE_BUILD");
    if (pipe2(pair, O_CLOEXEC) < 0)
        served_die("pipe: %s", strerror(errno));
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, pair[1], STDOUT_FILENO);
    if (posix_spawn(&s->pid, program, &actions, NULL, argv, environ) != 0)
        served_die("cannot start '%s'", program);
    posix_spawn_file_actions_destroy(&actions);
    close(pair[1]);
    s->output = pair[0];
}

void
served_start(struct served *s)
{
    snprintf(s->dir, sizeof s->dir, "/var/tmp/bench-served-XXXXXX");
    if (mkdtemp(s->dir) == NULL)
        served_die("make a directory: %s", strerror(errno));
    (void)atexit(kill_server);
    spawn(s);
    running = s->pid;
    read_ready(s);
}

void
served_stop(struct served *s)
{
    kill(s->pid, SIGTERM);
    while (waitpid(s->pid, NULL, 0) < 0 && errno == EINTR) {
    }
    running = 0;
    close(s->output);
    (void)droptree(s->dir);
}

/* The client. */

void
served_get(struct buf *to, const char *path)
{
    buf_clear(to);
    buf_printf(to, "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", path);
}

void
served_post(struct buf *to, const char *path, const char *body)
{
    buf_clear(to);
    buf_printf(to,
               "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
               "Content-Length: %zu\r\n\r\n%s",
               path, strlen(body), body);
}

int
served_connect(const struct served *s)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || connect(fd, &s->at.any, s->at.n) < 0)
        served_die("connect: %s", strerror(errno));
    return fd;
}

void
served_send(int fd, const struct buf *request)
{
    if (send(fd, request->p, request->n, MSG_NOSIGNAL) != (ssize_t)request->n)
        served_die("send: %s", strerror(errno));
}

/* Whether the answer is whole, of which `text` is what has come so far. */
static bool
is_whole(const char *text, size_t n)
{
    const char *body = strstr(text, "\r\n\r\n"), *length = strcasestr(text, "\r\ncontent-length:");

    if (body == NULL)
        return false;
    if (length != NULL && length < body)
        return n >= (size_t)(body + 4 - text) + strtoul(length + 17, NULL, 10);
    return n >= 5 && memcmp(text + n - 5, "0\r\n\r\n", 5) == 0;
}

void
served_ask(int fd, const struct buf *request, int status, struct buf *answer)
{
    char chunk[16 * 1024];

    served_send(fd, request);
    buf_clear(answer);
    do {
        ssize_t n = recv(fd, chunk, sizeof chunk, 0);

        if (n <= 0)
            served_die("the server closed a connection");
        buf_add(answer, chunk, (size_t)n);
    } while (!is_whole(buf_cstring(answer), answer->n));
    if (strtol(buf_cstring(answer) + strlen("HTTP/1.1 "), NULL, 10) != status)
        served_die("expected %d: %.300s", status, answer->p);
}
