/*
 * yaml_write - documents as YAML text.
 *
 * libyaml's emitter is the ancestor of the one that Kubernetes' tools use, so its
 * layout is theirs; what is decided here is the style of each string, and the order
 * of keys.
 */
#include <stdlib.h>
#include <yaml.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "data/json_int.h"
#include "data/yaml.h"
#include "data/yaml_resolve.h"

enum { WIDTH = 80, INDENT = 2 };

struct frame {
    const struct json *container;
    const struct json *next;    /* item of an array */
    const struct json **fields; /* keys of an object in order */
    uint32_t i;
};

/* Order of keys. */

static bool
is_digit(unsigned char c)
{
    return c >= '0' && c <= '9';
}

static bool
is_letter(unsigned char c)
{
    return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c >= 0x80;
}

/* Two runs of digits from i on: by value, then the one with fewer zeros in front. */
static int
compare_digits(struct str a, struct str b, size_t i)
{
    size_t a_end = i, b_end = i, x = i, y = i;

    while (a_end < a.n && is_digit((unsigned char)a.p[a_end]))
        a_end++;
    while (b_end < b.n && is_digit((unsigned char)b.p[b_end]))
        b_end++;
    while (x < a_end && a.p[x] == '0')
        x++;
    while (y < b_end && b.p[y] == '0')
        y++;
    if (a_end - x != b_end - y)
        return a_end - x < b_end - y ? -1 : 1;
    for (; x < a_end; x++, y++) {
        if (a.p[x] != b.p[y])
            return a.p[x] < b.p[y] ? -1 : 1;
    }
    return (a_end > b_end) - (a_end < b_end);
}

/* go-yaml's order: item2 before item10, and what is no letter before letters. */
static int
compare_keys(struct str a, struct str b)
{
    size_t i = 0, digits;
    bool a_letter, b_letter;
    int c;

    while (i < a.n && i < b.n && a.p[i] == b.p[i])
        i++;
    if (i == a.n || i == b.n)
        return (a.n > b.n) - (a.n < b.n);
    a_letter = is_letter((unsigned char)a.p[i]);
    b_letter = is_letter((unsigned char)b.p[i]);
    if (a_letter != b_letter)
        return a_letter ? 1 : -1;
    /* The runs are compared from where they begin, which may be before the difference. */
    for (digits = i; digits != 0 && is_digit((unsigned char)a.p[digits - 1]);)
        digits--;
    c = a_letter ? 0 : compare_digits(a, b, digits);
    if (c != 0)
        return c;
    return (unsigned char)a.p[i] < (unsigned char)b.p[i] ? -1 : 1;
}

static int
by_key(const void *a, const void *b)
{
    return compare_keys(json_view(*(const struct json *const *)a),
                        json_view(*(const struct json *const *)b));
}

static const struct json **
sorted_fields(const struct json *object)
{
    const struct json **keys = json_sorted_keys(object);

    qsort(keys, object->b, sizeof(struct json *), by_key);
    return keys;
}

/* Events. */

static int
write_out(void *to, unsigned char *p, size_t n)
{
    buf_add(to, p, n);
    return 1;
}

/* Only lack of memory or text that is not UTF-8 makes the emitter fail; the latter is mended
 * before. */
static void
emit(yaml_emitter_t *emitter, yaml_event_t *event)
{
    CHECK(yaml_emitter_emit(emitter, event));
}

/* A copy with U+FFFD for what is not UTF-8. */
static struct buf
mended(struct str s)
{
    struct buf b = BUF_INIT;
    const char *p = s.p, *end = s.p + s.n;

    while (p < end) {
        size_t n = utf8_length(p, end);

        if (n != 0)
            buf_add(&b, p, n);
        else
            buf_cstr(&b, "\xef\xbf\xbd");
        p += n != 0 ? n : 1;
    }
    return b;
}

/* Line breaks that reading would turn into another one. */
static bool
has_odd_break(struct str s)
{
    return str_find_char(s, '\r', 0) >= 0 || str_find(s, STR("\xc2\x85"), 0) >= 0 ||
           str_find(s, STR("\xe2\x80\xa8"), 0) >= 0 || str_find(s, STR("\xe2\x80\xa9"), 0) >= 0;
}

static yaml_scalar_style_t
style_of(struct str s)
{
    if (has_odd_break(s))
        return YAML_DOUBLE_QUOTED_SCALAR_STYLE;
    if (str_find_char(s, '\n', 0) >= 0)
        return YAML_LITERAL_SCALAR_STYLE;
    return yaml_is_plainly_string(s) ? YAML_PLAIN_SCALAR_STYLE : YAML_DOUBLE_QUOTED_SCALAR_STYLE;
}

static void
emit_text(yaml_emitter_t *emitter, struct str s, yaml_scalar_style_t style)
{
    yaml_event_t event;

    CHECK(s.n <= INT32_MAX);
    CHECK(yaml_scalar_event_initialize(&event, NULL, NULL, (const yaml_char_t *)s.p, (int)s.n, 1, 1,
                                       style));
    emit(emitter, &event);
}

static void
emit_string(yaml_emitter_t *emitter, const struct json *v)
{
    struct buf b = mended(json_view(v));

    emit_text(emitter, buf_view(&b), style_of(buf_view(&b)));
    buf_done(&b);
}

static void
emit_value(yaml_emitter_t *emitter, const struct json *v)
{
    yaml_event_t event;

    switch (json_type(v)) {
    case JSON_STRING:
        emit_string(emitter, v);
        return;
    case JSON_OBJECT:
        CHECK(yaml_mapping_start_event_initialize(
            &event, NULL, NULL, 1, v->b != 0 ? YAML_BLOCK_MAPPING_STYLE : YAML_FLOW_MAPPING_STYLE));
        emit(emitter, &event);
        return;
    case JSON_ARRAY:
        CHECK(yaml_sequence_start_event_initialize(&event, NULL, NULL, 1,
                                                   v->b != 0 ? YAML_BLOCK_SEQUENCE_STYLE
                                                             : YAML_FLOW_SEQUENCE_STYLE));
        emit(emitter, &event);
        return;
    case JSON_ABSENT:
        emit_text(emitter, STR("null"), YAML_PLAIN_SCALAR_STYLE);
        return;
    default:
        emit_text(emitter, json_scalar_text(v), YAML_PLAIN_SCALAR_STYLE);
    }
}

static void
end_container(yaml_emitter_t *emitter, struct frame *f)
{
    yaml_event_t event;

    if (f->container->type == JSON_OBJECT)
        yaml_mapping_end_event_initialize(&event);
    else
        yaml_sequence_end_event_initialize(&event);
    emit(emitter, &event);
    free(f->fields);
}

/* The frame's next value, its key being out; NULL at its end. */
static const struct json *
next_value(yaml_emitter_t *emitter, struct frame *f)
{
    const struct json *v;

    if (f->i == f->container->b)
        return NULL;
    if (f->fields != NULL) {
        v = f->fields[f->i++];
        emit_string(emitter, v);
        return v + 1;
    }
    v = f->next;
    f->next += json_span(v);
    f->i++;
    return v;
}

static void
emit_tree(yaml_emitter_t *emitter, const struct json *v)
{
    VEC(struct frame) frames = VEC_INIT;

    emit_value(emitter, v);
    while (v != NULL || frames.n != 0) {
        if (v == NULL) {
            end_container(emitter, &vec_last(&frames));
            frames.n--;
        } else if (json_is_container(v)) {
            struct frame f = {.container = v, .next = v + 1};

            if (v->type == JSON_OBJECT)
                f.fields = sorted_fields(v);
            vec_push(&frames, f);
        }
        if (frames.n == 0)
            break;
        v = next_value(emitter, &vec_last(&frames));
        if (v != NULL)
            emit_value(emitter, v);
    }
    vec_done(&frames);
}

void
yaml_write(struct buf *to, const struct json *v)
{
    yaml_emitter_t emitter;
    yaml_event_t event;

    CHECK(yaml_emitter_initialize(&emitter));
    yaml_emitter_set_output(&emitter, write_out, to);
    yaml_emitter_set_unicode(&emitter, 1);
    yaml_emitter_set_width(&emitter, WIDTH);
    yaml_emitter_set_indent(&emitter, INDENT);
    yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING);
    emit(&emitter, &event);
    CHECK(yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1));
    emit(&emitter, &event);
    emit_tree(&emitter, v);
    yaml_document_end_event_initialize(&event, 1);
    emit(&emitter, &event);
    yaml_stream_end_event_initialize(&event);
    emit(&emitter, &event);
    CHECK(yaml_emitter_flush(&emitter));
    yaml_emitter_delete(&emitter);
}
