#include "schema/godump.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/vec.h"
#include "data/json.h"
#include "schema/godump_int.h"
#include "schema/schema.h"

/* What a table of all pairs of lines may take; beyond it the middle counts as one change. */
enum { CONTEXT_LINES = 3, MAX_PAIRS = 16 * 1024 * 1024 };

/* Printing. */

struct dump {
    struct buf *to;
    const struct json *spec;
    unsigned depth;
    bool compact; /* one line */
};

static void put(struct dump *d, const struct schema *s, const struct json *v, bool pointer);

static void
new_line(struct dump *d)
{
    if (d->compact)
        return;
    buf_char(d->to, '\n');
    buf_fill(d->to, ' ', d->depth);
}

static void
put_colon(struct dump *d)
{
    buf_cstr(d->to, d->compact ? ":" : ": ");
}

/* As Go writes a text: <, > and & are escaped. */
static void
put_text(struct dump *d, struct str text)
{
    cleanup_buf struct buf plain = BUF_INIT;

    json_write_string(&plain, text);
    for (size_t i = 0; i < plain.n; i++) {
        char c = plain.p[i];

        if (c == '<' || c == '>' || c == '&')
            buf_printf(d->to, "\\u%04x", (unsigned)c);
        else
            buf_char(d->to, c);
    }
}

static void
put_leaf(struct dump *d, enum schema_form form, const struct json *v)
{
    if (json_type(v) == JSON_STRING)
        put_text(d, json_str(v));
    else if (v != NULL)
        json_write(d->to, v);
    else if (form == SCHEMA_STRING)
        buf_cstr(d->to, "\"\"");
    else if (form == SCHEMA_QUANTITY)
        buf_cstr(d->to, "\"0\"");
    else if (form == SCHEMA_BOOL)
        buf_cstr(d->to, "false");
    else if (form == SCHEMA_INT32 || form == SCHEMA_INT64 || form == SCHEMA_INT_OR_STRING)
        buf_char(d->to, '0');
    else
        buf_cstr(d->to, "null");
}

static void
put_field(struct dump *d, const struct schema *s, const struct json *v, struct str entry)
{
    struct str json_name = entry, go_name = str_cut(&json_name, '=');
    bool outer = json_name.n > 0 && json_name.p[0] == '^';
    const struct schema *owner = outer ? schema_type(STR("v1"), STR("PodSpec")) : s;
    cleanup_buf struct buf lower = BUF_INIT;
    struct schema_field field;

    if (json_name.p == NULL) {
        buf_char(&lower, (char)(go_name.p[0] | 0x20));
        buf_str(&lower, str_slice(go_name, 1, go_name.n));
        json_name = buf_view(&lower);
    } else if (outer) {
        json_name = str_slice(json_name, 1, json_name.n);
    }
    buf_printf(d->to, "\"%.*s\"", STR_ARG(go_name));
    put_colon(d);
    if (!schema_field(owner, json_name, &field)) {
        buf_cstr(d->to, "null");
        return;
    }
    put(d, field.type, json_get_str(outer ? d->spec : v, json_name),
        schema_form(field.type) == SCHEMA_OBJECT
            ? (field.flags & SCHEMA_ALWAYS) == 0 || (field.flags & SCHEMA_POINTER) != 0
            : (field.flags & SCHEMA_POINTER) != 0);
}

static void
put_object(struct dump *d, const struct schema *s, const struct json *v)
{
    struct str rest = str_of(godump_fields(schema_name(s)));
    bool any = false;

    buf_char(d->to, '{');
    d->depth++;
    while (rest.p != NULL) {
        struct str entry = str_cut(&rest, ' ');

        if (entry.n == 0)
            continue;
        if (any)
            buf_char(d->to, ',');
        any = true;
        new_line(d);
        put_field(d, s, v, entry);
    }
    d->depth--;
    if (any)
        new_line(d);
    buf_char(d->to, '}');
}

static int
by_text(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static void
put_map(struct dump *d, const struct schema *s, const struct json *v)
{
    VEC(struct str) keys = VEC_INIT;

    JSON_EACH (it, v)
        vec_push(&keys, it.key);
    if (keys.n > 0)
        qsort(keys.at, keys.n, sizeof *keys.at, by_text);
    buf_char(d->to, '{');
    d->depth++;
    for (size_t i = 0; i < keys.n; i++) {
        if (i > 0)
            buf_char(d->to, ',');
        new_line(d);
        put_text(d, keys.at[i]);
        put_colon(d);
        put(d, schema_item(s), json_get_str(v, keys.at[i]), false);
    }
    d->depth--;
    if (keys.n > 0)
        new_line(d);
    buf_char(d->to, '}');
    vec_done(&keys);
}

static void
put_list(struct dump *d, const struct schema *s, const struct json *v)
{
    buf_char(d->to, '[');
    d->depth++;
    JSON_EACH (it, v) {
        if (it.index > 0)
            buf_char(d->to, ',');
        new_line(d);
        put(d, schema_item(s), it.value, false);
    }
    d->depth--;
    if (json_count(v) > 0)
        new_line(d);
    buf_char(d->to, ']');
}

static void
put(struct dump *d, const struct schema *s, const struct json *v, bool pointer)
{
    enum schema_form form = schema_form(s);
    bool nil = json_is_null(v) && (pointer || form == SCHEMA_LIST || form == SCHEMA_MAP);

    if (nil)
        buf_cstr(d->to, "null");
    else if (form == SCHEMA_OBJECT)
        put_object(d, s, v);
    else if (form == SCHEMA_LIST)
        put_list(d, s, v);
    else if (form == SCHEMA_MAP)
        put_map(d, s, v);
    else
        put_leaf(d, form, json_is_null(v) ? NULL : v);
}

void
godump_value(const struct schema *s, const struct json *v, struct buf *to)
{
    struct dump d = {.to = to, .compact = true};

    put(&d, s, v, false);
}

void
godump_list(const struct schema *item, const struct json *list, struct buf *to)
{
    if (json_is_null(list)) {
        buf_cstr(to, "null");
        return;
    }
    buf_char(to, '[');
    JSON_EACH (it, list) {
        buf_cstr(to, it.index > 0 ? "," : "");
        godump_value(item, it.value, to);
    }
    buf_char(to, ']');
}

/* Comparing. */

typedef VEC(struct str) lines_t;

static void
dump_lines(const struct schema *s, const struct json *spec, struct buf *text, lines_t *lines)
{
    struct dump d = {.to = text, .spec = spec};
    struct str rest;

    put(&d, s, spec, false);
    rest = buf_view(text);
    while (rest.p != NULL)
        vec_push(lines, str_cut(&rest, '\n'));
}

/* One line of the edit: ' ' kept, '-' taken out, '+' put in; with its place on each side. */
struct edit {
    char mark;
    struct str line;
    size_t a, b;
};

struct script {
    VEC(struct edit) edits;
    size_t a, b;
};

static void
add(struct script *s, char mark, struct str line)
{
    vec_push(&s->edits, ((struct edit){mark, line, s->a, s->b}));
    s->a += mark != '+';
    s->b += mark != '-';
}

static void
add_all(struct script *s, char mark, const struct str *lines, size_t n)
{
    for (size_t i = 0; i < n; i++)
        add(s, mark, lines[i]);
}

/* The middle, by the longest common subsequence: lengths[i][j] is that of the rests. */
static void
add_middle(struct script *s, const struct str *a, size_t an, const struct str *b, size_t bn)
{
    cleanup_free uint32_t *lengths = NULL;
    size_t width = bn + 1, i = 0, j = 0;

    if ((an + 1) * width > MAX_PAIRS) {
        add_all(s, '-', a, an);
        add_all(s, '+', b, bn);
        return;
    }
    lengths = NEW_ARRAY(uint32_t, (an + 1) * width);
    for (size_t x = an; x-- > 0;) {
        for (size_t y = bn; y-- > 0;) {
            uint32_t down = lengths[(x + 1) * width + y], right = lengths[x * width + y + 1];

            lengths[x * width + y] = str_eq(a[x], b[y]) ? lengths[(x + 1) * width + y + 1] + 1
                                     : down >= right    ? down
                                                        : right;
        }
    }
    while (i < an || j < bn) {
        if (i < an && j < bn && str_eq(a[i], b[j])) {
            add(s, ' ', a[i]);
            i++;
            j++;
        } else if (i < an &&
                   (j == bn || lengths[(i + 1) * width + j] >= lengths[i * width + j + 1])) {
            add(s, '-', a[i++]);
        } else {
            add(s, '+', b[j++]);
        }
    }
}

static void
compare(struct script *s, const lines_t *a, const lines_t *b)
{
    size_t head = 0, tail = 0;

    while (head < a->n && head < b->n && str_eq(a->at[head], b->at[head]))
        head++;
    while (tail < a->n - head && tail < b->n - head &&
           str_eq(a->at[a->n - 1 - tail], b->at[b->n - 1 - tail]))
        tail++;
    add_all(s, ' ', a->at, head);
    add_middle(s, a->at + head, a->n - head - tail, b->at + head, b->n - head - tail);
    add_all(s, ' ', a->at + a->n - tail, tail);
}

static void
write_range(char mark, size_t start, size_t n, struct buf *to)
{
    buf_printf(to, " %c%zu", mark, n == 0 ? start : start + 1);
    if (n != 1)
        buf_printf(to, ",%zu", n);
}

/* The edits from `first` to before `end`. */
static void
write_hunk(const struct script *s, size_t first, size_t end, struct buf *to)
{
    size_t an = 0, bn = 0;

    for (size_t i = first; i < end; i++) {
        an += s->edits.at[i].mark != '+';
        bn += s->edits.at[i].mark != '-';
    }
    buf_cstr(to, "@@");
    write_range('-', s->edits.at[first].a, an, to);
    write_range('+', s->edits.at[first].b, bn, to);
    buf_cstr(to, " @@\n");
    for (size_t i = first; i < end; i++)
        buf_printf(to, "%c%.*s\n", s->edits.at[i].mark, STR_ARG(s->edits.at[i].line));
}

static void
write_hunks(const struct script *s, struct buf *to)
{
    size_t n = s->edits.n;

    for (size_t i = 0; i < n; i++) {
        size_t first = i > CONTEXT_LINES ? i - CONTEXT_LINES : 0, end, quiet = 0;

        if (s->edits.at[i].mark == ' ')
            continue;
        for (end = i; end < n && quiet <= 2 * CONTEXT_LINES; end++)
            quiet = s->edits.at[end].mark == ' ' ? quiet + 1 : 0;
        if (quiet > CONTEXT_LINES)
            end -= quiet - CONTEXT_LINES;
        write_hunk(s, first, end, to);
        i = end - 1;
    }
}

void
godump_diff(const struct schema *s, const struct json *old, const struct json *next, struct buf *to)
{
    cleanup_buf struct buf old_text = BUF_INIT, next_text = BUF_INIT;
    struct script script = {.edits = VEC_INIT};
    lines_t a = VEC_INIT, b = VEC_INIT;

    dump_lines(s, old, &old_text, &a);
    dump_lines(s, next, &next_text, &b);
    compare(&script, &a, &b);
    write_hunks(&script, to);
    vec_done(&script.edits);
    vec_done(&a);
    vec_done(&b);
}
