#include "data/tag.h"

#include <math.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "data/json.h"
#include "data/tag_cache.h"

bool
tag_present(struct str text)
{
    return str_find(text, STR("{{"), 0) >= 0;
}

/* The last "{{" that begins in [from, to - 1), which is known to be there. */
static size_t
last_begin(struct str text, size_t from, size_t to)
{
    size_t at = to - 2;

    while (at > from && (text.p[at] != '{' || text.p[at + 1] != '{'))
        at--;
    return at;
}

/* From the outermost "{{" at or after `at` to the first "}}" behind it. */
struct span {
    size_t outer, inner, end; /* of "{{" twice, and of "}}" */
};

static bool
find_span(struct str text, size_t at, struct span *s)
{
    ptrdiff_t begin = str_find(text, STR("{{"), at), end;

    if (begin < 0)
        return false;
    s->outer = (size_t)begin;
    end = str_find(text, STR("}}"), s->outer + 2);
    if (end < 0) {
        s->end = text.n;
        return false;
    }
    s->end = (size_t)end;
    s->inner = last_begin(text, s->outer, s->end);
    /* In "{{{x}}" the last two braces of the three begin the tag, in "{{ {" nothing else does. */
    return true;
}

bool
tag_next(struct tag_each *it)
{
    struct span s = {.end = 0};
    struct str body;

    if (!find_span(it->text, it->at, &s)) {
        it->unclosed = s.end != 0;
        return false;
    }
    body = str_slice(it->text, s.inner + 2, s.end);
    it->offset = s.inner;
    it->nested = s.inner != s.outer;
    it->expression = body.n > 0 && body.p[0] == '=';
    it->name = str_trim(it->expression ? str_slice(body, 1, body.n) : body);
    it->at = s.end + 2;
    return true;
}

/* One pass over one text. */
struct pass {
    const struct tag_options *o;
    struct buf *to;
    struct err *e;
    int kept;
};

static struct expr_binding
look_up(const struct tag_options *o, struct str name)
{
    if (o->env == NULL || o->env->lookup == NULL)
        return (struct expr_binding){.found = false};
    return o->env->lookup(o->env->arg, name);
}

static bool
is_known(const struct tag_options *o, struct str name)
{
    struct expr_binding b = look_up(o, name);

    return b.found || b.scope;
}

static bool
is_strict(const struct tag_options *o, struct str name)
{
    if (o->strict_all)
        return true;
    for (size_t i = 0; o->strict != NULL && o->strict[i] != NULL; i++) {
        struct str prefix = str_of(o->strict[i]);

        if (str_starts(name, prefix) && (name.n == prefix.n || name.p[prefix.n] == '.'))
            return true;
    }
    return false;
}

static void
put_text(struct pass *p, struct str text)
{
    if (!p->o->json_text) {
        buf_str(p->to, text);
    } else {
        cleanup_buf struct buf escaped = BUF_INIT;

        json_write_escaped(&escaped, text);
        buf_str(p->to, buf_view(&escaped));
    }
}

static void
put_value(struct pass *p, struct expr_value v)
{
    cleanup_buf struct buf text = BUF_INIT;

    if (v.type == EXPR_STRING) {
        put_text(p, v.text);
        return;
    }
    expr_write_result(&text, v);
    put_text(p, buf_view(&text));
}

/* Leaves the tag where it is, for a later pass. */
static int
keep(struct pass *p, struct str whole, struct str name, bool expression)
{
    buf_str(p->to, whole);
    p->kept++;
    if (p->o->unresolved != NULL)
        p->o->unresolved(p->o->arg, name, expression);
    return 0;
}

static int
substitute_name(struct pass *p, struct str whole, struct str body)
{
    struct str name = str_trim(body);
    struct expr_binding b = look_up(p->o, name);

    if (b.found) {
        put_value(p, b.value);
        return 0;
    }
    if (is_strict(p->o, name) &&
        !(p->o->spare_artifacts && str_find(name, STR(".outputs.artifacts."), 0) >= 0))
        return err_set(p->e, ERR_INVALID, "failed to resolve {{%.*s}}",
                       STR_ARG(str_slice(body, 0, 200)));
    return keep(p, whole, name, false);
}

/* Names that only exist while something runs; nothing is made of an expression before they do. */
static bool
waits(const struct tag_options *o, const struct expr_program *program)
{
    static const char *const late[] = {"item", "retries", "lastRetry", "workflow.status",
                                       "workflow.failures"};

    for (size_t i = 0; i < ARRAY_LEN(late); i++) {
        if (expr_mentions(program, str_of(late[i])) && !is_known(o, str_of(late[i])))
            return true;
    }
    return false;
}

/* The first name that is not known; an error if one of them must be. */
static int
find_missing(struct pass *p, const struct expr_program *program, struct str *missing)
{
    const struct str *names;
    size_t n = expr_names(program, &names);

    *missing = STR_NULL;
    for (size_t i = 0; i < n; i++) {
        if (is_known(p->o, names[i]))
            continue;
        if (is_strict(p->o, names[i]))
            return err_set(p->e, ERR_INVALID, "failed to evaluate expression: %.*s is missing",
                           STR_ARG(str_slice(names[i], 0, 200)));
        if (missing->p == NULL)
            *missing = names[i];
    }
    return 0;
}

static int
evaluate(struct pass *p, const struct expr_program *program, struct str whole, struct str text)
{
    cleanup_arena struct arena a = ARENA_INIT;
    struct expr_value v = EXPR_NIL_VALUE;
    struct str missing;
    int rc = find_missing(p, program, &missing);

    if (rc < 0)
        return rc;
    if (missing.p != NULL && waits(p->o, program))
        return keep(p, whole, missing, true);
    rc = expr_eval(program, p->o->env, &a, &v, p->e);
    if ((rc < 0 || v.type == EXPR_NIL) && missing.p != NULL && rc != ERR_TOOLARGE) {
        p->e->code = 0;
        return keep(p, whole, missing, true);
    }
    if (rc < 0)
        return err_wrap(p->e, "failed to evaluate expression");
    if (v.type == EXPR_NIL)
        return err_set(p->e, ERR_INVALID, "failed to evaluate expression \"%.*s\"",
                       STR_ARG(str_slice(text, 0, 200)));
    if (v.type == EXPR_FLOAT && !isfinite(v.number))
        return err_set(p->e, ERR_INVALID,
                       "failed to marshal evaluated expression: the result of \"%.*s\" is no "
                       "number that JSON has",
                       STR_ARG(str_slice(text, 0, 200)));
    put_value(p, v);
    return 0;
}

/* What stands in JSON text, without the escapes. */
static int
unescape(struct str text, struct buf *to, struct err *e)
{
    cleanup_json struct json_doc *doc = NULL;
    cleanup_buf struct buf quoted = BUF_INIT;

    buf_char(&quoted, '"');
    buf_str(&quoted, text);
    buf_char(&quoted, '"');
    if (json_parse(buf_view(&quoted), &json_limits_default, &doc, e) < 0)
        return err_wrap(e, "failed to unmarshall JSON expression");
    buf_str(to, json_str(json_root(doc)));
    return 0;
}

static int
substitute_expression(struct pass *p, struct str whole, struct str text)
{
    cleanup_buf struct buf unescaped = BUF_INIT;
    cleanup_expr struct expr_program *own = NULL;
    const struct expr_program *program = NULL;
    int rc = 0;

    if (p->o->no_expressions)
        return keep(p, whole, str_trim(text), true);
    if (p->o->json_text) {
        rc = unescape(text, &unescaped, p->e);
        text = buf_view(&unescaped);
    }
    if (rc == 0)
        rc = tag_cache_get(p->o->cache, text, &program, &own, p->e);
    if (rc < 0)
        return err_wrap(p->e, "failed to evaluate expression");
    return evaluate(p, program, whole, text);
}

/* Whether all from the outermost "{{" on is an expression, which may have "{{" in a string. */
static bool
is_whole_expression(const struct tag_options *o, struct str text, const struct span *s)
{
    cleanup_expr struct expr_program *own = NULL;
    const struct expr_program *program;
    struct err ignored = ERR_INIT;

    if (s->outer == s->inner || text.p[s->outer + 2] != '=' || o->json_text)
        return false;
    return tag_cache_get(o->cache, str_slice(text, s->outer + 3, s->end), &program, &own,
                         &ignored) == 0;
}

static int
substitute(struct pass *p, struct str text)
{
    struct span s = {.end = 0};
    size_t at = 0;
    int rc = 0;

    while (rc == 0 && !p->to->overflow && find_span(text, at, &s)) {
        size_t begin = is_whole_expression(p->o, text, &s) ? s.outer : s.inner;
        struct str whole = str_slice(text, begin, s.end + 2),
                   body = str_slice(text, begin + 2, s.end);

        buf_str(p->to, str_slice(text, at, begin));
        if (body.n > 0 && body.p[0] == '=')
            rc = substitute_expression(p, whole, str_slice(body, 1, body.n));
        else
            rc = substitute_name(p, whole, body);
        at = s.end + 2;
        s.end = 0;
    }
    if (rc == 0 && s.end != 0 && p->o->strict_all)
        rc = err_set(p->e, ERR_INVALID, "cannot find end tag=\"}}\" starting from \"%.*s\"",
                     STR_ARG(str_slice(text, s.outer, s.outer + 60)));
    buf_str(p->to, str_slice(text, at, text.n));
    return rc;
}

int
tag_substitute(struct str text, const struct tag_options *o, struct buf *to, struct err *e)
{
    cleanup_buf struct buf b = {.max = o->max_bytes != 0 ? o->max_bytes : TAG_MAX_RESULT};
    struct pass p = {.o = o, .to = &b, .e = e};
    int rc = substitute(&p, text);

    if (rc == 0 && b.overflow)
        rc =
            err_set(e, ERR_TOOLARGE, "text with its tags replaced is longer than %zu bytes", b.max);
    if (rc < 0)
        return rc;
    buf_str(to, buf_view(&b));
    return p.kept;
}

int
tag_settle(struct str text, const struct tag_options *o, struct buf *to, struct err *e)
{
    cleanup_buf struct buf now = BUF_INIT;
    int kept = 0;

    buf_str(&now, text);
    for (int i = 0; i < TAG_MAX_PASSES; i++) {
        cleanup_buf struct buf next = BUF_INIT;
        bool same;

        kept = tag_substitute(buf_view(&now), o, &next, e);
        if (kept < 0)
            return kept;
        same = str_eq(buf_view(&now), buf_view(&next));
        buf_done(&now);
        now = next;
        next = BUF_INIT;
        if (same || !tag_present(buf_view(&now)))
            break;
    }
    buf_str(to, buf_view(&now));
    return kept;
}
