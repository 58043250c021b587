#include "sandbox/boxspec.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "sandbox/capability.h"
#include "tests/unit/test.h"

static const char *const argv[] = {"/bin/true", "x", NULL};

static void
fill(struct boxspec *s)
{
    boxspec_init(s);
    s->id = "a1";
    s->argv = argv;
}

/* Encodes and decodes; what was read points into the arena. */
static int
round_trip(const struct boxspec *s, struct arena *a, struct boxspec *ret, struct err *e)
{
    cleanup_buf struct buf b = BUF_INIT;
    char *copy;

    CHECK_INT(boxspec_encode(s, &b, e), 0);
    copy = arena_alloc(a, b.n);
    memcpy(copy, b.p, b.n);
    return boxspec_decode(str_make(copy, b.n), a, ret, e);
}

TEST(boxspec_comes_back_as_it_was)
{
    cleanup_arena struct arena a = ARENA_INIT;
    struct box_mount mount = {
        .kind = BOX_BIND, .source = "/s", .sub_path = "x/y", .target = "/t", .read_only = true};
    struct box_output output = {"/out", "o", 77};
    struct box_file file = {"/etc/hosts", STR("a\0b"), 0644};
    uint32_t groups[] = {5, 6};
    struct err e = ERR_INIT;
    struct boxspec s, r;

    fill(&s);
    s.mounts = &mount;
    s.mounts_n = 1;
    s.outputs = &output;
    s.outputs_n = 1;
    s.files = &file;
    s.files_n = 1;
    s.groups = groups;
    s.groups_n = 2;
    s.deadline_us = INT64_MAX;
    s.memory_bytes = UINT64_MAX;
    CHECK_INT(round_trip(&s, &a, &r, &e), 0);
    CHECK_STR(r.argv[1], "x");
    CHECK_NULL(r.argv[2]);
    CHECK_NULL(r.env[0]);
    CHECK_STR(r.mounts[0].sub_path, "x/y");
    CHECK_TRUE(r.mounts[0].read_only);
    CHECK_FALSE(r.mounts[0].idmap);
    CHECK_INT(r.outputs[0].max_bytes, 77);
    CHECK_INT(r.files[0].content.n, 3);
    CHECK_INT(r.groups[1], 6);
    CHECK_TRUE(r.deadline_us == INT64_MAX && r.memory_bytes == UINT64_MAX);
    CHECK_NULL(r.cwd);
}

TEST(boxspec_refuses_in_words)
{
    cleanup_arena struct arena a = ARENA_INIT;
    struct box_mount mount = {.kind = BOX_BIND, .source = "rel", .target = "/t"};
    struct box_output output = {"/out", "..", 77};
    struct err e = ERR_INIT;
    struct boxspec s, r;

    fill(&s);
    s.cwd = "here";
    CHECK_INT(round_trip(&s, &a, &r, &e), ERR_INVALID);
    CHECK_STR(e.msg, "specification of an attempt: workingDir 'here' must be an absolute path");
    fill(&s);
    s.mounts = &mount;
    s.mounts_n = 1;
    CHECK_INT(round_trip(&s, &a, &r, &e), ERR_INVALID);
    CHECK_CONTAINS(e.msg, "source of the mount at '/t'");
    fill(&s);
    s.outputs = &output;
    s.outputs_n = 1;
    CHECK_INT(round_trip(&s, &a, &r, &e), ERR_INVALID);
    CHECK_CONTAINS(e.msg, "plain file name");
    fill(&s);
    s.capabilities = capability_never();
    CHECK_INT(round_trip(&s, &a, &r, &e), ERR_INVALID);
    CHECK_CONTAINS(e.msg, "SYS_PTRACE");
    fill(&s);
    s.argv = argv + 2;
    CHECK_INT(round_trip(&s, &a, &r, &e), ERR_INVALID);
    CHECK_CONTAINS(e.msg, "no command");
}

/* Whether a specification that differs in this from a good one is refused with these words. */
#define REFUSED(change, words) \
    do { \
        fill(&s); \
        change; \
        CHECK_INT(round_trip(&s, &a, &r, &e), ERR_INVALID); \
        CHECK_CONTAINS(e.msg, words); \
        e = ERR_INIT; \
    } while (0)

TEST(boxspec_takes_no_path_port_or_number_that_could_mean_something_else)
{
    static struct box_mount mounts[] = {
        {.kind = BOX_MOUNT_KIND_COUNT, .source = "/s", .target = "/t"},
        {.kind = -1, .source = "/s", .target = "/t"},
        {.kind = BOX_TMPFS, .target = "t"},
        {.kind = BOX_BIND, .source = "/s"},
        {.kind = BOX_BIND, .source = "/s", .target = "/t", .sub_path = "/etc"},
    };
    static struct box_file file = {.path = "etc/hosts"};
    static struct box_link link = {.path = "/a", .target = "b"};
    static struct box_output outputs[] = {{"out", "a", 1}, {"/out", "a/b", 1}, {"/out", "", 1}};
    static uint32_t ports[] = {80, 0}, large[] = {65536};
    cleanup_arena struct arena a = ARENA_INIT;
    struct err e = ERR_INIT;
    struct boxspec s, r;

    REFUSED(s.kind = BOX_KIND_COUNT, "kind");
    REFUSED(s.kind = -1, "kind -1 is unknown");
    REFUSED(s.level = LEVEL_FULL + 1, "isolation level");
    REFUSED(s.level = -1, "isolation level -1 is unknown");
    REFUSED(s.id = "", "must have an id");
    REFUSED(s.message_path = "log", "terminationMessagePath 'log' must be an absolute path");
    REFUSED(s.progress_path = "p", "path 'p' of the progress must be absolute");
    REFUSED(s.address = 0x08080808, "not one of the pods'");
    REFUSED((s.loopback_ports = ports, s.loopback_ports_n = 2), "0 is no port");
    REFUSED((s.loopback_ports = large, s.loopback_ports_n = 1), "65536 is no port");
    REFUSED((s.mounts = &mounts[0], s.mounts_n = 1), "of a mount is unknown");
    REFUSED((s.mounts = &mounts[1], s.mounts_n = 1), "kind -1 of a mount is unknown");
    REFUSED((s.mounts = &mounts[2], s.mounts_n = 1), "target 't' of a mount must be");
    REFUSED((s.mounts = &mounts[3], s.mounts_n = 1), "target '' of a mount must be");
    REFUSED((s.mounts = &mounts[4], s.mounts_n = 1), "subPath '/etc' must be relative");
    REFUSED((s.files = &file, s.files_n = 1), "path of a file must be absolute");
    REFUSED((s.links = &link, s.links_n = 1), "path and target of a link must be absolute");
    REFUSED((s.outputs = &outputs[0], s.outputs_n = 1), "path of output 'a' must be absolute");
    REFUSED((s.outputs = &outputs[1], s.outputs_n = 1), "must be a plain file name");
    REFUSED((s.outputs = &outputs[2], s.outputs_n = 1), "must be a plain file name");
}

TEST(boxspec_in_a_memfd_cannot_be_changed)
{
    struct err e = ERR_INIT;
    struct boxspec s;
    int fd;

    fill(&s);
    fd = boxspec_memfd(&s, &e);
    CHECK_TRUE(fd >= 0);
    CHECK_INT(pwrite(fd, "x", 1, 0), -1);
    CHECK_INT(ftruncate(fd, 0), -1);
    close(fd);
}

TESTS_MAIN(T_(boxspec_comes_back_as_it_was), T_(boxspec_refuses_in_words),
           T_(boxspec_takes_no_path_port_or_number_that_could_mean_something_else),
           T_(boxspec_in_a_memfd_cannot_be_changed))
