/*
 * fuzz_json - what is read can be written and read again to the same value, and the second writing
 * is the first one; sorted and pretty forms mean the same.
 */
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "data/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_form(const struct json *v, void (*write)(struct buf *, const struct json *))
{
    cleanup_json struct json_doc *again = NULL;
    cleanup_buf struct buf text = BUF_INIT;
    struct err e = ERR_INIT;

    write(&text, v);
    CHECK(json_parse(buf_view(&text), NULL, &again, &e) == 0);
    CHECK(json_equal(v, json_root(again)));
}

/* Every value is reached by its path's steps, and has a position within the text. */
static void
walk(const struct json_doc *d, const struct json *v)
{
    cleanup_buf struct buf path = BUF_INIT;
    int64_t whole;
    double number;

    json_path(d, v, &path);
    CHECK(json_position(d, v).line > 0 && json_position(d, v).col > 0);
    if (json_int(v, &whole) && json_double(v, &number))
        CHECK(number >= -9.3e18 && number <= 9.3e18);
    JSON_EACH (it, v) {
        if (it.key.p != NULL)
            CHECK(json_get_str(v, it.key) == it.value);
        if (it.index < 8)
            walk(d, it.value);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct json_limits limits = {.bytes = 1 << 20, .depth = 100, .refuse_duplicates = false};
    cleanup_json struct json_doc *d = NULL, *copy = NULL;
    cleanup_buf struct buf first = BUF_INIT, second = BUF_INIT;
    struct err e = ERR_INIT;

    if (json_parse(str_make((const char *)data, size), &limits, &d, &e) < 0) {
        CHECK(d == NULL && e.msg[0] != '\0');
        return 0;
    }
    walk(d, json_root(d));
    copy = json_copy(json_root(d));
    json_write(&first, json_root(d));
    json_write(&second, json_root(copy));
    CHECK(str_eq(buf_view(&first), buf_view(&second)));
    check_form(json_root(d), json_write);
    check_form(json_root(d), json_write_sorted);
    check_form(json_root(d), json_write_pretty);
    return 0;
}
