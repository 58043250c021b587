/*
 * rights - who may do what: a fixed evaluator, until there are Roles.
 *
 *     system:masters          everything
 *     a service account       in its own namespace: pods and their logs, configmaps, events,
 *                             workflows and their templates; no secrets, exec, token creation
 *     system:monitoring       /metrics
 *     everybody who is known  discovery, and reviews of themselves
 *
 * Pure; any thread.
 */
#ifndef AUTH_RIGHTS_H
#define AUTH_RIGHTS_H

#include <stdbool.h>

#include "base/str.h"

struct apiright;
struct buf;
struct caller;

bool rights_allow(const struct caller *who, const struct apiright *right);
/* The status of a SelfSubjectRulesReview, as JSON. */
void rights_rules(const struct caller *who, struct str ns, struct buf *to);

#endif
