/*
 * boxgroup - control groups for attempts: limits of memory, processes and CPU.
 *
 * Each controller is used in the hierarchy that has it.  Making and removing a group is slow and a
 * removed memory group lingers, so the spawner keeps a pool of slots (a slot is one directory per
 * v1 hierarchy, or one in v2) and sets the limits that an attempt asks for:
 *
 *     FREE -- boxgroup_take --> TAKEN -- boxgroup_give (its processes are gone) --> FREE
 *
 * All groups are made below the group that this process is in.  Init stays outside; the command
 * enters by writing "0" to descriptors that were opened here, before it executes.  On v1 that is
 * `tasks`: for a thread that moves itself the kernel then needs no global lock.
 *
 * The spawner's thread; boxgroup_enter() and the readers in init and its children.
 */
#ifndef SANDBOX_BOXGROUP_H
#define SANDBOX_BOXGROUP_H

#include <stdbool.h>
#include <stdint.h>

struct err;
struct boxgroup;
struct probe;

/* What an attempt's init gets of its slot: plain descriptors. */
enum { BOXGROUP_MEMORY, BOXGROUP_PIDS, BOXGROUP_CPU, BOXGROUP_CONTROLLERS };

struct boxgroup_slot {
    int number;                      /* -1: no groups are to be had */
    int enter[BOXGROUP_CONTROLLERS]; /* -1: none, or the same as an earlier one */
    int events;                      /* memory.oom_control or memory.events; -1: none */
    int peak;                        /* memory.max_usage_in_bytes or memory.peak; -1: none */
    int usage;                       /* memory.usage_in_bytes or memory.current; -1: none */
    uint64_t oom_before;             /* kills when the attempt began */
};

struct boxgroup_limits {
    uint64_t memory_bytes; /* 0: none */
    uint32_t pids, cpu_milli;
};

/* Finds and tries what is to be had; fills p->have and p->text of cgroup, memory, pids and cpu.
 * Empty groups that earlier spawners left are removed. */
struct boxgroup *boxgroup_new(struct probe *p);
/* Removes what is empty.  NULL is fine. */
void boxgroup_free(struct boxgroup *g);

/* A slot with these limits.  Without groups: 0 and number -1. */
int boxgroup_take(struct boxgroup *g, const struct boxgroup_limits *limits,
                  struct boxgroup_slot *ret, struct err *e);
void boxgroup_give(struct boxgroup *g, int number);
/* Closes this process's copies of the descriptors. */
void boxgroup_close(struct boxgroup_slot *s);
#define BOXGROUP_NONE ((struct boxgroup_slot){-1, {-1, -1, -1}, -1, -1, -1, 0})

/* Moves the calling, single-threaded process into the slot; -1 and errno. */
int boxgroup_enter(const struct boxgroup_slot *s);
uint64_t boxgroup_oom_kills(const struct boxgroup_slot *s);
/* Bytes; 0: not measured. */
uint64_t boxgroup_peak(const struct boxgroup_slot *s);
uint64_t boxgroup_usage(const struct boxgroup_slot *s);

#endif
