/*
 * selector_parse - the text forms of selectors.
 *
 * A label selector is cut into words and signs by hand; a field selector is simpler and has its own
 * reader, because its values may contain anything once escaped.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "schema/selector.h"
#include "schema/selector_int.h"

enum { SELECTOR_MAX_BYTES = 64 * 1024 };

struct parser {
    struct str text;
    size_t at;
    struct selector *selector;
    struct err *e;
};

static bool
is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void
skip_space(struct parser *p)
{
    while (p->at < p->text.n && is_space(p->text.p[p->at]))
        p->at++;
}

static char
peek(struct parser *p)
{
    skip_space(p);
    return p->at < p->text.n ? p->text.p[p->at] : '\0';
}

static bool
accept(struct parser *p, const char *sign)
{
    struct str want = str_of(sign);

    skip_space(p);
    if (!str_eq(str_slice(p->text, p->at, p->at + want.n), want))
        return false;
    p->at += want.n;
    return true;
}

/* What stands before the next sign or white space; may be empty. */
static struct str
word(struct parser *p)
{
    size_t start;

    skip_space(p);
    start = p->at;
    while (p->at < p->text.n && p->text.p[p->at] != '\0' &&
           strchr(" \t\r\n=!,()<>", p->text.p[p->at]) == NULL)
        p->at++;
    return str_slice(p->text, start, p->at);
}

static int
expected(struct parser *p, const char *what)
{
    struct str rest = str_slice(p->text, p->at, p->at + 20);

    return err_set(p->e, ERR_BADREQUEST,
                   "unable to parse selector: expected %s at character %zu%s%.*s%s", what,
                   p->at + 1, rest.n > 0 ? ", before '" : ", at the end", STR_ARG(rest),
                   rest.n > 0 ? "'" : "");
}

static int
parse_set(struct parser *p, struct str key, enum selector_op op)
{
    VEC(struct str) values = VEC_INIT;
    int rc = 0;

    if (!accept(p, "("))
        return expected(p, "'('");
    do
        vec_push(&values, word(p));
    while (accept(p, ","));
    if (!accept(p, ")"))
        rc = expected(p, "',' or ')'");
    else
        rc = selector_add(p->selector, key, op, values.at, values.n, true, p->e);
    vec_done(&values);
    return rc;
}

static int
parse_comparison(struct parser *p, struct str key)
{
    enum selector_op op;
    struct str value;

    if (accept(p, "==") || accept(p, "="))
        op = SELECTOR_IN;
    else if (accept(p, "!="))
        op = SELECTOR_NOT_IN;
    else if (accept(p, ">"))
        op = SELECTOR_GREATER;
    else if (accept(p, "<"))
        op = SELECTOR_LESS;
    else {
        struct str name = word(p);

        if (str_is(name, "in"))
            return parse_set(p, key, SELECTOR_IN);
        if (str_is(name, "notin"))
            return parse_set(p, key, SELECTOR_NOT_IN);
        return expected(p, "'=', '==', '!=', 'in', 'notin', '>', '<', ',' or the end");
    }
    value = word(p);
    return selector_add(p->selector, key, op, &value, 1, true, p->e);
}

static int
parse_term(struct parser *p)
{
    bool missing = accept(p, "!");
    struct str key = word(p);
    char next = peek(p);

    if (key.n == 0)
        return expected(p, "a label key");
    if (missing || next == '\0' || next == ',')
        return selector_add(p->selector, key, missing ? SELECTOR_MISSING : SELECTOR_EXISTS, NULL, 0,
                            true, p->e);
    return parse_comparison(p, key);
}

static int
check_size(struct str text, struct err *e)
{
    if (text.n > SELECTOR_MAX_BYTES)
        return err_set(e, ERR_TOOLARGE, "a selector may have at most %d bytes",
                       (int)SELECTOR_MAX_BYTES);
    return 0;
}

int
selector_parse(struct str text, struct selector **ret, struct err *e)
{
    cleanup_selector struct selector *s = NEW(struct selector);
    struct parser p = {.text = text, .selector = s, .e = e};

    if (check_size(text, e) < 0)
        return e->code;
    while (peek(&p) != '\0') {
        if (parse_term(&p) < 0)
            return e->code;
        if (!accept(&p, ",")) {
            if (p.at < text.n)
                return expected(&p, "','");
            break;
        }
        if (peek(&p) == '\0')
            return expected(&p, "a label key");
    }
    if (p.at < text.n)
        return expected(&p, "a label key");
    *ret = TAKE(s);
    return 0;
}

/* Reads up to an unescaped `=`, `!=` or `,`, taking backslashes away. */
static void
read_field_text(struct parser *p, struct buf *to)
{
    buf_clear(to);
    while (p->at < p->text.n) {
        char c = p->text.p[p->at];

        if (c == '=' || c == ',' || c == '!')
            return;
        if (c == '\\' && p->at + 1 < p->text.n)
            c = p->text.p[++p->at];
        buf_char(to, c);
        p->at++;
    }
}

static int
parse_field(struct parser *p)
{
    cleanup_buf struct buf key = BUF_INIT, text = BUF_INIT;
    enum selector_op op = SELECTOR_IN;
    struct str value;

    read_field_text(p, &key);
    if (accept(p, "!="))
        op = SELECTOR_NOT_IN;
    else if (!accept(p, "==") && !accept(p, "="))
        return expected(p, "'=', '==' or '!='");
    if (str_trim(buf_view(&key)).n == 0)
        return expected(p, "a field name");
    read_field_text(p, &text);
    value = buf_view(&text);
    return selector_add(p->selector, str_trim(buf_view(&key)), op, &value, 1, false, p->e);
}

int
selector_parse_fields(struct str text, struct selector **ret, struct err *e)
{
    cleanup_selector struct selector *s = NEW(struct selector);
    struct parser p = {.text = text, .selector = s, .e = e};

    if (check_size(text, e) < 0)
        return e->code;
    while (p.at < text.n) {
        if (parse_field(&p) < 0)
            return e->code;
        if (p.at < text.n && !accept(&p, ","))
            return expected(&p, "','");
    }
    *ret = TAKE(s);
    return 0;
}
