/*
 * outputs - what a step leaves: result, parameters, artifacts, log.
 *
 * Init has copied the declared paths to the attempt's outbox, from inside; here they are read with
 * O_NOFOLLOW, archived, made durable as blobs, and told as the JSON of the annotation
 * sluice.dev/outputs.  Rows are written by the controller, in the turn in which the pod's end is.
 *
 * outputs_save() blocks; for job threads (or in place when there are no artifacts: it then reads a
 * few small files).
 */
#ifndef RUNNER_OUTPUTS_H
#define RUNNER_OUTPUTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/vec.h"
#include "runner/runtime.h"

struct box_exit;
struct json_build;
struct plan;
struct podio;

enum { OUTPUTS_PARAMETER_BYTES = 256 * 1024 };

/* How one declared output fared inside; in the order of the box's list. */
struct outputs_taken {
    int state; /* enum box_output_state */
    char *text;
};

typedef VEC(struct runtime_blob) runtime_blob_vec;

struct outputs_work {
    const struct podio *io;
    const struct plan *plan; /* for what is sent elsewhere: its secrets */
    const struct runtime_blobs *blobs;
    int dir;        /* the attempt's directory */
    bool succeeded; /* the main container's exit code was 0: what is missing is an error */
    VEC(struct outputs_taken) taken; /* empty: it never ran */
    /* Results. */
    char *progress;     /* "N/M" as the step last said; NULL: it said nothing */
    char *result;       /* NULL: none */
    VEC(char *) values; /* of parameters; NULL: missing */
    runtime_blob_vec saved;
    VEC(size_t) saved_first, saved_count; /* by artifact: its blobs */
    VEC(bool) sent;                       /* by artifact: it is where it belongs elsewhere */
    char *error;                          /* the first required one that could not be saved */
};

/* Copies what the record says about outputs. */
void outputs_take(struct outputs_work *w, const struct box_exit *x);
void outputs_save(struct outputs_work *w);
/* Adds the fields progress, result, parameters, artifacts, missing and error. */
void outputs_write(const struct outputs_work *w, struct json_build *b);
void outputs_done(struct outputs_work *w);

/* Names in the outbox: p0, p1, ... for parameters, a0, a1, ... for artifacts. */
void outputs_name(char kind, size_t i, char name[16]);

#endif
