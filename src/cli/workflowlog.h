/*
 * workflowlog - what the steps of a workflow of the server print.
 *
 * Lines are printed as "POD: TEXT", in a colour by the pod's name: pod after pod, or as they come
 * when the workflow is followed.  Main thread only; blocks.
 */
#ifndef CLI_WORKFLOWLOG_H
#define CLI_WORKFLOWLOG_H

#include <stdbool.h>

struct cli;
struct err;
struct serverlink;

struct workflowlog_query {
    bool follow; /* until the workflow is over; else what is there now */
    bool timestamps;
    bool previous;   /* of the attempt before the present one */
    const char *pod; /* NULL: all */
    const char *container;
    const char *tail;       /* last lines of each container, a number; NULL: all */
    const char *since;      /* seconds, a number; NULL: all */
    const char *since_time; /* a time stamp; NULL: all */
    const char *grep;       /* a regular expression that lines must match; NULL: all */
    const char *selector;   /* of pods' labels; NULL: all */
};

int workflowlog(struct cli *c, struct serverlink *r, const char *ns, const char *name,
                const struct workflowlog_query *q, struct err *e);

#endif
