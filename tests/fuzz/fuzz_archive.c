/*
 * fuzz_archive - whatever an archive holds, unpacking it leaves the directory around the target as
 * it was, and what came out can be packed and unpacked again.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "io/file.h"
#include "runner/archive.h"
#include "tests/fuzz/scratch.h"

enum { FILE_MAX = 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* A few bytes can stand for a file as large as the archive's limit. */
int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const struct rlimit limit = {FILE_MAX, FILE_MAX};

    (void)argc, (void)argv;
    signal(SIGXFSZ, SIG_IGN);
    return setrlimit(RLIMIT_FSIZE, &limit);
}

static int
open_file(const char *name, int flags)
{
    int fd = openat(scratch_dir(), name, flags | O_CLOEXEC, 0600);

    CHECK(fd >= 0);
    return fd;
}

/* An empty directory of this name. */
static int
open_target(const char *name)
{
    struct err e = ERR_INIT;
    int fd;

    CHECK(file_remove_tree(scratch_dir(), name, &e) == 0);
    CHECK(mkdirat(scratch_dir(), name, 0700) == 0);
    fd = file_open_dir(scratch_dir(), name, &e);
    CHECK(fd >= 0);
    return fd;
}

static void
check_guard(void)
{
    cleanup_buf struct buf text = BUF_INIT;
    struct err e = ERR_INIT;
    struct stat st;

    CHECK(file_read(scratch_dir(), "guard", 100, &text, &e) == 0);
    CHECK(str_is(buf_view(&text), "as it was"));
    CHECK(fstatat(scratch_dir(), "guard", &st, 0) == 0);
    CHECK(st.st_nlink == 1 && (st.st_mode & 07777) == 0600);
}

static void
pack_again(void)
{
    cleanup_close int packed = open_file("packed", O_RDWR | O_CREAT | O_TRUNC), into = -1;
    struct err e = ERR_INIT;

    if (archive_pack(ARCHIVE_TGZ, 1, scratch_dir(), "into", "out", packed, &e) < 0)
        return;
    CHECK(archive_is_one(packed));
    into = open_target("again");
    if (archive_unpack(packed, into, &e) < 0)
        panic(__FILE__, __LINE__, "%s", e.msg);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_close int fd = -1, into = open_target("into");
    struct err e = ERR_INIT;

    scratch_write("guard", (const uint8_t *)"as it was", 9);
    scratch_write("archive", data, size);
    fd = open_file("archive", O_RDONLY);
    if (archive_unpack(fd, into, &e) < 0)
        CHECK(e.msg[0] != '\0');
    else
        pack_again();
    check_guard();
    return 0;
}
