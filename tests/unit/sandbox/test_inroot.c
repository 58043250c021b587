#include "sandbox/inroot.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "tests/unit/test.h"

/* root/{real/, abs -> /real, up -> ../../.., out -> /etc} in a directory of its own. */
struct tree {
    char path[32];
    int fd;
};

static struct tree
tree_make(void)
{
    struct tree t = {.path = "/tmp/inroot-XXXXXX"};

    CHECK_NOT_NULL(mkdtemp(t.path));
    t.fd = open(t.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK_INT(mkdirat(t.fd, "real", 0755), 0);
    CHECK_INT(symlinkat("/real", t.fd, "abs"), 0);
    CHECK_INT(symlinkat("../../..", t.fd, "up"), 0);
    CHECK_INT(symlinkat("/etc", t.fd, "out"), 0);
    return t;
}

static bool
exists(const struct tree *t, const char *path)
{
    return faccessat(t->fd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void
tree_remove(struct tree *t, const char *const *made)
{
    static const char *const base[] = {"real", "abs", "up", "out"};

    for (size_t i = 0; made[i] != NULL; i++) {
        if (unlinkat(t->fd, made[i], 0) < 0)
            CHECK_INT(unlinkat(t->fd, made[i], AT_REMOVEDIR), 0);
    }
    for (size_t i = 0; i < ARRAY_LEN(base); i++) {
        if (unlinkat(t->fd, base[i], 0) < 0)
            unlinkat(t->fd, base[i], AT_REMOVEDIR);
    }
    close(t->fd);
    CHECK_INT(rmdir(t->path), 0);
}

TEST(inroot_follows_links_inside_the_root_only)
{
    static const char *const made[] = {"real/a/b", "real/a", "x", NULL};
    struct tree t = tree_make();
    struct err e = ERR_INIT;
    int fd = inroot_directory(t.fd, "/abs/a/b", &e);

    CHECK_TRUE(fd >= 0);
    close(fd);
    CHECK_TRUE(exists(&t, "real/a/b"));
    fd = inroot_directory(t.fd, "/up/x", &e);
    CHECK_TRUE(fd >= 0);
    close(fd);
    CHECK_TRUE(exists(&t, "x"));
    tree_remove(&t, made);
}

TEST(inroot_writes_files_with_their_parents)
{
    static const char *const made[] = {"real/new/file", "real/new", NULL};
    struct tree t = tree_make();
    struct err e = ERR_INIT;
    struct stat st;

    CHECK_INT(inroot_write(t.fd, "/abs/new/file", STR("text"), 0640, &e), 0);
    CHECK_INT(inroot_write(t.fd, "/abs/new/file", STR("other"), 0640, &e), 0);
    CHECK_INT(fstatat(t.fd, "real/new/file", &st, 0), 0);
    CHECK_INT(st.st_size, 5);
    CHECK_INT(st.st_mode & 0777, 0640);
    CHECK_INT(inroot_write(t.fd, "/real/..", STR("x"), 0640, &e), ERR_INVALID);
    tree_remove(&t, made);
}

TEST(inroot_sub_paths_stay_beneath_their_volume)
{
    static const char *const bad[] = {"out", "up", "..", "real/../../x", "abs", "out/passwd"};
    static const char *const made[] = {"real/sub", NULL};
    struct tree t = tree_make();
    struct err e = ERR_INIT;
    int fd;

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        CHECK_INT(inroot_sub_path(t.fd, bad[i], &e), ERR_FORBIDDEN);
        CHECK_CONTAINS(e.msg, "leads out of the volume");
    }
    fd = inroot_sub_path(t.fd, "real/sub", &e);
    CHECK_TRUE(fd >= 0);
    close(fd);
    CHECK_TRUE(exists(&t, "real/sub"));
    tree_remove(&t, made);
}

TESTS_MAIN(T_(inroot_follows_links_inside_the_root_only),
           T_(inroot_writes_files_with_their_parents),
           T_(inroot_sub_paths_stay_beneath_their_volume))
