/* The /etc/hosts of a pod with names of its own. */
#include "base/arena.h"
#include "base/err.h"
#include "data/json.h"
#include "runner/hosts.h"
#include "tests/unit/test.h"

struct asked {
    struct arena a;
    struct str text;
    struct err e;
    int rc;
};

static struct asked
ask(const char *aliases)
{
    struct asked r = {.a = ARENA_INIT, .e = ERR_INIT};
    struct json_doc *doc = NULL;

    if (json_parse(str_of(aliases), NULL, &doc, &r.e) < 0)
        fail_msg("%s", r.e.msg);
    r.rc = hosts_text(json_root(doc), &r.a, &r.text, &r.e);
    json_doc_unref(doc);
    return r;
}

static void
refuses(const char *aliases, const char *why)
{
    struct asked r = ask(aliases);

    CHECK_INT(r.rc, ERR_INVALID);
    CHECK_CONTAINS(r.e.msg, why);
    arena_done(&r.a);
}

TEST(a_pod_that_asks_for_nothing_gets_no_file)
{
    struct asked r = ask("{\"spec\":{}}");

    CHECK_INT(r.rc, 0);
    CHECK_NULL(r.text.p);
    r = ask("{\"spec\":{\"hostAliases\":[]}}");
    CHECK_INT(r.rc, 0);
    CHECK_NULL(r.text.p);
}

TEST(aliases_come_behind_what_the_machine_says_in_their_order)
{
    struct asked r = ask("{\"spec\":{\"hostAliases\":[{\"ip\":\"10.0.0.1\",\"hostnames\":[\"a\","
                         "\"b.example\"]},{\"ip\":\"fd00::1\",\"hostnames\":[\"c-d\"]}]}}");
    static const char end[] =
        "\n# Entries added by HostAliases.\n10.0.0.1\ta\tb.example\nfd00::1\tc-d\n";

    CHECK_INT(r.rc, 0);
    CHECK_TRUE(r.text.n > sizeof end - 1);
    CHECK_STR(r.text.p + r.text.n - (sizeof end - 1), end);
    CHECK_CONTAINS(r.text.p, "localhost");
    arena_done(&r.a);
}

TEST(what_would_be_another_line_or_no_address_is_refused_with_its_path)
{
    refuses("{\"spec\":{\"hostAliases\":[{\"ip\":\"10.0.0.1\"},{\"ip\":\"10.0.0\"}]}}",
            "spec.hostAliases[1].ip: Invalid value: \"10.0.0\": must be a valid IP address");
    refuses("{\"spec\":{\"hostAliases\":[{\"hostnames\":[\"a\"]}]}}",
            "spec.hostAliases[0].ip: Invalid value: \"\"");
    refuses("{\"spec\":{\"hostAliases\":[{\"ip\":\"::1\",\"hostnames\":[\"a\",\"b\\n::1 c\"]}]}}",
            "spec.hostAliases[0].hostnames[1]: Invalid value: \"b\n::1 c\": must consist of");
    refuses("{\"spec\":{\"hostAliases\":[{\"ip\":\"::1\",\"hostnames\":[\"\"]}]}}",
            "spec.hostAliases[0].hostnames[0]: Invalid value: \"\"");
    refuses("{\"spec\":{\"hostAliases\":[{\"ip\":\"::1\",\"hostnames\":[7]}]}}",
            "spec.hostAliases[0].hostnames[0]: Invalid value: \"7\"");
}

TESTS_MAIN(T_(a_pod_that_asks_for_nothing_gets_no_file),
           T_(aliases_come_behind_what_the_machine_says_in_their_order),
           T_(what_would_be_another_line_or_no_address_is_refused_with_its_path))
