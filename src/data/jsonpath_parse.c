/*
 * jsonpath_parse - from text to steps.
 */
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/vec.h"
#include "data/jsonpath_int.h"

struct reader {
    struct str s;
    size_t at;
    unsigned nesting;
    struct jsonpath *path;
    struct err *e;
};

static bool read_steps(struct reader *r, struct jsonpath_step **ret);
static struct jsonpath_test *read_or(struct reader *r);

static bool
fail(struct reader *r, const char *what)
{
    err_set(r->e, ERR_BADREQUEST, "path '%.*s': column %zu: %s", (int)(r->s.n < 200 ? r->s.n : 200),
            r->s.p, r->at + 1, what);
    return false;
}

static char
peek(const struct reader *r)
{
    return r->at < r->s.n ? r->s.p[r->at] : '\0';
}

static void
skip_space(struct reader *r)
{
    while (peek(r) == ' ' || peek(r) == '\t' || peek(r) == '\n')
        r->at++;
}

static bool
take(struct reader *r, const char *token)
{
    size_t n = strlen(token);

    skip_space(r);
    if (!str_starts(str_slice(r->s, r->at, r->s.n), str_make(token, n)))
        return false;
    r->at += n;
    return true;
}

static bool
enter(struct reader *r)
{
    if (++r->nesting <= JSONPATH_MAX_NESTING)
        return true;
    err_set(r->e, ERR_TOOLARGE, "path nested deeper than the limit of %d levels",
            JSONPATH_MAX_NESTING);
    return false;
}

/* Names. */

bool
jsonpath_read_quoted(struct str s, size_t *at, struct buf *to)
{
    char quote = s.p[*at];

    for (size_t i = *at + 1; i < s.n; i++) {
        char c = s.p[i];

        if (c == quote) {
            *at = i + 1;
            return true;
        }
        if (c == '\\' && i + 1 < s.n) {
            c = s.p[++i];
            c = c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c;
        }
        buf_char(to, c);
    }
    return false;
}

static bool
read_quoted(struct reader *r, struct str *ret)
{
    struct buf text = BUF_INIT;
    bool ok = jsonpath_read_quoted(r->s, &r->at, &text);

    if (ok)
        *ret = str_make(str_dup_arena(&r->path->arena, buf_view(&text)), text.n);
    buf_done(&text);
    return ok || fail(r, "the quote does not end");
}

static bool
ends_name(char c)
{
    return c == '\0' || strchr(".[]{}()<>=!&|, \t\n'\"", c) != NULL;
}

static bool
read_bare(struct reader *r, struct str *ret)
{
    struct buf text = BUF_INIT;

    while (r->at < r->s.n && (peek(r) == '\\' || !ends_name(peek(r)))) {
        if (peek(r) == '\\' && ++r->at == r->s.n)
            break;
        buf_char(&text, r->s.p[r->at++]);
    }
    *ret = str_make(str_dup_arena(&r->path->arena, buf_view(&text)), text.n);
    buf_done(&text);
    return ret->n != 0 || fail(r, "expected a name");
}

static bool
names_of_one(struct reader *r, struct jsonpath_step *step, struct str name)
{
    step->type = STEP_NAMES;
    step->n = 1;
    step->names = ARENA_NEW(&r->path->arena, struct str);
    step->names[0] = name;
    return true;
}

/* Brackets. */

static bool
read_names(struct reader *r, struct jsonpath_step *step)
{
    VEC(struct str) names = VEC_INIT;
    bool ok = true;

    do {
        struct str name = STR_NULL;

        skip_space(r);
        ok = peek(r) == '\'' || peek(r) == '"' ? read_quoted(r, &name)
                                               : fail(r, "expected a name in quotes");
        vec_push(&names, name);
    } while (ok && take(r, ","));
    step->type = STEP_NAMES;
    step->n = names.n;
    step->names = ARENA_ARRAY(&r->path->arena, struct str, names.n);
    memcpy(step->names, names.at, names.n * sizeof *names.at);
    vec_done(&names);
    return ok;
}

static bool
read_int(struct reader *r, int64_t *ret, bool *has)
{
    size_t start;

    skip_space(r);
    start = r->at;
    if (peek(r) == '-')
        r->at++;
    while (peek(r) >= '0' && peek(r) <= '9')
        r->at++;
    *has = r->at != start;
    if (*has &&
        (!str_to_int(str_slice(r->s, start, r->at), ret) || *ret > INT32_MAX || *ret < INT32_MIN))
        return fail(r, "expected an integer of at most 32 bits");
    return true;
}

/* An index or a slice. */
static bool
read_slice(struct reader *r, struct jsonpath_slice *s)
{
    bool has_step = false;

    *s = (struct jsonpath_slice){.step = 1};
    if (!read_int(r, &s->from, &s->has_from))
        return false;
    if (!take(r, ":")) {
        if (!s->has_from)
            return fail(r, "expected an index, a slice, a name in quotes, '*' or '?'");
        s->to = s->from + 1;
        s->has_to = s->from != -1; /* behind the last item is the end */
        return true;
    }
    if (!read_int(r, &s->to, &s->has_to))
        return false;
    if (take(r, ":") && !read_int(r, &s->step, &has_step))
        return false;
    if (!has_step)
        s->step = 1;
    return s->step > 0 || fail(r, "a slice's step must be positive");
}

static bool
read_slices(struct reader *r, struct jsonpath_step *step)
{
    VEC(struct jsonpath_slice) slices = VEC_INIT;
    bool ok;

    do {
        ok = read_slice(r, vec_grow(&slices));
    } while (ok && take(r, ","));
    step->type = STEP_SLICES;
    step->n = slices.n;
    step->slices = ARENA_ARRAY(&r->path->arena, struct jsonpath_slice, slices.n);
    memcpy(step->slices, slices.at, slices.n * sizeof *slices.at);
    vec_done(&slices);
    return ok;
}

/* r is behind '['. */
static bool
read_bracket(struct reader *r, struct jsonpath_step *step)
{
    bool ok;

    if (take(r, "*")) {
        step->type = STEP_ALL;
        ok = true;
    } else if (take(r, "?")) {
        step->type = STEP_FILTER;
        step->filter = enter(r) ? read_or(r) : NULL;
        r->nesting--;
        ok = step->filter != NULL;
    } else if (peek(r) == '\'' || peek(r) == '"') {
        ok = read_names(r, step);
    } else {
        ok = read_slices(r, step);
    }
    return ok && (take(r, "]") || fail(r, "expected ']'"));
}

/* Behind dots: a name, '*', or a bracket. */
static bool
read_dotted(struct reader *r, struct jsonpath_step *step)
{
    struct str name;

    if (peek(r) == '[') {
        r->at++;
        return read_bracket(r, step);
    }
    if (peek(r) == '*') {
        r->at++;
        step->type = STEP_ALL;
        return true;
    }
    return read_bare(r, &name) && names_of_one(r, step, name);
}

static bool
read_steps(struct reader *r, struct jsonpath_step **ret)
{
    struct jsonpath_step **tail = ret;

    *ret = NULL;
    while (peek(r) == '.' || peek(r) == '[') {
        struct jsonpath_step *step = ARENA_NEW(&r->path->arena, struct jsonpath_step);

        *tail = step;
        tail = &step->next;
        if (peek(r) == '.') {
            r->at++;
            step->deep = peek(r) == '.';
            r->at += step->deep;
        }
        if (!read_dotted(r, step))
            return false;
    }
    return true;
}

/* Filters, by precedence: || then && then ! then comparisons. */

static bool
read_literal(struct reader *r, struct jsonpath_operand *o)
{
    struct jsonpath_literal *keep = ARENA_NEW(&r->path->arena, struct jsonpath_literal);
    struct json_build b = JSON_BUILD_INIT;
    size_t start = r->at;
    struct str text;

    if (peek(r) == '\'' || peek(r) == '"') {
        if (!read_quoted(r, &text))
            return false;
        json_add_str(&b, NULL, text);
        o->literal = json_build_done(&b);
    } else {
        struct err ignored = ERR_INIT;

        while (peek(r) == '.' || peek(r) == '-' || peek(r) == '+' || !ends_name(peek(r)))
            r->at++;
        if (json_parse(str_slice(r->s, start, r->at), NULL, &o->literal, &ignored) < 0) {
            r->at = start;
            return fail(r, "expected a path, a number, a text in quotes, true, false or null");
        }
    }
    *keep = (struct jsonpath_literal){.doc = o->literal, .next = r->path->literals};
    r->path->literals = keep;
    return true;
}

static bool
read_operand(struct reader *r, struct jsonpath_operand *o)
{
    skip_space(r);
    o->from_root = peek(r) == '$';
    o->is_path = o->from_root || peek(r) == '@' || peek(r) == '.';
    if (!o->is_path)
        return read_literal(r, o);
    r->at += peek(r) != '.';
    return read_steps(r, &o->steps);
}

static struct jsonpath_test *
new_test(struct reader *r, enum jsonpath_test_type type, struct jsonpath_test *a,
         struct jsonpath_test *b)
{
    struct jsonpath_test *t = ARENA_NEW(&r->path->arena, struct jsonpath_test);

    *t = (struct jsonpath_test){.type = type, .a = a, .b = b};
    return t;
}

static struct jsonpath_test *
read_comparison(struct reader *r)
{
    /* The longer ones first. */
    static const struct {
        const char *token;
        enum jsonpath_operator op;
    } operators[] = {{"==", OP_EQ}, {"!=", OP_NE}, {"<=", OP_LE},
                     {">=", OP_GE}, {"<", OP_LT},  {">", OP_GT}};
    struct jsonpath_test *t = new_test(r, TEST_EXISTS, NULL, NULL);

    if (!read_operand(r, &t->left))
        return NULL;
    for (size_t i = 0; i < ARRAY_LEN(operators); i++) {
        if (take(r, operators[i].token)) {
            t->type = TEST_COMPARE;
            t->op = operators[i].op;
            return read_operand(r, &t->right) ? t : NULL;
        }
    }
    return t;
}

static struct jsonpath_test *
read_not(struct reader *r)
{
    struct jsonpath_test *t = NULL;

    if (!enter(r))
        return NULL;
    if (take(r, "!")) {
        t = read_not(r);
        t = t != NULL ? new_test(r, TEST_NOT, t, NULL) : NULL;
    } else if (take(r, "(")) {
        t = read_or(r);
        if (t != NULL && !take(r, ")")) {
            fail(r, "expected ')'");
            t = NULL;
        }
    } else {
        t = read_comparison(r);
    }
    r->nesting--;
    return t;
}

static struct jsonpath_test *
read_and(struct reader *r)
{
    struct jsonpath_test *t = read_not(r);

    while (t != NULL && take(r, "&&")) {
        struct jsonpath_test *b = read_not(r);

        t = b != NULL ? new_test(r, TEST_AND, t, b) : NULL;
    }
    return t;
}

static struct jsonpath_test *
read_or(struct reader *r)
{
    struct jsonpath_test *t = read_and(r);

    while (t != NULL && take(r, "||")) {
        struct jsonpath_test *b = read_and(r);

        t = b != NULL ? new_test(r, TEST_OR, t, b) : NULL;
    }
    return t;
}

/* Paths. */

static bool
read_path(struct reader *r)
{
    struct jsonpath *p = r->path;
    struct jsonpath_step *first;
    struct str name;

    skip_space(r);
    p->from_root = peek(r) == '$';
    if (peek(r) == '$' || peek(r) == '@') {
        r->at++;
    } else if (r->at < r->s.n && peek(r) != '.' && peek(r) != '[') {
        /* A path that begins with a name. */
        first = ARENA_NEW(&p->arena, struct jsonpath_step);
        if (!read_bare(r, &name))
            return false;
        names_of_one(r, first, name);
        p->steps = first;
        if (!read_steps(r, &first->next))
            return false;
    } else if (peek(r) == '.' && r->at + 1 == r->s.n) {
        r->at++; /* "." alone is the whole */
    }
    if (p->steps == NULL && !read_steps(r, &p->steps))
        return false;
    skip_space(r);
    return r->at == r->s.n || fail(r, "expected '.', '[' or the end");
}

int
jsonpath_compile(struct str path, struct jsonpath **ret, struct err *e)
{
    struct reader r = {.s = path.p != NULL ? path : STR(""), .e = e};

    *ret = NULL;
    if (path.n > JSONPATH_MAX_BYTES)
        return err_set(e, ERR_TOOLARGE, "a path of %zu bytes is over the limit of %d bytes", path.n,
                       JSONPATH_MAX_BYTES);
    r.path = NEW(struct jsonpath);
    if (!read_path(&r)) {
        jsonpath_free(r.path);
        return e->code;
    }
    *ret = r.path;
    return 0;
}

void
jsonpath_free(struct jsonpath *p)
{
    if (p == NULL)
        return;
    for (struct jsonpath_literal *l = p->literals; l != NULL; l = l->next)
        json_doc_unref(l->doc);
    arena_done(&p->arena);
    free(p);
}
