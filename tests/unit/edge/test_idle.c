/*
 * Ten thousand connections that have said something once and now say nothing: what each costs, and
 * that the others do not notice.  The clients are a process of their own, since a process may hold
 * only so many descriptors.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "edge/call.h"
#include "edge/edge.h"
#include "edge/routes.h"
#include "io/address.h"
#include "tests/unit/test.h"

enum { CLIENTS = 10000, SPARE = 200, BYTES_EACH = 2048, GRACE_US = 10 * 1000 * 1000 };

static const char request[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

static void
hello(void *arg, struct call *c)
{
    const struct reply r = {.status = 200, .body = STR("hello")};

    (void)arg;
    call_reply(c, &r);
}

static int
dial(const struct address *at)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd >= 0 && connect(fd, &at->any, at->n) == 0)
        return fd;
    return -1;
}

/* Asks once and reads some of the answer. */
static bool
ask(int fd)
{
    char room[1024];

    return send(fd, request, sizeof request - 1, MSG_NOSIGNAL) == sizeof request - 1 &&
           recv(fd, room, sizeof room, 0) > 0;
}

/* The clients' process: says 'k' when all are there, and ends when `go` is closed. */
static void
be_clients(const struct address *at, int n, int said, int go)
{
    char c = 'k';

    for (int i = 0; i < n; i++) {
        int fd = dial(at);

        if (fd < 0 || !ask(fd))
            _exit(1);
    }
    if (write(said, &c, 1) != 1)
        _exit(1);
    (void)!read(go, &c, 1);
    _exit(0);
}

static size_t
resident_bytes(void)
{
    FILE *f = fopen("/proc/self/statm", "r");
    unsigned long all = 0, resident = 0;

    CHECK_NOT_NULL(f);
    CHECK_INT(fscanf(f, "%lu %lu", &all, &resident), 2);
    fclose(f);
    return resident * (size_t)sysconf(_SC_PAGESIZE);
}

static uint64_t
connections(const struct edge *g)
{
    struct edge_stats stats;

    edge_stats(g, &stats);
    return stats.connections;
}

static void
wait_for(const struct edge *g, uint64_t n)
{
    const struct timespec pause = {.tv_nsec = 1000 * 1000};

    for (int i = 0; connections(g) != n; i++) {
        if (i > 60000)
            fail_msg("%llu connections, not %llu", (unsigned long long)connections(g),
                     (unsigned long long)n);
        nanosleep(&pause, NULL);
    }
}

/* As many as this process may have descriptors for. */
static int
clients_allowed(void)
{
    struct rlimit limit;

    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur >= CLIENTS + SPARE)
        return CLIENTS;
    printf("# only %d connections: the limit of descriptors is %llu\n", (int)limit.rlim_cur - SPARE,
           (unsigned long long)limit.rlim_cur);
    return (int)limit.rlim_cur - SPARE;
}

TEST(ten_thousand_idle_connections_cost_little_and_disturb_nobody)
{
    static const struct caller local = {.name = STR("me")};
    const struct edge_options o = {
        .threads = 2, .local = &local, .max_connections = CLIENTS + SPARE};
    const struct route route = {.method = "GET", .pattern = "/", .handler = hello};
    struct address at;
    struct edge_listen listen = {.address = &at};
    struct routes *routes = routes_new();
    struct err e = ERR_INIT;
    struct edge *g = edge_new(&o, &e);
    int said[2], go[2], n = clients_allowed(), fd, status;
    size_t before;
    pid_t pid;
    char c;

    CHECK_INT(routes_add(routes, &route, &e), 0);
    edge_publish(g, routes);
    routes_unref(routes);
    CHECK_INT(address_parse(STR("127.0.0.1:0"), &at, &e), 0);
    CHECK_INT(edge_listen(g, &listen, &at, &e), 0);
    CHECK_INT(pipe(said) | pipe(go), 0);
    pid = fork(); /* before there are threads */
    if (pid == 0) {
        close(go[1]);
        be_clients(&at, n, said[1], go[0]);
    }
    close(said[1]);
    before = resident_bytes();
    CHECK_INT(edge_start(g, &e), 0);
    CHECK_INT(read(said[0], &c, 1), 1);
    wait_for(g, (uint64_t)n);
    printf("# %zu bytes a connection\n", (resident_bytes() - before) / (size_t)n);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    CHECK_TRUE(resident_bytes() - before < (size_t)n * BYTES_EACH);
#endif
    fd = dial(&at);
    CHECK_TRUE(fd >= 0 && ask(fd));
    close(fd);
    close(go[1]);
    CHECK_INT(waitpid(pid, &status, 0), pid);
    CHECK_INT(status, 0);
    wait_for(g, 0);
    close(said[0]);
    close(go[0]);
    edge_stop(g, GRACE_US);
    edge_free(g);
}

TESTS_MAIN(T_(ten_thousand_idle_connections_cost_little_and_disturb_nobody))
