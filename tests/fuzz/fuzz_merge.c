/*
 * fuzz_merge - patches of all three formats over a base; the input is base and patch, one a line.
 *
 * Whatever they do, the result can be written and read again, and a strategic patch without
 * instructions gives the same when it is applied twice.
 */
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "data/json.h"
#include "schema/check.h"
#include "schema/merge.h"
#include "schema/problem.h"
#include "schema/schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Results may be deeper than what is read, but no longer than memory. */
static void
check_result(const struct json_doc *d)
{
    const struct json_limits limits = {.bytes = JSON_MAX_BYTES, .depth = 3 * JSON_MAX_DEPTH};
    cleanup_json struct json_doc *again = NULL;
    cleanup_buf struct buf text = BUF_INIT;
    struct err e = ERR_INIT;

    json_write(&text, json_root(d));
    if (text.n < 1024 * 1024)
        CHECK(json_parse(buf_view(&text), &limits, &again, &e) == 0);
}

static void
strategic(const struct json *base, const struct json *patch, bool plain)
{
    const struct schema *s = schema_lookup(STR("v1"), STR("Pod"));
    cleanup_json struct json_doc *once = NULL, *twice = NULL;
    cleanup_problems struct problems ps = PROBLEMS_INIT;
    struct err e = ERR_INIT;

    check_value(s, NULL, patch, 0, &ps);
    if (merge_strategic(s, base, patch, &once, &e) < 0)
        return;
    check_result(once);
    if (plain && merge_strategic(s, json_root(once), patch, &twice, &e) == 0)
        CHECK(json_equal(json_root(once), json_root(twice)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str rest = str_make((const char *)data, size), first = str_cut(&rest, '\n');
    cleanup_json struct json_doc *base = NULL, *patch = NULL, *merged = NULL, *changed = NULL;
    struct err e = ERR_INIT;

    if (rest.p == NULL || json_parse(first, NULL, &base, &e) < 0 ||
        json_parse(rest, NULL, &patch, &e) < 0)
        return 0;
    strategic(json_root(base), json_root(patch), str_find_char(rest, '$', 0) < 0);
    merged = merge_patch(json_root(base), json_root(patch));
    check_result(merged);
    if (merge_json_patch(json_root(base), json_root(patch), &changed, &e) == 0)
        check_result(changed);
    return 0;
}
