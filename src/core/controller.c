/*
 * An item is a key that somebody woke.  It is a message, so that its pass has a savepoint of its
 * own; the message needs no done(): when the pass has settled, the item waits again, pauses, sleeps
 * or is over.  An item that is over leaves the map at once and its memory at the end of the turn,
 * because the undo of some message may still know its timer.
 *
 * Waking is never undone: a pass too many is harmless, one too few is not.
 */
#include "core/controller.h"

#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/map.h"
#include "core/core_int.h"

enum {
    FIRST_PAUSE_US = 10 * 1000,
    LAST_PAUSE_US = 300 * 1000 * 1000,
    REPEAT_GAP_US = 10 * 1000, /* between repeats of one controller */
    REPEAT_BURST = 200,        /* that may go before the gap counts */
};

struct controller {
    const struct controller_row *row;
    void *self;
    struct controllers *all;
    struct map items; /* uid -> struct item */
    int64_t repeat_slot_us;
    uint64_t passes, failures;
};

struct controllers {
    struct core *core;
    VEC(struct controller *) list;
    controllers_lookup_fn *lookup;
    controllers_wake_all_fn *wake_all;
    void *arg;
};

enum item_state { WAITING, RUNNING, BACKOFF, LATER, OVER };

struct item {
    struct message message;
    struct core_timer timer;
    struct controller *controller;
    enum item_state state;
    bool again; /* woken while running */
    unsigned failures;
    int64_t again_at_us;
    char *name; /* "workflow <uid>" */
    struct str uid;
};

/* Items. */

static void
item_free(void *arg)
{
    struct item *it = arg;

    core_timer_stop(&it->timer);
    free(it->name);
    free(it);
}

static void
enter_waiting(struct item *it)
{
    struct core *c = it->controller->all->core;

    it->state = WAITING;
    core_timer_stop(&it->timer);
    core_enqueue(c, &it->message);
    if (core_turn(c) == NULL && c->o.wake != NULL)
        c->o.wake(c->o.wake_arg);
}

static void
enter_over(struct item *it)
{
    struct turn *t = core_turn(it->controller->all->core);

    it->state = OVER;
    map_remove(&it->controller->items, it->uid);
    if (t != NULL)
        turn_finally(t, item_free, it);
    else
        item_free(it);
}

static void
enter_sleep(struct item *it, enum item_state state, int64_t until_us)
{
    it->state = state;
    core_timer_set(it->controller->all->core, &it->timer, until_us);
}

static int
item_due(struct core_timer *timer, struct turn *t, struct err *e)
{
    struct item *it = CONTAINER_OF(timer, struct item, timer);

    (void)t, (void)e;
    /* The undo of a message may have armed it again though the item has moved on. */
    if (it->state == BACKOFF || it->state == LATER)
        enter_waiting(it);
    return 0;
}

static int
pass(const struct controller *ctl, struct turn *t, struct controller_pass *p, struct err *e)
{
    const struct controller_row *row = ctl->row;
    enum controller_state state = ctl->all->lookup != NULL
                                      ? ctl->all->lookup(ctl->all->arg, t, row->resource, p->uid)
                                      : CONTROLLER_ALIVE;

    if (state == CONTROLLER_FOREIGN)
        return 0;
    if (state == CONTROLLER_GONE)
        return row->gone != NULL ? row->gone(ctl->self, t, p->uid, e) : 0;
    if (state == CONTROLLER_DELETING && row->finalize != NULL)
        return row->finalize(ctl->self, t, p, e);
    return row->reconcile(ctl->self, t, p, e);
}

static int
item_run(struct message *m, struct turn *t, struct err *e)
{
    struct item *it = CONTAINER_OF(m, struct item, message);
    struct controller_pass p = {.uid = it->uid};
    int rc;

    it->state = RUNNING;
    it->again = false;
    it->controller->passes++;
    rc = pass(it->controller, t, &p, e);
    it->again_at_us = p.again_at_us;
    return rc < 0 ? rc : 0;
}

/* When the next repeat may run: each takes the next slot, and slots that were not used since are
 * saved up to the burst. */
static int64_t
repeat_slot(struct controller *ctl, int64_t now_us)
{
    int64_t oldest = now_us - (int64_t)REPEAT_BURST * REPEAT_GAP_US;

    ctl->repeat_slot_us += REPEAT_GAP_US;
    if (ctl->repeat_slot_us < oldest)
        ctl->repeat_slot_us = oldest;
    return ctl->repeat_slot_us;
}

static void
enter_backoff(struct item *it, int64_t now_us, const struct err *why)
{
    int64_t pause = LAST_PAUSE_US, slot = repeat_slot(it->controller, now_us);

    it->controller->failures++;
    if (it->failures < 15)
        pause = (int64_t)FIRST_PAUSE_US << it->failures;
    if (pause > LAST_PAUSE_US)
        pause = LAST_PAUSE_US;
    it->failures++;
    log_warn(it->name, "%s; pass %u in %lld ms", why->msg, it->failures + 1,
             (long long)pause / 1000);
    enter_sleep(it, BACKOFF, slot > now_us + pause ? slot : now_us + pause);
}

static void
item_settled(struct message *m, struct turn *t, const struct err *why)
{
    struct item *it = CONTAINER_OF(m, struct item, message);

    if (why != NULL) {
        enter_backoff(it, turn_now_us(t), why);
        return;
    }
    it->failures = 0;
    if (it->again || (it->again_at_us != 0 && it->again_at_us <= turn_now_us(t)))
        enter_waiting(it);
    else if (it->again_at_us != 0)
        enter_sleep(it, LATER, it->again_at_us);
    else
        enter_over(it);
}

static struct item *
item_new(struct controller *ctl, struct str uid)
{
    struct item *it = NEW(struct item);

    it->controller = ctl;
    it->name = xasprintf("%s %.*s", ctl->row->name, STR_ARG(uid));
    it->uid = str_make(it->name + strlen(ctl->row->name) + 1, uid.n);
    it->message = (struct message){
        .class = MESSAGE_WORK, .run = item_run, .settled = item_settled, .name = it->name};
    core_timer_init(&it->timer, item_due);
    map_put(&ctl->items, it->uid, it);
    return it;
}

static void
wake(struct controller *ctl, struct str uid)
{
    struct item *it = map_get(&ctl->items, uid);

    if (it == NULL)
        enter_waiting(item_new(ctl, uid));
    else if (it->state == RUNNING)
        it->again = true;
    else if (it->state != WAITING)
        enter_waiting(it);
}

/* The set. */

int
controllers_wake_all(struct controllers *cs, struct turn *t, const char *resource, struct err *e)
{
    return cs->wake_all != NULL ? cs->wake_all(cs->arg, t, resource, e) : 0;
}

static int
restore(void *self, struct turn *t, struct err *e)
{
    struct controllers *cs = self;

    for (size_t i = 0; i < cs->list.n; i++) {
        const struct controller_row *row = cs->list.at[i]->row;
        int rc = 0;

        if (row->restore != NULL)
            rc = row->restore(cs->list.at[i]->self, t, e);
        else
            rc = controllers_wake_all(cs, t, row->resource, e);
        if (rc < 0)
            return err_wrap(e, "controller %s", row->name);
    }
    return 0;
}

static void
forget_items(struct controller *ctl)
{
    struct core *c = ctl->all->core;

    MAP_EACH (&ctl->items, it) {
        struct item *item = it.value;

        if (item->state == WAITING)
            core_dequeue(c, &item->message);
        item_free(item);
    }
    map_done(&ctl->items);
    ctl->repeat_slot_us = 0;
}

static void
forget(void *self)
{
    struct controllers *cs = self;

    for (size_t i = cs->list.n; i-- > 0;) {
        const struct controller *ctl = cs->list.at[i];

        forget_items(cs->list.at[i]);
        if (ctl->row->forget != NULL)
            ctl->row->forget(ctl->self);
    }
}

static void
dump(void *self, struct buf *to)
{
    const struct controllers *cs = self;

    for (size_t i = 0; i < cs->list.n; i++) {
        const struct controller *ctl = cs->list.at[i];

        buf_printf(to, "%s: %zu keys, %llu passes, %llu failed\n", ctl->row->name, ctl->items.n,
                   (unsigned long long)ctl->passes, (unsigned long long)ctl->failures);
    }
}

static const struct core_module module = {
    .name = "controllers", .restore = restore, .forget = forget, .dump = dump};

struct controllers *
controllers_new(struct core *c)
{
    struct controllers *cs = NEW(struct controllers);

    cs->core = c;
    return cs;
}

struct controllers *
controllers_free(struct controllers *cs)
{
    if (cs == NULL)
        return NULL;
    for (size_t i = 0; i < cs->list.n; i++) {
        map_done(&cs->list.at[i]->items);
        free(cs->list.at[i]);
    }
    vec_done(&cs->list);
    free(cs);
    return NULL;
}

/* The module joins the core with the first controller, which therefore is restored after everything
 * that was added before (the objects above all). */
void
controllers_add(struct controllers *cs, const struct controller_row *row, void *self)
{
    struct controller *ctl = NEW(struct controller);

    *ctl = (struct controller){.row = row, .self = self, .all = cs};
    if (cs->list.n == 0)
        core_add_module(cs->core, &module, cs);
    vec_push(&cs->list, ctl);
}

void
controllers_set_lookup(struct controllers *cs, controllers_lookup_fn *lookup,
                       controllers_wake_all_fn *wake_all, void *arg)
{
    cs->lookup = lookup;
    cs->wake_all = wake_all;
    cs->arg = arg;
}

void
controllers_wake(struct controllers *cs, const char *resource, struct str uid)
{
    for (size_t i = 0; i < cs->list.n; i++) {
        if (strcmp(cs->list.at[i]->row->resource, resource) == 0)
            wake(cs->list.at[i], uid);
    }
}

static bool
watches(const struct controller_row *row, const char *resource)
{
    for (const char *const *w = row->watches; w != NULL && *w != NULL; w++) {
        if (strcmp(*w, resource) == 0)
            return true;
    }
    return false;
}

void
controllers_changed(struct controllers *cs, const char *resource, struct str uid,
                    const struct str *owners, size_t owner_count)
{
    controllers_wake(cs, resource, uid);
    for (size_t i = 0; i < cs->list.n; i++) {
        if (!watches(cs->list.at[i]->row, resource))
            continue;
        for (size_t n = 0; n < owner_count; n++)
            wake(cs->list.at[i], owners[n]);
    }
}

size_t
controllers_busy(const struct controllers *cs)
{
    size_t busy = 0;

    for (size_t i = 0; i < cs->list.n; i++)
        busy += cs->list.at[i]->items.n;
    return busy;
}
