/*
 * runtime - what runs pods: plain specifications in, events out.
 *
 * This folder (runner/) knows pods as JSON and never the API, the store or a controller.  It owns
 * the life of a running pod: its containers in their order, volumes, environment, probes, restarts
 * and their pauses, limits, logs, inputs and outputs.  The controller above (control/pod) owns what
 * is remembered: it commits an intent before it lets an attempt start, and puts events into
 * Pod.status.  A runtime is a table of functions; the process runtime (process/) is one, a test's
 * fake another.
 *
 * An attempt is one run of one container, numbered from 0.  It starts exactly once:
 *
 *   controller                        runtime
 *   commits the first attempt of
 *   each container, then  --start-->  queues, prepares, runs
 *                         <--events-  STARTED, EXITED, ...
 *                         <--ATTEMPT  a container has to run again
 *   commits the next attempt --again--> runs it (after the pause of CrashLoopBackOff)
 *                         <--ENDED--  the pod is over, outputs are saved (durably)
 *   commits phase and outputs,
 *   then                 --release->  layers and volumes go
 *     ... the object goes  --forget-->  logs and records go
 *
 * After a restart of the server the controller calls adopt() with the attempts that it had
 * recorded, in place of start(): what lives is adopted, exit records are taken, an attempt that
 * never started is fenced (ATTEMPT asks for its successor, with `fenced` set: it counts as no
 * restart), and one that is gone without a record is EXITED with `lost`.
 *
 * Everything runs on the loop's thread.  Functions do not fail: what goes wrong comes as an event.
 * Events come from the loop, never from inside a call.
 */
#ifndef RUNNER_RUNTIME_H
#define RUNNER_RUNTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"

struct buf;
struct err;
struct json_doc;
struct runtime;

/* A ConfigMap or Secret that the pod refers to, as it is when the pod starts. */
struct plan_source {
    char *kind, *name;
    struct json_doc *object; /* NULL: there is none (and the reference is optional) */
};

/* A PersistentVolumeClaim that the pod refers to. */
struct plan_claim {
    char *name;
    char *directory; /* absolute path of its content */
};

/* A stored blob that an input asks for.  A key that names a directory has one entry for each file
 * below it. */
struct plan_blob {
    char *key;    /* as the input names it */
    char *suffix; /* NULL: the key itself; else the rest of the stored key, a plain path */
    char *path;   /* absolute path of the bytes: a file, or a directory for a tree */
};

/* A Service, for the variables that tell the pod of it. */
struct plan_port {
    char *name; /* NULL: none */
    char *protocol;
    uint16_t number;
};
struct plan_service {
    char *name, *address;
    struct plan_port *ports;
    size_t ports_n;
};

/* A token that a projected volume asks for. */
struct plan_token {
    char *audience;  /* NULL: the API's own */
    int64_t seconds; /* for how long it was asked */
    char *text;
};

/* The last recorded attempt of a container. */
struct plan_attempt {
    char *container;
    unsigned number;
    unsigned restarts; /* earlier attempts that ran */
    bool ended;        /* its end is recorded too: the fields below */
    int exit_code;
    char *reason;
    int64_t started_us, ended_us;
};

/* All that is needed to run one pod.  Immutable once handed over; counted. */
struct plan {
    unsigned refs;
    char *uid, *namespace, *name;
    struct json_doc *pod; /* the object, with what every pod gets (api_volume) */
    struct plan_source *sources;
    size_t sources_n;
    struct plan_claim *claims;
    size_t claims_n;
    struct plan_blob *blobs;
    size_t blobs_n;
    struct plan_service *services; /* the API's own first; of a server only */
    size_t services_n;
    struct plan_token *tokens;
    size_t tokens_n;
    char *names;      /* lines of /etc/hosts that may change; NULL: there is no server */
    char *api_volume; /* the volume that the pod did not ask for: a token of the API; or NULL */
    struct plan_attempt *attempts; /* one for each container, init containers first */
    size_t attempts_n;
    uint32_t id_base;      /* first id of its range outside; 0: none (one id, or none at all) */
    uint32_t address;      /* of the pod network, host byte order; 0: the pod uses the host's */
    int64_t created_us;    /* wall time */
    int64_t started_us;    /* status.startTime, for activeDeadlineSeconds; 0: not yet */
    char *boot_id;         /* of the machine when the attempts were recorded */
    char *service_account; /* NULL: default */
};

struct plan *plan_new(void);
struct plan *plan_ref(struct plan *p);
void plan_unref(struct plan *p); /* NULL is fine */
MEM_DEFINE_CLEANUP(struct plan *, plan_unref)
#define cleanup_plan CLEANUP(plan_unref)

#define RUNTIME_EVENTS(X) \
    X(RUNTIME_QUEUED)    /* not started yet; `message` says what it waits for; reason: NULL, or \
                            Unschedulable if it waits in vain */ \
    X(RUNTIME_WAITING)   /* a container cannot run now: reason, message */ \
    X(RUNTIME_ATTEMPT)   /* a container has to run (again): commit attempt `attempt`, call again() \
                          */ \
    X(RUNTIME_STARTED)   /* the command is executing */ \
    X(RUNTIME_READINESS) /* ready, probed_started */ \
    X(RUNTIME_EXITED)    /* a container ended: exit */ \
    X(RUNTIME_NOTE)      /* for the user's events: warning, reason, message */ \
    X(RUNTIME_REFUSED)   /* it cannot start now: reason, message, container or NULL.  The runtime \
                            has forgotten it; start() may be tried again with a newer plan */ \
    X(RUNTIME_ENDED)     /* the pod is over: phase, reason, message, outputs.  The last one. */
#define RUNTIME_EVENT_(id) id,
enum runtime_event_type { RUNTIME_EVENTS(RUNTIME_EVENT_) };

/* How a container ended, in Kubernetes' words. */
struct runtime_exit {
    int code; /* 128 + N for signal N */
    int signal;
    const char *reason;  /* Completed, Error, OOMKilled, StartError, ContainerStatusUnknown, ... */
    const char *message; /* the termination message, or why it could not start; may be "" */
    int64_t started_us, ended_us; /* wall time; started_us is 0 if it never ran */
    int64_t cpu_us, memory_peak;  /* 0: not measured */
    bool lost;                    /* nobody knows how it ended */
};

/* Bytes that were saved (published, not yet in a row). */
struct runtime_blob {
    char *key;
    char id[33]; /* of the file, from runtime_blobs.temp */
    int64_t bytes;
    char *digest; /* "sha256:<hex>" */
};

/* Where blobs go.  Called on job threads; each function is the one of store/blobs.h. */
struct runtime_blobs {
    void *arg;
    /* A new id, and the path to write to; the caller frees it. */
    int (*temp)(void *arg, char id[33], char **path, struct err *e);
    int (*publish)(void *arg, const char *id, struct err *e);
    void (*discard)(void *arg, const char *id);
};

/* Borrowed for the call; text that does not belong to the type is NULL. */
struct runtime_event {
    enum runtime_event_type type;
    const char *uid; /* of the pod */
    const char *container;
    unsigned attempt;
    const char *reason, *message;
    bool warning;
    bool fenced;                /* ATTEMPT: the one before never ran */
    bool ready, probed_started; /* READINESS */
    int64_t at_us;              /* wall time */
    bool host_network;          /* STARTED: the pod has no address of its own after all */
    const char *image_id;       /* STARTED: what stands in for the image, and its digest */
    struct runtime_exit exit;   /* EXITED */
    const char *phase;          /* ENDED: "Succeeded" or "Failed" */
    struct json_doc *outputs;   /* ENDED: what the annotation sluice.dev/outputs says, or NULL */
    const struct runtime_blob *blobs; /* ENDED: rows to write along with the end */
    size_t blobs_n;
};

typedef void runtime_event_fn(void *arg, const struct runtime_event *event);

/* Bytes of a command that runs inside a container, and its end. */
struct runtime_exec_handler {
    void (*on_output)(void *arg, int stream, const char *p, size_t n);
    void (*on_exit)(void *arg, int exit_code, const char *error); /* the last call */
};

struct runtime_exec_spec {
    const char *uid, *container;
    const char *const *argv; /* NULL-terminated */
    int64_t timeout_us;      /* 0: none */
};

struct runtime_ops {
    const char *name;
    /* A new pod, whose first attempts are committed. */
    void (*start)(struct runtime *r, struct plan *plan);
    /* A pod that an earlier server had recorded. */
    void (*adopt)(struct runtime *r, struct plan *plan);
    /* All of those are handed over: until then no new pod runs, since nobody knows what room there
     * is.  Once. */
    void (*recovered)(struct runtime *r);
    /* The attempt that RUNTIME_ATTEMPT asked for is committed. */
    void (*again)(struct runtime *r, const char *uid, const char *container, unsigned attempt);
    /* SIGTERM now, SIGKILL after the pause.  May come again with a shorter one.  `reason` and
     * `message` become the pod's if it had no end of its own (NULL: none). */
    void (*stop)(struct runtime *r, const char *uid, int64_t grace_us, const char *reason,
                 const char *message);
    /* Names and tokens (no more of the plan is there) have changed: those that are there take the
     * place of the old ones while the pod runs.  May be NULL where nothing has names. */
    void (*refresh)(struct runtime *r, struct plan *newer);
    /* The pod's end is committed: its layers, volumes and inputs go; logs and records stay. */
    void (*release)(struct runtime *r, const char *uid);
    /* Nobody asks for the pod any more: its whole folder goes. */
    void (*forget)(struct runtime *r, const char *uid);
    /* Signals all processes of the container's command. */
    int (*signal)(struct runtime *r, const char *uid, const char *container, int sig,
                  struct err *e);
    /* Runs a command in a running container, without input. */
    int (*exec)(struct runtime *r, const struct runtime_exec_spec *spec,
                const struct runtime_exec_handler *handler, void *arg, struct err *e);
    /* Queue, pods and their states, for people. */
    void (*dump)(struct runtime *r, struct buf *to);
    /* Pods that are not over. */
    size_t (*count)(struct runtime *r);
    /* Lets go of every pod without stopping it: a later runtime adopts them. */
    void (*free)(struct runtime *r);
};

struct runtime {
    const struct runtime_ops *ops;
};

const char *runtime_event_name(enum runtime_event_type type);

#endif
