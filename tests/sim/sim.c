#include "tests/sim/sim.h"

#include <ftw.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/vec.h"
#include "core/core.h"
#include "store/db.h"
#include "store/store.h"
#include "tests/sim/sim_vfs.h"

enum {
    MAX_STEPS = 100000,
    START_S = 1700000000,
    RESERVE = 64 * 1024,
    REOPEN_TRIES = 5,
    LATE_LOOKS = 8 /* one in so many */
};

struct event {
    int64_t at_us;
    void (*fn)(struct sim *s, void *arg);
    void *arg;
};

/* What the core looks at: the same, except that boot time runs on now and then while a turn goes
 * on. So turns end between any two messages, as they do on a busy machine. */
struct core_clock {
    struct clock clock; /* first, so that a pointer to it is one to this */
    struct sim *sim;
    int64_t late_us;
};

struct sim {
    const struct sim_world *world;
    void *arg;
    char dir[64];
    uint64_t random;
    struct clock_manual clock;
    struct core_clock core_clock;
    struct sim_disk *disk;
    struct store *store;
    struct core *core;
    VEC(struct event) events;
    int64_t points, effects, crash_point; /* crash_point: the number at which to die, or -1 */
    const char *crashed_at;
    enum sim_crash crash_how;
    int crashes;
    bool awake, verbose;
    uint64_t history;
};

static uint64_t
next_random(struct sim *s)
{
    uint64_t z = s->random += 0x9e3779b97f4a7c15;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

uint64_t
sim_random(struct sim *s, uint64_t n)
{
    return next_random(s) % n;
}

/* FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/ */
void
sim_trace(struct sim *s, const char *fmt, ...)
{
    cleanup_free char *line = NULL;
    va_list ap;

    va_start(ap, fmt);
    line = xvasprintf(fmt, ap);
    va_end(ap);
    for (const char *p = line; *p != '\0'; p++)
        s->history = (s->history ^ (unsigned char)*p) * 0x100000001b3;
    if (s->verbose)
        printf("# %12" PRId64 " %s\n", s->clock.wall - START_S * CLOCK_SECOND, line);
}

uint64_t
sim_history(const struct sim *s)
{
    return s->history;
}

/* Hooks of the core. */

static bool
probe(void *arg, const char *where)
{
    struct sim *s = arg;

    sim_trace(s, "point %" PRId64 ": %s", s->points, where);
    s->effects += strcmp(where, "effect") == 0;
    if (s->points++ != s->crash_point)
        return false;
    s->crashed_at = where;
    return true;
}

static void
wake(void *arg)
{
    ((struct sim *)arg)->awake = true;
}

static void
random_bytes(void *arg, void *to, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ((unsigned char *)to)[i] = (unsigned char)next_random(arg);
}

/* The core's clock. */

static int64_t
core_wall(const struct clock *c)
{
    return ((const struct core_clock *)c)->sim->clock.wall;
}

static int64_t
core_boot(const struct clock *c)
{
    struct sim *s = ((const struct core_clock *)c)->sim;

    if (sim_random(s, LATE_LOOKS) == 0)
        s->core_clock.late_us += CORE_TURN_US;
    return s->clock.boot + s->core_clock.late_us;
}

/* Life. */

static int
open_store(struct sim *s, struct err *e)
{
    struct store_options o = {
        .vfs = sim_disk_vfs(s->disk), .clock = &s->clock.clock, .reserve_bytes = RESERVE};

    return store_open(s->dir, &o, &s->store, e);
}

static int
boot(struct sim *s, struct err *e)
{
    struct core_options o = {.clock = &s->core_clock.clock,
                             .wake = wake,
                             .wake_arg = s,
                             .random = random_bytes,
                             .random_arg = s,
                             .probe = probe,
                             .probe_arg = s};

    if (open_store(s, e) < 0)
        return e->code;
    o.store = s->store;
    s->core = core_new(&o);
    s->world->boot(s, s->arg);
    if (core_start(s->core, e) < 0)
        return e->code;
    s->awake = true;
    if (!core_is_dead(s->core) && s->world->started != NULL)
        s->world->started(s, s->arg);
    return 0;
}

static void
halt(struct sim *s)
{
    s->core = core_free(s->core);
    s->world->halt(s, s->arg);
    s->store = store_close(s->store);
}

static void
go_dark(struct sim *s)
{
    s->events.n = 0;
    sim_disk_power_loss(s->disk);
    if (s->world->lost != NULL)
        s->world->lost(s, s->arg);
}

/* A start may itself meet an injected fault: then it is tried again, as a supervisor would. */
static void
restart(struct sim *s, enum sim_crash how)
{
    struct err e = ERR_INIT;

    if (how == SIM_EITHER)
        how = sim_random(s, 2) == 0 ? SIM_KILL : SIM_POWER;
    s->crashes++;
    s->crash_point = -1;
    sim_trace(s, "crash: %s", how == SIM_POWER ? "power" : "kill");
    sim_disk_freeze(s->disk, true);
    if (s->core != NULL)
        halt(s);
    sim_disk_freeze(s->disk, false);
    if (how == SIM_POWER)
        go_dark(s);
    for (int i = 0; boot(s, &e) < 0; i++) {
        if (i == REOPEN_TRIES)
            panic(__FILE__, __LINE__, "the store does not open any more: %s", e.msg);
        sim_trace(s, "boot failed: %s", e.msg);
        if (s->core != NULL)
            halt(s);
    }
}

struct sim *
sim_new(uint64_t seed, const struct sim_world *w, void *arg)
{
    struct sim *s = NEW(struct sim);
    struct err e = ERR_INIT;

    *s = (struct sim){.world = w,
                      .arg = arg,
                      .random = seed,
                      .disk = sim_disk_new(seed),
                      .crash_point = -1,
                      .verbose = getenv("SIM_VERBOSE") != NULL,
                      .history = 0xcbf29ce484222325};
    log_set_level(s->verbose ? LOG_DEBUG : LOG_ERROR + 1);
    snprintf(s->dir, sizeof s->dir, "/tmp/sluice-sim-XXXXXX");
    if (mkdtemp(s->dir) == NULL)
        abort();
    clock_manual_init(&s->clock, START_S * CLOCK_SECOND);
    s->core_clock =
        (struct core_clock){.clock = {.wall_us = core_wall, .boot_us = core_boot}, .sim = s};
    if (boot(s, &e) < 0)
        panic(__FILE__, __LINE__, "boot: %s", e.msg);
    return s;
}

static int
remove_entry(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)st, (void)type, (void)where;
    return remove(path);
}

void
sim_free(struct sim *s)
{
    halt(s);
    sim_disk_free(s->disk);
    vec_done(&s->events);
    nftw(s->dir, remove_entry, 8, FTW_PHYS | FTW_DEPTH);
    free(s);
}

struct core *
sim_core(struct sim *s)
{
    return s->core;
}

struct store *
sim_store(struct sim *s)
{
    return s->store;
}

const struct clock *
sim_clock(const struct sim *s)
{
    return &s->clock.clock;
}

struct sim_disk *
sim_disk(struct sim *s)
{
    return s->disk;
}

const char *
sim_dir(const struct sim *s)
{
    return s->dir;
}

void
sim_crash_at(struct sim *s, int64_t nth, enum sim_crash how)
{
    s->crash_point = s->points + nth;
    s->crash_how = how;
}

int64_t
sim_points(const struct sim *s)
{
    return s->points;
}

int64_t
sim_effects(const struct sim *s)
{
    return s->effects;
}

const char *
sim_crashed_at(const struct sim *s)
{
    return s->crashed_at;
}

int
sim_crashes(const struct sim *s)
{
    return s->crashes;
}

void
sim_crash(struct sim *s, enum sim_crash how)
{
    restart(s, how);
}

void
sim_after(struct sim *s, int64_t us, void (*fn)(struct sim *s, void *arg), void *arg)
{
    vec_push(&s->events, ((struct event){.at_us = s->clock.wall + us, .fn = fn, .arg = arg}));
}

/* Running. */

static int64_t
first_event_us(const struct sim *s)
{
    int64_t first = INT64_MAX;

    for (size_t i = 0; i < s->events.n; i++) {
        if (s->events.at[i].at_us < first)
            first = s->events.at[i].at_us;
    }
    return first;
}

/* One of those that are due, by lot. */
static void
run_event(struct sim *s)
{
    size_t due = 0, pick;

    for (size_t i = 0; i < s->events.n; i++)
        due += s->events.at[i].at_us <= s->clock.wall;
    pick = (size_t)sim_random(s, due);
    for (size_t i = 0; i < s->events.n; i++) {
        struct event ev = s->events.at[i];

        if (ev.at_us > s->clock.wall || pick-- > 0)
            continue;
        vec_swap_remove(&s->events, i);
        ev.fn(s, ev.arg);
        return;
    }
}

static void
run_turn(struct sim *s)
{
    s->awake = false;
    if (core_run_turn(s->core))
        s->awake = true;
    if (core_is_dead(s->core))
        restart(s, s->crash_how);
}

/* False if there was nothing to do at all. */
static bool
step(struct sim *s)
{
    bool due = first_event_us(s) <= s->clock.wall;
    int64_t next;

    if (core_is_dead(s->core)) {
        restart(s, s->crash_how);
        return true;
    }
    if (core_next_deadline(s->core) <= s->clock.wall)
        s->awake = true;
    if (s->awake && (!due || sim_random(s, 2) == 0)) {
        run_turn(s);
        return true;
    }
    if (due) {
        run_event(s);
        return true;
    }
    next = core_next_deadline(s->core);
    if (first_event_us(s) < next)
        next = first_event_us(s);
    if (next == INT64_MAX)
        return false;
    clock_manual_advance(&s->clock, next - s->clock.wall);
    return true;
}

bool
sim_run_until(struct sim *s, bool (*until)(struct sim *s, void *arg), void *arg)
{
    for (int i = 0; i < MAX_STEPS; i++) {
        if ((until != NULL && until(s, arg)) || !step(s))
            return true;
    }
    return false;
}

bool
sim_run(struct sim *s)
{
    return sim_run_until(s, NULL, NULL);
}
