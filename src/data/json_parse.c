/*
 * json_parse - from text to nodes.
 *
 * Two steps alternate: read_value() takes a scalar or the opening of a container,
 * read_after() takes closings up to the comma before the next value.  What a call
 * stack would hold is in the open containers themselves (see json_int.h), so depth
 * costs nothing and is only counted.  Every reader takes the cursor and returns the
 * new one, or NULL with the error set.
 *
 * Decoded text never is longer than its source (quotes pay for the NUL), so one
 * allocation of the text's size holds it all and is never checked; nodes grow.
 */
#include <stdlib.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/buf.h"
#include "base/err.h"
#include "data/json_parse_int.h"

enum { FIRST_NODES = 16, BYTES_PER_NODE_GUESS = 12 };

/* Errors. */

/* 1-based line and column (in bytes) of an offset. */
static struct json_position
position_of(const char *text, size_t offset)
{
    struct json_position at = {1, 1};
    const char *start = text, *p = text, *hit;

    while ((hit = memchr(p, '\n', (size_t)(text + offset - p))) != NULL) {
        at.line++;
        start = p = hit + 1;
    }
    at.col += (int)(text + offset - start);
    return at;
}

const char *
json_parse_fail(struct json_parser *ps, int code, const char *at, const char *fmt, ...)
{
    struct json_position pos = position_of(ps->text, (size_t)(at - ps->text));
    va_list ap;

    va_start(ap, fmt);
    err_setv(ps->e, code, fmt, ap);
    va_end(ap);
    err_wrap(ps->e, "line %d column %d", pos.line, pos.col);
    ps->e->line = pos.line;
    ps->e->col = pos.col;
    return NULL;
}

const char *
json_parse_expected(struct json_parser *ps, const char *p, const char *what)
{
    unsigned char c;

    if (p == ps->end)
        return json_parse_fail(ps, ERR_BADREQUEST, p, "expected %s, found the end of the text",
                               what);
    c = (unsigned char)*p;
    if (c > ' ' && c < 0x7f)
        return json_parse_fail(ps, ERR_BADREQUEST, p, "expected %s, found '%c'", what, c);
    return json_parse_fail(ps, ERR_BADREQUEST, p, "expected %s, found byte 0x%02x", what, c);
}

/* Nodes. */

bool
json_parse_grow(struct json_parser *ps)
{
    size_t cap = (size_t)ps->cap + ps->cap / 2 + FIRST_NODES;
    struct json_doc *block = json_doc_resize(ps->block, cap);

    if (block == NULL) {
        err_set(ps->e, ERR_UNAVAILABLE, "not enough memory for %zu JSON values", cap);
        return false;
    }
    ps->block = block;
    ps->nodes = block->nodes;
    ps->cap = (uint32_t)cap;
    return true;
}

static inline const char *
skip_space(const char *p, const char *end)
{
    if (p < end && (unsigned char)*p > ' ')
        return p;
#ifdef __SSE2__
    while (end - p >= 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)p);
        __m128i white = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8(' ')),
                                                  _mm_cmpeq_epi8(v, _mm_set1_epi8('\n'))),
                                     _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('\r')),
                                                  _mm_cmpeq_epi8(v, _mm_set1_epi8('\t'))));
        unsigned other = (unsigned)_mm_movemask_epi8(white) ^ 0xffff;

        if (other != 0)
            return p + __builtin_ctz(other);
        p += 16;
    }
#endif
    while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
        p++;
    return p;
}

/* A key with its colon; counts the field. */
static const char *
read_key(struct json_parser *ps, const char *p)
{
    p = skip_space(p, ps->end);
    if (p == ps->end || *p != '"')
        return json_parse_expected(ps, p, "a key in quotes");
    p = json_parse_string(ps, p);
    if (p == NULL)
        return NULL;
    p = skip_space(p, ps->end);
    if (p == ps->end || *p != ':')
        return json_parse_expected(ps, p, "':' after a key");
    return p + 1;
}

/* Other scalars. */

static inline const char *
skip_digits(const char *p, const char *end)
{
    while (p < end && (unsigned)(*p - '0') < 10)
        p++;
    return p;
}

/* Where the number that starts at p ends; NULL with the error set. */
static const char *
number_end(struct json_parser *ps, const char *p)
{
    const char *start = p, *end = ps->end;

    if (*p == '-')
        p++;
    start = p;
    p = skip_digits(p, end);
    if (p == start)
        return json_parse_expected(ps, p, "a digit");
    if (*start == '0' && p - start > 1)
        return json_parse_fail(ps, ERR_BADREQUEST, start, "a number must not begin with 0");
    if (p < end && *p == '.') {
        start = p + 1;
        p = skip_digits(start, end);
        if (p == start)
            return json_parse_expected(ps, p, "a digit after '.'");
    }
    if (p < end && (*p | 0x20) == 'e') {
        p++;
        if (p < end && (*p == '+' || *p == '-'))
            p++;
        start = p;
        p = skip_digits(p, end);
        if (p == start)
            return json_parse_expected(ps, p, "a digit in the exponent");
    }
    return p;
}

static const char *
read_number(struct json_parser *ps, const char *p)
{
    const char *end = number_end(ps, p);
    struct json *v;

    if (end == NULL)
        return NULL;
    v = json_parse_push(ps, JSON_NUMBER, p);
    if (v == NULL)
        return NULL;
    v->a = (uint32_t)(ps->out - ps->out_start);
    v->b = (uint32_t)(end - p);
    while (p < end)
        *ps->out++ = *p++;
    *ps->out++ = '\0';
    return end;
}

static const char *
read_word(struct json_parser *ps, const char *p)
{
    static const struct {
        struct str word;
        enum json_type type;
        uint32_t value;
    } words[] = {
        {STR("true"), JSON_BOOL, 1}, {STR("false"), JSON_BOOL, 0}, {STR("null"), JSON_NULL, 0}};
    struct str rest = str_make(p, (size_t)(ps->end - p));

    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (str_starts(rest, words[i].word)) {
            struct json *v = json_parse_push(ps, words[i].type, p);

            if (v == NULL)
                return NULL;
            v->a = words[i].value;
            return p + words[i].word.n;
        }
    }
    return json_parse_expected(ps, p, "a value");
}

/* Containers. */

static void
found_duplicate(void *owner, uint32_t key)
{
    struct json_parser *ps = owner;
    struct buf path = BUF_INIT;

    if (ps->duplicates.n == JSON_LISTED_DUPLICATES)
        return;
    json_path_open(ps->nodes, ps->out_start, ps->open, key, &path);
    vec_push(&ps->duplicates, buf_take(&path));
}

static bool
check_duplicates(struct json_parser *ps)
{
    struct buf path = BUF_INIT;
    struct json_position pos;
    uint32_t first;
    uint32_t key = json_find_duplicate(ps->nodes, ps->open - 1, ps->n, ps->out_start, &first);

    if (__builtin_expect(key == JSON_NONE, 1))
        return true;
    if (!ps->limits->refuse_duplicates) {
        ps->n = json_drop_duplicates(ps->nodes, NULL, ps->open - 1, ps->n, ps->out_start,
                                     found_duplicate, ps);
        return true;
    }
    json_path_open(ps->nodes, ps->out_start, ps->open, key, &path);
    pos = position_of(ps->text, ps->nodes[first].offset);
    json_parse_fail(ps, ERR_BADREQUEST, ps->text + ps->nodes[key].offset,
                    "duplicate key \"%s\", first at line %d column %d", buf_cstring(&path),
                    pos.line, pos.col);
    buf_done(&path);
    return false;
}

static bool
open_container(struct json_parser *ps, enum json_type type, const char *p)
{
    struct json *v;

    if (ps->depth == ps->limits->depth) {
        json_parse_fail(ps, ERR_TOOLARGE, p, "nested deeper than the limit of %u levels",
                        ps->limits->depth);
        return false;
    }
    v = json_parse_push(ps, type, p);
    if (v == NULL)
        return false;
    ps->depth++;
    v->a = ps->open;
    ps->open = v->index + 1;
    return true;
}

static bool
close_container(struct json_parser *ps)
{
    struct json *v = &ps->nodes[ps->open - 1];
    uint32_t around = v->a;

    if (v->type == JSON_OBJECT && v->b > 1 && !check_duplicates(ps))
        return false;
    v->a = ps->n - v->index;
    ps->open = around;
    ps->depth--;
    return true;
}

/* A scalar, or the opening of a container: then *more says that a value must follow. */
static const char *
read_value(struct json_parser *ps, const char *p, bool *more)
{
    p = skip_space(p, ps->end);
    *more = false;
    if (p == ps->end)
        return json_parse_expected(ps, p, "a value");
    switch (*p) {
    case '"':
        return json_parse_string(ps, p);
    case '{':
    case '[':
        if (!open_container(ps, *p == '{' ? JSON_OBJECT : JSON_ARRAY, p))
            return NULL;
        p = skip_space(p + 1, ps->end);
        if (p < ps->end && *p == (ps->nodes[ps->open - 1].type == JSON_OBJECT ? '}' : ']'))
            return close_container(ps) ? p + 1 : NULL;
        ps->nodes[ps->open - 1].b++;
        *more = true;
        return ps->nodes[ps->open - 1].type == JSON_OBJECT ? read_key(ps, p) : p;
    case '-':
    case '0' ... '9':
        return read_number(ps, p);
    default:
        return read_word(ps, p);
    }
}

/* From behind a value to where the next one must begin, or to the end of all. */
static const char *
read_after(struct json_parser *ps, const char *p)
{
    while (ps->open != 0) {
        struct json *v = &ps->nodes[ps->open - 1];
        bool object = v->type == JSON_OBJECT;

        p = skip_space(p, ps->end);
        if (p < ps->end && *p == ',') {
            v->b++;
            return object ? read_key(ps, p + 1) : p + 1;
        }
        if (p == ps->end || *p != (object ? '}' : ']'))
            return json_parse_expected(ps, p, object ? "',' or '}'" : "',' or ']'");
        if (!close_container(ps))
            return NULL;
        p++;
    }
    p = skip_space(p, ps->end);
    if (p != ps->end)
        return json_parse_expected(ps, p, "the end of the text");
    ps->done = true;
    return p;
}

static int
read_all(struct json_parser *ps)
{
    const char *p = ps->text;
    bool more;

    while (!ps->done) {
        p = read_value(ps, p, &more);
        if (p != NULL && !more)
            p = read_after(ps, p);
        if (p == NULL)
            return ps->e->code;
    }
    return 0;
}

/* Where lines begin, so that positions can be told when the text is gone. */
static uint32_t *
find_lines(struct str text, size_t *ret_n)
{
    VEC(uint32_t) lines = VEC_INIT;
    size_t i = 0;

#ifdef __SSE2__
    for (; i + 16 <= text.n; i += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(text.p + i));
        unsigned mask = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8('\n')));

        for (; mask != 0; mask &= mask - 1)
            vec_push(&lines, (uint32_t)(i + (size_t)__builtin_ctz(mask) + 1));
    }
#endif
    for (; i < text.n; i++) {
        if (text.p[i] == '\n')
            vec_push(&lines, (uint32_t)i + 1);
    }
    *ret_n = lines.n;
    return lines.at;
}

static int
finish(struct json_parser *ps, struct json_doc **ret)
{
    struct json_parts parts = {.n = ps->n};
    cleanup_free uint32_t *lines = NULL;

    lines = find_lines(str_make(ps->text, (size_t)(ps->end - ps->text)), &parts.lines_n);
    parts.lines = lines;
    parts.text = str_make(ps->out_start, (size_t)(ps->out - ps->out_start));
    parts.duplicates = ps->duplicates.at;
    parts.duplicates_n = ps->duplicates.n;
    *ret = json_doc_finish(ps->block, &parts);
    if (*ret == NULL)
        return err_set(ps->e, ERR_UNAVAILABLE, "not enough memory for the JSON document");
    ps->block = NULL;
    ps->duplicates.at = NULL;
    ps->duplicates.n = 0;
    return 0;
}

int
json_parse(struct str text, const struct json_limits *limits, struct json_doc **ret, struct err *e)
{
    size_t most;
    int rc;
    struct json_parser ps = {.e = e};

    *ret = NULL;
    ps.text = text.p != NULL ? text.p : "";
    ps.end = ps.text + text.n;
    ps.limits = limits != NULL ? limits : &json_limits_default;
    /* Offsets of nodes have 28 bits, whatever the caller's limit. */
    most = ps.limits->bytes < JSON_MAX_BYTES ? ps.limits->bytes : JSON_MAX_BYTES;
    if (text.n > most)
        return err_set(e, ERR_TOOLARGE, "%zu bytes of JSON are over the limit of %zu bytes", text.n,
                       most);
    ps.out_start = ps.out = mem_try(text.n + JSON_PAD, SIZE_MAX, "JSON text", e);
    if (ps.out == NULL)
        return e->code;
    ps.cap = (uint32_t)(text.n / BYTES_PER_NODE_GUESS);
    rc = json_parse_grow(&ps) ? read_all(&ps) : e->code;
    if (rc == 0)
        rc = finish(&ps, ret);
    free(ps.out_start);
    free(ps.block);
    for (size_t i = 0; i < ps.duplicates.n; i++)
        free(ps.duplicates.at[i]);
    vec_done(&ps.duplicates);
    return rc;
}
