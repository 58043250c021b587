/*
 * Semantic versions (https://semver.org) and constraints on them: "^1.2 || >=2.0, <3.0.0-0".
 * A missing part of a version is 0; in a constraint it means any.  A version with a pre-release
 * only meets a constraint that has one too.
 */
#include <ctype.h>

#include "base/arena.h"
#include "data/expr_eval.h"
#include "data/sprig.h"

struct version {
    int64_t part[3];
    int given; /* parts that stand there and are numbers */
    struct str pre, meta;
};

static bool
is_identifiers(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (!isalnum((unsigned char)s.p[i]) && s.p[i] != '-' && s.p[i] != '.')
            return false;
    }
    return s.n > 0;
}

static struct str
cut_behind(struct str *s, char sep)
{
    struct str before = str_cut(s, sep), behind = *s;

    *s = before;
    return behind;
}

static bool
is_wildcard(struct str s)
{
    return str_is(s, "x") || str_is(s, "X") || str_is(s, "*");
}

/* "v1.2.3-rc.1+build"; wildcards only in constraints. */
static bool
parse(struct str s, bool wildcards, struct version *v)
{
    *v = (struct version){.given = 0};
    if (s.n > 0 && (s.p[0] == 'v' || s.p[0] == 'V'))
        s = str_slice(s, 1, s.n);
    v->meta = cut_behind(&s, '+');
    v->pre = cut_behind(&s, '-');
    if ((v->meta.p != NULL && !is_identifiers(v->meta)) ||
        (v->pre.p != NULL && !is_identifiers(v->pre)))
        return false;
    for (int i = 0; s.p != NULL; i++) {
        struct str part = str_cut(&s, '.');

        if (wildcards && is_wildcard(part))
            return true;
        if (i >= 3 || part.n == 0 || part.n > 15 || part.p[0] == '-' ||
            !str_to_int(part, &v->part[i]))
            return false;
        v->given = i + 1;
    }
    return v->given > 0;
}

static int
compare_identifiers(struct str a, struct str b)
{
    int64_t x, y;
    bool x_number = str_to_int(a, &x), y_number = str_to_int(b, &y);

    if (x_number && y_number)
        return (x > y) - (x < y);
    if (x_number != y_number)
        return x_number ? -1 : 1;
    return str_cmp(a, b);
}

static int
compare_pre(struct str a, struct str b)
{
    int order = 0;

    if (a.p == NULL || b.p == NULL)
        return (a.p == NULL) - (b.p == NULL);
    while (order == 0 && a.p != NULL && b.p != NULL) {
        struct str x = str_cut(&a, '.'), y = str_cut(&b, '.');

        order = compare_identifiers(x, y);
    }
    return order != 0 ? order : (a.p != NULL) - (b.p != NULL);
}

static int
compare(const struct version *a, const struct version *b)
{
    for (int i = 0; i < 3; i++) {
        if (a->part[i] != b->part[i])
            return a->part[i] < b->part[i] ? -1 : 1;
    }
    return compare_pre(a->pre, b->pre);
}

/* Whether the first n parts are the same. */
static bool
shares(const struct version *a, const struct version *b, int n)
{
    for (int i = 0; i < n; i++) {
        if (a->part[i] != b->part[i])
            return false;
    }
    return true;
}

/* ^: up to the next change of the leftmost part that is not 0. */
static bool
caret(const struct version *v, const struct version *c)
{
    int fixed = c->part[0] > 0 || c->given < 2 ? 1 : c->part[1] > 0 || c->given < 3 ? 2 : 3;

    if (c->given == 0)
        return true;
    return compare(v, c) >= 0 && shares(v, c, fixed);
}

static bool
meets(const struct version *v, struct str op, const struct version *c)
{
    bool partial = c->given < 3;

    if (v->pre.p != NULL && c->pre.p == NULL)
        return str_is(op, "!=") && !partial;
    if (op.n == 0 || str_is(op, "="))
        return partial ? shares(v, c, c->given) : compare(v, c) == 0;
    if (str_is(op, "!="))
        return partial ? !shares(v, c, c->given) : compare(v, c) != 0;
    if (str_is(op, ">"))
        return compare(v, c) > 0 && !(partial && shares(v, c, c->given));
    if (str_is(op, "<"))
        return compare(v, c) < 0;
    if (str_is(op, ">=") || str_is(op, "=>"))
        return compare(v, c) >= 0;
    if (str_is(op, "<=") || str_is(op, "=<"))
        return compare(v, c) <= 0 || (partial && shares(v, c, c->given));
    if (op.p[0] == '~')
        return compare(v, c) >= 0 && shares(v, c, c->given < 2 ? c->given : 2);
    return caret(v, c);
}

/* One "op version" cut off *s. */
static bool
take_constraint(struct str *s, struct str *op, struct version *c)
{
    size_t n = 0, end;

    *s = str_trim(*s);
    while (n < s->n && strchr("=!<>~^", s->p[n]) != NULL)
        n++;
    *op = str_slice(*s, 0, n);
    *s = str_trim(str_slice(*s, n, s->n));
    for (end = 0; end < s->n && s->p[end] != ' ' && s->p[end] != ','; end++) {
    }
    if (op->n > 2 || !parse(str_slice(*s, 0, end), true, c)) {
        if (!is_wildcard(str_slice(*s, 0, end)))
            return false;
    }
    *s = str_trim(str_slice(*s, end, s->n));
    if (s->n > 0 && s->p[0] == ',')
        *s = str_trim(str_slice(*s, 1, s->n));
    return true;
}

/* All of the constraints of one alternative; -1 if they are malformed. */
static int
meets_all(const struct version *v, struct str s)
{
    bool ok = true;

    s = str_trim(s);
    while (s.n > 0) {
        struct str op;
        struct version c;

        if (!take_constraint(&s, &op, &c))
            return -1;
        /* "1.2 - 3.4" has both ends in it. */
        if (op.n == 0 && str_starts(s, STR("- "))) {
            ok &= meets(v, STR(">="), &c);
            s = str_slice(s, 2, s.n);
            if (!take_constraint(&s, &op, &c))
                return -1;
            op = STR("<=");
        }
        ok &= meets(v, op, &c);
    }
    return ok;
}

static int
fn_compare(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct str rest = c->args[0].text;
    struct version v;
    bool any = false;

    if (!parse(c->args[1].text, false, &v))
        return expr_fail(c, e, "invalid semantic version");
    while (rest.p != NULL) {
        ptrdiff_t bar = str_find(rest, STR("||"), 0);
        int met = meets_all(&v, bar < 0 ? rest : str_slice(rest, 0, (size_t)bar));

        if (met < 0)
            return expr_fail(c, e, "improper constraint: %.*s",
                             STR_ARG(str_slice(c->args[0].text, 0, 100)));
        any |= met > 0;
        rest = bar < 0 ? STR_NULL : str_slice(rest, (size_t)bar + 2, rest.n);
    }
    *ret = expr_bool(any);
    return 0;
}

static struct expr_value
text_or_empty(struct str s)
{
    return expr_string(s.p != NULL ? s : STR(""));
}

static int
fn_semver(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    static const char *const names[] = {"Major", "Minor", "Patch"};
    struct expr_entry *entries = expr_alloc(c->ctx, 6 * sizeof *entries, e);
    struct version v;

    if (entries == NULL)
        return e->code;
    if (!parse(c->args[0].text, false, &v))
        return expr_fail(c, e, "invalid semantic version");
    for (int i = 0; i < 3; i++)
        entries[i] = (struct expr_entry){str_of(names[i]), expr_int(v.part[i])};
    entries[3] = (struct expr_entry){STR("Prerelease"), text_or_empty(v.pre)};
    entries[4] = (struct expr_entry){STR("Metadata"), text_or_empty(v.meta)};
    entries[5] = (struct expr_entry){STR("Original"), c->args[0]};
    return expr_return_map(c->ctx, entries, 6, ret, e);
}

const struct expr_func sprig_semver_funcs[] = {
    {"semver", "s", fn_semver},
    {"semverCompare", "ss", fn_compare},
    {NULL, NULL, NULL},
};
