/*
 * argo_condition - status.conditions of a Workflow.
 *
 *   PodRunning    True while a pod runs
 *   Completed     True once it is over
 *   SpecWarning   fields of the spec that have no effect here, by name
 *
 * Core thread; src/flow/argo only.
 */
#ifndef FLOW_ARGO_ARGO_CONDITION_H
#define FLOW_ARGO_ARGO_CONDITION_H

#include <stdbool.h>

struct flow_run;
struct json;
struct json_build;

/* The names of fields of a spec, or of its templates, that are accepted without effect; NULL: there
 * are none.  The caller frees. */
char *argo_condition_find_idle(const struct json *spec);
/* Adds the run's conditions as they are now. */
void argo_condition_add_all(struct json_build *b, const struct flow_run *run);
/* Adds one to an open array; `message` may be NULL. */
void argo_condition_add(struct json_build *b, const char *type, bool status, const char *message);

#endif
