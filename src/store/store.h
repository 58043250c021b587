/*
 * store - a data directory: the database, the blobs, and the right to use them.
 *
 *     DIR/              0700
 *     DIR/lock          locked while a process uses the directory; holds its pid
 *     DIR/sluice.db     SQLite, with sluice.db-wal beside it
 *     DIR/reserve       some MB of nothing, given back to the disk when it is full
 *     DIR/blobs/        see blobs.h
 *
 * store/ is the only folder that sees SQLite.  Core thread only, but for the functions of blobs.h
 * that say otherwise.
 *
 * The log is moved into the database by store_tidy(), which the core calls when it has nothing
 * else to do, and by store_after_commit() once the log has passed 1 MB.  Of a temporary store only
 * by the latter: nobody will read what is left of it.
 *
 * When the disk is full, store_disk_full() gives the reserve back and the store is `short`: what
 * adds things must refuse (ERR_FULL), deletions go on.  store_tidy() takes a new reserve as soon as
 * there is room for it, which ends that state; without a reserve it ends some seconds later.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"

struct blobs;
struct clock;
struct db;
struct err;
struct store;

enum {
    STORE_LOG_SOFT_BYTES = 1024 * 1024, /* a checkpoint follows the commit that passes this */
    STORE_RESERVE_BYTES = 4 * 1024 * 1024,
};

struct store_options {
    const char *vfs; /* registered SQLite VFS for database and reserve; NULL: the system's */
    const struct clock *clock; /* NULL: the machine's */
    bool temporary;            /* the directory does not outlive this run: commits are not synced */
    int64_t reserve_bytes;     /* 0: STORE_RESERVE_BYTES, none if temporary; < 0: none */
};

/* Opens the directory, makes it (and its parents' last step) if it is not there, takes the lock,
 * runs migrations, collects orphaned blob files.  `options` may be NULL.
 * ERR_CONFLICT: another process uses it (the message names its pid); ERR_FORBIDDEN: not readable or
 * not ours; ERR_UNSUPPORTED: written by a newer version. */
int store_open(const char *dir, const struct store_options *options, struct store **ret,
               struct err *e);
/* NULL is fine; always returns NULL. */
struct store *store_close(struct store *s);
MEM_DEFINE_CLEANUP(struct store *, store_close)

const char *store_dir(const struct store *s);
struct db *store_db(struct store *s);
struct blobs *store_blobs(struct store *s);

/* The next value of the one counter for resource versions; never repeats, not even after a
 * rollback.  Gaps are fine. */
int64_t store_next_rv(struct store *s);
/* The last that was given out. */
int64_t store_rv(const struct store *s);

/* A version with this rv has been written in this turn.  The highest version is where the counter
 * goes on after a restart, so that it needs no row of its own in most commits. */
void store_rv_written(struct store *s, int64_t rv);
/* Writes the counter if it is beyond every version; the core calls it before each commit. */
int store_before_commit(struct store *s, struct err *e);

/* Checkpoints if the log is long.  Failures are logged, not returned: the data is safe in the log.
 */
void store_after_commit(struct store *s);
/* When idle: checkpoint whatever the log holds, and take a new reserve if it was given back.
 * True if there is still something to tidy (a reserve that could not be had). */
bool store_tidy(struct store *s);

/* A commit failed with ERR_FULL. */
void store_disk_full(struct store *s);
bool store_is_short(const struct store *s);

/* Text values under a name, for facts about the directory itself.  NULL if absent; freed by the
 * caller. */
int store_meta_get(struct store *s, const char *name, char **ret, struct err *e);
int store_meta_set(struct store *s, const char *name, const char *value, struct err *e);

#endif
