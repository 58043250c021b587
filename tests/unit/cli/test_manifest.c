#include "cli/manifest.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "data/json.h"
#include "tests/unit/test.h"

/* A directory of its own, as the working directory. */
static void
enter_new_directory(void)
{
    char path[] = "/tmp/sluice-manifest-XXXXXX";

    CHECK_NOT_NULL(mkdtemp(path));
    CHECK_INT(chdir(path), 0);
}

static void
leave_directory(const char *const *files, const char *const *directories)
{
    char path[4096];

    for (; *files != NULL; files++)
        CHECK_INT(unlink(*files), 0);
    for (; *directories != NULL; directories++)
        CHECK_INT(rmdir(*directories), 0);
    CHECK_NOT_NULL(getcwd(path, sizeof path));
    CHECK_INT(chdir("/"), 0);
    CHECK_INT(rmdir(path), 0);
}

static void
write_file(const char *path, const char *text)
{
    cleanup_close int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    CHECK_TRUE(fd >= 0);
    CHECK_INT(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

#define POD(name) "apiVersion: v1\nkind: Pod\nmetadata: {name: " name "}\n"

TEST(manifest_reads_every_document_and_every_item_of_a_list)
{
    cleanup_manifest struct manifest m = MANIFEST_INIT;
    struct err e = ERR_INIT;

    enter_new_directory();
    write_file("a.yaml",
               POD("one") "---\n# nothing\n---\napiVersion: v1\nkind: List\nitems:\n- "
                          "{apiVersion: v1, kind: Pod, metadata: {generateName: two-}}\n");
    CHECK_INT(manifest_read(&m, "a.yaml", &e), 0);
    CHECK_INT(m.n, 1);
    CHECK_INT(m.files[0].n, 2);
    CHECK_INT(m.files[0].problems.n, 0);
    CHECK_VIEW(m.files[0].objects[0].name, "one");
    CHECK_VIEW(m.files[0].objects[0].kind, "Pod");
    CHECK_VIEW(m.files[0].objects[1].name, "two-");
    CHECK_INT(json_position(m.files[0].objects[1].doc, m.files[0].objects[1].value).line, 10);
    leave_directory((const char *[]){"a.yaml", NULL}, (const char *[]){NULL});
}

TEST(manifest_reads_directories_in_the_order_of_names)
{
    cleanup_manifest struct manifest m = MANIFEST_INIT;
    struct err e = ERR_INIT;

    enter_new_directory();
    CHECK_INT(mkdir("d", 0700), 0);
    CHECK_INT(mkdir("d/m", 0700), 0);
    write_file("d/z.yml", POD("z"));
    write_file("d/m/b.json", "{\"apiVersion\":\"v1\",\"kind\":\"Pod\"}");
    write_file("d/a.yaml", POD("a"));
    write_file("d/.hidden.yaml", POD("h"));
    write_file("d/readme.txt", "no manifest");
    CHECK_INT(symlink(".", "d/loop"), 0);
    CHECK_INT(manifest_read(&m, "d", &e), 0);
    CHECK_INT(m.n, 3);
    CHECK_STR(m.files[0].path, "d/a.yaml");
    CHECK_STR(m.files[1].path, "d/m/b.json");
    CHECK_STR(m.files[2].path, "d/z.yml");
    leave_directory((const char *[]){"d/z.yml", "d/m/b.json", "d/a.yaml", "d/.hidden.yaml",
                                     "d/readme.txt", "d/loop", NULL},
                    (const char *[]){"d/m", "d", NULL});
}

TEST(manifest_says_what_is_wrong_and_reads_the_rest)
{
    cleanup_manifest struct manifest m = MANIFEST_INIT;
    struct err e = ERR_INIT;

    enter_new_directory();
    write_file("bad.yaml", "a: 1\na: 2\n");
    write_file("half.yaml", POD("good") "---\nkind: Pod\n---\n- 1\n");
    CHECK_INT(manifest_read(&m, "bad.yaml", &e), 0);
    CHECK_INT(manifest_read(&m, "half.yaml", &e), 0);
    CHECK_INT(m.files[0].n, 0);
    CHECK_INT(m.files[0].problems.n, 1);
    CHECK_INT(m.files[0].problems.at[0].line, 2);
    CHECK_CONTAINS(m.files[0].problems.at[0].text, "duplicate key \"a\"");
    CHECK_INT(m.files[1].n, 1);
    CHECK_INT(m.files[1].problems.n, 2);
    CHECK_STR(m.files[1].problems.at[0].text,
              "apiVersion must be set to a text that says what this object is");
    CHECK_STR(m.files[1].problems.at[1].text,
              "expected an object with apiVersion and kind, got array");
    leave_directory((const char *[]){"bad.yaml", "half.yaml", NULL}, (const char *[]){NULL});
}

TEST(manifest_refuses_what_is_too_large_or_not_there)
{
    cleanup_manifest struct manifest m = MANIFEST_INIT;
    struct err e = ERR_INIT;

    enter_new_directory();
    CHECK_INT(manifest_read(&m, "absent.yaml", &e), ERR_NOTFOUND);
    CHECK_CONTAINS(e.msg, "absent.yaml");
    write_file("large.yaml", "");
    CHECK_INT(truncate("large.yaml", MANIFEST_MAX_BYTES + 2), 0);
    CHECK_INT(manifest_read(&m, "large.yaml", &e), 0);
    CHECK_STR(m.files[0].problems.at[0].text, "larger than 16 MiB, which is no manifest");
    leave_directory((const char *[]){"large.yaml", NULL}, (const char *[]){NULL});
}

TESTS_MAIN(T_(manifest_reads_every_document_and_every_item_of_a_list),
           T_(manifest_reads_directories_in_the_order_of_names),
           T_(manifest_says_what_is_wrong_and_reads_the_rest),
           T_(manifest_refuses_what_is_too_large_or_not_there))
