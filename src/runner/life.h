/*
 * life - the life of one pod: which container runs when, runs again, or is stopped.
 *
 * Knows nothing of processes: it asks a driver to launch, stop and probe, and is told what became
 * of it; so its tests need neither.
 *
 * A container:
 *
 *   BLOCKED  -- its turn, attempt committed -------> STARTING   (launch)
 *   BLOCKED  -- its turn, attempt not committed ---> WANTED     (event ATTEMPT)
 *   WANTED   -- life_again ------------------------> STARTING   (launch)
 *   STARTING -- life_fenced -----------------------> WANTED     (event ATTEMPT, fenced)
 *   STARTING -- life_started ----------------------> RUNNING
 *   STARTING, RUNNING -- life_exited, to run again -> PAUSED    (back-off; event WAITING)
 *   STARTING, RUNNING -- life_exited --------------> ENDED
 *   PAUSED   -- pause over ------------------------> WANTED
 *   BLOCKED, WANTED, PAUSED -- the pod stops ------> ENDED      (without having run)
 *
 * A pod:
 *
 *   WAITING  -- life_go ---------------------------> RUNNING
 *   RUNNING  -- main containers ended -------------> FINISHING  (sidecars are stopped)
 *   any      -- life_stop, deadline, failed init --> STOPPING   (everything is stopped)
 *   FINISHING, STOPPING -- all containers ENDED ---> OVER       (the driver is told)
 *
 * Order: init containers one after another, each to its end; one with restartPolicy Always goes on
 * as a sidecar as soon as it has started (and its startup probe has passed).  Then all others, a
 * main one not before those that it comes after (podio.h: "after"), and never if one of them
 * failed; one that failed may run again ("retries").  When the main ones have ended, Argo-style
 * sidecars get SIGTERM and 30 s, restartable init containers the pod's grace period, in reverse
 * order.
 *
 * Loop thread.  Nothing fails.
 */
#ifndef RUNNER_LIFE_H
#define RUNNER_LIFE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runner/runtime.h"

struct life;
struct loop;
struct podspec;
struct podspec_probe;

#define LIFE_SIDECAR_GRACE_US (30 * INT64_C(1000000))

enum life_probe { LIFE_STARTUP, LIFE_READINESS, LIFE_LIVENESS };

struct life_driver {
    /* Answered by life_started() and life_exited(), never from inside. */
    void (*launch)(void *driver, size_t container, unsigned attempt);
    /* SIGTERM now, SIGKILL after the grace; also while it is still starting.  May come again. */
    void (*terminate)(void *driver, size_t container, int64_t grace_us);
    /* Runs the probe's command; answered by life_probed(). */
    void (*probe)(void *driver, size_t container, enum life_probe which,
                  const struct podspec_probe *probe);
    void (*emit)(void *driver, const struct runtime_event *event);
    /* The last call: every container has ended. */
    void (*over)(void *driver);
};

/* What the pod comes to.  Text is borrowed from the life. */
struct life_verdict {
    bool succeeded;
    const char *reason, *message; /* NULL: none */
};

/* `spec`, `plan` and `loop` must outlive the life.  Nothing runs before life_go(). */
struct life *life_new(struct loop *loop, const struct podspec *spec, const struct plan *plan,
                      const struct life_driver *driver, void *arg);
/* No callback afterwards.  NULL is fine. */
void life_free(struct life *l);

/* The pod's turn has come.  Restored containers (below) are told before. */
void life_go(struct life *l);
/* Stops everything.  The first reason counts; both may be NULL. */
void life_stop(struct life *l, int64_t grace_us, const char *reason, const char *message);

/* The attempt that was asked for is committed. */
void life_again(struct life *l, size_t container, unsigned attempt);
void life_started(struct life *l, size_t container, int64_t at_us, const char *image_id);
void life_exited(struct life *l, size_t container, const struct runtime_exit *exit);
void life_probed(struct life *l, size_t container, enum life_probe which, bool ok,
                 const char *output);

/* The container's attempt never ran and never will (a server fenced it off): it is replaced at
 * once, and counts as no restart.  After a restart, or when the spawner died while it was starting.
 */
void life_fenced(struct life *l, size_t container);

/* Containers that have started and not ended. */
size_t life_running(const struct life *l);
struct life_verdict life_verdict(const struct life *l);
unsigned life_attempt(const struct life *l, size_t container);
/* The last exit of a container that has ended, or NULL. */
const struct runtime_exit *life_exit(const struct life *l, size_t container);
const char *life_state_name(const struct life *l, size_t container);

#endif
