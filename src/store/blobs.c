#include "store/blobs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "base/vec.h"
#include "store/db.h"

enum { TREE_DESCRIPTORS = 16 };

/* A blob that got its row in a turn that may not be committed yet. */
struct fresh {
    struct blob_id id;
    uint64_t turn;
};

struct blobs {
    char *dir; /* DATA/blobs */
    struct db *d;
    VEC(struct fresh) fresh;
};

struct blobs *
blobs_open(const char *dir, struct db *d)
{
    struct blobs *b = NEW(struct blobs);

    *b = (struct blobs){.dir = xasprintf("%s/blobs", dir), .d = d};
    return b;
}

struct blobs *
blobs_close(struct blobs *b)
{
    if (b != NULL) {
        vec_done(&b->fresh);
        free(b->dir);
        free(b);
    }
    return NULL;
}

/* Files. */

static char *
path_of(const struct blobs *b, const char *below, const struct blob_id *id)
{
    return xasprintf("%s/%s%s", b->dir, below, id->text);
}

static int
sync_path(const char *path, int flags)
{
    cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | flags);

    return fd < 0 ? -1 : fsync(fd);
}

/* For nftw, whose callback has no argument: links and special files have no bytes of their own. */
static int
sync_entry(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)where;
    if (type == FTW_F && S_ISREG(st->st_mode))
        return sync_path(path, 0);
    if (type == FTW_DP)
        return sync_path(path, O_DIRECTORY);
    return type == FTW_DNR || type == FTW_NS ? -1 : 0;
}

static int
sync_all(const char *path)
{
    struct stat st;

    if (lstat(path, &st) < 0)
        return -1;
    if (S_ISDIR(st.st_mode))
        return nftw(path, sync_entry, TREE_DESCRIPTORS, FTW_PHYS | FTW_DEPTH);
    return sync_path(path, 0);
}

/* A directory beside others, which a crash does not take away again. */
static int
make_dir(const char *path, struct err *e)
{
    cleanup_free char *above = xasprintf("%s/..", path);

    if (mkdir(path, 0700) == 0 ? sync_path(above, O_DIRECTORY) < 0 : errno != EEXIST)
        return err_errno(e, "make directory '%s'", path);
    return 0;
}

/* With the first blob: most short runs have none. */
static int
make_dirs(const struct blobs *b, struct err *e)
{
    cleanup_free char *temp = xasprintf("%s/tmp", b->dir);
    cleanup_free char *fresh = xasprintf("%s/new", b->dir);

    if (make_dir(b->dir, e) < 0 || make_dir(temp, e) < 0)
        return e->code;
    return make_dir(fresh, e);
}

int
blobs_temp(struct blobs *b, struct blob_id *id, char **path, struct err *e)
{
    unsigned char random[16];

    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        return err_errno(e, "random bytes for a blob");
    for (size_t i = 0; i < sizeof random; i++)
        snprintf(id->text + 2 * i, 3, "%02x", random[i]);
    if (make_dirs(b, e) < 0)
        return e->code;
    *path = path_of(b, "tmp/", id);
    return 0;
}

static int
set_mark(const char *path, struct err *e)
{
    cleanup_close int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    return fd < 0 ? err_errno(e, "make '%s'", path) : 0;
}

int
blobs_publish(struct blobs *b, const struct blob_id *id, struct err *e)
{
    cleanup_free char *temp = path_of(b, "tmp/", id);
    cleanup_free char *place = path_of(b, "", id);
    cleanup_free char *mark = path_of(b, "new/", id);

    if (set_mark(mark, e) < 0)
        return e->code;
    if (sync_all(temp) < 0)
        return err_errno(e, "sync '%s'", temp);
    if (rename(temp, place) < 0)
        return err_errno(e, "rename '%s' to '%s'", temp, place);
    if (sync_path(b->dir, O_DIRECTORY) < 0)
        return err_errno(e, "sync directory '%s'", b->dir);
    return 0;
}

static int
remove_entry(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)st, (void)type, (void)where;
    return remove(path);
}

static void
remove_all(const char *path)
{
    if (unlink(path) == 0 || errno == ENOENT)
        return;
    if (nftw(path, remove_entry, TREE_DESCRIPTORS, FTW_PHYS | FTW_DEPTH) != 0)
        log_warn(path, "cannot be removed: %s; tried again at the next start", strerror(errno));
}

void
blobs_discard(struct blobs *b, const struct blob_id *id)
{
    cleanup_free char *temp = path_of(b, "tmp/", id);
    cleanup_free char *place = path_of(b, "", id);
    cleanup_free char *mark = path_of(b, "new/", id);

    remove_all(temp);
    remove_all(place);
    unlink(mark);
}

const char *
blobs_path(const struct blobs *b, const struct blob_id *id, struct arena *a)
{
    return arena_printf(a, "%s/%s", b->dir, id->text);
}

/* Rows. */

#define COLUMNS "key, file, kind, size, digest, created_us"

static void
read_row(const struct stmt *s, struct arena *a, struct blob *ret)
{
    struct str key = stmt_str(s, 0), file = stmt_str(s, 1), digest = stmt_str(s, 4);

    *ret = (struct blob){
        .key = str_make(str_dup_arena(a, key), key.n),
        .kind = stmt_int(s, 2) == BLOB_TREE ? BLOB_TREE : BLOB_FILE,
        .size = stmt_int(s, 3),
        .digest = str_make(str_dup_arena(a, digest), digest.n),
        .created_us = stmt_int(s, 5),
    };
    if (file.n < sizeof ret->id.text)
        memcpy(ret->id.text, file.p, file.n);
}

/* 1 if a row has this file, else 0. */
static int
is_used(struct blobs *b, const char *file, struct err *e)
{
    struct stmt *s = db_stmt(b->d, "SELECT 1 FROM blobs WHERE file = ?1");
    int64_t used = 0;

    stmt_bind_cstr(s, 1, file);
    return stmt_get_int(s, 0, &used, e) < 0 ? e->code : (int)used;
}

/* A row of an earlier turn that is there is committed.  One that is not there was taken back: its
 * mark stays for the next start. */
static int
drop_marks(struct blobs *b, struct err *e)
{
    for (size_t i = 0; i < b->fresh.n;) {
        struct fresh f = b->fresh.at[i];
        cleanup_free char *mark = path_of(b, "new/", &f.id);
        int used;

        if (f.turn == db_turn_number(b->d)) {
            i++;
            continue;
        }
        used = is_used(b, f.id.text, e);
        if (used < 0)
            return used;
        if (used > 0)
            unlink(mark);
        vec_swap_remove(&b->fresh, i);
    }
    return 0;
}

int
blobs_put(struct blobs *b, const struct blob *blob, struct err *e)
{
    struct stmt *s =
        db_stmt(b->d, "INSERT OR REPLACE INTO blobs(" COLUMNS ") VALUES(?1, ?2, ?3, ?4, ?5, ?6)");

    stmt_bind_str(s, 1, blob->key);
    stmt_bind_cstr(s, 2, blob->id.text);
    stmt_bind_int(s, 3, blob->kind);
    stmt_bind_int(s, 4, blob->size);
    stmt_bind_str(s, 5, blob->digest.p != NULL ? blob->digest : STR(""));
    stmt_bind_int(s, 6, blob->created_us);
    if (stmt_run(s, e) < 0)
        return e->code;
    vec_push(&b->fresh, ((struct fresh){.id = blob->id, .turn = db_turn_number(b->d)}));
    return drop_marks(b, e);
}

static int
not_found(struct str key, struct err *e)
{
    return err_set(e, ERR_NOTFOUND, "artifact '%.*s' not found", STR_ARG(key));
}

int
blobs_get(struct blobs *b, struct str key, struct arena *a, struct blob *ret, struct err *e)
{
    cleanup_stmt struct stmt *s = db_stmt(b->d, "SELECT " COLUMNS " FROM blobs WHERE key = ?1");
    int rc;

    stmt_bind_str(s, 1, key);
    rc = stmt_step(s, e);
    if (rc < 0)
        return rc;
    if (rc == 0)
        return not_found(key, e);
    read_row(s, a, ret);
    return 0;
}

/* A prefix is a range of keys: [prefix, prefix with 0xff... behind it), which byte-wise comparison
 * ends by looking at each key, so that no upper bound needs to be made. */
int
blobs_list(struct blobs *b, struct str prefix, struct str after, size_t limit, struct arena *a,
           struct blob **ret, size_t *count, struct err *e)
{
    cleanup_stmt struct stmt *s =
        db_stmt(b->d, "SELECT " COLUMNS " FROM blobs WHERE key >= ?1 AND key > ?2"
                      " ORDER BY key LIMIT ?3");
    VEC(struct blob) found = VEC_INIT;
    int rc;

    stmt_bind_str(s, 1, prefix.p != NULL ? prefix : STR(""));
    stmt_bind_str(s, 2, after.p != NULL ? after : STR(""));
    stmt_bind_int(s, 3, (int64_t)limit);
    while ((rc = stmt_step(s, e)) > 0) {
        if (!str_starts(stmt_str(s, 0), prefix))
            break;
        read_row(s, a, vec_grow(&found));
    }
    *count = found.n;
    *ret = ARENA_ARRAY(a, struct blob, found.n + 1);
    if (found.n > 0)
        memcpy(*ret, found.at, found.n * sizeof *found.at);
    vec_done(&found);
    return rc < 0 ? rc : 0;
}

int
blobs_delete(struct blobs *b, struct str key, bool *has_orphan, struct blob_id *orphan,
             struct err *e)
{
    cleanup_arena struct arena a = ARENA_INIT;
    struct blob blob;
    struct stmt *s;
    int rc = blobs_get(b, key, &a, &blob, e);

    *has_orphan = false;
    if (rc < 0)
        return rc == ERR_NOTFOUND ? 0 : rc;
    s = db_stmt(b->d, "DELETE FROM blobs WHERE key = ?1");
    stmt_bind_str(s, 1, key);
    if (stmt_run(s, e) < 0 || (rc = is_used(b, blob.id.text, e)) < 0)
        return e->code;
    *has_orphan = rc == 0;
    *orphan = blob.id;
    return 1;
}

/* What a killed process left. */

/* Calls one() for each entry of a folder of blobs/. */
static int
each_entry(struct blobs *b, const char *below,
           int (*one)(struct blobs *b, const char *name, struct err *e), struct err *e)
{
    cleanup_free char *path = xasprintf("%s/%s", b->dir, below);
    DIR *d = opendir(path);
    struct dirent *entry;
    int removed = 0, rc = 0;

    if (d == NULL)
        return errno == ENOENT ? 0 : err_errno(e, "read directory '%s'", path);
    while (rc >= 0 && (entry = readdir(d)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        rc = one(b, entry->d_name, e);
        removed += rc > 0;
    }
    closedir(d);
    return rc < 0 ? rc : removed;
}

static int
collect_temp(struct blobs *b, const char *name, struct err *e)
{
    cleanup_free char *path = xasprintf("%s/tmp/%s", b->dir, name);

    (void)e;
    remove_all(path);
    return 1;
}

static int
collect_marked(struct blobs *b, const char *name, struct err *e)
{
    cleanup_free char *place = xasprintf("%s/%s", b->dir, name);
    cleanup_free char *mark = xasprintf("%s/new/%s", b->dir, name);
    int used = is_used(b, name, e);

    if (used < 0)
        return used;
    if (used == 0)
        remove_all(place);
    unlink(mark);
    return used == 0;
}

int
blobs_collect(struct blobs *b, struct err *e)
{
    int dropped = each_entry(b, "tmp", collect_temp, e);
    int orphans = dropped < 0 ? dropped : each_entry(b, "new", collect_marked, e);

    return orphans < 0 ? orphans : dropped + orphans;
}
