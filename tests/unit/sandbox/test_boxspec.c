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
           T_(boxspec_in_a_memfd_cannot_be_changed))
