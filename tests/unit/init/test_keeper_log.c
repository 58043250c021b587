#include "init/keeper_log.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "tests/unit/test.h"

struct bench {
    char path[32];
    int dir, write_end;
    struct keeper_log log;
};

static void
begin(struct bench *b, uint64_t cap, uint64_t result_max)
{
    struct err e = ERR_INIT;
    int ends[2];

    memcpy(b->path, "/tmp/keeper-log-XXXXXX", 23);
    CHECK_NOT_NULL(mkdtemp(b->path));
    b->dir = open(b->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK_INT(keeper_log_open(&b->log, b->dir, cap, result_max, &e), 0);
    CHECK_INT(pipe(ends), 0);
    keeper_log_attach(&b->log, 0, ends[0]);
    b->write_end = ends[1];
}

static void
feed(struct bench *b, const char *p, size_t n)
{
    while (n > 0) {
        size_t part = n < 4096 ? n : 4096;

        CHECK_INT(write(b->write_end, p, part), part);
        keeper_log_read(&b->log, 0);
        p += part;
        n -= part;
    }
}

/* The file's content, without its time stamps. */
static char *
finish(struct bench *b)
{
    cleanup_close int fd = -1;
    char *text = xcalloc(1, 1 << 20), *to = text, *out = xcalloc(1, 1 << 20);
    ssize_t n;

    close(b->write_end);
    keeper_log_finish(&b->log);
    fd = openat(b->dir, "log", O_RDONLY | O_CLOEXEC);
    n = read(fd, text, (1 << 20) - 1);
    CHECK_TRUE(n >= 0);
    out[0] = '\0';
    for (char *line = text; *line != '\0'; line = to) {
        char *space = strchr(line, ' ');

        to = strchr(line, '\n') + 1;
        CHECK_INT(space - line, 30);
        strncat(out, space + 1, (size_t)(to - space - 1));
    }
    free(text);
    unlinkat(b->dir, "log", 0);
    unlinkat(b->dir, "result", 0);
    close(b->dir);
    CHECK_INT(rmdir(b->path), 0);
    return out;
}

TEST(keeper_log_makes_a_record_of_each_line)
{
    cleanup_free char *text = NULL;
    struct bench b;

    begin(&b, 1 << 20, 4);
    feed(&b, "one\ntw", 6);
    feed(&b, "o\n\nlast", 7);
    CHECK_INT(b.log.result_bytes, 4);
    text = finish(&b);
    CHECK_STR(text, "stdout F one\nstdout F two\nstdout F \nstdout F last\n");
}

TEST(keeper_log_cuts_long_lines_into_parts)
{
    cleanup_free char *line = xcalloc(1, KEEPER_LINE + 11), *text = NULL;
    struct bench b;

    memset(line, 'x', KEEPER_LINE + 9);
    line[KEEPER_LINE + 9] = '\n';
    begin(&b, 1 << 20, 0);
    feed(&b, line, KEEPER_LINE + 10);
    text = finish(&b);
    CHECK_INT(strncmp(text, "stdout P xxx", 12), 0);
    CHECK_CONTAINS(text, "\nstdout F xxxxxxxxx\n");
    CHECK_INT(strlen(text), KEEPER_LINE + 9 + 2 * strlen("stdout P \n"));
}

TEST(keeper_log_keeps_both_ends_at_the_cap)
{
    cleanup_free char *text = NULL;
    struct bench b;

    begin(&b, 2000, 0);
    for (int i = 0; i < 200; i++)
        feed(&b, "some line\n", 10);
    feed(&b, "the end\n", 8);
    text = finish(&b);
    CHECK_CONTAINS(text, "stderr F [sluice: the log has reached 1000 bytes");
    CHECK_CONTAINS(text, "bytes are left out here]\nstdout F some line\n");
    CHECK_TRUE(strlen(text) < 2000);
    CHECK_STR(text + strlen(text) - 17, "stdout F the end\n");
    CHECK_TRUE(b.log.lost > 6000);
}

TESTS_MAIN(T_(keeper_log_makes_a_record_of_each_line), T_(keeper_log_cuts_long_lines_into_parts),
           T_(keeper_log_keeps_both_ends_at_the_cap))
