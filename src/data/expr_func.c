#include "data/expr_func.h"

#include <math.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/map.h"
#include "data/expr_eval.h"
#include "data/sprig.h"

static const struct expr_func *const language[] = {
    expr_array_funcs, expr_closure_funcs, expr_string_funcs,  expr_number_funcs,
    expr_dict_funcs,  expr_time_funcs,    expr_convert_funcs,
};

static const struct expr_func *const sprigs[] = {
    sprig_strings_funcs, sprig_case_funcs,  sprig_lists_funcs,    sprig_dicts_funcs,
    sprig_math_funcs,    sprig_dates_funcs, sprig_defaults_funcs, sprig_encoding_funcs,
    sprig_crypto_funcs,  sprig_regex_funcs, sprig_paths_funcs,    sprig_semver_funcs,
};

static const struct expr_func *
find_in(const struct expr_func *table, struct str name)
{
    for (; table->name != NULL; table++) {
        if (str_is(name, table->name))
            return table;
    }
    return NULL;
}

const struct expr_func *
expr_func_find(struct str name, bool sprig)
{
    const struct expr_func *const *tables = sprig ? sprigs : language;
    size_t n = sprig ? ARRAY_LEN(sprigs) : ARRAY_LEN(language);
    const struct expr_func *found = NULL;

    for (size_t i = 0; i < n && found == NULL; i++)
        found = find_in(tables[i], name);
    return found;
}

const struct expr_func *
expr_func_method(struct str name, enum expr_type receiver)
{
    const struct expr_func *f = expr_time_methods;
    char letter = receiver == EXPR_TIME ? 't' : 'd';

    for (; f->name != NULL; f++) {
        if (f->types[0] == letter && str_is(name, f->name))
            return f;
    }
    return NULL;
}

void
expr_func_arity(const struct expr_func *f, size_t *least, size_t *most)
{
    bool optional = false;

    *least = *most = 0;
    for (const char *p = f->types; *p != '\0'; p++) {
        if (*p == '|') {
            optional = true;
        } else if (*p == '*') {
            *most = SIZE_MAX;
            if (!optional)
                --*least; /* the repeated one may be absent altogether */
        } else {
            ++*most;
            *least += !optional;
        }
    }
}

char
expr_func_type(const struct expr_func *f, size_t i)
{
    size_t at = 0;
    char last = 0;

    for (const char *p = f->types; *p != '\0'; p++) {
        if (*p == '*')
            return last;
        if (*p == '|')
            continue;
        last = *p;
        if (at++ == i)
            return last;
    }
    return 0;
}

static bool
fits(char type, struct expr_value v)
{
    switch (type) {
    case 's':
        return v.type == EXPR_STRING;
    case 'i':
        return v.type == EXPR_INT ||
               (v.type == EXPR_FLOAT && v.number == floor(v.number) && fabs(v.number) < 9e15);
    case 'n':
        return expr_is_number(v);
    case 'b':
        return v.type == EXPR_BOOL;
    case 'a':
        return v.type == EXPR_ARRAY;
    case 'm':
        return v.type == EXPR_MAP;
    case 't':
        return v.type == EXPR_TIME;
    case 'd':
        return v.type == EXPR_DURATION;
    default:
        return true;
    }
}

static const char *
letter_name(char type)
{
    static const char letters[] = "sinbamtd";
    static const char *const names[] = {"string", "int", "number",    "bool",
                                        "array",  "map", "time.Time", "time.Duration"};
    const char *at = strchr(letters, type);

    return at != NULL && *at != '\0' ? names[at - letters] : "value";
}

int
expr_func_check(const struct expr_call *c, const char *types, struct err *e)
{
    struct expr_func f = {.types = types};

    for (unsigned i = 0; i < c->n; i++) {
        char type = expr_func_type(&f, i);

        if (!fits(type, c->args[i]))
            return err_set(e, ERR_INVALID, "invalid argument %u for %s: expected %s, got %s", i + 1,
                           c->name, letter_name(type), expr_type_name(c->args[i].type));
    }
    return 0;
}

void *
expr_alloc(struct expr_ctx *ctx, size_t size, struct err *e)
{
    if (size > ctx->limits->memory - ctx->memory) {
        err_set(e, ERR_TOOLARGE, "memory budget exceeded: an evaluation may use %zu bytes",
                ctx->limits->memory);
        return NULL;
    }
    ctx->memory += size;
    return arena_alloc(ctx->arena, size + 1);
}

struct expr_value *
expr_items(struct expr_ctx *ctx, size_t n, struct err *e)
{
    if (n > ctx->limits->memory / sizeof(struct expr_value)) {
        err_set(e, ERR_TOOLARGE, "memory budget exceeded: an evaluation may use %zu bytes",
                ctx->limits->memory);
        return NULL;
    }
    return expr_alloc(ctx, n * sizeof(struct expr_value), e);
}

int
expr_steps(struct expr_ctx *ctx, size_t n, struct err *e)
{
    if (n > ctx->limits->steps - ctx->steps)
        return err_set(e, ERR_TOOLARGE, "step budget exceeded: an evaluation may make %zu steps",
                       ctx->limits->steps);
    ctx->steps += n;
    return 0;
}

/* 0 or 1, or an error.  Containers pay for what comparing them may touch. */
int
expr_equal_counted(struct expr_ctx *ctx, struct expr_value a, struct expr_value b, struct err *e)
{
    size_t cost = 1;
    int rc;

    if ((a.type == EXPR_ARRAY || a.type == EXPR_MAP) && a.type == b.type)
        cost += (a.weight < b.weight ? a.weight : b.weight) / 8;
    /* Maps with keys in different orders look each other's up one by one. */
    if (a.type == EXPR_MAP && b.type == EXPR_MAP)
        cost += a.map->n * (b.map->n / 16);
    rc = expr_steps(ctx, cost, e);
    return rc < 0 ? rc : expr_equal(a, b);
}

struct buf
expr_buf(const struct expr_ctx *ctx)
{
    struct buf b = BUF_INIT;

    b.max = ctx->limits->memory - ctx->memory;
    if (b.max == 0)
        b.max = 1;
    return b;
}

int
expr_return_text(struct expr_ctx *ctx, struct buf *b, struct expr_value *ret, struct err *e)
{
    char *text = b->overflow ? NULL : expr_alloc(ctx, b->n, e);

    if (b->overflow)
        err_set(e, ERR_TOOLARGE, "memory budget exceeded: an evaluation may use %zu bytes",
                ctx->limits->memory);
    if (text != NULL) {
        if (b->n > 0)
            memcpy(text, b->p, b->n);
        *ret = expr_string(str_make(text, b->n));
    }
    buf_done(b);
    return text != NULL ? 0 : e->code;
}

int
expr_return_map(struct expr_ctx *ctx, struct expr_entry *entries, size_t n, struct expr_value *ret,
                struct err *e)
{
    struct expr_map *m = expr_alloc(ctx, sizeof *m, e);
    cleanup_map struct map seen = MAP_INIT;

    if (m == NULL)
        return e->code;
    m->entries = entries;
    for (size_t i = 0; i < n; i++) {
        struct expr_entry *old = NULL;

        /* A handful is compared; a hash table is for the rest. */
        for (size_t j = 0; n <= 16 && j < m->n && old == NULL; j++) {
            if (str_eq(entries[j].key, entries[i].key))
                old = &entries[j];
        }
        if (n > 16)
            old = map_get(&seen, entries[i].key);
        if (old != NULL) {
            old->value = entries[i].value;
            continue;
        }
        entries[m->n] = entries[i];
        if (n > 16)
            map_put(&seen, entries[m->n].key, &entries[m->n]);
        m->n++;
    }
    *ret = expr_map_value(m);
    return 0;
}

int
expr_apply(const struct expr_call *c, struct expr_value item, size_t index,
           const struct expr_value *acc, struct expr_value *ret, struct err *e)
{
    struct expr_frame frame = {.outer = c->ctx->frame, .item = item, .index = index, .acc = acc};
    int rc;

    c->ctx->frame = &frame;
    rc = expr_eval_node(c->ctx, c->closure, ret, e);
    c->ctx->frame = frame.outer;
    if (rc == EXPR_SHORT) {
        *ret = EXPR_NIL_VALUE;
        rc = 0;
    }
    return rc < 0 ? rc : expr_materialize(c->ctx, ret, e);
}

int64_t
expr_now_us(const struct expr_ctx *ctx)
{
    const struct clock *clock = ctx->env->clock != NULL ? ctx->env->clock : &clock_machine;

    return clock_wall_us(clock);
}

int
expr_fail(const struct expr_call *c, struct err *e, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    err_setv(e, ERR_INVALID, fmt, ap);
    va_end(ap);
    return err_wrap(e, "%s", c->name);
}
