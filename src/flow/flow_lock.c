#include "flow/flow_lock.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "flow/flow_int.h"
#include "flow/flow_pump.h"
#include "flow/flow_run.h"

/* Locks by name. */

static struct flow_lock *
lock_named(struct flow *f, const char *name)
{
    struct flow_lock *lock = map_get(&f->lock_by_name, str_of(name));

    if (lock != NULL)
        return lock;
    lock = NEW(struct flow_lock);
    lock->flow = f;
    lock->name = xstrdup(name);
    list_append(&f->locks, &lock->link);
    map_put(&f->lock_by_name, str_of(name), lock);
    return lock;
}

static void
drop_if_unused(struct flow_lock *lock)
{
    if (lock->holders.n != 0 || lock->line.n != 0)
        return;
    map_remove(&lock->flow->lock_by_name, str_of(lock->name));
    list_remove(&lock->link);
    vec_done(&lock->holders);
    vec_done(&lock->line);
    free(lock->name);
    free(lock);
}

/* Lines. */

static int64_t
node_id(const struct flow_claim *c)
{
    return c->node != NULL ? c->node->id : 0;
}

static bool
goes_before(const struct flow_claim *a, const struct flow_claim *b)
{
    if (a->run->priority != b->run->priority)
        return a->run->priority > b->run->priority;
    if (a->run->number != b->run->number)
        return a->run->number < b->run->number;
    return node_id(a) < node_id(b);
}

static void
join_line(struct flow_lock *lock, struct flow_claim *c)
{
    size_t at = lock->line.n;

    vec_push(&lock->line, c);
    for (; at > 0 && goes_before(c, lock->line.at[at - 1]); at--)
        lock->line.at[at] = lock->line.at[at - 1];
    lock->line.at[at] = c;
}

static void
leave_line(struct flow_lock *lock, const struct flow_claim *c)
{
    for (size_t i = 0; i < lock->line.n; i++) {
        if (lock->line.at[i] != c)
            continue;
        memmove(&lock->line.at[i], &lock->line.at[i + 1],
                (lock->line.n - i - 1) * sizeof *lock->line.at);
        lock->line.n--;
        return;
    }
}

static void
leave_holders(struct flow_lock *lock, const struct flow_claim *c)
{
    for (size_t i = 0; i < lock->holders.n; i++) {
        if (lock->holders.at[i] == c) {
            vec_swap_remove(&lock->holders, i);
            return;
        }
    }
}

/* 0 where it cannot be read: nobody new gets in, whoever holds goes on. */
static int64_t
limit_of(struct turn *t, const struct flow_lock *lock, struct flow_run *run)
{
    struct err why = ERR_INIT;
    int64_t limit;

    if (run->language->lock_limit(t, run, str_of(lock->name), &limit, &why) >= 0)
        return limit;
    log_warn(run->name, "limit of lock %s: %s", lock->name, why.msg);
    return 0;
}

static bool
may_have(struct turn *t, const struct flow_lock *lock, const struct flow_claim *c)
{
    return lock->line.n > 0 && lock->line.at[0] == c &&
           (int64_t)lock->holders.n < limit_of(t, lock, c->run);
}

static void
hold(struct flow_claim *c)
{
    c->held = true;
    for (size_t i = 0; i < c->locks.n; i++) {
        leave_line(c->locks.at[i], c);
        vec_push(&c->locks.at[i]->holders, c);
    }
    if (c->node == NULL && !c->run->locked) {
        c->run->locked = true;
        flow_run_touch(c->run);
    } else if (c->node != NULL && (c->node->flags & FLOW_LOCKED) == 0) {
        c->node->flags |= FLOW_LOCKED;
        flow_node_touch(c->node);
    }
    if (c->node == NULL)
        flow_run_queue(c->run);
    else if (c->node->kind == FLOW_QUEUED)
        flow_pump_add(c->node);
    flow_run_changed(c->run);
}

static bool
try_hold(struct turn *t, struct flow_claim *c)
{
    for (size_t i = 0; i < c->locks.n; i++) {
        if (!may_have(t, c->locks.at[i], c))
            return false;
    }
    hold(c);
    return true;
}

typedef VEC(struct flow_lock *) lock_vec;

/* Whoever gets in lets others be first in its other lines: so on until nobody gets in. */
static void
let_in(struct turn *t, lock_vec *todo)
{
    for (size_t i = 0; i < todo->n; i++) {
        struct flow_lock *lock = todo->at[i];
        struct flow_claim *first;

        while (lock->line.n > 0) {
            first = lock->line.at[0];
            if (!try_hold(t, first))
                break;
            for (size_t k = 0; k < first->locks.n; k++) {
                if (first->locks.at[k] != lock)
                    vec_push(todo, first->locks.at[k]);
            }
        }
    }
    vec_done(todo);
}

/* Claims. */

static struct flow_claim **
claim_of(struct flow_run *run, struct flow_node *n)
{
    return n != NULL ? &n->claim : &run->claim;
}

static bool
holds_already(const struct flow_run *run, const struct flow_node *n)
{
    return n != NULL ? (n->flags & FLOW_LOCKED) != 0 : run->locked;
}

static void
names_done(struct flow_lock_names *names)
{
    for (size_t i = 0; i < names->at.n; i++)
        free(names->at.at[i]);
    vec_done(&names->at);
}

static bool
has_lock(const struct flow_claim *c, const struct flow_lock *lock)
{
    for (size_t i = 0; i < c->locks.n; i++) {
        if (c->locks.at[i] == lock)
            return true;
    }
    return false;
}

static struct flow_claim *
make_claim(struct flow_run *run, struct flow_node *n, const struct flow_lock_names *names)
{
    struct flow_claim *c = NEW(struct flow_claim);

    c->run = run;
    c->node = n;
    for (size_t i = 0; i < names->at.n; i++) {
        struct flow_lock *lock = lock_named(run->flow, names->at.at[i]);

        if (!has_lock(c, lock))
            vec_push(&c->locks, lock);
    }
    *claim_of(run, n) = c;
    return c;
}

/* A limit that cannot be read is told before anybody waits for it. */
static int
check_limits(struct turn *t, struct flow_run *run, const struct flow_lock_names *names,
             struct err *e)
{
    int64_t limit;

    for (size_t i = 0; i < names->at.n; i++) {
        if (run->language->lock_limit(t, run, str_of(names->at.at[i]), &limit, e) < 0)
            return e->code;
    }
    return 0;
}

/* Makes the claim, and holds what can be held. */
static int
claim(struct turn *t, struct flow_run *run, struct flow_node *n, bool check, struct err *e)
{
    bool held = holds_already(run, n);
    struct flow_lock_names names = {.at = VEC_INIT};
    struct flow_claim *c;
    int rc = run->language->locks(t, run, n, &names, e);

    if (rc >= 0 && check)
        rc = check_limits(t, run, &names, e);
    if (rc < 0) {
        names_done(&names);
        return rc;
    }
    c = make_claim(run, n, &names);
    names_done(&names);
    for (size_t i = 0; i < c->locks.n && !held; i++)
        join_line(c->locks.at[i], c);
    if (held)
        hold(c);
    else
        (void)try_hold(t, c);
    return 0;
}

int
flow_lock_ask(struct turn *t, struct flow_run *run, struct flow_node *n, struct err *e)
{
    return claim(t, run, n, true, e);
}

static bool
claims_of_node(const struct flow_node *n)
{
    return n->state == FLOW_OPEN && (n->kind == FLOW_QUEUED || (n->flags & FLOW_LOCKED) != 0);
}

/* The claims of one run, those that are held or those that are not. */
static int
restore_run(struct turn *t, struct flow_run *run, bool held, struct err *e)
{
    if (run->needs_locks && run->locked == held && run->claim == NULL &&
        claim(t, run, NULL, false, e) < 0)
        return e->code;
    for (int64_t id = 1; id <= run->last_id; id++) {
        struct flow_node *n = map_get_u64(&run->nodes, (uint64_t)id);

        if (n == NULL || !claims_of_node(n) || n->claim != NULL ||
            ((n->flags & FLOW_LOCKED) != 0) != held)
            continue;
        if (claim(t, run, n, false, e) < 0)
            return err_wrap(e, "locks of %s", n->name);
    }
    return 0;
}

/* Whoever held comes first, whichever run it is of; only then is the rest let in. */
int
flow_lock_restore(struct turn *t, struct flow *f, struct err *e)
{
    struct flow_run *run;

    for (int held = 1; held >= 0; held--) {
        LIST_EACH (run, &f->runs, struct flow_run, link) {
            if (restore_run(t, run, held != 0, e) < 0)
                return err_wrap(e, "run %s", run->name);
        }
    }
    return 0;
}

/* Takes the claim out of everything; the locks that it was in are left in *locks. */
static void
take_apart(struct flow_claim *c, lock_vec *locks)
{
    *claim_of(c->run, c->node) = NULL;
    for (size_t i = 0; i < c->locks.n; i++) {
        if (c->held)
            leave_holders(c->locks.at[i], c);
        else
            leave_line(c->locks.at[i], c);
        vec_push(locks, c->locks.at[i]);
    }
    vec_done(&c->locks);
    free(c);
}

void
flow_lock_release(struct turn *t, struct flow_run *run, struct flow_node *n)
{
    struct flow_claim *c = *claim_of(run, n);
    lock_vec locks = VEC_INIT, todo = VEC_INIT;

    if (c == NULL)
        return;
    take_apart(c, &locks);
    for (size_t i = 0; i < locks.n; i++)
        vec_push(&todo, locks.at[i]);
    let_in(t, &todo);
    for (size_t i = 0; i < locks.n; i++)
        drop_if_unused(locks.at[i]);
    vec_done(&locks);
    flow_run_changed(run);
}

void
flow_lock_forget(struct flow_claim *claim)
{
    lock_vec locks = VEC_INIT;

    if (claim == NULL)
        return;
    take_apart(claim, &locks);
    for (size_t i = 0; i < locks.n; i++)
        drop_if_unused(locks.at[i]);
    vec_done(&locks);
}

void
flow_lock_look_again(struct turn *t, struct flow *f)
{
    struct flow_lock *lock;
    lock_vec todo = VEC_INIT;

    LIST_EACH (lock, &f->locks, struct flow_lock, link) {
        if (lock->line.n > 0)
            vec_push(&todo, lock);
    }
    let_in(t, &todo);
}

/* For people. */

/* The lock that a waiting claim lacks first; NULL: none. */
static const struct flow_lock *
missing(struct turn *t, const struct flow_claim *claim, int64_t *ret_limit)
{
    for (size_t i = 0; i < claim->locks.n; i++) {
        const struct flow_lock *lock = claim->locks.at[i];

        *ret_limit = limit_of(t, lock, claim->run);
        if (!may_have(t, lock, claim))
            return lock;
    }
    return NULL;
}

#define BEFORE "Waiting for "
#define BEHIND " lock. Lock status: "

char *
flow_lock_message(struct turn *t, const struct flow_claim *claim)
{
    int64_t limit = 0, taken = 0;
    const struct flow_lock *lock = missing(t, claim, &limit);

    if (lock != NULL)
        taken = (int64_t)lock->holders.n;
    return xasprintf(BEFORE "%s" BEHIND "%" PRId64 "/%" PRId64, lock != NULL ? lock->name : "a",
                     taken < limit ? limit - taken : 0, limit);
}

struct str
flow_lock_of_message(struct str message)
{
    ptrdiff_t end;

    if (!str_starts(message, STR(BEFORE)))
        return STR_NULL;
    end = str_find(message, STR(BEHIND), 0);
    return end < 0 ? STR_NULL : str_slice(message, sizeof BEFORE - 1, (size_t)end);
}
