/*
 * evaluating - expressions and what they give, as rows:
 *
 *     CHECK_ALL({"1 + 2", "3"}, {"'a' + 'b'", "ab"});
 *     CHECK_ERRORS({"1 +", "unexpected end"});    a part of the message
 *
 * The file that includes this says by evaluate() what its expressions see.
 */
#ifndef TESTS_UNIT_DATA_EVALUATING_H
#define TESTS_UNIT_DATA_EVALUATING_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "data/expr.h"
#include "tests/unit/test.h"

struct evaluating_row {
    const char *text, *want;
};

static int evaluate(const char *text, struct buf *to, struct err *e);

/* Without variables, at the beginning of 2026. */
static inline int
evaluating_plain(const char *text, struct buf *to, struct err *e)
{
    struct clock_manual clock;
    struct expr_env env = {.clock = &clock.clock};
    cleanup_expr struct expr_program *p = NULL;

    clock_manual_init(&clock, INT64_C(1767225600) * CLOCK_SECOND);
    if (expr_compile(str_of(text), &p, e) < 0)
        return e->code;
    return expr_eval_text(p, &env, to, e);
}

static inline void
evaluating_check(const struct evaluating_row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        cleanup_buf struct buf got = BUF_INIT;
        struct err e = ERR_INIT;

        if (evaluate(rows[i].text, &got, &e) < 0)
            fail_msg("%s: %s", rows[i].text, e.msg);
        if (strcmp(buf_cstring(&got), rows[i].want) != 0)
            fail_msg("%s gave %s, not %s", rows[i].text, buf_cstring(&got), rows[i].want);
    }
}

static inline void
evaluating_check_errors(const struct evaluating_row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        cleanup_buf struct buf got = BUF_INIT;
        struct err e = ERR_INIT;

        if (evaluate(rows[i].text, &got, &e) >= 0)
            fail_msg("%s gave %s", rows[i].text, buf_cstring(&got));
        CHECK_CONTAINS(e.msg, rows[i].want);
    }
}

#define CHECK_ALL(...) \
    do { \
        static const struct evaluating_row rows_[] = {__VA_ARGS__}; \
        evaluating_check(rows_, ARRAY_LEN(rows_)); \
    } while (0)
#define CHECK_ERRORS(...) \
    do { \
        static const struct evaluating_row rows_[] = {__VA_ARGS__}; \
        evaluating_check_errors(rows_, ARRAY_LEN(rows_)); \
    } while (0)

#endif
