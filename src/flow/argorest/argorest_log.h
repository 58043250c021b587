/*
 * argorest_log - the logs of a workflow, while they are read: what argorest_log.c (the request and
 * its stream, on an edge thread) and argorest_logpods.c (which pods there are, in turns of the
 * core) share.
 *
 *     LISTING -- a page of its pods, in a turn; more ----------> LISTING
 *             -- no more --------------------------------------> READING
 *     READING -- a pod is waiting: opened, in a turn ----------> READING
 *             -- follow, and the workflow is over -------------> LISTING, once: the last pods
 *             -- follow, and changes were missed --------------> LISTING
 *             -- nothing is open, nothing will come -----------> OVER
 *
 * The edge thread asks for a turn (struct apifetch) and touches nothing until it is over, so that
 * the two never run at once.
 */
#ifndef FLOW_ARGOREST_ARGOREST_LOG_H
#define FLOW_ARGOREST_ARGOREST_LOG_H

#include <pthread.h>
#include <stdbool.h>

#include "api/apifetch.h"
#include "api/apipod.h"
#include "api/apistream.h"
#include "api/objects.h"
#include "api/watchlog.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/vec.h"

struct apiserver_config;
struct err;
struct regex;
struct selector;
struct turn;

/* A log that is being read. */
struct argorest_logsource {
    struct apistream *stream;
    char *pod;
    struct buf raw; /* what is no whole line yet */
};

struct argorest_log {
    struct apistream stream;
    struct apifetch fetch;
    const struct apiserver_config *api;
    char *ns, *workflow, *pod, *container; /* pod, container: NULL if none was named */
    struct selector *selector;             /* of pods; NULL: all */
    struct regex *grep;                    /* of lines; NULL: all */
    struct apipod_log options;
    bool sse;

    bool listing, over, last; /* the workflow is over; this is the last list */
    char *after;              /* the last pod that was listed */
    struct map known;         /* uids of pods that were taken */
    object_vec waiting;
    VEC(struct argorest_logsource) open;
    struct watchcursor pods, workflows; /* while it follows */

    struct buf ready;
    size_t taken;

    pthread_mutex_t lock; /* of the next one: changes are heard of on any thread */
    bool closed;
};

/* A log or a watch has more.  Any thread; `arg` is the struct argorest_log. */
void argorest_log_on_event(void *arg);

/* struct apifetch's run: the next page of pods, or the logs of those that wait. */
int argorest_logpods_fetch(struct apifetch *f, struct turn *t, struct err *e);
/* The next page of pods. */
int argorest_logpods_list(struct argorest_log *l, struct turn *t, struct err *e);
/* What has changed, while it follows.  Edge thread. */
void argorest_logpods_hear(struct argorest_log *l);

#endif
