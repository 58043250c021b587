/*
 * fuzz_settings - sluice.yaml of any text: what is read can be printed and is read again, and an
 * edit of the image rules leads to a file that says what it should, or is refused.
 */
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/settings.h"
#include "cli/settings_file.h"
#include "tests/fuzz/scratch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
reads(struct str text, struct settings *s)
{
    struct err e = ERR_INIT;
    int rc = settings_file_parse(s, text, &e);

    CHECK(rc == 0 || e.msg[0] != '\0');
    return rc == 0;
}

static void
try_edit(struct str text)
{
    static const struct settings_image rule = {.pattern = (char *)(uintptr_t) "a*",
                                               .kind = SETTINGS_IMAGE_HOST};
    cleanup_buf struct buf with = BUF_INIT, without = BUF_INIT;
    cleanup_settings struct settings *s = NEW(struct settings), *t = NEW(struct settings);
    struct err e = ERR_INIT;
    size_t removed;

    if (settings_file_edit_images(text, rule.pattern, &rule, &with, &removed, &e) < 0)
        return;
    CHECK(reads(buf_view(&with), s));
    CHECK(s->images.n > 0 && strcmp(s->images.at[0].pattern, rule.pattern) == 0);
    if (settings_file_edit_images(buf_view(&with), rule.pattern, NULL, &without, &removed, &e) < 0)
        return;
    CHECK(removed == 1 && reads(buf_view(&without), t));
    CHECK(t->images.n == s->images.n - 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_free char *named = xasprintf("SLUICE_CONFIG=%s/sluice.yaml", scratch_path());
    const struct settings_input in = {.environment = (const char *const[]){named, "HOME=/h", NULL}};
    cleanup_settings struct settings *s = NULL, *again = NEW(struct settings);
    cleanup_buf struct buf printed = BUF_INIT;
    struct err e = ERR_INIT;

    try_edit(str_make((const char *)data, size));
    scratch_write("sluice.yaml", data, size);
    if (settings_load(&in, &s, &e) < 0) {
        CHECK(e.msg[0] != '\0');
        return 0;
    }
    settings_print_yaml(&printed, s);
    CHECK(reads(buf_view(&printed), again));
    CHECK(s->images.n == again->images.n && s->pip.n == again->pip.n);
    CHECK(s->host_paths.n == again->host_paths.n && s->shared.n == again->shared.n);
    return 0;
}
