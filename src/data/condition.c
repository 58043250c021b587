#include "data/condition.h"

#include <math.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/vec.h"
#include "data/condition_lex.h"
#include "data/expr_value.h"
#include "data/regex.h"

enum value_type { NOTHING, NUMBER, STRING, BOOLEAN, LIST };

struct value {
    enum value_type type;
    double number;
    bool boolean;
    struct str text;
    const struct value *items; /* of a list */
    size_t n;
};

struct evaluator {
    struct condition_tokens *tokens;
    size_t at;
    unsigned depth;
    bool skip; /* the operand does not count (short circuit), but must parse */
    struct err *e;
};

static int evaluate(struct evaluator *v, struct value *ret);

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

static void
write_value(struct buf *to, const struct value *x)
{
    switch (x->type) {
    case NOTHING:
        buf_cstr(to, "<nil>");
        break;
    case NUMBER:
        expr_write_float(to, x->number, false);
        break;
    case STRING:
        buf_str(to, x->text);
        break;
    case BOOLEAN:
        buf_cstr(to, x->boolean ? "true" : "false");
        break;
    case LIST:
        buf_char(to, '[');
        for (size_t i = 0; i < x->n; i++) {
            if (i > 0)
                buf_char(to, ' ');
            write_value(to, &x->items[i]);
        }
        buf_char(to, ']');
        break;
    }
}

static int
wrong_type(struct evaluator *v, const struct value *x, const char *what, struct str op,
           const char *expected)
{
    cleanup_buf struct buf text = {.max = 200};

    if (v->skip)
        return 0;
    write_value(&text, x);
    return err_set(v->e, ERR_INVALID, "Value '%s' cannot be used with the %s '%.*s'%s",
                   buf_cstring(&text), what, STR_ARG(op), expected);
}

static bool
equal(const struct value *a, const struct value *b)
{
    if (a->type != b->type)
        return false;
    switch (a->type) {
    case NUMBER:
        return a->number == b->number;
    case STRING:
        return str_eq(a->text, b->text);
    case BOOLEAN:
        return a->boolean == b->boolean;
    case NOTHING:
        return true;
    case LIST:
        break;
    }
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++) {
        if (!equal(&a->items[i], &b->items[i]))
            return false;
    }
    return true;
}

/* What does not fit is the smallest integer, as on the machines that upstream runs on. */
static int64_t
to_int(double d)
{
    return fabs(d) < 9.2233720368547758e18 ? (int64_t)d : INT64_MIN;
}

/* Values. */

static int evaluate_prefix(struct evaluator *v, struct str op, struct value *ret);

static int
evaluate_value(struct evaluator *v, struct value *ret)
{
    const struct condition_token *t = peek(v);
    int rc;

    *ret = (struct value){.type = NOTHING};
    if (t == NULL || t->kind == CONDITION_CLOSE)
        return 0; /* "()" */
    v->at++;
    switch (t->kind) {
    case CONDITION_NUMBER:
    case CONDITION_TIME:
        *ret = (struct value){.type = NUMBER, .number = t->number};
        return 0;
    case CONDITION_STRING:
        *ret = (struct value){.type = STRING, .text = t->text};
        return 0;
    case CONDITION_BOOLEAN:
        *ret = (struct value){.type = BOOLEAN, .boolean = t->boolean};
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
evaluate_prefix(struct evaluator *v, struct str op, struct value *ret)
{
    int rc = evaluate_value(v, ret);

    if (rc < 0 || v->skip)
        return rc;
    if (op.p[0] == '!') {
        if (ret->type != BOOLEAN)
            return wrong_type(v, ret, "prefix", op, "");
        ret->boolean = !ret->boolean;
        return 0;
    }
    if (ret->type != NUMBER)
        return wrong_type(v, ret, "prefix", op, "");
    if (op.p[0] == '-')
        ret->number = -ret->number;
    else
        ret->number = (double)~to_int(ret->number);
    return 0;
}

/* Two-sided operators. */

static double
shift(struct str op, double a, double b)
{
    uint64_t by = (uint64_t)to_int(b), x = (uint64_t)to_int(a);

    if (by > 63)
        return 0;
    return (double)(op.p[0] == '<' ? x << by : x >> by);
}

static double
compute(struct str op, double a, double b)
{
    switch (op.p[0]) {
    case '+':
        return a + b;
    case '-':
        return a - b;
    case '*':
        return op.n == 2 ? pow(a, b) : a * b;
    case '/':
        return a / b;
    case '%':
        return fmod(a, b);
    case '&':
        return (double)(to_int(a) & to_int(b));
    case '|':
        return (double)(to_int(a) | to_int(b));
    case '^':
        return (double)(to_int(a) ^ to_int(b));
    default:
        return shift(op, a, b);
    }
}

/* + with a string on either side joins both as text. */
static void
join(struct evaluator *v, const struct value *a, const struct value *b, struct value *ret)
{
    cleanup_buf struct buf text = BUF_INIT;
    char *kept;

    write_value(&text, a);
    write_value(&text, b);
    kept = str_dup_arena(&v->tokens->arena, buf_view(&text));
    *ret = (struct value){.type = STRING, .text = str_make(kept, text.n)};
}

static int
apply_arithmetic(struct evaluator *v, struct str op, const struct value *a, const struct value *b,
                 struct value *ret)
{
    if (op.p[0] == '+' && (a->type == STRING || b->type == STRING)) {
        join(v, a, b, ret);
        return 0;
    }
    if (a->type != NUMBER)
        return wrong_type(v, a, "modifier", op, ", it is not a number");
    if (b->type != NUMBER)
        return wrong_type(v, b, "modifier", op, ", it is not a number");
    *ret = (struct value){.type = NUMBER, .number = compute(op, a->number, b->number)};
    return 0;
}

typedef int level_fn(struct evaluator *v, struct value *ret);

/* A left-associative level: `next {operator next}`. */
static int
arithmetic_level(struct evaluator *v, const char *operators, level_fn *next, struct value *ret)
{
    int rc = next(v, ret);
    struct str op;

    while (rc == 0 && (op = take_operator(v, CONDITION_ARITHMETIC, operators)).p != NULL) {
        struct value a = *ret, b;

        rc = next(v, &b);
        if (rc == 0 && !v->skip)
            rc = apply_arithmetic(v, op, &a, &b, ret);
    }
    return rc;
}

static int
evaluate_power(struct evaluator *v, struct value *ret)
{
    return arithmetic_level(v, "**", evaluate_value, ret);
}

static int
evaluate_product(struct evaluator *v, struct value *ret)
{
    return arithmetic_level(v, "* / %", evaluate_power, ret);
}

static int
evaluate_sum(struct evaluator *v, struct value *ret)
{
    return arithmetic_level(v, "+ -", evaluate_product, ret);
}

static int
evaluate_shift(struct evaluator *v, struct value *ret)
{
    return arithmetic_level(v, "<< >>", evaluate_sum, ret);
}

static int
evaluate_bits(struct evaluator *v, struct value *ret)
{
    return arithmetic_level(v, "& | ^", evaluate_shift, ret);
}

static int
match(struct evaluator *v, struct str op, const struct value *a, const struct value *b,
      struct value *ret)
{
    cleanup_regex struct regex *r = NULL;
    int rc;

    if (a->type != STRING)
        return wrong_type(v, a, "comparator", op, ", it is not a string");
    if (b->type != STRING)
        return wrong_type(v, b, "comparator", op, ", it is not a string");
    rc = regex_compile(b->text, &r, v->e);
    if (rc == 0)
        rc = regex_matches(r, a->text, v->e);
    *ret = (struct value){.type = BOOLEAN, .boolean = (rc > 0) == (op.p[0] == '=')};
    return rc < 0 ? rc : 0;
}

static int
compare(struct evaluator *v, struct str op, const struct value *a, const struct value *b,
        struct value *ret)
{
    int order;

    if (a->type != b->type || (a->type != NUMBER && a->type != STRING))
        return wrong_type(v, a->type == NUMBER ? b : a, "comparator", op, ", it is not a number");
    if (a->type == NUMBER)
        order = (a->number > b->number) - (a->number < b->number);
    else
        order = str_cmp(a->text, b->text);
    *ret = (struct value){.type = BOOLEAN};
    if (op.p[0] == '<')
        ret->boolean = op.n == 2 ? order <= 0 : order < 0;
    else
        ret->boolean = op.n == 2 ? order >= 0 : order > 0;
    return 0;
}

/* One value in parentheses is no list: upstream refuses it too. */
static int
contains(struct evaluator *v, struct str op, const struct value *a, const struct value *b,
         struct value *ret)
{
    if (b->type != LIST)
        return wrong_type(v, b, "comparator", op, ", it is not a number");
    *ret = (struct value){.type = BOOLEAN};
    for (size_t i = 0; i < b->n; i++)
        ret->boolean |= equal(a, &b->items[i]);
    return 0;
}

static int
apply_comparator(struct evaluator *v, struct str op, const struct value *a, const struct value *b,
                 struct value *ret)
{
    if (str_is(op, "==") || str_is(op, "!=")) {
        *ret = (struct value){.type = BOOLEAN, .boolean = equal(a, b) == (op.p[0] == '=')};
        return 0;
    }
    if (str_is(op, "in"))
        return contains(v, op, a, b, ret);
    return op.n == 2 && op.p[1] == '~' ? match(v, op, a, b, ret) : compare(v, op, a, b, ret);
}

static int
evaluate_compare(struct evaluator *v, struct value *ret)
{
    int rc = evaluate_bits(v, ret);
    struct str op;

    while (rc == 0 &&
           (op = take_operator(v, CONDITION_COMPARATOR, "== != < <= > >= =~ !~ in")).p != NULL) {
        struct value a = *ret, b;

        rc = evaluate_bits(v, &b);
        if (rc == 0 && !v->skip)
            rc = apply_comparator(v, op, &a, &b, ret);
    }
    return rc;
}

/* && and ||, whose right side does not count when the left one decides. */
static int
logic_level(struct evaluator *v, const char *operator, level_fn * next, struct value *ret)
{
    int rc = next(v, ret);
    struct str op;

    while (rc == 0 && (op = take_operator(v, CONDITION_LOGIC, operator)).p != NULL) {
        struct value a = *ret, b;
        bool skip = v->skip;

        if (a.type != BOOLEAN &&
            (rc = wrong_type(v, &a, "logical operator", op, ", it is not a bool")) < 0)
            return rc;
        v->skip |= a.boolean == (op.p[0] == '|');
        rc = next(v, &b);
        if (rc == 0 && !v->skip && b.type != BOOLEAN)
            rc = wrong_type(v, &b, "logical operator", op, ", it is not a bool");
        if (!v->skip)
            ret->boolean = b.boolean;
        v->skip = skip;
    }
    return rc;
}

static int
evaluate_and(struct evaluator *v, struct value *ret)
{
    return logic_level(v, "&&", evaluate_compare, ret);
}

static int
evaluate_or(struct evaluator *v, struct value *ret)
{
    return logic_level(v, "||", evaluate_and, ret);
}

/* c ? a : b, c ? a, a ?? b */
static int
evaluate_ternary(struct evaluator *v, struct value *ret)
{
    struct value other;
    struct str op;
    bool skip = v->skip, taken;
    int rc = evaluate_or(v, ret);

    if (rc < 0 || (op = take_operator(v, CONDITION_TERNARY, "? ??")).p == NULL)
        return rc;
    if (++v->depth > CONDITION_MAX_DEPTH)
        return err_set(v->e, ERR_TOOLARGE, "condition is nested more than %d deep",
                       CONDITION_MAX_DEPTH);
    if (op.n == 1 && ret->type != BOOLEAN &&
        (rc = wrong_type(v, ret, "ternary operator", op, ", it is not a bool")) < 0)
        return rc;
    taken = op.n == 1 ? ret->boolean : ret->type == NOTHING;
    v->skip |= !taken;
    rc = evaluate_ternary(v, &other);
    v->skip = skip;
    if (taken)
        *ret = other;
    else if (op.n == 1)
        *ret = (struct value){.type = NOTHING};
    if (rc == 0 && take_operator(v, CONDITION_TERNARY, ":").p != NULL) {
        bool needed = ret->type == NOTHING;

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
evaluate(struct evaluator *v, struct value *ret)
{
    VEC(struct value) items = VEC_INIT;
    struct value item;
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
        struct value *kept = ARENA_ARRAY(&v->tokens->arena, struct value, items.n);

        memcpy(kept, items.at, items.n * sizeof *kept);
        *ret = (struct value){.type = LIST, .items = kept, .n = items.n};
    }
    vec_done(&items);
    v->depth--;
    return rc;
}

static int
evaluate_all(struct evaluator *v, struct value *ret)
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
    struct value result = {.type = NOTHING};

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
    if (result.type != BOOLEAN) {
        write_value(&got, &result);
        return err_set(e, ERR_INVALID, "Expected boolean evaluation for '%.*s'. Got %s",
                       STR_ARG(str_slice(text, 0, 500)), buf_cstring(&got));
    }
    *ret = result.boolean;
    return 0;
}
