/*
 * Names of the environment.  A name is asked for as a whole first; only when the environment has
 * neither a value nor a scope of that name is it taken apart, to find out whether its beginning is
 * a value that has members, a scope without such a member (nil), or nothing at all (an error).
 */
#include "base/err.h"
#include "base/map.h"
#include "data/expr_eval.h"
#include "data/expr_func.h"

static struct expr_binding
look_up(const struct expr_ctx *ctx, struct str name)
{
    if (name.n == 0)
        return (struct expr_binding){.scope = true};
    if (ctx->env->lookup == NULL)
        return (struct expr_binding){.found = false};
    return ctx->env->lookup(ctx->env->arg, name);
}

/* A name that is a value and a scope is the scope, as upstream's nested maps have it. */
static bool
bind(const struct expr_binding *b, struct str name, struct expr_value *ret)
{
    if (b->scope)
        *ret = (struct expr_value){.type = EXPR_SCOPE, .text = name};
    else if (b->found)
        *ret = b->value;
    return b->scope || b->found;
}

int
expr_scope_get(struct expr_ctx *ctx, struct str scope, struct str key, struct expr_value *ret,
               struct err *e)
{
    size_t n = scope.n == 0 ? key.n : scope.n + 1 + key.n;
    char *name = expr_alloc(ctx, n, e);
    struct expr_binding b;

    if (name == NULL)
        return e->code;
    if (scope.n > 0) {
        memcpy(name, scope.p, scope.n);
        name[scope.n] = '.';
    }
    if (key.n > 0)
        memcpy(name + n - key.n, key.p, key.n);
    b = look_up(ctx, str_make(name, n));
    if (key.n == 0 || !bind(&b, str_make(name, n), ret))
        *ret = EXPR_NIL_VALUE;
    return 0;
}

static int
name_by_parts(struct expr_ctx *ctx, const struct expr_node *n, struct expr_value *ret,
              struct err *e)
{
    struct str root = str_slice(n->text, 0, n->dots[0]);
    struct expr_binding b = look_up(ctx, root);
    int rc = 0;

    if (!bind(&b, root, ret)) {
        rc = err_set(e, ERR_NOTFOUND, "unknown name %.*s", STR_ARG(str_slice(root, 0, 100)));
        e->col = (int)n->offset + 1;
        return rc;
    }
    for (uint32_t i = 1; rc == 0 && i < n->n; i++) {
        struct str key = str_slice(n->text, n->dots[i - 1] + 1, n->dots[i]);

        if (ret->type == EXPR_NIL && n->optional)
            break;
        rc = expr_fetch(ctx, *ret, expr_string(key), ret, e);
    }
    return rc;
}

int
expr_name(struct expr_ctx *ctx, const struct expr_node *n, struct expr_value *ret, struct err *e)
{
    struct expr_binding b = look_up(ctx, n->text);

    if (bind(&b, n->text, ret))
        return 0;
    return name_by_parts(ctx, n, ret, e);
}

/* A map that is being made of flat names. */
struct branch {
    struct expr_ctx *ctx;
    struct err *e;
    int rc;
    size_t prefix; /* bytes of the scope's name and its dot */
    struct leaf {
        struct str name;
        struct expr_value value;
    } * leaves;
    size_t n, cap;
};

static void
collect(void *to, struct str name, struct expr_value value)
{
    struct branch *b = to;
    struct leaf *more;

    if (b->rc < 0 || name.n <= b->prefix)
        return;
    if (b->n == b->cap) {
        size_t cap = b->cap == 0 ? 16 : b->cap * 2;

        more = expr_alloc(b->ctx, cap * sizeof *more, b->e);
        if (more == NULL) {
            b->rc = b->e->code;
            return;
        }
        if (b->n > 0)
            memcpy(more, b->leaves, b->n * sizeof *more);
        b->leaves = more;
        b->cap = cap;
    }
    b->leaves[b->n++] = (struct leaf){.name = str_slice(name, b->prefix, name.n), .value = value};
}

static int
by_name(const void *a, const void *b)
{
    return str_cmp(((const struct leaf *)a)->name, ((const struct leaf *)b)->name);
}

/* The first part of a leaf's name from `at` on. */
static struct str
part_of(const struct leaf *l, size_t at)
{
    ptrdiff_t dot = str_find_char(l->name, '.', at);

    return str_slice(l->name, at, dot < 0 ? l->name.n : (size_t)dot);
}

/* Leaves [first, last) share the first `at` bytes.  Sorting by whole names keeps what shares a part
 * together, except that "a-b" comes between "a" and "a.b": so runs are found by looking, and a
 * value that is also a scope gives way to the scope. */
static int
build(struct branch *b, size_t first, size_t last, size_t at, unsigned depth,
      struct expr_value *ret)
{
    struct expr_entry *entries = expr_alloc(b->ctx, (last - first) * sizeof *entries, b->e);
    size_t n = 0;

    if (entries == NULL)
        return b->e->code;
    if (depth > EXPR_MAX_VALUE_DEPTH)
        return err_set(b->e, ERR_TOOLARGE, "names are nested more than %d deep",
                       EXPR_MAX_VALUE_DEPTH);
    for (size_t i = first; i < last;) {
        struct str part = part_of(&b->leaves[i], at);
        size_t end = i + 1, below = at + part.n + 1;
        bool leaf = b->leaves[i].name.n < below;
        int rc;

        while (end < last && !leaf && b->leaves[end].name.n >= below &&
               str_eq(part_of(&b->leaves[end], at), part))
            end++;
        entries[n].key = part;
        if (leaf) {
            entries[n++].value = b->leaves[i].value;
        } else {
            rc = build(b, i, end, below, depth + 1, &entries[n++].value);
            if (rc < 0)
                return rc;
        }
        i = end;
    }
    return expr_return_map(b->ctx, entries, n, ret, b->e);
}

int
expr_materialize(struct expr_ctx *ctx, struct expr_value *v, struct err *e)
{
    struct branch b = {.ctx = ctx, .e = e};

    if (v->type != EXPR_SCOPE)
        return 0;
    b.prefix = v->text.n == 0 ? 0 : v->text.n + 1;
    if (ctx->env->each != NULL)
        ctx->env->each(ctx->env->arg, v->text, collect, &b);
    if (b.rc == 0)
        b.rc = expr_steps(ctx, b.n, e);
    if (b.rc < 0)
        return b.rc;
    if (b.n > 1)
        qsort(b.leaves, b.n, sizeof *b.leaves, by_name);
    return build(&b, 0, b.n, 0, 0, v);
}
