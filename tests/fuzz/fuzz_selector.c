/*
 * fuzz_selector - a selector that was read can be written and read again, and the second writing is
 * the first one.
 */
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "schema/selector.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct str
value_of(void *arg, struct str key)
{
    (void)arg;
    return key.n % 2 == 0 ? STR("1") : STR_NULL;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_make((const char *)data, size);
    cleanup_selector struct selector *s = NULL, *again = NULL, *fields = NULL;
    cleanup_buf struct buf once = BUF_INIT, twice = BUF_INIT;
    struct err e = ERR_INIT;

    if (selector_parse_fields(text, &fields, &e) == 0)
        selector_matches_fn(fields, value_of, NULL);
    if (selector_parse(text, &s, &e) < 0)
        return 0;
    selector_write(s, &once);
    CHECK(selector_parse(buf_view(&once), &again, &e) == 0);
    selector_write(again, &twice);
    CHECK(str_eq(buf_view(&once), buf_view(&twice)));
    CHECK(selector_matches_fn(s, value_of, NULL) == selector_matches_fn(again, value_of, NULL));
    return 0;
}
