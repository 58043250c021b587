/* image.json: what a directory that stands in for an image runs by itself. */
#include <fcntl.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/err.h"
#include "io/file.h"
#include "runner/imageconfig.h"
#include "tests/unit/test.h"

/* Reads a directory whose image.json is the text; NULL: it has none. */
static int
read_text(const char *text, struct arena *a, struct imageconfig *ret, struct err *e)
{
    char dir[] = "/tmp/test_imageconfig.XXXXXX";
    struct err other = ERR_INIT;
    int rc;

    CHECK_NOT_NULL(mkdtemp(dir));
    if (text != NULL)
        CHECK_INT(file_write(AT_FDCWD, arena_printf(a, "%s/" IMAGECONFIG_FILE, dir), str_of(text),
                             0600, &other),
                  0);
    rc = imageconfig_read(dir, a, ret, e);
    CHECK_INT(file_remove_tree(AT_FDCWD, dir, &other), 0);
    return rc;
}

TEST(both_lists_are_read_and_either_may_be_missing)
{
    cleanup_arena struct arena a = ARENA_INIT;
    struct imageconfig c;
    struct err e = ERR_INIT;

    CHECK_INT(read_text("{\"Entrypoint\":[\"say\",\"-v\"],\"Cmd\":[\"hello\"]}", &a, &c, &e), 0);
    CHECK_INT(c.entrypoint_n, 2);
    CHECK_STR(c.entrypoint[1], "-v");
    CHECK_INT(c.cmd_n, 1);
    CHECK_STR(c.cmd[0], "hello");
    CHECK_INT(read_text("{\"Cmd\":null}", &a, &c, &e), 0);
    CHECK_INT(c.entrypoint_n + c.cmd_n, 0);
    CHECK_INT(read_text(NULL, &a, &c, &e), 0);
    CHECK_INT(c.entrypoint_n + c.cmd_n, 0);
}

TEST(what_is_wrong_is_named_with_file_and_field)
{
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"[]", "image.json: must be an object, not "},
        {"{\"entrypoint\":[]}", "unknown field \"entrypoint\"; there are Entrypoint and Cmd"},
        {"{\"Cmd\":\"sh\"}", "Cmd must be a list of texts, not "},
        {"{\"Cmd\":[\"a\",1]}", "Cmd[1] must be a text"},
        {"{\"Entrypoint\":[\"a\\u0000b\"]}", "Entrypoint[0] must be a text"},
        {"{\"Cmd\":[}", "image.json: "},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cleanup_arena struct arena a = ARENA_INIT;
        struct imageconfig c;
        struct err e = ERR_INIT;

        CHECK_TRUE(read_text(cases[i].text, &a, &c, &e) < 0);
        CHECK_CONTAINS(e.msg, cases[i].why);
    }
}

TESTS_MAIN(T_(both_lists_are_read_and_either_may_be_missing),
           T_(what_is_wrong_is_named_with_file_and_field))
