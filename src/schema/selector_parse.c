/*
 * selector_parse - the text form of label selectors.
 *
 * Words and signs are cut as upstream cuts them, and what is wrong is said in its words, since
 * clients show them:
 *
 *     a===b      unable to parse requirement: found '=', expected: identifier
 */
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "schema/names.h"
#include "schema/selector.h"
#include "schema/selector_int.h"

#define SIGNS "=!(),><"

enum token_kind { END, WORD, SIGN };

struct token {
    enum token_kind kind;
    struct str text; /* "" at the end */
};

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

static bool
is_sign(char c)
{
    return c != '\0' && strchr(SIGNS, c) != NULL;
}

/* Cuts the next word or sign off; "==" and "!=" are one sign. */
static struct token
take(struct parser *p)
{
    size_t start;

    while (p->at < p->text.n && is_space(p->text.p[p->at]))
        p->at++;
    start = p->at;
    if (start == p->text.n)
        return (struct token){END, STR("")};
    if (is_sign(p->text.p[start])) {
        bool pair = start + 1 < p->text.n && p->text.p[start + 1] == '=' &&
                    (p->text.p[start] == '=' || p->text.p[start] == '!');

        p->at += pair ? 2 : 1;
        return (struct token){SIGN, str_slice(p->text, start, p->at)};
    }
    while (p->at < p->text.n && !is_space(p->text.p[p->at]) && !is_sign(p->text.p[p->at]))
        p->at++;
    return (struct token){WORD, str_slice(p->text, start, p->at)};
}

static struct token
peek(const struct parser *p)
{
    struct parser copy = *p;

    return take(&copy);
}

static bool
is(struct token t, const char *sign)
{
    return t.kind == SIGN && str_is(t.text, sign);
}

static int
found(struct parser *p, struct token t, const char *expected)
{
    return err_set(p->e, ERR_BADREQUEST, "found '%.*s', expected: %s", STR_ARG(t.text), expected);
}

/* One requirement. */

static int
check_key(struct parser *p, struct str key)
{
    const char *wrong = names_check(NAMES_QUALIFIED, key);

    if (wrong == NULL)
        return 0;
    return err_set(p->e, ERR_BADREQUEST, "<nil>: Invalid value: \"%.*s\": %s", STR_ARG(key), wrong);
}

static int
add(struct parser *p, struct str key, enum selector_op op, const struct str *values, size_t n)
{
    int64_t number;

    for (size_t i = 0; i < n; i++) {
        const char *wrong = names_check(NAMES_LABEL_VALUE, values[i]);

        if ((op == SELECTOR_GREATER || op == SELECTOR_LESS) && !str_to_int(values[i], &number))
            return err_set(p->e, ERR_BADREQUEST,
                           "values[%zu]: Invalid value: \"%.*s\": for 'Gt', 'Lt' operators, the "
                           "value must be an integer",
                           i, STR_ARG(values[i]));
        if (wrong != NULL)
            return err_set(p->e, ERR_BADREQUEST, "values[%zu][%.*s]: Invalid value: \"%.*s\": %s",
                           i, STR_ARG(key), STR_ARG(values[i]), wrong);
    }
    return selector_add(p->selector, key, op, values, n, false, p->e);
}

/* The values behind "("; a place without one is the empty value. */
static int
take_values(struct parser *p, struct str key, enum selector_op op)
{
    VEC(struct str) values = VEC_INIT;
    struct token t;
    int rc = 0;

    do {
        struct token value = peek(p);

        if (value.kind == WORD)
            take(p);
        else if (!is(value, ",") && !is(value, ")"))
            rc = found(p, value, values.n == 0 ? "',', ')' or identifier" : "',', or identifier");
        vec_push(&values, value.kind == WORD ? value.text : STR(""));
        t = rc == 0 ? take(p) : value;
        if (rc == 0 && !is(t, ",") && !is(t, ")"))
            rc = found(p, t, "',' or ')'");
    } while (rc == 0 && is(t, ","));
    if (rc == 0)
        rc = add(p, key, op, values.at, values.n);
    vec_done(&values);
    return rc;
}

static int
take_set(struct parser *p, struct str key, enum selector_op op)
{
    struct token t = take(p);

    if (!is(t, "("))
        return err_set(p->e, ERR_BADREQUEST, "found '%.*s' expected: '('", STR_ARG(t.text));
    return take_values(p, key, op);
}

static int
take_value(struct parser *p, struct str key, enum selector_op op)
{
    struct token t = peek(p);
    struct str value = STR("");

    if (t.kind != END && !is(t, ",")) {
        t = take(p);
        if (t.kind != WORD)
            return found(p, t, "identifier");
        value = t.text;
    }
    return add(p, key, op, &value, 1);
}

static int
take_operator(struct parser *p, struct str key)
{
    struct token t = take(p);

    if (t.kind == WORD && str_is(t.text, "in"))
        return take_set(p, key, SELECTOR_IN);
    if (t.kind == WORD && str_is(t.text, "notin"))
        return take_set(p, key, SELECTOR_NOT_IN);
    if (is(t, "=") || is(t, "=="))
        return take_value(p, key, SELECTOR_IN);
    if (is(t, "!="))
        return take_value(p, key, SELECTOR_NOT_IN);
    if (is(t, ">"))
        return take_value(p, key, SELECTOR_GREATER);
    if (is(t, "<"))
        return take_value(p, key, SELECTOR_LESS);
    return found(p, t, "in, notin, =, ==, !=, gt, lt");
}

static int
take_requirement(struct parser *p)
{
    struct token t = take(p);
    bool missing = is(t, "!");
    struct str key;

    if (missing)
        t = take(p);
    if (t.kind != WORD)
        return found(p, t, "identifier");
    key = t.text;
    if (check_key(p, key) < 0)
        return p->e->code;
    t = peek(p);
    if (missing || t.kind == END || is(t, ","))
        return add(p, key, missing ? SELECTOR_MISSING : SELECTOR_EXISTS, NULL, 0);
    return take_operator(p, key);
}

static bool
begins_requirement(struct token t)
{
    return t.kind == WORD || is(t, "!");
}

int
selector_parse(struct str text, struct selector **ret, struct err *e)
{
    cleanup_selector struct selector *s = NEW(struct selector);
    struct parser p = {.text = text, .selector = s, .e = e};
    struct token t = peek(&p);

    if (selector_check_size(text, e) < 0)
        return e->code;
    if (t.kind != END && !begins_requirement(t))
        return found(&p, t, "!, identifier, or 'end of string'");
    while (t.kind != END) {
        if (take_requirement(&p) < 0)
            return err_wrap(e, "unable to parse requirement");
        t = take(&p);
        if (t.kind != END && !is(t, ","))
            return found(&p, t, "',' or 'end of string'");
        if (t.kind != END && !begins_requirement(peek(&p)))
            return found(&p, peek(&p), "identifier after ','");
    }
    *ret = TAKE(s);
    return 0;
}
