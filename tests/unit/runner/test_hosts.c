/* The /etc/hosts of a pod with names of its own. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "data/json.h"
#include "io/file.h"
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
    r.rc = hosts_text(json_root(doc), NULL, &r.a, &r.text, &r.e);
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

static const char *
content(const char *path, struct buf *b)
{
    struct err e = ERR_INIT;

    buf_clear(b);
    CHECK_INT(file_read(AT_FDCWD, path, 4096, b, &e), 0);
    return buf_cstring(b);
}

TEST(a_file_that_is_mounted_is_written_in_place_whether_it_grows_or_shrinks)
{
    char path[] = "/tmp/test_hosts.XXXXXX";
    cleanup_close int before = mkstemp(path);
    cleanup_buf struct buf b = BUF_INIT;
    struct err e = ERR_INIT;
    struct stat old, now;

    CHECK_INT(hosts_write(path, STR("one line\nanother\n"), &e), 0);
    CHECK_STR(content(path, &b), "one line\nanother\n");
    CHECK_INT(hosts_write(path, STR("less\n"), &e), 0);
    CHECK_STR(content(path, &b), "less\n");
    CHECK_INT(fstat(before, &old), 0);
    CHECK_INT(stat(path, &now), 0);
    CHECK_INT(old.st_ino, now.st_ino);
    CHECK_INT(now.st_mode & 0777, 0644);
    unlink(path);
}

TEST(names_of_services_come_before_aliases_and_need_none)
{
    cleanup_arena struct arena a = ARENA_INIT;
    struct json_doc *doc = NULL;
    struct err e = ERR_INIT;
    struct str text;

    CHECK_INT(json_parse(STR("{\"spec\":{}}"), NULL, &doc, &e), 0);
    CHECK_INT(hosts_text(json_root(doc), "127.96.1.1\tweb\n", &a, &text, &e), 0);
    CHECK_TRUE(str_ends(text, STR("\n127.96.1.1\tweb\n")));
    CHECK_CONTAINS(text.p, "localhost");
    json_doc_unref(doc);
}

TESTS_MAIN(T_(a_file_that_is_mounted_is_written_in_place_whether_it_grows_or_shrinks),
           T_(names_of_services_come_before_aliases_and_need_none),
           T_(a_pod_that_asks_for_nothing_gets_no_file),
           T_(aliases_come_behind_what_the_machine_says_in_their_order),
           T_(what_would_be_another_line_or_no_address_is_refused_with_its_path))
