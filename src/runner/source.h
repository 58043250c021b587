/*
 * source - what a pod reads from ConfigMaps, Secrets and itself.
 *
 * Look-ups for environment and volumes: a key of a ConfigMap or Secret, a field of the pod
 * (fieldRef), a resource of a container (resourceFieldRef).  Messages are kubelet's.  Any thread.
 */
#ifndef RUNNER_SOURCE_H
#define RUNNER_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct buf;
struct err;
struct json;
struct plan;
struct podspec;
struct podspec_container;

/* What the machine offers, for resourceFieldRef without a limit. */
struct source_machine {
    int64_t cpu_milli, memory_bytes;
    const char *node_name, *host_ip, *pod_ip;
};

/* `configmap "x" not found`, unless it is there or `optional`; then *ret may be NULL. */
int source_require(const struct plan *p, const char *kind, struct str name, bool optional,
                   const struct json **ret, struct err *e);
/* Appends the decoded value of a key.  1: there, 0: no such key, or an error (bad base64). */
int source_key(const struct json *object, struct str key, struct buf *to, struct err *e);
/* Calls fn with each key and its decoded value, in the order of the object. */
typedef int source_each_fn(void *arg, struct str key, struct str value, struct err *e);
int source_each(const struct json *object, source_each_fn *fn, void *arg, struct err *e);

/* fieldRef: "metadata.labels['a']", "status.podIP", ...  In volumes, metadata.labels and
 * metadata.annotations stand for all of them. */
int source_field(const struct podspec *s, const struct source_machine *m, struct str path,
                 bool in_volume, struct buf *to, struct err *e);
/* resourceFieldRef: {resource, divisor, containerName}. */
int source_resource(const struct podspec *s, const struct podspec_container *c,
                    const struct source_machine *m, const struct json *ref, struct buf *to,
                    struct err *e);

#endif
