/*
 * fuzz_record - the records `started` and `exit` of an attempt whose directory holds any bytes:
 * what is read can be written and is read again as the same, and its outputs are saved without a
 * fault.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "data/json.h"
#include "io/file.h"
#include "runner/outputs.h"
#include "runner/podio.h"
#include "sandbox/boxrecord.h"
#include "tests/fuzz/scratch.h"

enum { CONTENT_MAX = 4 * 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whether the file is what the data begins with: `whole` of it, or some. */
static bool
is_same(const char *name, const uint8_t *data, size_t size, bool whole)
{
    cleanup_buf struct buf text = BUF_INIT;
    struct err e = ERR_INIT;

    CHECK(file_read(scratch_dir(), name, CONTENT_MAX, &text, &e) == 0);
    return (whole ? text.n == size : text.n <= size) && memcmp(text.p, data, text.n) == 0;
}

/* One parameter and its default, one without, no artifact: the record may tell of any others. */
static void
try_outputs(const struct box_exit *x)
{
    static struct podio_parameter parameters[] = {
        {.name = {"a", 1}, .path = {"/a", 2}, .otherwise = {"b", 1}},
        {.name = {"c", 1}, .path = {"/c", 2}}};
    struct podio io = {.parameters = parameters, .parameters_n = 2, .result = true};
    struct outputs_work w = {.io = &io, .dir = scratch_dir(), .succeeded = x->code == 0};
    struct json_build b = JSON_BUILD_INIT;

    outputs_take(&w, x);
    outputs_save(&w);
    json_add_object(&b, NULL);
    outputs_write(&w, &b);
    json_end(&b);
    json_doc_unref(json_build_done(&b));
    outputs_done(&w);
}

/* What is read and written again is the same bytes. */
static void
try_record(const uint8_t *data, size_t size)
{
    cleanup_arena struct arena a = ARENA_INIT;
    cleanup_close int reserve = -1;
    struct box_started s;
    struct box_exit x;
    struct err e = ERR_INIT;
    bool ended;

    scratch_write(BOX_STARTED, data, size);
    scratch_write(BOX_EXIT, data, size);
    ended = boxrecord_read_exit(scratch_dir(), &a, &x, &e) == 0;
    if (boxrecord_read_started(scratch_dir(), &a, &s, &e) < 0) {
        CHECK(!ended);
        return;
    }
    unlinkat(scratch_dir(), BOX_STARTED, 0);
    reserve = boxrecord_reserve(scratch_dir(), &e);
    CHECK(reserve >= 0);
    CHECK(boxrecord_publish(scratch_dir(), reserve, &s, &e) == 0);
    CHECK(is_same(BOX_STARTED, data, size, false));
    if (ended) {
        try_outputs(&x);
        CHECK(boxrecord_write_exit(scratch_dir(), reserve, &x, &e) == 0);
        CHECK(is_same(BOX_EXIT, data, size, true));
    }
    unlinkat(scratch_dir(), BOX_STARTED, 0); /* another name of what the next one writes to */
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > CONTENT_MAX)
        return 0;
    try_record(data, size);
    return 0;
}
