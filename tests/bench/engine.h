/*
 * engine - the graph engine alone, for benchmarks.
 *
 * Core, store and objects in a directory in memory, and no processes: a pretended runtime ends each
 * Pod with a message of its own once its creation is committed.  One thread; what fails ends the
 * program.
 */
#ifndef TESTS_BENCH_ENGINE_H
#define TESTS_BENCH_ENGINE_H

#include <stddef.h>

#include "base/clock.h"
#include "base/vec.h"

struct engine {
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

struct engine *engine_open(void);
void engine_close(struct engine *g);

/* Creates the workflow and takes its first turn. */
void engine_begin(struct engine *g, const char *yaml);
/* Takes turns until nothing is to be done, or `enough` pods ended. */
void engine_go_on(struct engine *g, size_t enough);

/* Processor time of this thread. */
double engine_cpu_us(void);

#endif
