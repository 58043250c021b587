/*
 * jsonpath_parse - from text to steps.
 */
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/vec.h"
#include "data/jsonpath_parse_int.h"

bool
jsonpath_parse_fail(struct jsonpath_parser *r, const char *what)
{
    err_set(r->e, ERR_BADREQUEST, "path '%.*s': column %zu: %s", (int)(r->s.n < 200 ? r->s.n : 200),
            r->s.p, r->at + 1, what);
    return false;
}

void
jsonpath_parse_skip(struct jsonpath_parser *r)
{
    while (jsonpath_parse_peek(r) == ' ' || jsonpath_parse_peek(r) == '\t' ||
           jsonpath_parse_peek(r) == '\n')
        r->at++;
}

bool
jsonpath_parse_take(struct jsonpath_parser *r, const char *token)
{
    size_t n = strlen(token);

    jsonpath_parse_skip(r);
    if (!str_starts(str_slice(r->s, r->at, r->s.n), str_make(token, n)))
        return false;
    r->at += n;
    return true;
}

bool
jsonpath_parse_enter(struct jsonpath_parser *r)
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

bool
jsonpath_parse_quoted(struct jsonpath_parser *r, struct str *ret)
{
    struct buf text = BUF_INIT;
    bool ok = jsonpath_read_quoted(r->s, &r->at, &text);

    if (ok)
        *ret = str_make(str_dup_arena(&r->path->arena, buf_view(&text)), text.n);
    buf_done(&text);
    return ok || jsonpath_parse_fail(r, "the quote does not end");
}

bool
jsonpath_parse_ends_name(char c)
{
    return c == '\0' || strchr(".[]{}()<>=!&|, \t\n'\"", c) != NULL;
}

static bool
read_bare(struct jsonpath_parser *r, struct str *ret)
{
    struct buf text = BUF_INIT;

    while (r->at < r->s.n &&
           (jsonpath_parse_peek(r) == '\\' || !jsonpath_parse_ends_name(jsonpath_parse_peek(r)))) {
        if (jsonpath_parse_peek(r) == '\\' && ++r->at == r->s.n)
            break;
        buf_char(&text, r->s.p[r->at++]);
    }
    *ret = str_make(str_dup_arena(&r->path->arena, buf_view(&text)), text.n);
    buf_done(&text);
    return ret->n != 0 || jsonpath_parse_fail(r, "expected a name");
}

static bool
names_of_one(struct jsonpath_parser *r, struct jsonpath_step *step, struct str name)
{
    step->type = STEP_NAMES;
    step->n = 1;
    step->names = ARENA_NEW(&r->path->arena, struct str);
    step->names[0] = name;
    return true;
}

/* Brackets. */

static bool
read_names(struct jsonpath_parser *r, struct jsonpath_step *step)
{
    VEC(struct str) names = VEC_INIT;
    bool ok = true;

    do {
        struct str name = STR_NULL;

        jsonpath_parse_skip(r);
        ok = jsonpath_parse_peek(r) == '\'' || jsonpath_parse_peek(r) == '"'
                 ? jsonpath_parse_quoted(r, &name)
                 : jsonpath_parse_fail(r, "expected a name in quotes");
        vec_push(&names, name);
    } while (ok && jsonpath_parse_take(r, ","));
    step->type = STEP_NAMES;
    step->n = names.n;
    step->names = ARENA_ARRAY(&r->path->arena, struct str, names.n);
    memcpy(step->names, names.at, names.n * sizeof *names.at);
    vec_done(&names);
    return ok;
}

static bool
read_int(struct jsonpath_parser *r, int64_t *ret, bool *has)
{
    size_t start;

    jsonpath_parse_skip(r);
    start = r->at;
    if (jsonpath_parse_peek(r) == '-')
        r->at++;
    while (jsonpath_parse_peek(r) >= '0' && jsonpath_parse_peek(r) <= '9')
        r->at++;
    *has = r->at != start;
    if (*has &&
        (!str_to_int(str_slice(r->s, start, r->at), ret) || *ret > INT32_MAX || *ret < INT32_MIN))
        return jsonpath_parse_fail(r, "expected an integer of at most 32 bits");
    return true;
}

/* An index or a slice. */
static bool
read_slice(struct jsonpath_parser *r, struct jsonpath_slice *s)
{
    bool has_step = false;

    *s = (struct jsonpath_slice){.step = 1};
    if (!read_int(r, &s->from, &s->has_from))
        return false;
    if (!jsonpath_parse_take(r, ":")) {
        if (!s->has_from)
            return jsonpath_parse_fail(r,
                                       "expected an index, a slice, a name in quotes, '*' or '?'");
        s->to = s->from + 1;
        s->has_to = s->from != -1; /* behind the last item is the end */
        return true;
    }
    if (!read_int(r, &s->to, &s->has_to))
        return false;
    if (jsonpath_parse_take(r, ":") && !read_int(r, &s->step, &has_step))
        return false;
    if (!has_step)
        s->step = 1;
    return s->step > 0 || jsonpath_parse_fail(r, "a slice's step must be positive");
}

static bool
read_slices(struct jsonpath_parser *r, struct jsonpath_step *step)
{
    VEC(struct jsonpath_slice) slices = VEC_INIT;
    bool ok;

    do {
        ok = read_slice(r, vec_grow(&slices));
    } while (ok && jsonpath_parse_take(r, ","));
    step->type = STEP_SLICES;
    step->n = slices.n;
    step->slices = ARENA_ARRAY(&r->path->arena, struct jsonpath_slice, slices.n);
    memcpy(step->slices, slices.at, slices.n * sizeof *slices.at);
    vec_done(&slices);
    return ok;
}

/* r is behind '['. */
static bool
read_bracket(struct jsonpath_parser *r, struct jsonpath_step *step)
{
    bool ok;

    if (jsonpath_parse_take(r, "*")) {
        step->type = STEP_ALL;
        ok = true;
    } else if (jsonpath_parse_take(r, "?")) {
        step->type = STEP_FILTER;
        step->filter = jsonpath_parse_enter(r) ? jsonpath_parse_filter(r) : NULL;
        r->nesting--;
        ok = step->filter != NULL;
    } else if (jsonpath_parse_peek(r) == '\'' || jsonpath_parse_peek(r) == '"') {
        ok = read_names(r, step);
    } else {
        ok = read_slices(r, step);
    }
    return ok && (jsonpath_parse_take(r, "]") || jsonpath_parse_fail(r, "expected ']'"));
}

/* Behind dots: a name, '*', or a bracket. */
static bool
read_dotted(struct jsonpath_parser *r, struct jsonpath_step *step)
{
    struct str name;

    if (jsonpath_parse_peek(r) == '[') {
        r->at++;
        return read_bracket(r, step);
    }
    if (jsonpath_parse_peek(r) == '*') {
        r->at++;
        step->type = STEP_ALL;
        return true;
    }
    return read_bare(r, &name) && names_of_one(r, step, name);
}

bool
jsonpath_parse_steps(struct jsonpath_parser *r, struct jsonpath_step **ret)
{
    struct jsonpath_step **tail = ret;

    *ret = NULL;
    while (jsonpath_parse_peek(r) == '.' || jsonpath_parse_peek(r) == '[') {
        struct jsonpath_step *step = ARENA_NEW(&r->path->arena, struct jsonpath_step);

        *tail = step;
        tail = &step->next;
        if (jsonpath_parse_peek(r) == '.') {
            r->at++;
            step->deep = jsonpath_parse_peek(r) == '.';
            r->at += step->deep;
        }
        if (!read_dotted(r, step))
            return false;
    }
    return true;
}

/* Paths. */

static bool
read_path(struct jsonpath_parser *r)
{
    struct jsonpath *p = r->path;
    struct jsonpath_step *first;
    struct str name;

    jsonpath_parse_skip(r);
    p->from_root = jsonpath_parse_peek(r) == '$';
    if (jsonpath_parse_peek(r) == '$' || jsonpath_parse_peek(r) == '@') {
        r->at++;
    } else if (r->at < r->s.n && jsonpath_parse_peek(r) != '.' && jsonpath_parse_peek(r) != '[') {
        /* A path that begins with a name. */
        first = ARENA_NEW(&p->arena, struct jsonpath_step);
        if (!read_bare(r, &name))
            return false;
        names_of_one(r, first, name);
        p->steps = first;
        if (!jsonpath_parse_steps(r, &first->next))
            return false;
    } else if (jsonpath_parse_peek(r) == '.' && r->at + 1 == r->s.n) {
        r->at++; /* "." alone is the whole */
    }
    if (p->steps == NULL && !jsonpath_parse_steps(r, &p->steps))
        return false;
    jsonpath_parse_skip(r);
    return r->at == r->s.n || jsonpath_parse_fail(r, "expected '.', '[' or the end");
}

int
jsonpath_compile(struct str path, struct jsonpath **ret, struct err *e)
{
    struct jsonpath_parser r = {.s = path.p != NULL ? path : STR(""), .e = e};

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
