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
#include "base/vec.h"
#include "data/json_int.h"

enum { FIRST_NODES = 16, BYTES_PER_NODE_GUESS = 12 };

struct parser {
    const char *text, *end;
    const struct json_limits *limits;
    struct err *e;
    struct json_doc *block;
    struct json *nodes; /* of the block */
    uint32_t n, cap;
    uint32_t open; /* index of the innermost open container, plus one; 0: none */
    unsigned depth;
    char *out_start, *out;
    VEC(char *) duplicates;
    bool done;
};

/* Errors. */

/* 1-based line and column (in bytes) of an offset. */
static struct json_position
position_in(const char *text, size_t offset)
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

static const char *fail(struct parser *ps, int code, const char *at, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

static const char *
fail(struct parser *ps, int code, const char *at, const char *fmt, ...)
{
    struct json_position pos = position_in(ps->text, (size_t)(at - ps->text));
    va_list ap;

    va_start(ap, fmt);
    err_setv(ps->e, code, fmt, ap);
    va_end(ap);
    err_wrap(ps->e, "line %d column %d", pos.line, pos.col);
    ps->e->line = pos.line;
    ps->e->col = pos.col;
    return NULL;
}

static const char *
expected(struct parser *ps, const char *p, const char *what)
{
    unsigned char c;

    if (p == ps->end)
        return fail(ps, ERR_BADREQUEST, p, "expected %s, found the end of the text", what);
    c = (unsigned char)*p;
    if (c > ' ' && c < 0x7f)
        return fail(ps, ERR_BADREQUEST, p, "expected %s, found '%c'", what, c);
    return fail(ps, ERR_BADREQUEST, p, "expected %s, found byte 0x%02x", what, c);
}

/* Nodes. */

static bool
grow(struct parser *ps)
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

/* The next node, read at p; or NULL. */
static inline struct json *
push(struct parser *ps, enum json_type type, const char *p)
{
    struct json *v;

    if (__builtin_expect(ps->n == ps->cap, 0) && !grow(ps))
        return NULL;
    v = &ps->nodes[ps->n];
    *v = (struct json){.index = ps->n++, .type = type};
    v->offset = (uint32_t)(p - ps->text) & JSON_NO_OFFSET;
    return v;
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

/* Strings. */

static const char *
read_hex(struct parser *ps, const char *p, uint32_t *ret)
{
    uint32_t rune = 0;

    for (int i = 0; i < 4; i++, p++) {
        char c = p < ps->end ? *p : ' ';
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;

        if (digit < 0)
            return expected(ps, p, "four hexadecimal digits after \\u");
        rune = rune << 4 | (uint32_t)digit;
    }
    *ret = rune;
    return p;
}

/* p is behind "\u". */
static const char *
read_unicode(struct parser *ps, const char *p, uint32_t *ret)
{
    const char *start = p - 2;
    uint32_t low;

    p = read_hex(ps, p, ret);
    if (p == NULL || *ret < 0xd800 || *ret > 0xdfff)
        return p;
    if (*ret < 0xdc00 && ps->end - p >= 6 && p[0] == '\\' && p[1] == 'u') {
        p = read_hex(ps, p + 2, &low);
        if (p == NULL)
            return NULL;
        if (low >= 0xdc00 && low <= 0xdfff) {
            *ret = 0x10000 + ((*ret - 0xd800) << 10) + (low - 0xdc00);
            return p;
        }
    }
    return fail(ps, ERR_BADREQUEST, start, "lone surrogate \\u%04x in a string", *ret);
}

/* p is at a backslash. */
static const char *
read_escape(struct parser *ps, const char *p, char **out)
{
    static const char plain[128] = {['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
                                    ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t'};
    uint32_t rune;
    unsigned char c;

    if (ps->end - p < 2)
        return expected(ps, ps->end, "an escape");
    c = (unsigned char)p[1];
    if (c == 'u') {
        p = read_unicode(ps, p + 2, &rune);
        if (p != NULL)
            *out += json_utf8_put(*out, rune);
        return p;
    }
    if (c >= 128 || plain[c] == 0)
        return expected(ps, p + 1, "one of \"\\/bfnrtu after a backslash");
    *(*out)++ = plain[c];
    return p + 2;
}

/* p is at a byte above 0x7f: takes the run of such bytes. */
static const char *
read_wide(struct parser *ps, const char *p, char **out)
{
    while (p < ps->end && (unsigned char)*p >= 0x80) {
        size_t n = json_utf8_length(p, ps->end);

        if (n == 0)
            return fail(ps, ERR_BADREQUEST, p, "byte 0x%02x in a string is not UTF-8",
                        (unsigned char)*p);
        memcpy(*out, p, n);
        *out += n;
        p += n;
    }
    return p;
}

/* Copies what needs no thought from p; stops at a quote, backslash, control or wide byte. */
static inline const char *
copy_plain(const char *p, const char *end, char **to)
{
    char *out = *to;
#ifdef __SSE2__
    while (end - p >= 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)p);
        /* As signed bytes, those above 0x7f are less than a space too. */
        __m128i hit = _mm_or_si128(_mm_cmplt_epi8(v, _mm_set1_epi8(' ')),
                                   _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')),
                                                _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'))));
        unsigned mask = (unsigned)_mm_movemask_epi8(hit);

        _mm_storeu_si128((__m128i *)out, v);
        if (mask != 0) {
            int k = __builtin_ctz(mask);

            *to = out + k;
            return p + k;
        }
        p += 16;
        out += 16;
    }
#endif
    while (p < end && (signed char)*p >= ' ' && *p != '"' && *p != '\\')
        *out++ = *p++;
    *to = out;
    return p;
}

/* A string, p at its opening quote, into a new node. */
static const char *
read_string(struct parser *ps, const char *p)
{
    struct json *v = push(ps, JSON_STRING, p);
    char *out = ps->out;

    if (v == NULL)
        return NULL;
    v->plain = 1;
    v->a = (uint32_t)(out - ps->out_start);
    for (p = copy_plain(p + 1, ps->end, &out); p == ps->end || *p != '"';
         p = copy_plain(p, ps->end, &out)) {
        if (p == ps->end)
            return expected(ps, p, "'\"' at the end of a string");
        if (*p == '\\') {
            v->plain = 0;
            p = read_escape(ps, p, &out);
        } else if ((unsigned char)*p >= 0x80) {
            p = read_wide(ps, p, &out);
        } else {
            return fail(ps, ERR_BADREQUEST, p,
                        "control byte 0x%02x in a string, which must be written as an escape",
                        (unsigned char)*p);
        }
        if (p == NULL)
            return NULL;
    }
    v->b = (uint32_t)(out - ps->out_start) - v->a;
    *out++ = '\0';
    ps->out = out;
    return p + 1;
}

/* A key with its colon; counts the field. */
static const char *
read_key(struct parser *ps, const char *p)
{
    p = skip_space(p, ps->end);
    if (p == ps->end || *p != '"')
        return expected(ps, p, "a key in quotes");
    p = read_string(ps, p);
    if (p == NULL)
        return NULL;
    p = skip_space(p, ps->end);
    if (p == ps->end || *p != ':')
        return expected(ps, p, "':' after a key");
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
number_end(struct parser *ps, const char *p)
{
    const char *start = p, *end = ps->end;

    if (*p == '-')
        p++;
    start = p;
    p = skip_digits(p, end);
    if (p == start)
        return expected(ps, p, "a digit");
    if (*start == '0' && p - start > 1)
        return fail(ps, ERR_BADREQUEST, start, "a number must not begin with 0");
    if (p < end && *p == '.') {
        start = p + 1;
        p = skip_digits(start, end);
        if (p == start)
            return expected(ps, p, "a digit after '.'");
    }
    if (p < end && (*p | 0x20) == 'e') {
        p++;
        if (p < end && (*p == '+' || *p == '-'))
            p++;
        start = p;
        p = skip_digits(p, end);
        if (p == start)
            return expected(ps, p, "a digit in the exponent");
    }
    return p;
}

static const char *
read_number(struct parser *ps, const char *p)
{
    const char *end = number_end(ps, p);
    struct json *v;

    if (end == NULL)
        return NULL;
    v = push(ps, JSON_NUMBER, p);
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
read_word(struct parser *ps, const char *p)
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
            struct json *v = push(ps, words[i].type, p);

            if (v == NULL)
                return NULL;
            v->a = words[i].value;
            return p + words[i].word.n;
        }
    }
    return expected(ps, p, "a value");
}

/* Containers. */

static void
found_duplicate(void *owner, uint32_t key)
{
    struct parser *ps = owner;
    struct buf path = BUF_INIT;

    if (ps->duplicates.n == JSON_LISTED_DUPLICATES)
        return;
    json_path_open(ps->nodes, ps->out_start, ps->open, key, &path);
    vec_push(&ps->duplicates, buf_take(&path));
}

static bool
check_duplicates(struct parser *ps)
{
    struct buf path = BUF_INIT;
    struct json_position pos;
    uint32_t first;
    uint32_t key = json_find_duplicate(ps->nodes, ps->open - 1, ps->n, ps->out_start, &first);

    if (__builtin_expect(key == JSON_NONE, 1))
        return true;
    if (!ps->limits->refuse_duplicates) {
        ps->n = json_drop_duplicates(ps->nodes, ps->open - 1, ps->n, ps->out_start, found_duplicate,
                                     ps);
        return true;
    }
    json_path_open(ps->nodes, ps->out_start, ps->open, key, &path);
    pos = position_in(ps->text, ps->nodes[first].offset);
    fail(ps, ERR_BADREQUEST, ps->text + ps->nodes[key].offset,
         "duplicate key \"%s\", first at line %d column %d", buf_cstring(&path), pos.line, pos.col);
    buf_done(&path);
    return false;
}

static bool
open_container(struct parser *ps, enum json_type type, const char *p)
{
    struct json *v;

    if (ps->depth == ps->limits->depth) {
        fail(ps, ERR_TOOLARGE, p, "nested deeper than the limit of %u levels", ps->limits->depth);
        return false;
    }
    v = push(ps, type, p);
    if (v == NULL)
        return false;
    ps->depth++;
    v->a = ps->open;
    ps->open = v->index + 1;
    return true;
}

static bool
close_container(struct parser *ps)
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
read_value(struct parser *ps, const char *p, bool *more)
{
    p = skip_space(p, ps->end);
    *more = false;
    if (p == ps->end)
        return expected(ps, p, "a value");
    switch (*p) {
    case '"':
        return read_string(ps, p);
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
read_after(struct parser *ps, const char *p)
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
            return expected(ps, p, object ? "',' or '}'" : "',' or ']'");
        if (!close_container(ps))
            return NULL;
        p++;
    }
    p = skip_space(p, ps->end);
    if (p != ps->end)
        return expected(ps, p, "the end of the text");
    ps->done = true;
    return p;
}

static int
read_all(struct parser *ps)
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
    const char *p = text.p, *end = text.p + text.n;

    while (p < end && (p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
        p++;
        vec_push(&lines, (uint32_t)(p - text.p));
    }
    *ret_n = lines.n;
    return lines.at;
}

static int
finish(struct parser *ps, struct json_doc **ret)
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
    struct parser ps = {.text = text.p, .end = text.p + text.n, .e = e};

    *ret = NULL;
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
    rc = grow(&ps) ? read_all(&ps) : e->code;
    if (rc == 0)
        rc = finish(&ps, ret);
    free(ps.out_start);
    free(ps.block);
    for (size_t i = 0; i < ps.duplicates.n; i++)
        free(ps.duplicates.at[i]);
    vec_done(&ps.duplicates);
    return rc;
}
