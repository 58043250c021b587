/*
 * bench_creates - how many objects a server makes and reads for 8 clients.
 *
 *   creates   8 connections make ConfigMaps, each as soon as it has its answer; against what SQLite
 *             itself makes of the same rows and indexes, 8 objects a FULL commit
 *   reads     8 connections get one of them
 *
 * The three alternate, and the ratio is the median of those of the rounds.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "store/db.h"
#include "store/store.h"
#include "store/versions.h"
#include "tests/bench/run_pair.h"
#include "tests/bench/served.h"

enum { CONNECTIONS = 8, COMMIT_OBJECTS = 8, ROUNDS = 9, PASS_US = 500 * 1000 };

#define MAPS "/api/v1/namespaces/default/configmaps"

struct worker {
    pthread_t thread;
    const struct served *server;
    bool create;
    double until_us;
    uint64_t answers;
};

static void
create_request(struct buf *to, const char *name)
{
    cleanup_free char *body =
        xasprintf("{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"%s\"},"
                  "\"data\":{\"greeting\":\"hello\",\"number\":\"12345\"}}",
                  name);

    served_post(to, MAPS, body);
}

static void *
work(void *arg)
{
    struct worker *w = arg;
    cleanup_buf struct buf request = BUF_INIT, answer = BUF_INIT;
    static _Atomic unsigned names;
    char name[32];
    int fd = served_connect(w->server);

    served_get(&request, MAPS "/first");
    while (served_now_us() < w->until_us) {
        if (w->create) {
            snprintf(name, sizeof name, "map-%u", ++names);
            create_request(&request, name);
        }
        served_ask(fd, &request, w->create ? 201 : 200, &answer);
        w->answers++;
    }
    close(fd);
    return NULL;
}

/* Answers a second. */
static double
rate(const struct served *s, bool create)
{
    struct worker workers[CONNECTIONS];
    double began = served_now_us();
    uint64_t sum = 0;

    for (int i = 0; i < CONNECTIONS; i++) {
        workers[i] = (struct worker){.server = s, .create = create, .until_us = began + PASS_US};
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
            served_die("no thread");
    }
    for (int i = 0; i < CONNECTIONS; i++) {
        pthread_join(workers[i].thread, NULL);
        sum += workers[i].answers;
    }
    return (double)sum * 1e6 / (served_now_us() - began);
}

/* Objects a second, without anything around the database. */
static double
sqlite_rate(struct store *s, struct str json)
{
    static unsigned made;
    double began = served_now_us();
    unsigned before = made;
    struct err e = ERR_INIT;

    while (served_now_us() - began < PASS_US) {
        db_turn_begin(store_db(s));
        for (int i = 0; i < COMMIT_OBJECTS; i++) {
            char name[32], uid[40];
            struct version v = {.rv = store_next_rv(s),
                                .op = 'A',
                                .finished = true, /* as every ConfigMap is to the store */
                                .resource = STR("configmaps"),
                                .ns = STR("default"),
                                .json = json};

            snprintf(name, sizeof name, "map-%u", ++made);
            snprintf(uid, sizeof uid, "01a22aa3-cdb4-7000-8001-%012u", made);
            v.name = str_of(name);
            v.uid = str_of(uid);
            store_rv_written(s, v.rv);
            if (versions_put(store_db(s), &v, &e) < 0)
                served_die("%s", e.msg);
        }
        if (store_before_commit(s, &e) < 0 || db_commit(store_db(s), &e) < 0)
            served_die("%s", e.msg);
        store_after_commit(s);
    }
    return (made - before) * 1e6 / (served_now_us() - began);
}

static int
by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double
median(double *values)
{
    qsort(values, ROUNDS, sizeof values[0], by_value);
    return values[ROUNDS / 2];
}

static void
measure(const struct served *server, struct store *own, struct str json)
{
    double creates[ROUNDS], floors[ROUNDS], ratios[ROUNDS], reads[ROUNDS];

    for (int i = 0; i < ROUNDS; i++) {
        floors[i] = sqlite_rate(own, json);
        creates[i] = rate(server, true);
        reads[i] = rate(server, false);
        ratios[i] = creates[i] / floors[i];
    }
    run_pair_print_value("server: creates over 8 connections", median(creates), "/s", ">= 3500",
                         "");
    printf("{\"name\": \"server: creates, ratio\", \"value\": %.4f, \"unit\": \"x\", \"target\": "
           "\">= 0.6\", \"against\": \"SQLite with the same rows, 8 objects a FULL commit\", "
           "\"raw\": {\"floor_per_second\": %.0f, \"rounds\": %d}}\n",
           median(ratios), median(floors), ROUNDS);
    run_pair_print_value("server: reads over 8 connections", median(reads), "/s", ">= 8700", "");
}

int
main(void)
{
    static struct served server;
    cleanup_buf struct buf request = BUF_INIT, answer = BUF_INIT;
    cleanup_free char *own = NULL;
    struct store *s = NULL;
    struct err e = ERR_INIT;
    int fd;

    served_start(&server);
    fd = served_connect(&server);
    create_request(&request, "first");
    served_ask(fd, &request, 201, &answer);
    close(fd);
    own = xasprintf("%s/own", server.dir);
    if (store_open(own, NULL, &s, &e) < 0)
        served_die("%s", e.msg);
    measure(&server, s, str_of(strstr(buf_cstring(&answer), "\r\n\r\n") + 4));
    store_close(s);
    served_stop(&server);
    return 0;
}
