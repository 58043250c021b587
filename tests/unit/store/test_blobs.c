#include "store/blobs.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "store/db.h"
#include "store/store.h"
#include "tests/unit/store/scratchstore.h"
#include "tests/unit/test.h"

/* Writes a file and gives it its place. */
static struct blob_id
publish(struct blobs *b, const char *text)
{
    cleanup_free char *path = NULL;
    struct blob_id id;
    struct err e = ERR_INIT;
    FILE *f;

    CHECK_INT(blobs_temp(b, &id, &path, &e), 0);
    f = fopen(path, "w");
    fputs(text, f);
    fclose(f);
    CHECK_INT(blobs_publish(b, &id, &e), 0);
    return id;
}

static void
put(struct blobs *b, const char *key, const struct blob_id *id)
{
    struct blob blob = {.key = str_of(key),
                        .id = *id,
                        .kind = BLOB_FILE,
                        .size = 3,
                        .digest = STR("sha256:00"),
                        .created_us = 5};
    struct err e = ERR_INIT;

    CHECK_INT(blobs_put(b, &blob, &e), 0);
}

static bool
exists(struct blobs *b, const struct blob_id *id)
{
    cleanup_arena struct arena a = ARENA_INIT;

    return access(blobs_path(b, id, &a), F_OK) == 0;
}

TEST(a_blob_is_found_by_its_key)
{
    SCRATCH(dir);
    cleanup_arena struct arena a = ARENA_INIT;
    CLEANUP(store_close) struct store *s = scratchstore_open(&dir);
    struct blob_id id = publish(store_blobs(s), "abc");
    struct err e = ERR_INIT;
    struct blob found;

    put(store_blobs(s), "bucket/a/b.txt", &id);
    CHECK_INT(blobs_get(store_blobs(s), STR("bucket/a/b.txt"), &a, &found, &e), 0);
    CHECK_STR(found.id.text, id.text);
    CHECK_INT(found.size, 3);
    CHECK_VIEW(found.digest, "sha256:00");
    CHECK_INT(blobs_get(store_blobs(s), STR("bucket/a"), &a, &found, &e), ERR_NOTFOUND);
    CHECK_STR(e.msg, "artifact 'bucket/a' not found");
}

TEST(files_without_a_row_go_at_the_next_start)
{
    SCRATCH(dir);
    struct store *s = scratchstore_open(&dir);
    struct blob_id kept = publish(store_blobs(s), "kept"), orphan = publish(store_blobs(s), "x");
    struct blob_id temp;
    cleanup_free char *path = NULL, *inner = NULL;
    struct err e = ERR_INIT;

    put(store_blobs(s), "k", &kept);
    CHECK_INT(blobs_temp(store_blobs(s), &temp, &path, &e), 0);
    CHECK_INT(mkdir(path, 0700), 0);
    inner = xasprintf("%s/half", path);
    CHECK_INT(mkdir(inner, 0700), 0);
    store_close(s);
    s = scratchstore_open(&dir);
    CHECK_TRUE(exists(store_blobs(s), &kept));
    CHECK_FALSE(exists(store_blobs(s), &orphan));
    CHECK_INT(access(path, F_OK), -1);
    store_close(s);
}

static int
marks(const struct scratch *dir)
{
    char path[128];
    DIR *d;
    struct dirent *entry;
    int n = 0;

    snprintf(path, sizeof path, "%s/blobs/new", dir->path);
    d = opendir(path);
    CHECK_NOT_NULL(d);
    while ((entry = readdir(d)) != NULL)
        n += entry->d_name[0] != '.';
    closedir(d);
    return n;
}

TEST(a_mark_goes_when_the_row_is_committed)
{
    SCRATCH(dir);
    CLEANUP(store_close) struct store *s = scratchstore_open(&dir);
    struct blobs *b = store_blobs(s);
    struct db *d = store_db(s);
    struct blob_id first = publish(b, "1"), second = publish(b, "2"), third = publish(b, "3");
    struct err e = ERR_INIT;

    CHECK_INT(marks(&dir), 3);
    db_turn_begin(d);
    put(b, "first", &first);
    CHECK_INT(db_commit(d, &e), 0);
    CHECK_INT(marks(&dir), 3);
    db_turn_begin(d);
    put(b, "second", &second);
    CHECK_INT(marks(&dir), 2);
    db_rollback(d);
    db_turn_begin(d);
    put(b, "third", &third);
    CHECK_INT(db_commit(d, &e), 0);
    CHECK_INT(marks(&dir), 2); /* the second was taken back: the next start looks at it */
    store_close(s);
    s = scratchstore_open(&dir);
    CHECK_INT(marks(&dir), 0);
    CHECK_TRUE(exists(store_blobs(s), &first));
    CHECK_FALSE(exists(store_blobs(s), &second));
    CHECK_TRUE(exists(store_blobs(s), &third));
}

TEST(bytes_that_two_keys_share_go_with_the_last_one)
{
    SCRATCH(dir);
    CLEANUP(store_close) struct store *s = scratchstore_open(&dir);
    struct blobs *b = store_blobs(s);
    struct blob_id id = publish(b, "abc"), gone;
    struct err e = ERR_INIT;
    bool orphan = true;

    put(b, "first", &id);
    put(b, "second", &id);
    CHECK_INT(blobs_delete(b, STR("first"), &orphan, &gone, &e), 1);
    CHECK_FALSE(orphan);
    CHECK_INT(blobs_delete(b, STR("second"), &orphan, &gone, &e), 1);
    CHECK_TRUE(orphan);
    CHECK_STR(gone.text, id.text);
    blobs_discard(b, &gone);
    CHECK_FALSE(exists(b, &id));
    CHECK_INT(blobs_delete(b, STR("second"), &orphan, &gone, &e), 0);
}

TEST(a_list_is_a_page_of_the_keys_under_a_prefix)
{
    SCRATCH(dir);
    cleanup_arena struct arena a = ARENA_INIT;
    CLEANUP(store_close) struct store *s = scratchstore_open(&dir);
    struct blobs *b = store_blobs(s);
    struct blob_id id = publish(b, "abc");
    struct err e = ERR_INIT;
    struct blob *found;
    size_t n;

    put(b, "a/1", &id);
    put(b, "a/2", &id);
    put(b, "a/3", &id);
    put(b, "b/1", &id);
    CHECK_INT(blobs_list(b, STR("a/"), STR_NULL, 2, &a, &found, &n, &e), 0);
    CHECK_INT(n, 2);
    CHECK_VIEW(found[1].key, "a/2");
    CHECK_INT(blobs_list(b, STR("a/"), STR("a/2"), 2, &a, &found, &n, &e), 0);
    CHECK_INT(n, 1);
    CHECK_VIEW(found[0].key, "a/3");
}

TEST(a_tree_is_a_directory)
{
    SCRATCH(dir);
    CLEANUP(store_close) struct store *s = scratchstore_open(&dir);
    struct blobs *b = store_blobs(s);
    cleanup_free char *path = NULL, *link = NULL;
    struct blob_id id;
    struct err e = ERR_INIT;

    CHECK_INT(blobs_temp(b, &id, &path, &e), 0);
    CHECK_INT(mkdir(path, 0700), 0);
    link = xasprintf("%s/link", path);
    CHECK_INT(symlink("/nonexistent", link), 0); /* a link is a link, wherever it points */
    CHECK_INT(blobs_publish(b, &id, &e), 0);
    CHECK_TRUE(exists(b, &id));
    blobs_discard(b, &id);
    CHECK_FALSE(exists(b, &id));
}

TESTS_MAIN(T_(a_blob_is_found_by_its_key), T_(files_without_a_row_go_at_the_next_start),
           T_(a_mark_goes_when_the_row_is_committed),
           T_(bytes_that_two_keys_share_go_with_the_last_one),
           T_(a_list_is_a_page_of_the_keys_under_a_prefix), T_(a_tree_is_a_directory))
