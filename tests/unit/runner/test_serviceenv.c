/* The variables that tell a container where Services are. */
#include <stdlib.h>

#include "base/arena.h"
#include "base/err.h"
#include "data/json.h"
#include "runner/podspec.h"
#include "runner/runtime.h"
#include "runner/serviceenv.h"
#include "tests/unit/test.h"

static struct plan_port
port(const char *name, const char *protocol, uint16_t number)
{
    return (struct plan_port){name != NULL ? xstrdup(name) : NULL, xstrdup(protocol), number};
}

static struct plan_service
service(const char *name, const char *address, size_t n)
{
    return (struct plan_service){.name = xstrdup(name),
                                 .address = xstrdup(address),
                                 .ports = NEW_ARRAY(struct plan_port, n + 1),
                                 .ports_n = n};
}

/* The API's own, one with two ports, and one with none. */
static struct plan *
make_plan(const char *spec)
{
    cleanup_free char *pod = xasprintf("{\"spec\":%s}", spec);
    struct plan *p = plan_new();
    struct err e = ERR_INIT;

    if (json_parse(str_of(pod), NULL, &p->pod, &e) < 0)
        fail_msg("%s", e.msg);
    p->services = NEW_ARRAY(struct plan_service, 3);
    p->services_n = 3;
    p->services[0] = service("kubernetes", "127.96.0.1", 1);
    p->services[0].ports[0] = port("https", "TCP", 443);
    p->services[1] = service("my-web", "127.96.3.7", 2);
    p->services[1].ports[0] = port("http-alt", "TCP", 8080);
    p->services[1].ports[1] = port("dns", "UDP", 53);
    p->services[2] = service("bare", "127.96.3.8", 0);
    return p;
}

/* STR_NULL for one that is not there. */
static struct str
value_of(const env_vars *vars, const char *name)
{
    for (size_t i = 0; i < vars->n; i++)
        if (str_is(vars->at[i].name, name))
            return vars->at[i].value;
    return STR_NULL;
}

/* The variables borrow from the plan. */
static struct plan *
fill(const char *spec, bool moved, struct arena *a, env_vars *vars)
{
    struct plan *p = make_plan(spec);
    const struct podspec s = {.root = json_root(p->pod)};

    serviceenv_add(p, &s, moved, a, vars);
    return p;
}

TEST(each_port_of_a_service_has_its_variables_and_the_first_those_without_a_number)
{
    cleanup_arena struct arena a = ARENA_INIT;
    env_vars vars = VEC_INIT;
    cleanup_plan struct plan *p = fill("{}", true, &a, &vars);

    CHECK_VIEW(value_of(&vars, "KUBERNETES_SERVICE_HOST"), "127.96.0.1");
    CHECK_VIEW(value_of(&vars, "KUBERNETES_SERVICE_PORT_HTTPS"), "443");
    CHECK_VIEW(value_of(&vars, "MY_WEB_SERVICE_HOST"), "127.96.3.7");
    CHECK_VIEW(value_of(&vars, "MY_WEB_SERVICE_PORT"), "8080");
    CHECK_VIEW(value_of(&vars, "MY_WEB_SERVICE_PORT_HTTP_ALT"), "8080");
    CHECK_VIEW(value_of(&vars, "MY_WEB_PORT"), "tcp://127.96.3.7:8080");
    CHECK_VIEW(value_of(&vars, "MY_WEB_PORT_8080_TCP"), "tcp://127.96.3.7:8080");
    CHECK_VIEW(value_of(&vars, "MY_WEB_PORT_8080_TCP_PROTO"), "tcp");
    CHECK_VIEW(value_of(&vars, "MY_WEB_PORT_8080_TCP_PORT"), "8080");
    CHECK_VIEW(value_of(&vars, "MY_WEB_PORT_8080_TCP_ADDR"), "127.96.3.7");
    CHECK_VIEW(value_of(&vars, "MY_WEB_SERVICE_PORT_DNS"), "53");
    CHECK_VIEW(value_of(&vars, "MY_WEB_PORT_53_UDP"), "udp://127.96.3.7:53");
    CHECK_VIEW(value_of(&vars, "BARE_SERVICE_HOST"), "127.96.3.8");
    CHECK_NULL(value_of(&vars, "BARE_SERVICE_PORT").p);
    vec_done(&vars);
}

TEST(where_connections_are_not_moved_the_ports_are_those_on_the_wire)
{
    cleanup_arena struct arena a = ARENA_INIT;
    env_vars vars = VEC_INIT;
    cleanup_plan struct plan *p = fill("{}", false, &a, &vars);

    CHECK_VIEW(value_of(&vars, "KUBERNETES_SERVICE_PORT"), "64955");
    CHECK_VIEW(value_of(&vars, "MY_WEB_SERVICE_PORT"), "8080"); /* from 1024 on they are the same */
    CHECK_VIEW(value_of(&vars, "MY_WEB_PORT_64565_UDP_PORT"), "64565");
    vec_done(&vars);
}

TEST(without_links_only_the_api_is_told_of)
{
    cleanup_arena struct arena a = ARENA_INIT;
    env_vars vars = VEC_INIT;
    cleanup_plan struct plan *p = fill("{\"enableServiceLinks\":false}", true, &a, &vars);

    CHECK_VIEW(value_of(&vars, "KUBERNETES_SERVICE_HOST"), "127.96.0.1");
    CHECK_NULL(value_of(&vars, "MY_WEB_SERVICE_HOST").p);
    vec_done(&vars);
}

TESTS_MAIN(T_(each_port_of_a_service_has_its_variables_and_the_first_those_without_a_number),
           T_(where_connections_are_not_moved_the_ports_are_those_on_the_wire),
           T_(without_links_only_the_api_is_told_of))
