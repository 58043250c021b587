#include <string.h>

#include "base/err.h"
#include "data/expr_func.h"
#include "data/expr_parse_int.h"

void
expr_parse_take(struct expr_parser *p, struct expr_node *n, struct expr_nodes *nodes)
{
    n->n = (uint32_t)nodes->n;
    n->args = ARENA_ARRAY(&p->program->arena, struct expr_node *, nodes->n);
    for (size_t i = 0; i < nodes->n; i++) {
        n->args[i] = nodes->at[i];
        expr_parse_above(p, n, nodes->at[i]);
    }
    vec_done(nodes);
}

/* An expression that sees #: with or without braces around it. */
static struct expr_node *
parse_predicate(struct expr_parser *p)
{
    bool braces = expr_parse_bracket(p, "{");
    struct expr_node *n;

    if (braces)
        expr_parse_next(p);
    p->predicates++;
    n = braces ? expr_parse_sequence(p) : expr_parse_expression(p, 0);
    p->predicates--;
    if (braces)
        expr_parse_expect(p, EXPR_TOKEN_BRACKET, "}");
    return n;
}

/* Up to the closing bracket; a trailing comma is fine.  `f` (or NULL) tells which are predicates.
 */
static void
parse_arguments(struct expr_parser *p, struct expr_nodes *to, const struct expr_func *f,
                const char *close)
{
    size_t given = to->n;

    while (!expr_parse_bracket(p, close) && p->rc == 0) {
        if (to->n > given) {
            expr_parse_expect(p, EXPR_TOKEN_OPERATOR, ",");
            if (expr_parse_bracket(p, close))
                break;
        }
        if (f != NULL && expr_func_type(f, to->n) == 'c')
            vec_push(to, parse_predicate(p));
        else
            vec_push(to, expr_parse_expression(p, 0));
    }
    expr_parse_expect(p, EXPR_TOKEN_BRACKET, close);
}

void
expr_parse_arguments(struct expr_parser *p, struct expr_node *n, const char *close)
{
    struct expr_nodes nodes = VEC_INIT;

    parse_arguments(p, &nodes, NULL, close);
    expr_parse_take(p, n, &nodes);
}

static void
check_arity(struct expr_parser *p, const struct expr_node *n, struct str name)
{
    size_t least, most;

    expr_func_arity(n->func, &least, &most);
    if (p->rc < 0 || (n->n >= least && n->n <= most))
        return;
    if (least == most)
        p->rc = expr_error_at(p->lex.text, n->offset, p->e,
                              "invalid number of arguments for %.*s (expected %zu, got %u)",
                              STR_ARG(name), least, n->n);
    else
        p->rc = expr_error_at(p->lex.text, n->offset, p->e, "%s arguments to call %.*s (got %u)",
                              n->n < least ? "not enough" : "too many", STR_ARG(name), n->n);
}

static struct expr_node *
parse_function(struct expr_parser *p, struct str name, bool sprig, size_t offset,
               struct expr_node *first)
{
    struct expr_node *n = expr_parse_node(p, EXPR_CALL, offset);
    struct expr_nodes args = VEC_INIT;

    n->func = expr_func_find(name, sprig);
    n->text = name;
    if (n->func == NULL && p->rc == 0)
        p->rc = expr_error_at(p->lex.text, offset, p->e, "unknown function %s%.*s",
                              sprig ? "sprig." : "", STR_ARG(str_slice(name, 0, 100)));
    if (n->func != NULL && n->func->call == NULL && p->rc == 0)
        p->rc = expr_error_at(p->lex.text, offset, p->e, "function sprig.%.*s is not supported",
                              STR_ARG(name));
    if (first != NULL)
        vec_push(&args, first);
    expr_parse_expect(p, EXPR_TOKEN_BRACKET, "(");
    parse_arguments(p, &args, n->func, ")");
    expr_parse_take(p, n, &args);
    if (n->func != NULL)
        check_arity(p, n, name);
    return n;
}

/* Words that are operators are names behind a dot. */
static bool
is_name(const struct expr_token *t)
{
    return t->kind == EXPR_TOKEN_WORD ||
           (t->kind == EXPR_TOKEN_OPERATOR && t->text.p[0] >= 'a' && t->text.p[0] <= 'z');
}

struct expr_node *
expr_parse_call(struct expr_parser *p, struct str name, size_t offset, struct expr_node *first)
{
    if (str_is(name, "sprig") && expr_parse_operator(p, ".")) {
        expr_parse_next(p);
        name = p->token.text;
        if (!is_name(&p->token))
            expr_parse_fail(p);
        expr_parse_next(p);
        return parse_function(p, name, true, offset, first);
    }
    return parse_function(p, name, false, offset, first);
}

struct expr_node *
expr_parse_sprig(struct expr_parser *p, size_t offset)
{
    return expr_parse_call(p, STR("sprig"), offset, NULL);
}

/* Members. */

/* Folds a constant key into a name of the environment. */
static struct expr_node *
extend_name(struct expr_parser *p, struct expr_node *n, struct str key, bool optional)
{
    struct arena *a = &p->program->arena;
    uint32_t *dots = ARENA_ARRAY(a, uint32_t, n->n + 1);
    size_t size = n->n == 0 ? key.n : n->text.n + 1 + key.n;
    char *text = arena_alloc(a, size + 1);

    if (n->n > 0) {
        memcpy(text, n->text.p, n->text.n);
        text[n->text.n] = '.';
        memcpy(dots, n->dots, n->n * sizeof *dots);
    }
    if (key.n > 0)
        memcpy(text + size - key.n, key.p, key.n);
    dots[n->n] = (uint32_t)size;
    n->n++;
    n->dots = dots;
    n->text = str_make(text, size);
    n->optional |= optional;
    return n;
}

static struct expr_node *
new_member(struct expr_parser *p, struct expr_node *object, struct expr_node *key, bool optional,
           size_t offset)
{
    struct expr_node *n;

    if (object->op == EXPR_NAME && key->op == EXPR_CONST && key->value.type == EXPR_STRING &&
        object->n < EXPR_MAX_DEPTH)
        return extend_name(p, object, key->value.text, optional);
    n = expr_parse_node(p, EXPR_MEMBER, offset);
    n->a = object;
    n->b = key;
    n->optional = optional;
    expr_parse_above(p, n, object);
    expr_parse_above(p, n, key);
    return n;
}

static struct expr_node *
parse_method(struct expr_parser *p, struct expr_node *object, struct str name, size_t offset)
{
    struct expr_node *n = expr_parse_node(p, EXPR_METHOD, offset);
    struct expr_nodes args = VEC_INIT;

    n->text = name;
    vec_push(&args, object);
    expr_parse_next(p);
    parse_arguments(p, &args, NULL, ")");
    expr_parse_take(p, n, &args);
    return n;
}

static struct expr_node *
parse_dot(struct expr_parser *p, struct expr_node *object, bool optional)
{
    struct expr_token t = p->token;
    struct expr_node *key;

    if (!is_name(&t)) {
        expr_parse_fail(p);
        return object;
    }
    expr_parse_next(p);
    if (expr_parse_bracket(p, "("))
        return parse_method(p, object, t.text, t.offset);
    key = expr_parse_node(p, EXPR_CONST, t.offset);
    key->value = expr_string(t.text);
    return new_member(p, object, key, optional, t.offset);
}

static struct expr_node *
parse_slice(struct expr_parser *p, struct expr_node *object, struct expr_node *from, size_t offset)
{
    struct expr_node *n = expr_parse_node(p, EXPR_SLICE, offset);

    expr_parse_next(p); /* the colon */
    n->a = object;
    n->b = from;
    if (!expr_parse_bracket(p, "]"))
        n->c = expr_parse_expression(p, 0);
    expr_parse_above(p, n, n->a);
    expr_parse_above(p, n, n->b);
    expr_parse_above(p, n, n->c);
    return n;
}

static struct expr_node *
parse_index(struct expr_parser *p, struct expr_node *object, bool optional)
{
    size_t offset = p->token.offset;
    struct expr_node *key = NULL;

    expr_parse_next(p); /* the bracket */
    if (!expr_parse_operator(p, ":"))
        key = expr_parse_expression(p, 0);
    object = expr_parse_operator(p, ":") ? parse_slice(p, object, key, offset)
                                         : new_member(p, object, key, optional, offset);
    expr_parse_expect(p, EXPR_TOKEN_BRACKET, "]");
    return object;
}

struct expr_node *
expr_parse_postfix(struct expr_parser *p, struct expr_node *n)
{
    bool chain = false;

    while (p->rc == 0) {
        bool optional = expr_parse_operator(p, "?.");

        if (expr_parse_bracket(p, "[")) {
            n = parse_index(p, n, false);
        } else if (optional || expr_parse_operator(p, ".")) {
            chain |= optional;
            expr_parse_next(p);
            n = optional && expr_parse_bracket(p, "[") ? parse_index(p, n, true)
                                                       : parse_dot(p, n, optional);
        } else {
            break;
        }
    }
    if (chain) {
        struct expr_node *end = expr_parse_node(p, EXPR_CHAIN, n->offset);

        end->a = n;
        expr_parse_above(p, end, n);
        return end;
    }
    return n;
}

/* Names. */

static void
note_name(struct expr_parser *p, struct str name)
{
    for (size_t i = 0; i < p->names.n; i++) {
        if (str_eq(p->names.at[i], name))
            return;
    }
    if (name.n > 0)
        vec_push(&p->names, name);
}

void
expr_parse_names(struct expr_parser *p, const struct expr_node *n)
{
    if (n == NULL || n->op == EXPR_CONST)
        return;
    if (n->op == EXPR_NAME) {
        note_name(p, n->text);
        return;
    }
    expr_parse_names(p, n->a);
    expr_parse_names(p, n->b);
    expr_parse_names(p, n->c);
    for (uint32_t i = 0; i < n->n; i++)
        expr_parse_names(p, n->args[i]);
}
