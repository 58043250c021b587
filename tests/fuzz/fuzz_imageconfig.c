/* fuzz_imageconfig - image.json of any bytes: words that are there and end, or a sentence. */
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "runner/imageconfig.h"
#include "tests/fuzz/scratch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t
length_of(const char *const *words, size_t n)
{
    size_t all = 0;

    for (size_t i = 0; i < n; i++)
        all += strlen(words[i]);
    return all;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_arena struct arena a = ARENA_INIT;
    struct imageconfig config;
    struct err e = ERR_INIT;

    scratch_write(IMAGECONFIG_FILE, data, size);
    if (imageconfig_read(scratch_path(), &a, &config, &e) < 0)
        CHECK(e.msg[0] != '\0');
    else
        CHECK(length_of(config.entrypoint, config.entrypoint_n) +
                  length_of(config.cmd, config.cmd_n) <=
              size);
    return 0;
}
