/*
 * fuzz_log - what a command prints, through init's log and back: below the cap the records hold the
 * very bytes, line by line; beyond it, whole records at the beginning and at the end.  And a log of
 * any bytes is cut into records that leave nothing out.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/utf8.h"
#include "init/keeper_log.h"
#include "io/file.h"
#include "runner/logs.h"
#include "sandbox/boxrecord.h"
#include "tests/fuzz/scratch.h"

enum { PIPE_MAX = 60 * 1024, CAP = 1024 * 1024, SMALL_CAP = 600, RESULT_MAX = 100 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
collect(void *arg, const struct logs_record *r)
{
    CHECK(str_is(r->stream, "stdout"));
    buf_str(arg, r->text);
    if (!r->partial)
        buf_char(arg, '\n');
}

static void
count(void *arg, const struct logs_record *r)
{
    (void)r;
    ++*(size_t *)arg;
}

/* Puts the bytes through a log of this cap, the chunks cut where the bytes say. */
static void
keep(const uint8_t *data, size_t size, uint64_t cap, struct keeper_log *l)
{
    struct err e = ERR_INIT;
    size_t half = size > 0 ? data[0] * size / 256 : 0;
    int ends[2];

    CHECK(pipe2(ends, O_CLOEXEC) == 0);
    CHECK(keeper_log_open(l, scratch_dir(), cap, RESULT_MAX, &e) == 0);
    keeper_log_attach(l, 0, ends[0]);
    CHECK(write(ends[1], data, half) == (ssize_t)half);
    keeper_log_read(l, 0);
    CHECK(write(ends[1], data + half, size - half) == (ssize_t)(size - half));
    close(ends[1]);
    keeper_log_finish(l);
}

static void
try_whole(const uint8_t *data, size_t size)
{
    cleanup_buf struct buf got = BUF_INIT, result = BUF_INIT;
    struct err e = ERR_INIT;
    struct keeper_log l;

    keep(data, size, CAP, &l);
    CHECK(l.seen == size && l.lost == 0);
    CHECK(logs_read(scratch_dir(), BOX_LOG, collect, &got, &e) == 0);
    if (size > 0 && data[size - 1] != '\n')
        buf_cut(&got, got.n - (got.n > size)); /* its last line had no end */
    CHECK(got.n == size && (size == 0 || memcmp(got.p, data, size) == 0));
    if (size == 0)
        return;
    CHECK(file_read(scratch_dir(), BOX_RESULT, RESULT_MAX, &result, &e) == 0);
    CHECK(result.n == (size < RESULT_MAX ? size : RESULT_MAX));
    CHECK(memcmp(result.p, data, result.n) == 0);
}

static void
no_torn_record(void *arg, const struct logs_record *r)
{
    (void)arg;
    CHECK(r->time.n > 0);
}

static void
try_cut_short(const uint8_t *data, size_t size)
{
    struct err e = ERR_INIT;
    struct keeper_log l;

    keep(data, size, SMALL_CAP, &l);
    CHECK(logs_read(scratch_dir(), BOX_LOG, no_torn_record, NULL, &e) == 0);
}

static void
try_any(const uint8_t *data, size_t size)
{
    struct str rest = str_make((const char *)data, size);
    cleanup_buf struct buf clean = BUF_INIT;
    size_t records = 0, lines = 0;
    struct logs_record r;
    struct err e = ERR_INIT;

    for (size_t i = 0; i < size; i++)
        lines += data[i] == '\n';
    while (logs_cut(&rest, &r))
        records++;
    CHECK(records == lines && str_find_char(rest, '\n', 0) < 0);
    records = 0;
    scratch_write(BOX_LOG, data, size);
    CHECK(logs_read(scratch_dir(), BOX_LOG, count, &records, &e) == 0);
    CHECK(records == lines);
    utf8_clean(str_make((const char *)data, size), &clean);
    CHECK(clean.n >= size);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > PIPE_MAX)
        return 0;
    unlinkat(scratch_dir(), BOX_RESULT, 0);
    try_whole(data, size);
    try_cut_short(data, size);
    try_any(data, size);
    return 0;
}
