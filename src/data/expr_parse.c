#include "data/expr_parse.h"

#include <errno.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/vec.h"
#include "data/expr_func.h"
#include "data/expr_lex.h"
#include "data/expr_parse_int.h"
#include "data/regex.h"

/* Nodes. */

struct expr_node *
expr_parse_node(struct expr_parser *p, enum expr_op op, size_t offset)
{
    struct expr_node *n;

    if (++p->nodes > EXPR_MAX_NODES) {
        if (p->rc == 0)
            p->rc =
                err_set(p->e, ERR_TOOLARGE, "expression has more than %d parts", EXPR_MAX_NODES);
        p->nodes = EXPR_MAX_NODES;
    }
    n = ARENA_NEW(&p->program->arena, struct expr_node);
    n->op = (uint8_t)op;
    n->offset = (uint32_t)offset;
    n->height = 1;
    return n;
}

/* Above a child: evaluation recurses, so the height of the tree has a limit. */
void
expr_parse_above(struct expr_parser *p, struct expr_node *n, const struct expr_node *child)
{
    if (child == NULL || child->height < n->height)
        return;
    n->height = (uint16_t)(child->height + 1);
    if (n->height > EXPR_MAX_DEPTH && p->rc == 0)
        p->rc =
            err_set(p->e, ERR_TOOLARGE, "expression is nested more than %d deep", EXPR_MAX_DEPTH);
}

struct expr_node *
expr_parse_with(struct expr_parser *p, enum expr_op op, size_t offset, struct expr_node *a,
                struct expr_node *b, struct expr_node *c)
{
    struct expr_node *n = expr_parse_node(p, op, offset);

    n->a = a, n->b = b, n->c = c;
    expr_parse_above(p, n, a);
    expr_parse_above(p, n, b);
    expr_parse_above(p, n, c);
    return n;
}

struct expr_node *
expr_parse_const(struct expr_parser *p, struct expr_value v, size_t offset)
{
    struct expr_node *n = expr_parse_node(p, EXPR_CONST, offset);

    n->value = v;
    return n;
}

/* Tokens. */

void
expr_parse_next(struct expr_parser *p)
{
    if (p->rc == 0)
        p->rc = expr_lex_next(&p->lex, &p->token, p->e);
    if (p->rc < 0)
        p->token.kind = EXPR_TOKEN_END;
}

bool
expr_parse_is(const struct expr_parser *p, enum expr_token_kind kind, const char *text)
{
    return p->token.kind == kind && str_is(p->token.text, text);
}

void
expr_parse_fail(struct expr_parser *p)
{
    if (p->rc != 0)
        return;
    if (p->token.kind == EXPR_TOKEN_END)
        p->rc = expr_error_at(p->lex.text, p->token.offset, p->e, "unexpected end of expression");
    else
        p->rc = expr_error_at(p->lex.text, p->token.offset, p->e, "unexpected token '%.*s'",
                              STR_ARG(str_slice(p->token.text, 0, 60)));
    p->token.kind = EXPR_TOKEN_END;
}

void
expr_parse_expect(struct expr_parser *p, enum expr_token_kind kind, const char *text)
{
    if (expr_parse_is(p, kind, text))
        expr_parse_next(p);
    else
        expr_parse_fail(p);
}

int
expr_parse_fail_at(struct expr_parser *p, size_t offset, const char *what, struct str name)
{
    if (p->rc == 0)
        p->rc = expr_error_at(p->lex.text, offset, p->e, "%s%.*s", what,
                              STR_ARG(str_slice(name, 0, 100)));
    p->token.kind = EXPR_TOKEN_END;
    return p->rc;
}

/* Values. */

/* The digits without underscores; false if they do not fit. */
static bool
number_text(struct str s, char *to, size_t size)
{
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '_')
            continue;
        if (n + 1 >= size)
            return false;
        to[n++] = s.p[i];
    }
    to[n] = '\0';
    return true;
}

static struct expr_node *
parse_number(struct expr_parser *p)
{
    struct expr_token t = p->token;
    char text[400], *end = text;
    int base = 10;
    size_t skip = 0;

    if (!number_text(t.text, text, sizeof text)) {
        expr_parse_fail_at(p, t.offset, "number literal is too long", STR_NULL);
        return expr_parse_const(p, EXPR_NIL_VALUE, t.offset);
    }
    expr_parse_next(p);
    if (text[0] == '0' && text[1] != '\0') {
        int c = text[1] | 0x20;

        base = c == 'x' ? 16 : c == 'o' ? 8 : c == 'b' ? 2 : 10;
        skip = base == 10 ? 0 : 2;
    }
    errno = 0;
    if (base == 10 && strpbrk(text, ".eE") != NULL) {
        double d;

        if (!str_to_double(str_of(text), &d))
            expr_parse_fail_at(p, t.offset, "invalid float literal: ", t.text);
        return expr_parse_const(p, expr_float(p->rc == 0 ? d : 0), t.offset);
    }
    long long i = strtoll(text + skip, &end, base);
    if (end == text + skip || *end != '\0' || errno != 0)
        expr_parse_fail_at(p, t.offset, "invalid integer literal: ", t.text);
    return expr_parse_const(p, expr_int(i), t.offset);
}

/* Whether the name is bound by a let around this place. */
static bool
find_local(const struct expr_parser *p, struct str name, uint16_t *slot)
{
    for (size_t i = p->locals.n; i-- > 0;) {
        if (str_eq(p->locals.at[i].name, name)) {
            *slot = p->locals.at[i].slot;
            return true;
        }
    }
    return false;
}

static struct expr_node *
parse_word(struct expr_parser *p)
{
    struct expr_token t = p->token;
    struct expr_node *n;
    uint16_t slot;

    expr_parse_next(p);
    if (str_is(t.text, "true") || str_is(t.text, "false"))
        return expr_parse_const(p, expr_bool(t.text.n == 4), t.offset);
    if (str_is(t.text, "nil"))
        return expr_parse_const(p, EXPR_NIL_VALUE, t.offset);
    if (expr_parse_bracket(p, "("))
        return expr_parse_call(p, t.text, t.offset, NULL);
    if (str_is(t.text, "sprig") && expr_parse_operator(p, "."))
        return expr_parse_sprig(p, t.offset);
    if (find_local(p, t.text, &slot)) {
        n = expr_parse_node(p, EXPR_LOCAL, t.offset);
        n->slot = slot;
        return n;
    }
    n = expr_parse_node(p, EXPR_NAME, t.offset);
    n->dots = ARENA_ARRAY(&p->program->arena, uint32_t, 1);
    if (!str_is(t.text, "$env")) {
        n->text = t.text;
        n->dots[0] = (uint32_t)t.text.n;
        n->n = 1;
    }
    return n;
}

static struct expr_node *
parse_list(struct expr_parser *p)
{
    struct expr_node *n = expr_parse_node(p, EXPR_LIST, p->token.offset);

    expr_parse_next(p);
    expr_parse_arguments(p, n, "]");
    return n;
}

static struct expr_node *
parse_key(struct expr_parser *p)
{
    struct expr_token t = p->token;

    if (t.kind == EXPR_TOKEN_NUMBER || t.kind == EXPR_TOKEN_STRING || t.kind == EXPR_TOKEN_WORD) {
        expr_parse_next(p);
        return expr_parse_const(p, expr_string(t.text), t.offset);
    }
    if (expr_parse_bracket(p, "("))
        return expr_parse_expression(p, 0);
    expr_parse_fail_at(
        p, t.offset,
        "a map key must be a quoted string, a number, a identifier, or an expression enclosed in "
        "parentheses",
        STR_NULL);
    return expr_parse_const(p, EXPR_NIL_VALUE, t.offset);
}

static struct expr_node *
parse_object(struct expr_parser *p)
{
    struct expr_node *n = expr_parse_node(p, EXPR_OBJECT, p->token.offset);
    struct expr_nodes parts = VEC_INIT;

    expr_parse_next(p);
    while (!expr_parse_bracket(p, "}") && p->rc == 0) {
        if (parts.n > 0) {
            expr_parse_expect(p, EXPR_TOKEN_OPERATOR, ",");
            if (expr_parse_bracket(p, "}"))
                break;
        }
        vec_push(&parts, parse_key(p));
        expr_parse_expect(p, EXPR_TOKEN_OPERATOR, ":");
        vec_push(&parts, expr_parse_expression(p, 0));
    }
    expr_parse_expect(p, EXPR_TOKEN_BRACKET, "}");
    expr_parse_take(p, n, &parts);
    return n;
}

/* #, #acc, #index, or nothing before a dot; only within a predicate. */
static struct expr_node *
parse_pointer(struct expr_parser *p)
{
    struct expr_token t = p->token;
    enum expr_op op = EXPR_ITEM;

    if (p->predicates == 0) {
        expr_parse_fail_at(p, t.offset, "cannot use pointer accessor outside predicate", STR_NULL);
        return expr_parse_const(p, EXPR_NIL_VALUE, t.offset);
    }
    if (expr_parse_operator(p, "#")) {
        expr_parse_next(p);
        if (p->token.kind == EXPR_TOKEN_WORD && p->token.offset == t.offset + 1) {
            if (str_is(p->token.text, "acc"))
                op = EXPR_ACC;
            else if (str_is(p->token.text, "index"))
                op = EXPR_INDEX;
            else
                expr_parse_fail_at(p, t.offset, "unknown pointer #", p->token.text);
            expr_parse_next(p);
        }
    }
    return expr_parse_postfix(p, expr_parse_node(p, op, t.offset));
}

static struct expr_node *
parse_secondary(struct expr_parser *p)
{
    struct expr_token t = p->token;
    struct expr_node *n;

    switch (t.kind) {
    case EXPR_TOKEN_WORD:
        n = parse_word(p);
        break;
    case EXPR_TOKEN_NUMBER:
        return parse_number(p);
    case EXPR_TOKEN_STRING:
        expr_parse_next(p);
        n = expr_parse_const(p, expr_string(t.text), t.offset);
        break;
    default:
        if (expr_parse_bracket(p, "[")) {
            n = parse_list(p);
        } else if (expr_parse_bracket(p, "{")) {
            n = parse_object(p);
        } else {
            expr_parse_fail(p);
            return expr_parse_const(p, EXPR_NIL_VALUE, t.offset);
        }
    }
    return expr_parse_postfix(p, n);
}

static struct expr_node *
parse_prefix(struct expr_parser *p)
{
    struct expr_token t = p->token;
    bool sign = str_is(t.text, "-") || str_is(t.text, "+");
    enum expr_op op = !sign ? EXPR_NOT : t.text.p[0] == '-' ? EXPR_NEGATE : EXPR_PLUS;
    struct expr_node *n;

    expr_parse_next(p);
    n = expr_parse_with(p, op, t.offset, expr_parse_expression(p, sign ? 90 : 50), NULL, NULL);
    return expr_parse_postfix(p, n);
}

struct expr_node *
expr_parse_primary(struct expr_parser *p)
{
    struct expr_token t = p->token;
    struct expr_node *n;

    if (expr_parse_operator(p, "not") || expr_parse_operator(p, "!") ||
        expr_parse_operator(p, "-") || expr_parse_operator(p, "+"))
        return parse_prefix(p);
    if (expr_parse_bracket(p, "(")) {
        expr_parse_next(p);
        n = expr_parse_sequence(p);
        expr_parse_expect(p, EXPR_TOKEN_BRACKET, ")");
        return expr_parse_postfix(p, n);
    }
    if (expr_parse_operator(p, "#") || expr_parse_operator(p, "."))
        return parse_pointer(p);
    if (expr_parse_operator(p, "::")) {
        expr_parse_next(p);
        t = p->token;
        if (t.kind != EXPR_TOKEN_WORD)
            expr_parse_fail(p);
        expr_parse_next(p);
        return expr_parse_postfix(p, expr_parse_call(p, t.text, t.offset, NULL));
    }
    return parse_secondary(p);
}

/* Moves what the parser collected into the program. */
static void
keep(struct expr_parser *p)
{
    struct expr_program *to = p->program;

    to->names = ARENA_ARRAY(&to->arena, struct str, p->names.n);
    to->names_n = p->names.n;
    for (size_t i = 0; i < p->names.n; i++)
        to->names[i] = p->names.at[i];
    to->regexes = ARENA_ARRAY(&to->arena, struct regex *, p->regexes.n);
    to->regexes_n = p->regexes.n;
    for (size_t i = 0; i < p->regexes.n; i++)
        to->regexes[i] = p->regexes.at[i];
    vec_done(&p->names);
    vec_done(&p->regexes);
    vec_done(&p->locals);
}

int
expr_parse(struct expr_program *program, struct err *e)
{
    struct expr_parser p = {
        .program = program, .lex = {.text = program->text, .arena = &program->arena}, .e = e};

    expr_parse_next(&p);
    program->root = expr_parse_sequence(&p);
    if (p.rc == 0 && p.token.kind != EXPR_TOKEN_END)
        expr_parse_fail(&p);
    if (p.rc == 0)
        expr_parse_names(&p, program->root);
    keep(&p);
    return p.rc;
}
