/*
 * podview - what is known of a pod that is not over, and its Pod.status.
 *
 * The runtime's events are facts about the world, whatever becomes of a turn: they are kept here as
 * they come, and the controller's next pass writes what they amount to.  A view belongs to the
 * control; it goes when the end of its pod is committed, or its object is gone.
 *
 * Core thread.
 */
#ifndef CONTROL_PODVIEW_H
#define CONTROL_PODVIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/vec.h"
#include "io/timer.h"
#include "runner/runtime.h"

struct control;
struct json;
struct json_doc;

struct podview_exit {
    bool there;
    int code, signal;
    char *reason, *message;
    int64_t started_us, ended_us;
    unsigned attempt;
};

struct podview_container {
    char *name;
    bool init;
    bool running, ready, probed_started;
    bool wanted, fenced; /* the runtime asks for attempt `attempt` */
    unsigned attempt;    /* the current one */
    unsigned restarts;
    char *waiting, *waiting_text; /* reason and message while it does not run */
    char *image_id;
    int64_t started_us;
    struct podview_exit exit, last; /* of the current attempt, and of the one before */
};

struct podview_note {
    bool warning;
    char *reason, *message;
};

struct podview_condition {
    bool known, value;
    int64_t since_us;
};

enum { POD_SCHEDULED, POD_INITIALIZED, POD_CONTAINERS_READY, POD_READY, POD_CONDITIONS };

struct podview {
    struct list link; /* when it is to be freed */
    struct control *control;
    char *uid;
    bool handed; /* the runtime has it */
    bool dirty;  /* status has to be written */
    struct timer hold;
    VEC(struct podview_container) containers;
    VEC(struct podview_note) notes;
    char *queued;       /* what it waits for */
    bool unschedulable; /* in vain */
    int64_t start_us;
    uint32_t address;       /* of the pod network; 0: the machine's */
    uint64_t names_version; /* that it was given */
    int64_t renew_us;       /* wall: its tokens need to be replaced; 0: it has none */
    struct podview_condition conditions[POD_CONDITIONS];
    /* refused: */
    char *refused_reason;
    int refusals;
    int64_t retry_us;
    /* being deleted: */
    bool stop_sent;
    int64_t stop_grace_us;
    /* the end: */
    bool ended;
    char *phase, *reason, *message;
    struct json_doc *outputs;
    VEC(struct runtime_blob) blobs;
};

/* From the object: its containers, and what its status remembers. */
struct podview *podview_new(struct control *c, const struct json *pod);
void podview_free(struct podview *v);

struct podview_container *podview_container(struct podview *v, const char *name);
/* Takes an event in.  True: the controller must look now; false: it may wait POD_HOLD_US. */
bool podview_apply(struct podview *v, const struct runtime_event *event);
/* "Pending", "Running", or the phase of the end. */
const char *podview_phase(const struct podview *v);
/* The whole status of the pod.  Conditions that change get `now_us` as their time. */
struct json_doc *podview_status(struct podview *v, const struct json *pod, int64_t now_us);
void podview_set_exit(struct podview_exit *x, int code, int signal, const char *reason,
                      const char *message, int64_t started_us, int64_t ended_us);

#endif
