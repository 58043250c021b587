/*
 * node - whether this machine takes new Pods.
 *
 * Core thread, in a turn.
 */
#ifndef CONTROL_NODE_H
#define CONTROL_NODE_H

#include <stdbool.h>

#include "base/str.h"

struct control;
struct turn;

/* The Node is marked unschedulable. */
bool node_is_cordoned(struct control *c, struct turn *t);
/* The Pod is to be looked at again when that ends. */
void node_wait(struct control *c, struct str pod_uid);

#endif
