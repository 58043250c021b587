/*
 * fuzz_expr - whatever the text, compiling and evaluating end within the limits; a result that
 * is JSON reads back as JSON; and the same program gives the same result again.
 */
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "data/expr.h"
#include "data/expr_vars.h"
#include "data/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
fill(struct expr_vars *v)
{
    expr_vars_init(v, NULL);
    expr_vars_set_cstr(v, "workflow.name", "w");
    expr_vars_set_cstr(v, "workflow.parameters", "[]");
    expr_vars_set_cstr(v, "workflow.parameters.a", "1");
    expr_vars_set_cstr(v, "inputs.parameters.a-b", "[1, {\"k\": null}]");
    expr_vars_set_cstr(v, "item", "x");
}

static bool
is_random(struct str text)
{
    return str_find(text, STR("rand"), 0) >= 0 || str_find(text, STR("uuid"), 0) >= 0 ||
           str_find(text, STR("shuffle"), 0) >= 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct expr_limits limits = {.steps = 20000, .memory = 1 << 20, .range = 1000};
    struct expr_vars vars __attribute__((cleanup(expr_vars_done))) = {.parent = NULL};
    cleanup_expr struct expr_program *p = NULL;
    cleanup_buf struct buf first = BUF_INIT, second = BUF_INIT;
    cleanup_json struct json_doc *doc = NULL;
    struct clock_manual clock;
    struct expr_env env;
    struct err e = ERR_INIT;
    struct str text = str_make((const char *)data, size);

    if (expr_compile(text, &p, &e) < 0) {
        CHECK(p == NULL && e.msg[0] != '\0');
        return 0;
    }
    fill(&vars);
    clock_manual_init(&clock, INT64_C(1767225600) * CLOCK_SECOND);
    env = expr_vars_env(&vars);
    env.limits = &limits;
    env.clock = &clock.clock;
    if (expr_eval_text(p, &env, &first, &e) < 0) {
        CHECK(e.msg[0] != '\0');
        return 0;
    }
    if (!is_random(text)) {
        CHECK(expr_eval_text(p, &env, &second, &e) == 0);
        CHECK(str_eq(buf_view(&first), buf_view(&second)));
    }
    json_parse(buf_view(&first), &json_limits_default, &doc, &e);
    return 0;
}
