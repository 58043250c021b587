#include "data/condition_value.h"

#include <math.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "data/expr_value.h"
#include "data/regex.h"

void
condition_value_write(struct buf *to, const struct condition_value *x)
{
    switch (x->type) {
    case CONDITION_IS_NOTHING:
        buf_cstr(to, "<nil>");
        break;
    case CONDITION_IS_NUMBER:
        expr_write_float(to, x->number, false);
        break;
    case CONDITION_IS_STRING:
        buf_str(to, x->text);
        break;
    case CONDITION_IS_BOOLEAN:
        buf_cstr(to, x->boolean ? "true" : "false");
        break;
    case CONDITION_IS_LIST:
        buf_char(to, '[');
        for (size_t i = 0; i < x->n; i++) {
            if (i > 0)
                buf_char(to, ' ');
            condition_value_write(to, &x->items[i]);
        }
        buf_char(to, ']');
        break;
    }
}

int
condition_value_wrong(const struct condition_value *x, const char *what, struct str op,
                      const char *expected, struct err *e)
{
    cleanup_buf struct buf text = {.max = 200};

    condition_value_write(&text, x);
    return err_set(e, ERR_INVALID, "Value '%s' cannot be used with the %s '%.*s'%s",
                   buf_cstring(&text), what, STR_ARG(op), expected);
}

/* What does not fit is the smallest integer, as on the machines that upstream runs on. */
static int64_t
to_int(double d)
{
    return fabs(d) < 9.2233720368547758e18 ? (int64_t)d : INT64_MIN;
}

int
condition_value_prefix(struct str op, struct condition_value *x, struct err *e)
{
    if (x->type != (op.p[0] == '!' ? CONDITION_IS_BOOLEAN : CONDITION_IS_NUMBER))
        return condition_value_wrong(x, "prefix", op, "", e);
    if (op.p[0] == '!')
        x->boolean = !x->boolean;
    else if (op.p[0] == '-')
        x->number = -x->number;
    else
        x->number = (double)~to_int(x->number);
    return 0;
}

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
join(const struct condition_value *a, const struct condition_value *b, struct arena *arena,
     struct condition_value *ret)
{
    cleanup_buf struct buf text = BUF_INIT;
    char *kept;

    condition_value_write(&text, a);
    condition_value_write(&text, b);
    kept = str_dup_arena(arena, buf_view(&text));
    *ret = (struct condition_value){.type = CONDITION_IS_STRING, .text = str_make(kept, text.n)};
}

int
condition_value_compute(struct str op, const struct condition_value *a,
                        const struct condition_value *b, struct arena *arena,
                        struct condition_value *ret, struct err *e)
{
    if (op.p[0] == '+' && (a->type == CONDITION_IS_STRING || b->type == CONDITION_IS_STRING)) {
        join(a, b, arena, ret);
        return 0;
    }
    if (a->type != CONDITION_IS_NUMBER)
        return condition_value_wrong(a, "modifier", op, ", it is not a number", e);
    if (b->type != CONDITION_IS_NUMBER)
        return condition_value_wrong(b, "modifier", op, ", it is not a number", e);
    *ret = (struct condition_value){.type = CONDITION_IS_NUMBER,
                                    .number = compute(op, a->number, b->number)};
    return 0;
}

static bool
equal(const struct condition_value *a, const struct condition_value *b)
{
    if (a->type != b->type)
        return false;
    switch (a->type) {
    case CONDITION_IS_NUMBER:
        return a->number == b->number;
    case CONDITION_IS_STRING:
        return str_eq(a->text, b->text);
    case CONDITION_IS_BOOLEAN:
        return a->boolean == b->boolean;
    case CONDITION_IS_NOTHING:
        return true;
    case CONDITION_IS_LIST:
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

static int
match(struct str op, const struct condition_value *a, const struct condition_value *b,
      struct condition_value *ret, struct err *e)
{
    cleanup_regex struct regex *r = NULL;
    int rc;

    if (a->type != CONDITION_IS_STRING)
        return condition_value_wrong(a, "comparator", op, ", it is not a string", e);
    if (b->type != CONDITION_IS_STRING)
        return condition_value_wrong(b, "comparator", op, ", it is not a string", e);
    rc = regex_compile(b->text, &r, e);
    if (rc == 0)
        rc = regex_matches(r, a->text, e);
    *ret = (struct condition_value){.type = CONDITION_IS_BOOLEAN,
                                    .boolean = (rc > 0) == (op.p[0] == '=')};
    return rc < 0 ? rc : 0;
}

static int
compare(struct str op, const struct condition_value *a, const struct condition_value *b,
        struct condition_value *ret, struct err *e)
{
    int order;

    if (a->type != b->type || (a->type != CONDITION_IS_NUMBER && a->type != CONDITION_IS_STRING))
        return condition_value_wrong(a->type == CONDITION_IS_NUMBER ? b : a, "comparator", op,
                                     ", it is not a number", e);
    if (a->type == CONDITION_IS_NUMBER)
        order = (a->number > b->number) - (a->number < b->number);
    else
        order = str_cmp(a->text, b->text);
    *ret = (struct condition_value){.type = CONDITION_IS_BOOLEAN};
    if (op.p[0] == '<')
        ret->boolean = op.n == 2 ? order <= 0 : order < 0;
    else
        ret->boolean = op.n == 2 ? order >= 0 : order > 0;
    return 0;
}

/* One value in parentheses is no list: upstream refuses it too. */
static int
contains(struct str op, const struct condition_value *a, const struct condition_value *b,
         struct condition_value *ret, struct err *e)
{
    if (b->type != CONDITION_IS_LIST)
        return condition_value_wrong(b, "comparator", op, ", it is not a number", e);
    *ret = (struct condition_value){.type = CONDITION_IS_BOOLEAN};
    for (size_t i = 0; i < b->n; i++)
        ret->boolean |= equal(a, &b->items[i]);
    return 0;
}

int
condition_value_compare(struct str op, const struct condition_value *a,
                        const struct condition_value *b, struct condition_value *ret, struct err *e)
{
    if (str_is(op, "==") || str_is(op, "!=")) {
        *ret = (struct condition_value){.type = CONDITION_IS_BOOLEAN,
                                        .boolean = equal(a, b) == (op.p[0] == '=')};
        return 0;
    }
    if (str_is(op, "in"))
        return contains(op, a, b, ret, e);
    return op.n == 2 && op.p[1] == '~' ? match(op, a, b, ret, e) : compare(op, a, b, ret, e);
}
