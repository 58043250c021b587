/*
 * Values as text, the way Go prints them.  Two styles: encoding/json (results of tags, toJson) and
 * fmt's %v (string(x), sprig's conversions).
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "data/duration.h"
#include "data/expr_gotime.h"
#include "data/expr_utf8.h"
#include "data/expr_value.h"
#include "data/json_number.h"

/* What fmt's %v and strconv's 'g' do. */
static const struct json_layout plain_layout = {.least = -4, .most = 6, .exponent_digits = 2};

void
expr_write_float(struct buf *to, double d, bool json)
{
    if (isfinite(d))
        json_layout_double(to, d, json ? &json_layout_go : &plain_layout);
    else
        buf_cstr(to, json ? "null" : isnan(d) ? "NaN" : d > 0 ? "+Inf" : "-Inf");
}

static void
write_json_char(struct buf *to, uint32_t c, bool raw)
{
    static const char letters[] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};

    if (c == '"' || c == '\\')
        buf_printf(to, "\\%c", (char)c);
    else if (c < sizeof letters && letters[c] != 0)
        buf_printf(to, "\\%c", letters[c]);
    else if (c < 0x20 || c == 0x2028 || c == 0x2029 || (!raw && (c == '<' || c == '>' || c == '&')))
        buf_printf(to, "\\u%04x", (unsigned)c);
    else
        expr_utf8_put(to, c);
}

static bool
is_plain_byte(unsigned char c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&';
}

static void
write_json_string(struct buf *to, struct str s, bool raw)
{
    buf_char(to, '"');
    for (size_t at = 0; at < s.n;) {
        size_t run = at;

        while (run < s.n && is_plain_byte((unsigned char)s.p[run]))
            run++;
        buf_add(to, s.p + at, run - at);
        at = run;
        if (at < s.n) {
            uint32_t c = expr_utf8_get(s, &at);

            if (c == EXPR_BAD_CHAR && at - run == 1)
                buf_cstr(to, "\\ufffd");
            else
                write_json_char(to, c, raw);
        }
    }
    buf_char(to, '"');
}

struct json_style {
    const char *indent;
    bool raw;
};

static void
new_line(struct buf *to, const struct json_style *style, unsigned depth)
{
    if (style->indent == NULL || style->indent[0] == '\0')
        return;
    buf_char(to, '\n');
    while (depth-- > 0)
        buf_cstr(to, style->indent);
}

static int
by_key(const void *a, const void *b)
{
    return str_cmp((*(const struct expr_entry *const *)a)->key,
                   (*(const struct expr_entry *const *)b)->key);
}

/* The entries sorted by key; caller frees. */
static const struct expr_entry **
sorted(const struct expr_map *m)
{
    const struct expr_entry **list = NEW_ARRAY(const struct expr_entry *, m->n + 1);

    for (size_t i = 0; i < m->n; i++)
        list[i] = &m->entries[i];
    qsort(list, m->n, sizeof *list, by_key);
    return list;
}

static void write_json(struct buf *to, struct expr_value v, const struct json_style *style,
                       unsigned depth);

static void
write_json_map(struct buf *to, const struct expr_map *m, const struct json_style *style,
               unsigned depth)
{
    const struct expr_entry **list = sorted(m);

    buf_char(to, '{');
    for (size_t i = 0; i < m->n && !to->overflow; i++) {
        if (i > 0)
            buf_char(to, ',');
        new_line(to, style, depth + 1);
        write_json_string(to, list[i]->key, style->raw);
        buf_cstr(to, style->indent != NULL && style->indent[0] != '\0' ? ": " : ":");
        write_json(to, list[i]->value, style, depth + 1);
    }
    if (m->n > 0)
        new_line(to, style, depth);
    buf_char(to, '}');
    free(list);
}

static void
write_json_array(struct buf *to, struct expr_value v, const struct json_style *style,
                 unsigned depth)
{
    buf_char(to, '[');
    for (uint32_t i = 0; i < v.n && !to->overflow; i++) {
        if (i > 0)
            buf_char(to, ',');
        new_line(to, style, depth + 1);
        write_json(to, v.items[i], style, depth + 1);
    }
    if (v.n > 0)
        new_line(to, style, depth);
    buf_char(to, ']');
}

static void
write_json(struct buf *to, struct expr_value v, const struct json_style *style, unsigned depth)
{
    switch (v.type) {
    case EXPR_NIL:
        buf_cstr(to, "null");
        break;
    case EXPR_BOOL:
        buf_cstr(to, v.boolean ? "true" : "false");
        break;
    case EXPR_INT:
    case EXPR_DURATION:
        buf_printf(to, "%lld", (long long)v.integer);
        break;
    case EXPR_FLOAT:
        expr_write_float(to, v.number, true);
        break;
    case EXPR_STRING:
        write_json_string(to, v.text, style->raw);
        break;
    case EXPR_ARRAY:
        write_json_array(to, v, style, depth);
        break;
    case EXPR_MAP:
        write_json_map(to, v.map, style, depth);
        break;
    case EXPR_TIME:
        buf_char(to, '"');
        expr_gotime_format(to, v, STR("2006-01-02T15:04:05.999999999Z07:00"));
        buf_char(to, '"');
        break;
    case EXPR_ZONE:
    case EXPR_SCOPE:
        buf_cstr(to, "{}");
        break;
    }
}

void
expr_write_json(struct buf *to, struct expr_value v, const char *indent, bool raw)
{
    struct json_style style = {.indent = indent, .raw = raw};

    write_json(to, v, &style, 0);
}

static void
write_plain_map(struct buf *to, const struct expr_map *m)
{
    const struct expr_entry **list = sorted(m);

    buf_cstr(to, "map[");
    for (size_t i = 0; i < m->n && !to->overflow; i++) {
        if (i > 0)
            buf_char(to, ' ');
        buf_str(to, list[i]->key);
        buf_char(to, ':');
        expr_write_plain(to, list[i]->value);
    }
    buf_char(to, ']');
    free(list);
}

void
expr_write_plain(struct buf *to, struct expr_value v)
{
    switch (v.type) {
    case EXPR_NIL:
        buf_cstr(to, "<nil>");
        break;
    case EXPR_FLOAT:
        expr_write_float(to, v.number, false);
        break;
    case EXPR_STRING:
    case EXPR_ZONE:
    case EXPR_SCOPE:
        buf_str(to, v.text);
        break;
    case EXPR_ARRAY:
        buf_char(to, '[');
        for (uint32_t i = 0; i < v.n && !to->overflow; i++) {
            if (i > 0)
                buf_char(to, ' ');
            expr_write_plain(to, v.items[i]);
        }
        buf_char(to, ']');
        break;
    case EXPR_MAP:
        write_plain_map(to, v.map);
        break;
    case EXPR_TIME:
        expr_gotime_format(to, v, STR("2006-01-02 15:04:05.999999999 -0700 MST"));
        break;
    case EXPR_DURATION:
        duration_write(to, v.integer);
        break;
    case EXPR_BOOL:
    case EXPR_INT:
        expr_write_json(to, v, NULL, true);
        break;
    }
}

void
expr_write_result(struct buf *to, struct expr_value v)
{
    if (v.type == EXPR_STRING)
        buf_str(to, v.text);
    else
        expr_write_json(to, v, NULL, false);
}
