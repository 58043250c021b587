/*
 * Operators, conditionals and variables: whatever stands between values.  The table of two-sided
 * operators is the grammar; see expr_parse.h for their order.
 */
#include "base/err.h"
#include "base/mem.h"
#include "data/expr_parse_int.h"
#include "data/regex.h"

static const struct binary {
    const char *text;
    int precedence;
    enum expr_op op;
    enum expr_binary binary;
} binaries[] = {
    {"|", 0, EXPR_CALL, 0},
    {"or", 10, EXPR_OR, 0},
    {"||", 10, EXPR_OR, 0},
    {"and", 15, EXPR_AND, 0},
    {"&&", 15, EXPR_AND, 0},
    {"==", 20, EXPR_BINARY, EXPR_EQ},
    {"!=", 20, EXPR_BINARY, EXPR_NE},
    {"<", 20, EXPR_BINARY, EXPR_LT},
    {">", 20, EXPR_BINARY, EXPR_GT},
    {"<=", 20, EXPR_BINARY, EXPR_LE},
    {">=", 20, EXPR_BINARY, EXPR_GE},
    {"in", 20, EXPR_BINARY, EXPR_IN},
    {"matches", 20, EXPR_BINARY, EXPR_MATCHES},
    {"contains", 20, EXPR_BINARY, EXPR_CONTAINS},
    {"startsWith", 20, EXPR_BINARY, EXPR_STARTS},
    {"endsWith", 20, EXPR_BINARY, EXPR_ENDS},
    {"..", 25, EXPR_BINARY, EXPR_RANGE},
    {"+", 30, EXPR_BINARY, EXPR_ADD},
    {"-", 30, EXPR_BINARY, EXPR_SUB},
    {"*", 60, EXPR_BINARY, EXPR_MUL},
    {"/", 60, EXPR_BINARY, EXPR_DIV},
    {"%", 60, EXPR_BINARY, EXPR_MOD},
    {"**", 100, EXPR_BINARY, EXPR_POW},
    {"^", 100, EXPR_BINARY, EXPR_POW},
    {"??", 500, EXPR_ELSE, 0},
};

static const struct binary *
find_binary(const struct expr_parser *p)
{
    if (p->token.kind == EXPR_TOKEN_OPERATOR) {
        for (size_t i = 0; i < ARRAY_LEN(binaries); i++) {
            if (str_is(p->token.text, binaries[i].text))
                return &binaries[i];
        }
    }
    return NULL;
}

static bool
is_ordering(const struct binary *b)
{
    return b->op == EXPR_BINARY && b->binary >= EXPR_LT && b->binary <= EXPR_GE;
}

/* A constant pattern is compiled once, here, and refused here. */
static void
prepare_match(struct expr_parser *p, struct expr_node *n)
{
    if (n->binary != EXPR_MATCHES || n->b->op != EXPR_CONST || n->b->value.type != EXPR_STRING ||
        p->rc < 0)
        return;
    p->rc = regex_compile(n->b->value.text, &n->regex, p->e);
    if (p->rc == 0) {
        n->op = EXPR_MATCH;
        vec_push(&p->regexes, n->regex);
    }
}

static struct expr_node *
new_binary(struct expr_parser *p, const struct binary *b, size_t offset, struct expr_node *left,
           struct expr_node *right)
{
    struct expr_node *n = expr_parse_with(p, b->op, offset, left, right, NULL);

    n->binary = (uint8_t)b->binary;
    if (b->op == EXPR_BINARY)
        prepare_match(p, n);
    return n;
}

/* a < b < c is a < b && b < c. */
static struct expr_node *
parse_ordering(struct expr_parser *p, const struct binary *b, struct expr_node *left)
{
    struct expr_node *root = NULL;

    for (;;) {
        size_t offset = p->token.offset;
        struct expr_node *right, *n;

        expr_parse_next(p);
        right = expr_parse_expression(p, 21);
        n = new_binary(p, b, offset, left, right);
        root = root == NULL ? n : expr_parse_with(p, EXPR_AND, offset, root, n, NULL);
        b = find_binary(p);
        if (b == NULL || !is_ordering(b))
            return root;
        left = right;
    }
}

static struct expr_node *
parse_pipe(struct expr_parser *p, struct expr_node *left)
{
    struct expr_token t;

    expr_parse_next(p);
    t = p->token;
    if (t.kind != EXPR_TOKEN_WORD) {
        expr_parse_fail(p);
        return left;
    }
    expr_parse_next(p);
    return expr_parse_postfix(p, expr_parse_call(p, t.text, t.offset, left));
}

static struct expr_node *
parse_ternary(struct expr_parser *p, struct expr_node *n)
{
    while (expr_parse_operator(p, "?") && p->rc == 0) {
        size_t offset = p->token.offset;
        struct expr_node *then = n;

        expr_parse_next(p);
        if (!expr_parse_operator(p, ":"))
            then = expr_parse_expression(p, 0);
        expr_parse_expect(p, EXPR_TOKEN_OPERATOR, ":");
        n = expr_parse_with(p, EXPR_IF, offset, n, then, expr_parse_expression(p, 0));
    }
    return n;
}

/* The operator that stands here, if it binds at least as tightly; "not" before one that may be
 * negated is skipped and told. */
static const struct binary *
next_binary(struct expr_parser *p, int precedence, bool *negated)
{
    const struct binary *b = find_binary(p);

    *negated = false;
    if (b == NULL && expr_parse_operator(p, "not") && precedence <= 20) {
        expr_parse_next(p);
        b = find_binary(p);
        if (b == NULL || b->op != EXPR_BINARY || b->binary < EXPR_IN || b->binary > EXPR_ENDS) {
            expr_parse_fail(p);
            return NULL;
        }
        *negated = true;
    }
    return b != NULL && b->precedence >= precedence ? b : NULL;
}

static struct expr_node *
parse_operators(struct expr_parser *p, struct expr_node *left, int precedence)
{
    const struct binary *b, *before = NULL;
    bool negated;

    for (; p->rc == 0 && (b = next_binary(p, precedence, &negated)) != NULL; before = b) {
        size_t offset = p->token.offset;

        if (b->op == EXPR_CALL) {
            left = parse_pipe(p, left);
            continue;
        }
        if (before != NULL && before->op == EXPR_ELSE && b->op != EXPR_ELSE) {
            expr_parse_fail_at(p, offset,
                               "coalesce expressions (`?"
                               "?`) cannot be mixed with other operators; wrap either in "
                               "parentheses: ",
                               p->token.text);
            break;
        }
        if (is_ordering(b)) {
            left = parse_ordering(p, b, left);
            continue;
        }
        expr_parse_next(p);
        left = new_binary(p, b, offset, left,
                          expr_parse_expression(p, b->precedence + (b->binary != EXPR_POW)));
        if (negated)
            left = expr_parse_with(p, EXPR_NOT, offset, left, NULL, NULL);
    }
    return left;
}

/* Counts one level of recursion; false when there are too many.  Leave with p->depth--. */
static bool
enter(struct expr_parser *p)
{
    if (p->rc < 0)
        return false;
    if (++p->depth <= EXPR_MAX_DEPTH)
        return true;
    p->depth--;
    p->rc = err_set(p->e, ERR_TOOLARGE, "expression is nested more than %d deep", EXPR_MAX_DEPTH);
    p->token.kind = EXPR_TOKEN_END;
    return false;
}

static struct expr_node *
parse_branch(struct expr_parser *p)
{
    struct expr_node *n;

    expr_parse_expect(p, EXPR_TOKEN_BRACKET, "{");
    n = expr_parse_sequence(p);
    expr_parse_expect(p, EXPR_TOKEN_BRACKET, "}");
    return n;
}

/* if a { b } else if c { d } else { e } */
static struct expr_node *
parse_if(struct expr_parser *p)
{
    size_t offset = p->token.offset;
    struct expr_node *cond, *then, *otherwise;

    if (!enter(p))
        return expr_parse_const(p, EXPR_NIL_VALUE, offset);
    expr_parse_next(p);
    cond = expr_parse_expression(p, 0);
    then = parse_branch(p);
    expr_parse_expect(p, EXPR_TOKEN_OPERATOR, "else");
    otherwise = expr_parse_operator(p, "if") ? parse_if(p) : parse_branch(p);
    p->depth--;
    return expr_parse_with(p, EXPR_IF, offset, cond, then, otherwise);
}

static struct expr_node *
parse_let(struct expr_parser *p)
{
    size_t offset = p->token.offset;
    struct expr_node *n = expr_parse_node(p, EXPR_LET, offset);
    struct str name;

    expr_parse_next(p);
    name = p->token.text;
    if (p->token.kind != EXPR_TOKEN_WORD)
        expr_parse_fail(p);
    expr_parse_next(p);
    expr_parse_expect(p, EXPR_TOKEN_OPERATOR, "=");
    n->a = expr_parse_expression(p, 0);
    expr_parse_expect(p, EXPR_TOKEN_OPERATOR, ";");
    n->slot = (uint16_t)p->program->slots++;
    *vec_grow(&p->locals) = (struct expr_local){.name = name, .slot = n->slot};
    n->b = expr_parse_sequence(p);
    p->locals.n--;
    expr_parse_above(p, n, n->a);
    expr_parse_above(p, n, n->b);
    return n;
}

struct expr_node *
expr_parse_expression(struct expr_parser *p, int precedence)
{
    struct expr_node *n;

    if (!enter(p))
        return expr_parse_const(p, EXPR_NIL_VALUE, p->token.offset);
    if (precedence == 0 && expr_parse_operator(p, "let")) {
        n = parse_let(p);
    } else if (precedence == 0 && expr_parse_operator(p, "if")) {
        n = parse_if(p);
    } else {
        n = parse_operators(p, expr_parse_primary(p), precedence);
        if (precedence == 0)
            n = parse_ternary(p, n);
    }
    p->depth--;
    return n;
}

/* a; b; c has c's value. */
struct expr_node *
expr_parse_sequence(struct expr_parser *p)
{
    struct expr_node *n = expr_parse_expression(p, 0);

    while (expr_parse_operator(p, ";") && p->rc == 0) {
        size_t offset = p->token.offset;

        expr_parse_next(p);
        if (p->token.kind == EXPR_TOKEN_END || expr_parse_bracket(p, "}") ||
            expr_parse_bracket(p, ")"))
            break;
        n = expr_parse_with(p, EXPR_THEN, offset, n, expr_parse_expression(p, 0), NULL);
    }
    return n;
}
