/* Sprig's functions over regular expressions.  Each has a "must" twin that is the same here: a bad
 * pattern is an error either way. */
#include "base/vec.h"
#include "data/expr_eval.h"
#include "data/regex.h"
#include "data/sprig.h"

#define ARG(i) (c->args[i].text)

static int
compile(const struct expr_call *c, struct regex **ret, struct err *e)
{
    return regex_compile(ARG(0), ret, e) < 0 ? err_wrap(e, "%s", c->name) : 0;
}

static int
fn_match(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    cleanup_regex struct regex *r = NULL;
    int rc;

    if (compile(c, &r, e) < 0)
        return e->code;
    rc = regex_matches(r, ARG(1), e);
    *ret = expr_bool(rc > 0);
    return rc < 0 ? rc : 0;
}

static int
fn_find(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    cleanup_regex struct regex *r = NULL;
    struct regex_match m;
    int rc;

    if (compile(c, &r, e) < 0)
        return e->code;
    rc = regex_find(r, ARG(1), 0, &m, e);
    *ret = expr_string(rc > 0 ? m.at[0] : STR(""));
    return rc < 0 ? rc : 0;
}

struct pieces {
    struct str *at;
    size_t n, cap;
};

/* The matches, at most `limit` (any number if negative). */
static int
find_all(const struct expr_call *c, const struct regex *r, struct str text, int64_t limit,
         struct pieces *to, struct err *e)
{
    struct regex_match m;
    int rc = limit == 0 ? 0 : regex_find(r, text, 0, &m, e);

    while (rc > 0) {
        vec_push(to, m.at[0]);
        if (limit > 0 && to->n == (size_t)limit)
            return 0;
        rc = expr_steps(c->ctx, 16, e);
        if (rc == 0)
            rc = regex_next(r, text, &m, e);
    }
    return rc;
}

static int
return_pieces(const struct expr_call *c, struct pieces *p, struct expr_value *ret, struct err *e)
{
    struct expr_value *items = expr_items(c->ctx, p->n, e);

    for (size_t i = 0; items != NULL && i < p->n; i++)
        items[i] = expr_string(p->at[i]);
    if (items != NULL)
        *ret = expr_array(items, p->n);
    return items != NULL ? 0 : e->code;
}

static int
fn_find_all(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    cleanup_regex struct regex *r = NULL;
    struct pieces found = VEC_INIT;
    int rc = compile(c, &r, e);

    if (rc == 0)
        rc = find_all(c, r, ARG(1), expr_arg_int(c, 2), &found, e);
    if (rc == 0)
        rc = return_pieces(c, &found, ret, e);
    vec_done(&found);
    return rc;
}

static int
replace(const struct expr_call *c, bool literal, struct expr_value *ret, struct err *e)
{
    cleanup_regex struct regex *r = NULL;
    struct buf b;

    if (compile(c, &r, e) < 0)
        return e->code;
    b = expr_buf(c->ctx);
    if (regex_replace(r, ARG(1), ARG(2), literal, &b, e) < 0) {
        buf_done(&b);
        return e->code;
    }
    return expr_return_text(c->ctx, &b, ret, e);
}

static int
fn_replace_all(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    return replace(c, false, ret, e);
}

static int
fn_replace_literal(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    return replace(c, true, ret, e);
}

/* What stands between the matches; at most `limit` pieces. */
static int
fn_split(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    cleanup_regex struct regex *r = NULL;
    struct pieces found = VEC_INIT, parts = VEC_INIT;
    int64_t limit = expr_arg_int(c, 2);
    struct str text = ARG(1);
    size_t done = 0;
    int rc = compile(c, &r, e);

    if (rc == 0)
        rc = find_all(c, r, text, -1, &found, e);
    for (size_t i = 0; limit != 0 && i < found.n; i++) {
        size_t at = (size_t)(found.at[i].p - text.p);

        if (limit > 0 && parts.n + 1 == (size_t)limit)
            break;
        /* An empty match at the very beginning or end separates nothing. */
        if (found.at[i].n == 0 && (at == 0 || at == text.n))
            continue;
        vec_push(&parts, str_slice(text, done, at));
        done = at + found.at[i].n;
    }
    /* Nothing at all, split by nothing, has no pieces. */
    if (limit != 0 && (text.n > 0 || ARG(0).n > 0))
        vec_push(&parts, str_slice(text, done, text.n));
    if (rc == 0)
        rc = return_pieces(c, &parts, ret, e);
    vec_done(&found);
    vec_done(&parts);
    return rc;
}

static int
fn_quote(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct buf b = expr_buf(c->ctx);

    regex_quote(&b, ARG(0));
    return expr_return_text(c->ctx, &b, ret, e);
}

const struct expr_func sprig_regex_funcs[] = {
    {"regexMatch", "ss", fn_match},
    {"mustRegexMatch", "ss", fn_match},
    {"regexFind", "ss", fn_find},
    {"mustRegexFind", "ss", fn_find},
    {"regexFindAll", "ssi", fn_find_all},
    {"mustRegexFindAll", "ssi", fn_find_all},
    {"regexReplaceAll", "sss", fn_replace_all},
    {"mustRegexReplaceAll", "sss", fn_replace_all},
    {"regexReplaceAllLiteral", "sss", fn_replace_literal},
    {"mustRegexReplaceAllLiteral", "sss", fn_replace_literal},
    {"regexSplit", "ssi", fn_split},
    {"mustRegexSplit", "ssi", fn_split},
    {"regexQuoteMeta", "s", fn_quote},
    {NULL, NULL, NULL},
};
