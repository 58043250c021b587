/*
 * blobs - files and trees that outlive a step: artifacts, logs, results.
 *
 * A blob's bytes are a file (or a directory, for a tree) below blobs/; its row says which key it
 * has ("bucket/path/of/key"), how long it is and what its digest is.  Several keys may share one
 * file.  The order that makes this safe against a crash:
 *
 *     1. blobs_temp()     a job thread gets a fresh path below blobs/tmp/ and writes there
 *     2. blobs_publish()  the same thread: an empty file blobs/new/<id>, fsync of the bytes,
 *                         rename to blobs/<id>, fsync of the folder
 *     3. blobs_put()      the core, in a turn: the row; the commit makes it a fact
 *
 * A file without a row is an orphan.  Only those that blobs/new/ names can be: the mark goes when a
 * later turn sees the row committed.  So blobs_collect(), at start, looks at a few files however
 * many blobs there are.  Deleting goes the other way: the row goes with the turn, the file after
 * the commit (blobs_discard()).
 *
 * Thread: blobs_temp(), blobs_publish() and blobs_discard() may be called from any; they touch
 * files only.  The others are for the core thread.
 */
#ifndef STORE_BLOBS_H
#define STORE_BLOBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "base/str.h"

struct arena;
struct blobs;
struct db;
struct err;

enum blob_kind { BLOB_FILE, BLOB_TREE };

/* Names a file below blobs/: 32 hex digits. */
struct blob_id {
    char text[33];
};

struct blob {
    struct str key;
    struct blob_id id;
    enum blob_kind kind;
    int64_t size;       /* bytes; of a tree: of all its files */
    struct str digest;  /* "sha256:<hex>", or empty */
    int64_t created_us; /* wall */
};

/* `dir` is the data directory; blobs/, blobs/tmp/ and blobs/new/ are made with the first blob. */
struct blobs *blobs_open(const char *dir, struct db *d);
struct blobs *blobs_close(struct blobs *b);

/* A new id, and the absolute path under blobs/tmp/ where its bytes are to be written, as a file or
 * a directory that does not exist yet.  Any thread.  The caller frees *path. */
int blobs_temp(struct blobs *b, struct blob_id *id, char **path, struct err *e);
/* Makes what stands at the temporary path durable and gives it its place.  Any thread. */
int blobs_publish(struct blobs *b, const struct blob_id *id, struct err *e);
/* Removes the temporary (or published, not yet put) bytes.  Any thread. */
void blobs_discard(struct blobs *b, const struct blob_id *id);

/* Sets the row of a key (replacing an older one).  In a turn. */
int blobs_put(struct blobs *b, const struct blob *blob, struct err *e);
/* The row of a key, text in the arena.  ERR_NOTFOUND. */
int blobs_get(struct blobs *b, struct str key, struct arena *a, struct blob *ret, struct err *e);
/* The absolute path of the bytes, for reading (or binding); in the arena. */
const char *blobs_path(const struct blobs *b, const struct blob_id *id, struct arena *a);
/* Up to `limit` rows whose key starts with `prefix` and is greater than `after` (STR_NULL: from the
 * first), in the order of their keys. */
int blobs_list(struct blobs *b, struct str prefix, struct str after, size_t limit, struct arena *a,
               struct blob **ret, size_t *count, struct err *e);
/* Removes the row; 1 if there was one, 0 if not.  When no key shares the bytes any more, *orphan is
 * set and the caller removes them after the commit with blobs_discard(). */
int blobs_delete(struct blobs *b, struct str key, bool *has_orphan, struct blob_id *orphan,
                 struct err *e);

/* Removes what is in tmp/ and files without a row.  At start only, before anything writes.  Returns
 * how many. */
int blobs_collect(struct blobs *b, struct err *e);

#endif
