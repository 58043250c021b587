/*
 * bench_serve - the server, whole, as its clients see it.
 *
 * `sluice up` on an empty directory, asked over plain sockets by one thread for each connection.
 *
 *   start     from exec to the first answered request
 *   creates   8 connections make ConfigMaps, each as soon as it has its answer; against what SQLite
 *             itself makes of the same rows and indexes, 8 objects a FULL commit, in turn
 *   reads     8 connections get one of them
 *   watchers  1,000 watch ConfigMaps; from one change until all have it
 *   idle      memory that is the server's own, and wake-ups a second
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <pthread.h>
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
#include "io/address.h"
#include "store/db.h"
#include "store/store.h"
#include "store/versions.h"
#include "tests/bench/run_pair.h"

enum {
    CONNECTIONS = 8,
    PASSES = 3,
    PASS_US = 1500 * 1000,
    WATCHERS = 1000,
    CHANGES = 15,
    COMMIT_OBJECTS = 8,
    IDLE_SECONDS = 3
};

#define MAPS "/api/v1/namespaces/default/configmaps"
#define WATCHED "/api/v1/namespaces/watched/configmaps"

static pid_t server; /* also ended by die() */

struct bench {
    char dir[64];
    struct address at;
    int output; /* of the server */
};

struct worker {
    pthread_t thread;
    const struct bench *bench;
    int number;
    bool create;
    double until_us;
    uint64_t answers;
};

static _Noreturn void __attribute__((format(printf, 1, 2))) die(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    fputs("bench_serve: ", stderr);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
    va_end(ap);
    exit(1);
}

static double
now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* A client as small as can be: one request at a time, whole answers. */

static int
connect_to(const struct bench *b)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || connect(fd, &b->at.any, b->at.n) < 0)
        die("connect: %s", strerror(errno));
    return fd;
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

/* Sends, reads one answer into `to`, and gives back its status. */
static int
ask(int fd, const struct buf *request, struct buf *to)
{
    char chunk[16 * 1024];

    if (send(fd, request->p, request->n, MSG_NOSIGNAL) != (ssize_t)request->n)
        die("send: %s", strerror(errno));
    buf_clear(to);
    do {
        ssize_t n = recv(fd, chunk, sizeof chunk, 0);

        if (n <= 0)
            die("the server closed a connection");
        buf_add(to, chunk, (size_t)n);
    } while (!is_whole(buf_cstring(to), to->n));
    return (int)strtol(buf_cstring(to) + strlen("HTTP/1.1 "), NULL, 10);
}

static void
get_request(struct buf *to, const char *path)
{
    buf_clear(to);
    buf_printf(to, "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", path);
}

static void
post_request(struct buf *to, const char *path, const char *body)
{
    buf_clear(to);
    buf_printf(to,
               "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
               "Content-Length: %zu\r\n\r\n%s",
               path, strlen(body), body);
}

static void
create_request(struct buf *to, const char *name)
{
    cleanup_free char *body =
        xasprintf("{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"%s\"},"
                  "\"data\":{\"greeting\":\"hello\",\"number\":\"12345\"}}",
                  name);

    post_request(to, MAPS, body);
}

static void
expect(int status, int want, const struct buf *answer)
{
    if (status != want)
        die("expected %d: %.300s", want, answer->p);
}

/* The server. */

static void
read_ready(struct bench *b)
{
    struct err e = ERR_INIT;
    char line[256];
    size_t n = 0;
    char *host;

    while (n < sizeof line - 1 && read(b->output, line + n, 1) == 1 && line[n] != '\n')
        n++;
    line[n] = '\0';
    host = strstr(line, "http://");
    if (host == NULL || address_parse(str_of(host + strlen("http://")), &b->at, &e) < 0)
        die("no address in '%s'", line);
}

static void
start_server(struct bench *b)
{
    const char *build = getenv("SLUICE_BUILD");
    cleanup_free char *program = xasprintf("%s/sluice", build != NULL ? build : "build/plain");
    cleanup_free char *data = xasprintf("%s/data", b->dir);
    cleanup_buf struct buf request = BUF_INIT, answer = BUF_INIT;
    char up[] = "up", with_data[] = "--data", listen[] = "--listen", tls[] = "--tls-listen";
    char any[] = "127.0.0.1:0";
    char *argv[] = {program, up, with_data, data, listen, any, tls, any, NULL};
    posix_spawn_file_actions_t actions;
    double began = now_us();
    int pair[2], fd;

    (void)unsetenv("SLUICE_ROOT"); /* sluice takes such names for its settings */
    (void)unsetenv("SLUICE_BUILD");
    if (pipe2(pair, O_CLOEXEC) < 0)
        die("pipe: %s", strerror(errno));
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, pair[1], STDOUT_FILENO);
    if (posix_spawn(&server, program, &actions, NULL, argv, environ) != 0)
        die("cannot start '%s'", program);
    posix_spawn_file_actions_destroy(&actions);
    close(pair[1]);
    b->output = pair[0];
    read_ready(b);
    get_request(&request, "/version");
    fd = connect_to(b);
    expect(ask(fd, &request, &answer), 200, &answer);
    close(fd);
    run_pair_print_value("server: exec to first answer, empty", (now_us() - began) / 1000, "ms",
                         "<= 50", "");
}

static void
kill_server(void)
{
    if (server > 0)
        kill(server, SIGKILL);
}

static int
remove_one(const char *path, const struct stat *st, int flag, struct FTW *at)
{
    (void)st;
    (void)flag;
    (void)at;
    return remove(path);
}

static void
stop_server(struct bench *b)
{
    kill(server, SIGTERM);
    while (waitpid(server, NULL, 0) < 0 && errno == EINTR) {
    }
    server = 0;
    close(b->output);
    (void)nftw(b->dir, remove_one, 32, FTW_DEPTH | FTW_PHYS);
}

/* Creates and reads. */

static void *
work(void *arg)
{
    struct worker *w = arg;
    cleanup_buf struct buf request = BUF_INIT, answer = BUF_INIT;
    static _Atomic unsigned names;
    char name[32];
    int fd = connect_to(w->bench);

    get_request(&request, MAPS "/first");
    while (now_us() < w->until_us) {
        if (w->create) {
            snprintf(name, sizeof name, "map-%u", ++names);
            create_request(&request, name);
        }
        expect(ask(fd, &request, &answer), w->create ? 201 : 200, &answer);
        w->answers++;
    }
    close(fd);
    return NULL;
}

/* Answers a second. */
static double
rate(const struct bench *b, bool create)
{
    struct worker workers[CONNECTIONS];
    double began = now_us();
    uint64_t sum = 0;

    for (int i = 0; i < CONNECTIONS; i++) {
        workers[i] =
            (struct worker){.bench = b, .number = i, .create = create, .until_us = began + PASS_US};
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
            die("no thread");
    }
    for (int i = 0; i < CONNECTIONS; i++) {
        pthread_join(workers[i].thread, NULL);
        sum += workers[i].answers;
    }
    return (double)sum * 1e6 / (now_us() - began);
}

/* Objects a second, without anything around the database. */
static double
sqlite_rate(struct store *s, struct str json)
{
    static unsigned made;
    double began = now_us();
    unsigned before = made;
    struct err e = ERR_INIT;

    while (now_us() - began < PASS_US) {
        db_turn_begin(store_db(s));
        for (int i = 0; i < COMMIT_OBJECTS; i++) {
            char name[32], uid[40];
            struct version v = {.rv = store_next_rv(s),
                                .op = 'A',
                                .resource = STR("configmaps"),
                                .ns = STR("default"),
                                .json = json};

            snprintf(name, sizeof name, "map-%u", ++made);
            snprintf(uid, sizeof uid, "01a22aa3-cdb4-7000-8001-%012u", made);
            v.name = str_of(name);
            v.uid = str_of(uid);
            store_rv_written(s, v.rv);
            if (versions_put(store_db(s), &v, &e) < 0)
                die("%s", e.msg);
        }
        if (store_before_commit(s, &e) < 0 || db_commit(store_db(s), &e) < 0)
            die("%s", e.msg);
        store_after_commit(s);
    }
    return (made - before) * 1e6 / (now_us() - began);
}

static void
measure_rates(const struct bench *b)
{
    cleanup_buf struct buf request = BUF_INIT, answer = BUF_INIT;
    cleanup_free char *own = xasprintf("%s/own", b->dir);
    double creates = 0, floor = 0, reads = 0;
    struct store *s = NULL;
    struct err e = ERR_INIT;
    struct str json;
    int fd = connect_to(b);

    create_request(&request, "first");
    expect(ask(fd, &request, &answer), 201, &answer);
    close(fd);
    json = str_of(strstr(buf_cstring(&answer), "\r\n\r\n") + 4);
    if (store_open(own, NULL, &s, &e) < 0)
        die("%s", e.msg);
    for (int i = 0; i < PASSES; i++) {
        floor += sqlite_rate(s, json) / PASSES;
        creates += rate(b, true) / PASSES;
        reads += rate(b, false) / PASSES;
    }
    store_close(s);
    run_pair_print_value("server: creates over 8 connections", creates, "/s", ">= 3500", "");
    run_pair_print_value("server: creates, ratio", creates / floor, "x", ">= 0.6",
                         "SQLite with the same rows, 8 objects a FULL commit");
    run_pair_print_value("server: reads over 8 connections", reads, "/s", ">= 8700", "");
}

/* Watchers. */

static int
by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Until each has something to read; reads it. */
static void
wait_for_all(struct pollfd *p)
{
    char chunk[64 * 1024];
    size_t left = WATCHERS;

    for (size_t i = 0; i < WATCHERS; i++)
        p[i].events = POLLIN;
    while (left > 0) {
        if (poll(p, WATCHERS, -1) < 0)
            die("poll: %s", strerror(errno));
        for (size_t i = 0; i < WATCHERS; i++) {
            if (p[i].events == 0 || p[i].revents == 0)
                continue;
            if (recv(p[i].fd, chunk, sizeof chunk, 0) <= 0)
                die("a watch ended");
            p[i].events = 0;
            left--;
        }
    }
}

static void
measure_watchers(const struct bench *b)
{
    static struct pollfd watchers[WATCHERS];
    cleanup_buf struct buf request = BUF_INIT, answer = BUF_INIT;
    double ms[CHANGES];
    int fd = connect_to(b);

    post_request(
        &request, "/api/v1/namespaces",
        "{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"watched\"}}");
    expect(ask(fd, &request, &answer), 201, &answer);
    /* Those of a quiet namespace, so that a watch begins with nothing but its head. */
    get_request(&request, WATCHED "?watch=1");
    for (size_t i = 0; i < WATCHERS; i++) {
        watchers[i].fd = connect_to(b);
        if (send(watchers[i].fd, request.p, request.n, MSG_NOSIGNAL) != (ssize_t)request.n)
            die("send: %s", strerror(errno));
    }
    wait_for_all(watchers);
    for (int i = 0; i < CHANGES; i++) {
        cleanup_free char *body = xasprintf(
            "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"w%d\"}}", i);
        double began = now_us();

        post_request(&request, WATCHED, body);
        expect(ask(fd, &request, &answer), 201, &answer);
        wait_for_all(watchers);
        ms[i] = (now_us() - began) / 1000;
    }
    for (size_t i = 0; i < WATCHERS; i++)
        close(watchers[i].fd);
    close(fd);
    qsort(ms, CHANGES, sizeof ms[0], by_value);
    run_pair_print_value("server: one change to 1000 watchers", ms[CHANGES / 2], "ms", "<= 20", "");
}

/* Idle. */

static double
pss_mb(pid_t pid)
{
    cleanup_free char *path = xasprintf("/proc/%d/smaps_rollup", (int)pid);
    FILE *f = fopen(path, "r");
    char line[256];
    double kb = 0;

    while (f != NULL && fgets(line, sizeof line, f) != NULL)
        if (strncmp(line, "Pss:", 4) == 0)
            kb = strtod(line + 4, NULL);
    if (f != NULL)
        fclose(f);
    return kb / 1024;
}

/* How often its threads have gone to sleep so far. */
static double
sleeps(pid_t pid)
{
    cleanup_free char *tasks = xasprintf("/proc/%d/task", (int)pid);
    DIR *d = opendir(tasks);
    double sum = 0;

    for (struct dirent *entry; d != NULL && (entry = readdir(d)) != NULL;) {
        cleanup_free char *path = xasprintf("%s/%s/status", tasks, entry->d_name);
        FILE *f = fopen(path, "r");
        char line[256];

        while (f != NULL && fgets(line, sizeof line, f) != NULL)
            if (strncmp(line, "voluntary_ctxt_switches:", 24) == 0)
                sum += strtod(line + 24, NULL);
        if (f != NULL)
            fclose(f);
    }
    if (d != NULL)
        closedir(d);
    return sum;
}

static void
measure_idle(void)
{
    const struct timespec pause = {.tv_sec = IDLE_SECONDS};
    double before;

    nanosleep(&pause, NULL); /* what was put off is done by then */
    before = sleeps(server);
    nanosleep(&pause, NULL);
    run_pair_print_value("server: wake-ups while idle", (sleeps(server) - before) / IDLE_SECONDS,
                         "/s", "<= 0", "");
    run_pair_print_value("server: memory while idle, after all this", pss_mb(server), "MB", "", "");
}

int
main(void)
{
    static struct bench b;

    snprintf(b.dir, sizeof b.dir, "/var/tmp/bench-serve-XXXXXX");
    if (mkdtemp(b.dir) == NULL)
        die("make a directory: %s", strerror(errno));
    (void)atexit(kill_server);
    start_server(&b);
    measure_rates(&b);
    measure_watchers(&b);
    measure_idle();
    stop_server(&b);
    return 0;
}
