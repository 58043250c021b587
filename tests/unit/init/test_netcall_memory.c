/* Which answers a caller that was interrupted gets. */
#include <errno.h>

#include "init/netcall_memory.h"
#include "tests/unit/test.h"

enum { SOCKET = 5, THREAD = 7 };

static struct netcall_memory_entry
entry(enum netcall_kind kind, long result)
{
    return (struct netcall_memory_entry){SOCKET, kind, THREAD, result};
}

TEST(an_answer_that_nobody_took_is_that_of_the_next_call_and_of_no_other)
{
    struct netcall_memory m = {0};
    struct netcall_memory_entry other = {SOCKET + 1, NETCALL_CONNECT, THREAD, 0};
    struct netcall_memory_entry bind = entry(NETCALL_BIND, 0), call = entry(NETCALL_CONNECT, 0);

    netcall_memory_untaken(&m, entry(NETCALL_CONNECT, -ECONNREFUSED));
    assert_false(netcall_memory_take(&m, &other));
    assert_false(netcall_memory_take(&m, &bind));
    assert_true(netcall_memory_take(&m, &call));
    CHECK_INT(call.result, -ECONNREFUSED);
    assert_false(netcall_memory_take(&m, &call));
}

TEST(an_answer_that_was_sent_and_lost_is_given_to_the_call_that_finds_its_work_done)
{
    struct netcall_memory m = {0};

    netcall_memory_sent(&m, entry(NETCALL_CONNECT, 0));
    CHECK_INT(netcall_memory_correct(&m, entry(NETCALL_CONNECT, -EISCONN)), 0);
    CHECK_INT(netcall_memory_correct(&m, entry(NETCALL_CONNECT, -EISCONN)), -EISCONN);
    netcall_memory_sent(&m, entry(NETCALL_CONNECT, -EINPROGRESS));
    CHECK_INT(netcall_memory_correct(&m, entry(NETCALL_CONNECT, -EALREADY)), -EINPROGRESS);
    netcall_memory_sent(&m, entry(NETCALL_BIND, 0));
    CHECK_INT(netcall_memory_correct(&m, entry(NETCALL_BIND, -EINVAL)), 0);
}

TEST(what_a_call_comes_to_by_itself_stands)
{
    struct netcall_memory m = {0};
    struct netcall_memory_entry other = {SOCKET, NETCALL_CONNECT, THREAD + 1, -EISCONN};

    netcall_memory_sent(&m, entry(NETCALL_CONNECT, -ECONNREFUSED));
    CHECK_INT(netcall_memory_correct(&m, entry(NETCALL_CONNECT, -EISCONN)), -EISCONN);
    netcall_memory_sent(&m, entry(NETCALL_CONNECT, -EINPROGRESS));
    CHECK_INT(netcall_memory_correct(&m, other), -EISCONN);
    CHECK_INT(netcall_memory_correct(&m, entry(NETCALL_CONNECT, 0)), 0);
}

TEST(the_oldest_answers_are_forgotten_first)
{
    struct netcall_memory m = {0};
    struct netcall_memory_entry first = {.socket = 1}, second = {.socket = 2};

    for (ino_t i = 1; i <= NETCALL_MEMORY_MAX + 1; i++)
        netcall_memory_untaken(&m, (struct netcall_memory_entry){.socket = i});
    assert_false(netcall_memory_take(&m, &first));
    assert_true(netcall_memory_take(&m, &second));
}

TESTS_MAIN(T_(an_answer_that_nobody_took_is_that_of_the_next_call_and_of_no_other),
           T_(an_answer_that_was_sent_and_lost_is_given_to_the_call_that_finds_its_work_done),
           T_(what_a_call_comes_to_by_itself_stands), T_(the_oldest_answers_are_forgotten_first))
