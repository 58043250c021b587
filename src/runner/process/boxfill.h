/*
 * boxfill - one attempt of one container, written down for the sandbox.
 *
 * From the pod's spec, what its volumes and inputs are on this machine, and what stands in for its
 * image, comes the plain list of mounts, environment, ids and limits that the spawner carries out.
 * Text lives in the arena.  Reads at most the top of an image's directory and /etc/hosts; loop
 * thread.
 */
#ifndef RUNNER_BOXFILL_H
#define RUNNER_BOXFILL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runner/imageconfig.h"
#include "runner/images.h"
#include "runner/inputs.h"
#include "runner/pyenv.h"
#include "runner/source.h"
#include "runner/volumes.h"
#include "sandbox/level.h"

struct arena;
struct boxspec;
struct err;
struct plan;
struct podspec;
struct podspec_container;

struct boxfill {
    const struct plan *plan;
    const struct podspec *spec;
    const struct podspec_container *container;
    const char *id; /* the attempt's */
    const char *attempt_dir;
    const char *hosts; /* the pod's own /etc/hosts on this machine; NULL: it has none */
    enum level level;
    bool die_with_server;
    bool main; /* the container that inputs and outputs belong to */
    const struct volumes *volumes;
    const struct placed_input *inputs;
    size_t inputs_n;
    const struct image *image;
    const struct imageconfig *image_config; /* empty lists: the image names no command */
    const struct pyenv *pyenv;              /* NULL: the image is no Python environment */
    const struct source_machine *machine;
    uint32_t address;         /* of the pod network; 0: none */
    uint32_t *loopback_ports; /* of the host that it reaches then */
    size_t loopback_ports_n;
    const char *const *python_env;   /* "NAME=value" for Python pods; NULL-terminated, or NULL */
    const char *const *python_files; /* bound there at the same path; NULL-terminated, or NULL */
    int64_t log_bytes;
    int64_t deadline_us; /* wall; 0: none */
};

/* Errors are what kubelet calls CreateContainerConfigError. */
int boxfill_spec(const struct boxfill *f, struct arena *a, struct boxspec *ret, struct err *e);

/* Level none, after the main container has ended: what it left at the paths of its outputs.  They
 * did not exist before it started. */
void boxfill_remove_outputs(const struct podspec *spec);

#endif
