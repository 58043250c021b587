#include "cli/loopback.h"

#include "base/mem.h"
#include "cli/settings.h"
#include "tests/unit/test.h"

TEST(the_port_of_a_url_on_the_loopback_is_found)
{
    static const struct {
        const char *url;
        int port;
    } rows[] = {
        {"http://localhost:3128", 3128},
        {"http://127.0.0.1:3141/root/pypi/+simple/", 3141},
        {"http://user:pass@127.0.0.1:8081/x@y", 8081},
        {"https://LocalHost/simple", 443},
        {"http://[::1]:99?q", 99},
        {"http://[::1]", 80},
        {"socks5h://localhost", 1080},
        {"127.0.0.1:8888", 8888},
        {"localhost", 80},
        {"localhost:", 80},
        {"http://127.0.0.1.example.org:80", 0},
        {"http://example.org:3128", 0},
        {"http://localhost@example.org:1", 0},
        {"http://localhost:0", 0},
        {"http://localhost:65536", 0},
        {"http://localhost:x", 0},
        {"http://[::1", 0},
        {"", 0},
    };

    static const struct settings none;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        cleanup_free char *variable = xasprintf("http_proxy=%s", rows[i].url);
        const char *const variables[] = {variable, NULL};
        loopback_ports got = VEC_INIT;

        loopback_find(&none, variables, &got);
        CHECK_INT(got.n > 0 ? (int)got.at[0] : 0, rows[i].port);
        vec_done(&got);
    }
}

TEST(ports_come_from_the_setting_and_from_what_python_pods_are_told)
{
    static const char *const variables[] = {
        "http_proxy=127.0.0.1:3128",
        "HTTPS_PROXY=http://localhost:3128",
        "no_proxy=localhost,127.0.0.1:5",
        "PIP_INDEX_URL=http://localhost:3141/simple",
        "PIP_EXTRA_INDEX_URL=http://example.org/simple http://localhost:3142/simple",
        "PIP_TRUSTED_HOST=localhost:7",
        "PIP_TIMEOUT=60",
        NULL,
    };
    struct settings s = {.loopback_ports = VEC_INIT};
    loopback_ports got = VEC_INIT;

    vec_push(&s.loopback_ports, xstrdup("5432"));
    loopback_find(&s, variables, &got);
    CHECK_INT((int)got.n, 4);
    CHECK_INT((int)got.at[0], 5432);
    CHECK_INT((int)got.at[1], 3128);
    CHECK_INT((int)got.at[2], 3141);
    CHECK_INT((int)got.at[3], 3142);
    vec_done(&got);
    settings_list_done(&s.loopback_ports);
}

TESTS_MAIN(T_(the_port_of_a_url_on_the_loopback_is_found),
           T_(ports_come_from_the_setting_and_from_what_python_pods_are_told))
