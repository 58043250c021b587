#include "data/condition.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/vec.h"
#include "data/condition_lex.h"
#include "data/condition_value.h"

struct evaluator {
    struct condition_tokens *tokens;
    size_t at;
    unsigned depth;
    bool skip; /* the operand does not count (short circuit), but must parse */
    struct err *e;
};

static int evaluate(struct evaluator *v, struct condition_value *ret);

static const struct condition_token *
peek(const struct evaluator *v)
{
    return v->at < v->tokens->n ? &v->tokens->at[v->at] : NULL;
}

/* The operator at hand if it is one of the list (separated by spaces). */
static struct str
take_operator(struct evaluator *v, enum condition_kind kind, const char *list)
{
    const struct condition_token *t = peek(v);
    struct str rest = str_of(list);

    while (t != NULL && t->kind == kind && rest.p != NULL) {
        if (str_eq(str_cut(&rest, ' '), t->text)) {
            v->at++;
            return t->text;
        }
    }
    return STR_NULL;
}

static int
wrong_type(struct evaluator *v, const struct condition_value *x, const char *what, struct str op)
{
    return v->skip ? 0 : condition_value_wrong(x, what, op, ", it is not a bool", v->e);
}

static int evaluate_prefix(struct evaluator *v, struct str op, struct condition_value *ret);

static int
evaluate_value(struct evaluator *v, struct condition_value *ret)
{
    const struct condition_token *t = peek(v);
    int rc;

    *ret = (struct condition_value){.type = CONDITION_IS_NOTHING};
    if (t == NULL || t->kind == CONDITION_CLOSE)
        return 0; /* "()" */
    v->at++;
    switch (t->kind) {
    case CONDITION_NUMBER:
    case CONDITION_TIME:
        *ret = (struct condition_value){.type = CONDITION_IS_NUMBER, .number = t->number};
        return 0;
    case CONDITION_STRING:
        *ret = (struct condition_value){.type = CONDITION_IS_STRING, .text = t->text};
        return 0;
    case CONDITION_BOOLEAN:
        *ret = (struct condition_value){.type = CONDITION_IS_BOOLEAN, .boolean = t->boolean};
        return 0;
    case CONDITION_PREFIX:
        return evaluate_prefix(v, t->text, ret);
    default:
        rc = evaluate(v, ret);
        v->at++; /* the closing parenthesis, which is there because they balance */
        return rc;
    }
}

static int
evaluate_prefix(struct evaluator *v, struct str op, struct condition_value *ret)
{
    int rc = evaluate_value(v, ret);

    return rc < 0 || v->skip ? rc : condition_value_prefix(op, ret, v->e);
}

typedef int level_fn(struct evaluator *v, struct condition_value *ret);

/* A left-associative level: `next {operator next}`. */
static int
arithmetic_level(struct evaluator *v, const char *operators, level_fn *next,
                 struct condition_value *ret)
{
    int rc = next(v, ret);
    struct str op;

    while (rc == 0 && (op = take_operator(v, CONDITION_ARITHMETIC, operators)).p != NULL) {
        struct condition_value a = *ret, b;

        rc = next(v, &b);
        if (rc == 0 && !v->skip)
            rc = condition_value_compute(op, &a, &b, &v->tokens->arena, ret, v->e);
    }
    return rc;
}

static int
evaluate_power(struct evaluator *v, struct condition_value *ret)
{
    return arithmetic_level(v, "**", evaluate_value, ret);
}

static int
evaluate_product(struct evaluator *v, struct condition_value *ret)
{
    return arithmetic_level(v, "* / %", evaluate_power, ret);
}

static int
evaluate_sum(struct evaluator *v, struct condition_value *ret)
{
    return arithmetic_level(v, "+ -", evaluate_product, ret);
}

static int
evaluate_shift(struct evaluator *v, struct condition_value *ret)
{
    return arithmetic_level(v, "<< >>", evaluate_sum, ret);
}

static int
evaluate_bits(struct evaluator *v, struct condition_value *ret)
{
    return arithmetic_level(v, "& | ^", evaluate_shift, ret);
}

static int
evaluate_compare(struct evaluator *v, struct condition_value *ret)
{
    int rc = evaluate_bits(v, ret);
    struct str op;

    while (rc == 0 &&
           (op = take_operator(v, CONDITION_COMPARATOR, "== != < <= > >= =~ !~ in")).p != NULL) {
        struct condition_value a = *ret, b;

        rc = evaluate_bits(v, &b);
        if (rc == 0 && !v->skip)
            rc = condition_value_compare(op, &a, &b, ret, v->e);
    }
    return rc;
}

/* && and ||, whose right side does not count when the left one decides. */
static int
logic_level(struct evaluator *v, const char *operator, level_fn * next, struct condition_value *ret)
{
    int rc = next(v, ret);
    struct str op;

    while (rc == 0 && (op = take_operator(v, CONDITION_LOGIC, operator)).p != NULL) {
        struct condition_value a = *ret, b;
        bool skip = v->skip;

        if (a.type != CONDITION_IS_BOOLEAN && (rc = wrong_type(v, &a, "logical operator", op)) < 0)
            return rc;
        v->skip |= a.boolean == (op.p[0] == '|');
        rc = next(v, &b);
        if (rc == 0 && !v->skip && b.type != CONDITION_IS_BOOLEAN)
            rc = wrong_type(v, &b, "logical operator", op);
        if (!v->skip)
            ret->boolean = b.boolean;
        v->skip = skip;
    }
    return rc;
}

static int
evaluate_and(struct evaluator *v, struct condition_value *ret)
{
    return logic_level(v, "&&", evaluate_compare, ret);
}

static int
evaluate_or(struct evaluator *v, struct condition_value *ret)
{
    return logic_level(v, "||", evaluate_and, ret);
}

/* c ? a : b, c ? a, a ?? b */
static int
evaluate_ternary(struct evaluator *v, struct condition_value *ret)
{
    struct condition_value other;
    struct str op;
    bool skip = v->skip, taken;
    int rc = evaluate_or(v, ret);

    if (rc < 0 || (op = take_operator(v, CONDITION_TERNARY, "? ??")).p == NULL)
        return rc;
    if (++v->depth > CONDITION_MAX_DEPTH)
        return err_set(v->e, ERR_TOOLARGE, "condition is nested more than %d deep",
                       CONDITION_MAX_DEPTH);
    if (op.n == 1 && ret->type != CONDITION_IS_BOOLEAN &&
        (rc = wrong_type(v, ret, "ternary operator", op)) < 0)
        return rc;
    taken = op.n == 1 ? ret->boolean : ret->type == CONDITION_IS_NOTHING;
    v->skip |= !taken;
    rc = evaluate_ternary(v, &other);
    v->skip = skip;
    if (taken)
        *ret = other;
    else if (op.n == 1)
        *ret = (struct condition_value){.type = CONDITION_IS_NOTHING};
    if (rc == 0 && take_operator(v, CONDITION_TERNARY, ":").p != NULL) {
        bool needed = ret->type == CONDITION_IS_NOTHING;

        v->skip |= !needed;
        rc = evaluate_ternary(v, &other);
        v->skip = skip;
        if (needed)
            *ret = other;
    }
    v->depth--;
    return rc;
}

/* One value, or a list of several. */
static int
evaluate(struct evaluator *v, struct condition_value *ret)
{
    VEC(struct condition_value) items = VEC_INIT;
    struct condition_value item;
    int rc;

    if (++v->depth > CONDITION_MAX_DEPTH)
        return err_set(v->e, ERR_TOOLARGE, "condition is nested more than %d deep",
                       CONDITION_MAX_DEPTH);
    rc = evaluate_ternary(v, ret);
    while (rc == 0 && peek(v) != NULL && peek(v)->kind == CONDITION_SEPARATOR) {
        if (items.n == 0)
            vec_push(&items, *ret);
        v->at++;
        rc = evaluate_ternary(v, &item);
        vec_push(&items, item);
    }
    if (items.n > 0) {
        struct condition_value *kept =
            ARENA_ARRAY(&v->tokens->arena, struct condition_value, items.n);

        memcpy(kept, items.at, items.n * sizeof *kept);
        *ret = (struct condition_value){.type = CONDITION_IS_LIST, .items = kept, .n = items.n};
    }
    vec_done(&items);
    v->depth--;
    return rc;
}

static int
evaluate_all(struct evaluator *v, struct condition_value *ret)
{
    int rc = evaluate(v, ret);

    if (rc == 0 && peek(v) != NULL)
        rc = err_set(v->e, ERR_INVALID, "Invalid token: '%.*s'",
                     STR_ARG(str_slice(peek(v)->text, 0, 100)));
    return rc;
}

/* Upstream's frame around what went wrong. */
static int
frame(struct str text, struct err *e)
{
    static const char *const hint = " (hint: try wrapping the affected expression in quotes (\"))";
    struct err why = *e;

    if (e->code != ERR_INVALID)
        return e->code;
    return err_set(e, ERR_INVALID, "Invalid 'when' expression '%.*s': %s%s",
                   STR_ARG(str_slice(text, 0, 500)), why.msg,
                   strstr(why.msg, "Invalid token") != NULL ? hint : "");
}

int
condition_eval(struct str text, bool *ret, struct err *e)
{
    struct condition_tokens tokens __attribute__((cleanup(condition_tokens_done))) = {.at = NULL};
    struct evaluator v = {.tokens = &tokens, .e = e};
    cleanup_buf struct buf got = {.max = 200};
    struct condition_value result = {.type = CONDITION_IS_NOTHING};

    if (text.n > CONDITION_MAX_TEXT)
        return err_set(e, ERR_TOOLARGE, "condition is longer than %d bytes", CONDITION_MAX_TEXT);
    if (text.n == 0) {
        *ret = true; /* no condition */
        return 0;
    }
    if (condition_lex(text, &tokens, e) < 0)
        return frame(text, e);
    if (evaluate_all(&v, &result) < 0)
        return frame(text, e);
    if (result.type != CONDITION_IS_BOOLEAN) {
        condition_value_write(&got, &result);
        return err_set(e, ERR_INVALID, "Expected boolean evaluation for '%.*s'. Got %s",
                       STR_ARG(str_slice(text, 0, 500)), buf_cstring(&got));
    }
    *ret = result.boolean;
    return 0;
}
