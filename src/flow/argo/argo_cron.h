/*
 * argo_cron - CronWorkflows: workflows that start by the clock.
 *
 *   (seen) -- schedule cannot be read -------------> condition SpecError, nothing is planned
 *          -- suspended, or Stopped ---------------> nothing is planned
 *          -- else ---------------------------------> PLANNED for the next time of any schedule
 *   PLANNED -- that time, `when` and the policy agree --> a child is made; PLANNED for the next
 *   (after a restart) -- the last time that was missed is within startingDeadlineSeconds, and the
 *                        schedule is the one that was used --> a child for that time
 *
 * A child is named after its time, so that no time is run twice.  What the object says of its
 * children follows from them, in each pass: who is active, how many ended how, whether that is
 * enough (stopStrategy), and which are old enough to go.
 *
 * A controller of its own; core thread.
 */
#ifndef FLOW_ARGO_ARGO_CRON_H
#define FLOW_ARGO_ARGO_CRON_H

#include <stdbool.h>
#include <stdint.h>

struct argo_cron;
struct controllers;
struct core;
struct err;
struct json;
struct json_doc;
struct object;
struct objects;

/* Attaches itself to a core. */
struct argo_cron *argo_cron_new(struct core *core, struct controllers *controllers,
                                struct objects *objects);
/* NULL is fine. */
void argo_cron_free(struct argo_cron *c);

/* The next time of any schedule of a CronWorkflow's spec, in microseconds since 1970; 0: none.
 * ERR_BADREQUEST, ERR_INVALID: one cannot be read.  Pure but for zone files; any thread. */
int argo_cron_next(const struct json *spec, int64_t after_us, int64_t *ret, struct err *e);

/* The Workflow that a CronWorkflow starts for a time; by hand, it is named after the CronWorkflow
 * alone. */
struct json_doc *argo_cron_child(const struct object *cron, int64_t at_us, bool by_hand);

#endif
