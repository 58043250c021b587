/* Node ports: kept, asked for, given away once, and used up. */
#include <stdlib.h>

#include "api/nodeport.h"
#include "base/buf.h"
#include "tests/unit/api/apirig.h"

#define SERVICES "/api/v1/namespaces/default/services"

static struct json_doc *last;

/* Creates or (with its name in `line`) writes one; the answer as JSON. */
static int
write_service(struct apirig *r, const char *line, const char *name, const char *spec)
{
    cleanup_free char *body = xasprintf("{\"metadata\":{\"name\":\"%s\"},\"spec\":%s}", name, spec);
    cleanup_apireply struct apireply y = apirig_ask(r, line, body);
    struct err e = ERR_INIT;

    json_doc_unref(TAKE(last));
    CHECK_INT(json_parse(str_of(y.text), NULL, &last, &e), 0);
    return y.status;
}

static int
create(struct apirig *r, const char *name, const char *spec)
{
    return write_service(r, "POST " SERVICES, name, spec);
}

/* The node port of the last answer's port i; 0: none. */
static int64_t
port(size_t i)
{
    int64_t n = 0;

    (void)json_int(json_get(json_item(json_at_path(json_root(last), "spec.ports"), i), "nodePort"),
                   &n);
    return n;
}

static bool
is_in_range(int64_t n)
{
    return n >= NODEPORT_FIRST && n <= NODEPORT_LAST;
}

static void
check_message(const char *part)
{
    CHECK_CONTAINS(json_cstr_or(json_get(json_root(last), "message"), ""), part);
}

TEST(ports_are_given_kept_by_later_writes_and_free_again_after_a_change_of_type)
{
    struct apirig r;
    int64_t one, two;

    apirig_open(&r);
    CHECK_INT(create(&r, "web",
                     "{\"type\":\"NodePort\",\"ports\":[{\"name\":\"a\",\"port\":80},"
                     "{\"name\":\"b\",\"port\":81}]}"),
              201);
    one = port(0);
    two = port(1);
    CHECK_TRUE(is_in_range(one) && is_in_range(two) && one != two);
    /* The same ports in another order, without saying which they had. */
    CHECK_INT(write_service(&r, "PUT " SERVICES "/web", "web",
                            "{\"type\":\"NodePort\",\"ports\":[{\"name\":\"b\",\"port\":81},"
                            "{\"name\":\"a\",\"port\":80}]}"),
              200);
    CHECK_INT(port(0), two);
    CHECK_INT(port(1), one);
    CHECK_INT(write_service(&r, "PUT " SERVICES "/web", "web",
                            "{\"type\":\"ClusterIP\",\"ports\":[{\"name\":\"a\",\"port\":80},"
                            "{\"name\":\"b\",\"port\":81}]}"),
              200);
    CHECK_INT(port(0), 0);
    {
        cleanup_free char *spec = xasprintf(
            "{\"type\":\"NodePort\",\"ports\":[{\"port\":80,\"nodePort\":%d}]}", (int)one);

        CHECK_INT(create(&r, "other", spec), 201);
        CHECK_INT(port(0), one);
    }
    apirig_close(&r);
}

TEST(a_port_that_is_taken_or_out_of_range_is_refused_by_its_path)
{
    struct apirig r;

    apirig_open(&r);
    CHECK_INT(create(&r, "web",
                     "{\"type\":\"LoadBalancer\",\"ports\":[{\"port\":80,\"nodePort\":30080}]}"),
              201);
    CHECK_INT(port(0), 30080);
    CHECK_INT(create(&r, "two",
                     "{\"type\":\"NodePort\",\"ports\":[{\"name\":\"a\",\"port\":1},"
                     "{\"name\":\"b\",\"port\":80,\"nodePort\":30080}]}"),
              422);
    check_message("spec.ports[1].nodePort: Invalid value: 30080: provided port is already "
                  "allocated");
    CHECK_INT(create(&r, "low",
                     "{\"type\":\"NodePort\",\"ports\":[{\"port\":80,"
                     "\"nodePort\":29999}]}"),
              422);
    check_message("The range of valid ports is 30000-32767");
    CHECK_INT(create(&r, "none",
                     "{\"type\":\"LoadBalancer\",\"allocateLoadBalancerNodePorts\":"
                     "false,\"ports\":[{\"port\":80}]}"),
              201);
    CHECK_INT(port(0), 0);
    /* A wish of a later port is not given to an earlier one. */
    for (int i = 0; i < 3; i++) {
        cleanup_free char *name = xasprintf("wish-%d", i);
        cleanup_free char *spec = xasprintf(
            "{\"type\":\"NodePort\",\"ports\":[{\"name\":\"a\",\"port\":1},{\"name\":\"b\","
            "\"port\":2,\"nodePort\":%d}]}",
            31000 + i);

        CHECK_INT(create(&r, name, spec), 201);
        CHECK_INT(port(1), 31000 + i);
        CHECK_TRUE(port(0) != port(1));
    }
    apirig_close(&r);
}

TEST(when_all_are_given_away_the_next_service_is_told_so_and_the_last_port_can_be_had)
{
    enum { EACH = 346 }; /* eight Services of that many take all 2768 */
    struct apirig r;
    cleanup_buf struct buf spec = BUF_INIT;

    apirig_open(&r);
    buf_cstr(&spec, "{\"type\":\"NodePort\",\"ports\":[");
    for (int i = 1; i <= EACH; i++)
        buf_printf(&spec, "%s{\"name\":\"p%d\",\"port\":%d}", i > 1 ? "," : "", i, i);
    buf_cstr(&spec, "]}");
    for (int i = 0; i < (NODEPORT_LAST - NODEPORT_FIRST + 1) / EACH; i++) {
        cleanup_free char *name = xasprintf("all-%d", i);

        CHECK_INT(create(&r, name, buf_cstring(&spec)), 201);
    }
    CHECK_INT(create(&r, "late", "{\"type\":\"NodePort\",\"ports\":[{\"port\":80}]}"), 503);
    check_message("no node port of 30000-32767 is left");
    CHECK_INT(apirig_status(&r, "DELETE " SERVICES "/all-0", NULL), 200);
    CHECK_INT(create(&r, "late", "{\"type\":\"NodePort\",\"ports\":[{\"port\":80}]}"), 201);
    CHECK_TRUE(is_in_range(port(0)));
    apirig_close(&r);
    json_doc_unref(TAKE(last));
}

TESTS_MAIN(T_(ports_are_given_kept_by_later_writes_and_free_again_after_a_change_of_type),
           T_(a_port_that_is_taken_or_out_of_range_is_refused_by_its_path),
           T_(when_all_are_given_away_the_next_service_is_told_so_and_the_last_port_can_be_had))
