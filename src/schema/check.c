#include "schema/check.h"

#include <stdio.h>

#include "base/buf.h"
#include "data/json.h"
#include "schema/leaf.h"
#include "schema/problem.h"
#include "schema/schema.h"

/* How much of a wrong value a message shows. */
enum { SHOWN_BYTES = 40 };

struct check {
    const struct json_doc *doc;
    struct problems *problems;
    struct buf path; /* of the value looked at, from the value given */
    unsigned flags;
};

static void walk(struct check *c, const struct schema *s, const struct json *v);

/* Steps into a field or item: returns the length to cut back to. */
static size_t
enter_key(struct check *c, struct str key)
{
    size_t before = c->path.n;

    if (before > 0)
        buf_char(&c->path, '.');
    buf_str(&c->path, key);
    return before;
}

static size_t
enter_index(struct check *c, size_t i)
{
    size_t before = c->path.n;

    buf_printf(&c->path, "[%zu]", i);
    return before;
}

static void
report(struct check *c, enum problem_kind kind, const struct json *at, const char *text)
{
    struct json_position where = {0, 0};

    /* Finding a place may mean reading the text: not for what is only counted. */
    if (c->doc != NULL && at != NULL && c->problems->n < PROBLEMS_MAX)
        where = kind == PROBLEM_UNKNOWN_FIELD ? json_key_position(c->doc, at)
                                              : json_position(c->doc, at);
    problems_add_path(c->problems, kind, buf_cstring(&c->path), where.line, where.col, text);
}

static const char *
article(const char *noun)
{
    return strchr("aeiou", noun[0]) != NULL ? "an" : "a";
}

/* "spec.entrypoint must be a string (got array)" */
static void
report_type(struct check *c, const struct json *v, const char *wanted)
{
    cleanup_buf struct buf text = BUF_INIT;
    struct str shown = json_scalar_text(v);

    buf_printf(&text, "%s must be %s %s (got %s", c->path.n > 0 ? buf_cstring(&c->path) : "this",
               article(wanted), wanted, json_type_name(json_type(v)));
    if (shown.p != NULL)
        buf_printf(&text, " %.*s%s", STR_ARG(str_slice(shown, 0, SHOWN_BYTES)),
                   shown.n > SHOWN_BYTES ? "..." : "");
    buf_char(&text, ')');
    report(c, PROBLEM_TYPE, v, buf_cstring(&text));
}

static void
unknown_field(struct check *c, const struct json *v)
{
    cleanup_buf struct buf text = BUF_INIT;

    if (c->flags & CHECK_IGNORE_UNKNOWN)
        return;
    buf_printf(&text, "unknown field \"%s\"", buf_cstring(&c->path));
    report(c, PROBLEM_UNKNOWN_FIELD, v, buf_cstring(&text));
}

static void
check_required(struct check *c, const struct schema *s, const struct json *v)
{
    for (size_t i = 0; i < schema_field_count(s); i++) {
        struct schema_field field = schema_field_at(s, i);

        if ((field.flags & SCHEMA_REQUIRED) && json_is_null(json_get_str(v, field.name))) {
            size_t before = enter_key(c, field.name);
            cleanup_buf struct buf text = BUF_INIT;

            buf_printf(&text, "%s is required", buf_cstring(&c->path));
            report(c, PROBLEM_REQUIRED, v, buf_cstring(&text));
            buf_cut(&c->path, before);
        }
    }
}

static void
walk_object(struct check *c, const struct schema *s, const struct json *v)
{
    struct schema_field field;

    JSON_EACH (it, v) {
        size_t before = enter_key(c, it.key);

        if (schema_field(s, it.key, &field))
            walk(c, field.type, it.value);
        else
            unknown_field(c, it.value);
        buf_cut(&c->path, before);
    }
    if (!(c->flags & CHECK_IGNORE_REQUIRED))
        check_required(c, s, v);
}

static void
walk_items(struct check *c, const struct schema *item, const struct json *v)
{
    bool list = json_type(v) == JSON_ARRAY;

    JSON_EACH (it, v) {
        size_t before = list ? enter_index(c, it.index) : enter_key(c, it.key);

        walk(c, item, it.value);
        buf_cut(&c->path, before);
    }
}

static void
walk(struct check *c, const struct schema *s, const struct json *v)
{
    enum schema_form form = schema_form(s);
    enum json_type type = json_type(v);
    const char *wanted;

    if (json_is_null(v))
        return;
    switch (form) {
    case SCHEMA_OBJECT:
    case SCHEMA_MAP:
    case SCHEMA_FREE_OBJECT:
        if (type != JSON_OBJECT)
            report_type(c, v, "object");
        else if (form == SCHEMA_OBJECT)
            walk_object(c, s, v);
        else if (form == SCHEMA_MAP)
            walk_items(c, schema_item(s), v);
        break;
    case SCHEMA_LIST:
        if (type != JSON_ARRAY)
            report_type(c, v, "array");
        else
            walk_items(c, schema_item(s), v);
        break;
    default:
        wanted = leaf_expects(form, v);
        if (wanted != NULL)
            report_type(c, v, wanted);
    }
}

void
check_value(const struct schema *s, const struct json_doc *doc, const struct json *v,
            unsigned flags, struct problems *ps)
{
    struct check c = {.doc = doc, .problems = ps, .path = BUF_INIT, .flags = flags};

    walk(&c, s, v);
    buf_done(&c.path);
}
