#include "data/expr.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "data/expr_eval.h"
#include "data/expr_parse.h"
#include "data/regex.h"

const struct expr_limits expr_limits_default = {
    .steps = 1000000, .memory = 64 * 1024 * 1024, .range = 1000000};

int
expr_compile(struct str text, struct expr_program **ret, struct err *e)
{
    struct arena arena = ARENA_INIT;
    struct expr_program *p;
    int rc;

    if (text.n > EXPR_MAX_TEXT)
        return err_set(e, ERR_TOOLARGE, "expression is longer than %d bytes", EXPR_MAX_TEXT);
    p = ARENA_NEW(&arena, struct expr_program);
    p->text = str_make(str_dup_arena(&arena, text), text.n);
    p->arena = arena;
    rc = expr_parse(p, e);
    if (rc < 0) {
        expr_free(p);
        return rc;
    }
    *ret = p;
    return 0;
}

void
expr_free(struct expr_program *p)
{
    struct arena arena;

    if (p == NULL)
        return;
    for (size_t i = 0; i < p->regexes_n; i++)
        regex_free(p->regexes[i]);
    arena = p->arena; /* which holds p */
    arena_done(&arena);
}

size_t
expr_names(const struct expr_program *p, const struct str **ret)
{
    *ret = p->names;
    return p->names_n;
}

bool
expr_mentions(const struct expr_program *p, struct str name)
{
    for (size_t i = 0; i < p->names_n; i++) {
        struct str s = p->names[i];

        if (str_starts(s, name) && (s.n == name.n || s.p[name.n] == '.'))
            return true;
    }
    return false;
}

int
expr_eval(const struct expr_program *p, const struct expr_env *env, struct arena *a,
          struct expr_value *ret, struct err *e)
{
    static const struct expr_env nothing = {.lookup = NULL};
    struct expr_ctx ctx = {.program = p, .env = env != NULL ? env : &nothing, .arena = a};
    int rc;

    ctx.limits = ctx.env->limits != NULL ? ctx.env->limits : &expr_limits_default;
    if (p->slots > 0)
        ctx.slots = ARENA_ARRAY(a, struct expr_value, p->slots);
    rc = expr_eval_node(&ctx, p->root, ret, e);
    if (rc == EXPR_SHORT) {
        *ret = EXPR_NIL_VALUE;
        rc = 0;
    }
    return rc < 0 ? rc : expr_materialize(&ctx, ret, e);
}

int
expr_eval_text(const struct expr_program *p, const struct expr_env *env, struct buf *to,
               struct err *e)
{
    cleanup_arena struct arena a = ARENA_INIT;
    struct expr_value v;
    int rc = expr_eval(p, env, &a, &v, e);

    if (rc == 0)
        expr_write_result(to, v);
    return rc;
}

int
expr_eval_bool(const struct expr_program *p, const struct expr_env *env, bool *ret, struct err *e)
{
    cleanup_arena struct arena a = ARENA_INIT;
    struct expr_value v;
    int rc = expr_eval(p, env, &a, &v, e);

    if (rc < 0)
        return rc;
    if (v.type != EXPR_BOOL)
        return err_set(e, ERR_INVALID, "expected a boolean, got %s", expr_type_name(v.type));
    *ret = v.boolean;
    return 0;
}
