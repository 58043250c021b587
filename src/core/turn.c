/*
 * A turn keeps four lists.  `undo` is a stack: a message that fails pops what it pushed; a commit
 * that fails pops all.  `effects` is a queue that a message that fails cuts back to where it began;
 * the done() calls of messages stand in it in their order, so that a reply never overtakes an
 * effect that came before it.  `hooks` run before the commit, each once.  `finally` runs last,
 * whatever happened.  Arguments live in the turn's arena, so that dropping a list frees it.
 */
#include "core/turn.h"

#include "base/clock.h"
#include "base/log.h"
#include "core/core_int.h"
#include "store/db.h"
#include "store/store.h"

struct core *
turn_core(const struct turn *t)
{
    return t->core;
}

struct store *
turn_store(const struct turn *t)
{
    return t->store;
}

struct db *
turn_db(const struct turn *t)
{
    return t->db;
}

int64_t
turn_now_us(const struct turn *t)
{
    return t->now_us;
}

struct arena *
turn_arena(struct turn *t)
{
    return &t->arena;
}

bool
turn_is_flushing(const struct turn *t)
{
    return t->flushing;
}

void
turn_undo(struct turn *t, void (*fn)(void *arg), void *arg)
{
    vec_push(&t->undo, ((struct turn_action){.fn = fn, .arg = arg}));
}

void
turn_effect(struct turn *t, void (*fn)(void *arg), void *arg)
{
    vec_push(&t->effects, ((struct turn_action){.fn = fn, .arg = arg}));
}

void
turn_finally(struct turn *t, void (*fn)(void *arg), void *arg)
{
    vec_push(&t->finally, ((struct turn_action){.fn = fn, .arg = arg}));
}

void
turn_before_commit(struct turn *t, int (*fn)(void *arg, struct turn *t, struct err *e), void *arg)
{
    for (size_t i = 0; i < t->hooks.n; i++) {
        if (t->hooks.at[i].fn == fn && t->hooks.at[i].arg == arg)
            return;
    }
    vec_push(&t->hooks, ((struct turn_hook){.fn = fn, .arg = arg}));
}

void
turn_begin(struct turn *t, struct core *c)
{
    CHECK(!t->active);
    t->core = c;
    t->store = c->o.store;
    t->db = store_db(c->o.store);
    t->now_us = clock_wall_us(c->o.clock);
    t->active = true;
    t->stored = t->closed = false;
    t->requests = 0;
    db_turn_begin(t->db);
}

void
turn_close(struct turn *t)
{
    t->closed = true;
}

/* One handler in its mark. */

struct mark {
    size_t undo, effects;
};

static struct mark
mark_set(struct turn *t)
{
    db_mark(t->db);
    t->in_message = true;
    return (struct mark){.undo = t->undo.n, .effects = t->effects.n};
}

static void
undo_to(struct turn *t, size_t n)
{
    t->in_message = false;
    while (t->undo.n > n) {
        struct turn_action a = vec_pop(&t->undo);

        a.fn(a.arg);
    }
}

/* Accepts what the handler did, or takes it back. */
static int
mark_end(struct turn *t, struct mark mark, int rc, struct err *e)
{
    struct err undo_error = ERR_INIT;

    t->in_message = false;
    if (rc >= 0)
        rc = db_mark_keep(t->db, e);
    else if (db_mark_undo(t->db, &undo_error) < 0)
        log_error(NULL, "take a message back: %s", undo_error.msg);
    if (rc < 0) {
        undo_to(t, mark.undo);
        t->effects.n = mark.effects;
    }
    return rc < 0 ? rc : 0;
}

static struct err *
keep_error(struct turn *t, const struct err *e)
{
    struct err *copy = ARENA_NEW(&t->arena, struct err);

    *copy = *e;
    return copy;
}

int
turn_run_message(struct turn *t, struct message *m, struct err *e)
{
    struct mark mark = mark_set(t);
    int rc;

    log_set_object(m->name);
    rc = mark_end(t, mark, m->run(m, t, e), e);
    log_set_object(NULL);
    if (m->done != NULL || m->class == MESSAGE_REQUEST)
        vec_push(&t->effects,
                 ((struct turn_action){.m = m, .why = rc < 0 ? keep_error(t, e) : NULL}));
    if (m->settled != NULL)
        m->settled(m, t, rc < 0 ? e : NULL);
    return rc;
}

int
turn_run_timer(struct turn *t, struct core_timer *timer, struct err *e)
{
    struct mark mark = mark_set(t);

    return mark_end(t, mark, timer->fire(timer, t, e), e);
}

int
turn_run_restore(struct turn *t, const struct core_part *part, struct err *e)
{
    struct mark mark = mark_set(t);
    int rc = part->module->restore(part->self, t, e);

    return mark_end(t, mark, rc, e);
}

/* The end. */

static void
tell(struct turn *t, const struct turn_action *a, const struct err *why)
{
    struct message *m = a->m;

    if (m->class == MESSAGE_REQUEST)
        t->core->requests--;
    if (m->done != NULL)
        m->done(m, why);
}

static void
close_turn(struct turn *t)
{
    t->in_message = false;
    for (size_t i = 0; i < t->finally.n; i++)
        t->finally.at[i].fn(t->finally.at[i].arg);
    vec_clear(&t->undo);
    vec_clear(&t->effects);
    vec_clear(&t->finally);
    vec_clear(&t->hooks);
    t->active = t->flushing = false;
    arena_done(&t->arena);
}

void
turn_abandon(struct turn *t, const struct err *why)
{
    db_rollback(t->db);
    undo_to(t, 0);
    for (size_t i = 0; i < t->effects.n; i++) {
        if (t->effects.at[i].m != NULL)
            tell(t, &t->effects.at[i], why);
    }
    close_turn(t);
}

bool
turn_will_write(const struct turn *t)
{
    return t->hooks.n > 0 || db_wrote(t->db);
}

/* A hook may register further ones, so the vector is read anew each time. */
static int
run_hooks(struct turn *t, struct err *e)
{
    struct core *c = t->core;

    t->flushing = true;
    for (size_t i = 0; i < t->hooks.n; i++) {
        if (t->hooks.at[i].fn(t->hooks.at[i].arg, t, e) < 0)
            return e->code;
    }
    for (size_t i = 0; db_wrote(t->db) && i < c->riders.n; i++) {
        if (c->riders.at[i].fn(c->riders.at[i].arg, t, e) < 0)
            return e->code;
    }
    return db_wrote(t->db) ? store_before_commit(t->store, e) : 0;
}

static bool
dies(struct turn *t, const char *where)
{
    const struct core_options *o = &t->core->o;

    return o->probe != NULL && o->probe(o->probe_arg, where);
}

enum { STORED, DIED_BEFORE, DIED_AFTER };

/* STORED, one of the deaths, or an error. */
static int
commit(struct turn *t, struct err *e)
{
    struct core *c = t->core;
    bool writes;
    int64_t start, took;
    int rc = db_broken(t->db) != 0 ? db_commit(t->db, e) : run_hooks(t, e);

    if (rc < 0)
        return rc;
    writes = db_wrote(t->db);
    if (writes && dies(t, "before commit"))
        return DIED_BEFORE;
    start = clock_boot_us(c->o.clock);
    if (db_commit(t->db, e) < 0)
        return e->code;
    if (!writes)
        return STORED;
    c->commits++;
    took = clock_boot_us(c->o.clock) - start;
    c->commit_us += (uint64_t)took;
    linger_committed(&c->linger, took);
    c->last_commit_us = t->now_us;
    t->stored = true;
    return dies(t, "after commit") ? DIED_AFTER : STORED;
}

/* What the messages of a turn whose commit failed are told. */
static void
say_not_stored(struct err *e)
{
    bool full = e->code == ERR_FULL;

    err_wrap(e, "the change was not stored");
    e->code = full ? ERR_FULL : ERR_UNAVAILABLE;
}

static const struct err *
death(void)
{
    static const struct err why = {.code = ERR_UNAVAILABLE, .msg = "the core died"};

    return &why;
}

/* Effects may add none, so the vector stays. */
static bool
let_effects_leave(struct turn *t)
{
    for (size_t i = 0; i < t->effects.n; i++) {
        struct turn_action *a = &t->effects.at[i];

        if (t->core->state != CORE_DEAD && dies(t, a->m != NULL ? "done" : "effect"))
            t->core->state = CORE_DEAD;
        if (a->m != NULL)
            tell(t, a, t->core->state == CORE_DEAD ? death() : a->why);
        else if (t->core->state != CORE_DEAD)
            a->fn(a->arg);
    }
    return t->core->state != CORE_DEAD;
}

int
turn_end(struct turn *t, struct err *e)
{
    int rc = commit(t, e);

    if (rc < 0) {
        say_not_stored(e);
        turn_abandon(t, e);
        return e->code;
    }
    if (rc == DIED_BEFORE) {
        t->core->state = CORE_DEAD;
        turn_abandon(t, death());
        return 1;
    }
    if (rc == DIED_AFTER)
        t->core->state = CORE_DEAD;
    if (!let_effects_leave(t)) {
        close_turn(t);
        return 1;
    }
    close_turn(t);
    if (t->stored)
        store_after_commit(t->store);
    return 0;
}

void
turn_done(struct turn *t)
{
    vec_done(&t->undo);
    vec_done(&t->effects);
    vec_done(&t->finally);
    vec_done(&t->hooks);
    arena_done(&t->arena);
}
