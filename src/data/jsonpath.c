/*
 * jsonpath - carrying out a path.
 *
 * Each step turns a list of values into the next; "deep" ones scan all nodes of
 * each value, which lie in one piece.  Work is counted, because a few "..*" in a row
 * multiply.
 */
#include "data/jsonpath.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/vec.h"
#include "data/json_int.h"
#include "data/jsonpath_int.h"

struct walk {
    const struct json *root;
    size_t visits;
    bool over; /* the limit was passed */
};

void
jsonpath_results_done(struct jsonpath_results *r)
{
    free(r->at);
    *r = JSONPATH_RESULTS_INIT;
}

static bool holds(struct walk *w, const struct jsonpath_test *t, const struct json *item);

static bool
visit(struct walk *w)
{
    if (++w->visits > JSONPATH_MAX_VISITS)
        w->over = true;
    return !w->over;
}

static void
add_slice(const struct json *array, const struct jsonpath_slice *s, struct walk *w,
          struct jsonpath_results *to)
{
    int64_t n = (int64_t)json_count(array), i = 0, next;
    int64_t from = !s->has_from ? 0 : s->from < 0 ? s->from + n : s->from;
    int64_t end = !s->has_to ? n : s->to < 0 ? s->to + n : s->to;

    if (from < 0) {
        if (s->has_to && s->to == s->from + 1)
            return; /* an index before the first item */
        from = 0;
    }
    next = from;
    JSON_EACH (it, array) {
        if (i >= end || !visit(w))
            return;
        if (i++ == next) {
            vec_push(to, it.value);
            next += s->step;
        }
    }
}

/* What one step finds in one value, not looking deeper. */
static void
apply(const struct jsonpath_step *step, const struct json *v, struct walk *w,
      struct jsonpath_results *to)
{
    const struct json *field;

    switch (step->type) {
    case STEP_NAMES:
        for (size_t i = 0; i < step->n && visit(w); i++) {
            field = json_get_str(v, step->names[i]);
            w->visits += json_count(v) / 8; /* a look-up walks */
            if (field != NULL)
                vec_push(to, field);
        }
        return;
    case STEP_SLICES:
        for (size_t i = 0; json_type(v) == JSON_ARRAY && i < step->n && visit(w); i++)
            add_slice(v, &step->slices[i], w, to);
        return;
    case STEP_ALL:
    case STEP_FILTER:
        JSON_EACH (it, v) {
            if (!visit(w))
                return;
            if (step->type == STEP_ALL || holds(w, step->filter, it.value))
                vec_push(to, it.value);
        }
    }
}

static void
apply_deep(const struct jsonpath_step *step, const struct json *v, struct walk *w,
           struct jsonpath_results *to)
{
    const struct json *end = v + json_span(v);

    for (; v < end && visit(w); v++) {
        if (json_is_container(v))
            apply(step, v, w, to);
    }
}

/* From one value through all steps; the results are appended. */
static void
follow(const struct jsonpath_step *step, const struct json *v, struct walk *w,
       struct jsonpath_results *to)
{
    struct jsonpath_results from = JSONPATH_RESULTS_INIT, found = JSONPATH_RESULTS_INIT;

    if (v != NULL)
        vec_push(&from, v);
    for (; step != NULL && !w->over; step = step->next) {
        struct jsonpath_results used = from;

        found.n = 0;
        for (size_t i = 0; i < from.n && !w->over; i++) {
            if (step->deep)
                apply_deep(step, from.at[i], w, &found);
            else
                apply(step, from.at[i], w, &found);
        }
        from = found;
        found = used;
    }
    for (size_t i = 0; i < from.n; i++)
        vec_push(to, from.at[i]);
    jsonpath_results_done(&from);
    jsonpath_results_done(&found);
}

/* Filters. */

static const struct json *
operand_value(struct walk *w, const struct jsonpath_operand *o, const struct json *item)
{
    cleanup_jsonpath_results struct jsonpath_results found = JSONPATH_RESULTS_INIT;

    if (!o->is_path)
        return json_root(o->literal);
    follow(o->steps, o->from_root ? w->root : item, w, &found);
    return found.n != 0 ? found.at[0] : NULL;
}

/* -1, 0 or 1; false if the two have no order. */
static bool
order_of(const struct json *a, const struct json *b, int *ret)
{
    double x, y;

    if (json_type(a) == JSON_STRING && json_type(b) == JSON_STRING) {
        *ret = str_cmp(json_str(a), json_str(b));
        return true;
    }
    if (json_double(a, &x) && json_double(b, &y)) {
        *ret = json_equal(a, b) ? 0 : x < y ? -1 : 1;
        return true;
    }
    return false;
}

static bool
compare(const struct jsonpath_test *t, const struct json *a, const struct json *b)
{
    int order = 0;

    if (t->op == OP_EQ || t->op == OP_NE)
        return json_equal(a, b) == (t->op == OP_EQ);
    if (!order_of(a, b, &order))
        return false;
    switch (t->op) {
    case OP_LT:
        return order < 0;
    case OP_LE:
        return order <= 0;
    case OP_GT:
        return order > 0;
    default:
        return order >= 0;
    }
}

static bool
holds(struct walk *w, const struct jsonpath_test *t, const struct json *item)
{
    const struct json *v;

    switch (t->type) {
    case TEST_OR:
        return holds(w, t->a, item) || holds(w, t->b, item);
    case TEST_AND:
        return holds(w, t->a, item) && holds(w, t->b, item);
    case TEST_NOT:
        return !holds(w, t->a, item);
    case TEST_COMPARE:
        return compare(t, operand_value(w, &t->left, item), operand_value(w, &t->right, item));
    case TEST_EXISTS:
        v = operand_value(w, &t->left, item);
        return !json_is_null(v) && json_bool_or(v, true);
    }
    return false;
}

int
jsonpath_find_from(const struct jsonpath *p, const struct json *root, const struct json *item,
                   struct jsonpath_results *to, struct err *e)
{
    struct walk w = {.root = root};
    size_t before = to->n;

    follow(p->steps, p->from_root ? root : item, &w, to);
    if (!w.over)
        return 0;
    to->n = before;
    return err_set(e, ERR_TOOLARGE, "the path looks at more than the limit of %d values",
                   JSONPATH_MAX_VISITS);
}

int
jsonpath_find(const struct jsonpath *p, const struct json *root, struct jsonpath_results *to,
              struct err *e)
{
    return jsonpath_find_from(p, root, root, to, e);
}
