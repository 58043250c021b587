#include "data/expr_lex.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "data/expr_utf8.h"

int
expr_error_at(struct str text, size_t offset, struct err *e, const char *fmt, ...)
{
    va_list ap;
    char what[512];
    int line = 1, col = 1;

    for (size_t i = 0; i < offset && i < text.n; i++) {
        if (text.p[i] == '\n') {
            line++;
            col = 1;
        } else if (((unsigned char)text.p[i] & 0xc0) != 0x80) {
            col++;
        }
    }
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    err_set(e, ERR_INVALID, "%s (%d:%d)", what, line, col);
    e->line = line;
    e->col = col;
    return ERR_INVALID;
}

static int
peek(const struct expr_lex *l, size_t ahead)
{
    return l->at + ahead < l->text.n ? (unsigned char)l->text.p[l->at + ahead] : -1;
}

/* Letters of any script count; above ASCII we do not look closer. */
static bool
is_word(int c)
{
    return c == '_' || c == '$' || c >= 0x80 || (c >= 0 && isalnum(c));
}

/* Skips white space and comments. */
static int
skip_blank(struct expr_lex *l, struct err *e)
{
    for (;;) {
        int c = peek(l, 0);

        if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f') {
            l->at++;
        } else if (c == '/' && peek(l, 1) == '/') {
            while (l->at < l->text.n && l->text.p[l->at] != '\n')
                l->at++;
        } else if (c == '/' && peek(l, 1) == '*') {
            ptrdiff_t end = str_find(l->text, STR("*/"), l->at + 2);

            if (end < 0)
                return expr_error_at(l->text, l->at, e, "unclosed comment");
            l->at = (size_t)end + 2;
        } else {
            return 0;
        }
    }
}

static int
hex_value(int c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* `digits` digits of the base at l->at, which moves behind them; -1 if they are not there. */
static int32_t
read_digits(struct expr_lex *l, int digits, int base)
{
    int32_t v = 0;

    for (int i = 0; i < digits; i++) {
        int d = hex_value(peek(l, 0));

        if (d < 0 || d >= base || v > 0x10ffff)
            return -1;
        v = v * base + d;
        l->at++;
    }
    return v;
}

static const struct {
    char letter, byte;
} simple_escapes[] = {{'a', '\a'},  {'b', '\b'}, {'f', '\f'}, {'n', '\n'},
                      {'r', '\r'},  {'t', '\t'}, {'v', '\v'}, {'\\', '\\'},
                      {'\'', '\''}, {'"', '"'},  {'`', '`'},  {'?', '?'}};

/* The escape whose backslash was just read. */
static int
read_escape(struct expr_lex *l, struct buf *b, struct err *e)
{
    size_t start = l->at - 1;
    int c = peek(l, 0);
    int32_t v = -1;

    for (size_t i = 0; i < sizeof simple_escapes / sizeof simple_escapes[0]; i++) {
        if (simple_escapes[i].letter == c) {
            l->at++;
            buf_char(b, simple_escapes[i].byte);
            return 0;
        }
    }
    l->at++;
    if (c == 'x' || c == 'X') {
        v = read_digits(l, 2, 16);
    } else if (c == 'u') {
        v = read_digits(l, 4, 16);
    } else if (c == 'U') {
        v = read_digits(l, 8, 16);
    } else if (c >= '0' && c <= '3') {
        l->at--;
        v = read_digits(l, 3, 8);
    }
    if (v < 0 || v > 0x10ffff || (v >= 0xd800 && v < 0xe000))
        return expr_error_at(l->text, start, e, "unable to unescape string");
    if (c == 'u' || c == 'U')
        expr_utf8_put(b, (uint32_t)v);
    else
        buf_char(b, (char)v);
    return 0;
}

static int
read_string(struct expr_lex *l, struct expr_token *t, struct err *e)
{
    cleanup_buf struct buf b = BUF_INIT;
    int quote = peek(l, 0);

    l->at++;
    for (;;) {
        int c = peek(l, 0);

        if (c < 0 || c == '\n')
            return expr_error_at(l->text, t->offset, e, "literal not terminated");
        l->at++;
        if (c == quote)
            break;
        if (c != '\\')
            buf_char(&b, (char)c);
        else if (read_escape(l, &b, e) < 0)
            return e->code;
    }
    t->kind = EXPR_TOKEN_STRING;
    t->text = str_make(str_dup_arena(l->arena, buf_view(&b)), b.n);
    return 0;
}

/* `...`, in which a doubled back quote stands for one. */
static int
read_raw_string(struct expr_lex *l, struct expr_token *t, struct err *e)
{
    cleanup_buf struct buf b = BUF_INIT;

    l->at++;
    for (;; l->at++) {
        int c = peek(l, 0);

        if (c < 0)
            return expr_error_at(l->text, t->offset, e, "literal not terminated");
        if (c == '`') {
            l->at++;
            if (peek(l, 0) != '`')
                break;
        }
        buf_char(&b, (char)c);
    }
    t->kind = EXPR_TOKEN_STRING;
    t->text = str_make(str_dup_arena(l->arena, buf_view(&b)), b.n);
    return 0;
}

static void
skip_digits(struct expr_lex *l, int base)
{
    for (;;) {
        int c = peek(l, 0), d = hex_value(c);

        if (c != '_' && (d < 0 || d >= base))
            return;
        l->at++;
    }
}

static int
read_number(struct expr_lex *l, struct expr_token *t, struct err *e)
{
    int base = 10;

    if (peek(l, 0) == '0') {
        int c = peek(l, 1) | 0x20;

        base = c == 'x' ? 16 : c == 'o' ? 8 : c == 'b' ? 2 : 10;
        if (base != 10)
            l->at += 2;
    }
    skip_digits(l, base);
    if (base == 10) {
        /* "1..3" is a range and no fraction. */
        if (peek(l, 0) == '.' && peek(l, 1) != '.') {
            l->at++;
            skip_digits(l, 10);
        }
        if (peek(l, 0) == 'e' || peek(l, 0) == 'E') {
            l->at++;
            if (peek(l, 0) == '+' || peek(l, 0) == '-')
                l->at++;
            skip_digits(l, 10);
        }
    }
    t->kind = EXPR_TOKEN_NUMBER;
    t->text = str_slice(l->text, t->offset, l->at);
    if (is_word(peek(l, 0)))
        return expr_error_at(l->text, t->offset, e, "bad number syntax: \"%.*s\"",
                             STR_ARG(str_slice(l->text, t->offset, l->at + 1)));
    return 0;
}

static const char *const word_operators[] = {
    "in", "not", "or", "and", "matches", "contains", "startsWith", "endsWith", "let", "if", "else"};

static void
read_word(struct expr_lex *l, struct expr_token *t)
{
    while (is_word(peek(l, 0)))
        l->at++;
    t->kind = EXPR_TOKEN_WORD;
    t->text = str_slice(l->text, t->offset, l->at);
    for (size_t i = 0; i < sizeof word_operators / sizeof word_operators[0]; i++) {
        if (str_is(t->text, word_operators[i]))
            t->kind = EXPR_TOKEN_OPERATOR;
    }
}

/* Longest first. */
static const char *const symbols[] = {
    "?.", "??", "..", "::", "||", "&&", "==", "!=", "<=", ">=", "**", "?", ".", ":",
    "|",  "!",  "=",  "<",  ">",  "*",  ",",  ";",  "%",  "+",  "-",  "^", "/", "#"};

static int
read_symbol(struct expr_lex *l, struct expr_token *t, struct err *e)
{
    struct str rest = str_slice(l->text, l->at, l->text.n);

    if (memchr("()[]{}", rest.p[0], 6) != NULL) {
        t->kind = EXPR_TOKEN_BRACKET;
        t->text = str_slice(rest, 0, 1);
        l->at++;
        return 0;
    }
    for (size_t i = 0; i < sizeof symbols / sizeof symbols[0]; i++) {
        if (str_starts(rest, str_of(symbols[i]))) {
            t->kind = EXPR_TOKEN_OPERATOR;
            t->text = str_slice(rest, 0, strlen(symbols[i]));
            l->at += t->text.n;
            return 0;
        }
    }
    return expr_error_at(l->text, l->at, e, "unrecognized character: '%c'",
                         isprint((unsigned char)rest.p[0]) ? rest.p[0] : '?');
}

int
expr_lex_next(struct expr_lex *l, struct expr_token *ret, struct err *e)
{
    int c, rc = skip_blank(l, e);

    if (rc < 0)
        return rc;
    *ret = (struct expr_token){.kind = EXPR_TOKEN_END, .offset = l->at};
    c = peek(l, 0);
    if (c < 0)
        return 0;
    if (c == '\'' || c == '"')
        return read_string(l, ret, e);
    if (c == '`')
        return read_raw_string(l, ret, e);
    if (isdigit(c) || (c == '.' && peek(l, 1) >= 0 && isdigit(peek(l, 1))))
        return read_number(l, ret, e);
    if (is_word(c)) {
        read_word(l, ret);
        return 0;
    }
    return read_symbol(l, ret, e);
}
