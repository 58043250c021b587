/*
 * bench_flow - what the graph engine costs for each node, however many there are.
 *
 * The engine runs alone, with core, store and objects in a directory in memory but no processes: a
 * pretended runtime ends each Pod with a message of its own, once its creation is committed.
 * Measured is processor time of the one thread, since waiting for the disk is the store's figure.
 *
 *   chain    1,000 tasks one after another: the last steps against the first
 *   fan-out  a loop of 20,000 against 100 loops of 200, which are as many rows for the store
 *   loop     100,000 items: until the first Pod exists, and memory until all have run
 */
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "api/objects.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/vec.h"
#include "core/controller.h"
#include "core/core.h"
#include "core/turn.h"
#include "data/json.h"
#include "data/yaml.h"
#include "flow/argo/argo.h"
#include "flow/flow.h"
#include "store/store.h"
#include "tests/bench/run_pair.h"

enum {
    CHAIN = 1000,
    CHAIN_RUNS = 5,
    WINDOW = 200, /* steps at either end of a chain */
    FAN_SMALL = 200,
    FAN_LARGE = 20000,
    ITEMS = 100000
};

struct bench {
    char dir[64];
    struct clock_manual clock;
    struct store *store;
    struct core *core;
    struct controllers *controllers;
    struct objects *objects;
    struct flow *flow;
    struct json_doc *wanted;
    double begin_us;  /* of the run */
    VEC(double) ends; /* of pods, since then */
    double first_us;  /* the first pod exists; 0: none yet */
};

static const struct flow_language *const languages[] = {&argo_language, NULL};
static const struct flow_options flow_options = {.languages = languages};

static void
must(int rc, const struct err *e)
{
    if (rc >= 0)
        return;
    fprintf(stderr, "%s\n", e->msg);
    exit(1);
}

static double
now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* The pretended runtime. */

static struct json_doc *
ended(const struct object *pod)
{
    struct json_build b = JSON_BUILD_INIT;

    json_add_object(&b, NULL);
    json_add_fields(&b, object_root(pod), (const char *const[]){"status", NULL});
    json_add_object(&b, "status");
    json_add_cstr(&b, "phase", "Succeeded");
    json_end(&b);
    json_end(&b);
    return json_build_done(&b);
}

/* An exit: a message, as from a process. */
struct leaving {
    struct message m;
    struct bench *bench;
    char *uid;
};

static int
run_exit(struct message *m, struct turn *t, struct err *e)
{
    struct leaving *x = CONTAINER_OF(m, struct leaving, m);
    struct bench *b = x->bench;
    cleanup_object struct object *pod = objects_find_uid(b->objects, t, str_of(x->uid));
    cleanup_json struct json_doc *next = ended(pod);

    vec_push(&b->ends, now_us() - b->begin_us);
    return objects_update(b->objects, t, &kind_pod, object_namespace(pod), json_root(next),
                          OBJECTS_ALL, NULL, e);
}

static void
exit_done(struct message *m, const struct err *why)
{
    struct leaving *x = CONTAINER_OF(m, struct leaving, m);

    (void)why;
    free(x->uid);
    free(x);
}

static void
post_exit(void *arg)
{
    struct leaving *x = arg;
    struct err e = ERR_INIT;

    must(core_post(x->bench->core, &x->m, &e), &e);
}

static int
reconcile(void *self, struct turn *t, struct controller_pass *p, struct err *e)
{
    struct bench *b = self;
    cleanup_object struct object *pod = objects_find_uid(b->objects, t, p->uid);
    struct leaving *x;

    (void)e;
    if (pod == NULL || object_is_finished(pod))
        return 0;
    if (b->first_us == 0)
        b->first_us = now_us() - b->begin_us;
    x = NEW(struct leaving);
    x->m = (struct message){.class = MESSAGE_EVENT, .run = run_exit, .done = exit_done};
    x->bench = b;
    x->uid = str_dup(p->uid);
    turn_effect(t, post_exit, x);
    return 0;
}

static const struct controller_row pod_row = {
    .name = "pretended-pod", .resource = "pods", .reconcile = reconcile};

static struct bench *
bench_open(void)
{
    struct bench *b = NEW(struct bench);
    struct err e = ERR_INIT;
    struct store_options so = {.clock = &b->clock.clock};
    struct core_options co = {.clock = &b->clock.clock};

    snprintf(b->dir, sizeof b->dir, "%s/sluice-bench-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (mkdtemp(b->dir) == NULL)
        must(err_errno(&e, "make %s", b->dir), &e);
    clock_manual_init(&b->clock, 1700000000 * CLOCK_SECOND);
    must(store_open(b->dir, &so, &b->store, &e), &e);
    co.store = b->store;
    b->core = core_new(&co);
    b->controllers = controllers_new(b->core);
    b->objects = objects_new(b->core, b->controllers, kinds_builtin);
    controllers_add(b->controllers, &pod_row, b);
    b->flow = flow_new(b->core, b->controllers, b->objects, &flow_options);
    must(core_start(b->core, &e), &e);
    return b;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)st, (void)type, (void)where;
    return remove(path);
}

static void
bench_close(struct bench *b)
{
    core_free(b->core);
    flow_free(b->flow);
    objects_free(b->objects);
    controllers_free(b->controllers);
    store_close(b->store);
    nftw(b->dir, remove_one, 16, FTW_PHYS | FTW_DEPTH);
    json_doc_unref(b->wanted);
    vec_done(&b->ends);
    free(b);
}

struct ask {
    struct message m;
    struct bench *bench;
};

static int
run_create(struct message *m, struct turn *t, struct err *e)
{
    struct bench *b = CONTAINER_OF(m, struct ask, m)->bench;

    return objects_create(b->objects, t, &kind_workflow, STR("default"), json_root(b->wanted), NULL,
                          e);
}

/* Creates the workflow and takes turns until nothing is to be done, or `enough` pods ended. */
static void
run(struct bench *b, const char *yaml, size_t enough)
{
    struct ask a = {.m = {.class = MESSAGE_REQUEST, .run = run_create}, .bench = b};
    struct err e = ERR_INIT;

    json_doc_unref(TAKE(b->wanted));
    must(yaml_parse_one(str_of(yaml), NULL, &b->wanted, &e), &e);
    if (b->begin_us == 0)
        b->begin_us = now_us();
    must(core_post(b->core, &a.m, &e), &e);
    while (b->ends.n < enough && core_run_turn(b->core))
        ;
}

#define LEAF "  - name: leaf\n    container: {image: i, command: [c]}\n"

static char *
chain_yaml(void)
{
    struct buf text = BUF_INIT;

    buf_cstr(&text, "metadata: {name: wf}\nspec:\n  entrypoint: main\n  templates:\n" LEAF
                    "  - name: main\n    dag:\n      tasks:\n");
    for (int i = 0; i < CHAIN; i++) {
        buf_printf(&text, "      - {name: t%d, template: leaf", i);
        if (i > 0)
            buf_printf(&text, ", dependencies: [t%d]", i - 1);
        buf_cstr(&text, "}\n");
    }
    return buf_take(&text);
}

static char *
loop_yaml(int items, int number)
{
    return xasprintf("metadata: {name: wf-%d}\nspec:\n  entrypoint: main\n  templates:\n" LEAF
                     "  - name: main\n    steps: [[{name: l, template: leaf, withSequence: "
                     "{count: %d}}]]\n",
                     number, items);
}

static int
by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

typedef VEC(double) durations;

/* Pauses between ends `from` and `to`. */
static void
add_steps(durations *steps, const struct bench *b, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        vec_push(steps, b->ends.at[i + 1] - b->ends.at[i]);
}

static double
median(durations *steps)
{
    qsort(steps->at, steps->n, sizeof *steps->at, by_value);
    return run_pair_quantile(steps->at, steps->n, 0.5);
}

static void
check_count(const struct bench *b, size_t want)
{
    if (b->ends.n >= want)
        return;
    fprintf(stderr, "only %zu of %zu pods ran\n", b->ends.n, want);
    exit(1);
}

static void
measure_chain(void)
{
    cleanup_free char *yaml = chain_yaml();
    durations first = VEC_INIT, last = VEC_INIT;

    for (int i = 0; i < CHAIN_RUNS; i++) {
        struct bench *b = bench_open();

        run(b, yaml, CHAIN);
        check_count(b, CHAIN);
        add_steps(&first, b, 5, WINDOW);
        add_steps(&last, b, CHAIN - WINDOW, CHAIN - 5);
        bench_close(b);
    }
    printf("{\"name\":\"chain of %d\",\"value\":%.3f,\"unit\":\"x\",\"target\":\"<= 1.1\","
           "\"against\":\"its first %d steps\",\"raw\":{\"first_us\":%.1f,\"last_us\":%.1f}}\n",
           CHAIN, median(&last) / median(&first), WINDOW, median(&first), median(&last));
    vec_done(&first);
    vec_done(&last);
}

/* Microseconds for each node of `runs` loops in one store. */
static double
fan_out(int items, int runs)
{
    struct bench *b = bench_open();
    double per_node;

    for (int i = 0; i < runs; i++) {
        cleanup_free char *yaml = loop_yaml(items, i);

        run(b, yaml, SIZE_MAX);
    }
    check_count(b, (size_t)items * (size_t)runs);
    per_node = (now_us() - b->begin_us) / items / runs;
    bench_close(b);
    return per_node;
}

static void
measure_fan_out(void)
{
    double small = fan_out(FAN_SMALL, FAN_LARGE / FAN_SMALL);
    double large = fan_out(FAN_LARGE, 1);

    printf("{\"name\":\"fan-out of %d, per node\",\"value\":%.3f,\"unit\":\"x\","
           "\"target\":\"<= 1.3\",\"against\":\"%d fan-outs of %d\","
           "\"raw\":{\"small_us\":%.1f,\"large_us\":%.1f}}\n",
           FAN_LARGE, large / small, FAN_LARGE / FAN_SMALL, FAN_SMALL, small, large);
}

/* The most memory that this process had resident, in MB. */
static double
peak_mb(void)
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    return (double)u.ru_maxrss * 1024 / 1e6;
}

static void
measure_loop(void)
{
    cleanup_free char *yaml = loop_yaml(ITEMS, 0);
    struct bench *b = bench_open();

    run(b, yaml, SIZE_MAX);
    check_count(b, ITEMS);
    printf("{\"name\":\"loop of %d: first pod\",\"value\":%.1f,\"unit\":\"ms\","
           "\"target\":\"<= 100\",\"against\":\"processor time since its creation\",\"raw\":{}}\n",
           ITEMS, b->first_us / 1000);
    printf("{\"name\":\"loop of %d: memory\",\"value\":%.1f,\"unit\":\"MB\","
           "\"target\":\"<= 150\",\"against\":\"the most that was resident, until its "
           "end\",\"raw\":{}}\n",
           ITEMS, peak_mb());
    bench_close(b);
}

int
main(void)
{
    log_set_level(LOG_WARN);
    measure_loop(); /* first: memory is not given back */
    measure_chain();
    measure_fan_out();
    return 0;
}
