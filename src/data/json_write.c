/*
 * json_write - compact output, as fast as memory allows.
 *
 * Nodes are walked in their order; a small stack of open containers says when one
 * ends.  Bytes go straight into the buffer's memory: room for the longest form of
 * a token is made once, then nothing is checked until the token is out.  Strings
 * that the parser has seen without a backslash are copied as they are.
 */
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/buf.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "data/json_int.h"
#include "data/json_plain.h"

enum { TOKEN_SLACK = 48, LONGEST_ESCAPE = 6 };

/* A buffer whose bytes are written past its own bookkeeping. */
struct out {
    struct buf *to;
    char *p, *end;
};

static void
out_commit(struct out *o)
{
    if (o->p != NULL)
        buf_grew(o->to, (size_t)(o->p - (o->to->p + o->to->n)));
}

static void
out_more(struct out *o, size_t n)
{
    out_commit(o);
    o->p = buf_reserve(o->to, n);
    o->end = o->to->p + o->to->cap - 1;
}

static inline void
out_room(struct out *o, size_t n)
{
    if ((size_t)(o->end - o->p) < n)
        out_more(o, n);
}

/* Characters that a string literal cannot hold as they are: 'u' for \u00XX, or the letter. */
static const char escapes[256] = {
    [0 ... 7] = 'u', ['\b'] = 'b', ['\t'] = 't',      ['\n'] = 'n', [11] = 'u',
    ['\f'] = 'f',    ['\r'] = 'r', [14 ... 31] = 'u', ['"'] = '"',  ['\\'] = '\\',
};

/* One character that needs thought; returns where the next begins. */
static const char *
put_odd(struct out *o, const char *p, const char *end)
{
    static const char hex[] = "0123456789abcdef";
    unsigned char c = (unsigned char)*p;
    size_t n;

    out_room(o, LONGEST_ESCAPE + TOKEN_SLACK);
    if (c >= 0x80) {
        n = utf8_length(p, end);
        if (n == 0) {
            memcpy(o->p, "\xef\xbf\xbd", 3); /* U+FFFD */
            o->p += 3;
            return p + 1;
        }
        memcpy(o->p, p, n);
        o->p += n;
        return p + n;
    }
    *o->p++ = '\\';
    *o->p++ = escapes[c];
    if (escapes[c] == 'u') {
        *o->p++ = '0';
        *o->p++ = '0';
        *o->p++ = hex[c >> 4];
        *o->p++ = hex[c & 15];
    }
    return p + 1;
}

static void
put_escaped(struct out *o, struct str s)
{
    const char *p = s.p, *end = s.p + s.n;

    while (p < end) {
        out_room(o, (size_t)(end - p) + TOKEN_SLACK);
        p = json_copy_plain(p, end, &o->p);
        if (p < end)
            p = put_odd(o, p, end);
    }
}

/* Copies text that has JSON_PAD readable bytes behind it; there is room for those too. */
static inline void
put_padded(struct out *o, const char *p, size_t n)
{
    char *to = o->p;

    o->p += n;
#ifdef __SSE2__
    if (n <= 32) {
        _mm_storeu_si128((__m128i *)to, _mm_loadu_si128((const __m128i *)p));
        _mm_storeu_si128((__m128i *)(to + 16), _mm_loadu_si128((const __m128i *)(p + 16)));
        return;
    }
#endif
    memcpy(to, p, n);
}

static inline void
put_string(struct out *o, const struct json *v, const char *text)
{
    out_room(o, v->b + TOKEN_SLACK);
    *o->p++ = '"';
    if (v->plain) {
        put_padded(o, text + v->a, v->b);
    } else {
        put_escaped(o, str_make(text + v->a, v->b));
        out_room(o, TOKEN_SLACK);
    }
    *o->p++ = '"';
}

static inline void
put_literal(struct out *o, struct str s)
{
    out_room(o, TOKEN_SLACK);
    memcpy(o->p, s.p, s.n);
    o->p += s.n;
}

/* A scalar, or the opening of a container; one without content is closed too. */
static inline void
put_node(struct out *o, const struct json *v, const char *text)
{
    switch ((enum json_type)v->type) {
    case JSON_STRING:
        put_string(o, v, text);
        return;
    case JSON_NUMBER:
        out_room(o, v->b + TOKEN_SLACK);
        put_padded(o, text + v->a, v->b);
        return;
    case JSON_BOOL:
        put_literal(o, v->a != 0 ? STR("true") : STR("false"));
        return;
    case JSON_OBJECT:
        put_literal(o, v->b != 0 ? STR("{") : STR("{}"));
        return;
    case JSON_ARRAY:
        put_literal(o, v->b != 0 ? STR("[") : STR("[]"));
        return;
    case JSON_ABSENT:
    case JSON_NULL:
        put_literal(o, STR("null"));
    }
}

/* The key at v with its colon; returns the value. */
static inline const struct json *
put_key(struct out *o, const struct json *v, const char *text)
{
    put_string(o, v, text);
    *o->p++ = ':';
    return v + 1;
}

static void
put_tree(struct out *o, const struct json *v)
{
    VEC(const struct json *) open = VEC_INIT;
    const char *text = json_doc_of(v)->text;
    const struct json *top = NULL, *end = v + json_span(v);

    while (v < end) {
        put_node(o, v, text);
        if (json_is_container(v) && v->b != 0) {
            vec_push(&open, v);
            top = v++;
        } else {
            v++;
            for (; open.n != 0 && v == top + top->a; top = open.n != 0 ? vec_last(&open) : NULL) {
                out_room(o, TOKEN_SLACK);
                *o->p++ = top->type == JSON_OBJECT ? '}' : ']';
                open.n--;
            }
            if (open.n == 0)
                break;
            out_room(o, TOKEN_SLACK);
            *o->p++ = ',';
        }
        if (top->type == JSON_OBJECT)
            v = put_key(o, v, text);
    }
    vec_done(&open);
}

/* What is written ahead of need must not count against a buffer's maximum, so such a buffer gets
 * the finished text at once. */
static void
through(struct buf *to, const struct json *v, void (*write)(struct buf *, const struct json *))
{
    struct buf all = BUF_INIT;

    write(&all, v);
    buf_str(to, buf_view(&all));
    buf_done(&all);
}

void
json_write(struct buf *to, const struct json *v)
{
    struct out o = {.to = to};

    if (to->max != 0) {
        through(to, v, json_write);
        return;
    }
    if (v == NULL) {
        buf_cstr(to, "null");
        return;
    }
    out_more(&o, json_span(v) * (size_t)8 + TOKEN_SLACK);
    put_tree(&o, v);
    out_commit(&o);
}

void
json_write_escaped(struct buf *to, struct str s)
{
    struct buf alone = BUF_INIT;
    struct out o = {.to = to->max != 0 ? &alone : to};

    out_more(&o, s.n + TOKEN_SLACK);
    put_escaped(&o, s);
    out_commit(&o);
    if (to->max != 0)
        buf_str(to, buf_view(&alone));
    buf_done(&alone);
}

void
json_write_string(struct buf *to, struct str s)
{
    buf_char(to, '"');
    json_write_escaped(to, s);
    buf_char(to, '"');
}
