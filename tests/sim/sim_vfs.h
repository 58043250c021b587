/*
 * sim_vfs - a disk in memory that SQLite writes to, and that can be treated badly.
 *
 * Each file has two contents: what processes see, and what the platter has.  A sync copies the one
 * to the other.  When the machine loses power, every sector written since the last sync survives or
 * not, as the seed says, and so does a file that was made or removed since; when only the process
 * is killed, everything survives.
 *
 * Faults: the nth write or sync from now fails; the disk fills up.  Files may also be used without
 * SQLite (sim_disk_put and its kin), for the records of a fake runner.
 *
 * One disk is one VFS, registered under a name of its own.  One thread.
 */
#ifndef TESTS_SIM_SIM_VFS_H
#define TESTS_SIM_SIM_VFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct sim_disk;

struct sim_disk *sim_disk_new(uint64_t seed);
/* All files must be closed. */
void sim_disk_free(struct sim_disk *d);
/* For sqlite3_open_v2() and store_options. */
const char *sim_disk_vfs(const struct sim_disk *d);

/* While frozen, nothing that is done has an effect, though it seems to succeed: what a dead process
 * tidies up as it is taken down must not reach its disk. */
void sim_disk_freeze(struct sim_disk *d, bool frozen);

/* The machine stops: what was not synced may be lost.  All files must be closed. */
void sim_disk_power_loss(struct sim_disk *d);

/* The nth write (sync) from now fails with an I/O error, once; 0 takes it back. */
void sim_disk_fail_write(struct sim_disk *d, int nth);
void sim_disk_fail_sync(struct sim_disk *d, int nth);
/* All files together may have that many bytes; 0: no limit. */
void sim_disk_set_capacity(struct sim_disk *d, int64_t bytes);

/* Since the start. */
int64_t sim_disk_writes(const struct sim_disk *d);
int64_t sim_disk_syncs(const struct sim_disk *d);
int64_t sim_disk_bytes(const struct sim_disk *d); /* in all files, now */
/* Whether an injected fault has happened since it was set. */
bool sim_disk_has_failed(const struct sim_disk *d);

/* Small files.  put makes one and refuses one that is there (false), as link(2) does; it is not
 * synced, unless sync is set.  get returns STR_NULL for none; the bytes live until the file
 * changes. */
bool sim_disk_put(struct sim_disk *d, const char *name, struct str bytes, bool sync);
struct str sim_disk_get(const struct sim_disk *d, const char *name);
bool sim_disk_remove(struct sim_disk *d, const char *name);

#endif
