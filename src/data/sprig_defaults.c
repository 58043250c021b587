/* Sprig's functions about empty values, types and JSON. */
#include "base/arena.h"
#include "data/expr_eval.h"
#include "data/sprig.h"

bool
sprig_is_empty(struct expr_value v)
{
    switch (v.type) {
    case EXPR_NIL:
        return true;
    case EXPR_BOOL:
        return !v.boolean;
    case EXPR_INT:
    case EXPR_DURATION:
        return v.integer == 0;
    case EXPR_FLOAT:
        return v.number == 0;
    case EXPR_STRING:
        return v.text.n == 0;
    case EXPR_ARRAY:
        return v.n == 0;
    case EXPR_MAP:
        return v.map->n == 0;
    default:
        return false;
    }
}

void
sprig_write_text(struct buf *to, struct expr_value v)
{
    expr_write_plain(to, v);
}

static int
fn_default(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    (void)e;
    *ret = c->n < 2 || sprig_is_empty(c->args[1]) ? c->args[0] : c->args[1];
    return 0;
}

static int
fn_empty(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    (void)e;
    *ret = expr_bool(sprig_is_empty(c->args[0]));
    return 0;
}

static unsigned
count_empty(const struct expr_call *c)
{
    unsigned n = 0;

    for (unsigned i = 0; i < c->n; i++)
        n += sprig_is_empty(c->args[i]);
    return n;
}

static int
fn_coalesce(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    (void)e;
    *ret = EXPR_NIL_VALUE;
    for (unsigned i = c->n; i-- > 0;) {
        if (!sprig_is_empty(c->args[i]))
            *ret = c->args[i];
    }
    return 0;
}

static int
fn_all(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    (void)e;
    *ret = expr_bool(count_empty(c) == 0);
    return 0;
}

static int
fn_any(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    (void)e;
    *ret = expr_bool(count_empty(c) < c->n);
    return 0;
}

static int
fn_ternary(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    (void)e;
    *ret = c->args[2].boolean ? c->args[0] : c->args[1];
    return 0;
}

static int
fn_fail(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    (void)ret;
    return err_set(e, ERR_INVALID, "%.*s", STR_ARG(str_slice(c->args[0].text, 0, 800)));
}

/* What is no JSON gives nil, except to the "must" one. */
static int
fn_from_json(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    int rc = expr_func_find(STR("fromJSON"), false)->call(c, ret, e);

    if (rc < 0 && rc != ERR_TOOLARGE && c->name[0] != 'm') {
        e->code = rc = 0;
        *ret = EXPR_NIL_VALUE;
    }
    return rc;
}

static int
fn_to_json(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct buf b = expr_buf(c->ctx);

    expr_write_json(&b, c->args[0], strstr(c->name, "Pretty") != NULL ? "  " : NULL,
                    strstr(c->name, "Raw") != NULL);
    return expr_return_text(c->ctx, &b, ret, e);
}

static int
fn_same(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    (void)e;
    *ret = c->args[0];
    return 0;
}

/* Types as Go names them. */

static const char *
type_of(struct expr_value v)
{
    switch (v.type) {
    case EXPR_NIL:
        return "<nil>";
    case EXPR_FLOAT:
        return "float64";
    case EXPR_ARRAY:
        return "[]interface {}";
    case EXPR_MAP:
        return "map[string]interface {}";
    case EXPR_ZONE:
        return "*time.Location";
    default:
        return expr_type_name(v.type);
    }
}

static const char *
kind_of(struct expr_value v)
{
    switch (v.type) {
    case EXPR_NIL:
        return "invalid";
    case EXPR_FLOAT:
        return "float64";
    case EXPR_ARRAY:
        return "slice";
    case EXPR_TIME:
        return "struct";
    case EXPR_DURATION:
        return "int64";
    case EXPR_ZONE:
        return "ptr";
    default:
        return expr_type_name(v.type);
    }
}

static int
fn_type_of(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    (void)e;
    *ret = expr_string(str_of(c->name[0] == 't' ? type_of(c->args[0]) : kind_of(c->args[0])));
    return 0;
}

static int
fn_type_is(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    const char *name = c->name[0] == 't' ? type_of(c->args[1]) : kind_of(c->args[1]);

    (void)e;
    *ret = expr_bool(str_is(c->args[0].text, name));
    /* typeIsLike takes pointers for what they point to. */
    if (strcmp(c->name, "typeIsLike") == 0 && name[0] == '*')
        ret->boolean |= str_is(c->args[0].text, name + 1);
    return 0;
}

static int
fn_deep_equal(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    int same = c->args[0].type == c->args[1].type
                   ? expr_equal_counted(c->ctx, c->args[0], c->args[1], e)
                   : 0;

    *ret = expr_bool(same > 0);
    return same < 0 ? same : 0;
}

const struct expr_func sprig_defaults_funcs[] = {
    {"default", "x|x", fn_default},
    {"empty", "x", fn_empty},
    {"coalesce", "|x*", fn_coalesce},
    {"all", "|x*", fn_all},
    {"any", "|x*", fn_any},
    {"ternary", "xxb", fn_ternary},
    {"fail", "s", fn_fail},
    {"fromJson", "s", fn_from_json},
    {"mustFromJson", "s", fn_from_json},
    {"toJson", "x", fn_to_json},
    {"mustToJson", "x", fn_to_json},
    {"toPrettyJson", "x", fn_to_json},
    {"mustToPrettyJson", "x", fn_to_json},
    {"toRawJson", "x", fn_to_json},
    {"mustToRawJson", "x", fn_to_json},
    {"deepCopy", "x", fn_same},
    {"mustDeepCopy", "x", fn_same},
    {"typeOf", "x", fn_type_of},
    {"kindOf", "x", fn_type_of},
    {"typeIs", "sx", fn_type_is},
    {"typeIsLike", "sx", fn_type_is},
    {"kindIs", "sx", fn_type_is},
    {"deepEqual", "xx", fn_deep_equal},
    {NULL, NULL, NULL},
};
