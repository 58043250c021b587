/*
 * turn - what a handler may do while it runs.
 *
 * A handler that changes memory as well as rows says how to take the change back (turn_undo); one
 * that wants something to happen in the world says so (turn_effect), and it happens after the
 * commit, in order, or never.  One that wants to write only once a turn registers a flush hook
 * (turn_before_commit).
 *
 * Lifetimes: arguments may live in turn_arena(), which is freed when the turn is over.  Whatever
 * must be released then, however the turn ended, goes through turn_finally().
 *
 *     entry->object = object_ref(new);
 *     turn_undo(t, put_back, change);       change lives in the arena: {entry, old}
 *     turn_finally(t, drop_old, change);    unrefs `old` (or `new`, when put_back() swapped them)
 *
 * Freeing memory that an undo may need is a mistake: do it in turn_finally() or in an effect.
 *
 * Core thread only.
 */
#ifndef CORE_TURN_H
#define CORE_TURN_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct clock;
struct core;
struct db;
struct err;
struct store;
struct turn;

struct core *turn_core(const struct turn *t);
struct store *turn_store(const struct turn *t);
struct db *turn_db(const struct turn *t);
/* Wall time in microseconds at which the turn began: everything in it has the same time stamp. */
int64_t turn_now_us(const struct turn *t);
/* Lives until the effects have run. */
struct arena *turn_arena(struct turn *t);

/* Called, latest first, if the message fails or the turn's commit does. */
void turn_undo(struct turn *t, void (*fn)(void *arg), void *arg);
/* Called in order after the commit; not at all if the message or the commit failed.  It may post
 * messages and set timers, not write. */
void turn_effect(struct turn *t, void (*fn)(void *arg), void *arg);
/* Called at the very end of the turn in every case, after undo or effects. */
void turn_finally(struct turn *t, void (*fn)(void *arg), void *arg);
/* Called once at the end of the turn, before the commit, however often the pair was given; also if
 * the message that gave it was taken back.  What it writes is committed with the turn.  An error
 * fails the whole turn.  A hook may register others. */
void turn_before_commit(struct turn *t, int (*fn)(void *arg, struct turn *t, struct err *e),
                        void *arg);

/* The message that runs is the turn's last one: what it has read of this turn's changes is what is
 * committed. */
void turn_close(struct turn *t);

/* True while a hook or rider runs: too late for what belongs into messages. */
bool turn_is_flushing(const struct turn *t);

#endif
