/*
 * yaml_read - libyaml's events into documents.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "data/yaml_int.h"

struct json_place
yaml_place(yaml_mark_t mark)
{
    return (struct json_place){.line = (uint32_t)mark.line + 1, .col = (uint32_t)mark.column + 1};
}

int
yaml_fail(struct yaml_reader *y, int code, struct json_place at, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    err_setv(y->e, code, fmt, ap);
    va_end(ap);
    err_wrap(y->e, "line %u column %u", at.line, at.col);
    y->e->line = (int)at.line;
    y->e->col = (int)at.col;
    return code;
}

int
yaml_note(struct yaml_reader *y, struct json_place at)
{
    while (y->places.n < y->build.n)
        vec_push(&y->places, at);
    if (y->build.n + y->copied > y->limits->nodes)
        return yaml_fail(y, ERR_TOOLARGE, at, "more than the limit of %zu values in one document",
                         y->limits->nodes);
    return 0;
}

/* What libyaml complains of, in its words.  Of bytes that are no text it knows only the offset. */
static int
fail_syntax(struct yaml_reader *y, struct str text)
{
    const yaml_parser_t *p = &y->parser;
    struct json_place at = yaml_place(p->problem_mark);

    if (p->error == YAML_MEMORY_ERROR)
        return err_set(y->e, ERR_UNAVAILABLE, "not enough memory to read YAML");
    if (p->error == YAML_READER_ERROR) {
        at = (struct json_place){1, 1};
        for (size_t i = 0; i < p->problem_offset && i < text.n; i++) {
            at.col++;
            if (text.p[i] == '\n')
                at = (struct json_place){at.line + 1, 1};
        }
        return yaml_fail(y, ERR_BADREQUEST, at, "%s (0x%x)", p->problem,
                         (unsigned)p->problem_value);
    }
    if (p->context != NULL)
        return yaml_fail(y, ERR_BADREQUEST, at, "%s %s, which begins on line %zu", p->problem,
                         p->context, p->context_mark.line + 1);
    return yaml_fail(y, ERR_BADREQUEST, at, "%s", p->problem);
}

static bool
tag_is(const yaml_char_t *tag, const char *want)
{
    return tag == NULL || str_is(str_of((const char *)tag), want);
}

static int
begin_collection(struct yaml_reader *y, const yaml_event_t *event, bool object)
{
    struct json_place at = yaml_place(event->start_mark);
    const yaml_char_t *tag =
        object ? event->data.mapping_start.tag : event->data.sequence_start.tag;
    const yaml_char_t *anchor =
        object ? event->data.mapping_start.anchor : event->data.sequence_start.anchor;
    struct yaml_frame f = {.object = object, .height = 1, .node = (uint32_t)y->build.n};

    if (!tag_is(tag, object ? YAML_MAP_TAG : YAML_SEQ_TAG) && !tag_is(tag, "!"))
        return yaml_fail(y, ERR_BADREQUEST, at, "unknown tag '%s' of a %s", (const char *)tag,
                         object ? "mapping" : "sequence");
    if (yaml_key_is_due(y))
        return yaml_fail(y, ERR_BADREQUEST, at, "expected a scalar as key, found a %s",
                         object ? "mapping" : "sequence");
    if (y->frames.n >= y->limits->depth)
        return yaml_fail(y, ERR_TOOLARGE, at, "nested deeper than the limit of %u levels",
                         y->limits->depth);
    f.anchor = yaml_anchor_begin(y, anchor);
    if (object)
        json_add_object(&y->build, NULL);
    else
        json_add_array(&y->build, NULL);
    vec_push(&y->frames, f);
    return yaml_note(y, at);
}

static void
found_duplicate(void *owner, uint32_t key)
{
    struct yaml_reader *y = owner;
    struct buf path = BUF_INIT;

    if (y->duplicates.n == JSON_LISTED_DUPLICATES)
        return;
    json_path_open(y->build.nodes, y->build.text, y->build.open, key, &path);
    vec_push(&y->duplicates, buf_take(&path));
}

/* Of equal keys the last one stays.  A merge key may have moved then. */
static void
drop_duplicates(struct yaml_reader *y, struct yaml_frame *f)
{
    uint32_t merge = f->merge;

    y->build.n = json_drop_duplicates(y->build.nodes, y->places.at, f->node, (uint32_t)y->build.n,
                                      y->build.text, found_duplicate, y);
    y->places.n = y->build.n;
    for (uint32_t key = f->node + 1; merge != 0 && key < y->build.n;
         key += 1 + json_span(&y->build.nodes[key + 1])) {
        const struct json *k = &y->build.nodes[key];

        if (str_is(str_make(y->build.text + k->a, k->b), "<<"))
            f->merge = key;
    }
}

static int
check_duplicates(struct yaml_reader *y, struct yaml_frame *f)
{
    uint32_t first, key;
    struct buf path = BUF_INIT;

    if (y->build.nodes[f->node].b < 2)
        return 0;
    /* The finder may read a few bytes behind a key. */
    if (y->build.text_n + JSON_PAD > y->build.text_cap) {
        y->build.text_cap += y->build.text_cap / 2 + JSON_PAD;
        y->build.text = xrealloc(y->build.text, y->build.text_cap, 1);
    }
    key = json_find_duplicate(y->build.nodes, f->node, (uint32_t)y->build.n, y->build.text, &first);
    if (key == JSON_NONE)
        return 0;
    if (y->limits->allow_duplicates) {
        drop_duplicates(y, f);
        return 0;
    }
    json_path_open(y->build.nodes, y->build.text, y->build.open, key, &path);
    yaml_fail(y, ERR_BADREQUEST, y->places.at[key],
              "duplicate key \"%s\", first at line %u column %u", buf_cstring(&path),
              y->places.at[first].line, y->places.at[first].col);
    buf_done(&path);
    return y->e->code;
}

static int
end_collection(struct yaml_reader *y)
{
    struct yaml_frame f = vec_last(&y->frames);

    if (f.object && check_duplicates(y, &f) < 0)
        return y->e->code;
    if (f.merge != 0 && yaml_merge(y, &f) < 0)
        return y->e->code;
    json_end(&y->build);
    y->frames.n--;
    if (y->frames.n != 0 && vec_last(&y->frames).height <= f.height)
        vec_last(&y->frames).height = f.height + 1;
    return f.anchor != NULL ? yaml_anchor_end(y, f.anchor, f.node, f.height) : 0;
}

static void
reset(struct yaml_reader *y)
{
    json_build_cancel(&y->build);
    yaml_anchors_clear(y);
    for (size_t i = 0; i < y->duplicates.n; i++)
        free(y->duplicates.at[i]);
    vec_clear(&y->duplicates);
    vec_clear(&y->places);
    vec_clear(&y->frames);
}

static void
end_document(struct yaml_reader *y, struct yaml_docs *docs)
{
    if (y->build.nodes[0].type != JSON_NULL) {
        int line = (int)y->places.at[0].line;

        yaml_docs_add(
            docs,
            json_build_done_places(&y->build, y->places.at, y->duplicates.at, y->duplicates.n),
            line);
        y->duplicates.at = NULL;
        y->duplicates.n = y->duplicates.cap = 0;
    }
    reset(y);
}

static int
take(struct yaml_reader *y, const yaml_event_t *event, struct yaml_docs *docs)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return yaml_add_scalar(y, event);
    case YAML_ALIAS_EVENT:
        return yaml_add_alias(y, event);
    case YAML_MAPPING_START_EVENT:
    case YAML_SEQUENCE_START_EVENT:
        return begin_collection(y, event, event->type == YAML_MAPPING_START_EVENT);
    case YAML_MAPPING_END_EVENT:
    case YAML_SEQUENCE_END_EVENT:
        return end_collection(y);
    case YAML_DOCUMENT_END_EVENT:
        end_document(y, docs);
        return 0;
    default:
        return 0;
    }
}

static int
read_all(struct yaml_reader *y, struct str text, struct yaml_docs *docs)
{
    bool more = true;

    while (more) {
        yaml_event_t event;
        int rc;

        if (!yaml_parser_parse(&y->parser, &event))
            return fail_syntax(y, text);
        more = event.type != YAML_STREAM_END_EVENT;
        rc = take(y, &event, docs);
        yaml_event_delete(&event);
        if (rc < 0)
            return rc;
    }
    return 0;
}

int
yaml_read(struct str text, const struct yaml_limits *limits, struct yaml_docs *docs, struct err *e)
{
    struct yaml_reader y = {.limits = limits, .e = e};
    int rc;

    if (!yaml_parser_initialize(&y.parser))
        return err_set(e, ERR_UNAVAILABLE, "not enough memory to read YAML");
    yaml_parser_set_encoding(&y.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&y.parser, (const unsigned char *)text.p, text.n);
    rc = read_all(&y, text, docs);
    reset(&y);
    vec_done(&y.places);
    vec_done(&y.frames);
    vec_done(&y.anchors);
    vec_done(&y.duplicates);
    map_done(&y.names);
    yaml_parser_delete(&y.parser);
    return rc;
}
