/* rig - a core on a scratch store, with a clock that the test turns. */
#ifndef TESTS_UNIT_CORE_RIG_H
#define TESTS_UNIT_CORE_RIG_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "core/core.h"
#include "core/core_timer.h"
#include "core/turn.h"
#include "store/db.h"
#include "store/store.h"
#include "tests/unit/store/scratch.h"
#include "tests/unit/test.h"

enum { RIG_START_S = 1700000000 };

struct rig {
    struct scratch dir;
    struct clock_manual clock;
    struct store *store;
    struct core *core;
    _Atomic int wakes;
    struct buf story; /* what happened, as text */
};

static inline void
rig_wake_(void *arg)
{
    ((struct rig *)arg)->wakes++;
}

/* `more` says what is not as usual of the options. */
static inline void
rig_open_as(struct rig *r, const struct core_options *more)
{
    struct err e = ERR_INIT;
    struct store_options o = {.clock = &r->clock.clock};
    struct core_options co = *more;

    if (co.clock == NULL)
        co.clock = &r->clock.clock;
    co.wake = rig_wake_;
    co.wake_arg = r;

    log_set_level(LOG_ERROR + 1);
    r->dir = scratch_new();
    r->story = BUF_INIT;
    r->wakes = 0;
    clock_manual_init(&r->clock, RIG_START_S * CLOCK_SECOND);
    if (store_open(r->dir.path, &o, &r->store, &e) < 0 ||
        db_exec(r->store != NULL ? store_db(r->store) : NULL, "CREATE TABLE t(a TEXT)", &e) < 0)
        fail_msg("%s", e.msg);
    co.store = r->store;
    r->core = core_new(&co);
}

static inline void
rig_open(struct rig *r)
{
    rig_open_as(r, &(struct core_options){.clock = NULL});
}

static inline void
rig_start(struct rig *r)
{
    struct err e = ERR_INIT;

    if (core_start(r->core, &e) < 0)
        fail_msg("%s", e.msg);
}

/* Another process on the same directory: r->core, which has been freed, is a new one. */
static inline void
rig_reboot(struct rig *r)
{
    struct core_options o = {.clock = &r->clock.clock};
    struct store_options so = {.clock = &r->clock.clock};
    struct err e = ERR_INIT;

    store_close(r->store);
    if (store_open(r->dir.path, &so, &r->store, &e) < 0)
        fail_msg("%s", e.msg);
    o.store = r->store;
    r->core = core_new(&o);
}

static inline void
rig_close(struct rig *r)
{
    core_free(r->core);
    store_close(r->store);
    scratch_free(&r->dir);
    buf_done(&r->story);
}

static inline int
rig_insert(struct turn *t, const char *text, struct err *e)
{
    struct stmt *s = db_stmt(turn_db(t), "INSERT INTO t VALUES(?1)");

    stmt_bind_cstr(s, 1, text);
    return stmt_run(s, e);
}

static inline int
rig_rows(struct rig *r)
{
    struct err e = ERR_INIT;
    int64_t n = -1;

    stmt_get_int(db_stmt(store_db(r->store), "SELECT count(*) FROM t"), 0, &n, &e);
    return (int)n;
}

#endif
