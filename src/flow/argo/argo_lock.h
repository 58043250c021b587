/*
 * argo_lock - `synchronization`: which locks a workflow or template needs, and what is shown of
 * them.
 *
 * Names: NAMESPACE/Mutex/NAME, NAMESPACE/ConfigMap/MAP/KEY for a semaphore whose limit is the
 * number under that key.  Both the lists (mutexes, semaphores) and the older single forms count.
 * Locks kept in a database are refused: there is none here.
 */
#ifndef FLOW_ARGO_ARGO_LOCK_H
#define FLOW_ARGO_ARGO_LOCK_H

#include <stdint.h>

#include "flow/language.h"

struct json;
struct json_build;

/* struct flow_language's locks and lock_limit. */
int argo_locks(struct turn *t, struct flow_run *run, struct flow_node *n,
               struct flow_lock_names *names, struct err *e);
int argo_lock_limit(struct turn *t, struct flow_run *run, struct str name, int64_t *ret,
                    struct err *e);

/* status.synchronization: what the run and its nodes hold and wait for; nothing where they do
 * neither. */
void argo_lock_add_status(struct json_build *b, const struct flow_run *run);

#endif
