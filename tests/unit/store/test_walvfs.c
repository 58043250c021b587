#include "store/walvfs.h"

#include <sqlite3.h>
#include <stdio.h>

#include "base/err.h"
#include "store/db.h"
#include "tests/unit/store/scratch.h"
#include "tests/unit/test.h"

TEST(an_unknown_vfs_is_named)
{
    struct err e = ERR_INIT;

    CHECK_NULL(walvfs_new("nonesuch", &e));
    CHECK_INT(e.code, ERR_UNSUPPORTED);
    CHECK_CONTAINS(e.msg, "'nonesuch'");
}

/* Larger than what is gathered, larger than the page cache (so that pages spill into the log and
 * are read back from it within the transaction), and read by a plain SQLite afterwards. */
TEST(commits_of_any_size_reach_the_file)
{
    SCRATCH(dir);
    static const int sizes[] = {1, 20, 40, 1000, 12000};
    struct err e = ERR_INIT;
    struct db *d = NULL;
    char path[128];
    sqlite3 *plain = NULL;
    sqlite3_stmt *s = NULL;
    int64_t n = 0;
    int total = 0;

    snprintf(path, sizeof path, "%s/test.db", dir.path);
    CHECK_INT(db_open(path, NULL, DB_DURABLE, &d, &e), 0);
    CHECK_INT(db_exec(d, "CREATE TABLE t(a)", &e), 0);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        db_turn_begin(d);
        for (int row = 0; row < sizes[i]; row++)
            CHECK_INT(stmt_run(db_stmt(d, "INSERT INTO t VALUES(randomblob(3000))"), &e), 1);
        CHECK_INT(
            stmt_get_int(db_stmt(d, "SELECT count(*) FROM t WHERE length(a) = 3000"), 0, &n, &e),
            0);
        total += sizes[i];
        CHECK_INT(n, total);
        if (db_commit(d, &e) < 0)
            fail_msg("%s", e.msg);
    }
    db_close(d);
    CHECK_INT(sqlite3_open(path, &plain), SQLITE_OK);
    CHECK_INT(sqlite3_prepare_v2(plain, "PRAGMA integrity_check", -1, &s, NULL), SQLITE_OK);
    CHECK_INT(sqlite3_step(s), SQLITE_ROW);
    CHECK_STR((const char *)sqlite3_column_text(s, 0), "ok");
    sqlite3_finalize(s);
    CHECK_INT(sqlite3_prepare_v2(plain, "SELECT count(*) FROM t", -1, &s, NULL), SQLITE_OK);
    CHECK_INT(sqlite3_step(s), SQLITE_ROW);
    CHECK_INT(sqlite3_column_int(s, 0), total);
    sqlite3_finalize(s);
    sqlite3_close(plain);
}

TESTS_MAIN(T_(an_unknown_vfs_is_named), T_(commits_of_any_size_reach_the_file))
