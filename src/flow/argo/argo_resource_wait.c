/*
 * Conditions on an object: label selectors whose keys are paths (gjson's plain form: names and
 * indexes joined by dots, # for a count).
 */
#include "api/objects.h"
#include "base/buf.h"
#include "base/err.h"
#include "data/json.h"
#include "flow/argo/argo_resource.h"
#include "schema/selector.h"

struct looking {
    const struct json *root;
    struct buf *text; /* values that had to be written, one behind the other */
};

static const struct json *
follow(const struct json *v, struct str path, int64_t *count)
{
    *count = -1;
    while (v != NULL && path.p != NULL && path.n != 0) {
        struct str part = str_cut(&path, '.');
        int64_t i;

        if (json_type(v) == JSON_ARRAY && str_is(part, "#") && path.n == 0) {
            *count = (int64_t)json_count(v);
            return v;
        }
        if (json_type(v) == JSON_ARRAY)
            v = str_to_int(part, &i) && i >= 0 ? json_item(v, (size_t)i) : NULL;
        else
            v = json_get_str(v, part);
    }
    return v;
}

static struct str
value_of(void *arg, struct str key)
{
    struct looking *l = arg;
    int64_t count;
    const struct json *v = follow(l->root, key, &count);

    if (v == NULL)
        return STR_NULL;
    if (count < 0 && json_type(v) != JSON_ARRAY && json_type(v) != JSON_OBJECT)
        return json_scalar_text(v);
    buf_clear(l->text);
    if (count >= 0)
        buf_printf(l->text, "%lld", (long long)count);
    else
        json_write(l->text, v);
    return buf_view(l->text);
}

/* Each condition by itself, so that a message can name it. */
static int
matches(struct looking *l, struct str condition, bool *ret, struct err *e)
{
    CLEANUP(selector_free) struct selector *s = NULL;

    if (selector_parse(str_trim(condition), &s, e) < 0)
        return err_set(e, ERR_INVALID, "condition '%.*s' cannot be read: %s",
                       STR_ARG(str_slice(condition, 0, 200)), e->msg);
    *ret = selector_matches_fn(s, value_of, l);
    return 0;
}

/* The next of several conditions joined by commas; those within parentheses belong to a list. */
static struct str
next_condition(struct str *rest)
{
    size_t depth = 0, i;
    struct str first;

    for (i = 0; i < rest->n && (rest->p[i] != ',' || depth > 0); i++) {
        depth += rest->p[i] == '(';
        depth -= rest->p[i] == ')' && depth > 0;
    }
    first = str_slice(*rest, 0, i);
    *rest = i < rest->n ? str_slice(*rest, i + 1, rest->n) : STR_NULL;
    return first;
}

int
argo_resource_met(const struct json *resource, const struct object *o, struct err *e)
{
    struct str bad = json_str(json_get(resource, "failureCondition"));
    struct str good = json_str(json_get(resource, "successCondition"));
    cleanup_buf struct buf text = BUF_INIT;
    struct looking l = {object_root(o), &text};
    bool holds = false;

    while (bad.n != 0) {
        struct str one = next_condition(&bad);

        if (matches(&l, one, &holds, e) < 0)
            return e->code;
        if (holds)
            return err_set(e, ERR_INVALID, "failure condition '%.*s' evaluated true",
                           STR_ARG(str_trim(one)));
    }
    return good.n == 0 ? 1 : matches(&l, good, &holds, e) < 0 ? e->code : holds;
}
