/* Removing what a step may have made, and nothing else. */
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "sandbox/droptree.h"
#include "tests/unit/test.h"

/* A directory of its own, with room below. */
static char *
make_tree(void)
{
    char *dir = xstrdup("/tmp/test-droptree-XXXXXX");

    assert_non_null(mkdtemp(dir));
    return dir;
}

static void
put(const char *dir, const char *name)
{
    cleanup_free char *path = xasprintf("%s/%s", dir, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    close(fd);
}

static char *
make_directory(const char *dir, const char *name)
{
    char *path = xasprintf("%s/%s", dir, name);

    assert_int_equal(mkdir(path, 0700), 0);
    return path;
}

TEST(a_locked_tree_goes)
{
    cleanup_free char *dir = make_tree(), *inner = make_directory(dir, "a");
    cleanup_free char *innermost = make_directory(inner, "b");

    put(innermost, "file");
    assert_int_equal(chmod(innermost, 0), 0);
    assert_int_equal(chmod(inner, 0), 0);
    assert_true(droptree(dir));
    assert_int_equal(access(dir, F_OK), -1);
}

TEST(a_link_goes_and_not_what_it_names)
{
    cleanup_free char *dir = make_tree(), *other = make_tree(), *link = xasprintf("%s/link", dir);
    cleanup_free char *file = xasprintf("%s/file", other);

    put(other, "file");
    assert_int_equal(symlink(other, link), 0);
    assert_true(droptree(dir));
    assert_int_equal(access(file, F_OK), 0);
    assert_true(droptree(other));
}

TEST(what_is_mounted_below_is_not_entered)
{
    cleanup_free char *dir = make_tree(), *other = make_tree();
    cleanup_free char *below = make_directory(dir, "below"), *file = xasprintf("%s/file", other);

    put(other, "file");
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount(other, below, NULL, MS_BIND, NULL) < 0) {
        assert_true(droptree(dir) && droptree(other));
        skip();
    }
    assert_false(droptree(dir));
    assert_int_equal(access(file, F_OK), 0);
    assert_int_equal(umount2(below, MNT_DETACH), 0);
    assert_true(droptree(dir) && droptree(other));
}

TESTS_MAIN(T_(a_locked_tree_goes), T_(a_link_goes_and_not_what_it_names),
           T_(what_is_mounted_below_is_not_entered))
