/*
 * podlog - the log of a container, as the body of an answer.
 *
 * The file is plain and grows while the container runs (sandbox/boxrecord.h), so whoever pulls the
 * stream reads it.  One that follows looks again every LOGS_PAUSE_US while the container runs; that
 * it has ended is heard from the changes of its Pod, after which what is left is the rest.
 *
 *     READING -- end of file, nothing follows or the container has ended --> OVER
 *     READING -- end of file, follow ------------------------------------> waits, READING
 *
 * Opened in a turn; then one thread at a time.
 */
#ifndef CONTROL_PODLOG_H
#define CONTROL_PODLOG_H

struct apipod_log;
struct apistream;
struct clock;
struct err;
struct turn;
struct watchlog;

struct podlog_config {
    const char *data;          /* the data directory; absolute */
    struct watchlog *watchlog; /* NULL: nothing can be followed */
    const struct clock *clock;
};

/* For apipod_ops.log; `config` is a struct podlog_config that outlives the stream.  ERR_BADREQUEST
 * in the kubelet's words if there is no log. */
int podlog_open(void *config, struct turn *t, const struct apipod_log *wanted,
                struct apistream **ret, struct err *e);

#endif
