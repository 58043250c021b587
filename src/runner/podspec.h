/*
 * podspec - a Pod's spec as the runner needs it.
 *
 * One pass over the JSON checks everything that the runner relies on and says with its path what is
 * wrong or cannot be had here; after it nobody looks for types again.  Text is borrowed from the
 * document; structs live in the caller's arena.  Any thread.
 */
#ifndef RUNNER_PODSPEC_H
#define RUNNER_PODSPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct arena;
struct err;
struct json;
struct podio;

enum restart_policy { RESTART_ALWAYS, RESTART_ON_FAILURE, RESTART_NEVER };

enum podspec_probe_kind {
    PODSPEC_PROBE_EXEC,
    PODSPEC_PROBE_HTTP, /* good: status 200 to 399 */
    PODSPEC_PROBE_TCP,  /* good: a connection comes about */
    PODSPEC_PROBE_GRPC, /* good: its health service says SERVING */
};

struct podspec_probe {
    enum podspec_probe_kind kind;
    const struct json *command; /* EXEC: array of text */
    uint16_t port;              /* HTTP, TCP, GRPC */
    struct str host;            /* HTTP, TCP: an address or "localhost"; .n 0: the pod's */
    struct str service;         /* GRPC: whose health; may be empty */
    /* HTTP */
    bool https;                 /* whatever the certificate */
    struct str path;            /* of the URL, as it goes over the wire */
    const struct json *headers; /* array of {name, value}, checked; or nothing */

    int64_t delay_us, period_us, timeout_us;
    int success, failure; /* thresholds */
};

struct podspec_mount {
    struct str volume, path; /* path is absolute */
    struct str sub_path, sub_path_expr;
    bool read_only;
};

struct podspec_resources {
    int64_t cpu_request, cpu_limit;       /* thousandths; 0: none */
    int64_t memory_request, memory_limit; /* bytes; 0: none */
};

struct podspec_security {
    int64_t user, group; /* -1: the image's */
    bool non_root, read_only_root, privileged;
    const struct json *add, *drop; /* arrays of capability names */
};

/* What a container is to its pod. */
enum container_role {
    CONTAINER_INIT,         /* runs before the others, to its end */
    CONTAINER_SIDECAR_INIT, /* started in the order of init containers, then goes on */
    CONTAINER_MAIN,
    CONTAINER_SIDECAR, /* started with the main ones and stopped after them */
};

struct podspec_container {
    const struct json *root;
    struct str name, image, working_dir, termination_path;
    struct str pull_policy;
    enum container_role role;
    size_t index;                  /* in podspec.containers */
    bool tty, stdin, log_fallback; /* terminationMessagePolicy: FallbackToLogsOnError */
    struct podspec_mount *mounts;
    size_t mounts_n;
    struct podspec_resources resources;
    struct podspec_security security;
    struct podspec_probe *startup, *readiness, *liveness; /* NULL: none */
};

struct podspec {
    const struct json *root; /* the whole object */
    struct str uid, namespace, name, hostname;
    enum restart_policy restart;
    int64_t grace_us;    /* terminationGracePeriodSeconds; default 30 s */
    int64_t deadline_us; /* activeDeadlineSeconds; 0: none */
    int64_t fs_group;    /* -1: none */
    const struct json *volumes;
    struct podspec_container *containers; /* init containers first, in their order */
    size_t containers_n, init_n;
    struct str
        device; /* the first extended resource that is asked for (nvidia.com/gpu); .n 0: none */
    struct podio *io; /* never NULL */
};

/* ERR_INVALID with the field's path ("spec.containers[0].readinessProbe.httpGet: ..."). */
int podspec_parse(const struct json *pod, struct arena *a, struct podspec **ret, struct err *e);

/* By name, or NULL. */
const struct podspec_container *podspec_container(const struct podspec *s, struct str name);
/* What the scheduler counts: the larger of the sum over containers that run together and the
 * largest init container. */
struct podspec_resources podspec_requests(const struct podspec *s);

#endif
