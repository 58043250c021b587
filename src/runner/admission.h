/*
 * admission - which pod may start now.
 *
 * A thousand steps that become ready at once queue here.  Limited are the pods that are just
 * starting (each costs mounts, processes and page faults; more than a few at a time only slow one
 * another down), pods in all, and the sum of their requests against the machine's size.  A request
 * above that size counts as the machine's size; a pod without a CPU request counts as a tenth of a
 * processor.
 *
 *   QUEUED   -- there is room -----> STARTING   (on_admit)
 *   STARTING -- admission_started -> RUNNING    (its start slot is free again)
 *   any      -- admission_leave ---> OUT
 *
 * Nobody is admitted before admission_open(): until the pods that run already are counted, nobody
 * knows what room there is.
 *
 * Pods without an address of their own share the machine's ports: of two that claim the same one
 * (admission_claim) the later waits until the earlier has left, and holds up nobody meanwhile.
 *
 * First come, first served, but a pod for which there is no room lets smaller ones pass, until
 * ADMISSION_PASSES have: then it is next.
 *
 * Loop thread.  Nothing fails.
 */
#ifndef RUNNER_ADMISSION_H
#define RUNNER_ADMISSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/map.h"

struct buf;

enum { ADMISSION_PASSES = 64, ADMISSION_SCAN = 64, ADMISSION_CPU_MILLI = 100 };

enum admission_state { ADMISSION_OUT, ADMISSION_QUEUED, ADMISSION_STARTING, ADMISSION_RUNNING };

struct admission_port {
    uint16_t number;
    bool udp;
};

struct admission_pod {
    struct list link; /* in the queue, or among those admitted */
    enum admission_state state;
    const char *namespace, *name;       /* borrowed */
    const struct admission_port *ports; /* claimed; borrowed */
    size_t ports_n;
    int64_t cpu_milli, memory; /* as counted */
    int passes;                /* pods that were let past */
};

struct admission {
    size_t max_starts, max_pods;
    int64_t cpu_milli, memory; /* the machine's size */
    struct list queue, admitted;
    size_t queued, starting, pods;
    int64_t cpu_used, memory_used;
    struct map holders; /* of claimed ports: the pod that was admitted */
    bool open;
    bool alone; /* the disk is low: no pod starts beside another */
    void (*on_admit)(struct admission_pod *p);
};

void admission_init(struct admission *a, size_t max_starts, size_t max_pods, int64_t cpu_milli,
                    int64_t memory, void (*on_admit)(struct admission_pod *p));

void admission_done(struct admission *a);

/* From now on pods are admitted.  Again is fine. */
void admission_open(struct admission *a);

/* While `alone`, a pod is admitted only if no other is. */
void admission_alone(struct admission *a, bool alone);

/* Queues it.  True if a request was cut to the machine's size. */
bool admission_queue(struct admission *a, struct admission_pod *p, const char *namespace,
                     const char *name, int64_t cpu_milli, int64_t memory);
/* Counts it as running without asking: a pod that was adopted. */
void admission_adopt(struct admission *a, struct admission_pod *p, const char *namespace,
                     const char *name, int64_t cpu_milli, int64_t memory);
/* Ports of the machine that it needs; once, after either of those. */
void admission_claim(struct admission *a, struct admission_pod *p,
                     const struct admission_port *ports, size_t n);
void admission_started(struct admission *a, struct admission_pod *p);
void admission_leave(struct admission *a, struct admission_pod *p);
/* Admits what there is room for; call it after any of the above. */
void admission_run(struct admission *a);

/* Why it waits: "waiting for 2 other starts", "waiting for cpu: 1.9 of 2 in use by pod-x", "waiting
 * for port 8080/TCP of the machine, which pod default/a holds". */
void admission_reason(const struct admission *a, const struct admission_pod *p, struct buf *to);

#endif
