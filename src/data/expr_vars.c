#include "data/expr_vars.h"

#include "base/mem.h"

struct expr_var {
    struct str name;
    bool found, scope;
    struct expr_value value;
};

void
expr_vars_init(struct expr_vars *v, const struct expr_vars *parent)
{
    *v = (struct expr_vars){.names = MAP_INIT, .arena = ARENA_INIT, .parent = parent};
}

void
expr_vars_done(struct expr_vars *v)
{
    map_done(&v->names);
    arena_done(&v->arena);
}

static struct expr_var *
get_or_add(struct expr_vars *v, struct str name)
{
    struct expr_var *var = map_get(&v->names, name);

    if (var == NULL) {
        var = ARENA_NEW(&v->arena, struct expr_var);
        var->name = str_make(str_dup_arena(&v->arena, name), name.n);
        map_put(&v->names, var->name, var);
    }
    return var;
}

static void
set_value(struct expr_vars *v, struct str name, struct expr_value value)
{
    struct expr_var *var = get_or_add(v, name);
    bool known = var->found;

    var->found = true;
    var->value = value;
    for (size_t n = name.n; !known && n-- > 1;) {
        if (name.p[n] != '.')
            continue;
        var = get_or_add(v, str_slice(name, 0, n));
        /* Whoever noted this beginning noted all shorter ones. */
        if (var->scope)
            break;
        var->scope = true;
    }
}

void
expr_vars_set(struct expr_vars *v, struct str name, struct str text)
{
    set_value(v, name, expr_string(str_make(str_dup_arena(&v->arena, text), text.n)));
}

void
expr_vars_set_cstr(struct expr_vars *v, const char *name, const char *text)
{
    expr_vars_set(v, str_of(name), str_of(text));
}

/* A layer's own value hides those below; scopes of all layers lie over each other. */
static struct expr_binding
lookup(void *arg, struct str name)
{
    struct expr_binding b = {.found = false};

    for (const struct expr_vars *v = arg; v != NULL; v = v->parent) {
        const struct expr_var *var = map_get(&v->names, name);

        if (var == NULL)
            continue;
        b.scope |= var->scope;
        if (var->found && !b.found) {
            b.found = true;
            b.value = var->value;
        }
    }
    return b;
}

static bool
hidden(const struct expr_vars *top, const struct expr_vars *at, struct str name)
{
    for (; top != at; top = top->parent) {
        const struct expr_var *var = map_get(&top->names, name);

        if (var != NULL && var->found)
            return true;
    }
    return false;
}

static void
each(void *arg, struct str prefix, void (*call)(void *to, struct str name, struct expr_value value),
     void *to)
{
    for (const struct expr_vars *v = arg; v != NULL; v = v->parent) {
        MAP_EACH (&v->names, it) {
            const struct expr_var *var = it.value;

            if (!var->found || !str_starts(var->name, prefix) || hidden(arg, v, var->name))
                continue;
            if (prefix.n == 0 || (var->name.n > prefix.n && var->name.p[prefix.n] == '.'))
                call(to, var->name, var->value);
        }
    }
}

struct expr_env
expr_vars_env(const struct expr_vars *v)
{
    union {
        const struct expr_vars *borrowed;
        void *arg;
    } p = {.borrowed = v};

    return (struct expr_env){.lookup = lookup, .each = each, .arg = p.arg};
}
