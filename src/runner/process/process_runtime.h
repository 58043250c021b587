/*
 * process_runtime - pods as process trees below sluice-init, on this machine.
 *
 * The runtime of struct runtime (runner/runtime.h) that needs no daemon: a spawner makes namespaces
 * and mounts, an init in each pod outlives this process, the files of attempts say what happened.
 *
 *   DATA/pods/<uid>/<container>/<attempt>/   an attempt's directory (sandbox/boxrecord.h)
 *   DATA/pods/<uid>/volumes/<name>           emptyDir, configMap, ...
 *   DATA/pods/<uid>/inputs/                  unpacked artifacts
 *   DATA/pods/<uid>/prepared                 volumes and inputs stand (before the first start)
 *   DATA/holders/<uid>/<number>/             what a pod's containers share (podholder.h)
 *   DATA/envs/                               Python environments (runner/pyenv.h)
 *
 * Loop thread.
 */
#ifndef RUNNER_PROCESS_RUNTIME_H
#define RUNNER_PROCESS_RUNTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runner/images.h"
#include "runner/runtime.h"
#include "sandbox/level.h"

struct boxmsg_ready;
struct err;
struct loop;

struct process_runtime_config {
    struct loop *loop;
    const char *data_dir;  /* absolute */
    const char *envs_dir;  /* of Python environments, absolute: DATA/envs, or one that is shared */
    const char *init_path; /* of sluice-init, absolute */
    enum level level;      /* LEVEL_BEST: the best that is to be had */
    bool die_with_server;  /* pods end with this process */
    bool temporary;        /* with die_with_server: so does the data directory */
    struct image_rules images;
    const char *const *shared;       /* host directories that every step sees; NULL-terminated */
    const char *const *host_paths;   /* what hostPath volumes may name; NULL-terminated */
    const char *const *python_env;   /* "NAME=value" for Python pods; NULL-terminated */
    const char *const *python_files; /* that it names: seen there, read-only; NULL-terminated */
    uint32_t *loopback_ports;        /* of the host's 127.0.0.1 that pods with an address reach */
    size_t loopback_ports_n;
    size_t max_starts;      /* at once; 0: twice the processors */
    size_t max_pods;        /* 0: 110, as kubelet has it */
    bool strict_requests;   /* requests above the machine's size wait for ever */
    int64_t reserve_bytes;  /* free space below which the largest pod is evicted; 0: never */
    int64_t log_bytes;      /* cap of one container's log; 0: the usual one */
    const char *recall;     /* a directory for what later spawners may recall, or NULL */
    uint32_t first_id_base; /* the range of ids that pods will ask for first; 0: none */
    struct runtime_blobs blobs;
    runtime_event_fn *on_event;
    /* Once, when the spawner knows what can be had (ready->code < 0: nothing can).  May be NULL. */
    void (*on_ready)(void *arg, const struct boxmsg_ready *ready);
    void *arg;
};

/* All of the configuration but `images`, `blobs` and numbers is borrowed for the runtime's life, as
 * is images.at. */
struct runtime *process_runtime_new(const struct process_runtime_config *config, struct err *e);

/* Before it is freed: what is in a temporary data directory goes when this process has ended, and
 * nobody has to wait for that.  False: the caller has to remove it. */
bool process_runtime_leave(struct runtime *r);

/* The log of an attempt, relative to the data directory; the caller frees it. */
char *process_log_path(const char *uid, const char *container, unsigned attempt);
/* "<uid>/<container>/<number>": what an attempt's records say. */
char *process_attempt_id(const char *uid, const char *container, unsigned attempt);
/* The machine's boot id, for attempt rows; ERR_IO. */
int process_boot_id(char **ret, struct err *e);

#endif
