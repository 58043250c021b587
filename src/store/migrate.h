/*
 * migrate - numbered changes of the database's shape.
 *
 * A migration is a text of SQL statements.  The list in migrate.c orders them; the number of a
 * migration is its place in that list, counted from 1, and the file's user_version is the number
 * of the last one that ran.  New ones go at the end; one that was released never changes.
 *
 * Texts live in schema_<part>.c, one file per part of the platform that owns tables.
 */
#ifndef STORE_MIGRATE_H
#define STORE_MIGRATE_H

#include "store/db.h"

struct migration {
    const char *name; /* for messages: "base tables" */
    const char *sql;
};

extern const struct migration schema_base;   /* schema_base.c: objects, attempts, blobs, ids */
extern const struct migration schema_flow;   /* schema_flow.c: runs and nodes of the graph engine */
extern const struct migration schema_gone;   /* schema_gone.c: runs of objects that are gone */
extern const struct migration schema_expiry; /* schema_expiry.c: when runs expire */

/* Runs what is missing, each in a transaction of its own.  A file that holds anything is copied to
 * `<path>.before-<number>` first.  ERR_UNSUPPORTED if the file is of a newer program. */
int migrate(struct db *d, const char *path, struct err *e);

/* The same with another list, for tests. */
int migrate_with(struct db *d, const char *path, const struct migration *const *list, int count,
                 struct err *e);

#endif
