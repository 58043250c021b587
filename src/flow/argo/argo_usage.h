/*
 * argo_usage - resourcesDuration: what pods took of the machine.
 *
 * Upstream counts seconds times what was requested; here it is what was used: CPU seconds, and the
 * peak of memory in units of 100 MiB times the seconds that the pod lived.  Pure.
 */
#ifndef FLOW_ARGO_ARGO_USAGE_H
#define FLOW_ARGO_ARGO_USAGE_H

#include <stdint.h>

struct json_build;

struct argo_usage {
    int64_t cpu;    /* seconds */
    int64_t memory; /* seconds times 100 MiB */
};

struct argo_usage argo_usage_of(int64_t cpu_us, int64_t memory_peak_bytes, int64_t started_us,
                                int64_t ended_us);
void argo_usage_add(struct argo_usage *to, struct argo_usage more);
/* Adds "resourcesDuration":{"cpu":1,"memory":2}. */
void argo_usage_write(struct json_build *b, struct argo_usage usage);

#endif
