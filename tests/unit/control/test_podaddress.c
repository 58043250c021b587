/* Which pod has which address. */
#include "control/podaddress.h"

#include <stdio.h>

#include "sandbox/netmap.h"
#include "tests/unit/test.h"

static uint32_t
get(struct podaddress *a, int pod)
{
    char uid[16];

    snprintf(uid, sizeof uid, "u%d", pod);
    return podaddress_get(a, str_of(uid));
}

TEST(a_pod_keeps_its_address_and_freed_ones_come_again_last)
{
    struct podaddress a = {.last = 0};
    uint32_t first = get(&a, 1);
    char text[PODADDRESS_TEXT];

    CHECK_INT(get(&a, 1), first);
    CHECK_TRUE(get(&a, 2) != first);
    podaddress_format(first, text);
    CHECK_STR(text, "127.97.0.1");
    podaddress_release(&a, STR("u1"));
    for (int i = 3; i < 65535; i++)
        CHECK_TRUE(get(&a, i) != first);
    CHECK_INT(get(&a, 70000), first);
    podaddress_done(&a);
}

TEST(the_first_is_where_the_server_begins_and_what_is_left_before_it_comes_later)
{
    struct podaddress a = {.last = 0};

    podaddress_begin(&a, 65533);
    CHECK_INT(get(&a, 1), NETMAP_PODS | 65534);
    CHECK_INT(get(&a, 2), NETMAP_PODS | 1);
    podaddress_done(&a);
    podaddress_begin(&a, 65535);
    CHECK_TRUE((get(&a, 1) & 0xffff) != 0);
    podaddress_done(&a);
}

TEST(when_all_are_in_use_there_is_none)
{
    struct podaddress a = {.last = 0};

    for (int i = 0; i < 65534; i++) {
        uint32_t address = get(&a, i);

        CHECK_TRUE(netmap_is_pod(address) && (address & 0xffff) != 0 &&
                   (address & 0xffff) != 0xffff);
    }
    CHECK_INT(get(&a, 70000), 0);
    podaddress_release(&a, STR("u7"));
    CHECK_TRUE(get(&a, 70000) != 0);
    podaddress_done(&a);
}

TEST(what_status_says_is_taken_after_a_restart)
{
    struct podaddress a = {.last = 0};

    podaddress_restore(&a, STR("old"), "127.97.0.1");
    podaddress_restore(&a, STR("host"), "127.0.0.1");
    podaddress_restore(&a, STR("none"), "");
    podaddress_restore(&a, STR("twice"), "127.97.0.1");
    CHECK_INT(podaddress_get(&a, STR("old")), NETMAP_PODS | 1);
    CHECK_TRUE(podaddress_get(&a, STR("new")) != (NETMAP_PODS | 1));
    CHECK_TRUE(podaddress_get(&a, STR("twice")) != (NETMAP_PODS | 1));
    podaddress_done(&a);
}

TESTS_MAIN(T_(the_first_is_where_the_server_begins_and_what_is_left_before_it_comes_later),
           T_(a_pod_keeps_its_address_and_freed_ones_come_again_last),
           T_(when_all_are_in_use_there_is_none), T_(what_status_says_is_taken_after_a_restart))
