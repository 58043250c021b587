/*
 * apipod - what the API needs of whoever runs Pods: their logs, and commands inside of them.
 *
 * The API finds the Pod and the container, and reads the query; the rest is the business of the
 * parts below, which it does not know.
 */
#ifndef API_APIPOD_H
#define API_APIPOD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct apiparam;
struct apistream;
struct call;
struct err;
struct object;
struct problems;
struct turn;

struct apipod_log {
    const struct object *pod; /* borrowed for the call */
    struct str container;
    bool follow, previous, timestamps;
    int64_t tail_lines;  /* < 0: all */
    int64_t limit_bytes; /* < 0: all */
    int64_t since_us;    /* wall time; INT64_MIN: from the beginning */
};

/* The query of a log request.  ERR_BADREQUEST if it cannot be read; values that are not allowed go
 * into ps. */
int apipod_log_read(struct apipod_log *log, const struct apiparam *p, struct problems *ps,
                    struct err *e);

/* A command to run; the owner frees it with apipod_exec_free(). */
struct apipod_exec {
    char *uid, *container;
    unsigned attempt;  /* of the container */
    const char **argv; /* NULL-terminated */
    bool input, output, error, tty;
};
void apipod_exec_free(struct apipod_exec *x); /* NULL is fine */

/* "sluice://UID/CONTAINER/N" of a container's status: N.  False if it is none. */
bool apipod_attempt(struct str container_id, unsigned *ret);

struct apipod_ops {
    /* In a turn.  The text of the log as a stream.  ERR_BADREQUEST in the kubelet's words where
     * there is none (yet). */
    int (*log)(void *arg, struct turn *t, const struct apipod_log *log, struct apistream **ret,
               struct err *e);
    /* On the edge thread of the call: answers it with a connection to the command.  An error leaves
     * the call unanswered. */
    int (*exec)(void *arg, struct call *c, const struct apipod_exec *exec, struct err *e);
};

#endif
