/*
 * fuzz_tag - substituting ends within its limit; what has no tags stays as it is; with nothing
 * known and no expressions, nothing changes; listing tags ends and stays inside the text.
 */
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "data/expr_vars.h"
#include "data/tag.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
list(struct str text)
{
    struct tag_each it = {.text = text};

    while (tag_next(&it))
        CHECK(it.offset + 4 <= text.n && it.name.n <= text.n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct expr_limits limits = {.steps = 20000, .memory = 1 << 20, .range = 1000};
    struct expr_vars vars __attribute__((cleanup(expr_vars_done))) = {.parent = NULL};
    cleanup_buf struct buf got = BUF_INIT, same = BUF_INIT;
    struct str text = str_make((const char *)data, size);
    struct tag_options o = {.max_bytes = 1 << 20};
    struct tag_options nothing = {.no_expressions = true};
    struct expr_env env;
    struct err e = ERR_INIT;
    int rc;

    expr_vars_init(&vars, NULL);
    expr_vars_set_cstr(&vars, "a", "{{b}}");
    expr_vars_set_cstr(&vars, "b", "\"x\"");
    expr_vars_set_cstr(&vars, "inputs.parameters.p", "1");
    env = expr_vars_env(&vars);
    env.limits = &limits;
    o.env = &env;
    o.json_text = size > 0 && data[0] == '"';
    list(text);
    rc = tag_settle(text, &o, &got, &e);
    CHECK(rc >= 0 || (rc == e.code && e.msg[0] != '\0'));
    if (rc >= 0 && !tag_present(text))
        CHECK(str_eq(text, buf_view(&got)));
    CHECK(tag_substitute(text, &nothing, &same, &e) >= 0);
    CHECK(str_eq(text, buf_view(&same)));
    return 0;
}
