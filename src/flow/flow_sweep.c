#include "flow/flow_sweep.h"

#include <stdlib.h>

#include "api/objects.h"
#include "base/err.h"
#include "base/mem.h"
#include "core/turn.h"
#include "flow/flow_int.h"

static void
arm(struct flow *f, int64_t at_us)
{
    if (!core_timer_armed(&f->sweep) || f->sweep.at_us > at_us)
        flow_set_timer(f, &f->sweep, at_us);
}

void
flow_sweep_later(struct flow *f, struct str uid, int64_t at_us)
{
    vec_push(&f->leaving, ((struct flow_leaving){.pod = str_dup(uid), .at_us = at_us}));
    arm(f, at_us + FLOW_SWEEP_PAUSE_US);
}

void
flow_sweep_forget(struct flow *f)
{
    core_timer_stop(&f->sweep);
    for (size_t i = 0; i < f->leaving.n; i++)
        free(f->leaving.at[i].pod);
    vec_done(&f->leaving);
}

/* Its end stands by now; one that somebody else has taken away is no matter. */
static int
remove_pod(struct flow *f, struct turn *t, const char *uid, struct err *e)
{
    cleanup_object struct object *pod = objects_find_uid(f->objects, t, str_of(uid));
    struct objects_delete how = {.grace_seconds = 0};
    int rc;

    if (pod == NULL || !object_is_finished(pod))
        return 0;
    rc = objects_delete(f->objects, t, &kind_pod, object_namespace(pod), object_name(pod), &how,
                        NULL, e);
    return rc == ERR_NOTFOUND ? 0 : rc;
}

int
flow_sweep_due(struct core_timer *timer, struct turn *t, struct err *e)
{
    struct flow *f = CONTAINER_OF(timer, struct flow, sweep);
    int64_t now_us = turn_now_us(t), next_us = INT64_MAX;
    size_t kept = 0;

    /* If one fails all of them are tried again. */
    for (size_t i = 0; i < f->leaving.n; i++) {
        if (f->leaving.at[i].at_us <= now_us && remove_pod(f, t, f->leaving.at[i].pod, e) < 0)
            return err_wrap(e, "delete pods that are over");
    }
    for (size_t i = 0; i < f->leaving.n; i++) {
        struct flow_leaving l = f->leaving.at[i];

        if (l.at_us <= now_us) {
            free(l.pod);
            continue;
        }
        next_us = l.at_us < next_us ? l.at_us : next_us;
        f->leaving.at[kept++] = l;
    }
    f->leaving.n = kept;
    if (kept > 0)
        arm(f, next_us + FLOW_SWEEP_PAUSE_US);
    return 0;
}
