#include "store/store.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "store/db.h"
#include "store/migrate.h"
#include "tests/unit/store/scratch.h"
#include "tests/unit/test.h"

TEST(a_new_directory_is_closed_to_others_and_keeps_its_facts)
{
    SCRATCH(dir);
    struct err e = ERR_INIT;
    struct store *s = NULL;
    struct stat st;
    char path[128], *value = NULL;

    snprintf(path, sizeof path, "%s/data", dir.path);
    if (store_open(path, NULL, &s, &e) < 0)
        fail_msg("%s", e.msg);
    CHECK_INT(stat(path, &st), 0);
    CHECK_INT(st.st_mode & 07777, 0700);
    CHECK_INT(store_meta_set(s, "name", "value", &e), 0);
    store_close(s);
    CHECK_INT(store_open(path, NULL, &s, &e), 0);
    CHECK_INT(store_meta_get(s, "name", &value, &e), 0);
    CHECK_STR(value, "value");
    free(value);
    store_close(s);
}

TEST(the_version_counter_goes_on_where_a_commit_left_it)
{
    SCRATCH(dir);
    struct err e = ERR_INIT;
    struct store *s = NULL;

    CHECK_INT(store_open(dir.path, NULL, &s, &e), 0);
    db_turn_begin(store_db(s));
    CHECK_INT(store_next_rv(s), 1);
    CHECK_INT(store_next_rv(s), 2);
    CHECK_INT(store_before_commit(s, &e), 0);
    CHECK_INT(db_commit(store_db(s), &e), 0);
    store_after_commit(s);
    store_close(s);
    CHECK_INT(store_open(dir.path, NULL, &s, &e), 0);
    CHECK_INT(store_rv(s), 2);
    store_close(s);
}

TEST(a_second_process_is_told_who_uses_the_directory)
{
    SCRATCH(dir);
    struct err e = ERR_INIT;
    struct store *s = NULL, *second = NULL;
    char expected[64];

    CHECK_INT(store_open(dir.path, NULL, &s, &e), 0);
    CHECK_INT(store_open(dir.path, NULL, &second, &e), ERR_CONFLICT);
    snprintf(expected, sizeof expected, "is in use by process %d", (int)getpid());
    CHECK_CONTAINS(e.msg, expected);
    CHECK_CONTAINS(e.msg, dir.path);
    store_close(s);
    CHECK_INT(store_open(dir.path, NULL, &second, &e), 0);
    store_close(second);
}

TEST(a_newer_version_is_refused_and_left_alone)
{
    SCRATCH(dir);
    struct err e = ERR_INIT;
    struct store *s = NULL;

    CHECK_INT(store_open(dir.path, NULL, &s, &e), 0);
    CHECK_INT(db_exec(store_db(s), "PRAGMA user_version = 9999", &e), 0);
    store_close(s);
    s = NULL;
    CHECK_INT(store_open(dir.path, NULL, &s, &e), ERR_UNSUPPORTED);
    CHECK_CONTAINS(e.msg, "newer version");
    CHECK_NULL(s);
}

TEST(a_directory_with_other_content_open_to_others_is_not_touched)
{
    SCRATCH(dir);
    struct err e = ERR_INIT;
    struct store *s = NULL;
    struct stat st;
    char path[128];
    FILE *f;

    snprintf(path, sizeof path, "%s/letter.txt", dir.path);
    f = fopen(path, "w");
    fclose(f);
    chmod(dir.path, 0755);
    CHECK_INT(store_open(dir.path, NULL, &s, &e), ERR_FORBIDDEN);
    CHECK_CONTAINS(e.msg, "0755");
    CHECK_INT(stat(dir.path, &st), 0);
    CHECK_INT(st.st_mode & 07777, 0755);
}

/* In a child, since root may read everything. */
TEST(an_unreadable_directory_is_named)
{
    SCRATCH(dir);
    int status;
    pid_t child;

    chmod(dir.path, 0);
    child = fork();
    if (child == 0) {
        struct err e = ERR_INIT;
        struct store *s = NULL;

        if (geteuid() == 0 && (setgid(65534) < 0 || setuid(65534) < 0))
            _exit(2);
        _exit(store_open(dir.path, NULL, &s, &e) == ERR_FORBIDDEN && strstr(e.msg, dir.path) != NULL
                  ? 0
                  : 1);
    }
    CHECK_INT(waitpid(child, &status, 0), child);
    CHECK_INT(status, 0);
    chmod(dir.path, 0700);
}

TEST(a_file_in_place_of_the_directory_is_named)
{
    struct err e = ERR_INIT;
    struct store *s = NULL;

    CHECK_INT(store_open("/dev/null", NULL, &s, &e), ERR_INVALID);
    CHECK_CONTAINS(e.msg, "'/dev/null' is not a directory");
    CHECK_INT(store_open("/nonexistent/a", NULL, &s, &e), ERR_NOTFOUND);
    CHECK_CONTAINS(e.msg, "/nonexistent/a");
}

TEST(the_reserve_is_given_back_when_the_disk_is_full)
{
    SCRATCH(dir);
    struct err e = ERR_INIT;
    struct store *s = NULL;
    struct stat st;
    char path[128];

    snprintf(path, sizeof path, "%s/reserve", dir.path);
    CHECK_INT(store_open(dir.path, NULL, &s, &e), 0);
    CHECK_INT(stat(path, &st), 0);
    CHECK_TRUE(st.st_blocks * 512 >= STORE_RESERVE_BYTES);
    CHECK_FALSE(store_is_short(s));
    store_disk_full(s);
    CHECK_TRUE(store_is_short(s));
    CHECK_INT(stat(path, &st), -1);
    store_close(s);
    CHECK_INT(store_open(dir.path, NULL, &s, &e), 0);
    CHECK_FALSE(store_is_short(s));
    store_close(s);
}

/* There is nothing to give back, and nothing to tell that there is room but to go on. */
TEST(without_a_reserve_a_full_disk_is_tried_again_after_a_while)
{
    SCRATCH(dir);
    struct clock_manual clock;
    const struct store_options o = {.temporary = true, .clock = &clock.clock};
    struct err e = ERR_INIT;
    struct store *s = NULL;

    clock_manual_init(&clock, CLOCK_SECOND);
    CHECK_INT(store_open(dir.path, &o, &s, &e), 0);
    CHECK_FALSE(store_is_short(s));
    store_disk_full(s);
    CHECK_TRUE(store_tidy(s));
    CHECK_TRUE(store_is_short(s));
    clock_manual_advance(&clock, 10 * CLOCK_SECOND);
    CHECK_FALSE(store_tidy(s));
    CHECK_FALSE(store_is_short(s));
    store_close(s);
}

/* Migrations. */

static const struct migration one = {"one", "CREATE TABLE a(x)"};
static const struct migration two = {"two", "CREATE TABLE b(x)"};
static const struct migration bad = {"bad", "CREATE TABLE c(x); CREATE TABLE c(x)"};

TEST(a_migration_runs_once_and_copies_the_file_first)
{
    SCRATCH(dir);
    struct err e = ERR_INIT;
    struct db *d = NULL, *copy = NULL;
    char path[128], before[160];
    const struct migration *const list[] = {&one, &two};
    int64_t n = 0;

    snprintf(path, sizeof path, "%s/test.db", dir.path);
    snprintf(before, sizeof before, "%s.before-2", path);
    CHECK_INT(db_open(path, NULL, DB_DURABLE, &d, &e), 0);
    CHECK_INT(migrate_with(d, path, list, 1, &e), 0);
    CHECK_INT(access(before, F_OK), -1);
    CHECK_INT(db_exec(d, "INSERT INTO a VALUES(42)", &e), 0);
    CHECK_INT(migrate_with(d, path, list, 2, &e), 0);
    CHECK_INT(migrate_with(d, path, list, 2, &e), 0);
    CHECK_INT(db_open(before, NULL, DB_DURABLE, &copy, &e), 0);
    CHECK_INT(stmt_get_int(db_stmt(copy, "SELECT x FROM a"), 0, &n, &e), 0);
    CHECK_INT(n, 42);
    CHECK_INT(stmt_get_int(db_stmt(copy, "PRAGMA user_version"), 0, &n, &e), 0);
    CHECK_INT(n, 1);
    db_close(copy);
    db_close(d);
}

TEST(a_migration_that_fails_changes_nothing)
{
    SCRATCH(dir);
    struct err e = ERR_INIT;
    struct db *d = NULL;
    char path[128];
    const struct migration *const list[] = {&one, &bad};
    int64_t n = 0;

    snprintf(path, sizeof path, "%s/test.db", dir.path);
    CHECK_INT(db_open(path, NULL, DB_DURABLE, &d, &e), 0);
    CHECK_TRUE(migrate_with(d, path, list, 2, &e) < 0);
    CHECK_CONTAINS(e.msg, "migration 2 (bad)");
    CHECK_INT(stmt_get_int(db_stmt(d, "PRAGMA user_version"), 0, &n, &e), 0);
    CHECK_INT(n, 1);
    CHECK_INT(
        stmt_get_int(db_stmt(d, "SELECT count(*) FROM sqlite_master WHERE name = 'c'"), 0, &n, &e),
        0);
    CHECK_INT(n, 0);
    db_close(d);
}

/* The text that makes each table and index, and the number of the last migration. */
static char *
tables_of(const char *dir, bool temporary)
{
    const struct store_options options = {.temporary = temporary, .reserve_bytes = -1};
    CLEANUP(store_close) struct store *s = NULL;
    cleanup_stmt struct stmt *all = NULL;
    struct err e = ERR_INIT;

    CHECK_INT(store_open(dir, &options, &s, &e), 0);
    all =
        db_stmt(store_db(s),
                "SELECT (SELECT user_version FROM pragma_user_version) || char(10) ||"
                " group_concat(sql, char(10)) FROM (SELECT sql FROM sqlite_master ORDER BY name)");
    CHECK_INT(stmt_step(all, &e), 1);
    return str_dup(stmt_str(all, 0));
}

TEST(a_temporary_store_begins_with_the_tables_that_migrations_make)
{
    SCRATCH(dir);
    cleanup_free char *durable_dir = xasprintf("%s/durable", dir.path);
    cleanup_free char *temporary_dir = xasprintf("%s/temporary", dir.path);
    cleanup_free char *made = tables_of(durable_dir, false);
    cleanup_free char *ready = tables_of(temporary_dir, true);
    cleanup_free char *again = tables_of(temporary_dir, true);

    CHECK_CONTAINS(made, "CREATE TABLE nodes");
    CHECK_STR(ready, made);
    CHECK_STR(again, made);
}

TESTS_MAIN(T_(a_new_directory_is_closed_to_others_and_keeps_its_facts),
           T_(the_version_counter_goes_on_where_a_commit_left_it),
           T_(a_second_process_is_told_who_uses_the_directory),
           T_(a_newer_version_is_refused_and_left_alone),
           T_(a_directory_with_other_content_open_to_others_is_not_touched),
           T_(an_unreadable_directory_is_named), T_(a_file_in_place_of_the_directory_is_named),
           T_(the_reserve_is_given_back_when_the_disk_is_full),
           T_(without_a_reserve_a_full_disk_is_tried_again_after_a_while),
           T_(a_migration_runs_once_and_copies_the_file_first),
           T_(a_migration_that_fails_changes_nothing),
           T_(a_temporary_store_begins_with_the_tables_that_migrations_make))
