/*
 * recovery - the pods that an earlier process had ordered to start, until each has been looked at.
 *
 * What such a pod takes of the machine is known when the runtime has it.  The runtime admits no new
 * pod before that, and waits for the word that only the store can give: all have been handed over.
 *
 *   LEFT -- a pass of the Pod controller over the last of them --> OVER   (the runtime is told)
 *
 * A pod whose pass fails is looked at again and stays here until then.  One that cannot be handed
 * over because something it refers to is gone does not hold up the others.  Core thread.
 */
#ifndef CONTROL_RECOVERY_H
#define CONTROL_RECOVERY_H

#include <stdbool.h>

#include "base/map.h"
#include "base/str.h"

struct control;
struct core_module;
struct turn;

struct recovery {
    struct map left; /* by uid; the values mean nothing */
    bool over;
};

/* Its self is the struct control; added after the controllers. */
extern const struct core_module recovery_module;

/* A pass over the pod is done; counts when the turn is committed. */
void recovery_seen(struct control *c, struct turn *t, struct str uid);

#endif
