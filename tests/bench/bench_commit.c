/*
 * bench_commit - what a step costs in the core: its start and its end, each a turn with a commit.
 *
 * The start makes a Pod object, a node row and an attempt row; the end writes the Pod's status and
 * both rows again.  The floor is two durable appends of 8 KB to a file beside the database.  The
 * processor time of the two turns is printed too.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "api/objects.h"
#include "base/err.h"
#include "base/log.h"
#include "core/controller.h"
#include "core/core.h"
#include "core/turn.h"
#include "data/json.h"
#include "sandbox/droptree.h"
#include "store/attempts.h"
#include "store/node_rows.h"
#include "store/store.h"
#include "tests/bench/run_pair.h"

enum { ROUNDS = 1000, APPEND = 8192, STEPS_BEFORE = 2000 };

struct bench {
    char dir[64];
    struct store *store;
    struct core *core;
    struct controllers *cs;
    struct objects *os;
    struct json_doc *pod, *status;
    int fd;
    int64_t n;
    char uid[40];
    double cpu_us[2 * (ROUNDS + STEPS_BEFORE + 8)];
    size_t cpu_n;
    struct message m;
};

static double
cpu_now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void
must(int rc, const struct err *e)
{
    if (rc >= 0)
        return;
    fprintf(stderr, "bench_commit: %s\n", e->msg);
    exit(1);
}

static struct json_doc *
parse(const char *text)
{
    struct json_doc *d = NULL;
    struct err e = ERR_INIT;

    must(json_parse(str_of(text), &json_limits_default, &d, &e), &e);
    return d;
}

/* The rows of this step's node and attempt, at its start or at its end. */
static int
write_rows(struct bench *b, struct turn *t, bool over, struct err *e)
{
    char id[64];
    struct attempt_row attempt = {.pod_uid = str_of(b->uid),
                                  .container = STR("main"),
                                  .boot_id = STR("5a0e2f5c-5ad5-4be6-a1d9-29f4bd1bd77b"),
                                  .state = STR("intended"),
                                  .created_us = turn_now_us(t)};
    struct node_row node = {.run = 1,
                            .id = b->n,
                            .parent = 1,
                            .index = b->n,
                            .state = over ? 2 : 1,
                            .key = str_of(b->uid),
                            .name = STR("step"),
                            .type = STR("Pod"),
                            .pod = str_of(b->uid),
                            .queued_us = turn_now_us(t),
                            .inputs = STR("{\"parameters\":{\"a\":\"1\",\"b\":\"2\"}}")};

    snprintf(id, sizeof id, "%s-0", b->uid);
    attempt.id = str_of(id);
    if (over)
        return node_rows_update(turn_db(t), &node, e) < 0
                   ? e->code
                   : attempts_update(turn_db(t), attempt.id, STR("exited"), STR("{\"exitCode\":0}"),
                                     e);
    return node_rows_insert(turn_db(t), &node, e) < 0 ? e->code
                                                      : attempts_insert(turn_db(t), &attempt, e);
}

static int
start(struct message *m, struct turn *t, struct err *e)
{
    struct bench *b = CONTAINER_OF(m, struct bench, m);
    cleanup_object struct object *o = NULL;

    b->n++;
    if (objects_create(b->os, t, &kind_pod, STR("default"), json_root(b->pod), &o, e) < 0)
        return e->code;
    snprintf(b->uid, sizeof b->uid, "%.*s", STR_ARG(object_uid(o)));
    return write_rows(b, t, false, e);
}

static int
end(struct message *m, struct turn *t, struct err *e)
{
    struct bench *b = CONTAINER_OF(m, struct bench, m);
    cleanup_object struct object *o = objects_find_uid(b->os, t, str_of(b->uid));

    if (objects_set_status(b->os, t, o, json_root(b->status), NULL, e) < 0)
        return e->code;
    return write_rows(b, t, true, e);
}

static void
done(struct message *m, const struct err *why)
{
    (void)m;
    must(why != NULL ? why->code : 0, why);
}

static void
run(struct bench *b, message_run_fn *fn)
{
    double before = cpu_now_us();
    struct err e = ERR_INIT;

    b->m = (struct message){.class = MESSAGE_EVENT, .run = fn, .done = done};
    must(core_post(b->core, &b->m, &e), &e);
    core_run_turn(b->core);
    b->cpu_us[b->cpu_n++] = cpu_now_us() - before;
}

static void
step_once(void *arg)
{
    run(arg, start);
    run(arg, end);
}

static void
floor_once(void *arg)
{
    static const char block[APPEND];
    const struct bench *b = arg;
    struct err e = ERR_INIT;

    for (int i = 0; i < 2; i++) {
        if (write(b->fd, block, sizeof block) != (ssize_t)sizeof block || fdatasync(b->fd) < 0)
            must(err_errno(&e, "append"), &e);
    }
}

static int
by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

static void
open_all(struct bench *b)
{
    struct core_options o = {.clock = NULL};
    struct err e = ERR_INIT;
    char path[128];

    snprintf(b->dir, sizeof b->dir, "bench-commit-XXXXXX");
    if (mkdtemp(b->dir) == NULL)
        must(err_errno(&e, "temporary directory"), &e);
    must(store_open(b->dir, NULL, &b->store, &e), &e);
    snprintf(path, sizeof path, "%s/appends", b->dir);
    b->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    o.store = b->store;
    b->core = core_new(&o);
    b->cs = controllers_new(b->core);
    b->os = objects_new(b->core, b->cs, kinds_builtin);
    must(core_start(b->core, &e), &e);
    b->pod = parse("{\"metadata\":{\"generateName\":\"step-\",\"labels\":{"
                   "\"workflows.argoproj.io/workflow\":\"wf\"}},\"spec\":{\"restartPolicy\":"
                   "\"Never\",\"containers\":[{\"name\":\"main\",\"image\":\"busybox\",\"command\":"
                   "[\"true\"],\"env\":[{\"name\":\"A\",\"value\":\"1\"}]}]},"
                   "\"status\":{\"phase\":\"Pending\"}}");
    b->status =
        parse("{\"phase\":\"Succeeded\",\"containerStatuses\":[{\"name\":\"main\",\"ready\":"
              "false,\"state\":{\"terminated\":{\"exitCode\":0,\"reason\":\"Completed\"}}}]}");
}

static void
close_all(struct bench *b)
{
    close(b->fd);
    core_free(b->core);
    objects_free(b->os);
    controllers_free(b->cs);
    store_close(b->store);
    json_doc_unref(b->pod);
    json_doc_unref(b->status);
    (void)droptree(b->dir);
}

/* In the directory where it is started: /tmp may be in memory. */
int
main(void)
{
    static struct bench b;
    struct run_pair p;

    open_all(&b);
    for (int i = 0; i < STEPS_BEFORE; i++)
        step_once(&b);
    b.cpu_n = 0;
    p = run_pair_measure(ROUNDS, floor_once, step_once, &b);
    run_pair_print(&p, "commits of a step", "<= 1.3", "two 8 KB append and fdatasync");
    run_pair_done(&p);
    qsort(b.cpu_us, b.cpu_n, sizeof b.cpu_us[0], by_value);
    run_pair_print_value("processor time of a committed turn", b.cpu_us[b.cpu_n / 2], "us",
                         "<= 150", "");
    close_all(&b);
    return 0;
}
