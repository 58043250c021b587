/*
 * fake_runtime - runs pods under simulation: a controller inside, processes outside.
 *
 * As the real one it commits an attempt before it starts it; whoever publishes the attempt's
 * `started` record first runs it, once; its `exit` record outlives the process that started it.
 * Records lie on the simulated disk.  A kill of the core changes nothing for what runs; a loss of
 * power ends it, and a pod that was lost starts again under another attempt.
 *
 * What a pod does stands in the command of its first container:
 *
 *     [say, TEXT]              TEXT is its result
 *     [exit, 3]                ends with that code
 *     [until, N, TRY]          fails with code 1 while TRY is less than N
 *     [hang]                   ends only when the Pod is deleted
 *     anything else            ends well
 */
#ifndef TESTS_SIM_FAKE_RUNTIME_H
#define TESTS_SIM_FAKE_RUNTIME_H

#include <stddef.h>

struct controllers;
struct fake_runtime;
struct objects;
struct sim;

/* The world outside: lives as long as the simulation. */
struct fake_runtime *fake_runtime_new(struct sim *sim);
void fake_runtime_free(struct fake_runtime *r);

/* A process boots: adds the controller of Pods. */
void fake_runtime_boot(struct fake_runtime *r, struct controllers *cs, struct objects *os);
/* The machine lost power. */
void fake_runtime_lost(struct fake_runtime *r);

/* Attempts that were started, in order; each id ends with "-<number of the attempt>". */
size_t fake_runtime_started(const struct fake_runtime *r);
const char *fake_runtime_attempt(const struct fake_runtime *r, size_t i);

#endif
