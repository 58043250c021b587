#include "sandbox/boxlink.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "sandbox/boxspec.h"
#include "tests/unit/test.h"

TEST(boxlink_makes_all_or_none_and_names_what_is_in_the_way)
{
    char dir[] = "/tmp/boxlink-XXXXXX";
    cleanup_free char *first = NULL, *taken = NULL, *deep = NULL;
    struct box_link links[2];
    struct err e = ERR_INIT;
    struct stat st;

    CHECK_NOT_NULL(mkdtemp(dir));
    deep = xasprintf("%s/deep", dir);
    first = xasprintf("%s/first", deep);
    taken = xasprintf("%s/taken", dir);
    CHECK_INT(mkdir(taken, 0755), 0);
    links[0] = (struct box_link){first, "/tmp"};
    links[1] = (struct box_link){taken, "/tmp"};
    CHECK_INT(boxlink_make(links, 2, &e), ERR_EXISTS);
    CHECK_CONTAINS(e.msg, taken);
    CHECK_INT(lstat(first, &st), -1);
    CHECK_INT(rmdir(taken), 0);
    CHECK_INT(boxlink_make(links, 2, &e), 0);
    CHECK_INT(boxlink_make(links, 2, &e), 0); /* the same again is the same */
    boxlink_remove(links, 2);
    CHECK_INT(lstat(taken, &st), -1);
    CHECK_INT(symlink("/usr", taken), 0);
    boxlink_remove(links, 2); /* somebody else's */
    CHECK_INT(lstat(taken, &st), 0);
    unlink(taken);
    rmdir(deep);
    CHECK_INT(rmdir(dir), 0);
}

TESTS_MAIN(T_(boxlink_makes_all_or_none_and_names_what_is_in_the_way))
