#include "data/expr_jsonpath.h"

#include <ctype.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/vec.h"
#include "data/expr_func.h"

struct values {
    struct expr_value *at;
    size_t n, cap;
};

struct walk {
    struct expr_ctx *ctx;
    struct err *e;
    struct str path;
    size_t at;
    bool several; /* a step so far may select more than one */
    struct values now, next;
};

static int
fail(struct walk *w, const char *what)
{
    return err_set(w->e, ERR_INVALID, "%s at %zu", what, w->at + 1);
}

static int
select_value(struct walk *w, struct expr_value v)
{
    if (expr_steps(w->ctx, 1, w->e) < 0)
        return w->e->code;
    vec_push(&w->next, v);
    return 0;
}

static int
select_all(struct walk *w, struct expr_value from)
{
    int rc = 0;

    for (uint32_t i = 0; rc == 0 && from.type == EXPR_ARRAY && i < from.n; i++)
        rc = select_value(w, from.items[i]);
    for (size_t i = 0; rc == 0 && from.type == EXPR_MAP && i < from.map->n; i++)
        rc = select_value(w, from.map->entries[i].value);
    return rc;
}

/* One item or field.  Where the path can only mean one, that it is missing is an error. */
static int
select_key(struct walk *w, struct expr_value from, struct expr_value key)
{
    const struct expr_value *found;
    int64_t i = key.integer;

    if (key.type == EXPR_STRING) {
        found = expr_map_get(from, key.text);
        if (found != NULL)
            return select_value(w, *found);
        if (w->several)
            return 0;
        return err_set(w->e, ERR_INVALID, "key '%.*s' not found",
                       STR_ARG(str_slice(key.text, 0, 100)));
    }
    i += from.type == EXPR_ARRAY && i < 0 ? from.n : 0;
    if (from.type == EXPR_ARRAY && i >= 0 && i < from.n)
        return select_value(w, from.items[i]);
    return w->several
               ? 0
               : err_set(w->e, ERR_INVALID, "index %lld out of range", (long long)key.integer);
}

static int
select_slice(struct walk *w, struct expr_value from, const int64_t bounds[3], const bool given[3])
{
    int64_t step = given[2] ? bounds[2] : 1, n = from.n, first, last;
    int rc = 0;

    if (from.type != EXPR_ARRAY)
        return 0;
    if (step == 0)
        return fail(w, "step 0");
    first = given[0] ? bounds[0] + (bounds[0] < 0 ? n : 0) : step > 0 ? 0 : n - 1;
    last = given[1] ? bounds[1] + (bounds[1] < 0 ? n : 0) : step > 0 ? n : -1;
    for (int64_t i = first; rc == 0 && (step > 0 ? i < last && i < n : i > last && i >= 0);
         i += step) {
        if (i >= 0 && i < n)
            rc = select_value(w, from.items[i]);
        else if (expr_steps(w->ctx, 1, w->e) < 0)
            rc = w->e->code;
    }
    return rc;
}

/* The value and everything below it, as the steps behind ".." see it. */
static int
select_deep(struct walk *w, struct expr_value from)
{
    int rc = select_value(w, from);

    for (uint32_t i = 0; rc == 0 && from.type == EXPR_ARRAY && i < from.n; i++)
        rc = select_deep(w, from.items[i]);
    for (size_t i = 0; rc == 0 && from.type == EXPR_MAP && i < from.map->n; i++)
        rc = select_deep(w, from.map->entries[i].value);
    return rc;
}

/* Steps. */

static void
advance(struct walk *w)
{
    struct values done = w->now;

    w->now = w->next;
    w->next = done;
    vec_clear(&w->next);
}

static int
step_all(struct walk *w, int (*each)(struct walk *, struct expr_value))
{
    int rc = 0;

    w->several = true;
    for (size_t i = 0; rc == 0 && i < w->now.n; i++)
        rc = each(w, w->now.at[i]);
    advance(w);
    return rc;
}

static int
step_key(struct walk *w, struct expr_value key)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < w->now.n; i++)
        rc = select_key(w, w->now.at[i], key);
    advance(w);
    return rc;
}

static int
peek(const struct walk *w)
{
    return w->at < w->path.n ? (unsigned char)w->path.p[w->at] : -1;
}

static int
step_name(struct walk *w)
{
    size_t start = w->at;

    if (peek(w) == '*') {
        w->at++;
        return step_all(w, select_all);
    }
    while (peek(w) >= 0 && peek(w) != '.' && peek(w) != '[')
        w->at++;
    if (w->at == start)
        return fail(w, "expected a name");
    return step_key(w, expr_string(str_slice(w->path, start, w->at)));
}

static bool
read_int(struct walk *w, int64_t *ret)
{
    size_t start = w->at;

    if (peek(w) == '-')
        w->at++;
    while (isdigit(peek(w)))
        w->at++;
    return w->at - start <= 15 && str_to_int(str_slice(w->path, start, w->at), ret);
}

static bool
read_quoted(struct walk *w, struct str *ret)
{
    ptrdiff_t end = str_find_char(w->path, (char)peek(w), w->at + 1);

    if (end < 0)
        return false;
    *ret = str_slice(w->path, w->at + 1, (size_t)end);
    w->at = (size_t)end + 1;
    return true;
}

static int
step_slice(struct walk *w, const int64_t *first)
{
    int64_t bounds[3] = {first != NULL ? *first : 0, 0, 0};
    bool given[3] = {first != NULL, false, false};
    int rc = 0;

    for (int i = 1; i < 3 && peek(w) == ':'; i++) {
        w->at++;
        if (peek(w) == '-' || isdigit(peek(w)))
            given[i] = read_int(w, &bounds[i]);
    }
    w->several = true;
    for (size_t i = 0; rc == 0 && i < w->now.n; i++)
        rc = select_slice(w, w->now.at[i], bounds, given);
    advance(w);
    return rc;
}

/* [1,'a']: each value's in turn. */
static int
step_union(struct walk *w, struct expr_value first)
{
    struct values keys = VEC_INIT;
    struct expr_value key = first;
    struct str name;
    int64_t i;
    int rc = 0;

    vec_push(&keys, first);
    while (rc == 0 && peek(w) == ',') {
        do
            w->at++;
        while (peek(w) == ' ');
        if ((peek(w) == '\'' || peek(w) == '"') && read_quoted(w, &name))
            key = expr_string(name);
        else if (read_int(w, &i))
            key = expr_int(i);
        else
            rc = fail(w, "expected an index or a quoted name");
        vec_push(&keys, key);
    }
    w->several = true;
    for (size_t v = 0; rc == 0 && v < w->now.n; v++) {
        for (size_t k = 0; rc == 0 && k < keys.n; k++)
            rc = select_key(w, w->now.at[v], keys.at[k]);
    }
    vec_done(&keys);
    advance(w);
    return rc;
}

/* The end of a filter: its closing bracket, strings skipped. */
static bool
filter_end(struct walk *w, size_t *end)
{
    int depth = 0, quote = 0;

    for (size_t i = w->at; i < w->path.n; i++) {
        char c = w->path.p[i];

        if (quote != 0) {
            quote = c == quote ? 0 : quote;
        } else if (c == '\'' || c == '"') {
            quote = c;
        } else if (c == '[' || c == '(') {
            depth++;
        } else if (c == ']' || c == ')') {
            if (depth == 0) {
                *end = i;
                return true;
            }
            depth--;
        }
    }
    return false;
}

static struct expr_binding
look_up_items(void *arg, struct str name)
{
    struct expr_binding b = {.found = str_is(name, "items")};

    if (b.found)
        b.value = *(const struct expr_value *)arg;
    return b;
}

/* The filter for all items at once: map(items, {...}) with # for @. */
static int
filter_items(struct walk *w, const struct expr_program *p, struct expr_value from)
{
    struct expr_env env = {.lookup = look_up_items, .arg = &from, .limits = w->ctx->limits};
    struct expr_value held;
    int rc = expr_eval(p, &env, w->ctx->arena, &held, w->e);

    if (rc == 0)
        rc = expr_steps(w->ctx, (size_t)from.n * 4, w->e);
    for (uint32_t i = 0; rc == 0 && i < from.n; i++) {
        struct expr_value v = held.items[i];

        if (v.type == EXPR_BOOL ? v.boolean : v.type != EXPR_NIL)
            rc = select_value(w, from.items[i]);
    }
    return rc;
}

static int
step_filter(struct walk *w)
{
    cleanup_buf struct buf text = BUF_INIT;
    cleanup_expr struct expr_program *p = NULL;
    size_t end;
    int quote = 0, rc;

    w->at++; /* the question mark */
    if (!filter_end(w, &end))
        return fail(w, "unterminated filter");
    buf_cstr(&text, "map(items, {");
    for (size_t i = w->at; i < end; i++) {
        char c = w->path.p[i];

        if (quote != 0)
            quote = c == quote ? 0 : quote;
        else if (c == '\'' || c == '"')
            quote = c;
        buf_char(&text, c == '@' && quote == 0 ? '#' : c);
    }
    buf_cstr(&text, "})");
    rc = expr_compile(buf_view(&text), &p, w->e);
    w->at = end;
    w->several = true;
    for (size_t i = 0; rc == 0 && i < w->now.n; i++) {
        if (w->now.at[i].type == EXPR_ARRAY)
            rc = filter_items(w, p, w->now.at[i]);
    }
    advance(w);
    return rc;
}

static int
step_bracket(struct walk *w)
{
    struct expr_value key = EXPR_NIL_VALUE;
    struct str name;
    int64_t i = 0;
    int rc;

    while (peek(w) == ' ')
        w->at++;
    if (peek(w) == '?') {
        rc = step_filter(w);
    } else if (peek(w) == '*') {
        w->at++;
        rc = step_all(w, select_all);
    } else {
        if ((peek(w) == '\'' || peek(w) == '"') && read_quoted(w, &name))
            key = expr_string(name);
        else if (peek(w) != ':' && read_int(w, &i))
            key = expr_int(i);
        else if (peek(w) != ':')
            return fail(w, "expected an index or a quoted name");
        if (peek(w) == ':')
            rc = step_slice(w, key.type == EXPR_INT ? &i : NULL);
        else
            rc = peek(w) == ',' ? step_union(w, key) : step_key(w, key);
    }
    while (peek(w) == ' ')
        w->at++;
    if (rc == 0 && peek(w) != ']')
        return fail(w, "expected ']'");
    w->at++;
    return rc;
}

static int
walk(struct walk *w)
{
    int rc = 0;

    while (rc == 0 && w->at < w->path.n) {
        if (peek(w) == '.') {
            w->at++;
            if (peek(w) == '.') {
                w->at++;
                rc = step_all(w, select_deep);
                if (rc == 0 && peek(w) == '[')
                    continue;
            }
            if (rc == 0)
                rc = step_name(w);
        } else if (peek(w) == '[') {
            w->at++;
            rc = step_bracket(w);
        } else {
            rc = fail(w, "expected '.' or '['");
        }
    }
    return rc;
}

int
expr_jsonpath(struct expr_ctx *ctx, struct expr_value root, struct str path, struct expr_value *ret,
              struct err *e)
{
    struct walk w = {.ctx = ctx, .e = e, .path = str_trim(path)};
    struct expr_value *items;
    int rc = 0;

    if (w.path.n == 0 || w.path.p[0] != '$')
        return err_set(e, ERR_INVALID, "a path begins with $");
    w.at = 1;
    vec_push(&w.now, root);
    rc = walk(&w);
    if (rc == 0 && !w.several) {
        *ret = w.now.at[0];
    } else if (rc == 0) {
        items = expr_items(ctx, w.now.n, e);
        rc = items == NULL ? e->code : 0;
        if (items != NULL && w.now.n > 0)
            memcpy(items, w.now.at, w.now.n * sizeof *items);
        if (items != NULL)
            *ret = expr_array(items, w.now.n);
    }
    vec_done(&w.now);
    vec_done(&w.next);
    return rc;
}
