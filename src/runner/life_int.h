/* life_int - shared by life.c (a container), life_order.c (the pod) and life_probe.c. */
#ifndef RUNNER_LIFE_INT_H
#define RUNNER_LIFE_INT_H

#include "io/timer.h"
#include "runner/backoff.h"
#include "runner/life.h"
#include "runner/podspec.h"

enum container_state { BLOCKED, WANTED, STARTING, RUNNING, PAUSED, ENDED };
enum pod_state { POD_WAITING, POD_RUNNING, POD_FINISHING, POD_STOPPING, POD_OVER };

struct life_container;

struct probe_run {
    struct life_container *container;
    enum life_probe which;
    const struct podspec_probe *spec; /* NULL: there is none */
    struct timer timer;
    int successes, failures; /* in a row */
    bool passed, asked;
};

struct life_container {
    struct life *life;
    const struct podspec_container *spec;
    enum container_state state;
    unsigned attempt;
    bool committed; /* the attempt's intent is */
    bool fenced;    /* the attempt before never ran */
    bool ran;       /* at least once, ever */
    bool ready, probed_started, terminating;
    int64_t started_us;
    struct backoff backoff;
    struct timer pause;
    struct runtime_exit exit; /* of the last run; texts are ours */
    char *exit_reason, *exit_message;
    struct probe_run probes[3];
};

struct life {
    struct loop *loop;
    const struct podspec *spec;
    const struct plan *plan;
    const struct life_driver *driver;
    void *arg;
    enum pod_state state;
    struct life_container *containers;
    size_t n;
    struct timer deadline;
    struct task advance;
    int64_t grace_us; /* of the current stop */
    bool failed;      /* whatever the exit codes say */
    char *reason, *message;
};

/* The only writer of a container's state. */
void life_enter(struct life_container *c, enum container_state next);
/* Its turn has come. */
void life_begin(struct life_container *c);
/* A task: looks at all containers and does what is due. */
void life_advance(void *life);
/* A timer. */
void life_on_deadline(void *life);

void life_emit(struct life_container *c, struct runtime_event *event);
void life_terminate(struct life_container *c, int64_t grace_us);

void life_probes_init(struct life_container *c);
void life_probes_begin(struct life_container *c);
void life_probes_end(struct life_container *c);

#endif
