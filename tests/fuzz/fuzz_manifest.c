/*
 * fuzz_manifest - files of any text through all that looks at them before anything runs: lint and
 * submission with their reports, pods' own names, and the documents that would be created.
 */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/lint.h"
#include "cli/manifest.h"
#include "data/json.h"
#include "runner/hosts.h"
#include "tests/fuzz/scratch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
lint(const char *path, const struct lint_options *options)
{
    cleanup_manifest struct manifest m = MANIFEST_INIT;
    cleanup_free char *report = NULL;
    struct lint_result found;
    size_t length = 0;
    struct err e = ERR_INIT;
    FILE *out = open_memstream(&report, &length);

    CHECK(out != NULL && manifest_read(&m, path, &e) == 0);
    found = lint_manifest(&m, options, out);
    fclose(out);
    CHECK(found.errors + found.warnings == 0 || length > 0);
    for (size_t i = 0; i < length; i++)
        CHECK(((unsigned char)report[i] >= ' ' && report[i] != 0x7f) || report[i] == '\n');
}

static void
try_hosts(const char *path)
{
    cleanup_manifest struct manifest m = MANIFEST_INIT;
    cleanup_arena struct arena a = ARENA_INIT;
    struct err e = ERR_INIT;
    struct str text;

    CHECK(manifest_read(&m, path, &e) == 0);
    for (size_t f = 0; f < m.n; f++) {
        for (size_t i = 0; i < m.files[f].n; i++)
            (void)hosts_text(m.files[f].objects[i].value, NULL, &a, &text, &e);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct lint_options strict = {.strict = true}, submit = {.submit = true},
                                     simple = {.simple = true};
    cleanup_free char *path = xasprintf("%s/manifest.yaml", scratch_path());

    scratch_write("manifest.yaml", data, size);
    lint(path, &strict);
    lint(path, &submit);
    lint(path, &simple);
    try_hosts(path);
    return 0;
}
