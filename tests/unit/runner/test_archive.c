#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "io/file.h"
#include "runner/archive.h"
#include "tests/unit/test.h"

static int
scratch(char *path)
{
    CHECK_NOT_NULL(mkdtemp(path));
    return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void
round_trip(enum archive_format format)
{
    char path[] = "/tmp/test_archive.XXXXXX", target[64] = "";
    int dir = scratch(path), file, into;
    cleanup_buf struct buf text = BUF_INIT;
    struct err e = ERR_INIT;
    struct stat st;

    CHECK_INT(file_mkdirs(dir, "tree/sub", 0755, &e), 0);
    CHECK_INT(file_write(dir, "tree/sub/run.sh", STR("#!/bin/sh\n"), 0755, &e), 0);
    CHECK_INT(file_write(dir, "tree/data", STR("hello"), 0644, &e), 0);
    CHECK_INT(symlinkat("data", dir, "tree/link"), 0);
    file = openat(dir, "packed", O_RDWR | O_CREAT, 0600);
    CHECK_INT(archive_pack(format, 1, dir, "tree", "out", file, &e), 0);
    CHECK_TRUE(archive_is_one(file));
    CHECK_INT(mkdirat(dir, "into", 0755), 0);
    into = openat(dir, "into", O_RDONLY | O_DIRECTORY);
    if (archive_unpack(file, into, &e) < 0)
        fail_msg("%s", e.msg);
    CHECK_INT(file_read(into, "out/data", 100, &text, &e), 0);
    CHECK_STR(buf_cstring(&text), "hello");
    CHECK_INT(fstatat(into, "out/sub/run.sh", &st, 0), 0);
    CHECK_INT(st.st_mode & 0777, 0755);
    CHECK_INT(readlinkat(into, "out/link", target, sizeof target), 4);
    close(file);
    close(into);
    close(dir);
    CHECK_INT(file_remove_tree(AT_FDCWD, path, &e), 0);
}

TEST(a_tree_comes_out_of_a_tar_as_it_went_in)
{
    round_trip(ARCHIVE_TGZ);
}

TEST(a_tree_comes_out_of_a_zip_as_it_went_in)
{
    round_trip(ARCHIVE_ZIP);
}

TEST(a_member_that_would_leave_the_directory_is_refused)
{
    char path[] = "/tmp/test_archive.XXXXXX";
    int dir = scratch(path), file, into;
    struct err e = ERR_INIT;

    CHECK_INT(file_write(dir, "evil", STR("x"), 0644, &e), 0);
    file = openat(dir, "packed", O_RDWR | O_CREAT, 0600);
    CHECK_INT(archive_pack(ARCHIVE_TGZ, -1, dir, "evil", "../evil2", file, &e), 0);
    CHECK_INT(mkdirat(dir, "into", 0755), 0);
    into = openat(dir, "into", O_RDONLY | O_DIRECTORY);
    CHECK_INT(archive_unpack(file, into, &e), ERR_INVALID);
    CHECK_CONTAINS(e.msg, "leaves the archive's directory");
    CHECK_TRUE(faccessat(dir, "evil2", F_OK, 0) < 0);
    close(file);
    close(into);
    close(dir);
    CHECK_INT(file_remove_tree(AT_FDCWD, path, &e), 0);
}

TEST(a_file_that_is_no_archive_is_not_taken_for_one)
{
    char path[] = "/tmp/test_archive.XXXXXX";
    int dir = scratch(path), file;
    struct err e = ERR_INIT;

    CHECK_INT(file_write(dir, "plain", STR("hello world"), 0644, &e), 0);
    file = openat(dir, "plain", O_RDONLY);
    CHECK_FALSE(archive_is_one(file));
    close(file);
    close(dir);
    CHECK_INT(file_remove_tree(AT_FDCWD, path, &e), 0);
}

TESTS_MAIN(T_(a_tree_comes_out_of_a_tar_as_it_went_in), T_(a_tree_comes_out_of_a_zip_as_it_went_in),
           T_(a_member_that_would_leave_the_directory_is_refused),
           T_(a_file_that_is_no_archive_is_not_taken_for_one))
