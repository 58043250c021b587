/*
 * sim - the core under a seeded scheduler, with crashes.
 *
 * A scenario gives a world: how to build the program's parts on a core (boot), and how to take them
 * down (halt).  The simulation owns disk, clock, store and core.  sim_run() takes one step after
 * another, chosen by the seed: a turn of the core, something that was due outside of it
 * (sim_after), or, when nothing else is left, the clock moves to the next deadline.
 *
 * Crash points lie before and after each commit and before each effect and reply.  At the point
 * that sim_crash_at() names, the core stops dead; sim_run() then does what an operating system and
 * a user would: the process is gone (halt), the disk keeps what it keeps, and a new process boots
 * on it.  A crash is a kill (everything written survives; the world outside goes on) or a loss of
 * power (unsynced sectors are lost; lost() tells the world outside that it is gone as well).
 *
 *     struct sim *s = sim_new(seed, &world, arg);
 *     sim_crash_at(s, 17, SIM_KILL);
 *     ... post messages ...
 *     CHECK_TRUE(sim_run(s));
 *     ... look at the state ...
 *     sim_free(s);
 *
 * One seed, one history: nothing else may be random.  So no scenario iterates over a struct map,
 * whose order differs between processes.  sim_trace() adds a line to the history; sim_history() is
 * its hash.
 */
#ifndef TESTS_SIM_SIM_H
#define TESTS_SIM_SIM_H

#include <stdbool.h>
#include <stdint.h>

struct clock;
struct core;
struct sim;
struct sim_disk;
struct store;

struct sim_world {
    /* Adds modules to sim_core(), which is started afterwards. */
    void (*boot)(struct sim *s, void *arg);
    /* The core is gone (core_free() was called): free what boot() made. */
    void (*halt)(struct sim *s, void *arg);
    /* The core has started; may be NULL. */
    void (*started)(struct sim *s, void *arg);
    /* The machine lost power: so did everything outside the core.  May be NULL. */
    void (*lost)(struct sim *s, void *arg);
};

enum sim_crash { SIM_NONE, SIM_KILL, SIM_POWER, SIM_EITHER /* the seed decides */ };

struct sim *sim_new(uint64_t seed, const struct sim_world *w, void *arg);
void sim_free(struct sim *s);

struct core *sim_core(struct sim *s);
struct store *sim_store(struct sim *s);
const struct clock *sim_clock(const struct sim *s);
struct sim_disk *sim_disk(struct sim *s);
/* The directory of the store: a real one, for blobs and the lock; the database is on the disk. */
const char *sim_dir(const struct sim *s);
/* In [0, n). */
uint64_t sim_random(struct sim *s, uint64_t n);

/* Die at the nth crash point from now (0: the next). */
void sim_crash_at(struct sim *s, int64_t nth, enum sim_crash how);
/* Crash points passed since the start: all, and those before an effect. */
int64_t sim_points(const struct sim *s);
int64_t sim_effects(const struct sim *s);
/* What the last crash point that was met by a crash lies before: "effect", "before commit", ...;
 * NULL: there was none. */
const char *sim_crashed_at(const struct sim *s);
int sim_crashes(const struct sim *s);
/* Now, between turns. */
void sim_crash(struct sim *s, enum sim_crash how);

/* Calls fn between turns when the clock has reached now + us.  Survives a kill, not a loss of
 * power. What is due at the same time comes in an order that the seed chooses. */
void sim_after(struct sim *s, int64_t us, void (*fn)(struct sim *s, void *arg), void *arg);

/* Steps until nothing is left to do, or `until` (may be NULL) says that it is enough.  False when
 * there is no end in sight (100,000 steps). */
bool sim_run_until(struct sim *s, bool (*until)(struct sim *s, void *arg), void *arg);
bool sim_run(struct sim *s);

void sim_trace(struct sim *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* All lines so far; SIM_VERBOSE in the environment prints them as they come. */
uint64_t sim_history(const struct sim *s);

#endif
