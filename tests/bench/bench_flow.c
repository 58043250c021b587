/*
 * bench_flow - what the graph engine costs for each node, however many there are.
 *
 * The engine runs alone, with core, store and objects in a directory in memory but no processes: a
 * pretended runtime ends each Pod with a message of its own, once its creation is committed.
 * Measured is processor time of the one thread, since waiting for the disk is the store's figure.
 *
 *   chain    1,000 tasks one after another: the last steps of one against the first of the next,
 *            a few of each in turn
 *   fan-out  a loop of 20,000 against 100 loops of 200, which are as many rows for the store; while
 *            the one goes on by 200 nodes, the other has one of its loops
 *   loop     100,000 items: until the first Pod exists, and memory until all have run
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/vec.h"
#include "tests/bench/engine.h"
#include "tests/bench/run_pair.h"

enum {
    CHAIN = 1000,
    CHAIN_RUNS = 7,
    WINDOW = 200, /* steps at either end of a chain */
    WARM = 20,    /* of them the first do not count */
    BLOCK = 20,
    FAN_RUNS = 3,
    FAN_SMALL = 200,
    FAN_LARGE = 20000,
    ITEMS = 100000
};

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
by_value(const void *a, const void *g)
{
    double x = *(const double *)a, y = *(const double *)g;

    return (x > y) - (x < y);
}

typedef VEC(double) durations;

static double
median(durations *values)
{
    qsort(values->at, values->n, sizeof *values->at, by_value);
    return run_pair_quantile(values->at, values->n, 0.5);
}

static void
check_count(const struct engine *g, size_t want)
{
    if (g->ends.n >= want)
        return;
    fprintf(stderr, "only %zu of %zu pods ran\n", g->ends.n, want);
    exit(1);
}

/* Goes on by a block of steps; how long each took, from end to end. */
static void
add_block(durations *steps, struct engine *g)
{
    size_t from = g->ends.n;

    engine_go_on(g, from + BLOCK);
    check_count(g, from + BLOCK);
    for (size_t i = from + 1; i < from + BLOCK; i++)
        vec_push(steps, g->ends.at[i] - g->ends.at[i - 1]);
}

/* A chain that has its first steps behind it. */
static struct engine *
chain_open(const char *yaml)
{
    struct engine *g = engine_open();

    engine_begin(g, yaml);
    engine_go_on(g, WARM);
    return g;
}

static void
measure_chain(void)
{
    cleanup_free char *yaml = chain_yaml();
    durations first = VEC_INIT, last = VEC_INIT;
    struct engine *old = chain_open(yaml);

    for (int i = 0; i < CHAIN_RUNS; i++) {
        struct engine *young = chain_open(yaml);

        engine_go_on(old, CHAIN - WINDOW);
        for (int n = 0; n < WINDOW - WARM; n += BLOCK) {
            add_block(&last, old);
            add_block(&first, young);
        }
        engine_go_on(old, SIZE_MAX);
        check_count(old, CHAIN);
        engine_close(old);
        old = young;
    }
    engine_close(old);
    printf("{\"name\":\"chain of %d\",\"value\":%.3f,\"unit\":\"x\",\"target\":\"<= 1.1\","
           "\"against\":\"its first %d steps\",\"raw\":{\"first_us\":%.1f,\"last_us\":%.1f,"
           "\"runs\":%d}}\n",
           CHAIN, median(&last) / median(&first), WINDOW, median(&first), median(&last),
           CHAIN_RUNS);
    vec_done(&first);
    vec_done(&last);
}

/* What going on costs. */
static double
go_on_us(struct engine *g, size_t enough)
{
    double began = engine_cpu_us();

    engine_go_on(g, enough);
    return engine_cpu_us() - began;
}

static double
begin_us(struct engine *g, int items, int number)
{
    cleanup_free char *yaml = loop_yaml(items, number);
    double began = engine_cpu_us();

    engine_begin(g, yaml);
    return engine_cpu_us() - began;
}

/* Microseconds for each node of a large loop, and of small ones. */
static void
fan_out(double *ret_large, double *ret_small)
{
    struct engine *large = engine_open(), *small = engine_open();
    double of_large = begin_us(large, FAN_LARGE, 0), of_small = 0;

    for (int i = 1; i <= FAN_LARGE / FAN_SMALL; i++) {
        of_small += begin_us(small, FAN_SMALL, i);
        of_small += go_on_us(small, SIZE_MAX);
        of_large += go_on_us(large, (size_t)i * FAN_SMALL);
    }
    of_large += go_on_us(large, SIZE_MAX);
    check_count(small, FAN_LARGE);
    check_count(large, FAN_LARGE);
    engine_close(small);
    engine_close(large);
    *ret_large = of_large / FAN_LARGE;
    *ret_small = of_small / FAN_LARGE;
}

static void
measure_fan_out(void)
{
    durations larges = VEC_INIT, smalls = VEC_INIT, ratios = VEC_INIT;

    for (int i = 0; i < FAN_RUNS; i++) {
        double large, small;

        fan_out(&large, &small);
        vec_push(&larges, large);
        vec_push(&smalls, small);
        vec_push(&ratios, large / small);
    }
    printf("{\"name\":\"fan-out of %d, per node\",\"value\":%.3f,\"unit\":\"x\","
           "\"target\":\"<= 1.3\",\"against\":\"%d fan-outs of %d\","
           "\"raw\":{\"small_us\":%.1f,\"large_us\":%.1f,\"runs\":%d}}\n",
           FAN_LARGE, median(&ratios), FAN_LARGE / FAN_SMALL, FAN_SMALL, median(&smalls),
           median(&larges), FAN_RUNS);
    vec_done(&larges);
    vec_done(&smalls);
    vec_done(&ratios);
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
    struct engine *g = engine_open();

    engine_begin(g, yaml);
    engine_go_on(g, SIZE_MAX);
    check_count(g, ITEMS);
    printf("{\"name\":\"loop of %d: first pod\",\"value\":%.1f,\"unit\":\"ms\","
           "\"target\":\"<= 100\",\"against\":\"processor time since its creation\",\"raw\":{}}\n",
           ITEMS, g->first_us / 1000);
    printf("{\"name\":\"loop of %d: memory\",\"value\":%.1f,\"unit\":\"MB\","
           "\"target\":\"<= 150\",\"against\":\"the most that was resident, until its "
           "end\",\"raw\":{}}\n",
           ITEMS, peak_mb());
    engine_close(g);
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
