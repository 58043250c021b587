#include "cli/treetable.h"

#include "base/str.h"

enum { GAP = 2, ESCAPE = 0x1b };

/* One character of UTF-8. */
struct rune {
    uint32_t code;
    size_t n;   /* bytes it takes; at least 1 */
    bool valid; /* else the first byte starts no well-formed character */
};

static bool
continues(struct str s, size_t at)
{
    return at < s.n && ((unsigned char)s.p[at] & 0xc0) == 0x80;
}

/* The character at the start of s, which is not empty.  Overlong forms, surrogates and what lies
 * beyond U+10FFFF are malformed (RFC 3629). */
static struct rune
rune_first(struct str s)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char c = (unsigned char)s.p[0];
    size_t n = c < 0x80 ? 1 : c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;
    uint32_t code = n == 1 ? c : n > 1 ? c & (0xffu >> (n + 1)) : 0;

    if (n == 0)
        return (struct rune){.n = 1};
    for (size_t i = 1; i < n; i++) {
        if (!continues(s, i))
            return (struct rune){.n = 1};
        code = code << 6 | ((unsigned char)s.p[i] & 0x3f);
    }
    if (code < least[n] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return (struct rune){.n = 1};
    return (struct rune){.code = code, .n = n, .valid = true};
}

struct range {
    uint32_t first, last;
};

static bool
within(const struct range *ranges, size_t n, uint32_t code)
{
    for (size_t i = 0; i < n && ranges[i].first <= code; i++) {
        if (code <= ranges[i].last)
            return true;
    }
    return false;
}

/* Blocks of Unicode (not single characters): East Asian wide ones and emoji take two cells,
 * combining marks, joiners and selectors none. */
static unsigned
rune_width(uint32_t code)
{
    static const struct range wide[] = {
        {0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0x33ff},   {0x3400, 0x4dbf},
        {0x4e00, 0x9fff},   {0xa000, 0xa4cf},   {0xa960, 0xa97f},   {0xac00, 0xd7a3},
        {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},   {0xffe0, 0xffe6},
        {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd},
    };
    static const struct range none[] = {
        {0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd}, {0x0610, 0x061a}, {0x064b, 0x065f},
        {0x0e34, 0x0e3a}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x200b, 0x200f}, {0x20d0, 0x20ff},
        {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xfeff, 0xfeff},
    };

    if (code < 0x300)
        return 1;
    if (within(none, sizeof none / sizeof none[0], code))
        return 0;
    return within(wide, sizeof wide / sizeof wide[0], code) ? 2 : 1;
}

/* Bytes of the colour sequence at the start of s (ESC [ digits ; m), or 0. */
static size_t
escape_length(struct str s)
{
    size_t i = 2;

    if (s.n < 3 || s.p[0] != ESCAPE || s.p[1] != '[')
        return 0;
    while (i < s.n && ((s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == ';'))
        i++;
    return i < s.n ? i + 1 : 0;
}

/* Steps over one character or escape sequence at s.p[at]; adds its width. */
static size_t
step(struct str s, size_t at, unsigned *width)
{
    struct str rest = str_slice(s, at, s.n);
    size_t n = escape_length(rest);
    struct rune r;

    if (n > 0)
        return n;
    r = rune_first(rest);
    *width += r.valid ? rune_width(r.code) : 1;
    return r.n;
}

unsigned
treetable_width(struct str text)
{
    unsigned width = 0;

    for (size_t at = 0; at < text.n;)
        at += step(text, at, &width);
    return width;
}

struct str
treetable_fit(struct str text, unsigned width)
{
    unsigned used = 0;

    for (size_t at = 0; at < text.n;) {
        unsigned before = used;
        size_t n = step(text, at, &used);

        if (used > width && used > before)
            return str_slice(text, 0, at);
        at += n;
    }
    return text;
}

static bool
is_control(uint32_t code)
{
    /* The last range turns the direction of text, which would let a name disguise itself. */
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x202a && code <= 0x202e) ||
           (code >= 0x2066 && code <= 0x2069);
}

void
treetable_clean(struct buf *to, struct str text)
{
    for (size_t at = 0; at < text.n;) {
        struct rune r = rune_first(str_slice(text, at, text.n));

        if (!r.valid)
            buf_cstr(to, "\xef\xbf\xbd");
        else if (is_control(r.code))
            buf_char(to, ' ');
        else
            buf_add(to, text.p + at, r.n);
        at += r.n;
    }
}

void
treetable_done(struct treetable *t)
{
    buf_done(&t->text);
    vec_done(&t->cells);
    vec_done(&t->lines);
}

void
treetable_line(struct treetable *t)
{
    vec_push(&t->lines, t->cells.n);
}

void
treetable_cell_end(struct treetable *t)
{
    size_t at = t->cells.n > 0 ? vec_last(&t->cells).at + vec_last(&t->cells).n : 0;
    struct str text = str_make(t->text.p + at, t->text.n - at);

    vec_push(&t->cells,
             ((struct treetable_cell){.at = at, .n = text.n, .width = treetable_width(text)}));
}

static size_t
line_cells(const struct treetable *t, size_t line)
{
    return (line + 1 < t->lines.n ? t->lines.at[line + 1] : t->cells.n) - t->lines.at[line];
}

static struct treetable_cell *
cell_at(struct treetable *t, size_t line, size_t column)
{
    return &t->cells.at[t->lines.at[line] + column];
}

/* Lines from `first` on that have a cell in the column with another one behind it. */
static size_t
block_end(const struct treetable *t, size_t first, size_t column)
{
    size_t end = first;

    while (end < t->lines.n && line_cells(t, end) > column + 1)
        end++;
    return end;
}

static void
pad_block(struct treetable *t, size_t first, size_t end, size_t column)
{
    unsigned width = 0;

    for (size_t i = first; i < end; i++) {
        unsigned w = cell_at(t, i, column)->width;

        width = w > width ? w : width;
    }
    for (size_t i = first; i < end; i++) {
        struct treetable_cell *c = cell_at(t, i, column);

        c->pad = width - c->width + GAP;
    }
}

static void
layout(struct treetable *t)
{
    size_t columns = 0;

    for (size_t i = 0; i < t->lines.n; i++)
        columns = line_cells(t, i) > columns ? line_cells(t, i) : columns;
    for (size_t column = 0; column + 1 < columns; column++) {
        for (size_t first = 0; first < t->lines.n;) {
            size_t end = block_end(t, first, column);

            pad_block(t, first, end, column);
            first = end + 1;
        }
    }
}

void
treetable_write(struct treetable *t, struct buf *to)
{
    layout(t);
    for (size_t line = 0; line < t->lines.n; line++) {
        for (size_t i = 0; i < line_cells(t, line); i++) {
            const struct treetable_cell *c = cell_at(t, line, i);

            buf_add(to, t->text.p + c->at, c->n);
            buf_fill(to, ' ', c->pad);
        }
        buf_char(to, '\n');
    }
}
