#include "store/attempts.h"

#include "base/arena.h"
#include "base/err.h"
#include "store/db.h"
#include "store/store.h"
#include "tests/unit/store/scratch.h"
#include "tests/unit/test.h"

static void
insert(struct db *d, const char *id, const char *pod, int n)
{
    struct attempt_row row = {.id = str_of(id),
                              .pod_uid = str_of(pod),
                              .container = STR("main"),
                              .n = n,
                              .boot_id = STR("boot"),
                              .state = STR("intended"),
                              .created_us = n};
    struct err e = ERR_INIT;

    if (attempts_insert(d, &row, &e) < 0)
        fail_msg("%s", e.msg);
}

TEST(open_attempts_are_those_that_are_neither_exited_nor_lost)
{
    SCRATCH(dir);
    cleanup_arena struct arena a = ARENA_INIT;
    struct err e = ERR_INIT;
    struct store *s = NULL;
    struct attempt_row *rows, one;
    struct db *d;
    size_t n;

    CHECK_INT(store_open(dir.path, NULL, &s, &e), 0);
    d = store_db(s);
    insert(d, "pod-1-0", "pod-1", 0);
    insert(d, "pod-1-1", "pod-1", 1);
    insert(d, "pod-2-0", "pod-2", 0);
    insert(d, "pod-10-0", "pod-10", 2);
    CHECK_INT(attempts_update(d, STR("pod-1-0"), STR("exited"), STR("{\"code\":1}"), &e), 0);
    CHECK_INT(attempts_update(d, STR("pod-9-0"), STR("exited"), STR_NULL, &e), ERR_NOTFOUND);
    CHECK_INT(attempts_list(d, STR_NULL, &a, &rows, &n, &e), 0);
    CHECK_INT(n, 3);
    CHECK_VIEW(rows[0].id, "pod-2-0");
    CHECK_VIEW(rows[1].id, "pod-1-1");
    CHECK_INT(attempts_list(d, STR("pod-1"), &a, &rows, &n, &e), 0);
    CHECK_INT(n, 2);
    CHECK_VIEW(rows[0].json, "{\"code\":1}");
    CHECK_INT(attempts_get(d, STR("pod-2-0"), &a, &one, &e), 0);
    CHECK_VIEW(one.pod_uid, "pod-2");
    CHECK_INT(attempts_delete_pod(d, STR("pod-1"), &e), 2);
    CHECK_INT(attempts_get(d, STR("pod-1-1"), &a, &one, &e), ERR_NOTFOUND);
    store_close(s);
}

TESTS_MAIN(T_(open_attempts_are_those_that_are_neither_exited_nor_lost))
