/*
 * run_pair - measures two things in turn and compares them.
 *
 * Floor and subject alternate, so that whatever else the machine does meanwhile
 * falls on both.  The ratio is of the medians; what was measured goes with it.
 *
 *     struct run_pair p = run_pair_measure(200, floor_once, subject_once, &state);
 *     run_pair_print(&p, "durable step", "<= 1.3", "isolated spawn and two syncs");
 *     run_pair_done(&p);
 */
#ifndef TESTS_BENCH_RUN_PAIR_H
#define TESTS_BENCH_RUN_PAIR_H

#include <stddef.h>

/* One execution; what it takes is measured. */
typedef void run_pair_fn(void *arg);

struct run_pair {
    double *floor_us, *subject_us; /* sorted */
    size_t n;
};

/* Each `rounds` times, after one of each that does not count. */
struct run_pair run_pair_measure(size_t rounds, run_pair_fn *floor_fn, run_pair_fn *subject_fn,
                                 void *arg);
void run_pair_done(struct run_pair *p);

/* The value below which a share (0 to 1) of the sorted samples lies. */
double run_pair_quantile(const double *sorted, size_t n, double share);

/* subject / floor as one line of JSON for tests/bench/run, with medians and p99 of both as the raw
 * figures.  `target` is such as "<= 1.3". */
void run_pair_print(const struct run_pair *p, const char *name, const char *target,
                    const char *against);
/* The same with floor / subject, for "how many times as fast". */
void run_pair_print_speed(const struct run_pair *p, const char *name, const char *target,
                          const char *against);
/* A figure that is no ratio. */
void run_pair_print_value(const char *name, double value, const char *unit, const char *target,
                          const char *against);

#endif
