/*
 * podio - inputs to place and outputs to save: the annotation sluice.dev/io.
 *
 *   {"main": ["main"],              containers whose end is the pod's; absent: all
 *    "sidecars": ["name"],          containers that are stopped when the main ones have ended
 *    "after": {"b": ["a"]},         b starts when a has ended well, never if it has not
 *    "retries": N, "retryPauseUs": N  a main container that failed runs again so often, and when
 *    "result": true,                keep the main container's stdout
 *    "inputs": [{"name","path","mode"?,
 *                "blob":KEY | "raw":TEXT | "http":{} | "git":{},
 *                "archive":"auto"|"none","subPath"?,"optional"?,"anywhere"?}],
 *    "outputs": {"parameters":[{"name","path","default"?}],
 *                "artifacts":[{"name","path","key","archive":"tar"|"zip"|"none","level"?,
 *                              "optional"?,"mode"?,"http"?:{}}]},   http: sent there, not stored
 *    "archiveLogs": KEY,
 *    "progress": PATH,              the file whose last line says how far the main container is
 *    "overLabel": NAME}             a label of the pod that becomes "true" when the pod is over
 *
 * "anywhere": only words of command and args name the path, each as a whole, so that without
 * isolation the file stays where it is and these words follow it.
 *
 * Inputs and outputs belong to the first main container.  Text is borrowed from the annotation's
 * document, which the arena's owner keeps.  Any thread.
 */
#ifndef RUNNER_PODIO_H
#define RUNNER_PODIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct arena;
struct err;
struct json;
struct json_doc;

enum podio_archive { PODIO_AUTO, PODIO_NONE, PODIO_TAR, PODIO_ZIP };

struct podio_input {
    struct str name, path, blob, raw, sub_path; /* .p NULL: it is none of these */
    const struct json *http, *git;              /* runner/remote.h; NULL: neither */
    int64_t mode;                               /* -1: as it is */
    enum podio_archive archive;                 /* AUTO or NONE */
    bool optional, anywhere;
};

struct podio_parameter {
    struct str name, path, otherwise; /* otherwise.p NULL: none */
};

struct podio_artifact {
    struct str name, path, key;
    const struct json *http;    /* where it is sent instead; NULL: to the store */
    enum podio_archive archive; /* TAR, ZIP or NONE */
    int level;                  /* of compression, 0-9; -1: the library's */
    bool optional;
};

struct podio {
    struct json_doc *doc; /* of the annotation; NULL: there is none */
    const struct json *main, *sidecars;
    const struct json *after; /* NULL: all start together */
    int64_t retries, retry_pause_us;
    bool result;
    struct podio_input *inputs;
    size_t inputs_n;
    struct podio_parameter *parameters;
    size_t parameters_n;
    struct podio_artifact *artifacts;
    size_t artifacts_n;
    struct str archive_logs; /* .p NULL: no */
    struct str progress;     /* an absolute path; .p NULL: no */
};

/* `pod` is the whole object.  ERR_INVALID naming the annotation and the field.  *ret->doc belongs
 * to the caller, who unrefs it when the arena goes. */
int podio_parse(const struct json *pod, struct arena *a, struct podio **ret, struct err *e);
/* Whether something is to be saved. */
bool podio_has_outputs(const struct podio *io);

#endif
