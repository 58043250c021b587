/* pod_int - shared by the files of the Pod controller. */
#ifndef CONTROL_POD_INT_H
#define CONTROL_POD_INT_H

#include <stdint.h>

#include "base/str.h"
#include "control/podview.h"

struct control;
struct controller_pass;
struct err;
struct object;
struct plan;
struct turn;

/* pod.c: the view leaves the control's map and is freed later. */
void pod_drop_view(struct podview *v);

/* pod_begin.c: the pod is not the runtime's yet. */

/* Hands it over, or says what keeps it.  p->again_at_us is when to look again. */
int pod_begin(struct control *c, struct turn *t, const struct object *o, struct podview *v,
              struct controller_pass *p, struct err *e);
/* The runtime could not start it.  ErrImagePull at first, ImagePullBackOff from then on. */
int pod_refused(struct control *c, struct turn *t, const struct object *o, struct podview *v,
                struct controller_pass *p, struct err *e);
/* No machine takes it now.  That is said once, after a moment, where nobody else (a scheduler of
 * the user's own) has written a status since. */
int pod_stay_pending(struct control *c, struct turn *t, const struct object *o,
                     struct controller_pass *p, struct err *e);
/* It has a Node. */
bool pod_is_bound(const struct control *c, const struct object *o);
/* The start time that status remembers, RFC 3339 in seconds; 0: it never began. */
int64_t pod_start_time(const struct object *o);

/* pod_order.c: what a pass leaves behind. */

/* Events of the object, for what the runtime noted. */
void pod_record_notes(struct control *c, struct turn *t, const struct object *o, struct podview *v);
int pod_write_status(struct control *c, struct turn *t, const struct object *o, struct podview *v,
                     struct err *e);
/* Orders to the runtime, given after the commit.  Plans are borrowed: pod_keep_plan(). */
void pod_order_start(struct turn *t, struct podview *v, struct plan *plan, bool adopt);
void pod_order_again(struct turn *t, struct podview *v, struct podview_container *pc);
void pod_order_refresh(struct turn *t, struct podview *v, struct plan *plan);
void pod_order_stop(struct turn *t, struct podview *v, int64_t grace_us);
/* The plan lasts until the end of the turn. */
void pod_keep_plan(struct turn *t, struct plan *plan);

/* pod_attempt.c: rows of attempts. */

/* The first attempt of each container. */
int pod_insert_first(struct control *c, struct turn *t, struct podview *v, struct err *e);
/* The attempt that the runtime asks for, in place of the one before. */
int pod_insert_next(struct control *c, struct turn *t, struct podview *v,
                    struct podview_container *pc, struct err *e);
/* The ends that are known and not in their rows yet. */
int pod_record_exits(struct turn *t, struct podview *v, struct err *e);
/* Fills the plan's attempts and the view from the rows.  The number of rows. */
int pod_load_attempts(struct turn *t, struct podview *v, struct plan *plan, struct err *e);

/* pod_end.c: v->ended is set. */
int pod_end(struct control *c, struct turn *t, const struct object *o, struct podview *v,
            struct err *e);

#endif
