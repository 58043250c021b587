#include "flow/flow_expiry.h"

#include "api/objects.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/vec.h"
#include "core/turn.h"
#include "flow/flow_int.h"
#include "flow/flow_run.h"

enum { EXPIRED_AT_ONCE = 50 };

void
flow_expiry_note(struct flow_run *run)
{
    struct flow *f = run->flow;

    if (!f->options.expires || run->expires_us == 0)
        return;
    if (!core_timer_armed(&f->expiry) || f->expiry.at_us > run->expires_us)
        flow_set_timer(f, &f->expiry, run->expires_us);
}

int
flow_expiry_restore(struct turn *t, struct flow *f, struct err *e)
{
    int64_t next;

    if (!f->options.expires)
        return 0;
    if (run_rows_next_expiry(turn_db(t), &next, e) < 0)
        return e->code;
    if (next != 0)
        flow_set_timer(f, &f->expiry, next);
    return 0;
}

struct expired {
    int64_t run;
    char *uid;
};

typedef VEC(struct expired) expired_vec;

static int
add_expired(void *arg, const struct run_row *row, struct err *e)
{
    expired_vec *found = arg;
    struct expired one = {row->run, str_dup(row->uid)};

    (void)e;
    vec_push(found, one);
    return 0;
}

/* Whoever holds it with a finalizer lets it go in his own time. */
static int
remove_one(struct flow *f, struct turn *t, const struct expired *one, struct err *e)
{
    cleanup_object struct object *o = objects_find_uid(f->objects, t, str_of(one->uid));
    int rc = 0;

    if (o != NULL) {
        log_info("flow", "%.*s has expired", STR_ARG(object_name(o)));
        rc = objects_delete(f->objects, t, object_kind(o), object_namespace(o), object_name(o),
                            NULL, NULL, e);
    }
    if (rc < 0 && rc != ERR_NOTFOUND)
        return rc;
    return run_rows_expire_never(turn_db(t), one->run, e);
}

int
flow_expiry_due(struct core_timer *timer, struct turn *t, struct err *e)
{
    struct flow *f = CONTAINER_OF(timer, struct flow, expiry);
    expired_vec found = VEC_INIT;
    int rc =
        run_rows_each_expired(turn_db(t), turn_now_us(t), EXPIRED_AT_ONCE, add_expired, &found, e);

    for (size_t i = 0; i < found.n; i++) {
        if (rc >= 0)
            rc = remove_one(f, t, &found.at[i], e);
        free(found.at[i].uid);
    }
    vec_done(&found);
    return rc < 0 ? err_wrap(e, "delete what has expired") : flow_expiry_restore(t, f, e);
}
