/* pod_int - shared by the files of the Pod controller. */
#ifndef CONTROL_POD_INT_H
#define CONTROL_POD_INT_H

#include <stdint.h>

#include "base/str.h"
#include "control/podview.h"

struct control;
struct err;
struct object;
struct plan;
struct turn;

/* pod.c: the view leaves the control's map and is freed later. */
void pod_drop_view(struct podview *v);
void pod_record_notes(struct control *c, struct turn *t, const struct object *o, struct podview *v);

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
