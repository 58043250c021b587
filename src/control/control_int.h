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
    char *api_address;      /* where pods reach the API; NULL: they do not */
    struct map views;       /* of pods, by uid: struct podview */
    struct map services;    /* that have a selector: uid -> namespace (its own text) */
    struct map forwardings; /* of Services, by uid: struct forwarding */
    struct map endpoints;   /* by uid: "namespace/name", its own text */
    struct {
        struct map of;    /* Services by uid: struct servicename */
        uint64_t version; /* of what any name stands for */
    } names;
    struct map unbound;   /* uids of pods that wait for the Node to take pods again */
    struct list finished; /* views to free at the next pass of the loop */
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
void forwarding_done(struct control *c);

/* servicenames.c */
extern const struct controller_row servicenames_row;
void servicenames_forget(void *control);
/* Lines of /etc/hosts for pods of the namespace. */
void servicenames_text(const struct control *c, struct str ns, struct buf *to);

/* podapi.c */

/* Adds names, Services and tokens to the plan, and the volume of the API's token to its pod.
 * ERR_NOTFOUND: a token was asked for, of an account that is not there. */
int podapi_gather(struct control *c, struct turn *t, const struct object *pod, struct plan *p,
                  struct err *e);
/* When the plan's tokens, signed now, are to be replaced; 0: never. */
int64_t podapi_renewal(const struct plan *p, int64_t now_us);
/* For runtime_ops.refresh. */
struct plan *podapi_refresh(struct control *c, struct turn *t, const struct object *pod,
                            uint32_t address, bool tokens);

/* In every namespace: the certificate authority of the API. */
#define CONTROL_CA_MAP "kube-root-ca.crt"
#define CONTROL_CA_KEY "ca.crt"

/* The directory of a claim, absolute, in the arena. */
const char *pvc_directory(const struct control *c, const struct object *pvc, struct arena *a);

/* podplan.c.  What the pod refers to.  0 and a new plan without attempts; ERR_NOTFOUND with a
 * reason for what is not there yet; other errors are for good. */
int podplan_gather(struct control *c, struct turn *t, const struct object *pod, struct plan **ret,
                   const char **ret_reason, struct err *e);

#endif
