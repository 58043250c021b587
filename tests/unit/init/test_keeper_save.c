#include "init/keeper_save.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/mem.h"
#include "tests/unit/test.h"

struct bench {
    char path[32];
    int dir, out;
    struct arena arena;
    struct keeper_save save;
};

static void
begin(struct bench *b)
{
    memcpy(b->path, "/tmp/keeper-save-XXXXXX", 24);
    CHECK_NOT_NULL(mkdtemp(b->path));
    b->dir = open(b->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK_INT(mkdirat(b->dir, "out", 0700), 0);
    b->out = openat(b->dir, "out", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    b->arena = ARENA_INIT;
    b->save = (struct keeper_save){.outbox = b->out, .left = 1000, .arena = &b->arena};
}

static void
put(struct bench *b, const char *name, size_t n)
{
    int fd = openat(b->dir, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

    CHECK_INT(ftruncate(fd, (off_t)n), 0);
    close(fd);
}

static struct box_saved
save(struct bench *b, const char *name, uint64_t max)
{
    char *path = arena_printf(&b->arena, "%s/%s", b->path, name);

    return keeper_save(&b->save, &(struct box_output){path, "o", max});
}

static void
end(struct bench *b)
{
    static const char *const all[] = {"out/o/a", "out/o/l", "out/o", "tree/a", "tree/l",
                                      "tree/p",  "tree",    "file",  "out"};

    close(b->out);
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        if (unlinkat(b->dir, all[i], 0) < 0)
            unlinkat(b->dir, all[i], AT_REMOVEDIR);
    }
    close(b->dir);
    CHECK_INT(rmdir(b->path), 0);
    arena_done(&b->arena);
}

TEST(keeper_save_counts_against_both_limits)
{
    struct bench b;
    struct box_saved s;

    begin(&b);
    put(&b, "file", 600);
    CHECK_INT(save(&b, "file", 599).state, BOX_UNSAVED);
    s = save(&b, "file", 600);
    CHECK_INT(s.state, BOX_SAVED);
    CHECK_INT(s.bytes, 600);
    CHECK_INT(b.save.left, 400);
    CHECK_INT(unlinkat(b.out, "o", 0), 0);
    s = save(&b, "file", 600);
    CHECK_INT(s.state, BOX_UNSAVED);
    CHECK_CONTAINS(s.text, "limit of 400 bytes");
    CHECK_INT(faccessat(b.out, "o", F_OK, 0), -1);
    end(&b);
}

TEST(keeper_save_copies_links_as_links_and_leaves_pipes_out)
{
    char target[32] = "";
    struct bench b;

    begin(&b);
    CHECK_INT(mkdirat(b.dir, "tree", 0755), 0);
    put(&b, "tree/a", 10);
    CHECK_INT(symlinkat("/etc/passwd", b.dir, "tree/l"), 0);
    CHECK_INT(mkfifoat(b.dir, "tree/p", 0644), 0);
    CHECK_INT(save(&b, "tree", 1000).state, BOX_SAVED);
    CHECK_INT(readlinkat(b.out, "o/l", target, sizeof target - 1), 11);
    CHECK_STR(target, "/etc/passwd");
    CHECK_INT(faccessat(b.out, "o/p", F_OK, 0), -1);
    CHECK_INT(faccessat(b.out, "o/a", F_OK, 0), 0);
    end(&b);
}

TEST(keeper_save_tells_missing_from_refused)
{
    struct bench b;
    struct box_saved s;

    begin(&b);
    s = save(&b, "none", 10);
    CHECK_INT(s.state, BOX_MISSING);
    CHECK_CONTAINS(s.text, "No such file");
    put(&b, "file", 1);
    CHECK_INT(save(&b, "file/below", 10).state, BOX_MISSING);
    end(&b);
}

TESTS_MAIN(T_(keeper_save_counts_against_both_limits),
           T_(keeper_save_copies_links_as_links_and_leaves_pipes_out),
           T_(keeper_save_tells_missing_from_refused))
