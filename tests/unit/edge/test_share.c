/* How many of the connections one client may have. */
#include <stdlib.h>

#include "base/err.h"
#include "edge/share.h"
#include "io/address.h"
#include "tests/unit/test.h"

static struct address
at(const char *text)
{
    struct address a;
    struct err e = ERR_INIT;

    CHECK_INT(address_parse(str_of(text), &a, &e), 0);
    return a;
}

/* Takes all it gets; how many that were. */
static size_t
take_all(struct share *s, const char *text, void *taken[], bool privileged)
{
    struct address a = at(text);
    size_t n = 0;

    while ((taken[n] = share_take(s, &a, privileged)) != NULL)
        n++;
    return n;
}

static void
give_all(void *taken[], size_t n)
{
    for (size_t i = 0; i < n; i++)
        share_give(taken[i]);
}

TEST(one_that_takes_all_it_gets_leaves_as_much_for_the_others)
{
    cleanup_share struct share *s = share_new(64);
    void *first[65], *second[65], *third[65], *own[65];
    size_t n = take_all(s, "127.97.0.1:1000", first, false);
    size_t more = take_all(s, "127.97.0.2:1000", second, false);
    size_t most = take_all(s, "127.97.0.3:1000", third, false);

    CHECK_INT(n, 32);
    CHECK_INT(more, 16);
    CHECK_INT(most, 8);
    CHECK_INT(take_all(s, "127.0.0.1:1000", own, true), 8); /* to the last one */
    CHECK_NULL(share_take(s, &(struct address){.n = 0}, false));
    give_all(first, n);
    CHECK_INT(take_all(s, "127.97.0.2:2000", first, false), 8); /* 24 it has, 24 are left */
    give_all(first, 8);
    give_all(second, more);
    give_all(third, most);
    give_all(own, 8);
    CHECK_INT(take_all(s, "127.97.0.1:1000", first, false), 32);
    give_all(first, 32);
}

TEST(a_client_is_an_address_whatever_its_port_or_spelling)
{
    cleanup_share struct share *s = share_new(8);
    void *taken[9], *other[9];

    CHECK_INT(take_all(s, "127.97.0.1:1", taken, false), 4);
    CHECK_INT(take_all(s, "127.97.0.1:2", other, false), 0);
    CHECK_INT(take_all(s, "[::ffff:127.97.0.1]:3", other, false), 0);
    give_all(taken, 4);
    CHECK_INT(take_all(s, "[2001:db8::1]:1", taken, false), 4);
    CHECK_INT(take_all(s, "[2001:db8::ffff:2]:1", other, false), 0); /* of one network */
    CHECK_INT(take_all(s, "[2001:db8:0:1::1]:1", other, false), 2);
    give_all(taken, 4);
    give_all(other, 2);
}

TESTS_MAIN(T_(one_that_takes_all_it_gets_leaves_as_much_for_the_others),
           T_(a_client_is_an_address_whatever_its_port_or_spelling))
