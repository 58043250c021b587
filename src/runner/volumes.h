/*
 * volumes - what a pod's volumes are on this machine, and where its containers see them.
 *
 *   emptyDir                 a directory of the pod's folder, writable by all; medium Memory: one
 *                            on the host's tmpfs, in one that only this user may enter
 *   configMap, secret,       files written once, before the pod starts (items, modes, optional);
 *   downwardAPI, projected   of projected volumes tokens are replaced while it runs
 *   persistentVolumeClaim    the claim's directory
 *   hostPath                 where the settings share it
 *
 * Other types are refused with a sentence.  volumes_prepare() writes files and is for job threads;
 * all else is pure.
 */
#ifndef RUNNER_VOLUMES_H
#define RUNNER_VOLUMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "runner/source.h"

struct arena;
struct err;
struct json;
struct plan;
struct podspec;
struct podspec_container;

enum { VOLUMES_TOKEN_SECONDS = 3600 }; /* of a token whose source does not say */

struct volumes_config {
    const char *pod_dir; /* absolute; volumes/NAME below it */
    struct source_machine machine;
    const char *const *host_paths; /* what hostPath may name, and all below; NULL-terminated */
    int64_t fs_group;              /* id on this machine; -1: none or not possible */
    uint32_t id_base;              /* of the pod's ids on this machine; 0: it has none of its own */
};

struct volume {
    struct str name;
    const char *directory; /* absolute; a file for some hostPaths */
    bool ours;             /* made by us: on-disk id 0 is the pod's root */
    bool read_only;        /* configMap, secret, ... */
};

struct volumes {
    struct volume *at;
    size_t n;
};

/* Makes and fills what has to be; existing content of the same pod is kept.  Text lives in the
 * arena.  ERR_NOTFOUND for what the pod refers to and is not there (then it may come later),
 * ERR_INVALID for what cannot be. */
int volumes_prepare(const struct volumes_config *config, const struct plan *p,
                    const struct podspec *s, struct arena *a, struct volumes *ret, struct err *e);
/* Writes the tokens of the newer plan over the old ones, each at once.  `volumes` is the pod's
 * spec.volumes, and has been prepared. */
int volumes_refresh_tokens(const char *pod_dir, const struct plan *newer,
                           const struct json *volumes, struct err *e);
/* For how long a serviceAccountToken source asks for a token. */
int64_t volumes_token_seconds(const struct json *source);
/* By name, or NULL. */
const struct volume *volumes_find(const struct volumes *v, struct str name);
/* The host's path of a path inside the container that lies within a mounted volume, in the arena;
 * NULL if it lies in none.  sub_path is taken literally. */
const char *volumes_host_path(const struct volumes *v, const struct podspec_container *c,
                              struct str path, struct arena *a);
/* Removes what lies outside of the pod's folder (tmpfs).  For job threads. */
void volumes_remove_tmpfs(const char *uid);

#endif
