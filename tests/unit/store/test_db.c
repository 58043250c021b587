#include "store/db.h"

#include <sqlite3.h>
#include <stdio.h>

#include "base/err.h"
#include "tests/unit/store/scratch.h"
#include "tests/unit/test.h"

static struct db *
open_in(const struct scratch *s)
{
    char path[128];
    struct db *d = NULL;
    struct err e = ERR_INIT;

    snprintf(path, sizeof path, "%s/test.db", s->path);
    CHECK_INT(db_open(path, NULL, DB_DURABLE, &d, &e), 0);
    if (db_exec(d, "CREATE TABLE IF NOT EXISTS t(a INTEGER PRIMARY KEY, b TEXT)", &e) < 0)
        fail_msg("%s", e.msg);
    return d;
}

static int
put(struct db *d, int64_t a, const char *b, struct err *e)
{
    struct stmt *s = db_stmt(d, "INSERT INTO t VALUES(?1, ?2)");

    stmt_bind_int(s, 1, a);
    stmt_bind_cstr(s, 2, b);
    return stmt_run(s, e);
}

static int
rows(struct db *d)
{
    struct err e = ERR_INIT;
    int64_t n = -1;

    CHECK_INT(stmt_get_int(db_stmt(d, "SELECT count(*) FROM t"), 0, &n, &e), 0);
    return (int)n;
}

TEST(statements_bind_step_and_read_all_types)
{
    SCRATCH(dir);
    CLEANUP(db_close) struct db *d = open_in(&dir);
    struct err e = ERR_INIT;
    struct stmt *s = db_stmt(d, "SELECT ?1, ?2, ?3");

    stmt_bind_int(s, 1, INT64_MIN);
    stmt_bind_str(s, 2, str_make("a\0b", 3));
    CHECK_INT(stmt_step(s, &e), 1);
    CHECK_TRUE(stmt_int(s, 0) == INT64_MIN);
    CHECK_INT(stmt_str(s, 1).n, 3);
    CHECK_TRUE(stmt_is_null(s, 2));
    CHECK_NULL(stmt_str(s, 2).p);
    CHECK_INT(stmt_step(s, &e), 0);
    stmt_done(s);
}

static const char recursive[] = "SELECT a FROM t WHERE a >= ?1 ORDER BY a";

static int
walk_down(struct db *d, int64_t from)
{
    cleanup_stmt struct stmt *s = db_stmt(d, recursive);
    struct err e = ERR_INIT;
    int seen = 0;

    stmt_bind_int(s, 1, from);
    while (stmt_step(s, &e) > 0)
        seen += 1 + walk_down(d, stmt_int(s, 0) + 1);
    return seen;
}

TEST(a_statement_in_use_is_given_out_as_a_copy)
{
    SCRATCH(dir);
    CLEANUP(db_close) struct db *d = open_in(&dir);
    struct err e = ERR_INIT;

    for (int i = 1; i <= 4; i++)
        CHECK_INT(put(d, i, "x", &e), 1);
    CHECK_INT(walk_down(d, 1), 15); /* 2^4 - 1 non-empty increasing sequences */
    CHECK_INT(walk_down(d, 1), 15);
}

TEST(a_turn_that_only_reads_opens_nothing)
{
    SCRATCH(dir);
    CLEANUP(db_close) struct db *d = open_in(&dir);
    struct err e = ERR_INIT;

    db_turn_begin(d);
    db_mark(d);
    CHECK_INT(rows(d), 0);
    CHECK_INT(db_mark_keep(d, &e), 0);
    CHECK_FALSE(db_wrote(d));
    CHECK_INT(db_commit(d, &e), 0);
}

TEST(a_mark_takes_back_one_message_and_leaves_the_others)
{
    SCRATCH(dir);
    CLEANUP(db_close) struct db *d = open_in(&dir);
    struct err e = ERR_INIT;

    db_turn_begin(d);
    db_mark(d);
    put(d, 1, "kept", &e);
    CHECK_INT(db_mark_keep(d, &e), 0);
    db_mark(d);
    put(d, 2, "taken back", &e);
    CHECK_INT(db_mark_undo(d, &e), 0);
    db_mark(d);
    put(d, 3, "kept", &e);
    CHECK_INT(db_mark_keep(d, &e), 0);
    CHECK_TRUE(db_wrote(d));
    CHECK_INT(db_commit(d, &e), 0);
    CHECK_INT(rows(d), 2);
}

TEST(a_turn_whose_only_write_was_taken_back_wrote_nothing)
{
    SCRATCH(dir);
    CLEANUP(db_close) struct db *d = open_in(&dir);
    struct err e = ERR_INIT;

    db_turn_begin(d);
    db_mark(d);
    put(d, 1, "x", &e);
    CHECK_INT(db_mark_undo(d, &e), 0);
    CHECK_FALSE(db_wrote(d));
    CHECK_INT(db_commit(d, &e), 0);
    CHECK_INT(rows(d), 0);
}

TEST(a_turn_goes_on_after_its_first_message_was_taken_back)
{
    SCRATCH(dir);
    CLEANUP(db_close) struct db *d = open_in(&dir);
    struct err e = ERR_INIT;

    db_turn_begin(d);
    db_mark(d);
    put(d, 1, "taken back", &e);
    CHECK_INT(db_mark_undo(d, &e), 0);
    db_mark(d);
    put(d, 2, "kept", &e);
    CHECK_INT(db_mark_keep(d, &e), 0);
    db_mark(d);
    put(d, 3, "taken back", &e);
    CHECK_INT(db_mark_undo(d, &e), 0);
    CHECK_INT(db_commit(d, &e), 0);
    CHECK_INT(rows(d), 1);
}

TEST(a_rolled_back_turn_leaves_nothing_and_the_next_one_works)
{
    SCRATCH(dir);
    CLEANUP(db_close) struct db *d = open_in(&dir);
    struct err e = ERR_INIT;

    db_turn_begin(d);
    put(d, 1, "x", &e);
    db_rollback(d);
    CHECK_INT(rows(d), 0);
    db_turn_begin(d);
    put(d, 1, "x", &e);
    CHECK_INT(db_commit(d, &e), 0);
    CHECK_INT(rows(d), 1);
}

TEST(a_constraint_is_a_conflict_and_does_not_break_the_turn)
{
    SCRATCH(dir);
    CLEANUP(db_close) struct db *d = open_in(&dir);
    struct err e = ERR_INIT;

    db_turn_begin(d);
    put(d, 1, "x", &e);
    CHECK_INT(put(d, 1, "y", &e), ERR_CONFLICT);
    CHECK_CONTAINS(e.msg, "UNIQUE");
    CHECK_INT(db_broken(d), 0);
    CHECK_INT(put(d, 2, "z", &e), 1);
    CHECK_INT(db_commit(d, &e), 0);
    CHECK_INT(rows(d), 2);
}

/* Every way on from the message that met the full disk: its mark is undone, kept, or there was
 * none.  The turn is over for each of them, with what earlier messages wrote. */
TEST(a_full_disk_breaks_the_turn_and_the_next_one_may_delete)
{
    enum { UNDO, KEEP, NONE, WAYS };
    static char big[64 * 1024];

    memset(big, 'x', sizeof big - 1);
    for (int way = 0; way < WAYS; way++) {
        SCRATCH(dir);
        CLEANUP(db_close) struct db *d = open_in(&dir);
        struct err e = ERR_INIT;

        CHECK_INT(db_exec(d, "INSERT INTO t VALUES(1, 'old')", &e), 0);
        CHECK_INT(db_exec(d, "PRAGMA max_page_count = 8", &e), 0);
        db_turn_begin(d);
        db_mark(d);
        CHECK_INT(put(d, 2, "fits", &e), 1);
        CHECK_INT(db_mark_keep(d, &e), 0);
        if (way != NONE)
            db_mark(d);
        CHECK_INT(put(d, 3, big, &e), ERR_FULL);
        CHECK_CONTAINS(e.msg, "the disk is full");
        CHECK_INT(db_broken(d), ERR_FULL);
        if (way != NONE)
            CHECK_INT(way == UNDO ? db_mark_undo(d, &e) : db_mark_keep(d, &e), ERR_FULL);
        CHECK_INT(put(d, 4, "small", &e), ERR_FULL);
        CHECK_INT(db_commit(d, &e), ERR_FULL);
        CHECK_INT(rows(d), 1);

        db_turn_begin(d);
        CHECK_INT(db_broken(d), 0);
        CHECK_INT(stmt_run(db_stmt(d, "DELETE FROM t"), &e), 1);
        CHECK_INT(db_commit(d, &e), 0);
        CHECK_INT(rows(d), 0);
    }
}

TEST(what_was_committed_is_there_after_reopening)
{
    SCRATCH(dir);
    struct err e = ERR_INIT;
    struct db *d = open_in(&dir);

    db_turn_begin(d);
    put(d, 7, "x", &e);
    CHECK_INT(db_commit(d, &e), 0);
    CHECK_TRUE(db_log_bytes(d) > 0);
    CHECK_INT(db_checkpoint(d, &e), 0);
    CHECK_INT(db_log_bytes(d), 0);
    db_close(d);
    d = open_in(&dir);
    CHECK_INT(rows(d), 1);
    db_close(d);
}

TEST(a_file_that_is_no_database_is_named)
{
    SCRATCH(dir);
    char path[128];
    struct db *d = NULL;
    struct err e = ERR_INIT;
    FILE *f;

    snprintf(path, sizeof path, "%s/test.db", dir.path);
    f = fopen(path, "w");
    for (int i = 0; i < 1000; i++)
        fputs("not a database\n", f);
    fclose(f);
    CHECK_INT(db_open(path, NULL, DB_DURABLE, &d, &e), ERR_INVALID);
    CHECK_CONTAINS(e.msg, path);
    CHECK_CONTAINS(e.msg, "is not a database");
}

static sqlite3_mem_methods memory;
static bool no_memory;

static void *
allocate(int n)
{
    return no_memory ? NULL : memory.xMalloc(n);
}

static void *
reallocate(void *p, int n)
{
    return no_memory ? NULL : memory.xRealloc(p, n);
}

/* Before SQLite begins again with the next file that is opened. */
static void
take_over_memory(void)
{
    sqlite3_mem_methods ours;

    CHECK_INT(sqlite3_shutdown(), SQLITE_OK);
    CHECK_INT(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &memory), SQLITE_OK);
    ours = memory;
    ours.xMalloc = allocate;
    ours.xRealloc = reallocate;
    CHECK_INT(sqlite3_config(SQLITE_CONFIG_MALLOC, &ours), SQLITE_OK);
}

static void
give_memory_back(void)
{
    CHECK_INT(sqlite3_shutdown(), SQLITE_OK);
    CHECK_INT(sqlite3_config(SQLITE_CONFIG_MALLOC, &memory), SQLITE_OK);
}

TEST(a_statement_for_which_there_was_no_memory_is_tried_again)
{
    SCRATCH(dir);
    struct err e = ERR_INIT;
    struct db *d;

    take_over_memory();
    d = open_in(&dir);
    no_memory = true;
    CHECK_INT(put(d, 1, "a", &e), ERR_UNAVAILABLE);
    no_memory = false;
    e = ERR_INIT;
    db_turn_begin(d);
    CHECK_INT(put(d, 1, "a", &e), 1);
    CHECK_INT(db_commit(d, &e), 0);
    CHECK_INT(rows(d), 1);
    db_close(d);
    give_memory_back();
}

TESTS_MAIN(T_(statements_bind_step_and_read_all_types),
           T_(a_statement_in_use_is_given_out_as_a_copy), T_(a_turn_that_only_reads_opens_nothing),
           T_(a_mark_takes_back_one_message_and_leaves_the_others),
           T_(a_turn_whose_only_write_was_taken_back_wrote_nothing),
           T_(a_turn_goes_on_after_its_first_message_was_taken_back),
           T_(a_rolled_back_turn_leaves_nothing_and_the_next_one_works),
           T_(a_constraint_is_a_conflict_and_does_not_break_the_turn),
           T_(a_full_disk_breaks_the_turn_and_the_next_one_may_delete),
           T_(what_was_committed_is_there_after_reopening), T_(a_file_that_is_no_database_is_named),
           T_(a_statement_for_which_there_was_no_memory_is_tried_again))
