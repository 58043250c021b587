/*
 * inputs - artifacts and texts that have to stand at their paths before a step starts.
 *
 * They come from the store, from their text, or from elsewhere (remote.h).
 *
 * A stored blob that is no archive is bound read-only as it is; archives are unpacked into the
 * pod's folder (one member: that becomes the path, else the directory does), texts written there.
 * What lies within a mounted volume is copied into it, because the volume's content outlives the
 * container.
 *
 * Blocks; for job threads.
 */
#ifndef RUNNER_INPUTS_H
#define RUNNER_INPUTS_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct err;
struct plan;
struct podspec;
struct volumes;

/* To be bound at its path in the main container. */
struct placed_input {
    const char *source, *target; /* absolute: on the host, inside */
    bool read_only, anywhere;
};

/* `dir` is the pod's folder for inputs, absolute.  Text lives in the arena.  With `placed`, an
 * earlier call has done the work and containers may be using it: nothing is written.
 * `artifact <name> failed to load: ...` */
int inputs_place(const struct plan *p, const struct podspec *s, const struct volumes *v,
                 const char *dir, bool placed, struct arena *a, struct placed_input **ret,
                 size_t *ret_n, struct err *e);

#endif
