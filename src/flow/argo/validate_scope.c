#include <stdio.h>

#include "base/buf.h"
#include "base/err.h"
#include "data/expr.h"
#include "data/json.h"
#include "data/tag.h"
#include "flow/argo/validate_int.h"

/* How much of an expression a message shows. */
enum { SHOWN_BYTES = 60 };

/* Names outside of these belong to somebody else and stay as they are. */
static const char *const known_prefixes[] = {"item.", "steps.",    "inputs.", "outputs.",
                                             "pod.",  "workflow.", "tasks."};

/* Names that have a value at run time whatever the manifest says; outputs.* is for metrics. */
static const char *const always[] = {"outputs.",
                                     "workflow.creationTimestamp",
                                     "workflow.scheduledTime",
                                     "workflow.duration",
                                     "tasks.name",
                                     "steps.name",
                                     "node.name"};

static const struct {
    enum scope_any any;
    const char *prefix;
} wildcards[] = {
    {SCOPE_ANY_ITEM, "item."},
    {SCOPE_ANY_OUTPUT_PARAMETER, "workflow.outputs.parameters."},
    {SCOPE_ANY_OUTPUT_ARTIFACT, "workflow.outputs.artifacts."},
    {SCOPE_ANY_WORKFLOW_PARAMETER, "workflow.parameters"},
    {SCOPE_ANY_WORKFLOW_METADATA, "workflow.labels."},
    {SCOPE_ANY_WORKFLOW_METADATA, "workflow.annotations."},
};

void
scope_add(struct scope *s, const char *fmt, ...)
{
    cleanup_buf struct buf name = BUF_INIT;
    va_list ap;

    va_start(ap, fmt);
    buf_vprintf(&name, fmt, ap);
    va_end(ap);
    map_put(&s->names, buf_view(&name), s);
}

void
scope_done(struct scope *s)
{
    map_done(&s->names);
}

/* "steps.a.outputs.result" is known if everything of steps.a is: it stands as "steps.a.*". */
static bool
has_all(const struct scope *s, struct str name)
{
    cleanup_buf struct buf all = BUF_INIT;
    ptrdiff_t first = str_find_char(name, '.', 0);
    ptrdiff_t second = first > 0 ? str_find_char(name, '.', (size_t)first + 1) : -1;

    if (second < 0)
        return false;
    buf_str(&all, str_slice(name, 0, (size_t)second));
    buf_cstr(&all, ".*");
    return map_get(&s->names, buf_view(&all)) != NULL;
}

static bool
scope_has(const struct scope *s, struct str name)
{
    for (; s != NULL; s = s->parent) {
        if (map_get(&s->names, name) != NULL || has_all(s, name))
            return true;
        for (size_t i = 0; i < ARRAY_LEN(wildcards); i++)
            if ((s->any & wildcards[i].any) && str_starts(name, str_of(wildcards[i].prefix)))
                return true;
    }
    return false;
}

static bool
has_prefix(struct str name, const char *const *prefixes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_starts(name, str_of(prefixes[i])))
            return true;
    return false;
}

bool
scope_is_tag(struct str text)
{
    struct tag_each it = {.text = text};

    return tag_next(&it) && !it.expression;
}

/* One walk over a value. */
struct walk {
    struct validate *v;
    const struct origin *origin;
    const struct scope *scope;
    const char *where;
    struct map reported; /* one message for each name is enough */
};

/* The beginning of an expression, on one line. */
static void
show(struct str text, struct buf *to)
{
    bool space = false;

    for (size_t i = 0; i < text.n && to->n < SHOWN_BYTES; i++) {
        char c = text.p[i];
        bool blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';

        if (!blank || !space)
            buf_char(to, blank ? ' ' : c);
        space = blank;
    }
    if (to->n >= SHOWN_BYTES)
        buf_cstr(to, "...");
}

static void
check_expression(struct walk *w, const struct json *at, struct str text)
{
    cleanup_expr struct expr_program *program = NULL;
    cleanup_buf struct buf shown = BUF_INIT;
    struct err e = ERR_INIT;

    if (tag_present(text) || map_put(&w->reported, text, w) != NULL)
        return;
    if (expr_compile(text, &program, &e) < 0) {
        show(text, &shown);
        validate_say(w->v, w->origin, at, "%sexpression '%s': %s", w->where, buf_cstring(&shown),
                     e.msg);
    }
}

static void
check_tag(struct walk *w, const struct json *at, struct str name)
{
    if (!has_prefix(name, known_prefixes, ARRAY_LEN(known_prefixes)) ||
        has_prefix(name, always, ARRAY_LEN(always)) || scope_has(w->scope, name))
        return;
    if (map_put(&w->reported, name, w) == NULL)
        validate_say(w->v, w->origin, at, "%sfailed to resolve {{%.*s}}", w->where, STR_ARG(name));
}

static void
check_text(struct walk *w, const struct json *at, struct str text)
{
    struct tag_each it = {.text = text};

    while (tag_next(&it)) {
        if (it.expression)
            check_expression(w, at, it.name);
        else
            check_tag(w, at, it.name);
    }
}

static void
walk_value(struct walk *w, const struct json *value, const char *const *except)
{
    if (json_type(value) == JSON_STRING)
        check_text(w, value, json_str(value));
    JSON_EACH (it, value) {
        bool skip = false;

        for (size_t i = 0; except != NULL && except[i] != NULL; i++)
            skip |= str_is(it.key, except[i]);
        if (skip)
            continue;
        if (it.key.p != NULL)
            check_text(w, it.value, it.key);
        walk_value(w, it.value, NULL);
    }
}

void
scope_check(struct validate *v, const struct origin *o, const struct scope *s,
            const struct json *value, const char *const *except, const char *where)
{
    struct walk w = {.v = v, .origin = o, .scope = s, .where = where, .reported = MAP_INIT};

    walk_value(&w, value, except);
    map_done(&w.reported);
}

void
scope_check_expression(struct validate *v, const struct origin *o, const struct json *text,
                       const char *where)
{
    struct walk w = {.v = v, .origin = o, .where = where, .reported = MAP_INIT};

    if (json_str(text).n > 0)
        check_expression(&w, text, json_str(text));
    map_done(&w.reported);
}
