/* Which copies of an /etc are taken for what would be generated now. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "sandbox/droptree.h"
#include "sandbox/keptetc.h"
#include "sandbox/oscall.h"
#include "tests/unit/test.h"

enum { SCENES = 11, PATIENCE_S = 30 };

/* An /etc of our own, and where its copies are kept. */
struct scene {
    char dir[64];
    char *etc, *kept;
};

static void
put(const struct scene *s, const char *name, const char *text)
{
    cleanup_free char *path = xasprintf("%s/%s", s->etc, name);
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void
make_directory(const struct scene *s, const char *name)
{
    cleanup_free char *path = xasprintf("%s/%s", s->etc, name);

    assert_int_equal(mkdir(path, 0755), 0);
}

static void
begin(struct scene *s)
{
    strcpy(s->dir, "/var/tmp/test-keptetc-XXXXXX");
    assert_non_null(mkdtemp(s->dir));
    s->etc = xasprintf("%s/etc", s->dir);
    s->kept = xasprintf("%s/kept", s->dir);
    assert_int_equal(mkdir(s->etc, 0755), 0);
    assert_int_equal(mkdir(s->kept, 0700), 0);
    put(s, "hosts", "127.0.0.1 localhost\n");
    put(s, "shadow", "secret\n");
    make_directory(s, "ssl");
    make_directory(s, "ssl/certs");
    make_directory(s, "ssl/private");
    put(s, "ssl/certs/ca.pem", "a certificate\n");
    put(s, "ssl/private/key.pem", "a key\n");
    make_directory(s, "fonts");
    make_directory(s, "fonts/conf.d");
    put(s, "fonts/conf.d/10.conf", "a font\n");
}

static bool
is_kept(const struct scene *s)
{
    struct keptetc k = keptetc_open(s->kept, s->etc);
    bool is = k.lock >= 0;

    keptetc_done(&k);
    return is;
}

/* All are begun before the first is used: what was changed a moment ago is not kept. */
static struct scene *
settled(size_t number)
{
    static struct scene scenes[SCENES];
    struct scene *s = &scenes[number];
    struct stat here, root;
    time_t end;

    if (stat("/var/tmp", &here) < 0 || stat("/", &root) < 0 || here.st_dev != root.st_dev)
        skip(); /* an overlay over / sees nothing of it */
    if (scenes[0].etc == NULL)
        for (size_t i = 0; i < SCENES; i++)
            begin(&scenes[i]);
    end = time(NULL) + PATIENCE_S;
    while (!is_kept(s) && time(NULL) < end) {
        keptetc_make(s->kept, s->etc);
        (void)usleep(20000);
    }
    CHECK_TRUE(is_kept(s));
    return s;
}

static void
end(struct scene *s)
{
    CHECK_TRUE(droptree(s->dir));
    free(s->etc);
    free(s->kept);
}

TEST(what_was_changed_a_moment_ago_is_not_kept)
{
    struct scene s;

    begin(&s);
    keptetc_make(s.kept, s.etc);
    CHECK_FALSE(is_kept(&s));
    end(&s);
}

TEST(a_copy_holds_what_is_on_the_list_and_nothing_else)
{
    struct scene *s = settled(0);
    struct keptetc k = keptetc_open(s->kept, s->etc);
    static const char *const there[] = {"hosts", "passwd", "group", "ssl/certs/ca.pem",
                                        "fonts/conf.d/10.conf"},
                             *const not_there[] = {"shadow", "ssl/private"};

    for (size_t i = 0; i < ARRAY_LEN(there); i++) {
        cleanup_free char *path = xasprintf("%s/%s", k.tree, there[i]);

        CHECK_INT(access(path, F_OK), 0);
    }
    for (size_t i = 0; i < ARRAY_LEN(not_there); i++) {
        cleanup_free char *path = xasprintf("%s/%s", k.tree, not_there[i]);

        CHECK_INT(access(path, F_OK), -1);
    }
    keptetc_done(&k);
    end(s);
}

TEST(another_content_makes_it_stale)
{
    struct scene *s = settled(1);

    put(s, "fonts/conf.d/10.conf", "b font\n");
    CHECK_FALSE(is_kept(s));
    end(s);
}

TEST(a_further_file_makes_it_stale)
{
    struct scene *s = settled(2);

    put(s, "ssl/certs/new.pem", "another certificate\n");
    CHECK_FALSE(is_kept(s));
    end(s);
}

TEST(a_name_of_the_list_that_was_missing_makes_it_stale)
{
    struct scene *s = settled(3);

    put(s, "profile", "PATH=/bin\n");
    CHECK_FALSE(is_kept(s));
    end(s);
}

TEST(a_file_that_is_not_for_everybody_any_more_makes_it_stale)
{
    struct scene *s = settled(4);
    cleanup_free char *path = xasprintf("%s/hosts", s->etc);

    CHECK_INT(chmod(path, 0600), 0);
    CHECK_FALSE(is_kept(s));
    end(s);
}

TEST(what_is_not_on_the_list_does_not_matter)
{
    struct scene *s = settled(5);

    put(s, "shadow", "another secret\n");
    put(s, "ssl/private/key.pem", "another key\n");
    CHECK_TRUE(is_kept(s));
    end(s);
}

TEST(a_copy_in_use_stays_when_it_is_stale)
{
    struct scene *s = settled(6);
    struct keptetc k = keptetc_open(s->kept, s->etc);
    cleanup_free char *tree = xstrdup(k.tree);

    put(s, "hosts", "127.0.0.1 elsewhere\n");
    keptetc_make(s->kept, s->etc);
    CHECK_INT(access(tree, F_OK), 0);
    keptetc_done(&k);
    keptetc_make(s->kept, s->etc);
    CHECK_INT(access(tree, F_OK), -1);
    end(s);
}

TEST(a_copy_that_others_may_change_is_not_used)
{
    struct scene *s = settled(7);
    struct keptetc k = keptetc_open(s->kept, s->etc);

    CHECK_INT(fchmod(k.lock, 0777), 0);
    keptetc_done(&k);
    CHECK_FALSE(is_kept(s));
    end(s);
}

TEST(a_copy_that_others_may_replace_is_not_used)
{
    struct scene *s = settled(9);

    CHECK_INT(chmod(s->dir, 0777), 0);
    CHECK_FALSE(is_kept(s));
    CHECK_INT(chmod(s->dir, 01777), 0);
    CHECK_TRUE(is_kept(s));
    end(s);
}

/* A power failure may have left files of it empty. */
TEST(a_copy_of_an_earlier_boot_is_not_used)
{
    struct scene *s = settled(10);
    struct keptetc k = keptetc_open(s->kept, s->etc);
    char boot[64], text[64 * 1024], *at;
    ssize_t n = oscall_read_file(AT_FDCWD, "/proc/sys/kernel/random/boot_id", boot, sizeof boot);
    int list = openat(k.lock, "list", O_RDWR | O_CLOEXEC);

    assert_true(n > 1);
    boot[n - 1] = '\0'; /* its newline */
    n = read(list, text, sizeof text - 1);
    assert_true(n > 0);
    text[n] = '\0';
    at = strstr(text, boot);
    assert_non_null(at);
    CHECK_INT(pwrite(list, at[0] == '0' ? "1" : "0", 1, at - text), 1);
    close(list);
    keptetc_done(&k);
    CHECK_FALSE(is_kept(s));
    end(s);
}

TEST(none_is_made_where_an_overlay_over_the_root_cannot_refer_to_it)
{
    struct scene *s = settled(8);
    char elsewhere[] = "/dev/shm/test-keptetc-XXXXXX";
    struct stat shm, root;

    if (stat("/dev/shm", &shm) < 0 || stat("/", &root) < 0 || shm.st_dev == root.st_dev)
        skip();
    assert_non_null(mkdtemp(elsewhere));
    keptetc_make(elsewhere, s->etc);
    CHECK_INT(rmdir(elsewhere), 0); /* it is empty */
    end(s);
}

TESTS_MAIN(T_(what_was_changed_a_moment_ago_is_not_kept),
           T_(a_copy_holds_what_is_on_the_list_and_nothing_else),
           T_(another_content_makes_it_stale), T_(a_further_file_makes_it_stale),
           T_(a_name_of_the_list_that_was_missing_makes_it_stale),
           T_(a_file_that_is_not_for_everybody_any_more_makes_it_stale),
           T_(what_is_not_on_the_list_does_not_matter), T_(a_copy_in_use_stays_when_it_is_stale),
           T_(a_copy_that_others_may_change_is_not_used),
           T_(a_copy_that_others_may_replace_is_not_used),
           T_(a_copy_of_an_earlier_boot_is_not_used),
           T_(none_is_made_where_an_overlay_over_the_root_cannot_refer_to_it))
