#include "flow/flow_expiry.h"

#include <inttypes.h>
#include <stdlib.h>

#include "api/objects.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/vec.h"
#include "core/core.h"
#include "core/turn.h"
#include "data/json.h"
#include "flow/flow_compose.h"
#include "flow/flow_int.h"
#include "flow/flow_run.h"
#include "store/run_rows.h"

enum { EXPIRED_AT_ONCE = 50 };

void
flow_expiry_note(struct flow_run *run)
{
    struct flow *f = run->flow;
    /* Not in this turn: only its end writes the row. */
    int64_t soon_us = turn_now_us(core_turn(f->core)) + 1;
    int64_t at_us = run->expires_us > soon_us ? run->expires_us : soon_us;

    if (!f->options.expires || run->expires_us == 0)
        return;
    if (!core_timer_armed(&f->expiry) || f->expiry.at_us > at_us)
        flow_set_timer(f, &f->expiry, at_us);
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
    struct json_doc *frozen;
};

typedef VEC(struct expired) expired_vec;

static int
add_expired(void *arg, const struct run_row *row, struct err *e)
{
    expired_vec *found = arg;
    struct expired one = {.run = row->run};

    if (json_parse(row->frozen, NULL, &one.frozen, e) < 0)
        return err_wrap(e, "run %" PRId64, row->run);
    one.uid = str_dup(row->uid);
    vec_push(found, one);
    return 0;
}

/* Whoever holds it with a finalizer lets it go in his own time. */
static int
remove_object(struct flow *f, struct turn *t, const struct object *o, struct err *e)
{
    int rc;

    log_info("flow", "%.*s has expired", STR_ARG(object_name(o)));
    rc = objects_delete(f->objects, t, object_kind(o), object_namespace(o), object_name(o), NULL,
                        NULL, e);
    return rc == ERR_NOTFOUND ? 0 : rc;
}

static int
attend(struct flow *f, struct turn *t, const struct expired *one, struct err *e)
{
    cleanup_object struct object *o = objects_find_uid(f->objects, t, str_of(one->uid));
    const struct flow_language *l = o != NULL ? flow_language_of(f, object_kind(o)) : NULL;
    struct flow_expired x = {.again_us = 0};

    if (l != NULL && l->expired(f, t, o, json_root(one->frozen), &x, e) < 0)
        return e->code;
    if (x.remove && remove_object(f, t, o, e) < 0)
        return e->code;
    return run_rows_expire_at(turn_db(t), one->run, x.remove ? 0 : x.again_us, e);
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
            rc = attend(f, t, &found.at[i], e);
        free(found.at[i].uid);
        json_doc_unref(found.at[i].frozen);
    }
    vec_done(&found);
    return rc < 0 ? err_wrap(e, "attend to what has expired") : flow_expiry_restore(t, f, e);
}
