/*
 * metrics - GET /metrics: counters in the text form that Prometheus reads.
 *
 * Answered on the edge thread from counters that everybody keeps for himself, so asking often costs
 * nobody else anything.  Who may ask says the authorizer.
 */
#ifndef EDGE_METRICS_H
#define EDGE_METRICS_H

#include <stdbool.h>
#include <stdint.h>

struct buf;
struct caller;
struct edge;
struct err;
struct routes;

#define METRICS_PATH "/metrics"

struct metrics {
    const struct edge *edge;
    /* Whether `who` may get METRICS_PATH.  Any edge thread.  NULL: whoever is known. */
    bool (*authorize)(void *arg, const struct caller *who);
    /* Appends what others count, by metrics_write().  Any edge thread.  NULL: nothing. */
    void (*more)(void *arg, struct buf *to);
    void *arg;
};

/* `m` is borrowed until the last table with the route is gone. */
int metrics_add_route(struct routes *r, struct metrics *m, struct err *e);
/* One metric without labels; `type` is "counter" or "gauge". */
void metrics_write(struct buf *to, const char *name, const char *type, const char *help,
                   uint64_t value);

#endif
