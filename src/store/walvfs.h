/*
 * walvfs - gathers the small writes of a commit into one.
 *
 * SQLite writes a commit into its log page by page, each as a header of 24 bytes and a page of 4
 * KB: a turn of the core is some twenty system calls.  They follow one another in the file, and
 * nothing depends on them before the sync that ends the commit.  So this VFS, a thin layer over
 * another one, keeps consecutive writes to the log in memory and passes them on as one when the log
 * is synced, read where they are, cut or closed.  The order of writes and syncs stays as it was; a
 * write that fails is reported by the sync, which SQLite treats alike: the commit has failed.
 *
 * Only files that SQLite opens as a write-ahead log are touched.  Core thread only.
 */
#ifndef STORE_WALVFS_H
#define STORE_WALVFS_H

#include <stdbool.h>

struct err;
struct walvfs;

/* Registers a layer over the VFS of that name (NULL: the system's), under a name of its own. */
struct walvfs *walvfs_new(const char *below, struct err *e);
const char *walvfs_name(const struct walvfs *v);
/* Where commits are not synced nothing may be gathered: a write would be held back beyond the
 * commit that it belongs to.  Off at first.  Call it between transactions. */
void walvfs_gather(struct walvfs *v, bool on);
/* All files must be closed.  NULL is fine; always returns NULL. */
struct walvfs *walvfs_free(struct walvfs *v);

#endif
