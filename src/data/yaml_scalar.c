/*
 * yaml_scalar - one scalar event into one node.
 *
 * Which node depends on the tag if there is one, on quotes, and on the text; a
 * key always becomes text.
 */

#include "base/buf.h"
#include "base/err.h"
#include "base/utf8.h"
#include "data/base64.h"
#include "data/yaml_int.h"
#include "data/yaml_resolve.h"

/* What a scalar is to become: a kind, and the text of a string or number. */
struct scalar {
    enum yaml_kind kind;
    struct str text;
    struct buf own; /* what `text` points into when it is not the event's */
};

static int
bad(struct yaml_reader *y, const yaml_event_t *event, const char *what)
{
    return yaml_fail(y, ERR_BADREQUEST, yaml_place(event->start_mark), "'%.*s' is not %s",
                     (int)(event->data.scalar.length < 100 ? event->data.scalar.length : 100),
                     (const char *)event->data.scalar.value, what);
}

static int
decode_binary(struct yaml_reader *y, const yaml_event_t *event, struct scalar *s)
{
    struct buf compact = BUF_INIT;
    struct err ignored = ERR_INIT;
    const char *p, *end;
    bool ok;

    for (size_t i = 0; i < s->text.n; i++) {
        if (s->text.p[i] != '\n' && s->text.p[i] != ' ')
            buf_char(&compact, s->text.p[i]);
    }
    ok = base64_decode(buf_view(&compact), BASE64_STANDARD, &s->own, &ignored) == 0;
    buf_done(&compact);
    s->kind = YAML_STRING;
    s->text = buf_view(&s->own);
    for (p = s->text.p, end = p + s->text.n; ok && p < end;) {
        size_t n = utf8_length(p, end);

        ok = n != 0;
        p += n;
    }
    return ok ? 0 : bad(y, event, "base64 of UTF-8 text, as its tag !!binary says");
}

/* By an explicit tag. */
static int
resolve_tagged(struct yaml_reader *y, const yaml_event_t *event, struct str tag, struct scalar *s)
{
    enum yaml_kind kind;

    if (str_is(tag, YAML_STR_TAG) || str_is(tag, "!") || str_is(tag, YAML_TIMESTAMP_TAG))
        return 0;
    if (str_is(tag, "tag:yaml.org,2002:binary"))
        return decode_binary(y, event, s);
    kind = yaml_resolve(s->text, y->limits->only_true_false, &s->own);
    if (str_is(tag, YAML_INT_TAG)) {
        if (kind != YAML_INT)
            return bad(y, event, "an integer, as its tag !!int says");
    } else if (str_is(tag, YAML_FLOAT_TAG)) {
        if (kind != YAML_INT && kind != YAML_FLOAT && kind != YAML_NOT_FINITE)
            return bad(y, event, "a number, as its tag !!float says");
    } else if (str_is(tag, YAML_BOOL_TAG)) {
        if (kind != YAML_TRUE && kind != YAML_FALSE)
            return bad(y, event, "a boolean, as its tag !!bool says");
    } else if (str_is(tag, YAML_NULL_TAG)) {
        if (kind != YAML_NULL)
            return bad(y, event, "null, as its tag !!null says");
    } else if (str_is(tag, "tag:yaml.org,2002:merge")) {
        if (kind != YAML_MERGE)
            return bad(y, event, "a merge key, as its tag !!merge says");
    } else {
        return yaml_fail(y, ERR_BADREQUEST, yaml_place(event->start_mark),
                         "unknown tag '%.*s' of a scalar", STR_ARG(tag));
    }
    s->kind = kind;
    return 0;
}

static int
resolve(struct yaml_reader *y, const yaml_event_t *event, struct scalar *s)
{
    const char *tag = (const char *)event->data.scalar.tag;

    s->text = str_make((const char *)event->data.scalar.value, event->data.scalar.length);
    if (tag != NULL) {
        if (resolve_tagged(y, event, str_of(tag), s) < 0)
            return y->e->code;
    } else if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE) {
        s->kind = yaml_resolve(s->text, y->limits->only_true_false, &s->own);
    }
    if (s->kind == YAML_INT || s->kind == YAML_FLOAT)
        s->text = buf_view(&s->own);
    if (s->kind == YAML_NOT_FINITE)
        return yaml_fail(y, ERR_BADREQUEST, yaml_place(event->start_mark),
                         "'%.*s' is a number that JSON cannot hold", STR_ARG(s->text));
    return 0;
}

static int
add_key(struct yaml_reader *y, const yaml_event_t *event, const struct scalar *s)
{
    struct yaml_frame *f = &vec_last(&y->frames);

    switch (s->kind) {
    case YAML_NULL:
        return yaml_fail(y, ERR_BADREQUEST, yaml_place(event->start_mark),
                         "expected a key, found null");
    case YAML_TRUE:
        json_add_key(&y->build, STR("true"));
        return 0;
    case YAML_FALSE:
        json_add_key(&y->build, STR("false"));
        return 0;
    case YAML_MERGE:
        if (f->merge == 0)
            f->merge = (uint32_t)y->build.n;
        break;
    default:
        break;
    }
    json_add_key(&y->build, s->text);
    return 0;
}

static void
add_value(struct yaml_reader *y, const struct scalar *s)
{
    switch (s->kind) {
    case YAML_NULL:
        json_add_null(&y->build, NULL);
        return;
    case YAML_TRUE:
    case YAML_FALSE:
        json_add_bool(&y->build, NULL, s->kind == YAML_TRUE);
        return;
    case YAML_INT:
    case YAML_FLOAT:
        json_add_number(&y->build, NULL, s->text);
        return;
    default:
        json_add_str(&y->build, NULL, s->text);
    }
}

int
yaml_add_scalar(struct yaml_reader *y, const yaml_event_t *event)
{
    struct scalar s = {.kind = YAML_STRING};
    struct yaml_anchor *anchor = yaml_anchor_begin(y, event->data.scalar.anchor);
    uint32_t index = (uint32_t)y->build.n;
    int rc = resolve(y, event, &s);

    if (rc == 0 && yaml_key_is_due(y))
        rc = add_key(y, event, &s);
    else if (rc == 0)
        add_value(y, &s);
    buf_done(&s.own);
    if (rc == 0)
        rc = yaml_note(y, yaml_place(event->start_mark));
    if (rc == 0 && anchor != NULL)
        rc = yaml_anchor_end(y, anchor, index, 0);
    return rc;
}
