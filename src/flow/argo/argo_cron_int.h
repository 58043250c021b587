/*
 * argo_cron_int - what the files of argo_cron know of each other.
 */
#ifndef FLOW_ARGO_ARGO_CRON_INT_H
#define FLOW_ARGO_ARGO_CRON_INT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/vec.h"

struct err;
struct json_build;
struct object;
struct objects;
struct turn;

/* Children of one CronWorkflow, as one pass finds them. */
struct argo_cron_children {
    VEC(const struct object *) active; /* borrowed from `all` */
    VEC(struct object *) all;
    int64_t succeeded, failed; /* since it was made */
};

int argo_cron_find_children(struct objects *os, struct turn *t, const struct object *cron,
                            struct argo_cron_children *ret, struct err *e);
void argo_cron_children_done(struct argo_cron_children *c);
/* Deletes the oldest that ended, beyond the limits. */
int argo_cron_prune(struct objects *os, struct turn *t, const struct object *cron,
                    const struct argo_cron_children *c, struct err *e);

#define ARGO_CRON_LABEL(name) "cronworkflows.argoproj.io/" name

/* "CRON_TZ=zone minute hour ...,..." of all its schedules: what upstream remembers as the last ones
 * used.  The caller frees. */
char *argo_cron_schedules(const struct object *cron);

/* What a pass has found. */
struct argo_cron_news {
    const struct argo_cron_children *children;
    const char *schedules;
    const char *last; /* lastScheduledTime; NULL: as it was */
    bool stopped;
    bool tried;                                 /* a child was to be made */
    const struct err *wrong_spec, *wrong_child; /* NULL: nothing is wrong */
};

/* Writes status, labels and annotations. */
int argo_cron_write(struct objects *os, struct turn *t, const struct object *cron,
                    const struct argo_cron_news *n, struct err *e);

/* Its `when` lets it start a child now. */
int argo_cron_when(struct turn *t, const struct object *cron, const struct argo_cron_children *c,
                   bool *ret, struct err *e);
/* Its stopStrategy says that it is enough. */
int argo_cron_is_enough(struct turn *t, const struct object *cron,
                        const struct argo_cron_children *c, bool *ret, struct err *e);

#endif
