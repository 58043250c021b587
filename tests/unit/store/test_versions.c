#include "store/versions.h"

#include "base/buf.h"
#include "base/err.h"
#include "store/db.h"
#include "store/store.h"
#include "tests/unit/store/scratchstore.h"
#include "tests/unit/test.h"

static void
put(struct db *d, int64_t rv, int64_t prev, char op, const char *name, bool finished)
{
    cleanup_free char *uid = xasprintf("uid-%s", name);
    struct version v = {.rv = rv,
                        .prev_rv = prev,
                        .op = op,
                        .finished = finished,
                        .resource = STR("things"),
                        .ns = STR("ns"),
                        .name = str_of(name),
                        .uid = str_of(uid),
                        .json = STR("{}")};
    struct err e = ERR_INIT;

    if (versions_put(d, &v, &e) < 0)
        fail_msg("%s", e.msg);
}

static int
tell(void *arg, const struct version *v, struct err *e)
{
    (void)e;
    buf_printf(arg, "%.*s@%d%s ", STR_ARG(v->name), (int)v->rv, v->finished ? "!" : "");
    return 0;
}

TEST(an_object_points_at_its_current_version)
{
    SCRATCH(dir);
    CLEANUP(store_close) struct store *s = scratchstore_open(&dir);
    cleanup_buf struct buf b = BUF_INIT;
    struct err e = ERR_INIT;

    put(store_db(s), 1, 0, 'A', "a", false);
    put(store_db(s), 2, 0, 'A', "b", false);
    put(store_db(s), 3, 1, 'M', "a", true);
    CHECK_INT(versions_by_key(store_db(s), STR("things"), STR("ns"), STR("a"), tell, &b, &e), 1);
    CHECK_INT(versions_by_uid(store_db(s), STR("uid-b"), tell, &b, &e), 1);
    CHECK_INT(versions_by_uid(store_db(s), STR("uid-c"), tell, &b, &e), 0);
    CHECK_INT(versions_unfinished(store_db(s), tell, &b, &e), 1);
    CHECK_STR(buf_cstring(&b), "a@3! b@2 b@2 ");
    put(store_db(s), 4, 3, 'D', "a", true);
    CHECK_INT(versions_by_uid(store_db(s), STR("uid-a"), tell, &b, &e), 0);
    CHECK_FALSE(versions_uid_exists(store_db(s), STR("uid-a")));
    CHECK_TRUE(versions_uid_exists(store_db(s), STR("uid-b")));
}

static int64_t
count(struct db *d)
{
    struct err e = ERR_INIT;
    int64_t n = -1;

    CHECK_INT(stmt_get_int(db_stmt(d, "SELECT count(*) FROM versions"), 0, &n, &e), 0);
    return n;
}

TEST(pruning_takes_what_was_replaced_before_the_horizon_and_no_more)
{
    SCRATCH(dir);
    CLEANUP(store_close) struct store *s = scratchstore_open(&dir);
    struct db *d = store_db(s);
    cleanup_buf struct buf b = BUF_INIT;
    struct err e = ERR_INIT;
    int64_t from = 0;

    put(d, 1, 0, 'A', "old", false);
    for (int rv = 2; rv <= 50; rv++)
        put(d, rv, rv > 2 ? rv - 1 : 0, rv == 2 ? 'A' : 'M', "busy", false);
    put(d, 51, 0, 'A', "gone", false);
    put(d, 52, 51, 'D', "gone", false);
    put(d, 60, 50, 'M', "busy", false);
    CHECK_INT(versions_prune(d, &from, 55, 10, &e), 8); /* 2 to 9; 10 is what `busy` is at 10 */
    CHECK_INT(from, 10);
    while (from < 54)
        CHECK_TRUE(versions_prune(d, &from, 55, 10, &e) >= 0);
    CHECK_INT(count(d), 3); /* and 50, which is what `busy` was at the horizon */
    CHECK_INT(versions_unfinished(d, tell, &b, &e), 2);
    CHECK_STR(buf_cstring(&b), "busy@60 old@1 ");
}

static void
label(struct db *d, const char *name, const char *key, const char *value)
{
    struct version_index of = {STR("things"), STR("ns"), str_of(name), str_of(name)};
    struct err e = ERR_INIT;

    CHECK_INT(versions_label(d, &of, str_of(key), str_of(value), true, &e), 0);
}

static void
walk_labels(struct db *d, struct str key, struct buf *to)
{
    cleanup_free char *after = xstrdup("");
    struct err e = ERR_INIT;

    for (;;) {
        char *next;

        CHECK_INT(versions_next_label(d, STR("things"), key, str_of(after), &next, &e), 0);
        if (next == NULL)
            return;
        buf_printf(to, "%s ", next);
        free(after);
        after = next;
    }
}

TEST(labels_are_walked_each_once_in_their_order)
{
    SCRATCH(dir);
    CLEANUP(store_close) struct store *s = scratchstore_open(&dir);
    struct db *d = store_db(s);
    cleanup_buf struct buf keys = BUF_INIT, values = BUF_INIT, none = BUF_INIT;

    label(d, "a", "team", "red");
    label(d, "b", "team", "blue");
    label(d, "c", "team", "red");
    label(d, "c", "app", "x");
    walk_labels(d, STR_NULL, &keys);
    walk_labels(d, STR("team"), &values);
    walk_labels(d, STR("absent"), &none);
    CHECK_STR(buf_cstring(&keys), "app team ");
    CHECK_STR(buf_cstring(&values), "blue red ");
    CHECK_STR(buf_cstring(&none), "");
}

TESTS_MAIN(T_(labels_are_walked_each_once_in_their_order),
           T_(an_object_points_at_its_current_version),
           T_(pruning_takes_what_was_replaced_before_the_horizon_and_no_more))
