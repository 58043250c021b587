/* The rules of the pod network, as the server needs them. */
#include "runner/podnet.h"

#include "base/str.h"
#include "tests/unit/test.h"

TEST(low_ports_of_pods_are_found_where_they_were_moved)
{
    struct sockaddr_in to;

    CHECK_TRUE(podnet_target("127.97.1.2", 80, &to));
    CHECK_INT(ntohs(to.sin_port), 64592);
    CHECK_TRUE(podnet_target("127.97.1.2", 8080, &to));
    CHECK_INT(ntohs(to.sin_port), 8080);
    CHECK_TRUE(podnet_target("127.0.0.1", 80, &to)); /* a pod on the host's network */
    CHECK_INT(ntohs(to.sin_port), 80);
    CHECK_TRUE(!podnet_target("pod", 80, &to));
    for (unsigned port = 1; port < 65536; port++) {
        uint16_t real = netmap_real_port((uint16_t)port);

        CHECK_TRUE(real >= NETMAP_PRIVILEGED);
        if (port < NETMAP_MOVED)
            CHECK_INT(netmap_shown_port(real), port);
    }
}

TEST(a_peer_with_a_pods_address_is_a_pod)
{
    static const struct {
        const char *text;
        bool pod;
    } cases[] = {{"127.97.0.1", true},      {"127.97.255.254", true},
                 {"127.96.0.1", false},     {"127.0.0.1", false},
                 {"10.97.0.1", false},      {"::ffff:127.97.3.4", true},
                 {"::ffff:1.2.3.4", false}, {"::1", false}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sockaddr_storage peer = {.ss_family = AF_INET};
        struct sockaddr_in *four = (struct sockaddr_in *)&peer;
        struct sockaddr_in6 *six = (struct sockaddr_in6 *)&peer;

        if (inet_pton(AF_INET, cases[i].text, &four->sin_addr) != 1) {
            peer.ss_family = AF_INET6;
            CHECK_INT(inet_pton(AF_INET6, cases[i].text, &six->sin6_addr), 1);
        }
        CHECK_INT(podnet_is_pod((const struct sockaddr *)&peer), cases[i].pod);
    }
}

TESTS_MAIN(T_(low_ports_of_pods_are_found_where_they_were_moved),
           T_(a_peer_with_a_pods_address_is_a_pod))
