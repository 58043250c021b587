#include "sandbox/boxrecord.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/mem.h"
#include "tests/unit/test.h"

struct place {
    char path[32];
    int fd;
};

static struct place
place_make(void)
{
    struct place p = {.path = "/tmp/boxrecord-XXXXXX"};

    CHECK_NOT_NULL(mkdtemp(p.path));
    p.fd = open(p.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return p;
}

static void
place_remove(struct place *p)
{
    unlinkat(p->fd, BOX_STARTED, 0);
    unlinkat(p->fd, BOX_EXIT, 0);
    close(p->fd);
    CHECK_INT(rmdir(p->path), 0); /* nothing else is left, no temporary name either */
}

/* What init does; returns its descriptor. */
static int
publish(struct place *p, int64_t at_us, int expected)
{
    struct err e = ERR_INIT;
    int reserve = boxrecord_reserve(p->fd, &e);

    CHECK_TRUE(reserve >= 0);
    CHECK_INT(boxrecord_publish(p->fd, reserve, &(struct box_started){"a1", false, at_us}, &e),
              expected);
    return reserve;
}

static void
drop(struct place *p, int reserve)
{
    close(reserve);
    unlinkat(p->fd, ".exit", 0);
}

TEST(boxrecord_started_has_one_winner)
{
    cleanup_arena struct arena a = ARENA_INIT;
    struct place p = place_make();
    struct err e = ERR_INIT;
    struct box_started r;

    CHECK_INT(boxrecord_read_started(p.fd, &a, &r, &e), ERR_NOTFOUND);
    drop(&p, publish(&p, 5, 0));
    CHECK_INT(boxrecord_fence(p.fd, "a1", 6, &e), ERR_EXISTS);
    CHECK_INT(boxrecord_read_started(p.fd, &a, &r, &e), 0);
    CHECK_STR(r.id, "a1");
    CHECK_FALSE(r.fenced);
    CHECK_INT(r.at_us, 5);
    place_remove(&p);
}

TEST(boxrecord_a_fence_keeps_the_late_child_out)
{
    cleanup_arena struct arena a = ARENA_INIT;
    struct place p = place_make();
    struct err e = ERR_INIT;
    struct box_started r;

    CHECK_INT(boxrecord_fence(p.fd, "a1", 6, &e), 0);
    drop(&p, publish(&p, 7, ERR_EXISTS));
    CHECK_INT(boxrecord_read_started(p.fd, &a, &r, &e), 0);
    CHECK_TRUE(r.fenced);
    place_remove(&p);
}

TEST(boxrecord_exit_comes_back_as_it_was)
{
    cleanup_arena struct arena a = ARENA_INIT;
    struct box_saved saved[] = {{"p", BOX_SAVED, S_IFREG, 6, NULL},
                                {"q", BOX_MISSING, 0, 0, "'/q': No such file or directory"}};
    struct box_exit x = {
        .id = "a1", .executed = true, .code = 137, .oom = true, .outputs = saved, .outputs_n = 2};
    struct place p = place_make();
    struct err e = ERR_INIT;
    struct box_started started;
    struct box_exit r;
    int reserve = publish(&p, 5, 0);

    CHECK_INT(boxrecord_read_exit(p.fd, &a, &r, &e), ERR_NOTFOUND);
    CHECK_INT(boxrecord_write_exit(p.fd, reserve, &x, &e), 0);
    close(reserve);
    CHECK_INT(boxrecord_read_exit(p.fd, &a, &r, &e), 0);
    CHECK_INT(r.code, 137);
    CHECK_TRUE(r.oom && r.executed && !r.deadline);
    CHECK_INT(r.outputs_n, 2);
    CHECK_STR(r.outputs[1].text, "'/q': No such file or directory");
    CHECK_INT(boxrecord_read_started(p.fd, &a, &started, &e), 0);
    CHECK_INT(started.at_us, 5);
    place_remove(&p);
}

TEST(boxrecord_takes_no_links_and_no_other_record)
{
    cleanup_arena struct arena a = ARENA_INIT;
    struct place p = place_make();
    struct err e = ERR_INIT;
    struct box_exit r;

    CHECK_INT(symlinkat("/etc/passwd", p.fd, BOX_EXIT), 0);
    CHECK_TRUE(boxrecord_read_exit(p.fd, &a, &r, &e) < 0);
    unlinkat(p.fd, BOX_EXIT, 0);
    drop(&p, publish(&p, 5, 0));
    CHECK_INT(renameat(p.fd, BOX_STARTED, p.fd, BOX_EXIT), 0);
    CHECK_INT(boxrecord_read_exit(p.fd, &a, &r, &e), ERR_BADREQUEST);
    CHECK_CONTAINS(e.msg, BOX_EXIT);
    place_remove(&p);
}

TESTS_MAIN(T_(boxrecord_started_has_one_winner), T_(boxrecord_a_fence_keeps_the_late_child_out),
           T_(boxrecord_exit_comes_back_as_it_was),
           T_(boxrecord_takes_no_links_and_no_other_record))
