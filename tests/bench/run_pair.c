#include "tests/bench/run_pair.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double
now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static double
measure(run_pair_fn *fn, void *arg)
{
    double start = now_us();

    fn(arg);
    return now_us() - start;
}

static int
compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

struct run_pair
run_pair_measure(size_t rounds, run_pair_fn *floor_fn, run_pair_fn *subject_fn, void *arg)
{
    struct run_pair p = {.floor_us = calloc(rounds, sizeof(double)),
                         .subject_us = calloc(rounds, sizeof(double)),
                         .n = rounds};

    if (p.floor_us == NULL || p.subject_us == NULL)
        abort();
    floor_fn(arg);
    subject_fn(arg);
    for (size_t i = 0; i < rounds; i++) {
        p.floor_us[i] = measure(floor_fn, arg);
        p.subject_us[i] = measure(subject_fn, arg);
    }
    qsort(p.floor_us, rounds, sizeof(double), compare);
    qsort(p.subject_us, rounds, sizeof(double), compare);
    return p;
}

void
run_pair_done(struct run_pair *p)
{
    free(p->floor_us);
    free(p->subject_us);
    *p = (struct run_pair){.n = 0};
}

double
run_pair_quantile(const double *sorted, size_t n, double share)
{
    size_t at = (size_t)(share * (double)n);

    return n == 0 ? 0 : sorted[at < n ? at : n - 1];
}

static void
print_ratio(const struct run_pair *p, double ratio, const char *name, const char *target,
            const char *against)
{
    printf("{\"name\": \"%s\", \"value\": %.4f, \"unit\": \"x\", \"target\": \"%s\", "
           "\"against\": \"%s\", \"raw\": {\"p50_us\": %.1f, \"p99_us\": %.1f, "
           "\"floor_p50_us\": %.1f, \"floor_p99_us\": %.1f, \"rounds\": %zu}}\n",
           name, ratio, target, against, run_pair_quantile(p->subject_us, p->n, 0.5),
           run_pair_quantile(p->subject_us, p->n, 0.99), run_pair_quantile(p->floor_us, p->n, 0.5),
           run_pair_quantile(p->floor_us, p->n, 0.99), p->n);
    fflush(stdout);
}

void
run_pair_print(const struct run_pair *p, const char *name, const char *target, const char *against)
{
    print_ratio(
        p, run_pair_quantile(p->subject_us, p->n, 0.5) / run_pair_quantile(p->floor_us, p->n, 0.5),
        name, target, against);
}

void
run_pair_print_speed(const struct run_pair *p, const char *name, const char *target,
                     const char *against)
{
    print_ratio(
        p, run_pair_quantile(p->floor_us, p->n, 0.5) / run_pair_quantile(p->subject_us, p->n, 0.5),
        name, target, against);
}

void
run_pair_print_value(const char *name, double value, const char *unit, const char *target,
                     const char *against)
{
    printf("{\"name\": \"%s\", \"value\": %.4f, \"unit\": \"%s\", \"target\": \"%s\", "
           "\"against\": \"%s\", \"raw\": {}}\n",
           name, value, unit, target, against);
    fflush(stdout);
}
