/*
 * floor - what this machine needs at least for a durable, isolated step, in processes of its own.
 *
 * Each worker is a child that starts and reaps one bare isolated process (tests/bench/bare_spawn.h)
 * and appends 8 KB twice to a file, each made durable by fdatasync: one before, one after.  Workers
 * run only while they are asked to, so that floor and subject can alternate.  Needs root; ends the
 * program on failure.
 */
#ifndef TESTS_BENCH_FLOOR_H
#define TESTS_BENCH_FLOOR_H

#include <stddef.h>

struct floor;

/* Makes `dir`, which must not exist.  Before the program has threads. */
struct floor *floor_new(const char *dir, size_t workers);
void floor_free(struct floor *f);

/* One step by the first worker. */
void floor_step(struct floor *f);
/* `n` steps, shared among all workers; returns when all are done. */
void floor_steps(struct floor *f, size_t n);

#endif
