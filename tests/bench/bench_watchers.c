/*
 * bench_watchers - from one change until each of 1,000 watchers has it.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "tests/bench/run_pair.h"
#include "tests/bench/served.h"

enum { WATCHERS = 1000, CHANGES = 15 };

#define WATCHED "/api/v1/namespaces/watched/configmaps"

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
            served_die("poll: %s", strerror(errno));
        for (size_t i = 0; i < WATCHERS; i++) {
            if (p[i].events == 0 || p[i].revents == 0)
                continue;
            if (recv(p[i].fd, chunk, sizeof chunk, 0) <= 0)
                served_die("a watch ended");
            p[i].events = 0;
            left--;
        }
    }
}

/* Of a quiet namespace, so that a watch begins with nothing but its head. */
static void
open_watches(const struct served *s, struct pollfd *watchers)
{
    cleanup_buf struct buf request = BUF_INIT;

    served_get(&request, WATCHED "?watch=1");
    for (size_t i = 0; i < WATCHERS; i++) {
        watchers[i].fd = served_connect(s);
        served_send(watchers[i].fd, &request);
    }
    wait_for_all(watchers);
}

static double
change_ms(int fd, int number, struct pollfd *watchers)
{
    cleanup_buf struct buf request = BUF_INIT, answer = BUF_INIT;
    cleanup_free char *body = xasprintf(
        "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"w%d\"}}", number);
    double began;

    served_post(&request, WATCHED, body);
    began = served_now_us();
    served_ask(fd, &request, 201, &answer);
    wait_for_all(watchers);
    return (served_now_us() - began) / 1000;
}

int
main(void)
{
    static struct served server;
    static struct pollfd watchers[WATCHERS];
    cleanup_buf struct buf request = BUF_INIT, answer = BUF_INIT;
    double ms[CHANGES];
    int fd;

    served_start(&server);
    fd = served_connect(&server);
    served_post(&request, "/api/v1/namespaces",
                "{\"apiVersion\":\"v1\",\"kind\":\"Namespace\","
                "\"metadata\":{\"name\":\"watched\"}}");
    served_ask(fd, &request, 201, &answer);
    open_watches(&server, watchers);
    for (int i = 0; i < CHANGES; i++)
        ms[i] = change_ms(fd, i, watchers);
    for (size_t i = 0; i < WATCHERS; i++)
        close(watchers[i].fd);
    close(fd);
    qsort(ms, CHANGES, sizeof ms[0], by_value);
    run_pair_print_value("server: one change to 1000 watchers", ms[CHANGES / 2], "ms", "<= 20", "");
    served_stop(&server);
    return 0;
}
