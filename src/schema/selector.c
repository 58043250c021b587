#include "schema/selector.h"

#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/vec.h"
#include "data/json.h"
#include "schema/names.h"
#include "schema/selector_int.h"

void
selector_free(struct selector *s)
{
    if (s == NULL)
        return;
    vec_done(&s->terms);
    arena_done(&s->arena);
    free(s);
}

/* Keeps the texts of a term beyond the input's life, after a check of each. */
int
selector_add(struct selector *s, struct str key, enum selector_op op, const struct str *values,
             size_t count, bool labels, struct err *e)
{
    struct str *kept = ARENA_ARRAY(&s->arena, struct str, count + 1);
    const char *wrong = labels ? names_check(NAMES_QUALIFIED, key) : NULL;
    int64_t number = 0;

    if (wrong != NULL)
        return err_set(e, ERR_BADREQUEST, "label key '%.*s': %s", STR_ARG(key), wrong);
    for (size_t i = 0; i < count; i++) {
        wrong = labels ? names_check(NAMES_LABEL_VALUE, values[i]) : NULL;
        if (wrong != NULL)
            return err_set(e, ERR_BADREQUEST, "label value '%.*s': %s", STR_ARG(values[i]), wrong);
        if ((op == SELECTOR_GREATER || op == SELECTOR_LESS) && !str_to_int(values[i], &number))
            return err_set(e, ERR_BADREQUEST, "'%.*s': expected an integer behind %s",
                           STR_ARG(values[i]), op == SELECTOR_GREATER ? ">" : "<");
        kept[i] = str_make(str_dup_arena(&s->arena, values[i]), values[i].n);
    }
    vec_push(&s->terms, ((struct selector_term){.key = {str_dup_arena(&s->arena, key), key.n},
                                                .op = op,
                                                .values = kept,
                                                .value_count = count}));
    return 0;
}

static int
add_expression(struct selector *s, const struct json *v, struct err *e)
{
    static const char *const names[] = {
        [SELECTOR_IN] = "In",
        [SELECTOR_NOT_IN] = "NotIn",
        [SELECTOR_EXISTS] = "Exists",
        [SELECTOR_MISSING] = "DoesNotExist",
    };
    struct str name = json_str(json_get(v, "operator"));
    VEC(struct str) values = VEC_INIT;
    size_t op = 0;
    int rc = 0;

    while (op < ARRAY_LEN(names) && !str_is(name, names[op]))
        op++;
    if (op == ARRAY_LEN(names))
        return err_set(e, ERR_INVALID,
                       "operator '%.*s': expected In, NotIn, Exists or DoesNotExist",
                       STR_ARG(name));
    JSON_EACH (it, json_get(v, "values"))
        vec_push(&values, json_str(it.value));
    if (op <= SELECTOR_NOT_IN && values.n == 0)
        rc = err_set(e, ERR_INVALID, "values must not be empty for operator %s", names[op]);
    else if (op > SELECTOR_NOT_IN && values.n > 0)
        rc = err_set(e, ERR_INVALID, "values must be empty for operator %s", names[op]);
    else
        rc = selector_add(s, json_str(json_get(v, "key")), (enum selector_op)op, values.at,
                          values.n, true, e);
    vec_done(&values);
    return rc;
}

int
selector_from_json(const struct json *v, struct selector **ret, struct err *e)
{
    cleanup_selector struct selector *s = NEW(struct selector);

    if (!json_is_null(v) && json_type(v) != JSON_OBJECT)
        return err_set(e, ERR_INVALID, "a label selector must be an object");
    JSON_EACH (it, json_get(v, "matchLabels")) {
        struct str value = json_str(it.value);

        if (selector_add(s, it.key, SELECTOR_IN, &value, 1, true, e) < 0)
            return err_wrap(e, "matchLabels");
    }
    JSON_EACH (it, json_get(v, "matchExpressions"))
        if (add_expression(s, it.value, e) < 0)
            return err_wrap(e, "matchExpressions[%zu]", it.index);
    *ret = TAKE(s);
    return 0;
}

static bool
has_value(const struct selector_term *t, struct str value)
{
    for (size_t i = 0; i < t->value_count; i++)
        if (str_eq(t->values[i], value))
            return true;
    return false;
}

static bool
term_matches(const struct selector_term *t, struct str value)
{
    int64_t have = 0, limit = 0;

    switch (t->op) {
    case SELECTOR_IN:
        return value.p != NULL && has_value(t, value);
    case SELECTOR_NOT_IN:
        return value.p == NULL || !has_value(t, value);
    case SELECTOR_EXISTS:
        return value.p != NULL;
    case SELECTOR_MISSING:
        return value.p == NULL;
    case SELECTOR_GREATER:
    case SELECTOR_LESS:
        if (!str_to_int(value, &have) || !str_to_int(t->values[0], &limit))
            return false;
        return t->op == SELECTOR_GREATER ? have > limit : have < limit;
    }
    return false;
}

bool
selector_matches_fn(const struct selector *s, selector_value_fn *value, void *arg)
{
    for (size_t i = 0; i < s->terms.n; i++)
        if (!term_matches(&s->terms.at[i], value(arg, s->terms.at[i].key)))
            return false;
    return true;
}

bool
selector_matches(const struct selector *s, const struct json *labels)
{
    for (size_t i = 0; i < s->terms.n; i++) {
        const struct selector_term *t = &s->terms.at[i];

        if (!term_matches(t, json_str(json_get_str(labels, t->key))))
            return false;
    }
    return true;
}

size_t
selector_count(const struct selector *s)
{
    return s->terms.n;
}

const struct selector_term *
selector_term_at(const struct selector *s, size_t i)
{
    return &s->terms.at[i];
}

static void
write_term(const struct selector_term *t, struct buf *to)
{
    bool in = t->op == SELECTOR_IN;

    buf_printf(to, "%s%.*s", t->op == SELECTOR_MISSING ? "!" : "", STR_ARG(t->key));
    if (t->op == SELECTOR_GREATER || t->op == SELECTOR_LESS)
        buf_char(to, t->op == SELECTOR_GREATER ? '>' : '<');
    else if (t->op > SELECTOR_NOT_IN)
        return;
    if (t->value_count == 1) {
        if (t->op <= SELECTOR_NOT_IN)
            buf_cstr(to, in ? "=" : "!=");
        buf_str(to, t->values[0]);
        return;
    }
    buf_cstr(to, in ? " in (" : " notin (");
    for (size_t i = 0; i < t->value_count; i++)
        buf_printf(to, "%s%.*s", i > 0 ? "," : "", STR_ARG(t->values[i]));
    buf_char(to, ')');
}

void
selector_write(const struct selector *s, struct buf *to)
{
    for (size_t i = 0; i < s->terms.n; i++) {
        if (i > 0)
            buf_char(to, ',');
        write_term(&s->terms.at[i], to);
    }
}
