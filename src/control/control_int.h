/* control_int - what the controllers of this folder share. */
#ifndef CONTROL_CONTROL_INT_H
#define CONTROL_CONTROL_INT_H

#include "base/list.h"
#include "base/map.h"
#include "control/control.h"
#include "control/podaddress.h"
#include "control/recovery.h"
#include "core/controller.h"
#include "io/loop.h"

struct arena;
struct buf;
struct object;
struct plan;
struct podview;
struct turn;

struct control {
    struct control_config config;
    struct runtime *runtime;
    char *data;
    struct map views;       /* of pods, by uid: struct podview */
    struct map services;    /* that have a selector: uid -> namespace (its own text) */
    struct map forwardings; /* of Services, by uid: struct forwarding */
    struct map endpoints;   /* by uid: "namespace/name", its own text */
    struct map unbound;     /* uids of pods that wait for the Node to take pods again */
    struct list finished;   /* views to free at the next pass of the loop */
    struct recovery recovery;
    struct podaddress addresses;
    struct task sweep;
    char *boot_id;
    bool root; /* ranges of ids can be had */
};

extern const struct controller_row pod_controller_row;
extern const struct controller_row pvc_controller_row;
extern const struct controller_row namespace_controller_row;
extern const struct controller_row node_controller_row;
extern const struct controller_row endpoints_service_row, endpoints_pod_row;

extern const struct controller_row forwarding_service_row, forwarding_endpoints_row;

/* endpoints.c, forwarding.c: drop what is known of Services. */
void endpoints_forget(void *control);
void forwarding_forget(void *control);

/* The directory of a claim, absolute, in the arena. */
const char *pvc_directory(const struct control *c, const struct object *pvc, struct arena *a);

/* podplan.c.  What the pod refers to.  0 and a new plan without attempts; ERR_NOTFOUND with a
 * reason for what is not there yet; other errors are for good. */
int podplan_gather(struct control *c, struct turn *t, const struct object *pod, struct plan **ret,
                   const char **ret_reason, struct err *e);

#endif
