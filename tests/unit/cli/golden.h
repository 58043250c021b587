/*
 * golden - files that say what is printed for what.
 *
 * tests/unit/cli/golden/NAME.json is a workflow, NAME.KIND.txt what it must look like.  With
 * GOLDEN_UPDATE=1 in the environment the second is written instead of compared; read the diff
 * before you commit it.
 */
#ifndef TESTS_UNIT_CLI_GOLDEN_H
#define TESTS_UNIT_CLI_GOLDEN_H

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "data/json.h"

/* 2026-03-01T10:02:00Z: two minutes after all golden workflows began. */
#define GOLDEN_NOW INT64_C(1772359320000000)

static inline void
golden_read(const char *name, const char *end, struct buf *to)
{
    cleanup_free char *path = xasprintf("tests/unit/cli/golden/%s.%s", name, end);
    cleanup_file FILE *f = fopen(path, "r");
    char piece[4096];
    size_t n;

    if (f == NULL)
        fail_msg("cannot open %s (run from the top of the tree)", path);
    while ((n = fread(piece, 1, sizeof piece, f)) > 0)
        buf_add(to, piece, n);
}

static inline struct json_doc *
golden_workflow(const char *name)
{
    cleanup_buf struct buf text = BUF_INIT;
    struct json_doc *d = NULL;
    struct err e = ERR_INIT;

    golden_read(name, "json", &text);
    if (json_parse(buf_view(&text), &json_limits_default, &d, &e) < 0)
        fail_msg("%s: %s", name, e.msg);
    return d;
}

static inline void
golden_check(const char *name, const char *kind, const struct buf *got)
{
    cleanup_buf struct buf want = BUF_INIT;
    cleanup_free char *end = xasprintf("%s.txt", kind);

    if (getenv("GOLDEN_UPDATE") != NULL) {
        cleanup_free char *path = xasprintf("tests/unit/cli/golden/%s.%s", name, end);
        cleanup_file FILE *f = fopen(path, "w");

        CHECK_NOT_NULL(f);
        CHECK_INT(fwrite(buf_cstring(got), 1, got->n, f), got->n);
        return;
    }
    golden_read(name, end, &want);
    CHECK_STR(buf_cstring(got), buf_cstring(&want));
}

#endif
