#include "data/expr_eval.h"

#include <math.h>

#include "base/err.h"
#include "data/expr_func.h"
#include "data/regex.h"

static int
not_bool(const char *op, struct expr_value v, struct err *e)
{
    return err_set(e, ERR_INVALID, "invalid operation: %s (mismatched type %s, expected bool)", op,
                   expr_type_name(v.type));
}

static int
eval_bool(struct expr_ctx *ctx, const struct expr_node *n, const char *op, bool *ret, struct err *e)
{
    struct expr_value v;
    int rc = expr_eval_node(ctx, n, &v, e);

    if (rc == 0 && v.type != EXPR_BOOL)
        return not_bool(op, v, e);
    if (rc == 0)
        *ret = v.boolean;
    return rc;
}

static int
eval_logic(struct expr_ctx *ctx, const struct expr_node *n, struct expr_value *ret, struct err *e)
{
    const char *op = n->op == EXPR_AND ? "&&" : "||";
    bool left = false, right = false;
    int rc = eval_bool(ctx, n->a, op, &left, e);

    if (rc == 0 && left == (n->op == EXPR_AND)) {
        rc = eval_bool(ctx, n->b, op, &right, e);
        left = right;
    }
    if (rc == 0)
        *ret = expr_bool(left);
    return rc;
}

static int
eval_prefix(struct expr_ctx *ctx, const struct expr_node *n, struct expr_value *ret, struct err *e)
{
    bool b = false;
    int rc;

    if (n->op == EXPR_NOT) {
        rc = eval_bool(ctx, n->a, "not", &b, e);
        if (rc == 0)
            *ret = expr_bool(!b);
        return rc;
    }
    rc = expr_eval_node(ctx, n->a, ret, e);
    if (rc != 0)
        return rc;
    if (!expr_is_number(*ret) && ret->type != EXPR_DURATION)
        return err_set(e, ERR_INVALID, "invalid operation: %c (mismatched type %s)",
                       n->op == EXPR_NEGATE ? '-' : '+', expr_type_name(ret->type));
    if (n->op == EXPR_NEGATE && ret->type == EXPR_FLOAT)
        ret->number = -ret->number;
    else if (n->op == EXPR_NEGATE)
        ret->integer = (int64_t)(0 - (uint64_t)ret->integer);
    return 0;
}

static int
eval_else(struct expr_ctx *ctx, const struct expr_node *n, struct expr_value *ret, struct err *e)
{
    int rc = expr_eval_node(ctx, n->a, ret, e);

    if (rc == EXPR_SHORT || (rc == 0 && ret->type == EXPR_NIL))
        rc = expr_eval_node(ctx, n->b, ret, e);
    return rc;
}

static int
eval_if(struct expr_ctx *ctx, const struct expr_node *n, struct expr_value *ret, struct err *e)
{
    bool b = false;
    int rc = eval_bool(ctx, n->a, "?:", &b, e);

    return rc != 0 ? rc : expr_eval_node(ctx, b ? n->b : n->c, ret, e);
}

static int
eval_binary(struct expr_ctx *ctx, const struct expr_node *n, struct expr_value *ret, struct err *e)
{
    struct expr_value a, b;
    int rc = expr_eval_node(ctx, n->a, &a, e);

    if (rc == 0)
        rc = expr_eval_node(ctx, n->b, &b, e);
    return rc != 0 ? rc : expr_binary(ctx, n->binary, a, b, ret, e);
}

static int
eval_match(struct expr_ctx *ctx, const struct expr_node *n, struct expr_value *ret, struct err *e)
{
    struct expr_value a;
    int rc = expr_eval_node(ctx, n->a, &a, e);

    if (rc != 0)
        return rc;
    if (a.type != EXPR_STRING && a.type != EXPR_NIL)
        return err_set(e, ERR_INVALID,
                       "invalid operation: matches (mismatched types %s and string)",
                       expr_type_name(a.type));
    rc = a.type == EXPR_NIL ? 0 : regex_matches(n->regex, a.text, e);
    *ret = expr_bool(rc > 0);
    return rc < 0 ? rc : 0;
}

static int
eval_member(struct expr_ctx *ctx, const struct expr_node *n, struct expr_value *ret, struct err *e)
{
    struct expr_value from, key;
    int rc = expr_eval_node(ctx, n->a, &from, e);

    if (rc == 0 && n->optional && from.type == EXPR_NIL)
        return EXPR_SHORT;
    if (rc == 0)
        rc = expr_eval_node(ctx, n->b, &key, e);
    return rc != 0 ? rc : expr_fetch(ctx, from, key, ret, e);
}

static int
eval_slice(struct expr_ctx *ctx, const struct expr_node *n, struct expr_value *ret, struct err *e)
{
    struct expr_value from, first, last;
    int rc = expr_eval_node(ctx, n->a, &from, e);

    if (rc == 0 && n->b != NULL)
        rc = expr_eval_node(ctx, n->b, &first, e);
    if (rc == 0 && n->c != NULL)
        rc = expr_eval_node(ctx, n->c, &last, e);
    return rc != 0 ? rc
                   : expr_slice(ctx, from, n->b != NULL ? &first : NULL,
                                n->c != NULL ? &last : NULL, ret, e);
}

static int
eval_list(struct expr_ctx *ctx, const struct expr_node *n, struct expr_value *ret, struct err *e)
{
    struct expr_value *items = expr_items(ctx, n->n, e);
    int rc = items != NULL ? 0 : e->code;

    for (uint32_t i = 0; rc == 0 && i < n->n; i++) {
        rc = expr_eval_node(ctx, n->args[i], &items[i], e);
        if (rc == 0)
            rc = expr_materialize(ctx, &items[i], e);
    }
    if (rc == 0)
        *ret = expr_array(items, n->n);
    return rc;
}

static int
eval_object(struct expr_ctx *ctx, const struct expr_node *n, struct expr_value *ret, struct err *e)
{
    struct expr_entry *entries = expr_alloc(ctx, n->n / 2 * sizeof *entries, e);
    int rc = entries != NULL ? 0 : e->code;

    for (uint32_t i = 0; rc == 0 && i + 1 < n->n; i += 2) {
        struct expr_value key;

        rc = expr_eval_node(ctx, n->args[i], &key, e);
        if (rc == 0 && key.type != EXPR_STRING)
            rc = err_set(e, ERR_INVALID, "map key must be a string, got %s",
                         expr_type_name(key.type));
        if (rc != 0)
            break;
        entries[i / 2].key = key.text;
        rc = expr_eval_node(ctx, n->args[i + 1], &entries[i / 2].value, e);
        if (rc == 0)
            rc = expr_materialize(ctx, &entries[i / 2].value, e);
    }
    return rc != 0 ? rc : expr_return_map(ctx, entries, n->n / 2, ret, e);
}

/* Arguments of a call: predicates stay as they are, scopes become maps. */
static int
eval_args(struct expr_ctx *ctx, const struct expr_node *n, const struct expr_func *f,
          struct expr_value *args, const struct expr_node **closure, struct err *e)
{
    int rc = 0;

    for (uint32_t i = 0; rc == 0 && i < n->n; i++) {
        if (f != NULL && expr_func_type(f, i) == 'c') {
            *closure = n->args[i];
            args[i] = EXPR_NIL_VALUE;
            continue;
        }
        rc = expr_eval_node(ctx, n->args[i], &args[i], e);
        if (rc == 0)
            rc = expr_materialize(ctx, &args[i], e);
    }
    return rc;
}

static int
eval_call(struct expr_ctx *ctx, const struct expr_node *n, struct expr_value *ret, struct err *e)
{
    struct expr_value few[4], *args = n->n <= 4 ? few : expr_items(ctx, n->n, e);
    struct expr_call c = {.ctx = ctx, .args = args, .n = n->n};
    const struct expr_func *f = n->func;
    int rc = args != NULL ? 0 : e->code;

    if (rc == 0)
        rc = eval_args(ctx, n, f, args, &c.closure, e);
    if (rc == 0 && n->op == EXPR_METHOD) {
        f = args[0].type == EXPR_TIME || args[0].type == EXPR_DURATION
                ? expr_func_method(n->text, args[0].type)
                : NULL;
        if (f == NULL)
            rc = err_set(e, ERR_INVALID, "type %s has no method %.*s", expr_type_name(args[0].type),
                         STR_ARG(str_slice(n->text, 0, 100)));
    }
    if (rc != 0)
        return rc;
    c.name = f->name;
    if (n->op == EXPR_METHOD) {
        size_t least, most;

        expr_func_arity(f, &least, &most);
        if (n->n < least || n->n > most)
            return err_set(e, ERR_INVALID, "wrong number of arguments to call %s", f->name);
    }
    rc = expr_func_check(&c, f->types, e);
    return rc != 0 ? rc : f->call(&c, ret, e);
}

static int
eval_let(struct expr_ctx *ctx, const struct expr_node *n, struct expr_value *ret, struct err *e)
{
    struct expr_value v;
    int rc = expr_eval_node(ctx, n->a, &v, e);

    if (rc != 0)
        return rc;
    if (n->op == EXPR_LET)
        ctx->slots[n->slot] = v;
    return expr_eval_node(ctx, n->b, ret, e);
}

static int
eval_pointer(const struct expr_ctx *ctx, const struct expr_node *n, struct expr_value *ret,
             struct err *e)
{
    const struct expr_frame *f = ctx->frame;

    if (f == NULL || (n->op == EXPR_ACC && f->acc == NULL))
        return err_set(e, ERR_INVALID, "#%s is not known here", n->op == EXPR_ACC ? "acc" : "");
    if (n->op == EXPR_ITEM)
        *ret = f->item;
    else if (n->op == EXPR_INDEX)
        *ret = expr_int((int64_t)f->index);
    else
        *ret = *f->acc;
    return 0;
}

static int
eval_op(struct expr_ctx *ctx, const struct expr_node *n, struct expr_value *ret, struct err *e)
{
    int rc;

    switch ((enum expr_op)n->op) {
    case EXPR_CONST:
        *ret = n->value;
        return 0;
    case EXPR_NAME:
        return expr_name(ctx, n, ret, e);
    case EXPR_LOCAL:
        *ret = ctx->slots[n->slot];
        return 0;
    case EXPR_ITEM:
    case EXPR_INDEX:
    case EXPR_ACC:
        return eval_pointer(ctx, n, ret, e);
    case EXPR_NOT:
    case EXPR_NEGATE:
    case EXPR_PLUS:
        return eval_prefix(ctx, n, ret, e);
    case EXPR_AND:
    case EXPR_OR:
        return eval_logic(ctx, n, ret, e);
    case EXPR_ELSE:
        return eval_else(ctx, n, ret, e);
    case EXPR_IF:
        return eval_if(ctx, n, ret, e);
    case EXPR_BINARY:
        return eval_binary(ctx, n, ret, e);
    case EXPR_MATCH:
        return eval_match(ctx, n, ret, e);
    case EXPR_MEMBER:
        return eval_member(ctx, n, ret, e);
    case EXPR_CHAIN:
        rc = expr_eval_node(ctx, n->a, ret, e);
        if (rc == EXPR_SHORT)
            *ret = EXPR_NIL_VALUE;
        return rc < 0 ? rc : 0;
    case EXPR_SLICE:
        return eval_slice(ctx, n, ret, e);
    case EXPR_LIST:
        return eval_list(ctx, n, ret, e);
    case EXPR_OBJECT:
        return eval_object(ctx, n, ret, e);
    case EXPR_CALL:
    case EXPR_METHOD:
        return eval_call(ctx, n, ret, e);
    case EXPR_LET:
    case EXPR_THEN:
        return eval_let(ctx, n, ret, e);
    }
    return err_set(e, ERR_INVALID, "unknown operation");
}

/* Values that share parts can be small in memory and endless when walked; none such gets out. */
static int
check_size(const struct expr_ctx *ctx, struct expr_value v, struct err *e)
{
    if (v.type != EXPR_ARRAY && v.type != EXPR_MAP)
        return 0;
    if (v.depth > EXPR_MAX_VALUE_DEPTH)
        return err_set(e, ERR_TOOLARGE, "value is nested more than %d deep", EXPR_MAX_VALUE_DEPTH);
    if (v.weight > ctx->limits->memory)
        return err_set(e, ERR_TOOLARGE, "memory budget exceeded: an evaluation may use %zu bytes",
                       ctx->limits->memory);
    return 0;
}

int
expr_eval_node(struct expr_ctx *ctx, const struct expr_node *n, struct expr_value *ret,
               struct err *e)
{
    int rc = 0;

    if (++ctx->steps > ctx->limits->steps)
        return err_set(e, ERR_TOOLARGE, "step budget exceeded: an evaluation may make %zu steps",
                       ctx->limits->steps);
    rc = eval_op(ctx, n, ret, e);
    return rc == 0 ? check_size(ctx, *ret, e) : rc;
}
