#include "core/linger.h"

#include "tests/unit/test.h"

/* A turn of `now` requests after one of `before`, to which `more` come if it waits for them. */
static size_t
turn(struct linger *l, size_t before, size_t now, size_t more)
{
    size_t want = linger_want(l, before, now);
    size_t got = want <= now ? now : want < now + more ? want : now + more;

    linger_learn(l, got);
    return got;
}

TEST(two_groups_of_clients_become_one)
{
    struct linger l = {0};
    size_t requests = 4;

    for (int i = 0; i < LINGER_LOOK; i++)
        requests = turn(&l, requests, 4, 4);
    CHECK_INT(requests, 8);
    for (int i = 0; i < 3 * LINGER_LOOK; i++)
        CHECK_INT(turn(&l, 8, 1, 7), 8); /* the first one back waits for the others */
}

TEST(a_lone_client_is_waited_with_for_others_now_and_then_only)
{
    struct linger l = {0};
    int waits = 0;

    for (int i = 0; i < 4 * LINGER_LOOK; i++) {
        waits += linger_want(&l, 1, 1) > 1;
        linger_learn(&l, 1);
    }
    CHECK_INT(waits, 4);
}

TEST(clients_that_stay_away_are_forgotten_at_once)
{
    struct linger l = {.expected = 8};

    CHECK_INT(turn(&l, 8, 1, 2), 3);
    CHECK_INT(linger_want(&l, 3, 3), 3);
}

TEST(nobody_waits_longer_than_half_a_commit)
{
    struct linger l = {0};

    CHECK_INT(linger_patience_us(&l), 0);
    for (int i = 0; i < 100; i++)
        linger_committed(&l, 160);
    CHECK_TRUE(linger_patience_us(&l) > 70 && linger_patience_us(&l) <= 80);
    for (int i = 0; i < 100; i++)
        linger_committed(&l, 50 * 1000);
    CHECK_INT(linger_patience_us(&l), LINGER_MAX_US);
}

TESTS_MAIN(T_(two_groups_of_clients_become_one),
           T_(a_lone_client_is_waited_with_for_others_now_and_then_only),
           T_(clients_that_stay_away_are_forgotten_at_once),
           T_(nobody_waits_longer_than_half_a_commit))
